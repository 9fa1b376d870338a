"""Settings: the only place that reads the environment.

Each is an environment variable, ``AEGIS_`` and the name in capitals, or a line of ``.env``.
"""

from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache
from pathlib import Path

from pydantic import Field, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from aegis_assets.core.errors import SettingsError
from aegis_assets.core.markets import MARKETS


class SourceName(StrEnum):
    """Where bars come from."""

    SAMPLE = "sample"
    YAHOO = "yahoo"


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
    seed: int = Field(20_181_231, description="seed of everything that draws")

    @field_validator("market")
    @classmethod
    def _market_is_registered(cls, market: str, info: ValidationInfo) -> str:
        chosen = market or _MARKET_OF[info.data.get("source", SourceName.SAMPLE)]
        if chosen not in MARKETS:
            msg = f"found market {chosen!r}, expected one of {sorted(MARKETS)}"
            raise ValueError(msg)
        return chosen

    @field_validator("history_start")
    @classmethod
    def _whole_months(cls, start: date) -> date:
        return start.replace(day=1)

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
    try:
        return Settings()
    except ValidationError as error:
        found = "; ".join(
            f"AEGIS_{'_'.join(map(str, each['loc'])).upper()}: {each['msg']}"
            for each in error.errors()
        )
        msg = f"settings are refused: {found}"
        raise SettingsError(msg) from error
