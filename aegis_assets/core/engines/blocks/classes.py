"""Three class probabilities, and the words that they come to."""

from aegis_assets.core.contract.direction import Probabilities
from aegis_assets.core.contract.words import Direction
from aegis_assets.core.engines.restating import Forecast


def lifted(probabilities: Forecast, base_rates: Forecast) -> Direction:
    """The tail of DOWN, NEUTRAL, UP that stands above its base rate while the other does not.

    More volatility lifts both tails: that is no direction.
    """
    down, _, up = (p - rate for p, rate in zip(probabilities, base_rates, strict=True))
    if up > 0 >= down:
        return Direction.UP
    return Direction.DOWN if down > 0 >= up else Direction.NEUTRAL


def conviction(probabilities: Forecast) -> float:
    """How far the largest of three probabilities is beyond a third, of what there is beyond."""
    return min(1.0, max(0.0, (max(probabilities) - 1 / 3) / (2 / 3)))


def by_class(probabilities: Forecast) -> Probabilities:
    """Probabilities in the order of the label's classes, by name."""
    down, neutral, up = probabilities
    return Probabilities(up=up, neutral=neutral, down=down)
