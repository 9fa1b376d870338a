"""The record: golden scores, the same rows for model and baseline, sessions and not slots."""

import math
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from aegis_assets.core.bars import empty
from aegis_assets.core.evaluation.reliability import reliability as evidence
from aegis_assets.core.evaluation.skill import skill
from aegis_assets.core.ledger.schemas import OUTCOMES, RELIABILITY, SCORECARD
from aegis_assets.core.ledger.scorecard import reliability, scorecard
from aegis_assets_tests.core import synthetic
from aegis_assets_tests.core.ledger import cases

DAYS = synthetic.exchange_sessions(120).to_list()
JANUARY, FEBRUARY = date(2013, 1, 1), date(2013, 2, 1)
KEPT = {name: kind for name, (kind, _) in OUTCOMES.items()}


def said(day, forecast, role="SERVED", candidate="model", slot="15:30", **other):
    source = "BASELINE" if role == "BASELINE" else "MODEL"
    of = cases.of_session(day, DAYS[DAYS.index(day) + 1])
    return (
        of
        | {
            "slot": f"{day}-{slot}",
            "role": role,
            "candidate": candidate,
            "source": source,
            "forecast": forecast,
            "cuts": [0.01] * (len(forecast) - 1),
        }
        | other
    )


def came(made, **other):
    """Outcomes of the rows' slots and paths, classes by slot."""
    table = made.select("slot", "session", "path", "engine", "target", "ends_on").unique()
    settled = {"outcome": 0.0, "outcome_class": None, "reason": None} | other
    return table.with_columns(
        pl.col("slot").replace_strict(value, return_dtype=KEPT[name]).alias(name)
        if isinstance(value, dict)
        else pl.lit(value, dtype=KEPT[name]).alias(name)
        for name, value in settled.items()
    ).select(*KEPT)


def only(card, **where):
    found = card.filter(**where)
    assert found.height == 1
    return found.row(0, named=True)


def test_two_classes_by_hand():
    made = cases.rows([said(DAYS[0], [0.8, 0.2]), said(DAYS[1], [0.6, 0.4])])
    outcome = came(made, outcome_class={f"{DAYS[0]}-15:30": 0, f"{DAYS[1]}-15:30": 1})
    row = only(scorecard(made, outcome, [JANUARY]), span="MONTH")

    assert (row["score"], row["n"], row["sessions"]) == ("Brier", 2, 2)
    assert row["loss"] == row["brier"] == pytest.approx((0.04 + 0.36) / 2)
    assert row["log_loss"] == pytest.approx(-(math.log(0.8) + math.log(0.4)) / 2)
    assert (row["coverage"], row["skill"], row["calibration_error"]) == (None, None, None)


def test_three_ordered_classes_by_hand():
    made = cases.rows([said(DAYS[0], [0.2, 0.5, 0.3])])
    row = only(scorecard(made, came(made, outcome_class=2), [JANUARY]), span="MONTH")

    assert row["score"] == "RPS"
    assert row["loss"] == pytest.approx((0.2**2 + 0.7**2) / 2)
    assert row["brier"] == pytest.approx((0.2**2 + 0.5**2 + 0.7**2) / 2)


def test_quantiles_and_means_by_hand():
    pair = {"cuts": [], "levels": [0.1, 0.9], "path": "direction.horizons.t1.interval"}
    mean = {"cuts": [], "path": "buyer.theta_edge.expected_log_premium"}
    made = cases.rows(
        [
            said(DAYS[0], [-0.02, 0.02], **pair),
            said(DAYS[1], [0.01, 0.02], **pair),
            said(DAYS[0], [0.3], **mean),
        ]
    )
    card = scorecard(made, came(made, outcome=0.0), [JANUARY]).filter(span="MONTH")
    ranged, averaged = only(card, score="pinball"), only(card, score="squared error")

    held = (0.1 * 0.02 + 0.1 * 0.02) / 2
    missed = (0.9 * 0.01 + 0.1 * 0.02) / 2
    assert ranged["loss"] == pytest.approx((held + missed) / 2)
    assert (ranged["coverage"], ranged["nominal"]) == (0.5, pytest.approx(0.8))
    assert averaged["loss"] == pytest.approx(0.09)
    assert (averaged["coverage"], averaged["brier"]) == (None, None)


