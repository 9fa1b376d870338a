"""Settings: the only place that reads the environment.

Each is an environment variable, ``AEGIS_`` and the name in capitals, or a line of ``.env``.
"""

import difflib
import os
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Self

from dotenv import dotenv_values
from pydantic import (
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from aegis_assets.core.errors import SettingsError
from aegis_assets.core.markets import MARKETS
from aegis_assets.core.timetable import Cadence
from aegis_assets.places import listed, refuse_no_clone, refuse_place


class SourceName(StrEnum):
    """Where bars come from."""

    SAMPLE = "sample"
    YAHOO = "yahoo"


class OptionChain(StrEnum):
    """Where option chains come from."""

    OFF = "off"
    NSE = "nse"
    BHAVCOPY = "bhavcopy"


_OF_OTHERS = {"AEGIS_TEST_DATA"}
"""Names that are read elsewhere: by the tests."""
_MARKET_OF = {SourceName.SAMPLE: "SP500", SourceName.YAHOO: "NIFTY"}


class Settings(BaseSettings):
    """What a person may choose; everything else is declared in code."""

    model_config = SettingsConfigDict(env_prefix="AEGIS_", env_file=".env", extra="ignore")

    source: SourceName = Field(SourceName.SAMPLE, description="where bars come from")
    market: str = Field(
        "", validate_default=True, description="name of a market; SP500 for sample, NIFTY for yahoo"
    )
    history_start: date = Field(
        date(1999, 1, 1), description="first month of history; a 5-year run starts 2014-01-01"
    )
    slots_start: date | None = Field(
        None, description="first day of payload slots; else 2016 of the sample, or this year"
    )
    home: Path = Field(Path(), description="folder that holds warehouse/ and models/")
    dagster_home: Path | None = Field(
        None, validation_alias="DAGSTER_HOME", description="folder of dagster.yaml; else this one"
    )
    patience: int = Field(
        1, ge=1, description="finished sessions that may be missing before a live source is asked"
    )
    nse_spot: bool = Field(
        default=False, description="ask NSE for the spot as the last resort; it answers in India"
    )
    option_chain: OptionChain = Field(
        OptionChain.OFF, description="option chains: off, nse (answers in India) or bhavcopy files"
    )
    option_chain_folder: Path | None = Field(
        None, description="folder of NSE's daily F&O bhavcopy files, csv or zip, as downloaded"
    )
    clock_shift: timedelta = Field(
        timedelta(0), description="added to the machine's clock, to show a live day of the past"
    )
    workers: int = Field(2, ge=1, description="targets that are trained side by side")
    deep: bool = Field(
        default=False, description="train the sequence network too; needs the extra deep"
    )
    second_market: bool = Field(
        default=True, description="judge contenders on the embedded market too, where it is another"
    )
    publish_to: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="where published files go too: git:clone?branch=... or URLs, spaces between"
    )
    publish_models_to: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="clones that get deployed models: git:clone?branch=...&folder=models"
    )
    alert_to: Annotated[tuple[SecretStr, ...], NoDecode] = Field(
        (), description="where alerts go besides the log: Apprise URLs, spaces between"
    )
    alert_again: timedelta = Field(
        timedelta(hours=6), gt=timedelta(0), description="until an alert that lasts is told again"
    )
    cadence: Annotated[dict[str, Cadence], NoDecode] = Field(
        {}, description="engines that are not trained weekly: buyer=monthly direction=monthly"
    )
    keep_runs: timedelta = Field(
        timedelta(days=90),
        gt=timedelta(0),
        description="age at which runs are forgotten",
    )
    keep_raw: timedelta = Field(
        timedelta(days=400),
        gt=timedelta(0),
        description="age at which intraday answers go",
    )
    disk_budget_gb: float = Field(
        20.0, gt=0, description="size of this home beyond which the disk check warns"
    )
    seed: int = Field(20_181_231, description="seed of everything that draws")

    @field_validator("market")
    @classmethod
    def _market_is_registered(cls, market: str, info: ValidationInfo) -> str:
        chosen = market or _MARKET_OF[info.data.get("source", SourceName.SAMPLE)]
        if chosen not in MARKETS:
            msg = f"found market {chosen!r}, expected one of {sorted(MARKETS)}"
            raise ValueError(msg)
        return chosen

    @field_validator("cadence", mode="before")
    @classmethod
    def _cadences(cls, given: object) -> object:
        """``engine=cadence`` with spaces between; the graph judges the name."""
        if not isinstance(given, str):
            return given
        pairs = [each.partition("=") for each in given.split()]
        if any(not (name and sign and value) for name, sign, value in pairs):
            msg = f"found {given!r}, expected engine=weekly or engine=monthly, spaces between"
            raise ValueError(msg)
        return {name: value for name, _, value in pairs}

    @field_validator("publish_to", "publish_models_to", "alert_to", mode="before")
    @classmethod
    def _places(cls, given: object) -> object:
        return listed(given)

    @field_validator("publish_to")
    @classmethod
    def _places_are_understood(cls, places: tuple[str, ...]) -> tuple[str, ...]:
        for place in places:
            refuse_place(place)
        return places

    @field_validator("publish_models_to")
    @classmethod
    def _clones_are_understood(cls, places: tuple[str, ...]) -> tuple[str, ...]:
        for place in places:
            refuse_no_clone(place)
        return places

    @field_validator("history_start")
    @classmethod
    def _whole_months(cls, start: date) -> date:
        return start.replace(day=1)

    @model_validator(mode="after")
    def _chain_can_be_had(self) -> Self:
        """A chain belongs to a running session, and files lie in a folder."""
        if self.option_chain is OptionChain.OFF:
            return self
        if self.source is SourceName.SAMPLE:
            msg = (
                f"found AEGIS_OPTION_CHAIN {self.option_chain.value}, but the sample has no "
                "sessions to have chains of: set AEGIS_SOURCE=yahoo, or leave it off"
            )
            raise ValueError(msg)
        folder = self.option_chain_folder
        if self.option_chain is OptionChain.BHAVCOPY and (folder is None or not folder.is_dir()):
            msg = (
                f"found AEGIS_OPTION_CHAIN_FOLDER {folder}, expected the folder of the bhavcopy "
                "files: make it, or set AEGIS_OPTION_CHAIN=off"
            )
            raise ValueError(msg)
        return self

    @property
    def warehouse_file(self) -> Path:
        """The DuckDB file."""
        return self.home / "warehouse" / "aegis.duckdb"

    @property
    def raw_folder(self) -> Path:
        """Where raw answers, the fetch log and the request gates are kept."""
        return self.home / "warehouse" / "raw"

    @property
    def publish_folder(self) -> Path:
        """Where `aegismatrix.json` is written."""
        return self.home / "warehouse" / "publish"

    @property
    def cache_folder(self) -> Path:
        """Where what is made of installed packages is kept; safe to delete."""
        return self.home / "warehouse" / "cache"

    @property
    def folds_folder(self) -> Path:
        """Where fits of past folds are remembered."""
        return self.home / "warehouse" / "folds"

    @property
    def models_folder(self) -> Path:
        """Where models are stored."""
        return self.home / "models"


