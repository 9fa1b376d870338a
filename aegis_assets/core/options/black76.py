r"""Options on the forward (Black 1976): what a price implies, and where the forward stands.

No discounting: :math:`C - P = F - K`, prices are taken for undiscounted ones.  A rate read off the
chain is noisier than what it corrects: the slope of call less put over the strikes of NIFTY chains
15 to 40 days from expiry implies rates from -11 % to 49 % a year (tenth to ninetieth percentile).
What is left out is 0.5 % at a month and rates of 6.5 %: an at-the-money volatility reads lower by
that share of itself, and the forward moves by that share of a call less a put around the money.

The pricing is QuantLib's, which is maintained and inverts the formula in its wings too.

References
----------
Black (1976), "The Pricing of Commodity Contracts", Journal of Financial Economics 3.
"""

import math
from functools import cache
from types import ModuleType

import polars as pl

from aegis_assets.core.options.chain import CALL, PRICE, PUT

_NEAREST, _FEWEST = 5, 3
_ACCURACY, _STEPS = 1e-9, 200


def paired(rows: pl.DataFrame) -> pl.DataFrame:
    """`strike, call, put`: prices of one expiry, null where one of the two has none."""
    calls, puts = (
        rows.filter(option_type=kind).select("strike", PRICE.alias(kind.lower()))
        for kind in (CALL, PUT)
    )
    return calls.join(puts, on="strike", how="full", coalesce=True).sort("strike")


def parity_forward(rows: pl.DataFrame) -> float | None:
    """The forward of one expiry: median of strike + call - put over the strikes around the money.

    The five strikes with both prices that are nearest to that median over all strikes; null where
    fewer than three have both.
    """
    told = pl.col("strike") + pl.col("call") - pl.col("put")
    both = paired(rows).drop_nulls().with_columns(told=told)
    if both.height < _FEWEST:
        return None
    distance = (pl.col("strike") - pl.col("told").median()).abs()
    nearest = both.sort(distance, "strike").head(_NEAREST)
    return float(nearest.select(pl.col("told").median()).item())


def implied_volatility(
    kind: str, strike: float, forward: float, price: float, years: float
) -> float | None:
    """The volatility a year at which the option costs `price`; null where none does.

    None does at its intrinsic value or below, nor at the most that it could pay.
    """
    sign, at_most = (1.0, forward) if kind == CALL else (-1.0, strike)
    if years <= 0 or not max(sign * (forward - strike), 0.0) < price < at_most:
        return None
    ql = _quantlib()
    option = ql.Option.Call if kind == CALL else ql.Option.Put
    try:
        deviation = ql.blackFormulaImpliedStdDev(
            option, strike, forward, price, 1.0, 0.0, ql.nullDouble(), _ACCURACY, _STEPS
        )
    except RuntimeError:  # its only error: the steps were too few, as far out in the wings
        return None
    return float(deviation) / math.sqrt(years)


def forward_delta(
    kind: str, strike: float, forward: float, volatility: float, years: float
) -> float:
    """How much of a move of the forward the option makes: above 0 of a call, below of a put."""
    ql = _quantlib()
    deviation = volatility * math.sqrt(years)
    if kind == CALL:
        return float(ql.blackFormulaAssetItmProbability(ql.Option.Call, strike, forward, deviation))
    return -float(ql.blackFormulaAssetItmProbability(ql.Option.Put, strike, forward, deviation))


@cache
def _quantlib() -> ModuleType:
    import QuantLib  # type: ignore[import-untyped]  # noqa: PLC0415 - 0.1 s, only a chain needs it

    return QuantLib  # type: ignore[no-any-return]