def edges(day, upper, lower, **other):
    of = {"cuts": [], "levels": [0.95], "horizon": 10} | other
    return [
        said(day, [upper], path="seller.safe_range.upper", measure="RISE", **of),
        said(day, [lower], path="seller.safe_range.lower", measure="FALL", **of),
    ]


def test_a_safe_range_is_judged_by_both_edges_together():
    made = cases.rows([*edges(DAYS[0], 0.03, 0.03), *edges(DAYS[1], 0.01, 0.03)])
    card = scorecard(made, came(made, outcome=0.02), [JANUARY])
    row = only(card, span="MONTH", path_kind="seller.safe_range")

    assert (row["n"], row["coverage"], row["nominal"]) == (2, 0.5, pytest.approx(0.9))
    assert (row["target"], row["score"], row["horizon"]) == ("safe_range", "interval", 10)
    assert row["loss"] == pytest.approx((0.06 + 0.04 + 2 / 0.1 * 0.01) / 2)


def record(n=100, seed=5, slots=("15:30",)):
    """A model that knows something beside a constant, over sessions of several slots."""
    rng = np.random.default_rng(seed)
    made, classes = [], {}
    for day in DAYS[:n]:
        tilt = rng.normal()
        up = 1 / (1 + math.exp(-tilt))
        happened = int(rng.random() < up)
        for slot in slots:
            p = float(np.clip(up + 0.02 * rng.normal(), 0.01, 0.99))
            made.append(said(day, [1 - p, p], slot=slot))
            made.append(said(day, [0.5, 0.5], "BASELINE", "base_rate", slot))
            classes[f"{day}-{slot}"] = happened
    table = cases.rows(made)
    return table, came(table, outcome_class=classes)


def test_skill_is_of_the_same_rows_averaged_within_sessions_first():
    made, outcome = record(slots=("09:30", "12:30", "15:30"))
    row = only(scorecard(made, outcome, [date(2013, 6, 1)], 9), role="SERVED", span="TO_DATE")
    joined = made.join(outcome.select("slot", "outcome_class"), on="slot").with_columns(
        loss=(pl.col("forecast").list.get(1) - pl.col("outcome_class")) ** 2
    )
    means = joined.group_by("session", "role").agg(pl.col("loss").mean()).sort("session")
    mine, base = (means.filter(role=role)["loss"].to_numpy() for role in ("SERVED", "BASELINE"))
    expected = skill(mine, base, 1, 9)

    assert (row["n"], row["sessions"]) == (300, 100)
    assert row["loss"] == pytest.approx(mine.mean())
    found = (row["skill"], row["skill_lower"], row["skill_upper"])
    assert found == pytest.approx((expected.value, expected.lower, expected.upper))
    assert row["skill_lower"] > 0


def test_slots_of_a_session_do_not_make_the_interval_narrower():
    widths = []
    for slots in (("15:30",), tuple(f"{hour:02}:30" for hour in range(9, 16))):
        row = only(
            scorecard(*record(slots=slots), [date(2013, 6, 1)]), role="SERVED", span="TO_DATE"
        )
        widths.append(row["skill_upper"] - row["skill_lower"])

    assert widths[1] > 0.8 * widths[0]


def test_a_baseline_that_is_served_has_no_skill_against_itself():
    made, outcome = record()
    served = made.filter(role="BASELINE").with_columns(role=pl.lit("SERVED"))
    both = pl.concat([served, made.filter(role="BASELINE")])
    card = scorecard(both, outcome, [date(2013, 6, 1)])

    assert card["skill"].null_count() == card.height > 0


