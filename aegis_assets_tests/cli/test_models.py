"""Training by hand, and taking what was trained out of service and back, as a person does it."""

import json
import re
import shutil
import subprocess

import duckdb
import pytest

from aegis_assets.core.engines import ENGINES
from aegis_assets.core.payload import Payload
from aegis_assets_tests.cli.conftest import idle, ran, started
from aegis_assets_tests.worlds import LAST_SLOT, LAST_WEEK, files_of, made_once

EARLIER = "2018-12-22"
DIRECTION = next(engine for engine in ENGINES if engine.name == "direction")


@pytest.fixture(scope="session")
def twice(shared, project):
    """The project with the week before trained too: read only."""

    def make(folder):
        shutil.copytree(project, folder, dirs_exist_ok=True)
        (folder / "trained.txt").write_text(ran(folder, "train", "--week", EARLIER))

    return made_once(shared / "twice", make)


@pytest.fixture
def folder(twice, tmp_path):
    """A copy to change."""
    return shutil.copytree(twice, tmp_path / "project")


def refused(folder, *arguments):
    """What a command said that ended with 1, on one line; no trace."""
    pipe = subprocess.PIPE
    process = started(folder, *arguments, stdout=pipe, stderr=pipe)
    printed, complaint = process.communicate(timeout=300)
    assert process.returncode == 1
    assert "Traceback" not in complaint
    return " ".join((printed + complaint).split())


def weeks_of(folder, engine="direction"):
    """Training weeks that the published payload names for an engine, served or refused."""
    payload = Payload.model_validate_json(
        (folder / "warehouse" / "publish" / "aegismatrix.json").read_bytes()
    )
    return {
        str(each.trained_to)
        for path, each in payload.provenance.items()
        if path.startswith(f"{engine}.") and each.trained_to
    }


def test_training_tells_its_milestones_and_sums_up(twice):
    printed = (twice / "trained.txt").read_text()

    for engine in ENGINES:
        count = len(engine.targets)
        told = rf"{engine.name}: {count} targets judged, saved to models/{engine.name}/\*/{EARLIER}"
        assert re.search(rf"^\d\d:\d\d:\d\d {told}$", printed, re.MULTILINE)
        assert re.search(rf"^ +{engine.name} +\d+\.\d .* {count} new +done", printed, re.MULTILINE)
    assert printed.index("volatility: ") < printed.index("direction: ") < printed.index("seller: ")


def test_training_again_changes_no_verdict_and_no_byte(folder):
    before = files_of(folder / "models")
    printed = ran(folder, "train", "volatility", "--week", EARLIER)

    assert re.search(r"^ +volatility +\d+\.\d .* 6 same +done", printed, re.MULTILINE)
    assert "direction" not in printed
    assert files_of(folder / "models") == before


def test_what_serves_is_listed_with_its_reason_and_what_changed(twice):
    printed = ran(twice, "models", "direction")
    rows = json.loads(ran(twice, "models", "direction", "--json"))

    assert [row["target"] for row in rows] == [target.name for target in DIRECTION.targets]
    assert {row["trained_to"] for row in rows} == {LAST_WEEK}
    assert {row["before"] for row in rows} == {EARLIER}
    assert all(row["reasons"] for row in rows if row["source"] != "MODEL")
    assert all(target.name in printed for target in DIRECTION.targets)
    assert f"since {EARLIER}" in printed
    everything = json.loads(ran(twice, "models", "--json"))
    assert len(everything) == sum(len(engine.targets) for engine in ENGINES)


def test_the_first_week_has_none_to_be_compared_with(twice):
    rows = json.loads(ran(twice, "models", "buyer", "--week", EARLIER, "--json"))

    assert {(row["trained_to"], row["change"]) for row in rows} == {(EARLIER, "new")}


def test_a_rollback_publishes_the_newest_slot_from_the_week_before_and_is_taken_back(folder):
    assert weeks_of(folder) == {LAST_WEEK}
    told = ran(folder, "models", "rollback", "direction", "--why", "it drifts")
    assert f"12 of 12 targets of week {LAST_WEEK} withdrawn" in told
    assert f"`aegis run` publishes slot {LAST_SLOT} anew" in told
    assert "it drifts" in ran(folder, "models", "direction")
    assert "byte-identical" in ran(folder, "replay", LAST_SLOT)

    assert idle(ran(folder, "run")) == 6
    assert (weeks_of(folder), weeks_of(folder, "seller")) == ({EARLIER}, {LAST_WEEK})
    assert idle(ran(folder, "run")) == 7
    assert "byte-identical" in ran(folder, "replay", LAST_SLOT)
    assert f"of {EARLIER}" in ran(folder, "show", "--targets")

    ran(folder, "models", "restore", "direction")
    assert idle(ran(folder, "run")) == 6
    assert weeks_of(folder) == {LAST_WEEK}
    assert "there is nothing to take back" in refused(folder, "models", "restore", "direction")
    assert len(list((folder / "models" / "direction").glob("withdrawals.json"))) == 1


