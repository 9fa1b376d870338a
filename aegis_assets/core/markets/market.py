"""What Aegis must know of a market; everything downstream takes it as a value."""

from dataclasses import dataclass, field
from datetime import date, time, timedelta

from aegis_assets.core.universe import Instrument

Window = tuple[time, time]


@dataclass(frozen=True)
class Correction:
    """A day on which the exchange did not do what the calendar package says, and who says so.

    `hours` are the windows it traded in, in exchange time; without any it was closed.
    """

    day: date
    hours: tuple[Window, ...]
    source: str


@dataclass(frozen=True)
class EarlierHours:
    """The regular hours of the sessions before `until`, where they were other than today's."""

    until: date
    hours: Window
    source: str


@dataclass(frozen=True)
class ExpiryRule:
    """Which days options expire on, from `since` to the day before `until`, and who says so.

    Every `weekday` (Monday is 0), or only the `place`-th of its month: 3 is the third, -1 the last.
    One on which the exchange is closed falls on the session before, or after where it `moves_on`.
    A weekly rule that `spares_monthly_week` has none in the week of a monthly one.
    """

    weekday: int
    since: date
    source: str
    until: date = date.max
    place: int | None = None
    moves_on: bool = False
    spares_monthly_week: bool = False


@dataclass(frozen=True)
class Market:
    """An index, its volatility index and the exchange whose sessions they share.

    `calendar` is a code of the `exchange_calendars` package, to be trusted from `first_year` on
    and once corrected.  The index has daily bars since `quoted_since`.  `opens` and `closes` are
    regular hours in `time_zone`; the calendar knows the half days.  `settles` is how long after the
    close the source's daily bar stops changing.  Where the package's list of holidays ends before
    the exchange's own, `corrections` may hold every closed weekday up to `listed_to`.
    `strike_step` is how far apart neighbouring strikes of near expiries are, in points.
    """

    name: str
    description: str
    index: Instrument
    volatility_index: Instrument
    calendar: str
    time_zone: str
    opens: time
    closes: time
    first_year: int
    quoted_since: date
    strike_step: float
    settles: timedelta = timedelta(minutes=45)
    # The tables stay out of the hash, which every look-up in the calendar computes.
    corrections: tuple[Correction, ...] = field(default=(), hash=False)
    earlier_hours: tuple[EarlierHours, ...] = field(default=(), hash=False)
    expiry_rules: tuple[ExpiryRule, ...] = field(default=(), hash=False)
    listed_to: date = date.min

    @property
    def instruments(self) -> tuple[Instrument, ...]:
        """All that is quoted, the index first."""
        return (self.index, self.volatility_index)
