r"""Whether an engine's world has moved: its features, and how good what it said turned out to be.

Goes in: the feature table of an index, or forecasts and outcomes of the ledger.  Comes out: a
`Drift`, which is empty where nothing moved.  What is done about it is decided elsewhere.

The customary limit of the population stability index, 0.25, holds for independent draws.  Features
of a market persist: a year of them is far from all others without any drift.  So a feature is
compared with its own past: it has moved if its newest year is further from all other years than
`LIMIT`, further than any earlier year was, and by a larger factor than any feature of the engine
ever was.  That is one test of the engine, however many features it has, and its level is that of a
rank: of stationary features the newest of K years is the strangest once in K.

References
----------
Siddiqi (2006), "Credit Risk Scorecards", Wiley: the index and its customary limits, 0.1 and 0.25.
Yurdakul (2018), "Statistical Properties of Population Stability Index", Western Michigan
University: its distribution without drift.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from aegis_assets.core.claim import Role
from aegis_assets.core.estimators.estimator import FloatArray
from aegis_assets.core.evaluation.gate import RECENT
from aegis_assets.core.evaluation.skill import diebold_mariano, holm
from aegis_assets.core.feature_quality import BINS, ENOUGH, IntArray, stability_index
from aegis_assets.core.ledger.losses import judged, losses
from aegis_assets.core.ledger.resampling import skill_of

NOTABLE, LIMIT = 0.1, 0.25
WINDOW, STEP = 252, 63
FEWEST_YEARS = 8
"""Earlier years under which it cannot be told what is unusual."""
DOUBT = 0.001
"""Nominal level: 250 sessions are few for claims of 20, whose test rejects too often."""

_FEWEST = (FEWEST_YEARS - 1) * WINDOW // STEP + 1
_KEYS = ("symbol", "session")
_FEATURES = {
    "psi": pl.Float64,
    "earlier": pl.Float64,
    "factor": pl.Float64,
    "moved": pl.Boolean,
    "reason": pl.String,
    "feature": pl.String,
}
_STANDINGS = {
    "engine": pl.String,
    "path": pl.String,
    "score": pl.String,
    "horizon": pl.Int64,
    "sessions": pl.Int64,
    "loss": pl.Float64,
    "baseline": pl.Float64,
    "skill": pl.Float64,
    "skill_lower": pl.Float64,
    "skill_upper": pl.Float64,
    "p_worse": pl.Float64,
    "worse": pl.Boolean,
}


@dataclass(frozen=True, eq=False)
class Drift:
    """What drifted of an engine, in words, and the table of all that was looked at.

    `findings` is that of `feature_drift` or of `forecast_drift`.
    """

    engine: str
    reasons: tuple[str, ...]
    findings: pl.DataFrame


def feature_drift(engine: str, features: pl.DataFrame) -> Drift:
    """Which features of the newest `WINDOW` rows are as they never were before.

    `features` is one row per session of one symbol.  `psi` compares the newest window with every
    other row, in tenths of all ranks; ``earlier`` is the largest that an earlier window has against
    all rows but its own, of windows that end `STEP` rows apart; ``factor`` is their ratio.  Null
    with a `reason` where the newest window has fewer than `ENOUGH` values, or too few earlier
    windows have.
    """
    ordered = features.sort("session").drop(_KEYS, strict=False)
    names = ordered.columns
    ends = range(ordered.height, WINDOW - 1, -STEP)
    if not ends or not names:
        return Drift(engine, (), _unknown(names, f"{ordered.height} rows, one window is {WINDOW}"))
    psi = np.column_stack([_indices(ordered[name], ends) for name in names])
    apart = np.abs(np.subtract.outer(ends, ends)) >= WINDOW
    earlier = np.stack([_largest(psi[others]) for others in apart])
    told = np.isfinite(psi[apart[0]]).sum(axis=0) >= _FEWEST
    compared = (psi > LIMIT) & (earlier > 0) & told
    factor = np.divide(psi, earlier, out=np.zeros_like(psi), where=compared)
    usual = factor[apart[0]].max(initial=1.0)
    rows = [
        (*_finding(newest, before if known else None, usual), name)
        for name, newest, before, known in zip(names, psi[0], earlier[0], told, strict=True)
    ]
    table = (
        pl.DataFrame(rows, schema=_FEATURES, orient="row")
        .select("feature", pl.exclude("feature"))
        .sort("factor", "feature", descending=[True, False], nulls_last=True)
    )
    return Drift(engine, tuple(_moved(row) for row in table.filter("moved").to_dicts()), table)


def _finding(psi: float, earlier: float | None, usual: float) -> tuple[object, ...]:
    """A row of `_FEATURES` but for the name; `earlier` is null where too few years are known."""
    if math.isnan(psi):
        return None, None, None, False, f"fewer than {ENOUGH} values in the newest window"
    if earlier is None:
        return float(psi), None, None, False, f"fewer than {FEWEST_YEARS} earlier years"
    factor = psi / earlier if earlier > 0 else 0.0
    moved = psi > LIMIT and factor > usual
    return float(psi), float(earlier), float(factor), bool(moved), None


def _moved(row: Mapping[str, object]) -> str:
    return (
        f"{row['feature']}: stability index {row['psi']:.2f} of the last {WINDOW} sessions, in no "
        f"earlier year above {row['earlier']:.2f}"
    )


def _unknown(names: list[str], reason: str) -> pl.DataFrame:
    rows = [(None, None, None, False, reason, name) for name in names]
    return pl.DataFrame(rows, schema=_FEATURES, orient="row").select(
        "feature", pl.exclude("feature")
    )


def _indices(values: pl.Series, ends: range) -> FloatArray:
    """Stability index (k,) of each window that ends before a row of `ends`; NaN of too few."""
    known = values.cast(pl.Float64)
    known = known.set(~known.is_finite().fill_null(value=False), None)
    counts = _counted(known)
    within = np.stack([counts[end] - counts[end - WINDOW] for end in ends])
    outside = counts[-1] - within
    enough = (within.sum(axis=1) >= ENOUGH) & (outside.sum(axis=1) >= ENOUGH)
    found = np.full(len(ends), np.nan)
    for i in np.flatnonzero(enough):
        found[i] = stability_index(outside[i], within[i])
    return found


def _counted(values: pl.Series) -> IntArray:
    """Values (n + 1, b) of the first 0, 1 .. n rows by tenth of all ranks, without empty tenths.

    Ties share their mean rank, so a flag has a bin for each of its two values.
    """
    tenth = ((values.rank("average") - 0.5) / max(values.count(), 1) * BINS).floor()
    tenths = tenth.fill_null(-1).cast(pl.Int64).to_numpy().clip(max=BINS - 1)
    member = tenths[:, None] == np.unique(tenths[tenths >= 0])
    return np.vstack([np.zeros((1, member.shape[1]), dtype=np.int64), member.cumsum(axis=0)])


def _largest(psi: FloatArray) -> FloatArray:
    """The largest of each column; 0 where there is none."""
    largest: FloatArray = np.nan_to_num(psi).max(axis=0, initial=0.0)
    return largest


def forecast_drift(engine: str, standings: pl.DataFrame) -> Drift:
    """Which of an engine's served forecasts lost more than their baselines (see `standings`).

    The whole interval of the skill lies below 0, and the Diebold-Mariano test says so at `DOUBT`
    after Holm over all forecasts of the engine.
    """
    mine = standings.filter(pl.col("engine") == engine)
    return Drift(engine, tuple(_lost(row) for row in mine.filter("worse").to_dicts()), mine)


def standings(forecasts: pl.DataFrame, outcomes: pl.DataFrame, seed: int = 0) -> pl.DataFrame:
    """How each served forecast stands against the baseline of the same claims, of late.

    `forecasts` and `outcomes` are rows of the ledger.  Of a session its last slot counts, of a path
    the newest `RECENT` sessions that are settled and in which another than the baseline was served.
    A row per engine, path and score.  The interval is null under two blocks of sessions; `p_worse`
    is tested only where some forecast of the engine has its whole interval below 0.
    """
    said = forecasts.filter(
        pl.col("role").is_in([Role.SERVED.value, Role.BASELINE.value]),
        pl.col("slot") == pl.col("slot").max().over("session", "path"),
    )
    lost = losses(judged(said, outcomes))
    of = ["slot", "path", "score"]
    served, baseline = (lost.filter(role=role.value) for role in (Role.SERVED, Role.BASELINE))
    both = served.join(baseline.select(*of, against="candidate", baseline="loss"), on=of)
    rivals = both.filter(pl.col("candidate") != pl.col("against")).sort("engine", "path", "session")
    recent = rivals.group_by("engine", "path", "score", maintain_order=True).tail(RECENT)
    parts = recent.partition_by("engine", maintain_order=True)
    rows = [row for mine in parts for row in _of_engine(mine, seed)]
    return pl.DataFrame(rows, schema=_STANDINGS)


def _of_engine(recent: pl.DataFrame, seed: int) -> list[dict[str, object]]:
    """Rows of `standings`, tested together."""
    paths = recent.partition_by("path", "score", maintain_order=True)
    rows = {i: _standing(each, seed) for i, each in enumerate(paths)}
    upper = {i: row["skill_upper"] for i, row in rows.items()}
    tested = {i: each for i, each in upper.items() if isinstance(each, float)}
    if min(tested.values(), default=0.0) >= 0:
        return [*rows.values()]
    p_values = holm([_p_worse(paths[i]) for i in tested])
    for (i, bound), p_value in zip(tested.items(), p_values, strict=True):
        rows[i] |= {"p_worse": p_value, "worse": bound < 0 and p_value < DOUBT}
    return [*rows.values()]


def _standing(claims: pl.DataFrame, seed: int) -> dict[str, object]:
    """A row of `_STANDINGS`, not yet tested."""
    loss, baseline, horizon = _pairs(claims)
    found = skill_of(loss, baseline, horizon, seed)
    return {
        **claims.select("engine", "path", "score").row(0, named=True),
        "horizon": horizon,
        "sessions": claims.height,
        "loss": float(loss.mean()),
        "baseline": float(baseline.mean()),
        "skill": found.value if found else None,
        "skill_lower": found.lower if found else None,
        "skill_upper": found.upper if found else None,
        "p_worse": None,
        "worse": False,
    }


def _p_worse(claims: pl.DataFrame) -> float:
    """One-sided p-value that what was served lost more than its baseline."""
    loss, baseline, horizon = _pairs(claims)
    return diebold_mariano(baseline, loss, horizon)


def _pairs(claims: pl.DataFrame) -> tuple[FloatArray, FloatArray, int]:
    """Losses of both (n,), and the longest horizon in sessions, one at least."""
    loss, baseline = (claims[name].to_numpy() for name in ("loss", "baseline"))
    return loss, baseline, max(int(claims["horizon"].to_numpy().max()), 1)


def _lost(row: Mapping[str, object]) -> str:
    return (
        f"{row['path']}: skill {row['skill']:.3f} with its interval up to {row['skill_upper']:.3f} "
        f"against the baseline over {row['sessions']} sessions, p = {row['p_worse']:.4f}"
    )