def test_a_slot_of_a_withdrawn_week_is_made_again_from_source(folder):
    ran(folder, "models", "rollback", "buyer", "--target", "theta_5", "--why", "it drifts")
    ran(folder, "models", "rollback", "volatility", "--why", "it drifts")
    ran(folder, "run")

    assert "from source" in ran(folder, "replay", LAST_SLOT, "--from-source")


def test_training_a_withdrawn_week_says_that_it_does_not_serve(folder):
    ran(folder, "models", "rollback", "volatility", "--why", "it drifts")
    printed = ran(folder, "train", "volatility")

    assert f"volatility: week {LAST_WEEK} is withdrawn of 6 targets" in printed


def test_there_is_no_rollback_beyond_the_first_week_and_none_to_a_damaged_one(folder, project):
    once = ("models", "rollback", "direction", "--why", "it drifts")
    assert f"no week of direction before {LAST_WEEK} can serve" in refused(project, *once)

    card = folder / "models" / "direction" / "direction_1" / EARLIER / "card.json"
    card.write_bytes(card.read_bytes()[:-9])
    said = refused(folder, *once)
    assert f"no week of direction before {LAST_WEEK} can serve" in said
    assert "is no card" in said
    assert not (folder / "models" / "direction" / "withdrawals.json").exists()
    ran(folder, "models", "rollback", "direction", "--target", "direction_3", "--why", "only it")


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("models", "banana"), "found engine 'banana', expected one of volatility, direction"),
        (("models", "rollback", "buyer", "--target", "banana", "--why", "x"), "found target"),
        (("models", "rollback", "buyer", "--why", " "), "the reason is empty"),
        (("models", "buyer", "--week", "2018-12-01"), "train it first"),
        (("train", "banana"), "found engine 'banana'"),
        (("train", "--week", "2018-12-23"), "found week '2018-12-23', expected a cut-off"),
        (("validate", "banana"), "found engine 'banana'"),
        (("validate", "buyer", "--week", "2018-12-01"), "train it first"),
    ],
)
def test_what_is_not_there_is_a_sentence(twice, arguments, why):
    assert why in refused(twice, *arguments)


def spoil(folder, engine):
    """Take a column away that the engine reads."""
    with duckdb.connect(folder / "warehouse" / "aegis.duckdb") as connection:
        connection.execute(f"ALTER TABLE features.{engine} RENAME log_return_1 TO spoilt")


def results(printed):
    """Each engine's result in the summary, joined over its lines."""
    summary = printed[printed.index(" Trained ") :]
    parts = re.split(r" (volatility|direction|seller|buyer) (?=\d+\.\d )", summary)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_the_others_are_trained_when_one_engine_fails(folder):
    spoil(folder, "direction")
    found = results(" " + refused(folder, "train"))

    assert "failed: FeatureError: features/direction has missing columns" in found["direction"]
    assert all("done" in found[name] for name in ("volatility", "seller", "buyer"))


def test_what_reads_the_failed_core_is_not_tried(folder):
    spoil(folder, "volatility")
    before = files_of(folder / "models")
    found = results(" " + refused(folder, "train"))

    assert "failed: FeatureError" in found["volatility"]
    for name in ("direction", "seller", "buyer"):
        assert "failed: not tried: it reads the volatility of the same week" in found[name]
    assert files_of(folder / "models") == before


def test_validation_writes_a_report_and_a_refusal_is_a_result(folder):
    for engine in ENGINES:
        printed = ran(folder, "validate", engine.name)
        path = folder / "warehouse" / "reports" / f"{engine.name}-{LAST_WEEK}.md"
        report = path.read_text()

        assert f"reports/{engine.name}-{LAST_WEEK}.md" in printed
        assert f"trained to {LAST_WEEK}" in printed
        assert all(f"## {target.name}: " in report for target in engine.targets)
        assert all(target.promised in report for target in engine.targets)
    longer = ran(folder, "validate", "volatility", "--details", "--week", EARLIER)
    assert "Folds" in longer
    assert (folder / "warehouse" / "reports" / f"volatility-{EARLIER}.md").exists()
