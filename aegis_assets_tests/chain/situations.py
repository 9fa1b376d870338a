"""Situations in which a fault of Yahoo is met, and what came of it."""

import re
import shutil
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl

from aegis_assets.adapters.verdicts import Outcome
from aegis_assets.core import candles, intraday
from aegis_assets.core.laws import FORMING
from aegis_assets.core.markets import NIFTY, SP500, Market
from aegis_assets.core.universe import Instrument
from aegis_assets_tests.chain.bench import APPLE, BARS, MINUTES, Bench, sessions_of
from aegis_assets_tests.loopback.books import synthetic_book
from aegis_assets_tests.loopback.mutations import Chart, result
from aegis_assets_tests.loopback.scripts import Fault
from aegis_assets_tests.loopback.server import LoopbackYahoo
from aegis_assets_tests.loopback.transport import TransportFault

BOOK = synthetic_book(["^NSEI", "^INDIAVIX", "AAPL"], date(2024, 7, 1))
SINCE = date(2024, 9, 2)
FRIDAY = date(2024, 12, 13)
SESSION = frozenset({"TransportError", "RateLimitError", "CoolingDownError"})

_WEEK = timedelta(days=7)
_SHORT_S = 0.2
_SILENT = frozenset({"hang", "drip"})
_CODE = re.compile(r"(?:\w+Error: (?=[A-Z_]+:))?(\w+)")


@dataclass(frozen=True)
class Found:
    """What came of a fault: verdict, codes, what was put away, requests by host.

    `changed` counts good final bars that are gone or have another price, `restated` those of which
    the outcome says so.
    """

    verdict: str
    codes: tuple[str, ...]
    put_away: dict[str, int]
    requests: dict[str, int]
    changed: int = 0
    restated: int = 0
    notes: tuple[str, ...] = field(default=())


@dataclass(frozen=True)
class Place:
    """An instrument, and a moment at which the last session of it has settled."""

    market: Market
    instrument: Instrument
    moment: datetime

    @property
    def next(self) -> datetime:
        """The same time after the next session: the moments are of Fridays."""
        return self.moment + timedelta(days=3)


INDEX = Place(NIFTY, NIFTY.index, datetime(2024, 12, 13, 16, 20, tzinfo=ZoneInfo("Asia/Kolkata")))
EQUITY = Place(SP500, APPLE, datetime(2024, 12, 13, 16, 50, tzinfo=ZoneInfo("America/New_York")))
SLOT = INDEX.moment.replace(hour=11, minute=32, second=27)


