"""Stored models stand on their evidence; whatever does not is named before anybody is served."""

import json
import re
from dataclasses import dataclass, replace

import dagster as dg
import numpy as np
import polars as pl
import pytest

from aegis_assets.adapters.model_store import ModelStore
from aegis_assets.core.engines import BUYER, ENGINES, VOLATILITY
from aegis_assets.core.errors import ArtifactError
from aegis_assets.core.estimators import BaseRate, Outcome
from aegis_assets.core.evaluation.conditions import Condition, _alarms
from aegis_assets.core.evaluation.probe import PROBED, proven, said
from aegis_assets.core.evaluation.standing import (
    ALARM,
    alarms,
    change,
    faults,
    members,
    unsound,
)
from aegis_assets.core.evaluation.target import Alarm
from aegis_assets.core.frozen import Skill, Source
from aegis_assets.defs.model_checks import model_checks, revived, verdict
from aegis_assets.defs.model_metadata import counts, verdict_table
from aegis_assets_tests import cards
from aegis_assets_tests.worlds import LAST_WEEK, settings_of

NO_BREAK = "\N{NO-BREAK SPACE}"
TRIED = VOLATILITY.targets[0].name
NAME = "models_are_decided_on_evidence"
TARGET = BUYER.targets[0]
TOO_GOOD = "too good: AUC 0.812 above 0.75, a leak until shown otherwise"
SEVERITY = dg.AssetCheckSeverity

every_engine = pytest.mark.parametrize("engine", ENGINES, ids=lambda each: each.name)


def judged(world, engine):
    """What the check says of the stored models of the last week."""
    store = ModelStore(world.settings.models_folder)
    return verdict(*revived(store, world.warehouse, engine, LAST_WEEK), [])


@pytest.fixture
def served(platform, home):
    """A world on the served home, whose files are to be tampered with."""
    return platform(settings_of(home))


@pytest.fixture
def folder(served):
    """The folder of a model whose contenders were tried and refused."""
    return served.settings.models_folder / VOLATILITY.name / TRIED / LAST_WEEK


@every_engine
def test_what_a_training_week_leaves_stands(served_home, platform, engine):
    said_of = judged(platform(settings_of(served_home)), engine)

    assert said_of.metadata["faults"].value == "none"
    assert said_of.passed == (said_of.metadata["alarms"].value == "none")
    assert all(f"`{each.name}`" in said_of.metadata["decisions"].value for each in engine.targets)


@every_engine
def test_a_training_run_checks_its_models_and_blocks_on_what_is_wrong(short, engine):
    key = dg.AssetCheckKey(dg.AssetKey(["models", engine.name]), NAME)
    [record] = short.instance.event_log_storage.get_asset_check_execution_history(key, limit=1)
    evaluation = record.event.dagster_event.asset_check_evaluation_data

    assert evaluation.passed
    assert evaluation.metadata["not served"].value == len(engine.targets)
    assert evaluation.blocking
    assert len(model_checks()) == len(ENGINES)


def rewritten(folder, change):
    """The card of a folder after somebody has edited it."""
    path = folder / "card.json"
    known = json.loads(path.read_text())
    change(known)
    path.write_text(json.dumps(known))


def refused_and_served_all_the_same(known):
    refused = known["verdict"]["trials"][0]
    assert refused["reasons"]
    known["verdict"] |= {"source": "MODEL", "served": refused["name"]}


def better_than_its_losses(known):
    known["verdict"]["trials"][0]["skill"]["value"] += 0.1


def of_no_candidate(known):
    known["verdict"]["served"] = "somebody"


def another_file(known):
    known["files"] = dict.fromkeys(known["files"], "0" * 64)


def of_other_code(known):
    known["code_version"] = "0123456789ab"


def with_a_note(known):
    known["note"] = "mine"


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (refused_and_served_all_the_same, "as MODEL, refused: not enough data"),
        (better_than_its_losses, "its losses say"),
        (of_no_candidate, "serves somebody as BASELINE, expected"),
        (another_file, "is missing: restore it or retrain"),
        (of_other_code, "with code version 0123456789ab"),
        (with_a_note, "is no card"),
    ],
)
def test_a_card_that_was_altered_by_hand_fails_its_check(served, folder, edit, words):
    rewritten(folder, edit)
    found = judged(served, VOLATILITY)

    assert (found.passed, found.severity) == (False, SEVERITY.ERROR)
    assert words in found.metadata["faults"].value
    assert found.metadata["faults"].value.startswith(f"- {folder.parent.name}: ")


def test_weights_that_are_gone_fail_their_check(served, folder):
    next(each for each in folder.iterdir() if each.name != "card.json").unlink()
    found = judged(served, VOLATILITY)

    assert (found.passed, found.severity) == (False, SEVERITY.ERROR)
    assert "is missing: restore it or retrain" in found.metadata["faults"].value


