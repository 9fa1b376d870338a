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
from aegis_assets.core.estimators.estimator import BoolArray, FloatArray
from aegis_assets.core.evaluation.reliability import BINS, bins, calibration_error
from aegis_assets.core.frozen import Skill
from aegis_assets.core.ledger.losses import judged, losses, matrix
from aegis_assets.core.ledger.resampling import interval, resampled_means, skill_of
from aegis_assets.core.ledger.schemas import RELIABILITY, SCORECARD

MONTH, TO_DATE = "MONTH", "TO_DATE"
_WHO = ("engine", "path", "score", "role", "source")
_MEANS = ("loss", "log_loss", "brier", "coverage", "nominal")
_TENTHS = 10
_BINARY = 2
_ROUNDING = 1e-9
_RARE = 0.05
"""Share of resamples that may hold no forecast of a bin before its interval means nothing."""


def scorecard(
    forecasts: pl.DataFrame, outcomes: pl.DataFrame, months: Sequence[date], seed: int = 0
) -> pl.DataFrame:
    """The record (`SCORECARD`) of the claims that ended in each month, and up to its end.

    `months` are first days.  Of a slot one edition counts (`counted_editions`).
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
    """Each row with the loss of the baseline of the same claim, and whether that is another.

    Null of the baseline's own rows, and where it said nothing.
    """
    keys = ["slot", "path", "score"]
    baseline = lost.filter(pl.col("role") == Role.BASELINE.value).select(
        *keys, against="candidate", baseline="loss"
    )
    is_baseline = pl.col("role") == Role.BASELINE.value
    return lost.join(baseline, on=keys, how="left").with_columns(
        baseline=pl.when(~is_baseline).then("baseline"),
        is_rival=~is_baseline & (pl.col("candidate") != pl.col("against")),
    )


def _rows(lost: pl.DataFrame, seed: int) -> list[dict[str, object]]:
    return [_row(each, seed) for each in lost.partition_by(_WHO, maintain_order=True)]


def _row(mine: pl.DataFrame, seed: int) -> dict[str, object]:
    """The record of one role and source at one path, whichever candidates spoke for them."""
    by_session = _by_session(mine)
    means = by_session.select(pl.col(_MEANS).mean()).row(0, named=True)
    horizon = int(mine["horizon"].to_numpy().max())
    found = _skill(mine, max(horizon, 1), seed)
    who = mine.select(_WHO).row(0, named=True)
    return {
        **who,
        **means,
        "target": _named(mine["target"]),
        "candidate": _named(mine["candidate"]),
        "path_kind": who["path"],
        "horizon": horizon,
        "n": mine.height,
        "sessions": by_session.height,
        "calibration_error": _calibration_error(mine),
        "skill": None if found is None else found.value,
        "skill_lower": None if found is None else found.lower,
        "skill_upper": None if found is None else found.upper,
    }


def _named(names: pl.Series) -> str:
    """The commonest of the names, and how many others there are."""
    counted = names.value_counts().sort("count", names.name, descending=[True, False])
    others = counted.height - 1
    commonest = str(counted[names.name][0])
    return f"{commonest} and {others} more" if others else commonest


def _by_session(mine: pl.DataFrame) -> pl.DataFrame:
    """Means within each session; null where nothing is to be averaged."""
    return (
        mine.rename({"held": "coverage"})
        .group_by("session")
        .agg(pl.col(*_MEANS, "baseline").mean())
        .sort("session")
    )


def _skill(mine: pl.DataFrame, horizon: int, seed: int) -> Skill | None:
    """On every claim that the baseline answers too; none where it always is the baseline itself."""
    compared = mine.filter(pl.col("baseline").is_not_null())
    if not compared["is_rival"].any():
        return None
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
    """Rows of `RELIABILITY` of one path."""
    forecast, classes = matrix(mine), mine["outcome_class"].to_numpy()
    who = mine.select("engine", "target", "path").row(0, named=True)
    tenths = np.minimum((forecast * _TENTHS).astype(int), _TENTHS - 1)
    cells = [(i, t) for i in range(forecast.shape[1]) for t in np.unique(tenths[:, i]).tolist()]
    inside = np.column_stack([tenths[:, i] == tenth for i, tenth in cells])
    came = np.column_stack([classes == i for i, _ in cells]) & inside
    bounds = _intervals(came, inside, mine, seed)
    return [
        {
            **who,
            "class": i,
            "bin": tenth,
            "n": int(inside[:, at].sum()),
            "mean_probability": float(forecast[inside[:, at], i].mean()),
            "frequency": float(came[:, at].sum() / inside[:, at].sum()),
            "lower": bounds[at][0],
            "upper": bounds[at][1],
        }
        for at, (i, tenth) in enumerate(cells)
    ]


def _intervals(
    came: BoolArray, inside: BoolArray, mine: pl.DataFrame, seed: int
) -> list[tuple[float, float] | tuple[None, None]]:
    """95 % interval of the share of rows `inside` that `came` (n, k), each session as one."""
    days, sessions = np.unique(mine["session"].to_numpy(), return_inverse=True)
    weights = 1 / np.bincount(sessions)[sessions][:, None]
    summed = np.zeros((len(days), 2 * came.shape[1]))
    np.add.at(summed, sessions, np.hstack([came, inside]) * weights)
    drawn = resampled_means(summed, max(int(mine["horizon"].to_numpy().max()), 1), seed)
    if drawn is None:
        return [(None, None)] * came.shape[1]
    shares = zip(*np.split(drawn.T, 2), strict=True)
    return [_share_interval(*each) for each in shares]


def _share_interval(
    came: FloatArray, inside: FloatArray
) -> tuple[float, float] | tuple[None, None]:
    """The interval of resampled ratios; none where too many resamples hold no row at all."""
    there = inside > _ROUNDING
    if (~there).mean() > _RARE:
        return None, None
    return interval(np.clip(came[there] / inside[there], 0.0, 1.0))
