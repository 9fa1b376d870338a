"""What can be learnt is found, what cannot is refused: over the whole path to the verdict.

questions -> examples -> walk_forward -> evaluation -> verdicts, on a synthetic market whose
volatility clusters, with the folds and sizes of production.
"""

from dataclasses import replace

import pytest

from aegis_assets.core.engines import BUYER, DIRECTION
from aegis_assets.core.evaluation.evaluation import evaluation
from aegis_assets.core.evaluation.gate import verdicts
from aegis_assets.core.evaluation.target import Alarm
from aegis_assets.core.frozen import Source
from aegis_assets_tests.core import histories

ENGINE = {"direction_1": DIRECTION, "direction_5": DIRECTION, "breakout_1": BUYER}
FEATURE = "williams_r_14"
UNTRAINED = "not trained, as set: bilstm"


def recorded(name, correlation, spoilt=lambda outcomes: outcomes):
    """The walk-forward where `FEATURE` tells the outcome with this correlation, then spoilt."""
    engine = ENGINE[name]
    target = next(each for each in engine.targets if each.name == name)
    outcomes = histories.answers(engine, target)
    table = histories.features(engine)
    if correlation:
        table = histories.planted(table, outcomes, target, FEATURE, correlation)
    return target, histories.record(engine, target, table, spoilt(outcomes))


def judged(target, record):
    (verdict,) = verdicts([target], [evaluation(target, record)], histories.SEED)
    return verdict


@pytest.mark.parametrize("name", ["direction_1", "breakout_1"])
def test_a_feature_of_information_coefficient_one_fifth_is_found(name):
    verdict = judged(*recorded(name, 0.2))

    assert verdict.skill.lower > 0
    assert verdict.skill.value < 0.05
    assert verdict.trial.p_value < 0.025


@pytest.mark.parametrize("name", ENGINE)
def test_a_strong_feature_is_presumed_to_leak_and_passes_all_else(name):
    """Nothing so good exists: the alarms ring, and without them the gate would serve it."""
    target, record = recorded(name, 0.5)
    verdict = judged(target, record)
    simplest = verdict.trials[0]

    assert verdict.source is Source.BASELINE
    assert all(
        any("a leak until shown otherwise" in said for said in trial.reasons)
        for trial in verdict.trials
    )
    assert all("a leak until shown otherwise" in said for said in simplest.reasons)
    believed = judged(replace(target, alarm=Alarm()), record)
    assert believed.source is Source.MODEL
    assert believed.served == believed.leading == simplest.name == "ridge_logit"
    assert believed.skill.value > 0.08


@pytest.mark.parametrize("correlation", [0.0, 0.5])
@pytest.mark.parametrize("spoilt", [histories.shuffled, histories.shifted])
@pytest.mark.parametrize("name", ["direction_5", "breakout_1"])
def test_outcomes_of_other_sessions_cannot_be_learnt(name, spoilt, correlation):
    verdict = judged(*recorded(name, correlation, spoilt))

    assert verdict.source is Source.BASELINE
    assert verdict.served in {verdict.baseline, "base_rate"}
    for trial in verdict.trials:
        assert trial.skill.value < 0.005
        assert trial.reasons


@pytest.mark.parametrize("name", ENGINE)
def test_returns_without_memory_say_nothing_of_direction_or_breakouts(name):
    verdict = judged(*recorded(name, 0.0))

    assert verdict.source is Source.BASELINE
    assert all(trial.skill.value < 0.005 for trial in verdict.trials)


def test_the_network_is_said_not_to_have_been_trained_here():
    verdict = judged(*recorded("direction_1", 0.2))

    assert UNTRAINED in verdict.remarks
