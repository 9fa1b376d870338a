"""Stored models stand on their evidence; whatever does not is named before anybody is served."""

import json

import dagster as dg
import pytest

from aegis_assets.adapters.model_store import ModelStore
from aegis_assets.core.engines import ENGINES, VOLATILITY
from aegis_assets.core.frozen import Source
from aegis_assets.defs.model_checks import model_checks, revived, verdict
from aegis_assets.defs.model_metadata import counts, verdict_table
from aegis_assets_tests import cards
from aegis_assets_tests.worlds import LAST_WEEK, settings_of

NO_BREAK = "\N{NO-BREAK SPACE}"
TRIED = VOLATILITY.targets[0].name
NAME = "models_are_decided_on_evidence"
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
    baseline = cards.decided(source=Source.BASELINE, served=cards.PLAIN)

    assert counts([cards.card(), baseline, baseline, cards.undecided()]) == {
        "served as MODEL": 1,
        "served as BASELINE": 2,
        "not served": 1,
    }
