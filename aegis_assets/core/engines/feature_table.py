"""The feature table of an engine: what it holds, what is wrong with it, which rows are whole.

Goes in: a panel.  Stays out: any row or value that is not known at the close of its session.
"""

from collections.abc import Mapping

import polars as pl

from aegis_assets.core.engines.engine import Engine
from aegis_assets.core.errors import DataError, FeatureError
from aegis_assets.core.evaluation.dataset import KEYS
from aegis_assets.core.indicators import Indicator, indicator_table
from aegis_assets.core.indicators.indicator import VOLATILITY_INDEX, VOLUME
from aegis_assets.core.labels import cut_table
from aegis_assets.core.markets import Market

WHOLE, WARMUP = "whole", "WARMUP"
NO_VOLATILITY_INDEX, NO_VOLUME = "NO_VOLATILITY_INDEX", "NO_VOLUME"
REASONS: dict[str, str] = {
    WARMUP: "too few bars before it for some feature",
    NO_VOLATILITY_INDEX: "the volatility index has no close where some feature reads one",
    NO_VOLUME: "no volume was traded where some feature reads it",
}
"""Why a row lacks a feature, in order of precedence."""

_INPUTS = {NO_VOLATILITY_INDEX: VOLATILITY_INDEX, NO_VOLUME: VOLUME}


def feature_table(panel: pl.DataFrame, engine: Engine) -> pl.DataFrame:
    """Indicators and label thresholds of an engine: one row per symbol and session."""
    indicators = indicator_table(panel, engine.features)
    return indicators.join(
        cut_table(panel, engine.labels), on=KEYS, how="left", validate="1:1"
    ).sort(*KEYS)


def feature_faults(features: pl.DataFrame, engine: Engine) -> list[str]:
    """What is wrong with a feature table, in words; nothing if it is as declared.

    A value may be null where its indicator says so, never NaN or infinite.
    """
    expected = [*KEYS, *engine.columns]
    missing = [name for name in expected if name not in features.columns]
    extra = [name for name in features.columns if name not in expected]
    faults = [f"missing columns {missing}"] if missing else []
    faults += [f"undeclared columns {extra}"] if extra else []
    if not faults and features.columns != expected:
        faults = ["columns in another order than declared"]
    for name in engine.columns:
        if name not in missing and not features[name].drop_nulls().is_finite().all():
            faults.append(f"{name} is not finite")
    return faults


def as_declared(features: pl.DataFrame, engine: Engine) -> pl.DataFrame:
    """The table itself; raises `FeatureError` where a column is missing, renamed, extra or bad."""
    faults = feature_faults(features, engine)
    if faults:
        msg = (
            f"features/{engine.name} has {'; '.join(faults)}, expected the {len(engine.columns)} "
            "columns that its engine declares: rebuild the table (`aegis run --rebuild`)"
        )
        raise FeatureError(msg)
    return features


def refuse_market(engine: Engine, market: Market) -> None:
    """Raises `FeatureError` where the engine reads volume and the market's index has none."""
    read = [each.name for each in engine.features if each.needs_volume]
    if read and not market.index.has_volume:
        msg = (
            f"{engine.name} lists {read}, which read volume, and {market.index.symbol} has no "
            "traded volume: take them out of the engine, or run it on what is traded"
        )
        raise FeatureError(msg)


def feature_ledger(features: pl.DataFrame, panel: pl.DataFrame, engine: Engine) -> dict[str, int]:
    """What became of each row of the panel: `rows`, those that are whole, and the rest by reason.

    A row is whole if every feature has a value; label thresholds do not count.  Only rows that
    `features` holds are judged, by what `panel` had up to them.  Raises `DataError` where a
    feature is null and no reason of `REASONS` explains it.
    """
    judged = features.select(*KEYS, *(each.name for each in engine.features)).join(
        _history(panel, engine), on=KEYS, how="left", validate="1:1"
    )
    found = judged.select(reason=_reason(engine), unexplained=_unexplained(engine))
    unexplained = found["unexplained"].drop_nulls()
    if not unexplained.is_empty():
        msg = (
            f"{len(unexplained)} rows of features/{engine.name} lack {unexplained[0]} for none of "
            f"the reasons {[*REASONS]}: mend the indicator or declare the reason"
        )
        raise DataError(msg)
    counts = dict(found["reason"].value_counts().iter_rows())
    return {"rows": found.height} | {name: counts.get(name, 0) for name in (WHOLE, *REASONS)}


def _history(panel: pl.DataFrame, engine: Engine) -> pl.DataFrame:
    """Each session's place in its symbol's history, and how lately each input was missing."""
    bar = pl.int_range(pl.len())
    last_gap = {
        reason: bar
        - pl.when(pl.col(column).is_null() | (pl.col(column) == 0)).then(bar).forward_fill()
        for reason, column in _INPUTS.items()
        if any(column in each.reads for each in engine.features)
    }
    return panel.sort(*KEYS).select(
        *KEYS,
        bar.over("symbol").alias("_bar"),
        *(since.over("symbol").alias(reason) for reason, since in last_gap.items()),
    )


def _reasons(indicator: Indicator) -> Mapping[str, pl.Expr]:
    """Whether each reason explains a null of the indicator."""
    found = {WARMUP: pl.col("_bar") < indicator.warmup - 1}
    for reason, column in _INPUTS.items():
        if column in indicator.reads:
            found[reason] = (pl.col(reason) < indicator.warmup).fill_null(value=False)
    return found


def _unexplained(engine: Engine) -> pl.Expr:
    """Name of the first feature that is null for no reason."""
    return pl.coalesce(
        pl.when(pl.col(each.name).is_null() & ~pl.any_horizontal(*_reasons(each).values())).then(
            pl.lit(each.name)
        )
        for each in engine.features
    )


def _reason(engine: Engine) -> pl.Expr:
    """The first of `REASONS` for which some feature is null, or that the row is whole."""
    lacking: dict[str, list[pl.Expr]] = {name: [] for name in REASONS}
    for each in engine.features:
        for reason, explains in _reasons(each).items():
            lacking[reason].append(pl.col(each.name).is_null() & explains)
    return pl.coalesce(
        *(
            pl.when(pl.any_horizontal(*rows)).then(pl.lit(reason))
            for reason, rows in lacking.items()
            if rows
        ),
        pl.lit(WHOLE),
    )
