"""The market at a moment, and the state of the data that forecasts of it rest on."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import polars as pl

from aegis_assets.core.bars import Quote
from aegis_assets.core.contract.market import (
    ChainQuality,
    DailyQuality,
    DataQuality,
    MarketBlock,
    SpotQuality,
    VolatilityIndexQuality,
)
from aegis_assets.core.contract.reasons import NO_PRICE
from aegis_assets.core.contract.words import SessionState, Status
from aegis_assets.core.engines.state import MarketState
from aegis_assets.core.errors import DataError
from aegis_assets.core.evaluation.dataset import data_version
from aegis_assets.core.markets import Market
from aegis_assets.core.options.view import ChainView
from aegis_assets.core.running import Running
from aegis_assets.core.sessions import close_of, last_opened_session, open_of, sessions_between


def market_block(
    market: Market,
    seen: pl.DataFrame,
    as_of: datetime,
    running: Running | None,
    state: MarketState,
) -> MarketBlock:
    """Prices against those of the session before, and the state in words."""
    closes, implied = seen["close"], seen["volatility_index"]
    if running is not None:
        closes = _with_quote(closes, running.spot)
        implied = _with_quote(implied, running.volatility_index)
    spot, spot_change, spot_share = _change(closes)
    if spot is None:
        msg = f"the candle of {seen['session'][-1]} has no close: rebuild candles/daily"
        raise DataError(msg)
    vix, vix_change, vix_share = _change(implied)
    return MarketBlock(
        spot=spot,
        spot_change=spot_change,
        spot_change_pct=spot_share,
        vix=vix,
        vix_change=vix_change,
        vix_change_pct=vix_share,
        regime=state.regime,
        trend=state.trend,
        session=_state(market, as_of),
    )


def fresh(quote: Quote | None) -> Quote | None:
    """The quote, unless it is stale."""
    return None if quote is None or quote.stale else quote


def _with_quote(closes: pl.Series, quote: Quote | None) -> pl.Series:
    """The closes with the running session's price after them; a stored close is there already."""
    known = fresh(quote)
    if known is None:
        return closes
    return closes.append(pl.Series([known.price], dtype=pl.Float64))


def _change(values: pl.Series) -> tuple[float | None, float | None, float | None]:
    """Last value, its change since the row before, and that as a fraction; null where unknown."""
    now = values[-1]
    before = values[-2] if len(values) > 1 else None
    if now is None or before is None:
        return now, None, None
    return now, now - before, (now - before) / before


def _state(market: Market, as_of: datetime) -> SessionState:
    local = as_of.astimezone(ZoneInfo(market.time_zone))
    day = local.date()
    if sessions_between(market, day, day).is_empty():
        return SessionState.HOLIDAY
    if as_of < open_of(market, day):
        return SessionState.PRE_OPEN
    return SessionState.CLOSED if as_of >= close_of(market, day) else SessionState.OPEN


def data_quality(  # noqa: PLR0913 - each is a fact of its own
    market: Market,
    seen: pl.DataFrame,
    due: date,
    as_of: datetime,
    source: str,
    *,
    running: Running | None,
    chain: ChainView | None,
) -> DataQuality:
    """How far the candles, the bars of now, the volatility index and the chain reach."""
    session = seen["session"][-1]
    behind = _sessions_after(market, session, due)
    index = _index_quality(market, seen, due)
    quote = fresh(running.spot) if running else None
    opened = last_opened_session(market, as_of)
    late = running is not None and not behind and opened > due and quote is None
    reasons = (
        *([f"daily candles end {behind} sessions before {due}"] if behind else []),
        *_reasons_of(index),
        *([NO_PRICE] if late else []),
    )
    return DataQuality(
        status=_status(is_late=bool(behind or late), index_behind=index.sessions_behind),
        reasons=reasons,
        source=source,
        spot=_spot_quality(quote, close_of(market, session), as_of, source),
        daily=DailyQuality(
            last_final_session=session, sessions_behind=behind, data_version=data_version(seen)
        ),
        intraday=running.quality if running else None,
        volatility_index=index,
        option_chain=_chain_quality(chain, as_of),
    )


def _status(*, is_late: bool, index_behind: int | None) -> Status:
    if is_late:
        return Status.STALE
    return Status.OK if index_behind == 0 else Status.DEGRADED


def _index_quality(market: Market, seen: pl.DataFrame, due: date) -> VolatilityIndexQuality:
    quoted = seen.filter(pl.col("volatility_index").is_not_null())["session"]
    last = None if quoted.is_empty() else quoted[-1]
    behind = None if last is None else _sessions_after(market, last, due)
    return VolatilityIndexQuality(last_session=last, sessions_behind=behind)


def _reasons_of(index: VolatilityIndexQuality) -> list[str]:
    if index.last_session is None:
        return ["the volatility index is missing"]
    if index.sessions_behind:
        return ["the volatility index has no close for the last session"]
    return []


def _chain_quality(chain: ChainView | None, as_of: datetime) -> ChainQuality | None:
    if chain is None:
        return None
    age = (as_of - chain.as_of).total_seconds()
    return ChainQuality(as_of=chain.as_of, age_s=age, expiry=chain.expiry)


def _spot_quality(
    quote: Quote | None, closed_at: datetime, as_of: datetime, source: str
) -> SpotQuality:
    """Which price the spot is: that of the running session, or else the daily close."""
    spot_at = quote.quoted_at if quote else closed_at
    return SpotQuality(
        source=f"{source}: {quote.source if quote else 'daily close'}",
        as_of=spot_at,
        age_s=(as_of - spot_at).total_seconds(),
    )


def _sessions_after(market: Market, session: date, due: date) -> int:
    return len(sessions_between(market, session, due)) - 1
