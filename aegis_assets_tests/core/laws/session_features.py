"""What every feature of the running session keeps."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property

import polars as pl

from aegis_assets.core.session_features import SessionFeature
from aegis_assets.core.session_features.feature import DAILY, PROFILE, VOLUME
from aegis_assets.core.session_features.grid import grid
from aegis_assets.core.session_features.panel import session_panel
from aegis_assets.core.session_features.table import feature_rows
from aegis_assets_tests.core.session_days import (
    EQUITY,
    NIFTY,
    SESSION,
    candles_of,
    daily_of,
    dearer,
    otherwise,
    over_by,
    past,
)
from aegis_assets_tests.core.synthetic import PRICES

_HOLES = (1, 2, 6, 7, 12, 13, 31, 36, 70, 75)
_LATE = 75
_HALF_HOUR = 6


@dataclass(frozen=True, eq=False)
class SessionStudy:
    """The tables of some features on a synthetic session and on ones that differ from it."""

    features: Sequence[SessionFeature]
    panel: Callable[..., pl.DataFrame] = session_panel

    def of(self, today, past, daily, market=EQUITY):
        panel = self.panel(market, SESSION, pl.concat([past, today]), daily)
        return feature_rows(market, SESSION, panel, self.features)

    @cached_property
    def today(self):
        return candles_of(EQUITY, SESSION)

    @cached_property
    def past(self):
        return past(EQUITY)

    @cached_property
    def daily(self):
        return daily_of(EQUITY)

    @cached_property
    def whole(self):
        return self.of(self.today, self.past, self.daily)

    @cached_property
    def lived(self):
        """The last row of each half hour's own table: nothing after it was there."""
        return pl.concat(
            self.of(self.today.filter(over_by(end)), self.past, self.daily).tail(1)
            for end in self.whole["as_of"]
        )

    @cached_property
    def other_futures(self):
        """Each half hour's end, and tables where all bars after it were otherwise or forming."""
        tables = []
        for end in self.whole["as_of"]:
            noised = otherwise(self.today, ~over_by(end), seed=end.minute)
            forming = self.today.filter(over_by(end + timedelta(minutes=5)))
            tables += [(end, self.of(bars, self.past, self.daily)) for bars in (noised, forming)]
        return tables

    @cached_property
    def with_later_sessions(self):
        """The table where later sessions, and today's own daily candle, are there already."""
        later = [SESSION + timedelta(days=n) for n in (1, 3)]
        candles = [self.today, *(candles_of(EQUITY, day) for day in later)]
        daily = daily_of(EQUITY, SESSION + timedelta(days=4), seed=5)
        known = pl.concat([self.daily, daily.filter(pl.col("session") >= SESSION)])
        return self.of(pl.concat(candles), self.past, known)

    @cached_property
    def pierced(self):
        """For each of some bars: the table where it is missing."""
        chosen = pl.int_range(pl.len())
        return {
            bar: self.of(self.today.filter(chosen != bar - 1), self.past, self.daily)
            for bar in _HOLES
        }

    @cached_property
    def touched(self):
        """For each of some bars: the table where it had other prices."""
        chosen = pl.int_range(pl.len())
        return {
            bar: self.of(otherwise(self.today, chosen == bar - 1), self.past, self.daily)
            for bar in _HOLES
        }

    @cached_property
    def scaled(self):
        return self.of(dearer(self.today), dearer(self.past), dearer(self.daily))

    @cached_property
    def without(self):
        """The tables where what is known before the session, or volume, is missing."""
        index = NIFTY.index.symbol
        listed = [rows.with_columns(symbol=pl.lit(index)) for rows in (self.today, self.past)]
        daily = self.daily.with_columns(symbol=pl.lit(index))
        return {
            "daily": self.of(self.today, self.past, self.daily.head(-1)),
            "profile": self.of(self.today, self.past.clear(), self.daily),
            "class": self.of(*listed, daily, NIFTY),
            "quote": self.of(
                self.today.with_columns(volume=pl.lit(None, pl.Float64)), self.past, self.daily
            ),
            "trade": self.of(self.today.with_columns(volume=pl.lit(0.0)), self.past, self.daily),
        }

    @cached_property
    def flat(self):
        """The table of a session in which nothing moved."""
        still = self.today.with_columns(pl.lit(100.0).alias(name) for name in PRICES)
        return self.of(still, self.past, self.daily)

    @cached_property
    def after_still_mornings(self):
        """The table after sessions of which none moved in its first half hour."""
        is_early = pl.int_range(pl.len()).over("session") < _HALF_HOUR
        past = self.past.with_columns(
            pl.when(is_early).then(100.0).otherwise(name).alias(name) for name in PRICES
        )
        return self.of(self.today, past, self.daily)


