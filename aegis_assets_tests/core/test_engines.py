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
from aegis_assets.core.engines import BUYER, DIRECTION, ENGINES, SELLER, VOLATILITY, Engine
from aegis_assets.core.engines.feature_table import feature_faults, feature_table
from aegis_assets.core.engines.volatility import present_scales
from aegis_assets.core.errors import ArtifactError
from aegis_assets.core.estimators import BaseRate, BoostedTrees, CoreDistribution
from aegis_assets.core.evaluation.scores import PINBALL, QLIKE, SQUARED
from aegis_assets.core.evaluation.target import Alarm, Mean
from aegis_assets.core.indicators import INDICATORS
from aegis_assets.core.indicators.ranges import parkinson_volatility
from aegis_assets.core.labels import LABELS
from aegis_assets.core.labels.breach import touch
from aegis_assets.core.labels.trap import calm
from aegis_assets_tests.core import synthetic, trained
from aegis_assets_tests.core.laws.tables import assert_same, unregistered

ROOT = Path(aegis_assets.__file__).parents[1]
FRESH = (
    "import json; from aegis_assets.core.engines import ENGINES; "
    "print(json.dumps([each.code_version for each in ENGINES]))"
)
WITH_BLOCK = [engine for engine in ENGINES if engine.block is not None]

OTHERS = {
    *("ahead", "asking", "blocks", "columns", "elsewhere", "engine", "feature_table", "moment"),
    *("restating", "rivals", "running_day", "section", "state"),
}

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


def targets(engine, *, classified):
    return [each for each in engine.targets if each.is_classified == classified]


@every_block
def test_classes_must_beat_their_frequency_and_the_core_without_a_view(engine):
    """All but the side of a breakout, of which the core by its nature says nothing."""
    judged = [each for each in targets(engine, classified=True) if each.name != "spike_1"]

    assert judged
    for target in judged:
        assert target.baselines[0] == BaseRate()
        assert CoreDistribution() in target.baselines
        assert (target.anchor == CoreDistribution()) == bool(target.challengers)


def test_the_side_of_a_breakout_must_beat_a_coin():
    spike = next(each for each in BUYER.targets if each.name == "spike_1")

    assert spike.baselines == (BaseRate(prior=100.0, name="even_rate"),)
    assert spike.anchor == spike.baselines[0]
    assert spike.minimum == 600


@every_engine
def test_a_quantity_is_scored_by_what_its_target_declares(engine):
    for target in targets(engine, classified=False):
        assert target.score in {PINBALL, QLIKE, SQUARED}
        assert (target.score is PINBALL) == bool(target.label.levels)


@every_engine
def test_no_challenger_is_its_own_baseline_and_every_name_is_said_once(engine):
    for target in engine.targets:
        names = [each.name for each in target.candidates]
        assert len({*names}) == len(names)
        assert not {*target.baselines} & {*target.challengers}


@every_engine
def test_an_anchor_is_one_of_the_candidates(engine):
    for target in engine.targets:
        assert target.anchor is None or target.anchor in target.candidates


@every_engine
def test_a_mean_is_made_of_candidates_of_its_target(engine):
    for target in engine.targets:
        members = target.mean.members if target.mean else ()
        assert {*members} <= {each.name for each in target.candidates}
        assert target.mean is None or target.mean.name == target.contenders[-1]


@every_engine
def test_every_contested_target_has_an_alarm_and_no_other(engine):
    for target in engine.targets:
        alarm = target.alarm
        contested = bool(target.challengers)
        assert (any((alarm.skill, alarm.auc, alarm.accuracy))) == contested


def test_one_network_learns_all_horizons_of_direction():
    learnt = [
        each for target in DIRECTION.targets for each in target.challengers if each.name == "bilstm"
    ]

    assert len(learnt) == 6
    assert all(each is learnt[0] for each in learnt)


STEMS = {
    "direction_5": "direction_seq.safetensors",
    "magnitude_5": "direction_magnitude.ubj",
    "touch_1_20": "seller_breach.ubj",
    "regime_10": "seller_regime.ubj",
    "trap_5": "seller_trap.ubj",
    "breakout_1": "buyer_breakout.ubj",
    "spike_1": "buyer_spike.ubj",
    "theta_5": "buyer_theta.ubj",
}
"""The eight files that the documents this system began from name."""


@pytest.mark.parametrize("name", STEMS)
def test_the_weights_of_a_seed_bear_the_name_that_it_had(name):
    target = next(each for engine in ENGINES for each in engine.targets if each.name == name)

    assert STEMS[name] in {target.file_of(each) for each in target.candidates}
    assert target.promised


@every_engine
def test_no_two_candidates_share_a_file(engine):
    for target in engine.targets:
        files = [target.file_of(each) for each in target.candidates]
        assert len({*files}) == len(files)


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
def test_a_gap_of_the_volatility_index_silences_only_the_labels_that_need_it(engine):
    for target in engine.targets:
        required = [
            INDICATORS[name]
            for name in target.required(engine.feature_names(target))
            if name in INDICATORS
        ]
        if not target.label.needs_volatility_index:
            assert not any(each.needs_volatility_index for each in required)


