"""Losses of settled claims, one row per claim and what said it."""

from collections.abc import Callable

import numpy as np
import polars as pl

from aegis_assets.core.estimators.estimator import FloatArray
from aegis_assets.core.evaluation import scores
from aegis_assets.core.evaluation.coverage import interval_score
from aegis_assets.core.ledger.entries import counted_editions

EDGES = ("seller.safe_range.upper", "seller.safe_range.lower")
RANGE, RANGE_TARGET = "seller.safe_range", "safe_range"
INTERVAL = "interval"
_BINARY = 2

_FLOATS = ("loss", "log_loss", "brier", "held", "nominal")
KEPT = (
    "slot",
    "session",
    "ends_on",
    "path",
    "engine",
    "target",
    "horizon",
    "role",
    "source",
    "candidate",
    "forecast",
    "outcome_class",
    "score",
    *_FLOATS,
)


def judged(forecasts: pl.DataFrame, outcomes: pl.DataFrame) -> pl.DataFrame:
    """The forecasts that count, each beside its known outcome and the day that settled it."""
    known = outcomes.filter(pl.col("outcome").is_not_null())
    return (
        counted_editions(forecasts)
        .drop("ends_on")
        .join(
            known.select("slot", "path", "ends_on", "outcome", "outcome_class"),
            on=["slot", "path"],
        )
    )


def losses(settled: pl.DataFrame) -> pl.DataFrame:
    """Each row of `judged` with its losses (`KEPT`), and a row for each safe range as a whole.

    `held` is 1 where the outcome lay between the outermost of two quantiles or more, both their
    levels being as far from the middle, and `nominal` how often it should; null of all others.
    """
    levels = pl.col("levels").cast(pl.List(pl.String)).list.join(",")
    shaped = settled.with_columns(
        shape=pl.format("{}|{}", pl.col("cuts").list.len(), levels),
    )
    parts = [_lost(each) for each in shaped.partition_by("shape")]
    kept = [each.select(KEPT) for each in (*parts, _ranges(settled)) if not each.is_empty()]
    return pl.concat(kept) if kept else _lost_nothing(settled)


def _lost_nothing(settled: pl.DataFrame) -> pl.DataFrame:
    empty = {name: pl.lit(None, dtype=pl.Float64) for name in _FLOATS}
    return settled.with_columns(**empty, score=pl.lit("")).select(KEPT)


def _lost(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows of one shape with their losses."""
    score, lost = _of_shape(rows)(rows)
    return rows.with_columns(
        score=pl.lit(score),
        **{
            name: pl.Series(lost[name]) if name in lost else pl.lit(None, dtype=pl.Float64)
            for name in _FLOATS
        },
    )


def _of_shape(rows: pl.DataFrame) -> Callable[[pl.DataFrame], tuple[str, dict[str, FloatArray]]]:
    cuts, levels = rows["cuts"][0], rows["levels"][0]
    if len(cuts):
        return _of_classes
    return _of_quantiles if len(levels) else _of_means


def _of_classes(rows: pl.DataFrame) -> tuple[str, dict[str, FloatArray]]:
    forecast, classes = matrix(rows), rows["outcome_class"].to_numpy()
    k = forecast.shape[1]
    came = np.eye(k)[classes]
    return (scores.BRIER if k == _BINARY else scores.RPS).name, {
        "loss": scores.ranked_probability(forecast, classes),
        "log_loss": scores.log_loss(forecast, classes),
        "brier": ((forecast - came) ** 2).sum(axis=1) / 2,
    }


def _of_quantiles(rows: pl.DataFrame) -> tuple[str, dict[str, FloatArray]]:
    forecast, outcome = matrix(rows), rows["outcome"].to_numpy()
    levels = rows["levels"][0].to_list()
    lost = {"loss": scores.pinball(forecast, levels, outcome)}
    if len(levels) > 1 and abs(levels[0] + levels[-1] - 1) < 1e-9:  # noqa: PLR2004 - rounding
        held = (forecast[:, 0] <= outcome) & (outcome <= forecast[:, -1])
        lost |= {
            "held": held.astype(np.float64),
            "nominal": np.full(len(held), levels[-1] - levels[0]),
        }
    return scores.PINBALL.name, lost


def _of_means(rows: pl.DataFrame) -> tuple[str, dict[str, FloatArray]]:
    lost = scores.squared_error(matrix(rows)[:, 0], rows["outcome"].to_numpy())
    return scores.SQUARED.name, {"loss": lost}


def matrix(rows: pl.DataFrame) -> FloatArray:
    """Forecasts (n, k) of rows of one shape."""
    return np.asarray(rows["forecast"].to_list(), dtype=np.float64)


def _ranges(settled: pl.DataFrame) -> pl.DataFrame:
    """Both edges of each safe range together: whether it held, and Winkler's score of it."""
    upper, lower = (_edge(settled, path) for path in EDGES)
    on = ["slot", "role"]
    both = upper.join(lower.select(*on, *_OF_AN_EDGE), on=on, suffix="_lower")
    both = both.filter(pl.col("level") == pl.col("level_lower"))
    if both.is_empty():
        return both
    miss = 2 * (1 - both["level"].to_numpy())
    bounds, path = (both.select(name, f"{name}_lower").to_numpy() for name in ("bound", "outcome"))
    return both.with_columns(
        path=pl.lit(RANGE),
        target=pl.lit(RANGE_TARGET),
        source=_same_or_both("source"),
        candidate=_same_or_both("candidate"),
        outcome_class=pl.lit(None, dtype=pl.Int64),
        score=pl.lit(INTERVAL),
        loss=pl.Series(_winkler(bounds, path, miss)),
        log_loss=pl.lit(None, dtype=pl.Float64),
        brier=pl.lit(None, dtype=pl.Float64),
        held=pl.Series((path <= bounds).all(axis=1).astype(np.float64)),
        nominal=pl.Series(1 - miss),
    )


_OF_AN_EDGE = ("source", "candidate", "level", "bound", "outcome")


def _edge(settled: pl.DataFrame, path: str) -> pl.DataFrame:
    """Claims of an edge: one quantile of how far the path goes."""
    return settled.filter(pl.col("path") == path, pl.col("levels").list.len() == 1).with_columns(
        level=pl.col("levels").list.get(0), bound=pl.col("forecast").list.get(0)
    )


def _winkler(bounds: FloatArray, path: FloatArray, miss: FloatArray) -> FloatArray:
    """Interval score (n,) of ranges that may be left with probability `miss` (n,)."""
    lost = np.empty(len(miss))
    for each in np.unique(miss):
        mine = miss == each
        lost[mine] = interval_score(bounds[mine], path[mine], float(each))
    return lost


def _same_or_both(name: str) -> pl.Expr:
    """The name that both edges share, or both names."""
    other = pl.col(f"{name}_lower")
    joined = pl.format("{}+{}", pl.col(name), other)
    return pl.when(pl.col(name) == other).then(name).otherwise(joined)
