"""Figures as they are read; what is unknown is a dash, never a nought."""

from aegis_assets.core.evidence import Coverage, Slope

UNKNOWN = "-"


def fraction(value: float | None, places: int = 3) -> str:
    """A plain number."""
    return UNKNOWN if value is None else f"{value:.{places}f}"


def signed(value: float | None, places: int = 3) -> str:
    """A number whose sign is its message."""
    return UNKNOWN if value is None else f"{value:+.{places}f}"


def percent(value: float | None) -> str:
    """A fraction in percent, as coverage and returns are told."""
    return UNKNOWN if value is None else f"{value:.1%}"


def loss(value: float | None) -> str:
    """A mean loss: of variances it is minute, so its digits count and not its places."""
    return UNKNOWN if value is None else f"{value:.4g}"


def interval(lower: float | None, upper: float | None, places: int = 3) -> str:
    """Both bounds, or a dash."""
    if lower is None or upper is None:
        return UNKNOWN
    return f"[{lower:.{places}f}, {upper:.{places}f}]"


def slope_told(slope: Slope | None) -> str:
    """A calibration slope with its interval."""
    if slope is None:
        return UNKNOWN
    return f"{slope.value:.2f} {interval(slope.lower, slope.upper, 2)}"


def coverage_told(coverage: Coverage) -> str:
    """A share held with its interval."""
    return f"{coverage.value:.3f} {interval(coverage.lower, coverage.upper)}"


def rates(values: tuple[float, ...]) -> str:
    """Shares of the classes."""
    return " / ".join(f"{each:.3f}" for each in values) or UNKNOWN
