"""From a record to artefacts: verdicts taken together, fits of everything known, and evidence."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from hashlib import sha256

import numpy as np
import polars as pl
import pytest

from aegis_assets.core.engines import BUYER, DIRECTION, SELLER
from aegis_assets.core.errors import DataError, TrainingError
from aegis_assets.core.evaluation.evaluation import evaluation
from aegis_assets.core.evaluation.fitting import FORGETFUL
from aegis_assets.core.evaluation.forecaster import forecaster
from aegis_assets.core.evaluation.record import record
from aegis_assets.core.evaluation.training import Training, judged
from aegis_assets.core.evidence import Evidence
from aegis_assets.core.frozen import Skill, Source
from aegis_assets_tests.core import trained
from aegis_assets_tests.core.small_folds import sized
from aegis_assets_tests.core.stub_network import NAMES, Alone, StubNetwork, asked, rows

FIRST, BLOCK, SEED = 200, 60, 3
NETWORK = StubNetwork()
TRAINING = Training("TEST", "direction", rows(1)["session"][-1], SEED, "0123", {"numpy": "2"})


def made(put, training=TRAINING, *, workers=1, drop=(), first=FIRST, block=BLOCK):
    """The record of these questions in small folds, and what is made of it."""
    with sized(first, block), ThreadPoolExecutor(workers) as pool:
        told = record(put, SEED, pool, left_out=frozenset(drop))
        return told, judged(put, told, training, pool)


def heads(network=NETWORK):
    return [asked(name, network) for name in ("direction_5", "direction_20")]


def one(put, **settings):
    """The one artefact of one question."""
    _, (artefact,) = made([put], **settings)
    return artefact


# ── what is fitted ──────────────────────────────────────────────────────────────────────


def test_there_is_an_artefact_per_target_in_their_order():
    told, artefacts = made(heads())

    assert [each.card.target for each in artefacts] == ["direction_5", "direction_20"]
    assert [{*each.files} for each in artefacts] == [{"base_rate.json", "stub.json"}] * 2
    assert told["target"].n_unique() == 2


def test_the_last_fit_is_of_every_outcome_that_is_known():
    """Of each head its own; the record's models knew less."""
    _, (five, twenty) = made(heads())

    assert (five.card.span.n, twenty.card.span.n) == (395, 380)
    assert five.card.span.last > twenty.card.span.last
    inputs, known = NETWORK.heard[-1]
    assert inputs.height == 395
    assert [mask.sum() for mask in known] == [395, 380]


def test_files_are_named_by_their_hash_and_by_stems():
    put = replace(heads()[0], target=replace(heads()[0].target, stems={"stub": "direction_seq"}))
    artefact = one(put)

    assert artefact.card.weights_of["stub"] == "direction_seq.json"
    assert artefact.card.files == {
        name: sha256(content).hexdigest() for name, content in artefact.files.items()
    }


def test_threads_change_no_byte_of_the_artefacts():
    (_, single), (_, several) = (made(heads(), workers=count) for count in (1, 3))

    for mine, theirs in zip(single, several, strict=True):
        assert mine.files == theirs.files
        assert mine.card.model_dump_json() == theirs.card.model_dump_json()


def test_what_the_record_does_not_know_is_not_fitted():
    _, (five, _) = made(heads(), drop=("stub",))

    assert {*five.files} == {"base_rate.json"}
    assert five.card.verdict.remarks == ("not trained, as set: stub",)
    assert five.card.weights == {}


def test_what_one_target_alone_was_tried_on_is_fitted_for_it_alone():
    put = [heads()[0], asked("direction_20")]
    _, (five, twenty) = made(put)

    assert ("stub.json" in five.files, "stub.json" in twenty.files) == (True, False)


def test_a_target_that_could_not_be_scored_has_a_card_and_no_weights():
    put = [heads()[0], asked("direction_20", NETWORK, examples=rows(20).head(FIRST))]
    _, (five, twenty) = made(put)

    assert five.files
    assert twenty.files == {}
    assert twenty.card.verdict.source is Source.UNAVAILABLE
    assert twenty.card.evidence == Evidence()
    assert (twenty.card.weights, twenty.card.estimators) == ({}, {})


