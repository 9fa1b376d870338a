"""Every engine is declared as the house wants it, and its version names what it declares."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

import aegis_assets
from aegis_assets.core import engines
from aegis_assets.core.engines import ENGINES, SELLER, VOLATILITY, Engine
from aegis_assets.core.engines.feature_table import feature_faults, feature_table
from aegis_assets.core.engines.volatility import present_scales
from aegis_assets.core.errors import ArtifactError
from aegis_assets.core.estimators import BaseRate, BoostedTrees, CoreDistribution, ScaledVariance
from aegis_assets.core.indicators import INDICATORS
from aegis_assets.core.indicators.ranges import parkinson_volatility
from aegis_assets.core.labels import LABELS
from aegis_assets.core.labels.breach import touch
from aegis_assets_tests.core import synthetic, trained
from aegis_assets_tests.core.laws.tables import assert_same, unregistered

ROOT = Path(aegis_assets.__file__).parents[1]
FRESH = (
    "import json; from aegis_assets.core.engines import ENGINES; "
    "print(json.dumps([each.code_version for each in ENGINES]))"
)
WITH_BLOCK = [engine for engine in ENGINES if engine.block is not None]

OTHERS = {"engine", "blocks", "feature_table", "columns"}

every_engine = pytest.mark.parametrize("engine", ENGINES, ids=lambda each: each.name)
every_block = pytest.mark.parametrize("engine", WITH_BLOCK, ids=lambda each: each.name)


def test_every_file_of_engines_is_registered():
    registry = {each.name: each for each in ENGINES}

    assert unregistered(engines, Engine, registry, OTHERS) == []


def test_an_engine_without_its_line_is_found(tmp_path, monkeypatch):
    (tmp_path / "stray.py").write_text(
        "from dataclasses import replace\n"
        "from aegis_assets.core.engines.volatility import VOLATILITY\n"
        "STRAY = replace(VOLATILITY, name='stray')\n"
    )
    monkeypatch.setattr(engines, "__path__", [*engines.__path__, str(tmp_path)])
    monkeypatch.setattr(engines, "stray", None, raising=False)
    monkeypatch.setitem(sys.modules, "aegis_assets.core.engines.stray", None)
    del sys.modules["aegis_assets.core.engines.stray"]

    assert unregistered(engines, Engine, {e.name: e for e in ENGINES}, OTHERS) == ["stray"]


def test_an_engine_comes_after_the_one_it_consumes():
    for place, engine in enumerate(ENGINES):
        assert engine.consumes is None or engine.consumes in ENGINES[:place]
    assert len({engine.name for engine in ENGINES}) == len(ENGINES)


@every_engine
def test_features_and_labels_are_registered_and_named_once(engine):
    assert all(INDICATORS[each.name] is each for each in engine.features)
    assert all(LABELS[each.name] is each for each in engine.labels)
    assert len({each.name for each in engine.features}) == len(engine.features)
    assert len({each.name for each in engine.targets}) == len(engine.targets)
    assert engine.question.endswith("?")


@every_block
def test_an_engine_with_a_block_reads_ten_features_or_more(engine):
    assert len(engine.features) >= 10


@every_block
def test_classes_must_beat_their_frequency_and_the_core_without_a_view(engine):
    for target in engine.targets:
        assert target.is_classified
        assert {BaseRate(), CoreDistribution()} <= set(target.baselines)
        assert target.anchor == CoreDistribution()
        assert target.challenger not in target.baselines


def test_volatility_must_beat_the_carried_variance():
    for target in VOLATILITY.targets:
        assert not target.is_classified
        assert ScaledVariance() in target.baselines


@every_block
def test_every_horizon_that_is_asked_is_forecast_by_the_core(engine):
    assert {each.horizon for each in engine.labels} <= {each.horizon for each in VOLATILITY.labels}


@every_engine
def test_features_have_no_scale(engine):
    """An index of 100 and one of 20,000 look the same."""
    panel = trained.panel()
    dear = panel.with_columns(pl.col(synthetic.PRICES) * 37.5)
    plain, scaled = (feature_table(each, engine) for each in (panel, dear))
    for name in engine.columns:
        assert_same(scaled, plain, name, tolerance=1e-8)


@every_engine
def test_the_volatility_index_is_read_only_for_labels_that_need_it(engine):
    for target in engine.targets:
        read = [INDICATORS[name] for name in engine.feature_names(target)]
        if not target.label.needs_volatility_index and engine is not VOLATILITY:
            assert not any(each.needs_volatility_index for each in read)
        else:
            assert len(read) >= len(engine.features) - 1


@every_engine
def test_a_feature_table_is_as_declared(engine):
    table = trained.features()[engine.name]

    assert table.columns == ["symbol", "session", *engine.columns]
    assert feature_faults(table, engine) == []
    assert all(said.strip() for said in engine.columns.values())


@every_engine
def test_feature_faults_are_found(engine):
    table, name = trained.features()[engine.name], next(iter(engine.columns))
    for bad in (float("nan"), float("inf")):
        spoilt = table.with_columns(
            pl.when(pl.int_range(pl.len()) == 700).then(bad).otherwise(name).alias(name)
        )
        assert feature_faults(spoilt, engine) == [f"{name} is not finite"]
    assert feature_faults(table.drop(name), engine) == [f"missing columns ['{name}']"]
    assert feature_faults(table.drop("session"), engine) == ["missing columns ['session']"]
    assert feature_faults(table.with_columns(alien=1.0), engine) == ["undeclared columns ['alien']"]
    renamed = feature_faults(table.rename({name: "alien"}), engine)
    assert renamed == [f"missing columns ['{name}']", "undeclared columns ['alien']"]


def with_target(**changes):
    first, *others = SELLER.targets
    return replace(SELLER, targets=(replace(first, **changes), *others))


def with_feature(**changes):
    place = [each.name for each in SELLER.features].index("parkinson_volatility_20")
    features = list(SELLER.features)
    features[place] = replace(features[place], **changes)
    return replace(SELLER, features=tuple(features))


CHANGES = {
    "window of a feature": with_feature(expr=parkinson_volatility(21)),
    "name of a feature": with_feature(name="parkinson_volatility_21"),
    "order of features": replace(SELLER, features=SELLER.features[::-1]),
    "one feature less": replace(SELLER, features=SELLER.features[1:]),
    "one target less": replace(SELLER, targets=SELLER.targets[1:]),
    "depth of the trees": with_target(challenger=BoostedTrees(depth=3)),
    "baselines": with_target(baselines=(BaseRate(),)),
    "horizon": with_target(label=touch(10, 0.5)),
    "horizon alone": with_target(label=replace(SELLER.labels[0], horizon=19)),
    "width of a band": with_target(label=replace(SELLER.labels[0], cuts=touch(20, 0.6).cuts)),
    "outcome": with_target(label=replace(SELLER.labels[0], outcome=touch(10, 0.5).outcome)),
    "what it consumes": replace(
        SELLER, consumes=replace(VOLATILITY, features=VOLATILITY.features[1:])
    ),
    "consuming nothing": replace(SELLER, consumes=None),
}


@pytest.mark.parametrize("change", CHANGES)
def test_the_code_version_changes_with_the(change):
    assert CHANGES[change].code_version != SELLER.code_version


def test_the_code_version_is_that_of_the_declaration_not_of_the_object():
    same = with_feature(expr=parkinson_volatility(20))
    reworded = replace(SELLER, title="Range", question="Will it?", block=None)

    assert same.code_version == SELLER.code_version == reworded.code_version
    assert len({engine.code_version for engine in ENGINES}) == len(ENGINES)


def test_a_fresh_process_has_the_same_code_versions():
    fresh = subprocess.run(  # noqa: S603 - our own interpreter and words
        [sys.executable, "-c", FRESH],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "7"},
        capture_output=True,
        check=True,
    )

    assert json.loads(fresh.stdout) == [engine.code_version for engine in ENGINES]


def test_without_the_core_no_engine_answers():
    today = trained.features()["volatility"].tail(1)
    made = trained.forecasters()["volatility"]
    answers = engines.engine.answers(VOLATILITY, today, made, {})
    first = VOLATILITY.targets[0].name
    mute = replace(answers[first], forecast=replace(answers[first].forecast, candidates={}))

    with pytest.raises(ArtifactError, match="volatility_core"):
        present_scales(today, answers | {first: mute})


def test_the_core_s_volatility_is_the_root_of_its_variance():
    today = trained.features()["volatility"].tail(1)
    answers = engines.engine.answers(VOLATILITY, today, trained.forecasters()["volatility"], {})
    scales = present_scales(today, answers)

    assert [*scales] == [1, 3, 5, 10, 20, 40]
    for horizon, table in scales.items():
        (variance,) = answers[f"variance_{horizon}"].forecast.candidates["volatility_core"]
        assert table["forecast_volatility"].to_list() == [variance**0.5]
        assert table["session"].to_list() == [trained.last_session()]
