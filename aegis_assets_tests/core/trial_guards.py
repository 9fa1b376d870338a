"""The guards of the trials: each says in words what is wrong, and nothing where nothing is."""

from collections.abc import Callable, Sequence
from datetime import date

import numpy as np
import polars as pl
import pytest

from aegis_assets.core.engines import Engine
from aegis_assets.core.evaluation import calibration
from aegis_assets.core.evaluation.dataset import KEYS, data_version
from aegis_assets.core.evaluation.evaluation import evaluation
from aegis_assets.core.evaluation.fitting import outcome_of
from aegis_assets.core.evaluation.gate import verdicts
from aegis_assets.core.evaluation.heads import Asked, joint_estimators, sharing
from aegis_assets.core.evaluation.reliability import auc
from aegis_assets.core.evaluation.target import Target
from aegis_assets_tests.core.trial_market import SEED, Lesson, Watching, World, quick_gate


def moved(one: pl.DataFrame, other: pl.DataFrame) -> list[str]:
    """Columns of two tables that differ by a bit; all of them where rows or columns do."""
    if one.columns != other.columns or one.height != other.height:
        return [*one.columns, "the shape"]
    return [name for name in one.columns if _bits(one, name) != _bits(other, name)]


def _bits(table: pl.DataFrame, name: str) -> str:
    column = table.select(name)
    return data_version(column.explode(name) if column.schema[name] == pl.List else column)


def known_by(rows: pl.DataFrame, day: date) -> pl.DataFrame:
    """Rows whose outcome was known at the close of `day`."""
    return rows.filter(pl.col("known_on") <= day)


def said_by(one: pl.DataFrame, other: pl.DataFrame, day: date) -> pl.DataFrame:
    """Forecasts up to `day`, whatever came of them, on the sessions that `other` has too.

    A question that counts only if something comes about may be in one of them alone.
    """
    shared = one.filter(pl.col("session") <= day).join(other, on=[*KEYS, "candidate"], how="semi")
    return shared.select(*KEYS, "fold", "fold_start", "candidate", "trained_on", "forecast")


def calibrated_by(target: Target, forecasts: pl.DataFrame, day: date) -> pl.DataFrame:
    """What each contender would have served, on the sessions settled by `day`; empty if on none."""
    found = evaluation(target, forecasts)
    if found is None:
        return pl.DataFrame()
    served = {
        f"{name} {i}": found.forecasts[name][:, i]
        for name in found.contenders
        for i in range(found.forecasts[name].shape[1])
    }
    settled = known_by(found.rows.select(*KEYS, "known_on").with_columns(**served), day)
    return pl.DataFrame() if settled.is_empty() else settled


def unsettled(rows: pl.DataFrame, target: Target, sessions: pl.Series, cutoff: date) -> list[str]:
    """Examples whose outcome was not known before the cut-off, by what they say and by counting."""
    reached = sessions.search_sorted(rows["session"]) + target.label.horizon
    late = {
        "by its own day": rows["known_on"] >= cutoff,
        "by its horizon": reached >= sessions.search_sorted(cutoff),
    }
    return [f"{int(found.sum())} {how}" for how, found in late.items() if found.any()]


def split_faults(forecasts: pl.DataFrame, lessons: Sequence[Lesson]) -> list[str]:
    """Tests on what a model had learnt, and lessons that were not known when the test began."""
    learnt = {(each.target, each.candidate, each.n): each for each in lessons}
    tests = forecasts.group_by("target", "candidate", "fold", "fold_start", "trained_on").agg(
        first=pl.col("session").min()
    )
    faults = []
    for test in tests.sort("target", "candidate", "fold").iter_rows(named=True):
        place = f"{test['target']}/{test['candidate']} fold {test['fold']}"
        lesson = learnt.get((test["target"], test["candidate"], test["trained_on"]))
        if lesson is None:
            faults.append(f"{place}: nobody saw what it learnt from")
        elif lesson.last_known > test["fold_start"]:
            faults.append(f"{place}: learnt an outcome that was not known: {lesson.last_known}")
        elif lesson.last_session >= test["first"]:
            faults.append(f"{place}: learnt from a session that it is tested on")
    if forecasts.select(*KEYS, "target", "candidate").is_duplicated().any():
        faults.append("a session is tested twice")
    return faults


