"""From candles, features and models to the payload of one slot."""

from collections.abc import Mapping
from datetime import date, datetime
from zoneinfo import ZoneInfo

import polars as pl

from aegis_assets.core.bars import Quote
from aegis_assets.core.engines import ENGINES, Engine
from aegis_assets.core.engines.blocks.words import NO_INTRADAY, NOT_BUILT
from aegis_assets.core.engines.engine import Answer, answers
from aegis_assets.core.engines.feature_table import as_declared
from aegis_assets.core.engines.volatility import VOLATILITY, present_scales
from aegis_assets.core.errors import DataError
from aegis_assets.core.evaluation.dataset import data_version
from aegis_assets.core.evaluation.forecaster import Forecaster
from aegis_assets.core.frozen import Frozen
from aegis_assets.core.markets import Market
from aegis_assets.core.payload import (
    SCHEMA_VERSION,
    DailyQuality,
    DataQuality,
    MarketBlock,
    Payload,
    SessionState,
    SpotQuality,
    Status,
    VolatilityIndexQuality,
)
from aegis_assets.core.provenance import Provenance, unavailable
from aegis_assets.core.running import Running
from aegis_assets.core.sessions import (
    close_of,
    last_final_session,
    last_opened_session,
    open_of,
    sessions_between,
)

_NOT_BUILT = {path: unavailable(NOT_BUILT) for path in ("market.regime", "market.trend")}


def payload(  # noqa: PLR0913 - each is a fact of its own
    market: Market,
    candles: pl.DataFrame,
    features: Mapping[str, pl.DataFrame],
    forecasters: Mapping[str, Mapping[str, Forecaster]],
    *,
    as_of: datetime,
    source: str,
    due: date | None = None,
    running: Running | None = None,
) -> Payload:
    """The payload of the slot that ends at `as_of`.

    `candles` is a panel; `features` and `forecasters` are by engine, the latter then by target.
    Rows after `due` are not looked at: the newest session whose candle the source could have had
    by then, or else the newest that had closed.  `running` is what a live source knows of the
    session at `as_of`; every forecast is measured from the last daily close all the same.
    """
    due = due or last_final_session(market, as_of)
    seen = candles.filter(pl.col("session") <= due)
    if seen.is_empty():
        msg = f"no candle up to {due}, expected at least one: materialize candles/daily first"
        raise DataError(msg)
    session = seen["session"][-1]
    known = {each.name: _known(each, features[each.name], session) for each in ENGINES}
    blocks, provenance = _blocks(known, forecasters, seen["close"][-1])
    return Payload.model_validate(
        {
            "schema_version": SCHEMA_VERSION,
            "generated_at": None,
            "as_of": as_of,
            "market_name": market.name,
            "market": _market_block(market, seen, as_of, running),
            **blocks,
            "provenance": _NOT_BUILT | provenance,
            "data_quality": _data_quality(market, seen, due, as_of, source, running),
        }
    )


def _known(engine: Engine, features: pl.DataFrame, session: date) -> pl.DataFrame:
    """The rows up to the session, whose own must be there."""
    rows = as_declared(features, engine).filter(pl.col("session") <= session)
    if rows.is_empty() or rows["session"][-1] != session:
        msg = (
            f"features/{engine.name} has no row for session {session}, expected one: "
            "materialize the features of its month"
        )
        raise DataError(msg)
    return rows


def _blocks(
    known: Mapping[str, pl.DataFrame],
    forecasters: Mapping[str, Mapping[str, Forecaster]],
    spot: float,
) -> tuple[dict[str, Frozen], dict[str, Provenance]]:
    scales: dict[int, pl.DataFrame] = {}
    blocks: dict[str, Frozen] = {}
    provenance: dict[str, Provenance] = {}
    for engine in ENGINES:
        made: dict[str, Answer] = answers(
            engine, known[engine.name], forecasters[engine.name], scales
        )
        if engine is VOLATILITY:
            scales = present_scales(known[engine.name], made)
        if engine.block is not None:
            blocks[engine.name], found = engine.block(made, spot)
            provenance |= {f"{engine.name}.{path}": each for path, each in found.items()}
    return blocks, provenance


def _market_block(
    market: Market, seen: pl.DataFrame, as_of: datetime, running: Running | None
) -> MarketBlock:
    closes, implied = seen["close"], seen["volatility_index"]
    if running is not None:
        closes = _with_quote(closes, running.spot)
        implied = _with_quote(implied, running.volatility_index)
    spot, spot_change, spot_share = _change(closes)
    vix, vix_change, vix_share = _change(implied)
    return MarketBlock(
        spot=spot or 0.0,
        spot_change=spot_change,
        spot_change_pct=spot_share,
        vix=vix,
        vix_change=vix_change,
        vix_change_pct=vix_share,
        regime=None,
        trend=None,
        session=_state(market, as_of),
    )


def _with_quote(closes: pl.Series, quote: Quote | None) -> pl.Series:
    """The closes with the running session's price after them; a stored close is there already."""
    if quote is None or quote.stale:
        return closes
    return closes.append(pl.Series([quote.price], dtype=pl.Float64))


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


def _data_quality(  # noqa: PLR0913, PLR0917 - each is a fact of its own
    market: Market,
    seen: pl.DataFrame,
    due: date,
    as_of: datetime,
    source: str,
    running: Running | None,
) -> DataQuality:
    session = seen["session"][-1]
    behind = _sessions_after(market, session, due)
    implied = seen.filter(pl.col("volatility_index").is_not_null())["session"]
    implied_last = None if implied.is_empty() else implied[-1]
    implied_behind = None if implied_last is None else _sessions_after(market, implied_last, due)
    quote = running.spot if running and running.spot and not running.spot.stale else None
    late = running is not None and last_opened_session(market, as_of) > due and quote is None
    reasons = [
        *([f"daily candles end {behind} sessions before {due}"] if behind else []),
        *(["the volatility index has no close for the last session"] if implied_behind else []),
        *(["the volatility index is missing"] if implied_last is None else []),
        *(["no price of the running session is at hand"] if late else []),
        NO_INTRADAY,
    ]
    return DataQuality(
        status=Status.STALE
        if behind or late
        else Status.DEGRADED
        if implied_behind != 0
        else Status.OK,
        reasons=tuple(reasons),
        source=source,
        spot=_spot_quality(quote, close_of(market, session), as_of, source),
        daily=DailyQuality(
            last_final_session=session, sessions_behind=behind, data_version=data_version(seen)
        ),
        intraday=running.quality if running else None,
        volatility_index=VolatilityIndexQuality(
            last_session=implied_last, sessions_behind=implied_behind
        ),
    )


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
