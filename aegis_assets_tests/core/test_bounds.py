"""What serves is held to the gate's bounds, a baseline as well as a model."""

import pytest

from aegis_assets.core.evidence import Slope
from aegis_assets.core.frozen import Skill, Source
from aegis_assets.core.validation.bounds import out_of_bounds
from aegis_assets_tests import cards

PLAINEST = {"source": Source.BASELINE, "served": cards.PLAIN, "baseline": cards.PLAIN}
BETTER = {"baseline_skill": Skill(value=0.02, lower=0.01, upper=0.03, n=900)}


def with_reliability(verdict, **changes):
    kept = cards.reliability().model_copy(update=changes)
    reliability = {cards.PLAIN: kept, cards.TREES: kept}
    return cards.card(
        verdict=cards.verdict(**verdict), evidence=cards.evidence(reliability=reliability)
    )


def with_coverage(horizon=1, **changes):
    kept = cards.coverage(0.9).model_copy(update=changes)
    evidence = cards.evidence(reliability={}, coverage={cards.TREES: (kept,)})
    return cards.card(horizon=horizon, evidence=evidence)


def test_a_record_near_the_diagonal_and_nothing_served_are_within():
    assert out_of_bounds(cards.card()) == ()
    assert out_of_bounds(with_coverage()) == ()
    assert out_of_bounds(cards.undecided()) == ()


@pytest.mark.parametrize(("error", "is_within"), [(0.0399, True), (0.0401, False)])
def test_a_calibration_error_may_exceed_chance_by_three_hundredths(error, is_within):
    card = with_reliability({}, calibration_error=error, by_chance=0.01)

    assert (out_of_bounds(card) == ()) == is_within


def test_the_slope_of_what_is_told_apart_contains_one_and_the_plainest_is_not_asked():
    slope = Slope(value=0.8, lower=0.7, upper=0.95)

    assert out_of_bounds(with_reliability({}, slope=slope)) == (
        "boosted_trees: calibration slope 0.80 [0.70, 0.95] does not contain 1",
    )
    assert out_of_bounds(with_reliability(PLAINEST | BETTER, slope=slope)) == (
        "base_rate: calibration slope 0.80 [0.70, 0.95] does not contain 1",
    )
    assert out_of_bounds(with_reliability(PLAINEST, slope=slope)) == ()


@pytest.mark.parametrize(
    ("horizon", "value", "is_within"),
    [(10, 0.886, True), (10, 0.884, False), (20, 0.871, True), (20, 0.869, False)],
)
def test_coverage_is_as_near_as_the_horizon_allows(horizon, value, is_within):
    assert (out_of_bounds(with_coverage(horizon, value=value)) == ()) == is_within


def test_the_last_sessions_count_by_themselves():
    assert out_of_bounds(with_coverage(trailing=0.84)) == (
        "boosted_trees: covers 0.840 of the last 250 sessions at 0.9, by chance [0.850, 0.950]",
    )
    assert out_of_bounds(with_coverage(trailing=None)) == ()
