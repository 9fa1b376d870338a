"""Months of the ledger that are to be settled and scored."""

import dagster as dg

from aegis_assets.adapters.publishers import FolderPublisher
from aegis_assets.cli.serving import made_at
from aegis_assets.defs.candles import DAILY
from aegis_assets.defs.ledger_checks import OUTCOMES_KEY


def due_months(
    instance: dg.DagsterInstance, publisher: FolderPublisher, months: list[str], slot: str
) -> list[str]:
    """From the first month whose claims were settled on other candles, or never, to the slot's.

    None before the first slot that was published.
    """
    published = publisher.slots()
    if not published:
        return []
    told = [month for month in months if published[0][:7] <= month <= slot[:7]]
    settled = [
        made_at(instance, OUTCOMES_KEY, month) > made_at(instance, DAILY, month) for month in told
    ]
    return told[settled.index(False) :] if False in settled else []
