"""Bars are kept or quarantined by their laws."""

import math
from datetime import date

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aegis_assets.core.candles import LAWS, SCHEMA, quarantined, validated, violations
from aegis_assets.core.errors import DataError
from aegis_assets.core.markets import SP500
from aegis_assets.core.universe import Instrument, InstrumentClass
from aegis_assets_tests.core import synthetic

SESSIONS = synthetic.exchange_sessions(60)
DAY = SESSIONS[40]
HOLIDAY = date(2013, 1, 21)
INDEX, IMPLIED, SHARE = "^GSPC", "^VIX", "ACME"
FAULTS = ("DUPLICATE", "NULL_ROW", "PARTIAL_ROW")
INSTRUMENTS = (*SP500.instruments, Instrument(SHARE, InstrumentClass.EQUITY))


def sound_bars():
    """Sound bars of an index, its volatility index and a share."""
    bars = synthetic.bars(len(SESSIONS))
    share = bars.filter(pl.col("symbol") == INDEX).with_columns(symbol=pl.lit(SHARE))
    return pl.concat([bars, share])


BARS = sound_bars()


def at(symbol, day=DAY):
    return (pl.col("symbol") == symbol) & (pl.col("session") == day)


def planted(place, /, **values):
    """The sound bars with other values in one bar of the symbol `place`."""
    return BARS.with_columns(
        pl.when(at(place)).then(value).otherwise(pl.col(name)).alias(name)
        for name, value in values.items()
    )


NOTHING = pl.lit(None, dtype=pl.Float64)

DEFECTS = {
    "FORMING": (planted(INDEX, is_final=pl.lit(value=False)), [(INDEX, DAY)]),
    "CLOSE_MISSING": (planted(INDEX, close=NOTHING), [(INDEX, DAY)]),
    "RANGE_MISSING": (
        planted(INDEX, open=NOTHING, high=NOTHING, low=NOTHING),
        [(INDEX, DAY)],
    ),
    "RANGE_PARTIAL": (planted(IMPLIED, high=pl.col("close")), [(IMPLIED, DAY)]),
    "NOT_A_PRICE": (planted(SHARE, open=0.0), [(SHARE, DAY)]),
    "HIGH_BELOW_BODY": (planted(INDEX, high=pl.col("low")), [(INDEX, DAY)]),
    "LOW_ABOVE_BODY": (planted(SHARE, low=pl.col("high")), [(SHARE, DAY)]),
    "ADJUSTED_CLOSE": (planted(SHARE, adj_close=0.0), [(SHARE, DAY)]),
    "VOLUME_MISSING": (planted(SHARE, volume=0.0), [(SHARE, DAY)]),
    "NOT_A_SESSION": (
        pl.concat([BARS, BARS.filter(at(INDEX)).with_columns(session=pl.lit(HOLIDAY))]),
        [(INDEX, HOLIDAY)],
    ),
    "DUPLICATE": (pl.concat([BARS, BARS.filter(at(IMPLIED))]), [(IMPLIED, DAY)] * 2),
    "MOVE_TOO_LARGE": (
        planted(INDEX, **{name: pl.col(name) * 2 for name in synthetic.PRICES}),
        [(INDEX, DAY)],
    ),
}


def reasons(bars):
    return quarantined(bars, INSTRUMENTS, SESSIONS).select("symbol", "session", "reason").rows()


def test_sound_bars_are_kept_as_quoted_and_sorted():
    kept = validated(BARS.reverse(), INSTRUMENTS, SESSIONS)

    assert reasons(BARS) == []
    assert kept.equals(BARS.sort("symbol", "session").select(*SCHEMA))


def test_every_law_has_a_planted_defect():
    assert [*DEFECTS] == [law.code for law in LAWS]


@pytest.mark.parametrize("code", DEFECTS)
def test_a_defect_is_quarantined_alone_with_the_law_it_breaks(code):
    bars, places = DEFECTS[code]

    assert reasons(bars) == [(symbol, day, code) for symbol, day in places]


@pytest.mark.parametrize("column", ["open", "high", "low", "close"])
@pytest.mark.parametrize("price", [math.nan, math.inf, -math.inf, 0.0, -5.0], ids=str)
@pytest.mark.parametrize("symbol", [INDEX, SHARE])
def test_what_is_no_price_is_quarantined_and_its_neighbours_are_not(symbol, price, column):
    code = "CLOSE_MISSING" if column == "close" else "NOT_A_PRICE"

    assert reasons(planted(symbol, **{column: price})) == [(symbol, DAY, code)]


def test_a_volatility_index_needs_a_close_only():
    implied = validated(BARS, INSTRUMENTS, SESSIONS).filter(pl.col("symbol") == IMPLIED)

    assert implied.height == len(SESSIONS)
    assert implied.select(pl.col("open", "high", "low").is_null().all()).row(0) == (True,) * 3


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("symbol", [INDEX, IMPLIED, SHARE])
def test_a_fault_that_the_parser_found_is_the_reason_whatever_else_is_wrong(symbol, fault):
    code = pl.lit(fault)

    assert reasons(planted(symbol, fault=code)) == [(symbol, DAY, fault)]
    assert reasons(planted(symbol, fault=code, close=NOTHING, is_final=pl.lit(value=False))) == [
        (symbol, DAY, fault)
    ]


def test_a_bar_not_known_to_be_over_is_forming():
    unknown = pl.lit(None, dtype=pl.Boolean)

    assert reasons(planted(SHARE, is_final=unknown)) == [(SHARE, DAY, "FORMING")]


