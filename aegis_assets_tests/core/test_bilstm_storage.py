"""The sequence model in storage: the same to the last bit, or refused."""

import json
from dataclasses import replace
from hashlib import sha256

import numpy as np
import pytest
import safetensors.numpy

from aegis_assets.core.errors import ArtifactError
from aegis_assets.core.estimators.bilstm import BiLSTM
from aegis_assets_tests.core.sequences import COLUMNS, made_up, table


def test_a_stored_model_is_the_same_model():
    model = replace(
        made_up(layers=2), estimator=replace(made_up(layers=2).estimator, gaps=("gap",))
    )
    content = model.dump()
    revived = BiLSTM().load(content)
    inputs = table(40, 3)

    assert revived.estimator == model.estimator
    assert revived.columns == model.columns
    assert revived.learning_curve == model.learning_curve
    assert revived.best_epoch == model.best_epoch == 2
    assert revived.dump() == content
    assert revived.forecast(inputs).tobytes() == model.forecast(inputs).tobytes()


def test_a_stored_model_is_plain_safetensors():
    assert set(safetensors.numpy.load(made_up().dump())) > {"head.weight", "scaler.centre"}


@pytest.mark.parametrize("place", np.linspace(0, 0.999, 40).round(3))
def test_one_altered_byte_is_refused(place):
    content = bytearray(made_up().dump())
    content[int(place * len(content))] ^= 1

    with pytest.raises(ArtifactError, match="retrain"):
        BiLSTM().load(bytes(content))


FOREIGN = {
    "nothing": b"",
    "words": b"not a model",
    "json": json.dumps({"probabilities": [0.5, 0.5]}).encode(),
    "zeros": bytes(64),
    "ones": b"\xff" * 64,
    "empty": safetensors.numpy.save({}),
    "tensors of another": safetensors.numpy.save({"weight": np.zeros(3)}),
    "another card": safetensors.numpy.save({}, {"bilstm": "[]"}),
    "no card": safetensors.numpy.save({}, {"bilstm": "{"}),
    "a digest": made_up().dump() + sha256(made_up().dump()).digest(),
    "cut short": made_up().dump()[:-1],
    "half": made_up().dump()[: len(made_up().dump()) // 2],
}


@pytest.mark.parametrize("kind", FOREIGN)
def test_foreign_bytes_are_refused(kind):
    with pytest.raises(ArtifactError, match="retrain"):
        BiLSTM().load(FOREIGN[kind])


def test_a_signed_model_that_cannot_answer_is_refused():
    model = made_up()
    headless = {name: each for name, each in model.weights.items() if name != "head.bias"}

    for wrong in (replace(model, weights=headless), replace(model, columns=COLUMNS[:2])):
        with pytest.raises(ArtifactError, match="retrain"):
            BiLSTM().load(wrong.dump())
