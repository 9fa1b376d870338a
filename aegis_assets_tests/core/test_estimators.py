"""Every registered estimator keeps every law, and the trees more than those."""

import importlib
import json
import pkgutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import aegis_assets
from aegis_assets.core import estimators
from aegis_assets.core.errors import ArtifactError, FeatureError, TrainingError
from aegis_assets.core.estimators import ESTIMATORS, BoostedTrees, Estimator, Outcome
from aegis_assets_tests.core import estimator_laws as laws
from aegis_assets_tests.core.estimator_laws import CASES, LAWS, Case

ROOT = Path(aegis_assets.__file__).parents[1]
FRESH = (
    "import json; from aegis_assets_tests.core.estimator_laws import fingerprints; "
    "print(json.dumps(fingerprints()))"
)
TREES = Case(BoostedTrees(trees=5), 2)


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_every_estimator(law, case):
    law(case)


def test_a_fresh_process_makes_the_same_bytes():
    fresh = subprocess.run(  # noqa: S603 - our own interpreter and words
        [sys.executable, "-c", FRESH],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "7", "OMP_NUM_THREADS": "2"},
        capture_output=True,
        check=True,
    )

    assert json.loads(fresh.stdout) == laws.fingerprints()


def test_the_registry_calls_each_estimator_by_its_name():
    assert {name: each.name for name, each in ESTIMATORS.items()} == {n: n for n in ESTIMATORS}


def _learns(kind):
    named = isinstance(kind, type) and kind is not Estimator
    return named and all(hasattr(kind, each) for each in ("fit", "load", "inputs"))


def unregistered(package):
    """Files of the package that declare an estimator which the registry does not know."""
    known = {type(each) for each in ESTIMATORS.values()}
    files = {each.name for each in pkgutil.iter_modules(package.__path__)}
    spaces = {name: vars(importlib.import_module(f"{package.__name__}.{name}")) for name in files}
    return [
        name
        for name, space in sorted(spaces.items())
        if not {each for each in space.values() if _learns(each)} <= known
    ]


def test_every_file_of_estimators_is_registered():
    assert unregistered(estimators) == []


def test_an_estimator_without_its_line_is_found(tmp_path, monkeypatch):
    (tmp_path / "stray.py").write_text(
        "from aegis_assets.core.estimators.base_rate import BaseRate\n"
        "class Stray(BaseRate):\n    pass\n"
    )
    monkeypatch.setattr(estimators, "__path__", [*estimators.__path__, str(tmp_path)])
    monkeypatch.setattr(estimators, "stray", None, raising=False)
    monkeypatch.setitem(sys.modules, "aegis_assets.core.estimators.stray", None)
    del sys.modules["aegis_assets.core.estimators.stray"]

    assert unregistered(estimators) == ["stray"]


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize(
    "law",
    [laws.takes_null_only_where_it_says_so, laws.refuses_values_that_are_not_finite],
    ids=lambda law: law.__name__,
)
def test_trees_take_null_where_they_are_told_to_and_nowhere_else(law, classes):
    law(Case(BoostedTrees(trees=5, gaps=laws.FEATURES[:1]), classes))


def test_trees_that_were_stored_still_take_null():
    case = Case(BoostedTrees(trees=5, gaps=laws.FEATURES[:1]), 3)
    restored = case.estimator.load(case.model.dump())
    told = restored.forecast(case.inputs)

    assert case.inputs[laws.FEATURES[0]].null_count() > 0
    assert np.array_equal(told, case.model.forecast(case.inputs))


@pytest.mark.parametrize("flipped", [5, 400, -40, -1])
def test_altered_trees_are_refused_before_xgboost_reads_them(flipped):
    content = bytearray(TREES.model.dump())
    content[flipped] ^= 1

    with pytest.raises(ArtifactError, match="sha256"):
        TREES.estimator.load(bytes(content))


def test_trees_are_plain_ubjson_to_xgboost():
    import xgboost as xgb  # noqa: PLC0415 - 0.3 s for one test

    plain = xgb.Booster()
    plain.load_model(bytearray(TREES.model.dump()))

    assert plain.feature_names == list(TREES.columns)


def test_trees_refuse_bytes_that_only_carry_a_digest():
    content = b"{L" + bytes(30)

    with pytest.raises(ArtifactError, match="xgboost"):
        TREES.estimator.load(content + sha256(content).digest())


def test_trees_refuse_what_32_bits_cannot_hold():
    huge = TREES.inputs.with_columns(pl.lit(1e300).alias(TREES.columns[0]))

    with pytest.raises(FeatureError, match="32 bits"):
        TREES.fitted(huge)
    with pytest.raises(FeatureError, match="32 bits"):
        TREES.model.forecast(huge)


@pytest.mark.parametrize("only", [0, 1])
def test_trees_learn_from_one_class_too(only):
    outcome = Outcome(TREES.outcome.values, np.full(laws.ROWS, only), 2)
    forecast = TREES.estimator.fit(TREES.inputs, outcome, 1).forecast(TREES.inputs)

    assert (forecast[:, only] > 0.99).all()


@pytest.mark.parametrize("strange", [-1, 3])
def test_an_outcome_of_no_class_is_refused(strange):
    with pytest.raises(TrainingError, match=str(strange)):
        Outcome(np.zeros(2), np.array([0, strange]), 3)
