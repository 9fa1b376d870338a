"""What is told to people: findings become notices once, and notices are owed to places."""

from aegis_assets.core.alerts.book import QUIET, Alert, Book, notices, occurred
from aegis_assets.core.alerts.finding import Event, Finding, Kind, Look, Notice, Severity
from aegis_assets.core.alerts.outbox import (
    Message,
    Owed,
    due,
    message,
    posted,
    refused,
    taken,
)

__all__ = [
    "QUIET",
    "Alert",
    "Book",
    "Event",
    "Finding",
    "Kind",
    "Look",
    "Message",
    "Notice",
    "Owed",
    "Severity",
    "due",
    "message",
    "notices",
    "occurred",
    "posted",
    "refused",
    "taken",
]
