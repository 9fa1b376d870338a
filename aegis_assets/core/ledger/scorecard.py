"""How good the sayings were: a proper score of each, by month and to date, beside its baseline.

The slots of a session overlap, so losses are averaged within a session first, and whole blocks of
sessions are resampled, each longer than two horizons.
"""

from collections.abc import Sequence
from datetime import date

import numpy as np
import polars as pl

from aegis_assets.core.bars import empty
from aegis_assets.core.claim import Role
from aegis_assets.core.estimators.estimator import FloatArray, IntArray
from aegis_assets.core.evaluation.reliability import BINS, bins, calibration_error
from aegis_assets.core.frozen import Skill
from aegis_assets.core.ledger.losses import judged, losses, matrix
from aegis_assets.core.ledger.resampling import interval, resampled_means, skill_of
from aegis_assets.core.ledger.schemas import RELIABILITY, SCORECARD

MONTH, TO_DATE = "MONTH", "TO_DATE"
_WHO = ("engine", "target", "path", "score", "role", "source", "candidate")
_MEANS = ("loss", "log_loss", "brier", "coverage", "nominal")
_TENTHS = 10
_BINARY = 2
_RARE = 0.05
"""Share of resamples that may hold no forecast of a bin before its interval means nothing."""


def scorecard(
    forecasts: pl.DataFrame, outcomes: pl.DataFrame, months: Sequence[date], seed: int = 0
) -> pl.DataFrame:
    """The record (`SCORECARD`) of the claims that ended in each month, and up to its end.

    `months` are first days.  Only the first edition of a slot counts.
    """
    lost = _beside_baseline(losses(judged(forecasts, outcomes)))
    of_month = pl.col("ends_on").dt.truncate("1mo")
    rows = []
    for month in months:
        spans = {MONTH: lost.filter(of_month == month), TO_DATE: lost.filter(of_month <= month)}
        rows += [
            {"month": month, "span": span} | row
            for span, mine in spans.items()
            for row in _rows(mine, seed)
        ]
    if not rows:
        return empty(SCORECARD)
    schema = {name: kind for name, (kind, _) in SCORECARD.items()}
    return pl.DataFrame(rows, schema=schema).sort(*list(SCORECARD)[:9])


def _beside_baseline(lost: pl.DataFrame) -> pl.DataFrame:
    """Each row with the loss of the baseline of the same claim; null of the baseline itself."""
    keys = ["slot", "path", "score"]
    baseline = lost.filter(pl.col("role") == Role.BASELINE.value).select(
        *keys, against="candidate", baseline="loss"
    )
    itself = (pl.col("role") == Role.BASELINE.value) | (pl.col("candidate") == pl.col("against"))
    return lost.join(baseline, on=keys, how="left").with_columns(
        baseline=pl.when(~itself).then("baseline")
    )


def _rows(lost: pl.DataFrame, seed: int) -> list[dict[str, object]]:
    return [_row(each, seed) for each in lost.partition_by(_WHO, maintain_order=True)]


def _row(mine: pl.DataFrame, seed: int) -> dict[str, object]:
    """The record of one candidate in one role at one path."""
    by_session = _by_session(mine)
    means = by_session.select(pl.col(_MEANS).mean()).row(0, named=True)
    horizon = int(mine["horizon"].to_numpy().max())
    found = _skill(mine, max(horizon, 1), seed)
    who = mine.select(_WHO).row(0, named=True)
    return {
        **who,
        **means,
        "path_kind": who["path"],
        "horizon": horizon,
        "n": mine.height,
        "sessions": by_session.height,
        "calibration_error": _calibration_error(mine),
        "skill": None if found is None else found.value,
        "skill_lower": None if found is None else found.lower,
        "skill_upper": None if found is None else found.upper,
    }


def _by_session(mine: pl.DataFrame) -> pl.DataFrame:
    """Means within each session; null where nothing is to be averaged."""
    return (
        mine.rename({"held": "coverage"})
        .group_by("session")
        .agg(pl.col(*_MEANS, "baseline").mean())
        .sort("session")
    )


def _skill(mine: pl.DataFrame, horizon: int, seed: int) -> Skill | None:
    compared = mine.filter(pl.col("baseline").is_not_null())
    by_session = _by_session(compared)
    loss, baseline = (by_session[name].to_numpy() for name in ("loss", "baseline"))
    return skill_of(loss, baseline, horizon, seed)


def _calibration_error(mine: pl.DataFrame) -> float | None:
    """That of the upper of two classes, of the worst of more."""
    if mine.height < BINS or mine["outcome_class"].null_count():
        return None
    forecast, classes = matrix(mine), mine["outcome_class"].to_numpy()
    k = forecast.shape[1]
    asked = (1,) if k == _BINARY else range(k)
    return max(calibration_error(bins(forecast[:, i], classes == i)) for i in asked)


def reliability(forecasts: pl.DataFrame, outcomes: pl.DataFrame, seed: int = 0) -> pl.DataFrame:
    """How often each class came by the tenth that its served probability lay in (`RELIABILITY`)."""
    settled = judged(forecasts, outcomes)
    served = settled.filter(
        pl.col("role") == Role.SERVED.value, pl.col("outcome_class").is_not_null()
    )
    made = [_reliable(each, seed) for each in served.partition_by("path", maintain_order=True)]
    schema = {name: kind for name, (kind, _) in RELIABILITY.items()}
    rows = [row for each in made for row in each]
    return pl.DataFrame(rows, schema=schema).sort("engine", "target", "path", "class", "bin")


def _reliable(mine: pl.DataFrame, seed: int) -> list[dict[str, object]]:
    forecast, classes = matrix(mine), mine["outcome_class"].to_numpy()
    horizon = max(int(mine["horizon"].to_numpy().max()), 1)
    who = mine.select("engine", "target", "path").row(0, named=True)
    sessions = np.unique(mine["session"].to_numpy(), return_inverse=True)[1].astype(np.int64)
    weights = 1 / np.bincount(sessions)[sessions]
    rows = []
    for i in range(forecast.shape[1]):
        tenths = np.minimum((forecast[:, i] * _TENTHS).astype(int), _TENTHS - 1)
        for tenth in np.unique(tenths).tolist():
            inside, came = tenths == tenth, classes == i
            parts = np.column_stack([inside & came, inside]) * weights[:, None]
            lower, upper = _frequency_interval(parts, sessions, horizon, seed)
            rows.append(
                {
                    **who,
                    "class": i,
                    "bin": tenth,
                    "n": int(inside.sum()),
                    "mean_probability": float(forecast[inside, i].mean()),
                    "frequency": float(came[inside].mean()),
                    "lower": lower,
                    "upper": upper,
                }
            )
    return rows


def _frequency_interval(
    parts: FloatArray, sessions: IntArray, horizon: int, seed: int
) -> tuple[float | None, float | None]:
    """95 % interval of the ratio of two columns (n, 2), summed by session first."""
    summed = np.zeros((int(sessions.max()) + 1, parts.shape[1]))
    np.add.at(summed, sessions, parts)
    drawn = resampled_means(summed, horizon, seed)
    if drawn is None or (drawn[:, 1] <= 0).mean() > _RARE:
        return None, None
    there = drawn[drawn[:, 1] > 0]
    return interval(np.clip(there[:, 0] / there[:, 1], 0.0, 1.0))
