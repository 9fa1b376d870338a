"""Settings: the only place that reads the environment.

Each is an environment variable, ``AEGIS_`` and the name in capitals, or a line of ``.env``.
"""

from datetime import date
from enum import StrEnum
from functools import lru_cache
from pathlib import Path

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from aegis_assets.core.errors import SettingsError
from aegis_assets.core.markets import MARKETS


class SourceName(StrEnum):
    """Where bars come from."""

    SAMPLE = "sample"
    YAHOO = "yahoo"


class Settings(BaseSettings):
    """What a person may choose; everything else is declared in code."""

    model_config = SettingsConfigDict(env_prefix="AEGIS_", env_file=".env", extra="ignore")

    source: SourceName = Field(SourceName.SAMPLE, description="where bars come from")
    market: str = Field("SP500", description="name of a registered market")
    history_start: date = Field(
        date(1999, 1, 1), description="first month of history; a 5-year run starts 2014-01-01"
    )
    slots_start: date = Field(
        date(2016, 1, 1), description="first day of payload slots; models from the week before"
    )
    home: Path = Field(Path(), description="folder that holds warehouse/ and models/")
    dagster_home: Path | None = Field(
        None, validation_alias="DAGSTER_HOME", description="folder of dagster.yaml; else this one"
    )
    workers: int = Field(2, ge=1, description="targets that are trained side by side")
    seed: int = Field(20_181_231, description="seed of everything that draws")

    @field_validator("source")
    @classmethod
    def _source_is_here(cls, source: SourceName) -> SourceName:
        if source is SourceName.YAHOO:
            msg = "this release carries no Yahoo adapter: set AEGIS_SOURCE=sample"
            raise ValueError(msg)
        return source

    @field_validator("market")
    @classmethod
    def _market_is_registered(cls, market: str) -> str:
        if market not in MARKETS:
            msg = f"found market {market!r}, expected one of {sorted(MARKETS)}"
            raise ValueError(msg)
        return market

    @field_validator("history_start")
    @classmethod
    def _whole_months(cls, start: date) -> date:
        return start.replace(day=1)

    @property
    def warehouse_file(self) -> Path:
        """The DuckDB file."""
        return self.home / "warehouse" / "aegis.duckdb"

    @property
    def publish_folder(self) -> Path:
        """Where `aegismatrix.json` is written."""
        return self.home / "warehouse" / "publish"

    @property
    def models_folder(self) -> Path:
        """Where models are stored."""
        return self.home / "models"


@lru_cache(maxsize=1)
def settings() -> Settings:
    """The settings of this process."""
    try:
        return Settings()
    except ValidationError as error:
        found = "; ".join(
            f"AEGIS_{'_'.join(map(str, each['loc'])).upper()}: {each['msg']}"
            for each in error.errors()
        )
        msg = f"settings are refused: {found}"
        raise SettingsError(msg) from error
