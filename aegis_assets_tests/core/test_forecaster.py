"""What the card says is so, and what is stored answers as what was fitted."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from hashlib import sha256

import numpy as np
import polars as pl
import pytest
from pydantic import ValidationError

from aegis_assets.core.card import Artefact, Card
from aegis_assets.core.engines import BUYER, DIRECTION, ENGINES, SELLER, VOLATILITY
from aegis_assets.core.engines.engine import answers
from aegis_assets.core.engines.volatility import past_scales
from aegis_assets.core.errors import ArtifactError
from aegis_assets.core.estimators import BaseRate
from aegis_assets.core.evaluation.calibration import shrunk
from aegis_assets.core.evaluation.dataset import data_version
from aegis_assets.core.evaluation.forecaster import forecaster
from aegis_assets.core.evaluation.training import artefact, final_fits
from aegis_assets.core.frozen import Source
from aegis_assets_tests.core import trained
from aegis_assets_tests.core.stub_network import StubNetwork

ENGINE = BUYER
TARGET = BUYER.targets[0]
WEIGHTS = {
    "base_rate": "base_rate.json",
    "core_distribution": "core_distribution.json",
    "volatility_logit": "volatility_logit.json",
    "ridge_logit": "ridge_logit.json",
    "boosted_trees": "buyer_breakout.ubj",
}


def test_the_card_states_the_facts():
    rows = trained.rows(ENGINE, TARGET)
    card = trained.trained(ENGINE, TARGET, Source.BASELINE).card

    assert (card.market, card.engine, card.target) == ("SP500", "buyer", "breakout_1")
    assert (card.trained_to, card.seed, card.horizon) == (trained.CUTOFF, trained.SEED, 1)
    assert card.label == TARGET.label.definition
    assert card.columns == TARGET.columns(ENGINE.feature_names(TARGET))
    assert card.columns == tuple(name for name in rows.columns if name in card.columns)
    assert card.data_version == data_version(rows)
    assert card.code_version == ENGINE.code_version
    assert (card.span.first, card.span.last) == (rows["session"][0], rows["session"][-1])
    assert card.span.n == rows.height
    assert rows["known_on"].max() < card.trained_to


def test_the_card_names_each_file_by_its_hash_and_each_candidate_by_its_parameters():
    stored = trained.trained(ENGINE, TARGET, Source.BASELINE)

    assert stored.card.weights_of == WEIGHTS
    assert {*stored.files} == {*WEIGHTS.values()}
    assert stored.card.files == {
        name: sha256(content).hexdigest() for name, content in stored.files.items()
    }
    assert stored.card.estimators == {each.name: repr(each) for each in TARGET.candidates}


@pytest.mark.parametrize("engine", ENGINES, ids=lambda each: each.name)
def test_every_card_survives_json(engine):
    for target in engine.targets:
        card = trained.trained(engine, target, Source.MODEL).card
        assert type(card).model_validate_json(card.model_dump_json()) == card


def test_a_card_refuses_a_key_that_it_does_not_know():
    told = trained.trained(ENGINE, TARGET, Source.MODEL).card.model_dump(mode="json")

    with pytest.raises(ValidationError, match="Extra inputs"):
        Card.model_validate(told | {"alien": 1})
    with pytest.raises(ValidationError, match="finite"):
        Card.model_validate(told | {"weights": {"boosted_trees": float("nan")}})


def fitted(target, engine=ENGINE):
    with ThreadPoolExecutor(1) as pool:
        put = trained.examples(engine)[target.name]
        return final_fits([put], trained.tried(engine), trained.SEED, pool)[target.name]


def made(models, **changes):
    """The artefact of these models."""
    return artefact(
        changes.get("asked", trained.examples(ENGINE)[TARGET.name]),
        changes.get("verdict", trained.verdict(TARGET, Source.BASELINE)),
        None,
        models,
        changes.get("training", trained.training(ENGINE)),
    )


def test_training_again_gives_the_same_files_and_the_same_card_byte_for_byte():
    first, second = (made(fitted(TARGET)) for _ in range(2))

    assert first.files == second.files
    assert first.card.model_dump_json() == second.card.model_dump_json()
    assert set(first.files) == {*WEIGHTS.values()}


def test_another_seed_may_give_other_files_and_always_another_card():
    again = made(fitted(TARGET), training=replace(trained.training(ENGINE), seed=6))

    assert again.card.model_dump_json() != made(fitted(TARGET)).card.model_dump_json()


@pytest.mark.parametrize(
    ("engine", "name", "file"),
    [
        (DIRECTION, "magnitude_5", "direction_magnitude.ubj"),
        (SELLER, "touch_1_20", "seller_breach.ubj"),
        (SELLER, "regime_10", "seller_regime.ubj"),
        (SELLER, "trap_5", "seller_trap.ubj"),
        (BUYER, "breakout_1", "buyer_breakout.ubj"),
        (BUYER, "spike_1", "buyer_spike.ubj"),
        (BUYER, "theta_5", "buyer_theta.ubj"),
        (VOLATILITY, "variance_1", "volatility_trees.trees"),
    ],
)
def test_the_weights_lie_in_the_file_that_the_target_names(engine, name, file):
    target = next(each for each in engine.targets if each.name == name)
    stored = trained.trained(engine, target, Source.MODEL)

    assert file in stored.files
    assert file in stored.card.files
    assert file in stored.card.weights_of.values()


def test_the_weights_of_a_network_bear_its_stem():
    """Of a stub, since the file is named by the target and not by who fills it."""
    network = replace(StubNetwork(), name="bilstm", suffix=".safetensors")
    direction = next(each for each in DIRECTION.targets if each.name == "direction_5")

    assert direction.file_of(network) == "direction_seq.safetensors"
    assert direction.file_of(BaseRate()) == "base_rate.json"


# ── what is stored answers as what was fitted ───────────────────────────────────────────


def expected(target, models, put):
    """Every candidate's answer to a question, pooled as the card says."""
    raw = {
        name: each.forecast(put.tail(each_context(target, name) + 1).select(each.columns))[-1:]
        for name, each in models.items()
    }
    if target.mean:
        raw[target.mean.name] = target.mean.of(raw)
    anchor = None if target.anchor is None else raw[target.anchor.name]
    pooled = {
        name: shrunk(target.score, said, anchor, trained.WEIGHT) if name in target.shrinks else said
        for name, said in raw.items()
    }
    return {
        name: tuple(said[0].tolist()) for name, said in pooled.items() if np.isfinite(said).all()
    }


