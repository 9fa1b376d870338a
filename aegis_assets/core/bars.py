"""Bars as a source quoted them, with where each came from; nothing here judges the market.

Goes in: one answer of a source, already parsed.  Stays out: laws of candles (`candles`), fetching.
"""

from dataclasses import dataclass
from datetime import datetime

import polars as pl

from aegis_assets.core.universe import Instrument

QUOTES: dict[str, tuple[pl.DataType, str]] = {
    "symbol": (pl.String(), "symbol as Yahoo spells it"),
    "session": (pl.Date(), "exchange-local date of the session"),
    "open": (pl.Float64(), "first price, in the symbol's units; null where the source has none"),
    "high": (pl.Float64(), "highest price; null where the source has none"),
    "low": (pl.Float64(), "lowest price; null where the source has none"),
    "close": (pl.Float64(), "last price, adjusted for splits as the source does, not for dividends"),
    "adj_close": (pl.Float64(), "close adjusted for splits and dividends; null for a closing index"),
    "volume": (pl.Float64(), "as quoted; null where the source has none"),
    "fault": (pl.String(), "code of what was wrong with the row in the answer; null if nothing"),
}
"""Columns of a parsed daily answer."""

INTRADAY: dict[str, tuple[pl.DataType, str]] = {
    "symbol": (pl.String(), "symbol as Yahoo spells it"),
    "interval": (pl.String(), "length of the bar: 1m or 5m"),
    "start": (pl.Datetime("us", "UTC"), "when the bar begins"),
    "open": (pl.Float64(), "first price"),
    "high": (pl.Float64(), "highest price"),
    "low": (pl.Float64(), "lowest price"),
    "close": (pl.Float64(), "last price"),
    "volume": (pl.Float64(), "as quoted; null where the source has none"),
    "fault": (pl.String(), "code of what was wrong with the row in the answer; null if nothing"),
}
"""Columns of a parsed intraday answer."""

EVENTS: dict[str, tuple[pl.DataType, str]] = {
    "symbol": (pl.String(), "symbol as Yahoo spells it"),
    "session": (pl.Date(), "first session that trades without it"),
    "kind": (pl.String(), "split or dividend"),
    "value": (pl.Float64(), "new shares for an old one, or currency units a share"),
}
"""Columns of the corporate actions in an answer."""


@dataclass(frozen=True, eq=False)
class Origin:
    """Where an answer came from: enough to find its bytes again.

    `last_trade` is the newest trade that the answer knows of; null for an archive, which knows
    nothing but finished sessions.  `sha256` names the raw body; null where there was none.
    """

    source: str
    fetched_at: datetime | None
    last_trade: datetime | None
    sha256: str | None


@dataclass(frozen=True, eq=False)
class DailyAnswer:
    """Daily bars of one instrument (`QUOTES`, sorted, one row a session), its events (`EVENTS`).

    `findings` are codes of what was odd with the answer as a whole and did not spoil it.
    """

    instrument: Instrument
    bars: pl.DataFrame
    events: pl.DataFrame
    origin: Origin
    findings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Quote:
    """A price at a moment; `stale` if it is not of the running session."""

    symbol: str
    price: float
    quoted_at: datetime
    source: str
    stale: bool = False


@dataclass(frozen=True, eq=False)
class IntradayAnswer:
    """Intraday bars of one instrument (`INTRADAY`, sorted by start), and the price that came free.

    A live tick is no bar: it is the `spot`.
    """

    instrument: Instrument
    interval: str
    bars: pl.DataFrame
    spot: Quote | None
    origin: Origin
    findings: tuple[str, ...] = ()
