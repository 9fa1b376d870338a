"""What the card says is so, and what is stored answers as what was fitted."""

from dataclasses import replace
from datetime import date
from hashlib import sha256

import numpy as np
import polars as pl
import pytest

from aegis_assets.core.card import Artefact
from aegis_assets.core.frozen import Source
from aegis_assets.core.engines import BUYER, DIRECTION, VOLATILITY
from aegis_assets.core.engines.engine import answers
from aegis_assets.core.errors import ArtifactError, DataError
from aegis_assets.core.evaluation.calibration import shrunk
from aegis_assets.core.evaluation.dataset import data_version, questions
from aegis_assets.core.evaluation.forecaster import forecaster
from aegis_assets.core.evaluation.training import artefact
from aegis_assets.core.evaluation.walk_forward import fitted
from aegis_assets_tests.core import trained

ENGINE = BUYER
TARGET = BUYER.targets[0]
TABLE = pl.DataFrame(
    {
        "symbol": ["A", "B"],
        "session": [date(2018, 1, 2), date(2018, 1, 3)],
        "value": [0.0, 1.5],
        "class": pl.Series([0, None], dtype=pl.Int64),
    }
)


@pytest.mark.parametrize(
    "other",
    [
        TABLE.with_columns(value=pl.Series([0.0, np.nextafter(1.5, 2)])),
        TABLE.with_columns(value=pl.Series([None, 1.5])),
        TABLE.with_columns(symbol=pl.Series(["A", "C"])),
        TABLE.with_columns(symbol=pl.Series(["A", None])),
        TABLE.with_columns(session=pl.col("session").dt.offset_by("1d")),
        TABLE.with_columns(pl.col("class").fill_null(0)),
        TABLE.with_columns(pl.col("class").cast(pl.Int32)),
        TABLE.with_columns(pl.col("value").cast(pl.Float32)),
        TABLE.rename({"value": "worth"}),
        TABLE.select("session", "symbol", "value", "class"),
        TABLE.reverse(),
        TABLE.head(1),
        TABLE.drop("class"),
    ],
    ids=[
        "last bit of a value",
        "null for zero",
        "symbol",
        "null symbol",
        "session",
        "zero for null",
        "integer type",
        "float type",
        "column name",
        "column order",
        "row order",
        "rows",
        "columns",
    ],
)
def test_the_data_version_changes_with(other):
    assert data_version(other) != data_version(TABLE)


def test_equal_tables_have_equal_data_versions():
    halves = pl.concat([TABLE.head(1), TABLE.tail(1)], rechunk=False)

    assert data_version(halves) == data_version(TABLE.clone())
    assert len(data_version(TABLE.clear())) == 64


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

    assert {*stored.files} == {"base_rate.json", "core_distribution.json", "boosted_trees.ubj"}
    assert stored.card.files == {
        name: sha256(content).hexdigest() for name, content in stored.files.items()
    }
    assert stored.card.estimators == {each.name: repr(each) for each in TARGET.candidates}


def test_the_card_survives_json():
    card = trained.trained(ENGINE, TARGET, Source.BASELINE).card

    assert type(card).model_validate_json(card.model_dump_json()) == card


def test_training_again_gives_the_same_artefact():
    again = artefact(
        TARGET,
        trained.rows(ENGINE, TARGET),
        ENGINE.feature_names(TARGET),
        verdict=trained.verdict(TARGET, Source.BASELINE),
        shrinkage=0.4,
        training=trained.training(ENGINE),
    )

    assert again == trained.trained(ENGINE, TARGET, Source.BASELINE)


@pytest.mark.parametrize("source", [Source.MODEL, Source.BASELINE])
@pytest.mark.parametrize(
    ("engine", "target"),
    [(VOLATILITY, VOLATILITY.targets[2]), (DIRECTION, DIRECTION.targets[2]), (BUYER, TARGET)],
    ids=["variance", "direction", "breakout"],
)
def test_what_is_stored_answers_as_what_was_fitted(engine, target, source):
    rows, names = trained.rows(engine, target), engine.feature_names(target)
    models = {
        each.name: fitted(each, target, rows, names, trained.SEED) for each in target.candidates
    }
    stored = trained.revived(engine, target, source)
    for day in (0, 100, rows.height - 1):
        question = rows.slice(day, 1)
        said = stored.forecast(question)
        raw = {name: each.forecast(question.select(each.columns)) for name, each in models.items()}
        challenger, anchor = target.challenger.name, target.anchor.name
        if target.is_classified:
            raw[challenger] = shrunk(raw[challenger], raw[anchor], 0.4)
        assert said.candidates == {name: tuple(row[0].tolist()) for name, row in raw.items()}
        assert said.served == said.candidates[challenger if source is Source.MODEL else anchor]