def lessons_of_heads(put: Sequence[Asked], watched: Watching) -> list[Lesson]:
    """What each head of the joint estimators learnt from, read off the masks that it was given."""
    (estimator,) = joint_estimators([each.target for each in put])
    mine = {each.target.label.horizon: each for each in sharing(put, estimator)}
    nearest = mine[min(mine)]
    lessons = []
    for horizon, known in (head for fit in watched.heads for head in fit):
        sessions = nearest.rows["session"].head(len(known)).filter(pl.Series(known))
        rows = mine[horizon].rows.filter(pl.col("session").is_in(sessions.implode()))
        last = rows.select(pl.col("session", "known_on").max()).row(0)
        name = mine[horizon].target.name
        lessons.append(Lesson(name, estimator.name, int(known.sum()), *last))
    return lessons


def calibration_faults(
    target: Target, forecasts: pl.DataFrame, calibrated: Callable = calibration.calibrated
) -> list[str]:
    """Folds that are calibrated on a session of their own, or on one not settled by their start.

    The outcome of each row is replaced by its number, so that what is calibrated on tells itself.
    """
    counts = pl.col("outcome").is_not_null()
    rows = forecasts.filter(pl.col("candidate") == target.anchor.name, counts).sort(*KEYS)
    numbered = rows.with_columns(outcome=pl.int_range(pl.len()).cast(pl.Float64))
    happened = outcome_of(target, numbered)
    slices: list[list[int]] = []

    def seen(_score, _challenger, _anchor, happened):
        slices.append(happened.values.astype(int).tolist())
        return 0.5

    said = np.ones((rows.height, 1))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(calibration, "shrinkage", seen)
        calibrated(target.score, said, said, happened, rows)
    faults = []
    for fold, taken in zip(rows["fold"].unique().sort(), slices, strict=True):
        start = rows.filter(pl.col("fold") == fold)["fold_start"][0]
        used = rows[taken]
        if used.filter(pl.col("fold") >= fold).height:
            faults.append(f"fold {fold} is calibrated on itself")
        if used.filter(pl.col("known_on") > start).height:
            faults.append(f"fold {fold} is calibrated on what was not known at its start")
    return faults


def alarms(target: Target, forecasts: pl.DataFrame) -> list[str]:
    """What the gate finds too good to be true, of any contender."""
    with quick_gate():
        (verdict,) = verdicts([target], [evaluation(target, forecasts)], SEED)
    reasons = [reason for trial in verdict.trials for reason in trial.reasons]
    return [reason for reason in reasons if reason.startswith("too good")]


def auc_and_error(target: Target, forecasts: pl.DataFrame, name: str) -> tuple[float, float]:
    """AUC of a candidate as it came, and its standard error if it knows nothing.

    Of overlapping outcomes only one in `horizon` counts (Hanley and McNeil, 1982).
    """
    mine = forecasts.filter(pl.col("candidate") == name).drop_nulls("forecast")
    classes = outcome_of(target, mine).classes
    top, bottom = (
        float((classes == each).sum()) / target.label.horizon
        for each in (len(target.label.classes) - 1, 0)
    )
    error = np.sqrt((top + bottom + 1) / (12 * top * bottom))
    return auc(np.array(mine["forecast"].to_list()), classes), float(error)


def differences(
    one: World, other: World, case: tuple[Engine, Target], day: date
) -> dict[str, list[str]]:
    """By stage, what differs of one target up to `day` between two walks."""
    engine, target = case
    told, heard = (each.forecasts(*case) for each in (one, other))
    features = [each.features[engine.name] for each in (one, other)]
    stages = {
        "features": [each.filter(pl.col("session") <= day) for each in features],
        "examples": [known_by(each.of(*case).rows, day) for each in (one, other)],
        "forecasts": [said_by(told, heard, day), said_by(heard, told, day)],
        "record": [known_by(each, day) for each in (told, heard)],
        "calibrated": [calibrated_by(target, each, day) for each in (told, heard)],
    }
    found = {stage: moved(*pair) for stage, pair in stages.items()}
    return {stage: columns for stage, columns in found.items() if columns}
