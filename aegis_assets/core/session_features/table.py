"""The table of session features: one row for each half hour of the session that is over."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime

import polars as pl

from aegis_assets.core.markets import Market
from aegis_assets.core.session_features import SESSION_FEATURES, SessionFeature
from aegis_assets.core.session_features.panel import session_panel

KEYS: dict[str, tuple[pl.DataType, str]] = {
    "symbol": (pl.String(), "symbol as Yahoo spells it"),
    "session": (pl.Date(), "exchange-local date of the session"),
    "as_of": (pl.Datetime("us", "UTC"), "end of a half hour; no bar that ends later was read"),
}
SCHEMA = KEYS | {each.name: (pl.Float64(), each.description) for each in SESSION_FEATURES.values()}


def session_feature_table(
    market: Market, session: date, candles: pl.DataFrame, daily: pl.DataFrame
) -> pl.DataFrame:
    """What the index did up to the end of each half hour that its `candles` have reached.

    `candles` are intraday ones of this session and of earlier ones, `daily` those of months: what
    either holds of later sessions, and of today's daily candle, is not looked at.
    """
    panel = session_panel(market, session, candles, daily)
    return feature_rows(market, session, panel, [*SESSION_FEATURES.values()])


def feature_rows(
    market: Market, session: date, panel: pl.DataFrame, features: Sequence[SessionFeature]
) -> pl.DataFrame:
    """The features at the end of each half hour of the panel, the forming one left out."""
    return panel.select(
        pl.lit(market.index.symbol).alias("symbol"),
        pl.lit(session).alias("session"),
        "as_of",
        *(each.expr.cast(pl.Float64).alias(each.name) for each in features),
    ).filter(pl.col("as_of").is_not_null())


def table_faults(table: pl.DataFrame, columns: Mapping[str, object]) -> list[str]:
    """What is wrong with a table of the session, in words: its columns, or values not finite."""
    if table.columns != [*columns]:
        return [f"columns {table.columns} found, expected {[*columns]}: materialize it anew"]
    floats = [name for name, dtype in table.schema.items() if dtype.is_float()]
    return [f"{name} is not finite" for name in floats if not _finite(table[name])]


def feature_faults(features: pl.DataFrame) -> list[str]:
    """What is wrong with a table of session features; nothing if it is as declared."""
    return table_faults(features, SCHEMA)


def half_hours_missing(table: pl.DataFrame, reached: Collection[datetime]) -> list[datetime]:
    """Ends of half hours that the session has reached and the table has not."""
    return sorted(set(reached) - set(table["as_of"]))


def _finite(values: pl.Series) -> bool:
    return bool(values.drop_nulls().is_finite().all())
