"""The fault table: what each fault of the loopback Yahoo comes to, and where it is caught."""

from collections.abc import Iterator
from dataclasses import dataclass

from aegis_assets.core.candles import LAWS
from aegis_assets.core.vetting import Overlap
from aegis_assets_tests.chain.situations import EQUITY, INDEX, SESSION, Found, Situations
from aegis_assets_tests.loopback.faults import FAULTS
from aegis_assets_tests.loopback.scripts import Fault
from aegis_assets_tests.loopback.transport import TRANSPORT_FAULTS, TransportFault

YAHOO = "query2.finance.yahoo.com"
BODIES, WAYS = "In the body of an answer with status 200", "On the way, or with another status"
SECTIONS: dict[str, dict[str, Fault]] = {BODIES: {**FAULTS}, WAYS: {**TRANSPORT_FAULTS}}

HARMLESS = {
    "no_trading_periods": "the hours are those of the exchange's calendar, not of the answer",
    "late_dividend": "events of an answer of minutes are not read",
    "bad_events": "events of an answer of minutes are not read",
}
"""Faults that need no code in an answer of minutes, and why."""

UNSEEN: dict[str, str] = {}
"""Faults that a slot believes: what is missing, until it is there."""

_CALENDAR = {"MISSING_SESSIONS", "SESSIONS_MISSING", "NEWEST_SESSION_MISSING"}
_STORE = {*Overlap, "SCALE_CHANGED", "HISTORY_DISAGREES"}
_CLOSED = {law.code for law in LAWS} - {"DUPLICATE"}
_HEAD = """\
# Faults of Yahoo, and what becomes of them

Written by `python -m aegis_assets_tests.chain > docs/faults.md`; a test compares each line with
what happens.  The whole chain runs against the loopback Yahoo; every request meets the fault.

- **first**: ^NSEI, nothing stored.  **tail**: ten good bars are stored, five sessions are missing.
  What differs for an equity follows after *AAPL*.  **slot**: three requests at 11:32:27, good bars
  up to 11:02 are stored; counts of bars and codes with × are of the index's minutes.
- UPDATED: rows came in.  KEPT: none did, and what was stored stays.  A code with × counts bars that
  do not become candles; the other codes are reasons of the outcome.
- Requests are those of first / tail / slot, all to `query2.finance.yahoo.com`.
"""
_COLUMNS = """
| fault | first | tail | slot | requests | caught by |
|---|---|---|---|---|---|
"""


@dataclass(frozen=True)
class Row:
    """What a fault comes to in every situation; null where it cannot be met."""

    first: Found | None
    tail: Found | None
    equity_first: Found | None
    equity_tail: Found | None
    slot: Found | None

    @property
    def found(self) -> Iterator[Found]:
        cells = (self.first, self.tail, self.equity_first, self.equity_tail, self.slot)
        yield from (each for each in cells if each is not None)


def row(situations: Situations, fault: Fault) -> Row:
    slot = situations.slot(fault)
    if getattr(fault, "intraday", False):
        return Row(None, None, None, None, slot)
    first, tail = situations.first, situations.tail
    index = first(INDEX, fault), tail(INDEX, fault)
    if isinstance(fault, TransportFault):  # which knows no symbols
        return Row(*index, None, None, slot)
    return Row(*index, first(EQUITY, fault), tail(EQUITY, fault), slot)


def document(situations: Situations) -> Iterator[str]:
    """The pieces of `docs/faults.md`."""
    yield _HEAD
    for section, faults in SECTIONS.items():
        yield f"\n## {section}\n{_COLUMNS}"
        yield from (line(name, row(situations, fault)) for name, fault in faults.items())
    yield "\n## Harmless to a slot\n\n"
    yield from (f"- `{name}`: {why}.\n" for name, why in HARMLESS.items())
    if UNSEEN:
        yield "\n## Not seen in a slot yet\n\n"
        yield from (f"- `{name}`: {why}.\n" for name, why in UNSEEN.items())


def line(name: str, found: Row) -> str:
    """The row of a fault, as Markdown."""
    daily = ((found.first, found.equity_first), (found.tail, found.equity_tail))
    counts = [_both(_requests(one), _requests(other)) for one, other in daily]
    cells = (
        f"`{name}`",
        *(_both(_cell(one), _cell(other)) for one, other in daily),
        _slot(name, found.slot),
        " / ".join([*counts, _requests(found.slot)]),
        ", ".join(places(found)),
    )
    return f"| {' | '.join(cells)} |\n"


def is_told(found: Found) -> bool:
    """Whether the outcome, the stored rows or the laws say that something is wrong."""
    return bool(found.codes or found.put_away or found.notes)


def is_harmless(name: str, found: Found | None) -> bool:
    return found is not None and name in HARMLESS and not is_told(found)


def places(found: Row) -> list[str]:
    """Where the fault is caught, in the order in which an answer passes them."""
    said = {code for each in found.found for code in (*each.codes, *each.put_away)}
    codes = {code.partition(" ")[0] for code in said}
    notes = any(each.notes and not each.codes for each in found.found)
    known = {"session": SESSION, "laws": _CLOSED, "calendar": _CALENDAR, "store": _STORE}
    parser = codes - set().union(*known.values())
    met = {
        "session": codes & SESSION,
        "parser": parser,
        "calendar": codes & _CALENDAR or notes,
        "store": codes & _STORE,
        "laws": codes & _CLOSED,
    }
    return [place for place, found_there in met.items() if found_there]


def _both(index: str, equity: str) -> str:
    return index if equity in {index, "–"} else f"{index}; *AAPL* {equity}"


def _slot(name: str, found: Found | None) -> str:
    if found is None or is_told(found):
        return _cell(found)
    return "harmless" if is_harmless(name, found) else f"**not seen** {_cell(found)}"


def _cell(found: Found | None) -> str:
    if found is None:
        return "–"
    away = [f"{code} × {count}" for code, count in found.put_away.items()]
    told = [f"{found.restated} bars restated"] if found.restated else []
    said = [code for code in found.codes if code not in found.put_away]
    return f"{found.verdict} {', '.join([*said, *away, *told, *found.notes])}".strip()


def _requests(found: Found | None) -> str:
    if found is None:
        return "–"
    others = [f"{host} {count}" for host, count in found.requests.items() if host != YAHOO]
    return " + ".join([str(found.requests.get(YAHOO, 0)), *others])