def each_context(target, name):
    return next(each.context for each in target.candidates if each.name == name)


STORED = {
    "variance_1": VOLATILITY,
    "direction_5": DIRECTION,
    "magnitude_5": DIRECTION,
    "rise_20": SELLER,
    "trap_5": SELLER,
    "regime_10": SELLER,
    "breakout_1": BUYER,
    "theta_5": BUYER,
}


@pytest.mark.parametrize("source", [Source.MODEL, Source.BASELINE])
@pytest.mark.parametrize("name", STORED)
def test_what_is_stored_answers_as_what_was_fitted(name, source):
    engine = STORED[name]
    target = next(each for each in engine.targets if each.name == name)
    rows, models = trained.rows(engine, target), trained.models(engine)[name]
    stored = trained.revived(engine, target, source)
    for last in (1, 101, rows.height):
        put = rows.head(last)
        said = stored.forecast(put)
        assert said.candidates == expected(target, models, put)
        served = trained.leading(target) if source is Source.MODEL else trained.strongest(target)
        assert said.served == said.candidates[served]


def test_the_mean_answers_like_the_mean_of_its_members():
    """Its own weight pools it, after it was taken."""
    put = trained.rows(ENGINE, TARGET)
    stored = trained.revived(ENGINE, TARGET, Source.BASELINE)
    members = TARGET.mean.members
    raw = {
        name: stored.models[name].forecast(put.tail(1).select(stored.models[name].columns))
        for name in (*members, "core_distribution")
    }
    mean = np.mean([raw[name] for name in members], axis=0)
    pooled = shrunk(TARGET.score, mean, raw["core_distribution"], trained.WEIGHT)

    assert stored.card.means == {"mean": members}
    assert stored.forecast(put).candidates["mean"] == tuple(pooled[0].tolist())


