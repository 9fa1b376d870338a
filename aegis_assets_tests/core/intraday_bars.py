"""Sound intraday bars on the grid of real sessions: no network, no disk."""

from datetime import UTC, datetime, timedelta

import polars as pl

from aegis_assets.core.bars import INTRADAY
from aegis_assets.core.markets import NIFTY
from aegis_assets.core.sessions import hours_of

TYPES = {name: dtype for name, (dtype, _) in INTRADAY.items()} | {"is_final": pl.Boolean()}
MINUTE = timedelta(minutes=1)


def moments(day, *clock):
    """Moments of a day in India, told as hours, minutes, seconds."""
    india = timedelta(hours=5, minutes=30)
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC) - india
    return [midnight + timedelta(hours=h, minutes=m, seconds=s) for h, m, s in clock]


def bars_at(starts, interval="1m", symbol=NIFTY.index.symbol, **other):
    """Sound final bars that begin at these moments."""
    sound = {"open": 100.0, "high": 102.0, "low": 99.0, "close": 101.0, "volume": 0.0}
    row = {"symbol": symbol, "interval": interval, **sound, "fault": None, "is_final": True}
    return pl.DataFrame([row | {"start": start} | other for start in starts], schema=TYPES)


def whole(market, session, interval="1m"):
    """The bars of a whole session."""
    length = timedelta(minutes=int(interval[:-1]))
    windows = [(a.astimezone(UTC), b.astimezone(UTC)) for a, b in hours_of(market, session)]
    starts = [a + i * length for a, b in windows for i in range((b - a) // length)]
    return bars_at(starts, interval, market.index.symbol)
