"""The feature table of an engine: what it holds, what is wrong with it, which rows are whole.

Goes in: a panel.  Stays out: any row or value that is not known at the close of its session.
"""

from collections.abc import Mapping, Sequence

import polars as pl

from aegis_assets.core.engines.engine import Engine
from aegis_assets.core.errors import DataError, FeatureError
from aegis_assets.core.evaluation.dataset import KEYS
from aegis_assets.core.evaluation.target import Target
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
    columns, schema = engine.columns, features.schema
    expected = {"symbol": pl.String(), "session": pl.Date()} | dict.fromkeys(columns, pl.Float64())
    missing = [name for name in expected if name not in features.columns]
    extra = [name for name in features.columns if name not in expected]
    faults = [f"missing columns {missing}"] if missing else []
    faults += [f"undeclared columns {extra}"] if extra else []
    if not faults and features.columns != [*expected]:
        faults = ["columns in another order than declared"]
    for name in (each for each in expected if each not in missing):
        found = schema[name]
        if found != expected[name]:
            faults.append(f"{name} is {found}, not {expected[name]}")
        elif name in columns and not features[name].drop_nulls().is_finite().all():
            faults.append(f"{name} is not finite")
    if not faults and features.select(KEYS).is_duplicated().any():
        faults.append("several rows of one session")
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


def feature_ledger(
    features: pl.DataFrame, panel: pl.DataFrame, engine: Engine
) -> dict[str, dict[str, int]]:
    """By target, what each row of `features` is to it: see `ledger`.

    A row is whole if the target's question can be asked on it: its thresholds have a value, and
    every feature that it reads and may not miss.
    """
    return {
        target.name: ledger(features, panel, _needed(engine, target)) for target in engine.targets
    }


def ledger(
    features: pl.DataFrame, panel: pl.DataFrame, needed: Sequence[Indicator]
) -> dict[str, int]:
    """How many `rows`, how many of them are whole, and why the others are not.

    Judged by what `panel` had up to each row.  Raises `DataError` where one of the columns
    `needed` is null and no reason of `REASONS` can explain it, or where the panel lacks a session.
    """
    judged = features.select(*KEYS, *(each.name for each in needed)).join(
        _history(panel, needed), on=KEYS, how="left", validate="1:1"
    )
    if judged["_bar"].null_count():
        msg = (
            f"{judged['_bar'].null_count()} rows of features are of no candle of the panel: "
            "make the features of the same candles"
        )
        raise DataError(msg)
    found = judged.select(reason=_reason(needed), unexplained=_unexplained(needed))
    unexplained = found["unexplained"].drop_nulls()
    if not unexplained.is_empty():
        msg = (
            f"{len(unexplained)} rows of features lack {unexplained[0]} for none of the reasons "
            f"{[*REASONS]}: mend the indicator or declare the reason"
        )
        raise DataError(msg)
    counts = dict(found["reason"].value_counts().iter_rows())
    return {"rows": found.height} | {name: counts.get(name, 0) for name in (WHOLE, *REASONS)}


def _needed(engine: Engine, target: Target) -> list[Indicator]:
    """What must have a value for the target's question; thresholds are told in volatilities."""
    required = set(target.required(engine.feature_names(target)))
    label = target.label
    return [each for each in engine.features if each.name in required] + [
        Indicator(name, known, label.warmup, label.unit, label.definition, source=label.name)
        for name, known in label.known_now.items()
    ]


def _history(panel: pl.DataFrame, needed: Sequence[Indicator]) -> pl.DataFrame:
    """Each session's place in its symbol's history, and how lately each input was missing."""
    bar = pl.int_range(pl.len())
    last_gap = {
        reason: bar
        - pl.when(pl.col(column).is_null() | (pl.col(column) == 0)).then(bar).forward_fill()
        for reason, column in _INPUTS.items()
        if any(column in each.reads for each in needed)
    }
    return panel.sort(*KEYS).select(
        *KEYS,
        bar.over("symbol").alias("_bar"),
        *(since.over("symbol").alias(reason) for reason, since in last_gap.items()),
    )


def _reasons(indicator: Indicator) -> Mapping[str, pl.Expr]:
    """Whether each reason can explain a null of the indicator."""
    found = {WARMUP: pl.col("_bar") < indicator.warmup - 1}
    for reason, column in _INPUTS.items():
        if column in indicator.reads:
            found[reason] = (pl.col(reason) < indicator.warmup).fill_null(value=False)
    return found


def _unexplained(needed: Sequence[Indicator]) -> pl.Expr:
    """Name of the first column that is null for no reason."""
    return pl.coalesce(
        *(
            pl.when(
                pl.col(each.name).is_null() & ~pl.any_horizontal(*_reasons(each).values())
            ).then(pl.lit(each.name))
            for each in needed
        ),
        pl.lit(None, dtype=pl.String),
    )


def _reason(needed: Sequence[Indicator]) -> pl.Expr:
    """The first of `REASONS` for which some column is null, or that the row is whole."""
    lacking: dict[str, list[pl.Expr]] = {name: [] for name in REASONS}
    for each in needed:
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