def test_other_code_is_refused():
    stored = trained.trained(ENGINE, TARGET, Source.BASELINE)

    with pytest.raises(ArtifactError, match=f"{ENGINE.code_version}, this is 0123"):
        forecaster(stored, "0123", stored.card.libraries)


def test_another_version_of_a_library_is_refused():
    stored = trained.trained(ENGINE, TARGET, Source.BASELINE)

    with pytest.raises(ArtifactError, match="trained with xgboost none, this is 3"):
        forecaster(stored, ENGINE.code_version, {"xgboost": "3"})


@pytest.mark.parametrize("file", ["base_rate.json", "boosted_trees.ubj"])
def test_missing_weights_are_refused(file):
    stored = trained.trained(ENGINE, TARGET, Source.BASELINE)
    torn = Artefact(card=stored.card, files={k: v for k, v in stored.files.items() if k != file})

    with pytest.raises(ArtifactError, match=file.split(".")[0]):
        forecaster(torn, ENGINE.code_version, torn.card.libraries)


def test_a_candidate_that_is_no_longer_registered_is_refused():
    stored = trained.trained(ENGINE, TARGET, Source.BASELINE)
    card = stored.card.model_copy(update={"estimators": {"oracle": "Oracle()"}})

    with pytest.raises(ArtifactError, match="oracle"):
        forecaster(stored.model_copy(update={"card": card}), ENGINE.code_version, card.libraries)


def test_torn_weights_are_refused():
    stored = trained.trained(ENGINE, TARGET, Source.BASELINE)
    torn = {name: content[:-1] for name, content in stored.files.items()}

    with pytest.raises(ArtifactError, match="retrain"):
        forecaster(
            stored.model_copy(update={"files": torn}),
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
    made = {
        name: trained.revived(DIRECTION, target, Source.UNAVAILABLE)
        for target in DIRECTION.targets
        for name in [target.name]
    }
    today = trained.features()["direction"].tail(1)
    for answer in answers(DIRECTION, today, made, trained.scales()).values():
        assert answer.forecast.served is None
        assert answer.forecast.candidates == {}
        assert (answer.cuts, answer.scale, answer.law) == ((), None, None)


def test_a_target_without_examples_has_a_card_without_a_span():
    made = artefact(
        TARGET,
        trained.rows(ENGINE, TARGET).clear(),
        ENGINE.feature_names(TARGET),
        verdict=trained.verdict(TARGET, Source.UNAVAILABLE),
        shrinkage=0.0,
        training=replace(trained.training(ENGINE), cutoff=date(1999, 1, 1)),
    )

    assert made.card.span is None


def test_a_feature_table_without_a_threshold_is_refused():
    table = trained.features()["buyer"].drop("breakout_1_cut_0")

    with pytest.raises(DataError, match="breakout_1_cut_0"):
        questions(TARGET, table, ENGINE.feature_names(TARGET), trained.scales()[1])


@pytest.mark.parametrize(
    ("absent", "plain_asked", "implied_asked"),
    [
        ("log_return_1", False, False),  # both read it
        ("implied_breakout_1_cut_0", True, False),  # the threshold of one of them
        ("implied_change_5", True, True),  # what a missing close of the index hides
    ],
)
def test_questions_leave_out_rows_that_no_candidate_can_read(absent, plain_asked, implied_asked):
    table = trained.features()["buyer"].with_columns(pl.lit(None, dtype=pl.Float64).alias(absent))

    for target, is_asked in zip(BUYER.targets, (plain_asked, implied_asked), strict=True):
        names = BUYER.feature_names(target)
        asked = questions(target, table, names, trained.scales()[1])
        assert (asked.height > 0) == is_asked
        assert asked.columns == ["symbol", "session", *target.columns(names)]
        assert all(asked[name].null_count() == 0 for name in asked.columns if name != absent)


def test_distances_are_thresholds_in_forecast_volatilities():
    asked = questions(
        TARGET, trained.features()["buyer"], ENGINE.feature_names(TARGET), trained.scales()[1]
    )

    assert asked["distance_0"].to_list() == pytest.approx(
        [cut / scale for cut, scale in asked.select("cut_0", "forecast_volatility").iter_rows()]
    )
