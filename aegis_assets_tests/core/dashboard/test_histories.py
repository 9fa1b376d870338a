import math
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from aegis_assets.core.bars import empty
from aegis_assets.core.candles import panel
from aegis_assets.core.dashboard.histories import history
from aegis_assets.core.ledger.record import FEWEST, NEXT_SESSION, record
from aegis_assets.core.ledger.schemas import FORECASTS, OUTCOMES, SCORECARD
from aegis_assets.core.ledger.scorecard import scorecard
from aegis_assets.core.ledger.settling import outcomes
from aegis_assets.core.markets import SP500
from aegis_assets.core.sessions import close_of, session_after
from aegis_assets_tests.core.ledger import cases

EDGES = ("seller.safe_range.upper", "seller.safe_range.lower")
CANDLES = cases.candles(160)
PANEL = panel(CANDLES, SP500)
DAYS = PANEL["session"].to_list()
AHEAD = 5


def ranges(width=0.02, days=DAYS[20:150]):
    """A range of so many logs around each close, five sessions long, both edges."""
    closes = dict(zip(DAYS, PANEL["close"].to_list(), strict=True))
    return cases.rows(
        [
            cases.of_session(day, session_after(SP500, day, AHEAD))
            | {"path": path, "engine": "seller", "target": target, "measure": measure}
            | {"reference": closes[day], "levels": [0.95], "forecast": [width], "horizon": AHEAD}
            for day in days
            for path, target, measure in zip(
                EDGES, ("rise_5", "fall_5"), ("RISE", "FALL"), strict=True
            )
        ]
    )


def breakouts(days=DAYS[20:150]):
    closes = dict(zip(DAYS, PANEL["close"].to_list(), strict=True))
    served = [
        cases.of_session(day, session_after(SP500, day, 1))
        | {"path": NEXT_SESSION, "reference": closes[day], "cuts": [0.012], "forecast": [0.8, 0.2]}
        for day in days
    ]
    plain = [
        each | {"role": "BASELINE", "candidate": "base", "forecast": [0.7, 0.3]} for each in served
    ]
    return cases.rows([*served, *plain])


def told(forecasts, last=DAYS[-1], candles=PANEL):
    """The history at the close of a session, everything settled that can be."""
    settled = outcomes(forecasts, CANDLES, pl.DataFrame(), SP500, last)
    months = sorted({day.replace(day=1) for day in settled["ends_on"].to_list()})
    scored = scorecard(forecasts, settled, months)
    return history(SP500, candles, forecasts, settled, scored, as_of=close_of(SP500, last))


NOTHING = (empty(FORECASTS), empty(OUTCOMES), empty(SCORECARD))


def test_a_first_day_is_empty_and_says_why():
    found = history(SP500, PANEL, *NOTHING, as_of=close_of(SP500, DAYS[-1]))
    parts = ("safe_ranges", "range_rate", "spike_rate", "reliability", "scorecard", "losses")

    assert set(found.reasons) == set(parts)
    assert all(getattr(found, part) == () for part in parts)
    assert len(found.closes) == 130


def test_without_a_candle_it_is_said_too():
    found = history(SP500, PANEL.clear(), *NOTHING, as_of=close_of(SP500, DAYS[-1]))

    assert found.closes == ()
    assert "closes" in found.reasons


def test_ranges_hold_exactly_where_no_later_bar_left_them():
    found = told(ranges())
    bars = {row["session"]: row for row in PANEL.iter_rows(named=True)}

    assert len(found.safe_ranges) == 130
    assert {each.held for each in found.safe_ranges} == {True, False}
    for each in found.safe_ranges:
        at = DAYS.index(each.session)
        path = [bars[day] for day in DAYS[at + 1 : at + 1 + AHEAD]]
        inside = all(each.lower <= bar["low"] and bar["high"] <= each.upper for bar in path)
        assert each.held == inside
        assert each.expiry == DAYS[at + AHEAD]
        assert each.coverage == pytest.approx(0.9)
        assert each.upper * each.lower == pytest.approx(bars[each.session]["close"] ** 2)


def test_a_range_is_open_until_its_expiry():
    last = DAYS[100]
    found = told(ranges(), last)

    assert max(each.session for each in found.safe_ranges) == last
    for each in found.safe_ranges:
        assert (each.held is None) == (each.expiry > last)


def test_the_rates_end_at_those_that_the_payload_tells():
    forecasts = pl.concat([ranges(), breakouts()])
    as_of = datetime.combine(DAYS[-1] + timedelta(days=1), datetime.min.time(), UTC)
    found = told(forecasts)
    payload = record(forecasts, CANDLES, pl.DataFrame(), SP500, as_of)

    assert payload.safe_range is not None
    assert payload.spike is not None
    for rate, said in ((found.range_rate, payload.safe_range), (found.spike_rate, payload.spike)):
        assert rate[-1].value == pytest.approx(said.value)
        assert rate[-1].n == said.n
        assert rate[0].n == FEWEST
        assert [each.n for each in rate] == sorted(each.n for each in rate)


def test_what_was_not_known_yet_changes_nothing():
    forecasts = pl.concat([ranges(), breakouts()])
    last = DAYS[100]
    whole = outcomes(forecasts, CANDLES, pl.DataFrame(), SP500, DAYS[-1])
    as_of = close_of(SP500, last)
    seen = history(SP500, PANEL, forecasts, whole, empty(SCORECARD), as_of=as_of)
    then = history(
        SP500,
        PANEL.filter(pl.col("session") <= last),
        forecasts.filter(pl.col("as_of") <= as_of.astimezone(UTC)),
        outcomes(forecasts, CANDLES, pl.DataFrame(), SP500, last),
        empty(SCORECARD),
        as_of=as_of,
    )

    assert seen == then


def test_only_the_first_edition_of_a_slot_counts():
    first = ranges()
    later = ranges(0.5).with_columns(pl.col("published_at") + timedelta(hours=3))

    assert told(pl.concat([later, first])).safe_ranges == told(first).safe_ranges


def test_only_the_last_slot_of_a_session_is_drawn():
    last = ranges()
    early = ranges(0.5).with_columns(
        pl.col("as_of") - timedelta(hours=3), slot=pl.col("slot").str.replace("15:30", "12:30")
    )

    assert told(pl.concat([early, last])).safe_ranges == told(last).safe_ranges


def test_reliability_counts_every_settled_forecast_once():
    found = told(breakouts()).reliability

    assert [each.outcome for each in found] == ["BREAKOUT"]
    assert found[0].n == 130
    assert found[0].mean_probability == pytest.approx(0.2)
    assert found[0].path == NEXT_SESSION


def test_months_hold_the_mean_losses_of_the_scorecard():
    found = told(breakouts())
    roles = {each.role for each in found.losses}
    served = [each for each in found.losses if each.role == "SERVED"]

    assert roles == {"SERVED", "BASELINE"}
    assert sum(each.n for each in served) == 130
    assert [each.month for each in served] == sorted({each.month for each in served})
    assert {each.role for each in found.scorecard} == roles
    assert all(math.isfinite(each.loss) for each in found.losses)
    assert isinstance(served[0].month, date)
