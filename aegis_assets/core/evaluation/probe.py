"""Whether stored bytes still are the model: revived and asked the same questions.

Goes in: a fitted candidate and rows that it may be asked.  Comes out: its bytes, once they have
been shown to forecast the newest rows bit for bit as the model in memory does.
"""

import numpy as np
import polars as pl

from aegis_assets.core.errors import ArtifactError
from aegis_assets.core.estimators import Estimator, Model
from aegis_assets.core.estimators.estimator import FloatArray

PROBED = 64
"""Newest rows that are asked."""


def proven(estimator: Estimator, model: Model, rows: pl.DataFrame) -> bytes:
    """The model as bytes; `rows` are complete examples of consecutive sessions.

    Raises `ArtifactError` unless the revived bytes answer as the model does; no answer equals no
    answer.
    """
    content = model.dump()
    revived = estimator.load(content)
    kept, found = (said(each, estimator.context, rows) for each in (model, revived))
    if kept.shape != found.shape or not np.array_equal(kept, found, equal_nan=True):
        msg = (
            f"{estimator.name} does not survive its own bytes: {_differing(kept, found)} after "
            "dump and load, expected equal forecasts: mend dump or load, nothing was saved"
        )
        raise ArtifactError(msg)
    return content


def said(model: Model, context: int, rows: pl.DataFrame) -> FloatArray:
    """What a model forecasts for the newest `PROBED` rows, (n, k); fewer where rows are few."""
    asked = rows.tail(PROBED + context).select(model.columns)
    return model.forecast(asked)[-PROBED:]


def _differing(kept: FloatArray, found: FloatArray) -> str:
    if kept.shape != found.shape:
        return f"forecasts are {found.shape} and were {kept.shape}"
    same = (kept == found) | (np.isnan(kept) & np.isnan(found))
    return f"{int((~same).any(axis=1).sum())} of {len(kept)} forecasts differ"
