"""What can be learnt is found, what cannot is refused: over the whole path to the verdict.

questions -> examples -> walk_forward -> evaluation -> verdicts, on a synthetic market whose
volatility clusters, with the folds and sizes of production.
"""

import pytest

from aegis_assets.core.frozen import Source
from aegis_assets.core.engines import BUYER, DIRECTION
from aegis_assets.core.evaluation.gate import evaluation, verdicts
from aegis_assets_tests.core import histories

ENGINE = {"direction_1": DIRECTION, "direction_5": DIRECTION, "breakout_1": BUYER}
FEATURE = "williams_r_14"


def judged(name, correlation, spoilt=lambda outcomes: outcomes):
    """The verdict where `FEATURE` tells the outcome with this correlation, before it is spoilt."""
    engine = ENGINE[name]
    target = next(each for each in engine.targets if each.name == name)
    outcomes = histories.answers(engine, target)
    table = histories.features(engine)
    if correlation:
        table = histories.planted(table, outcomes, target, FEATURE, correlation)
    record = histories.record(engine, target, table, spoilt(outcomes))
    (verdict,) = verdicts([target], [evaluation(target, record)], histories.SEED)
    return verdict


@pytest.mark.parametrize("name", ["direction_1", "breakout_1"])
def test_a_feature_of_information_coefficient_one_fifth_is_found(name):
    verdict = judged(name, 0.2)

    assert verdict.skill.lower > 0
    assert verdict.skill.value < 0.05
    assert verdict.p_value < 0.025


@pytest.mark.parametrize("name", ENGINE)
def test_a_strong_feature_passes_the_gate(name):
    verdict = judged(name, 0.5)

    assert (verdict.source, verdict.reasons) == (Source.MODEL, ())
    assert verdict.served == verdict.challenger == "boosted_trees"
    assert verdict.skill.value > 0.08


@pytest.mark.parametrize("correlation", [0.0, 0.5])
@pytest.mark.parametrize("spoilt", [histories.shuffled, histories.shifted])
@pytest.mark.parametrize("name", ["direction_5", "breakout_1"])
def test_outcomes_of_other_sessions_cannot_be_learnt(name, spoilt, correlation):
    verdict = judged(name, correlation, spoilt)

    assert verdict.source is Source.BASELINE
    assert verdict.served == verdict.baseline
    assert verdict.skill.value < 0.005
    assert verdict.skill.lower < 0
    assert verdict.reasons


@pytest.mark.parametrize("name", ENGINE)
def test_returns_without_memory_say_nothing_of_direction_or_breakouts(name):
    verdict = judged(name, 0.0)

    assert verdict.source is Source.BASELINE
    assert verdict.skill.value < 0.005
