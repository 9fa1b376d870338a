"""Training rows: what was known at each session's close, beside what came of it."""

import hashlib
from collections.abc import Sequence
from datetime import date

import polars as pl

from aegis_assets.core.errors import DataError
from aegis_assets.core.estimators.estimator import SCALE, cut_names, distance_names
from aegis_assets.core.evaluation.target import Target

KEYS = ("symbol", "session")
_ANSWERS = ("known_on", "outcome", "outcome_class")


def questions(
    target: Target,
    features: pl.DataFrame,
    names: Sequence[str],
    scale: pl.DataFrame | None,
) -> pl.DataFrame:
    """Rows on which every candidate can forecast: keys, then `target.columns(names)`.

    `features` holds indicators and cuts per session; `scale` the core's forecast volatility to
    the label's horizon (columns symbol, session, forecast_volatility), None where no candidate
    reads it.  Rows with a null that no estimator allows are left out.
    """
    cuts = target.label.cut_columns
    absent = [name for name in (*names, *cuts) if name not in features.columns]
    if absent:
        msg = f"features have no {absent}, which {target.name} reads: rebuild the feature table"
        raise DataError(msg)
    table = features.with_columns(
        pl.col(column).alias(generic)
        for column, generic in zip(cuts, cut_names(len(cuts)), strict=True)
    )
    if scale is not None:
        table = table.join(scale, on=KEYS, how="inner", validate="1:1").with_columns(
            (pl.col(cut) / pl.col(SCALE)).alias(distance)
            for cut, distance in zip(cut_names(len(cuts)), distance_names(len(cuts)), strict=True)
        )
    columns = target.columns(names)
    needed = [name for name in columns if name not in target.nullable]
    return table.select(*KEYS, *columns).drop_nulls(needed).sort(*KEYS)


def examples(
    target: Target, asked: pl.DataFrame, labels: pl.DataFrame, cutoff: date
) -> pl.DataFrame:
    """The questions whose answer was known before `cutoff`, with the answer.

    `labels` is a label table; an outcome counts as known at the close of its `known_on`.
    """
    answers = labels.filter(
        pl.col("label") == target.name,
        pl.col("known_on") < cutoff,
        pl.col("outcome").is_not_null(),
        pl.col("outcome_class").is_not_null() | pl.lit(not target.is_classified),
    ).select(*KEYS, *_ANSWERS)
    return asked.join(answers, on=KEYS, how="inner", validate="1:1").sort(*KEYS)


def data_version(rows: pl.DataFrame) -> str:
    """sha256 of names, types and values; equal tables have equal versions."""
    digest = hashlib.sha256()
    for column in rows.iter_columns():
        digest.update(f"{column.name}:{column.dtype}:{len(column)};".encode())
        digest.update(column.is_null().cast(pl.UInt8).to_numpy().tobytes())
        if column.dtype == pl.String:
            digest.update("\0".join(column.fill_null("").to_list()).encode())
        elif column.dtype == pl.Date:
            digest.update(column.to_physical().fill_null(0).to_numpy().tobytes())
        else:
            digest.update(column.fill_null(0).to_numpy().tobytes())
    return digest.hexdigest()
