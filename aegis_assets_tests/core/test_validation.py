"""A validation report says what the cards say, and never an accuracy that means nothing."""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from aegis_assets.core.card import CandidateScore, Card, Trial, Verdict
from aegis_assets.core.engines import SELLER
from aegis_assets.core.errors import NotEnoughDataError
from aegis_assets.core.evaluation.coverage import Sampling, interval_score, range_coverage
from aegis_assets.core.evaluation.walk_forward import SCHEMA
from aegis_assets.core.evidence import (
    Evidence,
    FoldScore,
    Performance,
    Reliability,
    Slope,
    TradingSummary,
)
from aegis_assets.core.frozen import Skill, Source
from aegis_assets.core.validation import Change, Grid, change, markdown, range_records, report

N, SEED = 400, 3
FIRST = date(2015, 6, 1)
SKILL = Skill(value=0.021, lower=-0.004, upper=0.04, n=N)
RISE, FALL = (
    next(each for each in SELLER.targets if each.name == name) for name in ("rise_5", "fall_5")
)
SERVED = ("conformal_core", "normal_ewma")


def reliability(confusion) -> Reliability:
    return Reliability(
        n=N,
        calibration_error=0.012,
        by_chance=0.009,
        worst_class=0,
        bins=(),
        slope=Slope(value=0.9, lower=0.7, upper=None),
        auc=0.561,
        accuracy=0.437,
        majority=0.421,
        confusion=confusion,
    )


def card(classes=("DOWN", "NEUTRAL", "UP"), source=Source.BASELINE, **changes) -> Card:
    trial = Trial(
        name="trees",
        against="base_rate",
        skill=SKILL,
        p_value=0.31,
        weight=0.4,
        skill_by_year={2015: 0.03, 2016: -0.01},
        recent=None,
        second_market=SKILL.model_copy(update={"value": -0.2}),
        reasons=() if source is Source.MODEL else ("skill may be zero", "not significant"),
    )
    verdict = Verdict(
        source=source,
        served="trees" if source is Source.MODEL else "base_rate",
        leading="trees",
        baseline="base_rate",
        score="RPS",
        trials=(trial,),
        folds=9,
        base_rates=(0.25, 0.42, 0.33)[: len(classes)],
        candidates=(
            CandidateScore(name="base_rate", loss=0.21, n=N),
            CandidateScore(name="trees", loss=0.2, n=N),
        ),
        remarks=(),
    )
    table = tuple((10,) * len(classes) for _ in classes)
    return Card(
        market="SP500",
        engine="direction",
        target="direction_1",
        trained_to=date(2018, 12, 29),
        label="which way",
        classes=classes,
        horizon=1,
        span=None,
        columns=(),
        estimators={},
        weights_of={},
        means={},
        anchor="base_rate",
        weights={},
        seed=SEED,
        data_version="",
        code_version="",
        libraries={},
        verdict=verdict,
        evidence=Evidence(
            folds=(
                FoldScore(
                    fold=0,
                    first=FIRST,
                    last=date(2016, 5, 31),
                    n=N,
                    trained_on=1000,
                    losses={"trees": 0.2},
                ),
            ),
            reliability={"trees": reliability(table)},
        ),
        promised="accuracy above 65 %",
        files={},
    ).model_copy(update=changes)


def test_what_was_promised_stands_beside_what_came_out():
    text = markdown(report("AegisCore", [card()]))

    assert (
        "| direction_1 | accuracy above 65 % | skill +0.021 [-0.004, +0.040]; AUC 0.561; " in text
    )
    assert "scored out of sample from 2015-06-01 to 2016-05-31, up to 9 folds" in text
    assert "second market: 0 of 1 contenders have skill above zero there" in text
    assert "| direction_1 | 400 | BASELINE | base_rate | skill may be zero |" in text
    assert "| direction_1 | trees | base_rate | +0.021 [-0.004, +0.040] | 0.310 |" in text
    assert "skill may be zero; not significant" in text


def test_an_accuracy_stands_beside_the_majority_and_two_classes_have_none():
    three, two = (
        markdown(report("x", [card(classes)])) for classes in (("A", "B", "C"), ("A", "B"))
    )

    assert "accuracy 43.7%, a constant has 42.1%" in three
    assert "said B" in three
    assert "43.7%" not in two
    assert "said B" not in two
    assert "AUC 0.561" in two


def test_what_a_strategy_would_have_earned_says_whether_it_is_a_claim():
    one = Performance(
        total_return=0.1,
        annual_return=0.021,
        sharpe=0.35,
        sharpe_error=0.46,
        drawdown=0.2,
        win_rate=0.51,
        probabilistic_sharpe=0.7,
    )
    made = TradingSummary(
        n=N, active=N, trades=40, turnover=80.0, cost=2.0, trials=18, gross=one, net=one, hold=one,
        deflated_sharpe=0.012, informational=True,
    )  # fmt: skip
    evidence = card().evidence.model_copy(update={"trading": made})
    text = markdown(report("x", [card(evidence=evidence)]))

    assert "| direction_1 | after costs | 2.1% | 0.35 (0.46) | 20.0% | 51.0% |" in text
    assert "deflated Sharpe 0.012 over 18 trials, informational: no claim to earn" in text
    assert "Trading" not in markdown(report("x", [card()]))


