"""What a chain of stages asks for next, and in which state of what it reads.

Goes in: what is due.  Comes out: steps, the one that others wait for first.  A step's run key names
the state that made it due, so what failed is not asked for again until something changed.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256

import dagster as dg

from aegis_assets.core.sessions import close_of
from aegis_assets.core.timetable import cutoff_before
from aegis_assets.defs.candles import DAILY as CANDLES
from aegis_assets.defs.due import Due
from aegis_assets.defs.jobs import (
    DEPLOY_JOB,
    HISTORY_JOB,
    INGEST_JOB,
    INTRADAY_JOB,
    SCORE_JOB,
    TRAIN_JOB,
    VALIDATE_JOB,
)
from aegis_assets.defs.option_chain import KEY as CHAIN
from aegis_assets.defs.partitions import MONTH_FORMAT
from aegis_assets.defs.raw import BEHIND
from aegis_assets.defs.raw import KEY as RAW
from aegis_assets.defs.requests import LONGEST_WAIT, RUN_KEY, WHY_TAG, of_partitions
from aegis_assets.defs.schedules import trains_at
from aegis_assets.defs.slot_sensor import unserved

AGAIN = timedelta(minutes=15)
"""Least time between two requests for bars that did not come; it doubles as the close recedes."""


@dataclass(frozen=True)
class Step:
    """What is due next: partitions of a job, the state that made it so, and why in words."""

    job: str
    keys: Sequence[str]
    state: str
    why: str
    assets: Sequence[dg.AssetKey] = ()

    @property
    def run_key(self) -> str:
        """What Dagster launches once."""
        return f"{self.job}:{self.keys[0]}..{self.keys[-1]}@{self.state}"

    @property
    def request(self) -> dg.RunRequest:
        """What is asked for."""
        return of_partitions(self.job, self.keys, self.run_key, {WHY_TAG: self.why}, self.assets)


def is_spent(instance: dg.DagsterInstance, step: Step) -> bool:
    """Whether the step was asked for in this state: Dagster would launch nothing."""
    return instance.get_runs_count(dg.RunsFilter(tags={RUN_KEY: step.run_key})) > 0


def bars(due: Due, instance: dg.DagsterInstance) -> Iterator[Step]:
    """Bars of the newest settled session, where a schedule missed them or they did not come.

    After an ingestion that failed, or brought too little, they are asked for ever more seldom.
    """
    world, now = due.world, due.world.source.now()
    session, settled = _settled(due)
    month, last = [session.strftime(MONTH_FORMAT)], _last_failure(due, instance)
    record = _newest(instance, RAW, month[0])
    if last is not None and now < _again(last[0], settled):
        return
    state = f"{session}" if last is None else f"{session}-{last[1]}"
    if record is None:
        if not event(instance, RAW) or now >= settled + LONGEST_WAIT:
            months = due.bars()
            yield Step(INGEST_JOB, months, state, f"no bar of {months[-1]} was ever asked for")
        return
    asked = datetime.fromtimestamp(record.timestamp, UTC) + world.settings.clock_shift
    behind = _behind(record)
    if asked < settled and now >= settled + LONGEST_WAIT:
        yield Step(INGEST_JOB, month, state, f"nobody asked since {session} settled")
    elif asked >= settled and behind and now >= _again(asked, settled):
        why = f"{session} did not come of {', '.join(behind)}"
        yield Step(INGEST_JOB, month, f"{record.storage_id}-{state}", why)


def chains(due: Due) -> Iterator[Step]:
    """The option chain of the last close, whose file comes hours later: asked for once an hour."""
    hour = f"{due.world.source.now():%Y-%m-%dT%H}"
    if sessions := due.chain():
        why = f"the option chain of the close of {sessions[-1]} is wanted"
        yield Step(INTRADAY_JOB, sessions, hour, why, (CHAIN,))


def after_bars(due: Due, instance: dg.DagsterInstance) -> Iterator[Step]:
    """What is due of what is made of bars: history, then scores once the bars were asked for."""
    asked = _newest(instance, RAW)
    if asked is None:
        return
    if months := due.history():
        why = f"bars of {months[0]} to {months[-1]} are new, or told otherwise than before"
        yield Step(HISTORY_JOB, months, f"{asked.storage_id}-{code(due, HISTORY_JOB)}", why)
    moment = datetime.fromtimestamp(asked.timestamp, UTC) + due.world.settings.clock_shift
    if moment >= _settled(due)[1] and (months := due.scores()):
        state = f"{event(instance, CANDLES)}-{code(due, SCORE_JOB)}"
        yield Step(SCORE_JOB, months, state, f"candles of {months[0]} on are new")


def model_steps(due: Due, instance: dg.DagsterInstance) -> Iterator[Step | str]:
    """What is due of the newest cut-off, or what it waits for in words."""
    now = due.world.source.now()
    cutoff = cutoff_before(due.world.market, now)
    week, engines = f"{cutoff}", due.engines_due(f"{cutoff}")
    if engines:
        yield _training(due, instance, cutoff, engines)
        return
    trained = due.last_made(due.assets_of(TRAIN_JOB), week)
    for job, why in ((VALIDATE_JOB, "validated"), (DEPLOY_JOB, "deployed")):
        if trained and due.first_made(due.assets_of(job), week) < trained:
            yield Step(job, [week], f"{trained}", f"models of {week} are to be {why}")
            return


def _training(
    due: Due, instance: dg.DagsterInstance, cutoff: date, engines: list[str]
) -> Step | str:
    """The training, once its schedule has had its chance and nothing that it reads is to come."""
    now, named = due.world.source.now(), ", ".join(engines)
    if not (is_left_out(due, cutoff, now) or unserved(due.world, now)):
        return f"{named}: the schedule train_each_week trains {cutoff}"
    if next(bars(due, instance), None) is not None:
        return f"{named}: bars are to be asked for first"
    if not event(instance, CANDLES) or due.history():
        return f"{named}: history is to be made first"
    state = f"{event(instance, CANDLES)}-{code(due, TRAIN_JOB)}"
    assets = due.training_assets(engines, f"{cutoff}")
    return Step(TRAIN_JOB, [f"{cutoff}"], state, f"no models of {cutoff}: {named}", assets)


def is_left_out(due: Due, cutoff: date, now: datetime) -> bool:
    """Whether the schedule should have asked for the training by now."""
    return now >= trains_at(due.world.market, cutoff) + LONGEST_WAIT


def code(due: Due, job: str) -> str:
    """The code that is to make what a job makes, as a hash."""
    versions = sorted(f"{key}{due.code_version(key)}" for key in due.assets_of(job))
    return sha256("".join(versions).encode()).hexdigest()[:8]


def event(instance: dg.DagsterInstance, key: dg.AssetKey) -> int:
    """Number of the newest materialization of an asset; 0 if there is none."""
    record = _newest(instance, key)
    return record.storage_id if record else 0


def _settled(due: Due) -> tuple[date, datetime]:
    """The newest session whose bars can be had, and since when."""
    market = due.world.market
    session = due.world.settled_at(due.world.source.now())
    return session, close_of(market, session) + market.settles


def _again(asked: datetime, settled: datetime) -> datetime:
    """When to ask again: as long after the last time as that was after the close."""
    return asked + max(AGAIN, asked - settled)


def _last_failure(due: Due, instance: dg.DagsterInstance) -> tuple[datetime, str] | None:
    """When the newest ingestion ended and which it was, if it failed."""
    records = instance.get_run_records(dg.RunsFilter(job_name=INGEST_JOB), limit=1)
    if not records or records[0].dagster_run.status is not dg.DagsterRunStatus.FAILURE:
        return None
    record = records[0]
    ended = datetime.fromtimestamp(record.end_time or record.update_timestamp.timestamp(), UTC)
    return ended + due.world.settings.clock_shift, record.dagster_run.run_id[:8]


def _behind(record: dg.EventLogRecord) -> list[str]:
    """Symbols whose newest final bar is not of the session that was due when it was asked for."""
    told = record.asset_materialization
    found = told.metadata.get(BEHIND) if told else None
    listed = found.value if isinstance(found, dg.JsonMetadataValue) else None
    return [str(each) for each in listed or ()]


def _newest(
    instance: dg.DagsterInstance, key: dg.AssetKey, partition: str | None = None
) -> dg.EventLogRecord | None:
    which = dg.AssetRecordsFilter(key, asset_partitions=[partition] if partition else None)
    records = instance.fetch_materializations(which, limit=1).records
    return records[0] if records else None