def test_a_target_without_a_card_fails_the_check(served, folder):
    (folder / "card.json").unlink()

    assert "train it first" in judged(served, VOLATILITY).metadata["faults"].value


def test_an_alarm_is_told_and_stops_nobody():
    suspect = cards.trial(name="mean", reasons=(TOO_GOOD,))
    card = cards.card(verdict=cards.verdict(trials=(cards.trial(), suspect)))
    found = verdict([card], [], [])

    assert (found.passed, found.severity) == (False, SEVERITY.WARN)
    assert found.metadata["alarms"].value == f"- breakout_1: mean: {TOO_GOOD}"
    assert verdict([cards.card()], [], []).passed
    assert verdict([card], ["torn"], []).severity is SEVERITY.ERROR


@dataclass(frozen=True)
class Seen:
    """As much of a finding as the alarms look at."""

    skill: Skill

    @property
    def found(self):
        return self

    @property
    def target(self):
        quantity = replace(TARGET.label, classes=(), cuts=())
        return replace(TARGET, label=quantity, alarm=Alarm(skill=0.05))


@pytest.mark.parametrize(("value", "trips"), [(0.3, True), (0.04, False)])
def test_the_check_knows_the_gate_s_alarms_by_their_words(value, trips):
    raised: list[Condition] = [*_alarms(Seen(Skill(value=value, lower=0.01, upper=0.4, n=900)))]
    refused = tuple(text for holds, text in raised if not holds)
    card = cards.card(verdict=cards.verdict(trials=(cards.trial(reasons=refused),)))

    assert bool(alarms(card)) == trips
    assert all(text.startswith(ALARM) for text in refused)


def lost(**changes):
    return cards.card(verdict=cards.verdict(**changes))


FAULTS = {
    "baseline as model": (lost(served=cards.PLAIN), "serves base_rate as MODEL, expected"),
    "model as baseline": (lost(source=Source.BASELINE), "serves boosted_trees as BASELINE"),
    "nothing as baseline": (lost(source=Source.BASELINE, served=None), "serves None as BASELINE"),
    "something as nothing": (lost(source=Source.UNAVAILABLE), "expected None"),
    "proxy": (lost(source=Source.PROXY), "as PROXY, expected MODEL or BASELINE"),
    "untried": (lost(trials=()), "serves boosted_trees as MODEL without a trial"),
    "refused": (
        lost(trials=(cards.trial(reasons=("has decayed",)),)),
        "serves boosted_trees as MODEL, refused: has decayed",
    ),
    "skill may be zero": (
        lost(trials=(cards.trial(skill=Skill(value=0.04, lower=-0.01, upper=0.1, n=cards.N)),)),
        r"its skill \+0.040 \[-0.010",
    ),
    "no interval": (
        lost(trials=(cards.trial(skill=Skill(value=0.04, lower=None, upper=None, n=cards.N)),)),
        r"its skill \+0.040 \[too few",
    ),
    "skill without losses": (lost(candidates=()), "no mean loss of boosted_trees is kept"),
    "skill beyond losses": (
        lost(trials=(cards.trial(skill=Skill(value=0.05, lower=0.01, upper=0.1, n=cards.N)),)),
        r"is \+0.0500, its losses say \+0.0400",
    ),
    "no weights": (cards.card(weights_of={}, files={}), r"without weights of \['boosted_trees'"),
    "file without a hash": (
        cards.card(files={"base_rate.json": "0" * 64}),
        r"name different files: \['buyer_breakout.ubj'\]",
    ),
}


@pytest.mark.parametrize(("card", "words"), FAULTS.values(), ids=FAULTS)
def test_a_card_that_contradicts_itself_is_found_out(card, words):
    assert any(re.search(words, text) for text in faults(card, TARGET)), faults(card, TARGET)


@pytest.mark.parametrize(
    "card",
    [
        cards.card(),
        cards.undecided(),
        lost(source=Source.BASELINE, served=cards.PLAIN, trials=(cards.trial(reasons=("no",)),)),
    ],
    ids=["model", "undecided", "baseline"],
)
def test_a_sound_card_has_no_fault(card):
    assert faults(card, TARGET) == []


def test_a_served_mean_stands_on_its_members_and_its_anchor():
    card = cards.card(means={"mean": ("a", "b")}, weights={"mean": 0.4}, anchor="core")

    assert members(card, "mean") == ("a", "b", "core")
    assert members(card.model_copy(update={"weights": {}}), "a") == ("a",)


FINE = np.array([[0.2, 0.8], [0.3, 0.7], [0.4, 0.6]])
NAN = float("nan")


