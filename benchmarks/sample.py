"""The embedded sample as the graph prepares it."""

from datetime import date

import polars as pl

from aegis_assets.adapters.sample import SampleSource
from aegis_assets.core.candles import panel, validated
from aegis_assets.core.markets import SP500
from aegis_assets.core.sessions import sessions_between

_FIRST = date(1999, 1, 1)


def sessions() -> pl.Series:
    """Sessions of the sample's span."""
    return sessions_between(SP500, _FIRST, SampleSource().last_session)


def sample_panel() -> pl.DataFrame:
    """Daily candles of the index with the volatility index beside them."""
    source = SampleSource()
    bars = source.bars(SP500, _FIRST, source.last_session)
    return panel(validated(bars, SP500.instruments, sessions()), SP500)


def copies(one: pl.DataFrame, count: int) -> pl.DataFrame:
    """The panel under `count` names, as if it were so many symbols."""
    return pl.concat(one.with_columns(symbol=pl.lit(f"COPY_{i:02}")) for i in range(count))
