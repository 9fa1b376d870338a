"""What leaning with the direction forecasts of the next close would have earned, after costs.

Goes in: the claims of ``direction.horizons.t1`` of the last slot of each session and their
outcomes.  Stays out: the arithmetic, which is `evaluation.trading`.
"""

import numpy as np
import polars as pl

from aegis_assets.core.claim import Role
from aegis_assets.core.evaluation.trading import trading_summary
from aegis_assets.core.evidence import TradingSummary
from aegis_assets.core.ledger.losses import judged, matrix

NEXT_CLOSE = "direction.horizons.t1"
COST = 5.0
"""Basis points of what changes hands: brokerage, taxes and spread of an index future."""


def trading(
    forecasts: pl.DataFrame,
    outcomes: pl.DataFrame,
    *,
    cost: float = COST,
    trials: int = 1,
    path: str = NEXT_CLOSE,
) -> TradingSummary | None:
    """The record of holding ``p_up - p_down`` from each session's last slot to the next close.

    `trials` counts every strategy that was looked at, so that the Sharpe ratio of the best can be
    deflated.  Sessions without a settled claim are left out, of the market held too.  None where
    nothing is settled.
    """
    settled = judged(forecasts, outcomes).filter(
        pl.col("path") == path, pl.col("role") == Role.SERVED.value
    )
    last = settled.filter(pl.col("as_of") == pl.col("as_of").max().over("session")).sort("session")
    if last.is_empty():
        return None
    served = matrix(last)
    lean = np.clip(served[:, -1] - served[:, 0], -1.0, 1.0)
    return trading_summary(lean, np.expm1(last["outcome"].to_numpy()), cost, trials)
