"""What an examination finds, and the installation that it looks at."""

import textwrap
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import dagster as dg

from aegis_assets.adapters.health import Probe, free_bytes, probe
from aegis_assets.adapters.sources import Source
from aegis_assets.adapters.warehouse import Warehouse
from aegis_assets.adapters.yahoo import YahooSource
from aegis_assets.core.errors import AegisError
from aegis_assets.core.markets import Market
from aegis_assets.core.sessions import close_of, is_trading, last_final_session
from aegis_assets.settings import Settings

_LONGEST: Final = 300


class Level(StrEnum):
    """Whether a run would do its work."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True)
class Finding:
    """What was found, and what to do about it unless it is well."""

    level: Level
    found: str
    remedy: str = ""


def well(found: str) -> Finding:
    return Finding(Level.OK, found)


def warning(found: str, remedy: str) -> Finding:
    return Finding(Level.WARN, found, remedy)


def failure(found: str, remedy: str) -> Finding:
    return Finding(Level.FAIL, found, remedy)


def failure_of(error: Exception, remedy: str = "mend what it names") -> Finding:
    """What an error says; ours end with what to do, after the last colon."""
    said = " ".join(str(error).split()) or type(error).__name__
    found, colon, todo = said.rpartition(": ") if isinstance(error, AegisError) else ("", "", "")
    if not colon:
        found, todo = f"{type(error).__name__}: {said}", remedy
    return failure(textwrap.shorten(found, _LONGEST, placeholder=" ..."), todo)


@dataclass(frozen=True)
class Installation:
    """Settings and what they lead to; `folder` is the one of dagster.yaml.

    `free` tells the bytes left on a folder's disk, `instance` opens what remembers the runs.
    """

    settings: Settings
    market: Market
    source: Source
    folder: Path
    instance: Callable[[], dg.DagsterInstance]
    free: Callable[[Path], int] = field(default=free_bytes)

    @property
    def yahoo(self) -> YahooSource | None:
        """The source, if it is Yahoo; nothing else has a host."""
        return self.source if isinstance(self.source, YahooSource) else None

    @property
    def warehouse(self) -> Warehouse:
        """The tables; whoever holds them is not waited for."""
        return Warehouse(self.settings.warehouse_file, lock_timeout_s=1.0)

    @property
    def now(self) -> datetime:
        """The present moment, exchange time."""
        return self.source.now().astimezone(ZoneInfo(self.market.time_zone))

    @property
    def today(self) -> date:
        """The exchange's date."""
        return self.now.date()

    @cached_property
    def probe(self) -> Probe | AegisError | None:
        """The one answer asked for, or why there is none; nothing where no host is needed."""
        if self.yahoo is None:
            return None
        try:
            return probe(self.yahoo, self.market)
        except AegisError as error:
            return error

    @property
    def not_needed(self) -> Finding:
        """The finding about a host that the source does without."""
        return well(f"not needed: source {self.source.name}")

    def newest_trading(self, moment: datetime) -> datetime:
        """The newest moment up to `moment` at which the market traded."""
        if is_trading(self.market, moment):
            return moment
        return close_of(self.market, last_final_session(self.market, moment))
