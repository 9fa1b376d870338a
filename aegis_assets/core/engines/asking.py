"""What an engine's targets have to learn from at a cut-off."""

from datetime import date

import polars as pl

from aegis_assets.core.engines.engine import Engine
from aegis_assets.core.engines.feature_table import as_declared
from aegis_assets.core.engines.volatility import past_scales
from aegis_assets.core.evaluation.dataset import examples, questions
from aegis_assets.core.evaluation.heads import Asked


def asked(
    engine: Engine,
    features: pl.DataFrame,
    labels: pl.DataFrame,
    cutoff: date,
    core: pl.DataFrame | None = None,
) -> list[Asked]:
    """Every target with its examples known before `cutoff`, and the features that it may read.

    `core` is the walk-forward record of the engine consumed; None where none is.
    """
    scales = {} if core is None else past_scales(core)
    known = as_declared(features, engine).filter(pl.col("session") < cutoff)
    found = []
    for target in engine.targets:
        names = engine.feature_names(target)
        scale = scales.get(target.label.horizon)
        put = questions(target, known, names, scale)
        found.append(Asked(target, examples(target, put, labels, cutoff), names))
    return found
