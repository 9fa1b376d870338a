"""Everything that is watched: a finder is a function, and a line here."""

from datetime import timedelta

from aegis_assets.defs.asset_findings import failed_checks, models, published
from aegis_assets.defs.calendar_findings import calendar
from aegis_assets.defs.late_findings import late
from aegis_assets.defs.machine_findings import disk, gates, home, places, refusals
from aegis_assets.defs.run_findings import overrun, stuck_queue
from aegis_assets.defs.watched import Finder

FINDERS = (
    Finder("late", late, of_archives=False),
    Finder("payload", published, of_archives=False),
    Finder("check", failed_checks),
    Finder("models", models, every=timedelta(hours=1), of_archives=False),
    Finder("gate", gates, of_archives=False),
    Finder("refusals", refusals, every=timedelta(minutes=5), of_archives=False),
    Finder("calendar", calendar, every=timedelta(days=1), of_archives=False),
    Finder("disk", disk),
    Finder("home", home, every=timedelta(minutes=10)),
    Finder("queue", stuck_queue),
    Finder("duration", overrun, of_archives=False),
    Finder("places", places),
)
"""In the order in which they look; the topic begins every key of what they find."""
