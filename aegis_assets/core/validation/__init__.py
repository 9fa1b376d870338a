"""What is known of an engine's models, as a report to read: cards in, tables of words out."""

from aegis_assets.core.validation.changes import Change, change
from aegis_assets.core.validation.grid import Chapter, Grid, Report, markdown
from aegis_assets.core.validation.report import report
from aegis_assets.core.validation.safe_range import RangeRecord, range_records

__all__ = [
    "Change",
    "Chapter",
    "Grid",
    "RangeRecord",
    "Report",
    "change",
    "markdown",
    "range_records",
    "report",
]
