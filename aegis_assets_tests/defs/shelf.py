"""A small home with three training weeks, in which one target is served and can be spoilt."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

import dagster as dg
import numpy as np
import polars as pl

from aegis_assets.adapters.libraries import library_versions
from aegis_assets.adapters.model_store import ModelStore
from aegis_assets.adapters.warehouse import Warehouse, Window
from aegis_assets.core.bars import empty
from aegis_assets.core.card import Artefact, CandidateScore
from aegis_assets.core.engines import ENGINES, VOLATILITY
from aegis_assets.core.evaluation.walk_forward import SCHEMA
from aegis_assets.core.frozen import Source
from aegis_assets.defs.io_managers import WarehouseIOManager
from aegis_assets.defs.world import world
from aegis_assets_tests.adapters.test_model_store import artefact
from aegis_assets_tests.cli.shelves import shelve
from aegis_assets_tests.worlds import CutSource, settings_of

WEEKS = ("2018-12-15", "2018-12-22", "2018-12-29")
TARGET, CANDIDATE = "variance_40", "ewma_variance"
NOON = datetime(2018, 12, 29, 12, tzinfo=UTC)
END = date(2018, 12, 31)


@dataclass(frozen=True)
class Clocked(CutSource):
    """The sample with a clock to set."""

    moment: datetime = NOON

    def now(self) -> datetime:
        """The moment that was set."""
        return self.moment


@dataclass(frozen=True)
class Site:
    """Stores of a home, and how to run assets on them."""

    home: Path
    moment: datetime = NOON
    is_live: bool = False

    @property
    def store(self) -> ModelStore:
        """Its models."""
        return ModelStore(self.home / "models")

    @property
    def warehouse(self) -> Warehouse:
        """Its tables."""
        return Warehouse(self.home / "warehouse" / "aegis.duckdb")

    def at(self, moment: datetime) -> "Site":
        """The same home at another moment."""
        return replace(self, moment=moment)

    def served(self, week: str = WEEKS[-1], target: str = TARGET) -> str:
        """The week that serves the target by all that was said."""
        return self.store.week_served(VOLATILITY.name, target, week)

    def folder(self, week: str = WEEKS[-1], target: str = TARGET) -> Path:
        """Where the model lies."""
        return self.home / "models" / VOLATILITY.name / target / week

    def run(self, make, week: str = WEEKS[-1], checks=()) -> "Ran":  # type: ignore[no-untyped-def]
        """A run of the assets that `make` makes of its world, by a Dagster that forgets it."""
        source = Clocked(END, END, moment=self.moment, is_live=self.is_live)
        here = world(settings_of(self.home), source)
        resources = {
            "warehouse": WarehouseIOManager(self.warehouse),
            "warehouse_file": self.warehouse,
            "stored_models": self.store,
        }
        with dg.DagsterInstance.ephemeral() as instance:
            made = dg.materialize(
                [*make(here), *checks],
                instance=instance,
                partition_key=week,
                resources=resources,
                raise_on_error=False,
            )
            return Ran(made, instance.get_run_by_id(made.run_id).tags)


@dataclass(frozen=True)
class Ran:
    """A run that is over, and the tags that it has in the end."""

    made: dg.ExecuteInProcessResult
    tags: Mapping[str, str]


def furnish(home: Path) -> None:
    """Three weeks in which `TARGET` is served by a baseline, and the tables that checks read."""
    site = Site(home)
    for week in WEEKS:
        shelve(site.store, date.fromisoformat(week))
        site.store.save(answering(week))
    warehouse = site.warehouse
    days = Window("session", date(2018, 8, 1), date(2018, 12, 31))
    warehouse.replace(f"features.{VOLATILITY.name}", features(), days)
    record = {"cutoff": (pl.Date(), "")} | SCHEMA
    for engine in ENGINES:
        week = Window("cutoff", date(2018, 12, 15), date(2019, 1, 5))
        warehouse.replace(f"walk_forward.{engine.name}", empty(record), week)


def features() -> pl.DataFrame:
    """Finite values of every feature of the volatility core on the days to the last week."""
    days = pl.date_range(date(2018, 8, 1), date(2018, 12, 28), "1d", eager=True)
    values = np.random.default_rng(7).uniform(0.01, 0.02, (len(days), len(VOLATILITY.columns)))
    table = pl.DataFrame(values, schema=[*VOLATILITY.columns])
    return table.select(pl.lit("^GSPC").alias("symbol"), days.alias("session"), pl.all())


def answering(week: str, scale: float = 29.0) -> Artefact:
    """`TARGET`, answered by a baseline whose ratio is `scale`."""
    file = f"{CANDIDATE}.json"
    content = json.dumps({"columns": ["ewma_volatility"], "scale": scale}).encode()
    made = artefact()
    verdict = made.card.verdict.model_copy(
        update={
            "source": Source.BASELINE,
            "served": CANDIDATE,
            "leading": None,
            "baseline": CANDIDATE,
            "trials": (),
            "candidates": (CandidateScore(name=CANDIDATE, loss=0.25, n=1_500),),
        }
    )
    return artefact(
        {file: content},
        engine=VOLATILITY.name,
        target=TARGET,
        trained_to=date.fromisoformat(week),
        code_version=VOLATILITY.code_version,
        libraries=library_versions(),
        weights_of={CANDIDATE: file},
        verdict=verdict,
    )


def torn(site: Site, week: str) -> None:
    """Half of the weights are gone."""
    path = next(each for each in site.folder(week).iterdir() if each.name != "card.json")
    path.write_bytes(path.read_bytes()[:20])


def not_a_number(site: Site, week: str) -> None:
    """The weights load, and every forecast of theirs is NaN."""
    site.store.save(answering(week, math.nan))


def of_another_hash(site: Site, week: str) -> None:
    """The card speaks of other bytes."""
    path = site.folder(week) / "card.json"
    known = json.loads(path.read_text())
    known["files"] = dict.fromkeys(known["files"], "0" * 64)
    path.write_text(json.dumps(known))


def of_other_code(site: Site, week: str) -> None:
    """Another declaration made it."""
    made = answering(week)
    card = made.card.model_copy(update={"code_version": "0123456789ab"})
    site.store.save(made.model_copy(update={"card": card}))


def no_card(site: Site, week: str) -> None:
    """The card is cut off."""
    (site.folder(week) / "card.json").write_bytes(b"{")
