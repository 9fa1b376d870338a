"""Where claims end that were made before the calendar knew it."""

from datetime import UTC, date, datetime

import polars as pl

from aegis_assets.core.claim import COUNTED_FROM_CLOSE, Measure
from aegis_assets.core.errors import DataError
from aegis_assets.core.ledger.schemas import FORECASTS
from aegis_assets.core.markets import Market
from aegis_assets.core.sessions import last_opened_session, next_session, session_after

_KEYS = ("as_of", "counted_from", "horizon", "measure")
_TYPES = {name: FORECASTS[name][0] for name in (*_KEYS, "ends_on")}


def with_ends(forecasts: pl.DataFrame, market: Market) -> pl.DataFrame:
    """The forecasts (`FORECASTS`), each null end the `horizon`-th session after the claim's base.

    The base is the session that ran at `as_of`, or whose candle was not final then; else, and for
    what is `COUNTED_FROM_CLOSE`, it is `counted_from`.  Null stays what the calendar does not know.
    """
    unknown = forecasts.filter(pl.col("ends_on").is_null()).select(_KEYS).unique()
    if unknown.is_empty():
        return forecasts
    rows = [(*row, _end(market, *row)) for row in unknown.iter_rows()]
    derived = pl.DataFrame(rows, schema=_TYPES, orient="row")
    return (
        forecasts.join(derived, on=_KEYS, how="left", suffix="_derived", maintain_order="left")
        .with_columns(pl.coalesce("ends_on", "ends_on_derived"))
        .select(forecasts.columns)
    )


def _end(
    market: Market, as_of: datetime, counted_from: date, horizon: int, measure: str
) -> date | None:
    try:
        base = _base(market, as_of, counted_from, Measure(measure))
        return session_after(market, base, horizon)
    except DataError:  # beyond the calendar's end
        return None


def _base(market: Market, as_of: datetime, counted_from: date, measure: Measure) -> date:
    begun = last_opened_session(market, as_of.astimezone(UTC)) > counted_from
    if begun and measure not in COUNTED_FROM_CLOSE:
        return next_session(market, counted_from)
    return counted_from
