"""Findings, and looks that find them."""

from dataclasses import replace
from datetime import datetime, timedelta

from aegis_assets.core.alerts import Book, Event, Finding, Look, Severity, notices
from aegis_assets.core.markets import NIFTY

AGAIN = timedelta(hours=6)
MINUTE = timedelta(minutes=1)
TOPICS = frozenset({"disk", "slot"})


def india(text):
    return datetime.fromisoformat(f"{text}+05:30")


NOON = india("2024-12-10T12:00:00")  # a Tuesday
DISK = Finding("disk/scarce", Severity.WARNING, "disk nearly full", "1 GB free.", "free some")
FULL = replace(DISK, severity=Severity.CRITICAL, text="Nothing free.")
SLOT = Finding("slot/late", Severity.CRITICAL, "a slot is late", "11:45.", "look", True)


def run(steps, again=AGAIN):
    """All that is told by looks at these moments, and the book after them."""
    told, book = [], Book()
    for moment, *findings in steps:
        said, book = notices(book, Look(tuple(findings), TOPICS), NIFTY, moment, again)
        told += said
    return told, book


def kinds(told):
    return [each.kind for each in told]


def failed(number, job="train"):
    text = f"Run {number} failed."
    return Event(f"failed {number}", Finding(f"run/{job}", Severity.CRITICAL, "run", text, "mend"))
