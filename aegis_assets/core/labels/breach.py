"""Whether price leaves the band that an option seller is short of."""

from aegis_assets.core.indicators.volatility import ewma_volatility
from aegis_assets.core.indicators.volatility_index import implied_volatility
from aegis_assets.core.labels.label import Label
from aegis_assets.core.labels.paths import band, forward_excursion, forward_return

CLASSES = ("INSIDE", "OUTSIDE")


def _digits(width: float) -> str:
    return f"{width:g}".replace(".", "_")


def touch(horizon: int, width: float) -> Label:
    """Whether any of the next `horizon` sessions trades outside ``close * exp(±band)``."""
    return Label(
        name=f"touch_{_digits(width)}_{horizon}",
        horizon=horizon,
        outcome=forward_excursion(horizon),
        cuts=(band(ewma_volatility(), horizon, width),),
        classes=CLASSES,
        unit="log return",
        definition=(
            f"OUTSIDE if max(U, L) > {width:g} * sigma * sqrt({horizon}); U, L = highest high and "
            f"lowest low of t+1..t+{horizon} against C[t] in logs, sigma = EWMA(0.94) volatility"
        ),
    )


def terminal(horizon: int, width: float) -> Label:
    """Whether the close `horizon` sessions ahead lies outside ``close * exp(±band)``."""
    return Label(
        name=f"terminal_{_digits(width)}_{horizon}",
        horizon=horizon,
        outcome=forward_return(horizon).abs(),
        cuts=(band(ewma_volatility(), horizon, width),),
        classes=CLASSES,
        unit="log return",
        definition=(
            f"OUTSIDE if |ln(C[t+{horizon}] / C[t])| > {width:g} * sigma * sqrt({horizon}), "
            "sigma = EWMA(0.94) volatility at t"
        ),
    )


def implied_touch(horizon: int, width: float) -> Label:
    """Whether the path leaves the band that the volatility index implies."""
    return Label(
        name=f"implied_touch_{_digits(width)}_{horizon}",
        horizon=horizon,
        outcome=forward_excursion(horizon),
        cuts=(band(implied_volatility(), horizon, width),),
        classes=CLASSES,
        unit="log return",
        definition=(
            f"OUTSIDE if max(U, L) > {width:g} * IV * sqrt({horizon} / 252), "
            "IV = the volatility index at t"
        ),
    )


def implied_terminal(horizon: int, width: float) -> Label:
    """Whether the close `horizon` sessions ahead lies outside the band of the volatility index."""
    return Label(
        name=f"implied_terminal_{_digits(width)}_{horizon}",
        horizon=horizon,
        outcome=forward_return(horizon).abs(),
        cuts=(band(implied_volatility(), horizon, width),),
        classes=CLASSES,
        unit="log return",
        definition=(
            f"OUTSIDE if |ln(C[t+{horizon}] / C[t])| > {width:g} * IV * sqrt({horizon} / 252), "
            "IV = the volatility index at t"
        ),
    )


TOUCH_0_5_20, TOUCH_1_20, TOUCH_1_5_20, TOUCH_2_20 = (
    touch(20, width) for width in (0.5, 1.0, 1.5, 2.0)
)
TERMINAL_0_5_20, TERMINAL_1_20, TERMINAL_1_5_20, TERMINAL_2_20 = (
    terminal(20, width) for width in (0.5, 1.0, 1.5, 2.0)
)
# Of each name, the last number is the horizon and those before it the width.
IMPLIED_TOUCH_1_5, IMPLIED_TOUCH_1_5_5, IMPLIED_TOUCH_1_20, IMPLIED_TOUCH_1_5_20 = (
    implied_touch(horizon, width) for horizon in (5, 20) for width in (1.0, 1.5)
)
IMPLIED_TERMINAL_1_5, IMPLIED_TERMINAL_1_5_5, IMPLIED_TERMINAL_1_20, IMPLIED_TERMINAL_1_5_20 = (
    implied_terminal(horizon, width) for horizon in (5, 20) for width in (1.0, 1.5)
)
