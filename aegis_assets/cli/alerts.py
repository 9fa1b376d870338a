"""`aegis alerts`: what is wrong and told of, whom it did not reach, and a try of every place."""

import json
import sys
from datetime import datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.table import Table

from aegis_assets.adapters.alert_book import AlertBook, State
from aegis_assets.adapters.notifiers import LOG, Places, places_of, sent
from aegis_assets.cli.console import console, readable_errors, say
from aegis_assets.core.alerts import Alert, Message
from aegis_assets.core.markets import MARKETS
from aegis_assets.settings import settings

_TRY = Message(
    title="Aegis: this is a test",
    body="Alerts reach this place. Nothing is wrong, and nothing is to be done.",
    severity=None,
)


def alerts(
    *,
    test: Annotated[bool, typer.Option(help="Send a test notice to every place.")] = False,
    for_machines: Annotated[bool, typer.Option("--json", help="Open alerts as JSON.")] = False,
) -> None:
    """Open alerts, when they were last told, and the places that did not take them."""
    with readable_errors():
        chosen = settings()
        places = places_of(chosen.alert_to)
        if test:
            _try(places)
            return
        state = AlertBook.of(chosen).state()
        zone = ZoneInfo(MARKETS[chosen.market].time_zone)
        if for_machines:
            sys.stdout.write(json.dumps(_machine_rows(state), indent=2) + "\n")
        else:
            _show(state, places, zone, chosen.alert_again)


def _try(places: Places) -> None:
    """Say of each place whether it took a notice; status 1 if one did not."""
    if not places:
        say("AEGIS_ALERT_TO names no place: alerts go to the log of Dagster alone")
        return
    faults = sent(places, dict.fromkeys(places, _TRY))
    for name, fault in faults.items():
        say(f"{name}  {fault or 'took it'}", "red" if fault else "green")
    if any(faults.values()):
        raise typer.Exit(1)


def _show(state: State, places: Places, zone: ZoneInfo, again: timedelta) -> None:
    opened = sorted(state.book.open.values(), key=lambda alert: alert.opened_at)
    if opened:
        console.print(_table(opened, zone))
    else:
        say("no alert is open")
    looked = max(state.book.looked.values(), default=None)
    say(f"last look   {_shown(looked, zone) if looked else 'never: the sensor watch has not run'}")
    say(f"told again  after {again}, while it lasts")
    for name in (LOG, *places):
        say(f"place       {name}  {_standing(state, name, zone)}")


def _table(opened: list[Alert], zone: ZoneInfo) -> Table:
    table = Table("severity", "what", "since", "last told", "times", "found", "to do")
    for alert in opened:
        found = alert.finding
        table.add_row(
            found.severity.value,
            found.title,
            _shown(alert.opened_at, zone),
            _shown(alert.last_told_at, zone),
            str(alert.times_told),
            found.text,
            found.remedy,
        )
    return table


def _standing(state: State, name: str, zone: ZoneInfo) -> str:
    """What a place took last and what it is owed."""
    owed = state.outbox.get(name)
    if owed is None:
        return "nothing was sent yet"
    took = f"last took one {_shown(owed.last_taken_at, zone)}" if owed.last_taken_at else ""
    waiting = f"{len(owed.pending)} wait" if owed.pending else ""
    failing = f"{owed.failures} failures in a row" if owed.failures else ""
    lost = f"{owed.dropped} were not kept" if owed.dropped else ""
    return ", ".join(filter(None, (took, waiting, failing, lost))) or "nothing was sent yet"


def _machine_rows(state: State) -> list[dict[str, object]]:
    return [
        {
            "key": key,
            "severity": alert.finding.severity.value,
            "title": alert.finding.title,
            "text": alert.finding.text,
            "remedy": alert.finding.remedy,
            "opened_at": alert.opened_at.isoformat(),
            "last_told_at": alert.last_told_at.isoformat(),
            "times_told": alert.times_told,
        }
        for key, alert in sorted(state.book.open.items())
    ]


def _shown(moment: datetime, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M}"
