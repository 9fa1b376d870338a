"""Months of the ledger that are to be settled and scored."""

from datetime import date

import dagster as dg

from aegis_assets.adapters.publishers import FolderPublisher
from aegis_assets.defs.candles import DAILY
from aegis_assets.defs.due_served import made_at
from aegis_assets.defs.ledger_checks import OUTCOMES_KEY, SCORECARD_KEY

_MADE = (OUTCOMES_KEY, SCORECARD_KEY)


def due_months(
    instance: dg.DagsterInstance, publisher: FolderPublisher, months: list[str], newest: date
) -> list[str]:
    """From the first month settled or scored on other candles, or never, to the newest.

    `newest` is the last session that is final.  None while no claim can have ended by then.
    """
    told = told_months(publisher, months, newest)
    done = [
        min(made_at(instance, key, month) for key in _MADE) > made_at(instance, DAILY, month)
        for month in told
    ]
    return told[done.index(False) :] if False in done else []


def told_months(publisher: FolderPublisher, months: list[str], newest: date) -> list[str]:
    """Months in which a claim may have ended, of those that there are."""
    published = publisher.slots()[:1]
    if not published or published[0][:10] >= f"{newest}":
        return []
    return [month for month in months if published[0][:7] <= month <= f"{newest}"[:7]]