def test_the_second_market_is_looked_up_by_target_and_contender():
    bad = Skill(value=-0.2, lower=-0.3, upper=-0.1, n=3_000)
    training = replace(TRAINING, elsewhere={("direction_5", "stub"): bad})
    _, (five, twenty) = made(heads(), training)

    assert five.card.verdict.trial.second_market == bad
    assert any("second market" in each for each in five.card.verdict.reasons)
    assert twenty.card.verdict.trial.second_market is None


def test_a_few_windows_of_the_second_market_veto_nothing():
    few = Skill(value=-0.2, lower=None, upper=None, n=50)
    _, (five, _) = made(heads(), replace(TRAINING, elsewhere={("direction_5", "stub"): few}))

    assert five.card.verdict.trial.second_market == few
    assert not any("second market" in each for each in five.card.verdict.reasons)


def test_what_was_judged_answers_when_it_is_revived():
    put = heads()[0]
    artefact = one(put)
    revived = forecaster(artefact, put.target, "0123", {"numpy": "2"})
    said = revived.forecast(put.rows)
    model = NETWORK.load(artefact.files["stub.json"])

    assert revived.context == {"base_rate": 0, "stub": 4}
    assert said.candidates["stub"] == tuple(model.forecast(put.rows.select(NAMES))[-1].tolist())


# ── what must not be saved ──────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Spoilt(Alone):
    """An estimator whose forecasts are partly NaN from a row on."""

    name: str = "spoilt"
    bad: float = float("nan")

    def fit(self, inputs, outcome, seed):
        return SpoiltModel(super().fit(inputs, outcome, seed), self.bad)


@dataclass(frozen=True)
class SpoiltModel:
    model: object
    bad: float

    @property
    def columns(self):
        return self.model.columns

    def forecast(self, inputs):
        said = self.model.forecast(inputs)
        said[-1, 0] = self.bad
        return said

    def dump(self):
        return self.model.dump()


def test_a_part_of_a_forecast_that_is_not_finite_stops_the_training():
    """A whole row of NaN is no answer; a part of one, or infinity, is a fault."""
    for bad in (float("nan"), float("inf")):
        put = asked("direction_5", Spoilt(bad=bad))
        with pytest.raises(TrainingError, match=r"a forecast of spoilt for direction_5 holds \d"):
            made([put])


def test_a_weight_that_is_not_finite_stops_the_training():
    put = trained.examples(BUYER)["breakout_1"]
    broken = put.rows.with_columns(
        outcome=pl.when(pl.int_range(pl.len()) == 5).then(float("nan")).otherwise("outcome")
    )

    with pytest.raises(TrainingError, match="not finite"):
        FORGETFUL.fitted(put.target.candidates[0], put.target, broken, put.names, SEED)


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_feature_that_is_not_finite_stops_the_training(bad):
    put = trained.examples(BUYER)["breakout_1"]
    broken = put.rows.with_columns(
        log_return_5=pl.when(pl.int_range(pl.len()) == 5).then(bad).otherwise("log_return_5")
    )

    for estimator in put.target.challengers:
        with pytest.raises(DataError, match="log_return_5"):
            FORGETFUL.fitted(estimator, put.target, broken, put.names, SEED)


# ── the evidence ────────────────────────────────────────────────────────────────────────


REAL = {
    "direction_1": DIRECTION,
    "magnitude_5": DIRECTION,
    "rise_5": SELLER,
    "breakout_1": BUYER,
    "spike_1": BUYER,
    "theta_5": BUYER,
}


@pytest.fixture(scope="module")
def real():
    """By target, the real questions walked forward in small folds, with their artefacts."""
    found = {}
    for name, engine in REAL.items():
        put = trained.examples(engine)[name]
        training = replace(TRAINING, engine=engine.name, cutoff=trained.CUTOFF)
        told, (artefact,) = made([put], training, drop=("bilstm",), first=500, block=160)
        found[name] = (put, told, artefact)
    return found


