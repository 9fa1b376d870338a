"""The walk-forward of a whole engine: its targets side by side, and what they learn together.

Goes in: targets with their examples, and an executor that says how many run at a time.  Comes
out: one record, the same whatever the executor.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Executor

import polars as pl

from aegis_assets.core.evaluation.fitting import FORGETFUL, Fits
from aegis_assets.core.evaluation.heads import (
    Asked,
    joint_estimators,
    sharing,
    walk_forward_together,
)
from aegis_assets.core.evaluation.walk_forward import walk_forward

Told = Callable[[str], None]


def silence(_: str) -> None:
    """Says nothing."""


def record(  # noqa: PLR0913 - each decides something of its own
    asked: Sequence[Asked],
    seed: int,
    pool: Executor,
    fits: Fits = FORGETFUL,
    *,
    left_out: frozenset[str] = frozenset(),
    told: Told = silence,
) -> pl.DataFrame:
    """Out-of-sample forecasts (`walk_forward.SCHEMA`) of all targets, in their order.

    `left_out` names estimators that are not trained; `told` hears what is done.
    """

    def alone(each: Asked) -> pl.DataFrame:
        made = walk_forward(each.target, each.rows, each.names, seed, fits)
        told(f"{each.target.name}: {made.height} forecasts out of sample")
        return made

    networks = [
        estimator
        for estimator in joint_estimators([each.target for each in asked])
        if estimator.name not in left_out
    ]
    together = [
        pool.submit(walk_forward_together, estimator, sharing(asked, estimator), seed, fits)
        for estimator in networks
    ]
    return pl.concat([*pool.map(alone, asked), *(each.result() for each in together)])