def test_what_the_baseline_itself_answers_counts_as_no_gain():
    """A model of some weeks is not judged on those weeks alone, beside a loss of all of them."""
    made, outcome = record()
    same = (pl.col("role") == "SERVED") & (pl.col("session") > DAYS[49])
    baseline = made.filter(role="BASELINE").select("slot", "path", own="forecast", by="candidate")
    mixed = made.join(baseline, on=["slot", "path"]).with_columns(
        forecast=pl.when(same).then("own").otherwise("forecast"),
        candidate=pl.when(same).then("by").otherwise("candidate"),
    )
    card = scorecard(mixed.drop("own", "by"), outcome, [date(2013, 6, 1)])
    served, against = (only(card, role=role, span="TO_DATE") for role in ("SERVED", "BASELINE"))

    assert served["n"] == against["n"]
    assert served["skill"] == pytest.approx(1 - served["loss"] / against["loss"])


def test_rows_without_a_baseline_do_not_count_for_skill():
    made, outcome = record()
    halved = made.filter((pl.col("role") == "SERVED") | (pl.col("session") > DAYS[49]))
    late = made.filter(pl.col("session") > DAYS[49])
    june = [date(2013, 6, 1)]
    found, expected = (
        only(scorecard(each, outcome, june), role="SERVED", span="TO_DATE")
        for each in (halved, late)
    )

    assert found["n"] == 100
    assert found["skill"] == pytest.approx(expected["skill"])


def test_a_month_holds_what_ended_in_it_and_to_date_all_until_then():
    made, outcome = record(40)
    card = scorecard(made, outcome, [JANUARY, FEBRUARY]).filter(role="SERVED")
    ended = outcome["ends_on"].dt.month()
    in_january, in_february = (ended == 1).sum(), (ended == 2).sum()
    counts = card.sort("month", "span")["n"].to_list()

    assert counts == [in_january, in_january, in_february, in_january + in_february]
    assert_frame_equal(
        scorecard(made, outcome, [JANUARY]),
        scorecard(made, outcome, [JANUARY, FEBRUARY]).filter(month=JANUARY),
    )


def test_only_the_first_edition_counts():
    made, outcome = record(30)
    again = made.with_columns(
        published_at=pl.col("published_at") + timedelta(days=1), forecast=pl.lit([0.0, 1.0])
    )

    assert_frame_equal(
        scorecard(pl.concat([again, made]), outcome, [JANUARY]), scorecard(made, outcome, [JANUARY])
    )


def test_claims_without_an_outcome_are_not_scored():
    made, outcome = record(30)
    lost = outcome.with_columns(outcome=pl.lit(None, dtype=pl.Float64))

    assert scorecard(made, lost, [JANUARY]).is_empty()
    assert scorecard(made, empty(OUTCOMES), [JANUARY]).columns == list(SCORECARD)


def test_reliability_by_tenths():
    made, outcome = record()
    found = reliability(made, outcome)
    upper = found.filter(pl.col("class") == 1)

    assert found.columns == list(RELIABILITY)
    assert upper["n"].sum() == 100
    weighted = (upper["n"] * upper["frequency"]).sum()
    assert weighted == pytest.approx(outcome["outcome_class"].sum())
    assert ((upper["mean_probability"] * 10).floor() == upper["bin"]).all()
    bounded = upper.drop_nulls("lower")
    assert bounded.height >= 5
    assert (bounded["lower"] <= bounded["frequency"] + 1e-12).all()
    assert (bounded["frequency"] <= bounded["upper"] + 1e-12).all()


def test_the_calibration_error_is_that_of_the_gates_evidence():
    made, outcome = record()
    row = only(scorecard(made, outcome, [date(2013, 6, 1)]), role="SERVED", span="TO_DATE")
    mine = made.filter(role="SERVED").join(outcome.select("slot", "outcome_class"), on="slot")
    expected = evidence(
        np.asarray(mine["forecast"].to_list()), mine["outcome_class"].to_numpy(), 1, 0
    )

    assert row["calibration_error"] == pytest.approx(expected.calibration_error)
