r"""GARCH(1,1) and its asymmetric sibling: the variance of returns as a recursion in returns.

.. math::
    r_t = \mu + \epsilon_t, \qquad
    \sigma_{t+1}^2 = \omega + (\alpha + \gamma 1_{\epsilon_t < 0}) \epsilon_t^2 + \beta \sigma_t^2

The expected variance of a farther session falls back geometrically:

.. math::
    E_t \sigma_{t+k+1}^2 = \omega + p \, E_t \sigma_{t+k}^2, \qquad
    p = \alpha + \gamma / 2 + \beta

References
----------
Bollerslev (1986), "Generalized Autoregressive Conditional Heteroskedasticity", Journal of
Econometrics 31(3).  Glosten, Jagannathan and Runkle (1993), "On the Relation between the Expected
Value and the Volatility of the Nominal Excess Return on Stocks", Journal of Finance 48(5).
"""

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np
import polars as pl

from aegis_assets.core.estimators.estimator import FloatArray, Outcome, checked, finite, reading
from aegis_assets.core.indicators.returns import LOG_RETURN_1

_COLUMNS = (LOG_RETURN_1.name,)
_PERCENT = 100.0
_STEPS = 500


@dataclass(frozen=True)
class Recursion:
    """In log returns per session; `mu` and `start` are the training returns' mean and variance."""

    mu: float
    omega: float
    alpha: float
    gamma: float
    beta: float
    start: float

    @property
    def persistence(self) -> float:
        """What a session leaves of a deviation of variance, on average; a symmetric law."""
        return self.alpha + self.gamma / 2 + self.beta

    def next_variance(self, returns: FloatArray, context: int) -> FloatArray:
        """Variance of the next session (n,) after each return (n,).

        Each row runs its own recursion, from `start` through the `context` returns before it and
        its own.  So what stands further back, or follows, changes no bit of it.
        """
        shocks = returns - self.mu
        push = self.omega + (self.alpha + self.gamma * (shocks < 0)) * shocks**2
        variance = np.full(len(returns), self.start)
        for lag in range(min(context, len(returns) - 1), -1, -1):
            variance[lag:] = push[: len(push) - lag] + self.beta * variance[lag:]
        return variance

    def to_horizon(self, next_variance: FloatArray, horizon: int) -> FloatArray:
        """Expected sum (n,) of the variances of `horizon` sessions, given that of the first."""
        powers = self.persistence ** np.arange(horizon)
        offset = self.omega * float(np.cumsum(powers)[:-1].sum())
        return float(powers.sum()) * next_variance + offset


@dataclass(frozen=True, eq=False)
class GarchModel:
    """A recursion with the horizon it forecasts to; without one, the `fault` says why."""

    name: str
    horizon: int
    context: int
    recursion: Recursion | None
    scale: float = math.nan
    fault: str = ""
    columns: tuple[str, ...] = _COLUMNS

    def forecast(self, inputs: pl.DataFrame) -> FloatArray:
        """Variance to the horizon (n, 1), squared log return; NaN where the fit was refused."""
        returns = checked(inputs, self.columns)[:, 0]
        return (self.scale * self.unscaled(returns))[:, None]

    def unscaled(self, returns: FloatArray) -> FloatArray:
        """Variance (n,) of the return to the horizon, as the recursion has it."""
        if self.recursion is None:
            return np.full(len(returns), np.nan)
        after = self.recursion.next_variance(returns, self.context)
        return self.recursion.to_horizon(after, self.horizon)

    def dump(self) -> bytes:
        """JSON; ``converged`` says whether there is anything to forecast with."""
        converged = self.recursion is not None
        stored = asdict(self) | {"converged": converged, "scale": self.scale if converged else None}
        return json.dumps(stored).encode()


