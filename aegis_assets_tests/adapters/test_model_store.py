import hashlib
import json
import subprocess
import sys
from datetime import date

import pytest

from aegis_assets.adapters.model_store import ModelStore, stored_name
from aegis_assets.core.card import Artefact, Card, TrainingSpan, Trial, Verdict
from aegis_assets.core.errors import ArtifactError
from aegis_assets.core.evidence import Evidence
from aegis_assets.core.frozen import Skill, Source

PARTITION = "2018-01-01"
WEIGHTS = {"buyer_spike.ubj": b"trees" * 100, "scaler.json": b"{}"}


def artefact(files=WEIGHTS, **changes) -> Artefact:
    skill = Skill(value=0.1 + 0.2, lower=1e-17, upper=0.5, n=900)
    trial = Trial(
        name="trees",
        against="base rate",
        skill=skill,
        p_value=0.01,
        weight=1 / 3,
        skill_by_year={2016: 0.1, 2017: 0.2},
        recent=None,
        second_market=None,
        reasons=(),
    )
    verdict = Verdict(
        source=Source.MODEL,
        served="trees",
        leading="trees",
        baseline="base rate",
        score="log loss",
        trials=(trial,),
        folds=4,
        base_rates=(1 / 3, 2 / 3),
        candidates=(),
        remarks=(),
    )
    card = Card(
        market="us",
        engine="buyer",
        target="spike",
        trained_to=date(2018, 1, 1),
        label="the next session moves more than 1 %",
        classes=("DOWN", "UP"),
        horizon=1,
        span=TrainingSpan(first=date(2010, 1, 4), last=date(2017, 12, 28), n=2010),
        columns=("log_return",),
        estimators={"trees": "depth 3"},
        weights_of={"trees": "buyer_spike.ubj"},
        means={},
        anchor=None,
        weights={"trees": 1 / 3},
        seed=7,
        data_version="0" * 64,
        code_version="1",
        libraries={"xgboost": "3.2.0"},
        verdict=verdict,
        evidence=Evidence(log_loss={"trees": 2 / 3}),
        promised="accuracy above 60 %",
        files={name: hashlib.sha256(content).hexdigest() for name, content in files.items()},
    )
    return Artefact(card=card.model_copy(update=changes), files=files)


@pytest.fixture
def store(tmp_path):
    return ModelStore(tmp_path)


@pytest.fixture
def folder(store):
    return store.save(artefact())


def test_a_model_comes_back_as_it_was_saved(store, folder, tmp_path):
    assert folder == tmp_path / "buyer" / "spike" / PARTITION
    assert store.load("buyer", "spike", PARTITION) == artefact()


def test_a_new_model_replaces_the_old_one_and_its_weights(store, folder):
    new = artefact({"buyer_spike.ubj": b"other trees"})
    (folder / "stray.tmp").write_bytes(b"left by a killed run")
    store.save(new)

    assert store.load("buyer", "spike", PARTITION) == new
    weights = stored_name("buyer_spike.ubj", new.card.files["buyer_spike.ubj"])
    assert sorted(path.name for path in folder.iterdir()) == [weights, "card.json"]


def test_models_are_listed_by_target_and_partition(store):
    for target, year in (("spike", 2019), ("spike", 2018), ("theta", 2018)):
        store.save(artefact(target=target, trained_to=date(year, 1, 1)))

    assert store.targets("buyer") == ["spike", "theta"]
    assert store.partitions("buyer", "spike") == ["2018-01-01", "2019-01-01"]
    assert store.targets("seller") == store.partitions("seller", "trap") == []


def test_a_folder_without_card_is_no_model(store, tmp_path):
    (tmp_path / "buyer" / "spike" / PARTITION).mkdir(parents=True)

    assert store.targets("buyer") == store.partitions("buyer", "spike") == []
    with pytest.raises(ArtifactError, match=r"there: none\): train it first"):
        store.load("buyer", "spike", PARTITION)


def test_a_model_that_is_not_there_is_refused_with_those_that_are(store):
    store.save(artefact())
    with pytest.raises(ArtifactError, match=r"there: 2018-01-01\): train it first"):
        store.load("buyer", "spike", "2019-01-01")


