"""Whether the next sessions are calm, ordinary or rough by the standard of the last years."""

from aegis_assets.core.indicators.variance import realised_range_volatility
from aegis_assets.core.labels.label import Label
from aegis_assets.core.labels.paths import forward_volatility

WINDOW = 1000
CLASSES = ("LOW", "MEDIUM", "HIGH")


def regime(horizon: int, window: int = WINDOW) -> Label:
    """Realised volatility of `horizon` sessions among the terciles of the trailing ones.

    The terciles are those of `window` trailing volatilities, each of `horizon` bars and the last
    of them ending at t, by linear interpolation.  All of them must be there: a threshold of fewer
    would change its meaning with the day on which history began.
    """
    trailing = realised_range_volatility(horizon)
    return Label(
        name=f"regime_{horizon}",
        horizon=horizon,
        outcome=forward_volatility(horizon),
        cuts=tuple(
            trailing.rolling_quantile(
                share, interpolation="linear", window_size=window, min_samples=window
            )
            for share in (1 / 3, 2 / 3)
        ),
        classes=CLASSES,
        unit=f"log return over {horizon} sessions",
        definition=(
            f"LOW, MEDIUM or HIGH: sqrt(RV(t,{horizon})) among the terciles of sqrt(RV) of "
            f"{horizon} bars at each of the {window:,} bars up to t; RV = sum of the true-range "
            "Parkinson variances"
        ),
        warmup=window + horizon,
    )


REGIME_10 = regime(10)
