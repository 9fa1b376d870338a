"""How high and how low the path goes: the two edges of a range that shall hold until expiry."""

from aegis_assets.core.labels.label import Label
from aegis_assets.core.labels.paths import forward_fall, forward_rise

# One-sided: a range that leaves alpha out leaves alpha / 2 on either side; 80, 90 and 95 %.
LEVELS = (0.9, 0.95, 0.975)


def rise(horizon: int) -> Label:
    """Log distance up to the highest high of the next `horizon` sessions, at least 0."""
    return Label(
        name=f"rise_{horizon}",
        horizon=horizon,
        outcome=forward_rise(horizon),
        cuts=(),
        classes=(),
        unit="log return",
        definition=f"U = max(0, ln(highest high of t+1..t+{horizon} / C[t]))",
        levels=LEVELS,
    )


def fall(horizon: int) -> Label:
    """Log distance down to the lowest low of the next `horizon` sessions, at least 0."""
    return Label(
        name=f"fall_{horizon}",
        horizon=horizon,
        outcome=forward_fall(horizon),
        cuts=(),
        classes=(),
        unit="log return",
        definition=f"L = max(0, ln(C[t] / lowest low of t+1..t+{horizon}))",
        levels=LEVELS,
    )


RISE_1, RISE_5, RISE_10, RISE_20 = (rise(horizon) for horizon in (1, 5, 10, 20))
FALL_1, FALL_5, FALL_10, FALL_20 = (fall(horizon) for horizon in (1, 5, 10, 20))
