"""How much the next sessions move: the outcome under everything else."""

from aegis_assets.core.labels.label import Label
from aegis_assets.core.labels.paths import forward_variance


def realised_variance(horizon: int) -> Label:
    """Sum of the session variances of the next `horizon` sessions."""
    return Label(
        name=f"variance_{horizon}",
        horizon=horizon,
        outcome=forward_variance(horizon),
        cuts=(),
        classes=(),
        unit="squared log return",
        definition=f"sum of the true-range Parkinson variances of t+1..t+{horizon}",
    )


VARIANCE_1, VARIANCE_3, VARIANCE_5, VARIANCE_10, VARIANCE_20, VARIANCE_40 = (
    realised_variance(horizon) for horizon in (1, 3, 5, 10, 20, 40)
)