def weights_file(folder):
    return folder / stored_name("buyer_spike.ubj", artefact().card.files["buyer_spike.ubj"])


def truncate(folder):
    with weights_file(folder).open("r+b") as file:
        file.truncate(10)


def flip_a_bit(folder):
    content = bytearray(weights_file(folder).read_bytes())
    content[17] ^= 1
    weights_file(folder).write_bytes(content)


def remove(folder):
    weights_file(folder).unlink()


def edit(**changes):
    def edit_card(folder):
        card = json.loads((folder / "card.json").read_bytes())
        (folder / "card.json").write_text(json.dumps({**card, **changes}))

    return edit_card


def tear_the_card(folder):
    content = (folder / "card.json").read_bytes()
    (folder / "card.json").write_bytes(content[: len(content) // 2])


DAMAGES = {
    "truncated weights": (truncate, r"has sha256 \w{12} \(10 bytes\), its card says"),
    "flipped bit": (flip_a_bit, r"has sha256 \w{12} \(500 bytes\), its card says"),
    "missing weights": (remove, "is missing: restore it or retrain"),
    "torn card": (tear_the_card, "is no card"),
    "unknown key": (edit(note="mine"), "is no card"),
    "null instead of a number": (edit(seed=None), "is no card"),
    "other engine": (edit(engine="seller"), "holds seller/spike of 2018-01-01, expected buyer"),
    "other target": (edit(target="theta"), "holds buyer/theta"),
    "other partition": (edit(trained_to="2019-01-01"), "of 2019-01-01, expected"),
    "path outside": (edit(files={"../../secret": "0" * 64}), "names '../../secret'"),
    "absolute path": (edit(files={"/etc/passwd": "0" * 64}), "names '/etc/passwd'"),
    "path in the hash": (edit(files={"a": "/../../../b/"}), "expected a plain file name"),
}


@pytest.mark.parametrize(("damage", "message"), DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_model_is_refused_and_a_new_save_heals_it(store, folder, damage, message):
    damage(folder)

    with pytest.raises(ArtifactError, match=message):
        store.load("buyer", "spike", PARTITION)
    store.save(artefact())
    assert store.load("buyer", "spike", PARTITION) == artefact()


def test_a_card_is_read_without_its_weights_and_refused_where_it_is_another_ones(store, folder):
    remove(folder)
    assert store.card("buyer", "spike", PARTITION) == artefact().card

    edit(target="theta")(folder)
    with pytest.raises(ArtifactError, match="holds buyer/theta"):
        store.card("buyer", "spike", PARTITION)
    with pytest.raises(ArtifactError, match="train it first"):
        store.card("buyer", "trap", PARTITION)


def test_a_card_that_does_not_match_its_weights_is_not_saved(store):
    store.save(artefact())
    torn = artefact().model_copy(update={"files": {**WEIGHTS, "scaler.json": b"other"}})
    for wrong in (torn, artefact({}), artefact().model_copy(update={"files": {}})):
        with pytest.raises(ArtifactError, match=r"the card lists .* the weights are"):
            store.save(wrong)
    assert store.load("buyer", "spike", PARTITION) == artefact()


@pytest.mark.parametrize("name", ["../up", "a/b", "", ".hidden", "a..b", "x\n", "\0"])
def test_a_name_cannot_leave_its_folder(store, name):
    for call in (
        lambda: store.save(artefact(engine=name)),
        lambda: store.save(artefact(target=name)),
        lambda: store.save(artefact({name: b"weights"})),
        lambda: store.load("buyer", name, PARTITION),
        lambda: store.load("buyer", "spike", name),
        lambda: store.targets(name),
        lambda: store.partitions("buyer", name),
    ):
        with pytest.raises(ArtifactError, match=r"is no name|is no day"):
            call()


def test_importing_the_store_loads_nothing_heavy():
    heavy = "{'polars', 'numpy', 'duckdb', 'pyarrow', 'torch', 'xgboost'}"
    code = (
        "import sys, aegis_assets.adapters.model_store, aegis_assets.adapters.publishers; "
        f"sys.exit({heavy} & sys.modules.keys() or 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)  # noqa: S603
