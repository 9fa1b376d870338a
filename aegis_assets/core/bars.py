"""Bars as a source quoted them, with where each came from; nothing here judges the market.

Goes in: one answer of a source, already parsed.  Stays out: laws of candles (`candles`), fetching.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

import polars as pl

from aegis_assets.core.universe import Instrument

QUOTES: dict[str, tuple[pl.DataType, str]] = {
    "symbol": (pl.String(), "symbol as Yahoo spells it"),
    "session": (pl.Date(), "exchange-local date of the session"),
    "open": (pl.Float64(), "first price, in the symbol's units; null where the source has none"),
    "high": (pl.Float64(), "highest price; null where the source has none"),
    "low": (pl.Float64(), "lowest price; null where the source has none"),
    "close": (pl.Float64(), "last price, adjusted for splits and not for dividends"),
    "adj_close": (pl.Float64(), "close adjusted for splits and dividends; null where unknown"),
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
    `first_trade` is the first session that the source has at all; null where it does not say.
    """

    instrument: Instrument
    bars: pl.DataFrame
    events: pl.DataFrame
    origin: Origin
    findings: tuple[str, ...] = ()
    first_trade: date | None = None


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


STAMPS: dict[str, tuple[pl.DataType, str]] = {
    "is_final": (pl.Boolean(), "the bar was over and settled when it was fetched"),
    "source": (pl.String(), "reader that gave the bar: sample, yahoo or yfinance"),
    "source_ts": (pl.Datetime("us", "UTC"), "newest trade that the answer knew of"),
    "fetched_at": (pl.Datetime("us", "UTC"), "when the answer came that gave these values"),
    "raw_sha256": (pl.String(), "raw answer in the archive; null for the embedded sample"),
    "adj_epoch": (pl.Int32(), "counts whole histories: one epoch has one basis of adjustment"),
    "revision": (pl.Int32(), "counts the values that this final bar has had before"),
}
"""What is stored beside a bar's values: where they came from, and how often they changed."""

DAILY_BARS = QUOTES | STAMPS
"""Columns of stored daily bars, one row for a symbol and session."""

SESSION = {"session": (pl.Date(), "exchange-local date on which the bar begins")}
INTRADAY_BARS = INTRADAY | SESSION | STAMPS
"""Columns of stored intraday bars, one row for a symbol, interval and start."""

_SUPERSEDED = {
    "superseded_at": (pl.Datetime("us", "UTC"), "when the answer came that changed the bar"),
    "cause": (pl.String(), "ADJUSTMENT, RESTATEMENT, or MENDED where the old row had a fault"),
}
DAILY_REVISIONS = DAILY_BARS | _SUPERSEDED
"""Columns of former values of final daily bars; rows are only ever added."""
INTRADAY_REVISIONS = INTRADAY_BARS | _SUPERSEDED
"""Columns of former values of final intraday bars; rows are only ever added."""


def empty(columns: Mapping[str, tuple[pl.DataType, str]]) -> pl.DataFrame:
    """No rows of these columns."""
    return pl.DataFrame(schema={name: dtype for name, (dtype, _) in columns.items()})