def test_a_target_without_a_record_says_so():
    empty = card().verdict.model_copy(
        update={
            "source": Source.UNAVAILABLE,
            "served": None,
            "leading": None,
            "baseline": None,
            "trials": (),
            "candidates": (),
            "remarks": ("no forecast could be scored",),
        }
    )
    text = markdown(report("x", [card(verdict=empty, evidence=Evidence())]))

    assert "not enough data: nothing could be scored out of sample" in text
    assert "| direction_1 | 0 | UNAVAILABLE | - | no forecast could be scored |" in text
    with pytest.raises(NotEnoughDataError, match="a report needs one"):
        report("x", [])


def test_a_bar_in_a_cell_does_not_break_the_table():
    made = report("x", [card(label="|r| > 1")])

    assert "| question | &#124;r&#124; > 1 |" in markdown(made)
    assert all(
        len(row) == len(grid.columns)
        for grid in (*made.summary, *(each for one in made.chapters for each in one.grids))
        for row in grid.rows
    )
    assert Grid("", (), ()).rows == ()


def test_what_became_of_a_target_since_the_week_before():
    served, refused = card(source=Source.MODEL), card()
    other = refused.verdict.model_copy(update={"served": "core"})

    assert change(served, None) is Change.NEW
    assert change(served, refused) is Change.PROMOTED
    assert change(refused, served) is Change.DEMOTED
    assert change(refused, card(verdict=other)) is Change.OTHER
    assert change(refused, refused) is Change.SAME


def path_and_bounds():
    """What happened, and three levels of each candidate for either side."""
    drawn = np.random.default_rng(SEED)
    path = np.abs(drawn.normal(0, 0.02, (N, 2)))
    width = {"conformal_core": 1.0, "normal_ewma": 0.7, "conformal_ewma": 1.2}
    levels = np.array([0.03, 0.04, 0.05])
    return path, {
        name: [drawn.uniform(0.8, 1.2, (N, 1)) * levels * scale for _ in range(2)]
        for name, scale in width.items()
    }


def record(path, bounds, silent: int = 0) -> pl.DataFrame:
    """The walk-forward record; the first `silent` sessions have no answer of `conformal_core`."""
    days = [FIRST + timedelta(days=i) for i in range(N)]
    rows = [
        {
            "symbol": "^X",
            "session": day,
            "target": target.name,
            "fold": i // 63,
            "fold_start": day,
            "known_on": day,
            "outcome": path[i, side],
            "outcome_class": None,
            "candidate": name,
            "trained_on": 1000,
            "forecast": None if name == "conformal_core" and i < silent else both[side][i].tolist(),
        }
        for side, target in enumerate((RISE, FALL))
        for name, both in bounds.items()
        for i, day in enumerate(days)
    ]
    return pl.DataFrame(rows, schema={name: kind for name, (kind, _) in SCHEMA.items()})


def cards(rise=SERVED[0], fall=SERVED[1]):
    served = {RISE.name: rise, FALL.name: fall}
    return {
        name: card(verdict=card().verdict.model_copy(update={"served": who}))
        for name, who in served.items()
    }


def test_the_joint_range_of_the_served_pair_is_scored_as_by_hand():
    path, bounds = path_and_bounds()
    made = range_records([RISE, FALL], cards(), record(path, bounds), SEED)
    by_hand = np.column_stack([bounds[SERVED[0]][0][:, 1], bounds[SERVED[1]][1][:, 1]])
    years = [(FIRST + timedelta(days=i)).year for i in range(N)]
    [found] = [each for each in made if each.is_served and each.nominal == pytest.approx(0.9)]

    assert len(made) == 3 * 3
    assert (found.horizon, found.rise, found.fall) == (5, *SERVED)
    assert found.overall == range_coverage(by_hand, path, 2 * (1 - 0.95), Sampling(years, 5, SEED))
    held = (path <= by_hand).all(axis=1)
    first = np.array(years) == 2015
    assert [year.year for year in found.years] == [2015, 2016]
    assert found.years[0].coverage == pytest.approx(held[first].mean())
    assert found.years[0].score == pytest.approx(interval_score(by_hand, path, 0.1)[first].mean())
    assert sum(year.n for year in found.years) == N


def test_all_pairs_are_scored_on_the_sessions_that_all_answered():
    path, bounds = path_and_bounds()
    made = range_records([RISE, FALL], cards(), record(path, bounds, silent=150), SEED)

    assert {each.overall.coverage.n for each in made} == {N - 150}
    text = markdown(report("x", list(cards().values()), made))
    assert "conformal_core up, normal_ewma down (served)" in text
    assert "safe range over 5 sessions, by year" in text


def test_a_plain_pair_that_is_served_is_listed_once_and_an_unserved_edge_has_no_range():
    path, bounds = path_and_bounds()
    rows = record(path, bounds)

    plain = range_records([RISE, FALL], cards("normal_ewma", "normal_ewma"), rows, SEED)
    assert [each.is_served for each in plain] == [True, False] * 3
    assert range_records([RISE, FALL], cards(rise=None), rows, SEED) == ()
    assert range_records([RISE], cards(), rows, SEED) == ()
