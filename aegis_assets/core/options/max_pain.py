r"""Where the index would have to settle for the options of one expiry to pay least.

.. math:: P(K) = \sum_i C_i \max(K - K_i, 0) + Q_i \max(K_i - K, 0)

with open interest :math:`C_i` of calls and :math:`Q_i` of puts.  A statistic of positions: it
describes them, and forecasts nothing.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from aegis_assets.core.options.chain import CALL, PUT

_NEAR = 1.05


@dataclass(frozen=True)
class MaxPain:
    """The strike of least payout, the lowest of equals, and the zone around it, index points.

    `lower` .. `upper` are the listed strikes at which holders would be paid at most 5 % more:
    one stretch, since the payout is convex.  `confidence` is the share of the expiry's open
    interest that lies at strikes of the zone: how much of it is pinned there, no probability.
    """

    strike: float
    lower: float
    upper: float
    confidence: float


def interest(rows: pl.DataFrame) -> pl.DataFrame:
    """`strike, call, put`: open interest of one expiry by listed strike, 0 where none is listed."""
    sides = {
        kind.lower(): pl.col("open_interest").filter(pl.col("option_type") == kind).sum()
        for kind in (CALL, PUT)
    }
    return rows.group_by("strike").agg(**sides).sort("strike")


def payouts(held: pl.DataFrame) -> pl.Series:
    """What the options of `interest` pay if the index settles at each of their strikes.

    Index points times units; whole numbers stay exact to 2**53.
    """
    strikes, calls, puts = (held[name].to_numpy() for name in ("strike", "call", "put"))
    below, worth_below = np.cumsum(calls), np.cumsum(calls * strikes)
    above, worth_above = (np.cumsum(each[::-1])[::-1] for each in (puts, puts * strikes))
    return pl.Series("payout", strikes * below - worth_below + worth_above - strikes * above)


def max_pain(rows: pl.DataFrame) -> MaxPain | None:
    """Of the rows of one expiry; null unless both calls and puts are held."""
    held = interest(rows)
    if held.is_empty() or held["call"].sum() == 0 or held["put"].sum() == 0:
        return None
    paid = payouts(held)
    least = float(paid.min())  # type: ignore[arg-type]
    zone = held.filter(paid <= least * _NEAR)
    both = pl.col("call") + pl.col("put")
    return MaxPain(
        strike=held["strike"][int(paid.arg_min() or 0)],
        lower=zone["strike"][0],
        upper=zone["strike"][-1],
        confidence=zone.select(both.sum()).item() / held.select(both.sum()).item(),
    )