def spoilt(*row):
    return np.vstack([FINE, [row]])


@pytest.mark.parametrize(
    ("forecast", "is_sound", "is_sound_if_silent"),
    [
        (FINE, True, True),
        (spoilt(NAN, NAN), False, True),
        (spoilt(NAN, 0.5), False, False),
        (spoilt(float("inf"), 0.5), False, False),
        (np.full((3, 2), NAN), False, False),
        (FINE[:0], False, False),
    ],
    ids=["finite", "one silent", "half a row", "infinite", "all silent", "none"],
)
def test_what_is_not_finite_is_found(forecast, is_sound, is_sound_if_silent):
    always = cards.card()
    scores = [
        each.model_copy(update={"n": each.n - 100 * (each.name == cards.TREES)})
        for each in always.verdict.candidates
    ]
    sometimes = lost(candidates=tuple(scores))

    assert (unsound(always, {cards.TREES: forecast}) == []) == is_sound
    assert (unsound(sometimes, {cards.TREES: forecast}) == []) == is_sound_if_silent


@pytest.mark.parametrize(
    ("before", "words"),
    [
        (cards.card(), ""),
        (cards.undecided(), "promoted: UNAVAILABLE -> MODEL boosted_trees"),
        (
            lost(source=Source.BASELINE, served=cards.PLAIN),
            "promoted: BASELINE base_rate -> MODEL boosted_trees",
        ),
        (lost(served="mean"), "replaced: MODEL mean -> MODEL boosted_trees"),
    ],
)
def test_what_changed_since_the_week_before_is_said_in_words(before, words):
    assert change(cards.card(), before) == words


def test_a_model_that_answers_no_longer_was_demoted():
    now = lost(source=Source.BASELINE, served=cards.PLAIN)

    assert change(now, cards.card()) == "demoted: MODEL boosted_trees -> BASELINE base_rate"


def test_a_row_of_the_table_holds_the_evidence():
    table = verdict_table([cards.card(), cards.undecided()])
    lines = {line.split(" | ")[0]: line for line in table.splitlines() if line.startswith("| `")}

    assert lines["| `breakout_1`"].replace(NO_BREAK, " ") == (
        "| `breakout_1` | **MODEL** boosted_trees | 1,500 | 0.75 / 0.25 | base_rate | "
        "boosted_trees +0.040 [+0.010, +0.070] | 0.012, 1.10 [0.80, 1.40] | 0.617 |  |"
    )
    assert lines["| `spike_1`"].startswith("| `spike_1` | **UNAVAILABLE** | 0 |  |")
    assert lines["| `spike_1`"].endswith(
        "| not enough data: no forecast could be scored out of sample |"
    )
    assert len({line.count("|") for line in table.splitlines() if line.startswith("|")}) == 1


def test_the_coverage_of_quantiles_stands_where_classes_have_their_auc():
    quantiles = (cards.coverage(0.9), cards.coverage(0.975))
    kept = cards.evidence(reliability={}, coverage={cards.TREES: quantiles})

    assert "| 0.896 at 0.9, 0.971 at 0.975 |" in (
        verdict_table([cards.card(evidence=kept)]).replace(NO_BREAK, " ")
    )


def test_targets_are_counted_by_what_answers_them():
    baseline = lost(source=Source.BASELINE, served=cards.PLAIN)

    assert counts([cards.card(), baseline, baseline, cards.undecided()]) == {
        "served as MODEL": 1,
        "served as BASELINE": 2,
        "not served": 1,
    }


class Forgetful(BaseRate):
    """A base rate whose bytes lose a thousandth of what it knows."""

    def load(self, content):
        model = super().load(content)
        return replace(model, probabilities=model.probabilities + 1e-3)


@pytest.fixture
def fitted():
    rows = pl.DataFrame({"cut_0": np.linspace(0.01, 0.02, 90)})
    classes = (np.arange(90) % 3 == 0).astype(np.int64)
    outcome = Outcome(classes.astype(np.float64), classes, 2)
    return BaseRate().fit(rows, outcome, seed=1), rows


def test_a_model_is_turned_into_bytes_that_answer_as_it_does(fitted):
    model, rows = fitted

    silent = replace(model, probabilities=np.full(2, NAN))
    assert proven(BaseRate(), model, rows) == model.dump()
    assert proven(BaseRate(), silent, rows) == silent.dump()
    assert said(model, 0, rows).shape == (PROBED, 2)
    assert said(model, 0, rows.head(5)).shape == (5, 2)


def test_a_model_that_its_own_bytes_forget_is_refused(fitted):
    with pytest.raises(ArtifactError, match=r"64 of 64 forecasts differ after dump and load"):
        proven(Forgetful(), *fitted)
