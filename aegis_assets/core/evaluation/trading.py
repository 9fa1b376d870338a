r"""What trading on the sign of a forecast would have earned, after costs and after the trials.

Goes in: positions decided at a close and the return of the session after it.  Stays out: how a
forecast becomes a position, slippage beyond the cost, interest on cash.

References
----------
Lo (2002), "The Statistics of Sharpe Ratios", Financial Analysts Journal 58(4).  Mertens (2002),
"Comments on Variance of the IID Estimator in Lo (2002)".  Bailey and Lopez de Prado (2012), "The
Sharpe Ratio Efficient Frontier", Journal of Risk 15(2).  Bailey and Lopez de Prado (2014), "The
Deflated Sharpe Ratio", Journal of Portfolio Management 40(5).
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aegis_assets.core.errors import DataError
from aegis_assets.core.estimators.estimator import FloatArray
from aegis_assets.core.evidence import Performance, TradingSummary

SESSIONS_PER_YEAR = 252
SMALLEST_RECORD = 30
CONVINCING = 0.95
_BASIS_POINT = 1e-4
_NOISE = 1e-12


@dataclass(frozen=True)
class _Moments:
    """Sharpe ratio per session with what its error needs; kurtosis is 3 for the normal."""

    n: int
    sharpe: float
    skew: float
    kurtosis: float

    @property
    def error(self) -> float | None:
        """Standard error of the Sharpe ratio per session."""
        return sharpe_error(self.sharpe, self.n, self.skew, self.kurtosis)

    def over(self, benchmark: float) -> float | None:
        """Probability that the true ratio exceeds a benchmark, per session."""
        return probabilistic_sharpe(self.sharpe, benchmark, self.n, self.skew, self.kurtosis)


def trading_summary(
    positions: FloatArray,
    returns: FloatArray,
    cost: float,
    trials: int,
    trial_variance: float | None = None,
) -> TradingSummary:
    """The record of positions (n,) in [-1, 1], each decided and taken at the close of t.

    `returns` (n,) are simple, of the session t + 1: only simple ones times a position are the
    return of a portfolio.  `cost` is in basis points of what changes hands, from flat at first.
    `trial_variance` is that of the trials' Sharpe ratios per session; unknown, it is what trials
    without any edge would show, ``1 / (n - 1)``.  Raises `DataError` on anything else.
    """
    _check(positions, returns, cost, trials)
    n = len(returns)
    turned = abs(np.diff(positions, prepend=0.0))
    gross, fee = positions * returns, cost * _BASIS_POINT
    net, hold = gross - fee * turned, returns - fee * (np.arange(n) == 0)
    side = np.sign(positions)
    spread = 1 / max(n - 1, 1) if trial_variance is None else trial_variance
    moments = _moments(net)
    deflated = None if moments is None else moments.over(expected_maximum_sharpe(trials, spread))
    return TradingSummary(
        n=n,
        active=int(np.count_nonzero(side)),
        trades=int(((side != 0) & (np.diff(side, prepend=0.0) != 0)).sum()),
        turnover=float(turned.mean() * SESSIONS_PER_YEAR) if n else None,
        cost=cost,
        trials=trials,
        gross=performance(gross, side != 0),
        net=performance(net, side != 0),
        hold=performance(hold, np.ones(n, dtype=np.bool_)),
        deflated_sharpe=deflated,
        informational=deflated is None or deflated < CONVINCING,
    )


def performance(returns: FloatArray, active: NDArray[np.bool_]) -> Performance:
    """The record of simple returns (n,), of which wins are counted where `active`."""
    n = len(returns)
    wealth: FloatArray = np.maximum(1 + returns, 0.0).cumprod()  # nothing is earned on nothing
    total = float(wealth[-1] - 1) if n else 0.0
    found = _moments(returns)
    error = None if found is None else found.error
    year = math.sqrt(SESSIONS_PER_YEAR)
    return Performance(
        total_return=total,
        annual_return=(1 + total) ** (SESSIONS_PER_YEAR / n) - 1
        if n >= SESSIONS_PER_YEAR
        else None,
        sharpe=None if found is None else year * found.sharpe,
        sharpe_error=None if error is None else year * error,
        drawdown=_drawdown(wealth),
        win_rate=float((returns[active] > 0).mean()) if active.any() else None,
        probabilistic_sharpe=None if found is None else found.over(0.0),
    )


def _drawdown(wealth: FloatArray) -> float:
    """Largest fall of wealth from its peak so far, the capital of 1 included."""
    path = np.append(1.0, wealth)
    return float((1 - path / np.maximum.accumulate(path)).max())


def _moments(returns: FloatArray) -> _Moments | None:
    """Moments per session; None under `SMALLEST_RECORD` sessions or without variance."""
    n = len(returns)
    if n < SMALLEST_RECORD or returns.std() <= _NOISE:
        return None
    z = (returns - returns.mean()) / returns.std()
    sharpe = float(returns.mean() / returns.std(ddof=1))
    return _Moments(n, sharpe, float((z**3).mean()), float((z**4).mean()))


def sharpe_error(sharpe: float, n: int, skew: float, kurtosis: float) -> float | None:
    r"""Standard error of a Sharpe ratio of `n` independent returns, in its own unit of time.

    .. math:: \sqrt{\frac{1 - \gamma_3 S + \frac{\gamma_4 - 1}{4} S^2}{n - 1}}

    Lo's for the normal, where :math:`\gamma_4 = 3`.  None where it is 0: two values only, or
    moments that no distribution has.
    """
    bracket = 1 - skew * sharpe + (kurtosis - 1) / 4 * sharpe**2
    return math.sqrt(bracket / (n - 1)) if bracket > _NOISE else None


def probabilistic_sharpe(
    sharpe: float, benchmark: float, n: int, skew: float, kurtosis: float
) -> float | None:
    """Probability that the true Sharpe ratio exceeds `benchmark`, both per session.

    Deflated if the benchmark is the `expected_maximum_sharpe` of the trials.
    """
    from scipy.stats import norm  # noqa: PLC0415 - 0.3 s, training only

    error = sharpe_error(sharpe, n, skew, kurtosis)
    return None if error is None else float(norm.cdf((sharpe - benchmark) / error))


def expected_maximum_sharpe(trials: int, variance: float) -> float:
    r"""Sharpe ratio of the luckiest of `trials` without any edge; 0 for one alone.

    .. math:: \sqrt V \left[ (1 - \gamma) \Phi^{-1}(1 - \tfrac1N)
              + \gamma \Phi^{-1}(1 - \tfrac1{N e}) \right]

    `variance` is that of their ratios; :math:`\gamma` is Euler's constant.  Trials that resemble
    each other count as fewer, so the number of all is the cautious one.
    """
    from scipy.stats import norm  # noqa: PLC0415 - 0.3 s, training only

    if trials == 1:
        return 0.0
    quantiles = norm.isf([1 / trials, 1 / (trials * math.e)])
    return math.sqrt(variance) * float(
        (1 - np.euler_gamma) * quantiles[0] + np.euler_gamma * quantiles[1]
    )


def _check(positions: FloatArray, returns: FloatArray, cost: float, trials: int) -> None:
    """`DataError` unless these are positions, simple returns, a cost and a count."""
    if positions.ndim != 1 or positions.shape != returns.shape:
        msg = f"found positions {positions.shape} and returns {returns.shape}, expected two of (n,)"
        raise DataError(msg)
    if not (np.isfinite(positions).all() and (abs(positions) <= 1).all()):
        msg = "a position is not finite or beyond [-1, 1]: the record is of unlevered capital"
        raise DataError(msg)
    if not (np.isfinite(returns).all() and (returns > -1).all()):
        msg = "a return is not finite or -1 and below, expected simple returns of a price: mend it"
        raise DataError(msg)
    if not (math.isfinite(cost) and cost >= 0 and trials >= 1):
        msg = f"cost {cost} bp and {trials} trials, expected 0 or more and 1 or more: count them"
        raise DataError(msg)
