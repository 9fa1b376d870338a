"""Training rows: what was known at each session's close, beside what came of it."""

import hashlib
from collections.abc import Sequence
from datetime import date

import polars as pl

from aegis_assets.core.errors import DataError
from aegis_assets.core.estimators.estimator import SCALE, cut_names, distance_names
from aegis_assets.core.evaluation.target import Target
from aegis_assets.core.labels import Label

KEYS = ("symbol", "session")


def questions(
    target: Target,
    features: pl.DataFrame,
    names: Sequence[str],
    scale: pl.DataFrame | None,
) -> pl.DataFrame:
    """Rows on which every candidate can forecast: keys, `asked`, then `target.columns(names)`.

    `features` holds indicators and thresholds per session; `scale` the core's forecast volatility
    to the label's horizon (columns symbol, session, forecast_volatility), None where no candidate
    reads it.  Rows with a null that no estimator allows are left out.  Where `asked` is false the
    question is not put; the row counts in the calendar of the folds all the same.
    """
    table = _told(target, features, scale)
    whole = table.drop_nulls([*target.required(names), *target.label.known_now])
    return whole.select(*KEYS, "asked", *target.columns(names)).sort(*KEYS)


def question(
    target: Target,
    features: pl.DataFrame,
    names: Sequence[str],
    scale: pl.DataFrame | None,
) -> pl.DataFrame:
    """The question of the last session of `features` as one row, empty where it is not put.

    Before it come the rows that candidates with a context read, which need no more than what
    these read.
    """
    now = pl.col("session") == features["session"][-1]
    read = target.read_before(names)
    table = _told(target, features if read else features.filter(now), scale).sort(*KEYS)
    asked = pl.all_horizontal(
        pl.col(*target.required(names), *target.label.known_now).is_not_null(), "asked"
    )
    if table.filter(now & asked).is_empty():
        return table.clear().select(*KEYS, *target.columns(names))
    before = table.filter(~now).drop_nulls(read).tail(target.context) if read else table.clear()
    return pl.concat([before, table.filter(now)]).select(*KEYS, *target.columns(names))


def _told(target: Target, features: pl.DataFrame, scale: pl.DataFrame | None) -> pl.DataFrame:
    """The features with the generic names of the label's thresholds and the scale beside them."""
    label = target.label
    absent = [name for name in label.known_now if name not in features.columns]
    if absent:
        msg = f"features have no {absent}, which {target.name} reads: rebuild the feature table"
        raise DataError(msg)
    cuts = len(label.cuts)
    table = features.with_columns(
        pl.col(column).alias(generic)
        for column, generic in zip(label.cut_columns, cut_names(cuts), strict=True)
    ).with_columns(asked=_asked(label))
    if scale is None:
        return table
    return table.join(scale, on=KEYS, how="left", validate="1:1").with_columns(
        (pl.col(cut) / pl.col(SCALE)).alias(distance)
        for cut, distance in zip(cut_names(cuts), distance_names(cuts), strict=True)
    )


def _asked(label: Label) -> pl.Expr:
    return pl.lit(value=True) if label.asked is None else pl.col(label.asked_column) == 1.0


def examples(
    target: Target, asked: pl.DataFrame, labels: pl.DataFrame, cutoff: date
) -> pl.DataFrame:
    """The questions whose answer was known before `cutoff`, with the answer.

    `labels` is a label table; an outcome counts as known at the close of its `known_on`.  Sessions
    whose outcome does not count, or will never be known for want of a candle, stay without one, so
    that all targets share a calendar and what reads a window reads every session.  They are known
    with the next outcome after them.
    """
    judged = pl.col("outcome_class").is_not_null() | pl.lit(not target.is_classified)
    answers = (
        labels.filter(pl.col("label") == target.name)
        .sort(*KEYS)
        .select(
            *KEYS,
            pl.col("known_on").backward_fill().over("symbol"),
            pl.when(judged).then("outcome"),
            "outcome_class",
        )
        .filter(pl.col("known_on") < cutoff)
    )
    return asked.join(answers, on=KEYS, how="inner", validate="1:1").sort(*KEYS)


def data_version(rows: pl.DataFrame) -> str:
    """sha256 of names, types and values; equal tables have equal versions."""
    digest = hashlib.sha256()
    for column in rows.iter_columns():
        digest.update(f"{column.name}:{column.dtype}:{len(column)};".encode())
        digest.update(_null_flags(column))
        digest.update(_values(column))
    return digest.hexdigest()


def _null_flags(column: pl.Series) -> bytes:
    """A byte per value, 1 where it is null."""
    if not column.null_count():
        return bytes(len(column))
    return column.is_null().cast(pl.UInt8).to_numpy().tobytes()


def _values(column: pl.Series) -> bytes:
    """The values, whatever stands for a null."""
    if column.dtype == pl.String:
        return "\0".join(_filled(column, "").to_list()).encode()
    known = column.to_physical() if column.dtype == pl.Date else column
    return _filled(known, 0).to_numpy().tobytes()


def _filled(column: pl.Series, value: float | str) -> pl.Series:
    return column.fill_null(value) if column.null_count() else column
