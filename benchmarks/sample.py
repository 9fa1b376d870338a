"""The embedded sample as the graph prepares it."""

from datetime import date

import polars as pl

from aegis_assets.adapters.sample import SampleSource, sample_panel
from aegis_assets.core.markets import SP500
from aegis_assets.core.sessions import sessions_between

__all__ = ["sample_panel", "sessions"]

_FIRST = date(1999, 1, 1)


def sessions() -> pl.Series:
    """Sessions of the sample's span."""
    return sessions_between(SP500, _FIRST, SampleSource().last_session(SP500))