def _newest(table: pl.DataFrame) -> list[int]:
    """The number of the newest bar at each row."""
    places = dict(grid(EQUITY, SESSION).drop_nulls("as_of").select("as_of", "bar").rows())
    return [places[moment] for moment in table["as_of"]]


def _is_known(feature: SessionFeature, newest: int) -> bool:
    return all(1 <= bar <= newest for bar in feature.bars(newest))


def needs_no_later_bar(feature: SessionFeature, study: SessionStudy) -> None:
    """What was known at each half hour's end is, to the bit, what the whole session tells."""
    assert study.lived["as_of"].equals(study.whole["as_of"])
    assert study.lived[feature.name].equals(study.whole[feature.name], null_equal=True)


def ignores_another_future(feature: SessionFeature, study: SessionStudy) -> None:
    """Other bars after a moment, or one that was not over then, leave the rows up to it."""
    for end, table in study.other_futures:
        seen, expected = (rows.filter(pl.col("as_of") <= end) for rows in (table, study.whole))
        assert seen.height == expected.height > 0
        assert seen[feature.name].equals(expected[feature.name], null_equal=True), end


def ignores_later_sessions(feature: SessionFeature, study: SessionStudy) -> None:
    """Sessions after this one, and today's daily candle, are not read."""
    seen = study.with_later_sessions
    assert seen.height == study.whole.height
    assert seen[feature.name].equals(study.whole[feature.name], null_equal=True)


def is_free_of_scale(feature: SessionFeature, study: SessionStudy) -> None:
    """Prices ten times as high change nothing but the last digits."""
    one, other = study.whole[feature.name], study.scaled[feature.name]
    assert one.is_null().equals(other.is_null())
    assert ((one - other).abs() <= 1e-9 * (one.abs() + 1e-3)).all(ignore_nulls=True)


def is_null_exactly_where_a_bar_is_absent(feature: SessionFeature, study: SessionStudy) -> None:
    """Null where a bar that it reads is before the open, not over yet or missing; else never."""
    for missing, table in [(0, study.whole), *study.pierced.items()]:
        for value, newest in zip(table[feature.name], _newest(table), strict=True):
            wanted = _is_known(feature, newest) and missing not in feature.bars(newest)
            assert (value is not None) == wanted, f"bar {missing} missing, newest {newest}: {value}"


def reads_no_other_bar(feature: SessionFeature, study: SessionStudy) -> None:
    """A bar that it does not declare may have any price and any volume."""
    for bar, table in study.touched.items():
        for one, other, newest in zip(
            study.whole[feature.name], table[feature.name], _newest(table), strict=True
        ):
            if bar not in feature.bars(newest):
                assert one == other, f"bar {bar}, newest {newest}"


def is_null_exactly_without_what_it_reads(feature: SessionFeature, study: SessionStudy) -> None:
    """Null without the daily candle, the earlier sessions or the volume, if it reads them."""
    reads = {
        "daily": bool(feature.reads & {*DAILY}),
        "profile": PROFILE in feature.reads,
        **dict.fromkeys(("class", "quote", "trade"), VOLUME in feature.reads),
    }
    for name, needed in reads.items():
        values = study.without[name][feature.name]
        if needed:
            assert values.null_count() == len(values), name
        else:
            assert values.is_null().equals(study.whole[feature.name].is_null()), name


def is_finite_where_it_is_not_null(feature: SessionFeature, study: SessionStudy) -> None:
    """Neither NaN nor infinite: in a session that moves, or does not, or follows still ones."""
    still = (study.flat, study.after_still_mornings)
    for table in (study.whole, *still, *study.without.values(), *study.pierced.values()):
        assert table.height > 0
        assert table[feature.name].drop_nulls().is_finite().all()


def says_what_it_is(feature: SessionFeature, study: SessionStudy) -> None:  # noqa: ARG001
    """A name to select by, and in words unit, meaning, source and when it is null."""
    assert re.fullmatch(r"[a-z]+(_[a-z0-9]+)*", feature.name)
    for words in (feature.unit, feature.meaning, feature.source, feature.null_when):
        assert words.strip() == words != ""
    assert _is_known(feature, _LATE)


LAWS = (
    needs_no_later_bar,
    ignores_another_future,
    ignores_later_sessions,
    is_free_of_scale,
    is_null_exactly_where_a_bar_is_absent,
    reads_no_other_bar,
    is_null_exactly_without_what_it_reads,
    is_finite_where_it_is_not_null,
    says_what_it_is,
)
