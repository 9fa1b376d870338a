"""What Aegis must know of a market; everything downstream takes it as a value."""

from dataclasses import dataclass
from datetime import time

from aegis_assets.core.universe import Instrument


@dataclass(frozen=True)
class Market:
    """An index, its volatility index and the exchange whose sessions they share.

    `calendar` is a code of the `exchange_calendars` package.  `opens` and `closes` are regular
    hours in `time_zone`; the calendar knows the half days.
    """

    name: str
    index: Instrument
    volatility_index: Instrument
    calendar: str
    time_zone: str
    opens: time
    closes: time

    @property
    def instruments(self) -> tuple[Instrument, ...]:
        """All that is quoted, the index first."""
        return (self.index, self.volatility_index)
