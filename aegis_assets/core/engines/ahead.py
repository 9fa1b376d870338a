r"""How much the price may move from a moment to the closes ahead of it.

The core forecasts the variance from the last final close t to the close of t+1, 3, 5, 10, 20 and
40, V.  Between two horizons each session adds as much, beyond the last the mean of all before: so
a longer way never has less variance than a shorter one, if the core's own has not.  With k sessions
begun since t, and a variance r still to come of the running one,

.. math:: v_n = r + V(k + n) - V(k)

is the variance from the moment to the close of the n-th session after the running one.  At a final
close k and r are 0, and nothing but the core's own forecast is left.
"""

import math
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Ahead:
    """The core's `variances` by horizon, `begun` sessions since its close, `rest` of the last."""

    variances: Mapping[int, float]
    begun: int = 0
    rest: float = 0.0

    def scale(self, sessions: int) -> float:
        """Volatility from the moment to a close ahead; 0 is the running session's own."""
        ahead = self._since_close(self.begun + sessions) - self._since_close(self.begun)
        return math.sqrt(self.rest + max(ahead, 0.0))

    def session_scale(self, sessions: int) -> float:
        """Volatility of a session ahead alone, from the close before it."""
        place = self.begun + sessions
        return math.sqrt(max(self._since_close(place) - self._since_close(place - 1), 0.0))

    def _since_close(self, sessions: int) -> float:
        """Variance from the last final close to the close `sessions` after it."""
        knots = {0: 0.0, **self.variances}
        if sessions in knots:
            return knots[sessions]
        horizons = sorted(knots)
        place = bisect_left(horizons, sessions)
        below = horizons[place - 1]
        if place == len(horizons):
            return knots[below] * sessions / below
        weight = (sessions - below) / (horizons[place] - below)
        return (1 - weight) * knots[below] + weight * knots[horizons[place]]
