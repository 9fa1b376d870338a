"""How far the index ends from today's close, whichever way."""

from aegis_assets.core.labels.label import Label
from aegis_assets.core.labels.paths import forward_return

LEVELS = (0.1, 0.5, 0.9)


def magnitude(horizon: int) -> Label:
    """Size of the log return over `horizon` sessions."""
    return Label(
        name=f"magnitude_{horizon}",
        horizon=horizon,
        outcome=forward_return(horizon).abs(),
        cuts=(),
        classes=(),
        unit="log return",
        definition=f"|ln(C[t+{horizon}] / C[t])|",
        levels=LEVELS,
    )


MAGNITUDE_1, MAGNITUDE_3, MAGNITUDE_5, MAGNITUDE_10, MAGNITUDE_20, MAGNITUDE_40 = (
    magnitude(horizon) for horizon in (1, 3, 5, 10, 20, 40)
)
