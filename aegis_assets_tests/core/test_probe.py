"""What is stored answers as what was fitted, or is not stored."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from aegis_assets.core.errors import ArtifactError
from aegis_assets.core.evaluation.fitting import outcome_of
from aegis_assets.core.evaluation.probe import PROBED, proven, said
from aegis_assets_tests.core.stub_network import NAMES, Alone, target
from aegis_assets_tests.core.stub_network import rows as examples

ROWS = examples(5)
SOUND = Alone()


def fitted(estimator=SOUND):
    return estimator.fit(ROWS.select(NAMES), outcome_of(target("direction_5"), ROWS), 3)


@dataclass(frozen=True)
class Forgetful(Alone):
    """An estimator whose bytes come back as a model with other shares."""

    shares: tuple[float, ...] = (0.2, 0.3, 0.5)

    def load(self, content):
        return replace(super().load(content), shares=self.shares)


def test_a_model_that_comes_back_as_it_was_is_stored_as_its_bytes():
    assert proven(SOUND, fitted(), ROWS) == fitted().dump()


def test_a_model_that_comes_back_changed_is_not_stored():
    with pytest.raises(ArtifactError, match=f"{PROBED} of {PROBED} forecasts differ"):
        proven(Forgetful(), fitted(), ROWS)


def test_a_model_that_comes_back_with_other_classes_is_not_stored():
    with pytest.raises(ArtifactError, match=r"forecasts are \(64, 2\) and were \(64, 3\)"):
        proven(Forgetful(shares=(0.5, 0.5)), fitted(), ROWS)


def test_no_answer_equals_no_answer():
    wide = Alone(window=1_000)

    assert np.isnan(said(fitted(wide), wide.context, ROWS)).all()
    assert proven(wide, fitted(wide), ROWS) == fitted(wide).dump()


def test_the_newest_rows_are_asked_with_the_context_that_they_read():
    asked = said(fitted(), SOUND.context, ROWS)

    assert asked.shape == (PROBED, 3)
    assert asked.tobytes() == fitted().forecast(ROWS.select(NAMES))[-PROBED:].tobytes()
