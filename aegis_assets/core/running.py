"""What a live source knew of the running session at the end of a slot."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import polars as pl

from aegis_assets.core.bars import Quote
from aegis_assets.core.contract.market import IntradayQuality
from aegis_assets.core.intraday import expected_bars, last_closed
from aegis_assets.core.markets import Market
from aegis_assets.core.spot import OLDEST_FRESH

_INTERVAL, _LENGTH = "1m", timedelta(minutes=1)


@dataclass(frozen=True)
class Running:
    """What a live source knew of the session at `as_of`: last prices, and the bars behind them."""

    spot: Quote | None
    volatility_index: Quote | None
    quality: IntradayQuality | None


def running_session(
    market: Market, candles: pl.DataFrame, session: date, as_of: datetime
) -> Running:
    """What intraday `candles` of a session tell at `as_of`; a later bar is not looked at.

    A price is stale where its bar was over more than `OLDEST_FRESH` before `as_of`.
    """
    as_of = as_of.astimezone(UTC)
    spot, implied = (
        _last_quote(candles, each.symbol, as_of) for each in (market.index, market.volatility_index)
    )
    return Running(spot, implied, _quality(market, candles, session, as_of))


def _quality(
    market: Market, candles: pl.DataFrame, session: date, as_of: datetime
) -> IntradayQuality | None:
    """How far the index's bars reach, and how many single minutes of it are there."""
    index = candles.filter(symbol=market.index.symbol)
    last = last_closed(index, as_of)
    if last is None:
        return None
    over = pl.col("start") + _LENGTH <= as_of
    return IntradayQuality(
        last_bar=last.moment,
        age_s=(as_of - last.moment).total_seconds(),
        bars=index.filter(over, interval=_INTERVAL).height,
        expected=expected_bars(market, session, _INTERVAL, as_of),
    )


def _last_quote(candles: pl.DataFrame, symbol: str, as_of: datetime) -> Quote | None:
    last = last_closed(candles.filter(symbol=symbol), as_of)
    if last is None:
        return None
    stale = as_of - last.moment > OLDEST_FRESH
    return Quote(symbol, last.price, last.moment, f"{last.interval} bar", stale)