@pytest.mark.parametrize("name", REAL)
def test_the_evidence_tells_each_fold_as_the_record_has_it(real, name):
    put, told, artefact = real[name]
    found = evaluation(put.target, told)
    folds = artefact.card.evidence.folds

    assert len(folds) == artefact.card.verdict.folds == found.folds
    assert sum(each.n for each in folds) == found.n
    assert [each.trained_on for each in folds] == sorted(each.trained_on for each in folds)
    for each in folds:
        here = (found.rows["fold"] == each.fold).to_numpy()
        assert each.first == found.rows["session"].filter(pl.Series(here))[0]
        assert each.losses == {
            candidate: pytest.approx(np.nanmean(loss[here]))
            for candidate, loss in found.losses.items()
            if np.isfinite(loss[here]).any()
        }


@pytest.mark.parametrize("name", REAL)
def test_the_evidence_shows_what_answers_what_leads_and_the_strongest_baseline(real, name):
    put, _, artefact = real[name]
    verdict, evidence = artefact.card.verdict, artefact.card.evidence
    shown = {verdict.served, verdict.leading, verdict.baseline}

    assert {*evidence.reliability} == (shown if put.target.is_classified else set())
    assert {*evidence.coverage} == (shown if put.target.label.levels else set())
    assert bool(evidence.log_loss) == put.target.is_classified
    assert bool(evidence.trading) == (name == "direction_1")


@pytest.mark.parametrize("name", ["direction_1", "magnitude_5", "breakout_1", "theta_5"])
def test_the_evidence_says_what_the_contenders_read(real, name):
    put, _, artefact = real[name]
    importances = artefact.card.evidence.importances

    assert {*importances} == {each.name for each in put.target.challengers if each.name != "bilstm"}
    trees = importances[
        put.target.challengers[-1].name if name != "direction_1" else "boosted_trees"
    ]
    assert sum(trees.gain.values()) == pytest.approx(1)
    assert {*trees.permuted} >= {*trees.gain} - {""}


def test_a_newest_block_too_short_to_shift_says_nothing_of_what_is_read(real):
    put, _, _ = real["breakout_1"]
    short = replace(put, rows=put.rows.head(500 + 150 + 59))
    artefact = one(short, first=500, block=150)

    assert artefact.card.evidence.importances == {}
    assert artefact.card.evidence.folds
    longer = replace(put, rows=put.rows.head(500 + 150 + 60))
    assert one(longer, first=500, block=150).card.evidence.importances


def test_a_candidate_that_once_gave_no_chance_to_what_came_has_no_log_loss():
    """The regime's persistence is certain, and errs."""
    put = trained.examples(SELLER)["regime_10"]
    _, (artefact,) = made([put], first=150, block=60)

    assert "persistence" not in artefact.card.evidence.log_loss
    assert "markov" in artefact.card.evidence.log_loss


def test_a_candidate_that_never_answered_has_no_log_loss():
    put = asked("direction_5", Alone(window=1_000, name="mute"), Alone())
    evidence = one(put).card.evidence

    assert {*evidence.log_loss} == {"base_rate", "alone"}


def test_a_network_s_learning_curve_is_kept():
    @dataclass(frozen=True)
    class Curved(StubNetwork):
        def fit_heads(self, inputs, outcomes, known, seed):
            models = super().fit_heads(inputs, outcomes, known, seed)
            for model in models:
                object.__setattr__(model, "learning_curve", ((1.2, 1.3), (1.1, 1.25)))
            return models

    _, (five, _) = made(heads(Curved()))
    _, (flat, _) = made(heads())

    assert five.card.evidence.learning_curve == ((1.2, 1.3), (1.1, 1.25))
    assert flat.card.evidence.learning_curve == ()


def test_fewer_than_ten_answers_have_no_reliability():
    put = asked("direction_5", Alone())
    few = replace(put, rows=rows(5).head(FIRST + 9))

    assert one(few).card.evidence.reliability == {}
    assert one(replace(put, rows=rows(5).head(FIRST + 10))).card.evidence.reliability


def test_a_target_of_the_next_session_s_sign_alone_is_traded(real):
    """At a cost, with the number of all that were tried."""
    summary = real["direction_1"][2].card.evidence.trading

    assert (summary.trials, summary.cost) == (18, 2.0)
    assert summary.n == sum(each.n for each in real["direction_1"][2].card.evidence.folds)
