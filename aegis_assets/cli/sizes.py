"""Bytes as people read them."""

from typing import Final

_UNITS: Final = ("B", "kB", "MB", "GB")


def told_bytes(count: int) -> str:
    """Decimal, as disks are sold."""
    power = min(3, max(0, (len(str(count)) - 1) // 3))
    return f"{round(count / 1000**power, 1 if power else None):,} {_UNITS[power]}"
