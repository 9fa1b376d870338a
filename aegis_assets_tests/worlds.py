"""Small worlds to run: a home in a temporary folder, and sources that end early or lie."""

import hashlib
import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path

import polars as pl

from aegis_assets.adapters.files import locked
from aegis_assets.adapters.sample import SampleSource
from aegis_assets.adapters.warehouse import Warehouse
from aegis_assets.cli.stages import Platform, Stage
from aegis_assets.core.bars import DailyAnswer, Origin
from aegis_assets.core.markets import Market
from aegis_assets.core.universe import Instrument
from aegis_assets.defs.jobs import HISTORY_JOB, INGEST_JOB, PUBLISH_JOB, TRAIN_JOB
from aegis_assets.settings import Settings, SourceName

SAMPLE = SampleSource()
LAST_SLOT, LAST_WEEK = "2018-12-31-15:30", "2018-12-29"
_MOMENT = re.compile(rb'"generated_at": "[^"]+"')


@dataclass(frozen=True)
class CutSource:
    """The sample as far as it was `known`; partitions reach to `end`."""

    known: date
    end: date
    name: str = SAMPLE.name
    is_live: bool = False

    def now(self) -> datetime:
        """The machine's clock."""
        return SAMPLE.now()

    def last_session(self, _: Market) -> date:
        """The end, of which no bar may be known."""
        return self.end

    def settled_at(self, market: Market, moment: datetime) -> date:
        """As the sample has it."""
        return SAMPLE.settled_at(market, moment)

    def daily(self, market: Market, instrument: Instrument, first: date, last: date) -> DailyAnswer:
        """Bars up to `known`."""
        return SAMPLE.daily(market, instrument, first, min(last, self.known))

    def judge(self, origin: Origin, symbol: str, interval: str, verdict: str) -> None:
        """Nothing to remember."""


@dataclass(frozen=True)
class ChangedSource:
    """The sample after `change` has altered its bars."""

    change: Callable[[pl.DataFrame], pl.DataFrame]
    name: str = SAMPLE.name
    is_live: bool = False

    def now(self) -> datetime:
        """The machine's clock."""
        return SAMPLE.now()

    def last_session(self, market: Market) -> date:
        """That of the sample."""
        return SAMPLE.last_session(market)

    def settled_at(self, market: Market, moment: datetime) -> date:
        """As the sample has it."""
        return SAMPLE.settled_at(market, moment)

    def daily(self, market: Market, instrument: Instrument, first: date, last: date) -> DailyAnswer:
        """Bars as `change` makes them."""
        answer = SAMPLE.daily(market, instrument, first, last)
        return replace(answer, bars=self.change(answer.bars))

    def judge(self, origin: Origin, symbol: str, interval: str, verdict: str) -> None:
        """Nothing to remember."""


def settings_of(
    home: Path, history_start: date = date(2009, 6, 1), slots_start: date = date(2018, 12, 10)
) -> Settings:
    """Settings on which the environment has no say.

    The default history is about the shortest of which every engine serves something.
    """
    return Settings(
        source=SourceName.SAMPLE,
        market="SP500",
        history_start=history_start,
        slots_start=slots_start,
        home=home,
        workers=2,
        seed=7,
    )


def run_due(world: Platform) -> None:
    """Everything that is due."""
    for stage in world.due():
        if stage.keys:
            world.run(stage, lambda _: None)


def run_history(world: Platform, *months: str) -> None:
    """Bars and history of these months, or of all."""
    keys = months or tuple(world.keys_of(HISTORY_JOB))
    world.run(Stage(INGEST_JOB, "bars", keys, 0), lambda _: None)
    world.run(Stage(HISTORY_JOB, "history", keys, 0), lambda _: None)


def train(world: Platform, week: str) -> None:
    """Walk-forward records and models of a week."""
    world.run(Stage(TRAIN_JOB, "training", (week,), 0), lambda _: None)


def publish(world: Platform, slot: str) -> None:
    """The payload of a slot."""
    world.run(Stage(PUBLISH_JOB, "publish", (slot,), 0), lambda _: None)


def slot_of(home: Path, slot: str) -> bytes:
    """The slot's published bytes but for `generated_at`."""
    return stamped_off((home / "warehouse" / "publish" / "slots" / f"{slot}.json").read_bytes())


def stamped_off(payload: bytes) -> bytes:
    """The payload's bytes but for `generated_at`."""
    bare, stamps = _MOMENT.subn(b"", payload)
    assert stamps == 1
    return bare


def outside(**variables: str) -> dict[str, str]:
    """The environment of a process that knows no settings but these."""
    ours = ("AEGIS_", "DAGSTER_", "COLUMNS")
    return {k: v for k, v in os.environ.items() if not k.startswith(ours)} | variables


def files_of(folder: Path) -> dict[str, str]:
    """sha256 of every file below `folder` by its relative path."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def table_of(home: Path, name: str) -> pl.DataFrame:
    """All rows of one table of a home's warehouse."""
    return Warehouse(home / "warehouse" / "aegis.duckdb").rows(name)


def tables_of(home: Path) -> dict[str, pl.DataFrame]:
    """All rows of every table."""
    warehouse = Warehouse(home / "warehouse" / "aegis.duckdb")
    return {name: warehouse.rows(name) for name in warehouse.tables()}


def made_once(folder: Path, make: Callable[[Path], None]) -> Path:
    """`folder`, filled by the first of the test processes that asks for it."""
    folder.mkdir(parents=True, exist_ok=True)
    door = folder.with_name(f"{folder.name}.door")  # what is made may want to lock its own folder
    door.mkdir(exist_ok=True)
    with locked(door, exclusive=True):
        done = folder / "made.json"
        if not done.exists():
            make(folder)
            done.write_text(json.dumps(sorted(path.name for path in folder.iterdir())))
    return folder