@dataclass(frozen=True)
class Garch:
    """GARCH(1,1) with normal shocks, by maximum likelihood, at the level of the outcomes.

    The forecast is multiplied by the ratio of mean outcome to mean forecast in training, so that
    a rival wins by foresight and not by units.  A fit that finds no optimum, or has fewer than
    `minimum` returns, makes a model that answers no question: a baseline must not stop the rest.
    """

    asymmetric: bool = False
    fat_tails: bool = False
    minimum: int = 250
    context: int = 500
    name: str = "garch"
    suffix: str = ".json"
    nullable: frozenset[str] = frozenset()

    def inputs(self, features: Sequence[str], cuts: int) -> tuple[str, ...]:  # noqa: ARG002
        """The return of the session, whatever else the engine lists."""
        return _COLUMNS

    def fit(self, inputs: pl.DataFrame, outcome: Outcome, seed: int) -> GarchModel:  # noqa: ARG002
        """The recursion of these consecutive returns, for the sum of the horizon's."""
        returns = checked(inputs, _COLUMNS)[:, 0]
        recursion, fault = self._estimated(returns)
        bare = GarchModel(self.name, outcome.horizon, self.context, recursion, fault=fault)
        if recursion is None:
            return bare
        ratio = outcome.values.mean() / bare.unscaled(returns).mean()
        return replace(bare, scale=float(finite(ratio, "mean outcome over mean forecast")))

    def _estimated(self, returns: FloatArray) -> tuple[Recursion | None, str]:
        """The most likely recursion, or why there is none."""
        if len(returns) < self.minimum:
            return None, f"{len(returns)} returns, needs {self.minimum}"
        if np.ptp(returns) == 0.0:
            return None, "the returns never move"
        mu = float(returns.mean())
        shocks = returns - mu
        with np.errstate(all="ignore"):
            parameters, status = self._most_likely(_PERCENT * shocks)
        if status or not np.isfinite(parameters).all():
            return None, f"no optimum found: the optimiser ended with status {status}"
        omega, *pushes, beta = parameters[: 3 + self.asymmetric].tolist()
        alpha, gamma = pushes if self.asymmetric else (*pushes, 0.0)
        start = float(np.mean(shocks**2))
        return Recursion(mu, omega / _PERCENT**2, alpha, gamma, beta, start), ""

    def _most_likely(self, shocks: FloatArray) -> tuple[FloatArray, int]:
        """Parameters as `arch` orders them, shocks in percent, and the optimiser's status.

        The search starts from the best point of a fixed grid.  One thread: the optimiser's linear
        algebra has other last bits with two, and the optimum is flat.
        """
        from arch.univariate import (  # noqa: PLC0415 - 1.4 s that only training should pay
            GARCH,
            Normal,
            StudentsT,
            ZeroMean,
        )
        from threadpoolctl import (  # type: ignore[import-untyped]  # noqa: PLC0415 - as above
            threadpool_limits,
        )

        law = StudentsT() if self.fat_tails else Normal()
        volatility = GARCH(p=1, o=int(self.asymmetric), q=1)
        model = ZeroMean(shocks, volatility=volatility, distribution=law, rescale=False)
        with threadpool_limits(limits=1):
            found = model.fit(disp="off", show_warning=False, options={"maxiter": _STEPS})
        return found.params.to_numpy(dtype=np.float64), int(found.convergence_flag)

    def load(self, content: bytes) -> GarchModel:
        """The model that `dump` wrote."""
        with reading(self.name):
            stored = json.loads(content)
            if stored["name"] != self.name:
                msg = f"a model called {stored['name']}"
                raise ValueError(msg)
            converged = stored["converged"]
            return GarchModel(
                name=stored["name"],
                horizon=int(stored["horizon"]),
                context=int(stored["context"]),
                recursion=Recursion(**stored["recursion"]) if converged else None,
                scale=float(stored["scale"]) if converged else math.nan,
                fault=str(stored["fault"]),
            )


@dataclass(frozen=True)
class GjrGarch(Garch):
    """GARCH in which a fall weighs more than a rise, with Student's t for the shocks."""

    asymmetric: bool = True
    fat_tails: bool = True
    name: str = "gjr_garch"