@lru_cache(maxsize=1)
def settings() -> Settings:
    """The settings of this process."""
    _refuse_unknown()
    try:
        return Settings()
    except ValidationError as error:
        found = "; ".join(_told(each) for each in error.errors())
        msg = f"settings are refused: {found}"
        raise SettingsError(msg) from error


def _told(fault: ErrorDetails) -> str:
    """Which setting it is, and what was found and expected."""
    said = fault["msg"].removeprefix("Value error, ")
    name = "_".join(map(str, fault["loc"])).upper()
    if not name:
        return said
    is_secret = fault["loc"][:1] == ("alert_to",)
    given = "what is not shown" if is_secret else repr(fault["input"])
    found = "" if said.startswith("found") else f"found {given}: "
    return f"AEGIS_{name}: {found}{said}"


def _refuse_unknown() -> None:
    """Raise `SettingsError` for a variable or line of ``.env`` that looks like a setting."""
    known = {f"AEGIS_{name.upper()}" for name in Settings.model_fields} | _OF_OTHERS
    named = {name.upper() for name in (*os.environ, *dotenv_values(".env"))}
    for name in sorted(named - known):
        if name.startswith("AEGIS_"):
            near = difflib.get_close_matches(name, known, 1)
            meant = f"did you mean {near[0]}?" if near else "README.md lists those that are"
            msg = f"found {name}, which is no setting: {meant}"
            raise SettingsError(msg)
