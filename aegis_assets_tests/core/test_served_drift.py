"""What is served is held against its baseline of late, with the doubt that chance leaves."""

from datetime import datetime, time
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
import pytest

from aegis_assets.core.bars import empty
from aegis_assets.core.drift import forecast_drift, standings
from aegis_assets.core.evaluation.gate import RECENT
from aegis_assets.core.evaluation.skill import diebold_mariano
from aegis_assets.core.ledger.schemas import FORECASTS, OUTCOMES
from aegis_assets.core.markets import SP500
from aegis_assets_tests.core import synthetic
from aegis_assets_tests.core.ledger import cases
from aegis_assets_tests.core.ledger.test_scorecard import came

DAYS = synthetic.exchange_sessions(300).to_list()
LATE = time(15, 30)
RATE = 0.3
UNLUCKY = 90
"""Seed of ten forecasts as good as their baselines, one of which has its interval below 0."""


def ups(seed=5):
    """Whether the upper class came on each session but the last."""
    return dict(
        zip(DAYS[:-1], (np.random.default_rng(seed).random(299) < RATE).tolist(), strict=True)
    )


def said(day, chance, role, candidate, at=LATE, **other):
    slot = f"{day}-{at:%H:%M}"
    made_at = datetime.combine(day, at, ZoneInfo(SP500.time_zone)).astimezone(ZoneInfo("UTC"))
    of = cases.of_session(day, DAYS[DAYS.index(day) + 1], slot=slot)
    return (
        of
        | {
            "as_of": made_at,
            "published_at": made_at,
            "role": role,
            "candidate": candidate,
            "source": "BASELINE" if role == "BASELINE" else "MODEL",
            "forecast": [1 - chance, chance],
            "cuts": [0.01],
        }
        | other
    )


def claims(known, skill, **other):
    """Served and base rate on each session; what is served knows or misjudges by `skill`."""
    return [
        row
        for day, up in known.items()
        for row in (
            said(day, RATE + (skill if up else -skill), "SERVED", "model", **other),
            said(day, RATE, "BASELINE", "base_rate", **other),
        )
    ]


def stood(rows, known):
    made = cases.rows(rows)
    slots = {slot: int(known[day]) for slot, day in made.select("slot", "session").iter_rows()}
    return standings(made, came(made, outcome_class=slots), seed=1)


def noisy(known, seed, size=0.15):
    """Forecasts that say nothing and cost nothing on average, against the base rate plus noise."""
    draw = np.random.default_rng(seed).uniform(-size, size, (len(known), 2))
    return [
        row
        for (one, other), day in zip(draw.tolist(), known, strict=True)
        for row in (
            said(day, RATE + one, "SERVED", "model"),
            said(day, RATE + other, "BASELINE", "base_rate"),
        )
    ]


def test_forecasts_that_are_wrong_again_and_again_have_drifted():
    known = ups()
    table = stood(claims(known, -0.15), known)
    found = forecast_drift("buyer", table)

    assert found.findings["worse"].to_list() == [True]
    [reason] = found.reasons
    assert reason.startswith("buyer.breakout_next.0: skill -0.")
    assert forecast_drift("seller", table).reasons == ()


def test_forecasts_that_know_something_have_not():
    known = ups()
    table = stood(claims(known, 0.15), known)

    assert table["skill_lower"].item() > 0
    assert not table["worse"].item()
    assert table["p_worse"].is_null().all()


def test_as_good_as_the_baseline_is_seldom_drift():
    known = ups()
    worse = [stood(noisy(known, seed), known)["worse"].any() for seed in range(8)]

    assert sum(worse) <= 1


def test_one_of_many_forecasts_wants_more_evidence_than_one_alone():
    known = ups()
    paths = [f"buyer.breakout_next.{i}" for i in range(8)]
    rows = claims(known, -0.15)
    others = [row | {"path": path} for i, path in enumerate(paths[1:]) for row in noisy(known, i)]
    alone, among = stood(rows, known), stood([*rows, *others], known)

    p_value = among.filter(path=paths[0])["p_worse"].item()
    assert p_value >= alone["p_worse"].item()
    assert p_value <= len(paths) * alone["p_worse"].item() + 1e-12


def test_an_interval_below_zero_among_ten_is_not_enough():
    known = ups()
    rows = [
        row | {"path": f"buyer.breakout_next.{i}"}
        for i in range(10)
        for row in noisy(known, UNLUCKY + i)
    ]
    table = stood(rows, known)

    assert (table["skill_upper"] < 0).any()
    assert not table["worse"].any()
    assert table["p_worse"].null_count() == 0


def test_the_p_value_is_diebold_and_marianos_of_the_losses():
    known = ups()
    recent = [*known.items()][-RECENT:]
    served = np.array([(RATE - (0.15 if up else -0.15) - up) ** 2 for _, up in recent])
    baseline = np.array([(RATE - up) ** 2 for _, up in recent])
    row = stood(claims(known, -0.15), known).row(0, named=True)

    assert row["sessions"] == RECENT
    assert row["loss"] == pytest.approx(served.mean())
    assert row["p_worse"] == pytest.approx(diebold_mariano(baseline, served, 1))


def test_of_a_session_the_last_slot_counts_and_of_the_past_the_newest_sessions():
    known = ups()
    good, bad = claims(known, 0.15), claims(known, -0.15, at=time(9, 30))
    old = dict([*known.items()][: len(known) - RECENT])

    row = stood([*good, *bad], known).row(0, named=True)
    assert row["skill"] > 0
    assert row["sessions"] == RECENT
    turned = stood([*claims(old, -0.3), *[r for r in good if r["session"] not in old]], known)
    assert turned["skill"].item() == row["skill"]


def test_where_the_baseline_itself_is_served_there_is_nothing_to_compare():
    known = ups()
    rows = [row | {"candidate": "base_rate"} for row in claims(known, -0.15)]

    assert stood(rows, known).is_empty()


def test_few_sessions_have_no_interval_and_so_no_verdict():
    known = dict([*ups().items()][:9])
    row = stood(claims(known, -0.15), known).row(0, named=True)

    assert (row["skill_upper"], row["p_worse"], row["worse"]) == (None, None, False)


def test_of_an_empty_ledger_nothing_is_told():
    table = standings(empty(FORECASTS), empty(OUTCOMES))

    assert table.is_empty()
    assert forecast_drift("buyer", table).reasons == ()
    assert isinstance(table.schema["worse"], pl.Boolean)
