r"""How much the price may move from a moment to the closes ahead of it.

The core forecasts the variance from the last final close t to the close of t+1, 3, 5, 10, 20 and
40.  Between these horizons the variance per session is interpolated, beyond them the last holds.
With k sessions begun since t, and a variance r still to come of the running one,

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
        return sessions * self._per_session(sessions)

    def _per_session(self, sessions: int) -> float:
        horizons = sorted(self.variances)
        means = {horizon: self.variances[horizon] / horizon for horizon in horizons}
        place = bisect_left(horizons, sessions)
        if place == len(horizons):
            return means[horizons[-1]]
        above = horizons[place]
        if place == 0 or above == sessions:
            return means[above]
        below = horizons[place - 1]
        weight = (sessions - below) / (above - below)
        return (1 - weight) * means[below] + weight * means[above]