def test_without_a_member_the_card_knows_no_mean():
    models = dict(trained.models(ENGINE)[TARGET.name])
    del models["ridge_logit"]

    assert made(models).card.means == {}
    assert "mean" not in made(models).card.weights_of


def test_a_candidate_without_an_answer_is_left_out_and_nothing_answers_for_it():
    """The volatility index has no close today: what reads it alone is silent."""
    target = next(each for each in SELLER.targets if each.name == "rise_20")
    stored = trained.revived(SELLER, target, Source.BASELINE)
    put = trained.rows(SELLER, target).with_columns(
        implied_volatility=pl.lit(None, dtype=pl.Float64)
    )
    for name, answers_now in (("normal_index", False), ("normal_ewma", True)):
        verdict = stored.card.verdict.model_copy(update={"served": name})
        served = replace(stored, card=stored.card.model_copy(update={"verdict": verdict}))
        said = served.forecast(put)
        assert (name in said.candidates) == answers_now
        assert (said.served is not None) == answers_now


# ── refused ─────────────────────────────────────────────────────────────────────────────


def test_other_code_is_refused():
    stored = trained.trained(ENGINE, TARGET, Source.BASELINE)

    with pytest.raises(ArtifactError, match=f"{ENGINE.code_version}, this is 0123"):
        forecaster(stored, TARGET, "0123", stored.card.libraries)


def test_another_version_of_a_library_is_refused():
    stored = trained.trained(ENGINE, TARGET, Source.BASELINE)

    with pytest.raises(ArtifactError, match="trained with xgboost none, this is 3"):
        forecaster(stored, TARGET, ENGINE.code_version, {"xgboost": "3"})


@pytest.mark.parametrize("name", WEIGHTS)
def test_missing_weights_are_refused(name):
    stored = trained.trained(ENGINE, TARGET, Source.BASELINE)
    files = {file: content for file, content in stored.files.items() if file != WEIGHTS[name]}
    torn = Artefact(card=stored.card, files=files)

    with pytest.raises(ArtifactError, match=f"no stored weights for {name}"):
        forecaster(torn, TARGET, ENGINE.code_version, torn.card.libraries)


def test_a_candidate_that_is_no_longer_declared_is_refused():
    stored = trained.trained(ENGINE, TARGET, Source.BASELINE)
    other = replace(TARGET, challengers=TARGET.challengers[:1], mean=None)

    with pytest.raises(ArtifactError, match="no stored weights for boosted_trees: retrain it"):
        forecaster(stored, other, ENGINE.code_version, stored.card.libraries)


def test_torn_weights_are_refused():
    stored = trained.trained(ENGINE, TARGET, Source.BASELINE)
    torn = {name: content[:-1] for name, content in stored.files.items()}

    with pytest.raises(ArtifactError, match="retrain"):
        forecaster(
            stored.model_copy(update={"files": torn}),
            TARGET,
            ENGINE.code_version,
            stored.card.libraries,
        )


def test_where_nothing_may_be_served_nothing_is_fitted():
    stored = trained.trained(ENGINE, TARGET, Source.UNAVAILABLE)

    assert stored.files == {}
    assert stored.card.estimators == {}
    assert stored.card.verdict.reasons == (trained.REFUSED,)
    assert stored.card.span.n == trained.rows(ENGINE, TARGET).height


def test_an_unavailable_target_serves_nothing():
    made_of = {
        name: trained.revived(DIRECTION, target, Source.UNAVAILABLE)
        for target in DIRECTION.targets
        for name in [target.name]
    }
    table, scales = trained.features()["direction"], past_scales(trained.core_record())
    for answer in answers(DIRECTION, table, made_of, scales).values():
        assert answer.forecast.served is None
        assert answer.forecast.candidates == {}
        assert (answer.cuts, answer.scale, answer.law) == ((), None, None)


def test_a_target_without_examples_has_a_card_without_a_span():
    put = trained.examples(ENGINE)[TARGET.name]
    bare = made(
        {},
        asked=replace(put, rows=put.rows.clear()),
        verdict=trained.verdict(TARGET, Source.UNAVAILABLE),
        training=replace(trained.training(ENGINE), cutoff=date(1999, 1, 1)),
    )

    assert bare.card.span is None
