r"""The state of the market in words, by rules over past features: it forecasts nothing.

Volatility is ranked by the share of the last 252 sessions that were calmer.  The trend is the
distance of the close from its average of 50 sessions, in units of what a random walk of the same
volatility would show, :math:`\sigma \sqrt{12}`.  Both have to go further to enter a state than to
stay in it, so that a word does not flicker at an edge; the recursion starts from the calm middle
252 sessions ago, whatever history came before.
"""

import math
from dataclasses import dataclass

import polars as pl

from aegis_assets.core.contract.words import BuyerRegime, Regime, Trend

YEAR = 252
_ROUGH, _CALM_AGAIN = 0.65, 0.5
_TREND, _NO_TREND_LEFT = 0.75, 0.25
_SPREAD = math.sqrt(12.0)
_HABIT = 0.15

RULE = (
    "EWMA volatility enters HIGH above the rank of 0.65 of 252 sessions and leaves it below 0.5; "
    "the close enters a trend 0.75 usual distances from its exponential average of 50 sessions and "
    "leaves it within 0.25"
)


@dataclass(frozen=True)
class MarketState:
    """What the rules say at the last row; null where a year of features is not known."""

    regime: Regime | None
    trend: Trend | None
    risk: float | None
    realised_percentile: float | None
    buyer_regime: BuyerRegime | None


def market_state(features: pl.DataFrame) -> MarketState:
    """The state at the newest of AegisCore's `features`, rows of consecutive sessions."""
    rows = features.tail(2 * YEAR).select(
        rough=_rank("ewma_volatility"),
        realised=_rank("realised_volatility_20"),
        trend=pl.col("ema_gap_50") / (pl.col("ewma_volatility") * _SPREAD),
        habit=pl.col("autocorrelation_20"),
    )
    last = rows.row(-1, named=True)
    year = rows.tail(YEAR)
    trend = _trend(year["trend"])
    return MarketState(
        regime=_regime(year["rough"], trend),
        trend=trend,
        risk=last["rough"],
        realised_percentile=last["realised"],
        buyer_regime=_buyer_regime(last["habit"]),
    )


def _rank(column: str) -> pl.Expr:
    """Share of the 252 sessions up to each that have a smaller value; null unless all have one."""
    rank = pl.col(column).rolling_rank(YEAR, method="min", min_samples=YEAR)
    return (rank - 1) / (YEAR - 1)


def _trend(distances: pl.Series) -> Trend | None:
    """The state after all of these distances; null where one is."""
    if len(distances) < YEAR or distances.null_count():
        return None
    state = Trend.SIDEWAYS
    for distance in distances:
        if distance > _TREND:
            state = Trend.BULLISH
        elif distance < -_TREND:
            state = Trend.BEARISH
        elif abs(distance) < _NO_TREND_LEFT or distance * _sign(state) < 0:
            state = Trend.SIDEWAYS
    return state


def _sign(trend: Trend) -> int:
    return {Trend.BULLISH: 1, Trend.BEARISH: -1, Trend.SIDEWAYS: 0}[trend]


def _regime(ranks: pl.Series, trend: Trend | None) -> Regime | None:
    if trend is None or len(ranks) < YEAR or ranks.null_count():
        return None
    rough = False
    for rank in ranks:
        rough = rank > (_CALM_AGAIN if rough else _ROUGH)
    return {
        (Trend.BULLISH, False): Regime.LOW_VOL_BULL,
        (Trend.BULLISH, True): Regime.HIGH_VOL_BULL,
        (Trend.BEARISH, False): Regime.LOW_VOL_BEAR,
        (Trend.BEARISH, True): Regime.HIGH_VOL_BEAR,
        (Trend.SIDEWAYS, False): Regime.SIDEWAYS,
        (Trend.SIDEWAYS, True): Regime.CHOPPY,
    }[trend, rough]


def _buyer_regime(habit: float | None) -> BuyerRegime | None:
    """Whether a move is followed by its like."""
    if habit is None:
        return None
    if abs(habit) < _HABIT:
        return BuyerRegime.CHOPPY
    return BuyerRegime.TREND_FOLLOWING if habit > 0 else BuyerRegime.MEAN_REVERT
