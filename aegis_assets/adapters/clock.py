"""The one clock: read where something is fetched or stamped, nowhere in a forecast."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

Clock = Callable[[], datetime]


def machine_clock() -> datetime:
    """The present moment, UTC, whole seconds."""
    return datetime.now(UTC).replace(microsecond=0)


def shifted(shift: timedelta) -> Clock:
    """The machine's clock moved by `shift`, for a demonstration of another day."""
    return lambda: machine_clock() + shift