@pytest.mark.parametrize("price", [math.nan, math.inf, -math.inf, 0.0, -5.0], ids=str)
def test_an_adjusted_close_is_a_price_or_absent(price):
    bars = planted(INDEX, adj_close=pl.lit(price))

    assert reasons(bars) == [(INDEX, DAY, "ADJUSTED_CLOSE")]
    assert reasons(planted(INDEX, adj_close=NOTHING)) == []


@pytest.mark.parametrize("volume", [None, math.nan, math.inf, 0.0, -1.0], ids=str)
def test_a_share_needs_a_volume_that_an_index_does_not(volume):
    value = pl.lit(volume, dtype=pl.Float64)

    assert reasons(planted(SHARE, volume=value)) == [(SHARE, DAY, "VOLUME_MISSING")]
    assert reasons(planted(INDEX, volume=value)) == []


def test_a_bar_without_a_session_is_quarantined():
    assert reasons(planted(INDEX, session=None)) == [(INDEX, None, "NOT_A_SESSION")]


@pytest.mark.parametrize("column", [*SCHEMA, "fault", "is_final"])
def test_a_missing_column_is_named(column):
    with pytest.raises(DataError, match=f"expected also .*'{column}'"):
        validated(BARS.drop(column), INSTRUMENTS, SESSIONS)


def test_columns_beyond_the_schema_are_dropped():
    kept = validated(BARS.with_columns(adjusted=1.0), INSTRUMENTS, SESSIONS)

    assert kept.columns == [*SCHEMA]


@pytest.mark.parametrize("symbol", ["^NSEI", None], ids=str)
def test_an_unknown_symbol_is_named(symbol):
    with pytest.raises(DataError, match=f"bars hold .*{symbol}".replace("^", r"\^")):
        validated(planted(INDEX, symbol=pl.lit(symbol)), INSTRUMENTS, SESSIONS)


PRICE = st.none() | st.floats() | st.floats(min_value=90, max_value=110)
BAR = st.fixed_dictionaries(
    {
        "symbol": st.sampled_from([INDEX, IMPLIED, SHARE]),
        "session": st.none() | st.sampled_from([HOLIDAY, *SESSIONS[:5]]),
        "open": PRICE,
        "high": PRICE,
        "low": PRICE,
        "close": PRICE,
        "adj_close": PRICE,
        "volume": st.none() | st.floats(),
        "fault": st.sampled_from([None, None, None, *FAULTS]),
        "is_final": st.sampled_from([True, True, True, False, None]),
    }
)
TYPES = {name: dtype for name, (dtype, _) in SCHEMA.items()} | {
    "fault": pl.String(),
    "is_final": pl.Boolean(),
}
ANY_BARS = st.lists(BAR, max_size=12).map(lambda rows: pl.DataFrame(rows, schema=TYPES))
few = settings(max_examples=80, deadline=None, derandomize=True, database=None)


def in_order(bars):
    return bars.sort(*SCHEMA)


@few
@given(ANY_BARS)
def test_every_bar_is_either_kept_or_quarantined_with_a_known_code(bars):
    kept = validated(bars, INSTRUMENTS, SESSIONS)
    put_away = quarantined(bars, INSTRUMENTS, SESSIONS)

    everything = pl.concat([kept, put_away.drop("reason")])
    assert in_order(everything).equals(in_order(bars.select(*SCHEMA)))
    assert set(put_away["reason"]) <= {law.code for law in LAWS} | {*FAULTS}


@few
@given(ANY_BARS)
def test_a_kept_bar_is_finite_in_order_and_unique(bars):
    kept = validated(bars, INSTRUMENTS, SESSIONS)

    assert not kept.select("symbol", "session").is_duplicated().any()
    for symbol, session, opened, high, low, close, adjusted, volume in kept.rows():
        assert session in SESSIONS
        assert 0 < close < math.inf
        if symbol != IMPLIED or opened is not None:
            slack = 1e-6 * close
            assert 0 < low <= min(opened, close) + slack
            assert max(opened, close) - slack <= high < math.inf
        assert adjusted is None or 0 < adjusted < math.inf
        assert symbol != SHARE or 0 < volume < math.inf


@few
@given(ANY_BARS)
def test_kept_bars_violate_no_law(bars):
    kept = validated(bars, INSTRUMENTS, SESSIONS)

    assert violations(kept, INSTRUMENTS, SESSIONS).is_empty()


@pytest.mark.parametrize("code", sorted(DEFECTS.keys() - {"FORMING"}))
def test_a_candle_that_breaks_a_law_after_all_is_a_violation(code):
    bars, places = DEFECTS[code]
    candles = bars.select(*SCHEMA)

    assert violations(candles, INSTRUMENTS, SESSIONS)["reason"].to_list() == [code] * len(places)


@few
@given(ANY_BARS)
def test_no_law_is_left_undecided(bars):
    classes = {each.symbol: each.instrument_class.value for each in INSTRUMENTS}
    known = bars.with_columns(
        instrument_class=pl.col("symbol").replace_strict(classes, return_dtype=pl.String),
        is_session=pl.col("session").is_in(SESSIONS.implode()),
    )
    rows = known.select(law.broken.alias(law.code) for law in LAWS[:-1])
    sound = known.with_columns(is_sound=~rows.select(pl.any_horizontal(pl.all())).to_series())
    judged = rows.with_columns(sound.select(LAWS[-1].broken.alias(LAWS[-1].code)))

    assert judged.null_count().row(0) == (0,) * len(LAWS)
