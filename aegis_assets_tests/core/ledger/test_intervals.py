"""Intervals of a return as claims: held against their price, and scored as what they state."""

import math
from datetime import timedelta

import polars as pl
import pytest

from aegis_assets.core.engines.blocks.direction import COVERAGE, TAILS
from aegis_assets.core.ledger.detector import Code, findings
from aegis_assets.core.ledger.promises import promises
from aegis_assets.core.ledger.scorecard import scorecard
from aegis_assets.core.ledger.settling import outcomes
from aegis_assets.core.markets import SP500
from aegis_assets_tests.core.ledger import cases

PANEL = cases.candles(80)
DAYS, CLOSES = PANEL["session"].to_list(), PANEL["close"].to_list()
HORIZONS = {"t1": 1, "t3": 3, "t5": 5, "t10": 10, "t20": 20, "t40": 40}
TODAY = "direction.today.interval"


def claims(path, ahead, said=None, count=40):
    """An interval at each close, wider on some days than on others."""
    made = []
    for i in range(count):
        width = (0.008 + 0.0005 * (i % 9)) * math.sqrt(max(ahead, 1))
        made.append(
            cases.of_session(DAYS[i], DAYS[i + ahead], reference=CLOSES[i], horizon=ahead)
            | {"levels": list(TAILS), "forecast": said or [-width, 1.1 * width]}
            | {"path": path, "measure": "RETURN", "feature_hash": f"{i}"}
        )
    return cases.rows(made)


@pytest.mark.parametrize("name", HORIZONS)
@pytest.mark.parametrize("beside", [[0.001, 0.02], [-0.03, -0.001]])
def test_one_that_lies_on_one_side_of_its_price_is_found(name, beside):
    path = f"direction.horizons.{name}.interval"
    sound = claims(path, HORIZONS[name])
    last = claims(path, HORIZONS[name], beside).tail(1)
    (found,) = findings(pl.concat([sound.head(39), last]))

    assert findings(sound) == []
    assert (found.path, found.code, found.slots) == (path, Code.LEVEL_EXCLUDES_SPOT, 1)


@pytest.mark.parametrize("beside", [[0.001, 0.02], [-0.03, -0.001]])
def test_that_of_the_running_session_counts_from_the_close_before_and_may_exclude_it(beside):
    """A spot that has moved by 2 % leaves the last close outside what is still to come."""
    assert findings(claims(TODAY, 0, beside)) == []


def assert_scored(made, path, ahead):
    known = outcomes(made, PANEL, pl.DataFrame(), SP500, DAYS[-1])
    month = known["ends_on"].max().replace(day=1)
    (row,) = scorecard(made, known, [month]).filter(span="TO_DATE").rows(named=True)
    (promise,) = promises(scorecard(made, known, [month]))
    moved = [math.log(CLOSES[i + ahead] / CLOSES[i]) for i in range(40)]
    held = [low <= r <= high for (low, high), r in zip(made["forecast"], moved, strict=True)]

    assert (row["score"], row["n"]) == ("pinball", 40)
    assert row["coverage"] == pytest.approx(sum(held) / 40)
    assert row["nominal"] == pytest.approx(COVERAGE)
    assert (promise.path, promise.nominal, promise.decides) == (path, 0.8, False)
    assert 0 < row["coverage"] < 1


@pytest.mark.parametrize("name", ["t1", "t3", "t5", "t10"])
def test_it_is_scored_as_a_range_that_states_its_coverage(name):
    path, ahead = f"direction.horizons.{name}.interval", HORIZONS[name]

    assert_scored(claims(path, ahead), path, ahead)


def test_so_is_that_of_the_running_session():
    """Made while the session after the last final close runs, of its own close."""
    noon = pl.col("as_of") + timedelta(hours=20)
    running = claims(TODAY, 1).with_columns(as_of=noon, session="ends_on", horizon=pl.lit(0))

    assert_scored(running.cast({"horizon": pl.Int64}), TODAY, 1)
