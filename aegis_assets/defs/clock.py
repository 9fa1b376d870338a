"""The one clock: read where a payload is stamped, nowhere in a forecast."""

from datetime import UTC, datetime


def now() -> datetime:
    """The present moment, UTC, whole seconds."""
    return datetime.now(UTC).replace(microsecond=0)
