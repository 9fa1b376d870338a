"""The stages in the order in which data flows, and what each has to do when its turn comes.

A stage is looked at when the one before has run.  Where that failed, those that read it are not
tried; the newest slot is published all the same, from what is stored.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from functools import partial

import dagster as dg

from aegis_assets.core.engines import ENGINES
from aegis_assets.core.errors import AegisError
from aegis_assets.defs.due import Due
from aegis_assets.defs.due_sessions import last_session
from aegis_assets.defs.due_training import engines_due
from aegis_assets.defs.jobs import (
    DEPLOY_JOB,
    HISTORY_JOB,
    INGEST_JOB,
    INTRADAY_JOB,
    PUBLISH_JOB,
    SCORE_JOB,
    TRAIN_JOB,
    VALIDATE_JOB,
)
from aegis_assets.defs.option_chain import KEY as CHAIN
from aegis_assets.defs.stage_runs import FAULTS, Ending, Outcome, Stage


@dataclass(frozen=True)
class Part:
    """A stage before it is known what it has to do.

    `reads` are the jobs without which it is not tried; `again` are the partitions that it makes
    where it is to be made again though nothing is due; `assets` are the only ones of the job that
    it makes.  What is `extra` is not spoken of while it is not due.
    """

    job: str
    title: str
    due: Callable[[Due], list[str]]
    again: Callable[[Due], list[str]]
    reads: tuple[str, ...] = ()
    assets: tuple[dg.AssetKey, ...] = ()
    extra: bool = False

    def stage(self, due: Due, *, force: bool = False) -> Stage:
        """What it has to do by now."""
        keys = (self.again if force else self.due)(due)
        made = self.assets or due.assets_of(self.job)
        stage = Stage(self.job, self.title, tuple(keys), 2 * len(keys) * len(made))
        if self.job == TRAIN_JOB and keys and not force:
            return _lessons(due, stage)
        return replace(stage, rebuild=force and self.job == INGEST_JOB, assets=self.assets)


def _week(due: Due) -> list[str]:
    return [due.newest_week()]


def _session(due: Due) -> list[str]:
    return [f"{last_session(due.world)}"]


_BARS = Part(INGEST_JOB, "bars", Due.bars, partial(Due.bars, rebuild=True))
_HISTORY = Part(HISTORY_JOB, "history", Due.history, partial(Due.history, rebuild=True))
PARTS = (
    _BARS,
    replace(_HISTORY, reads=(INGEST_JOB,)),
    Part(TRAIN_JOB, "training", Due.week, _week, (HISTORY_JOB,)),
    Part(VALIDATE_JOB, "validate", Due.validation, _week, (TRAIN_JOB,)),
    Part(DEPLOY_JOB, "deploy", Due.promotion, _week, (VALIDATE_JOB,)),
    Part(INTRADAY_JOB, "intraday", Due.session, _session),
    Part(INTRADAY_JOB, "chain", Due.chain, Due.chain, assets=(CHAIN,), extra=True),
    Part(SCORE_JOB, "ledger", Due.scores, Due.told_months, (HISTORY_JOB,)),
    Part(PUBLISH_JOB, "publish", Due.slot, Due.newest_slot),
)
"""In order.  `publish` reads them all and needs none: it tells what is stored, with its age."""


def parts(due: Due, only: Collection[str] = ()) -> Iterator[Part]:
    """Those whose job the graph has, or of them only these jobs."""
    return (part for part in PARTS if due.has(part.job) and (not only or part.job in only))


def outcomes(
    due: Due,
    run: Callable[[Stage], Outcome],
    only: Collection[str] = (),
    *,
    force: Collection[str] = (),
    may_begin: Callable[[], bool] = lambda: True,
) -> Iterator[Outcome]:
    """What becomes of each stage in turn; `run` runs it, unless time is up and nothing may begin.

    Of the jobs in `force` all is made that they could make, though it is not due.
    """
    lost: set[str] = set()
    for part in parts(due, only):
        nothing = Stage(part.job, part.title, ())
        if why := _why_not(due, part, lost):
            found = Outcome(nothing, Ending.NOT_TRIED, why=why)
        else:
            again = part.job in force
            found = _outcome(due, part, run, force=again, may_begin=may_begin)
        if found.ending in FAULTS:
            lost.add(part.job)
        if found.stage.keys or found.ending is not Ending.NOTHING_DUE or not part.extra:
            yield found


def _outcome(
    due: Due,
    part: Part,
    run: Callable[[Stage], Outcome],
    *,
    force: bool,
    may_begin: Callable[[], bool],
) -> Outcome:
    try:
        stage = part.stage(due, force=force)
    except AegisError as error:
        nothing = Stage(part.job, part.title, ())
        return Outcome(nothing, Ending.FAILED, error=type(error).__name__, why=f"{error}")
    if not stage.keys:
        return Outcome(stage, Ending.NOTHING_DUE)
    return run(stage) if may_begin() else Outcome(stage, Ending.OUT_OF_TIME)


def _why_not(due: Due, part: Part, lost: Collection[str]) -> str:
    """Why a stage cannot be tried after what failed; nothing where it can."""
    cause = next((job for job in part.reads if job in lost), "")
    if cause:
        return f"{cause} was not brought to its end, and it reads that"
    if part.job == INTRADAY_JOB and lost and not due.has_tables(due.assets_of(INGEST_JOB)):
        return "there is no daily bar to see the session against"
    if part.job == PUBLISH_JOB and lost and not _is_servable(due):
        return "there is nothing to publish from: no history, or no models"
    return ""


def _is_servable(due: Due) -> bool:
    """Whether tables of history and some models of every engine are stored."""
    stored = all(due.store.targets(engine.name) for engine in ENGINES)
    return stored and due.has_tables(due.assets_of(HISTORY_JOB))


def _lessons(due: Due, stage: Stage) -> Stage:
    """Training of the engines that are due, and why they are."""
    week = stage.keys[0]
    found = engines_due(due, week)
    why = next((each for each in found.values() if each), "")
    if len(found) == len(ENGINES):
        return replace(stage, why=why)
    assets = due.training_assets([*found], week)
    return replace(stage, events=2 * len(assets), why=why, assets=assets)