class Situations:
    """Meets faults of `yahoo` again and again, each time in a fresh home below `folder`."""

    def __init__(self, yahoo: LoopbackYahoo, folder: Path) -> None:
        self._yahoo, self._folder = yahoo, folder
        self._homes = 0
        self._good: dict[str, Path] = {}
        self._known: dict[str, pl.DataFrame] = {}

    def first(self, place: Place, fault: Fault) -> Found:
        """The fault meets whoever has nothing yet."""
        return self._daily(self.home(), place, fault)

    def tail(self, place: Place, fault: Fault) -> Found:
        """The fault meets a good store that lacks the last five sessions, and ten good ones."""
        return self._daily(self.behind(place), place, fault)

    def slot(self, fault: Fault) -> Found | None:
        """The fault meets a slot at 11:32:27 after a good one at 11:02:27; null if it cannot."""
        for_minutes = of_minutes(fault)
        if for_minutes is None:
            return None
        return self._slot(for_minutes)

    def home(self, good: Path | None = None) -> Path:
        """A new home, with what an earlier one has stored."""
        self._homes += 1
        home = self._folder / str(self._homes)
        home.mkdir(parents=True)
        if good is not None:
            shutil.copy(good, home / good.name)
        return home

    def behind(self, place: Place) -> Path:
        """A new home that has good bars up to a week before."""
        return self.home(
            self._seeded(place.instrument.symbol, lambda home: self._before(home, place))
        )

    def bench(self, home: Path, at: datetime, fault: Fault | None = None) -> Bench:
        """The home as it starts at a moment, with the fault in its way for ever."""
        self._yahoo.heal()
        self._yahoo.forget()
        self._yahoo.clock.set(at)
        if fault is not None:
            self._yahoo.script(fault)
        patience = _SHORT_S if fault is not None and fault.name in _SILENT else 20.0
        return Bench(self._yahoo, home, timeout_s=patience)

    def _seeded(self, name: str, fill: Callable[[Path], Bench]) -> Path:
        if name not in self._good:
            self._good[name] = fill(self.home()).warehouse
        return self._good[name]

    def _before(self, home: Path, place: Place) -> Bench:
        bench = self.bench(home, place.moment - _WEEK)
        bench.fetch(place.market, [place.instrument], SINCE)
        self._known[place.instrument.symbol] = bench.store.daily(place.instrument.symbol)
        return bench

    def _daily(self, home: Path, place: Place, fault: Fault) -> Found:
        bench = self.bench(home, place.moment, fault)
        good = self._known.get(place.instrument.symbol) if bench.warehouse.exists() else None
        (outcome,) = bench.fetch(place.market, [place.instrument], SINCE)
        stored = bench.store.daily(place.instrument.symbol)
        away = candles.quarantined(stored, [place.instrument], sessions_of(stored, place.market))
        return _found(bench, [outcome], away, _changed(good, stored, BARS))

    def _slot(self, fault: Fault) -> Found:
        home = self.home(self._seeded("slot", self._slot_before))
        bench = self.bench(home, SLOT, fault)
        gathered = bench.gather(NIFTY, FRIDAY)
        stored = bench.minutes(NIFTY, FRIDAY)
        changed = _changed(self._known["slot"], stored, MINUTES)
        one = stored.filter(symbol=NIFTY.index.symbol, interval="1m")
        away = intraday.quarantined(one, [NIFTY.index], NIFTY, FRIDAY)
        expected = intraday.expected_bars(NIFTY, FRIDAY, "1m", SLOT)
        have, spot = one.height - away.height, gathered.quotes[0]
        notes = [f"{have} of {expected} bars"] if have < expected else []
        notes += [f"spot: stale {spot.source}"] if spot.stale else []
        broken = away.filter(pl.col("reason") != FORMING.code)
        return _found(bench, gathered.outcomes, broken, changed, tuple(notes))

    def _slot_before(self, home: Path) -> Bench:
        bench = self.bench(home, SLOT - timedelta(minutes=30))
        bench.fetch(NIFTY, NIFTY.instruments, SINCE)
        bench.gather(NIFTY, FRIDAY)
        self._known["slot"] = bench.minutes(NIFTY, FRIDAY).filter("is_final")
        return bench


def _changed(good: pl.DataFrame | None, stored: pl.DataFrame, columns: list[str]) -> int:
    """How many good bars are gone, or have another price."""
    return 0 if good is None else good.join(stored, columns, "anti", nulls_equal=True).height


def _found(
    bench: Bench,
    outcomes: list[Outcome],
    away: pl.DataFrame,
    changed: int,
    notes: tuple[str, ...] = (),
) -> Found:
    codes = dict.fromkeys(code_of(reason) for each in outcomes for reason in each.reasons)
    if codes.keys() & SESSION:
        last = bench.source.archive.fetches()["verdict"][-1]
        codes = {f"{code} ({last})": None for code in codes}
    reasons = away["reason"].value_counts().sort("reason")
    return Found(
        verdict=" or ".join(sorted({each.verdict.value for each in outcomes})),
        codes=tuple(codes),
        put_away=dict(reasons.iter_rows()),
        requests=bench.asked,
        changed=changed,
        restated=sum(each.restated for each in outcomes),
        notes=notes,
    )


def code_of(reason: str) -> str:
    """The code that a reason begins with; the kind of error where it has none."""
    said = reason.removeprefix("not asked, since before: ")
    found = _CODE.match(said)
    return found[1] if found else said


@dataclass(frozen=True)
class _Changed:
    name: str
    change: Callable[[Chart], Chart | bytes]


def of_minutes(fault: Fault) -> Fault | None:
    """The fault for an answer of minutes, which has no adjusted closes to be spoilt."""
    if isinstance(fault, TransportFault):
        return fault
    if fault.name.startswith("adjclose"):
        return None
    return _Changed(fault.name, lambda chart: _with_adjusted(chart, fault.change))


def _with_adjusted(chart: Chart, change: Callable[[Chart], Chart | bytes]) -> Chart | bytes:
    """What `change` makes of the answer, had it adjusted closes like a daily one."""
    lent = deepcopy(chart)
    columns = result(lent)["indicators"]
    columns["adjclose"] = [{"adjclose": [*columns["quote"][0]["close"]]}]
    made = change(lent)
    if isinstance(made, bytes):
        return made
    for answer in (made.get("chart") or {}).get("result") or []:
        answer.get("indicators", {}).pop("adjclose", None)
    return made