def test_a_feature_that_is_left_out_is_read_by_no_candidate():
    name = "parkinson_volatility_20"
    first = SELLER.targets[2]
    without = replace(first, leave_out=frozenset({name}))

    assert name in SELLER.feature_names(first)
    assert name not in SELLER.feature_names(without)
    assert len(SELLER.feature_names(without)) == len(SELLER.features) - 1
    assert name in first.columns(SELLER.feature_names(first))
    assert name not in without.columns(SELLER.feature_names(without))


def test_a_quantity_without_a_score_cannot_be_judged():
    silent = replace(BUYER.targets[3], score_of_quantity=None)

    with pytest.raises(ValueError, match="theta_5 forecasts a quantity: declare the score"):
        _ = silent.score


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
            pl.when(pl.int_range(pl.len()) == table.height - 20)
            .then(bad)
            .otherwise(name)
            .alias(name)
        )
        assert feature_faults(spoilt, engine) == [f"{name} is not finite"]
    assert feature_faults(table.drop(name), engine) == [f"missing columns ['{name}']"]
    assert feature_faults(table.drop("session"), engine) == ["missing columns ['session']"]
    assert feature_faults(table.with_columns(alien=1.0), engine) == ["undeclared columns ['alien']"]
    renamed = feature_faults(table.rename({name: "alien"}), engine)
    assert renamed == [f"missing columns ['{name}']", "undeclared columns ['alien']"]


CONTESTED = next(each for each in SELLER.targets if each.name == "touch_1_20")


def with_target(**changes):
    """The seller with another declaration of its first contested target."""
    return replace(
        SELLER,
        targets=tuple(
            replace(each, **changes) if each is CONTESTED else each for each in SELLER.targets
        ),
    )


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
    "depth of the trees": with_target(challengers=(BoostedTrees(depth=3),)),
    "order of the challengers": with_target(challengers=CONTESTED.challengers[::-1]),
    "one challenger less": with_target(challengers=CONTESTED.challengers[1:]),
    "baselines": with_target(baselines=(BaseRate(),)),
    "anchor": with_target(anchor=BaseRate()),
    "no anchor": with_target(anchor=None),
    "members of the mean": with_target(mean=Mean(("ridge_logit", "boosted_trees"))),
    "no mean": with_target(mean=None),
    "fewest outcomes": with_target(minimum=600),
    "length of a block": with_target(block=63),
    "alarm": with_target(alarm=Alarm(auc=0.73)),
    "feature left out": with_target(leave_out=frozenset({"parkinson_volatility_20"})),
    "horizon": with_target(label=touch(10, 1.0)),
    "horizon alone": with_target(label=replace(CONTESTED.label, horizon=19)),
    "width of a band": with_target(label=replace(CONTESTED.label, cuts=touch(20, 0.6).cuts)),
    "outcome": with_target(label=replace(CONTESTED.label, outcome=touch(10, 1.0).outcome)),
    "levels": with_target(label=replace(CONTESTED.label, levels=(0.1, 0.9))),
    "when it is asked": with_target(label=replace(CONTESTED.label, asked=calm(252, 227))),
    "what is given": with_target(
        label=replace(CONTESTED.label, given=pl.col("close").shift(-1) > pl.col("close"))
    ),
    "what is given, otherwise": with_target(
        label=replace(CONTESTED.label, given=pl.col("close").shift(-1) < pl.col("close"))
    ),
    "what it consumes": replace(
        SELLER, consumes=replace(VOLATILITY, features=VOLATILITY.features[1:])
    ),
    "consuming nothing": replace(SELLER, consumes=None),
}


@pytest.mark.parametrize("change", CHANGES)
def test_the_code_version_changes_with_the(change):
    assert CHANGES[change].code_version != SELLER.code_version


def test_no_two_changes_have_the_same_code_version():
    assert len({each.code_version for each in CHANGES.values()}) == len(CHANGES)


@pytest.mark.parametrize("words", [{"promised": "gold"}, {"stems": {"boosted_trees": "renamed"}}])
def test_words_that_decide_nothing_leave_the_code_version(words):
    assert with_target(**words).code_version == SELLER.code_version


def test_the_score_of_a_quantity_is_declared():
    theta = next(each for each in BUYER.targets if each.name == "theta_5")

    assert replace(theta, score_of_quantity=QLIKE).declared != theta.declared


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
    today = trained.features()["volatility"]
    made = trained.forecasters()["volatility"]
    answers = engines.engine.answers(VOLATILITY, today, made, {})
    first = VOLATILITY.targets[0].name
    mute = replace(answers[first], forecast=replace(answers[first].forecast, candidates={}))

    with pytest.raises(ArtifactError, match="volatility_core"):
        present_scales(today, {**answers, first: mute})


def test_the_core_s_volatility_is_the_root_of_its_variance():
    today = trained.features()["volatility"]
    answers = engines.engine.answers(VOLATILITY, today, trained.forecasters()["volatility"], {})
    scales = present_scales(today, answers)

    assert [*scales] == [1, 3, 5, 10, 20, 40]
    for horizon, table in scales.items():
        (variance,) = answers[f"variance_{horizon}"].forecast.candidates["volatility_core"]
        assert table["forecast_volatility"].to_list() == [variance**0.5]
        assert table["session"].to_list() == [trained.last_session()]
