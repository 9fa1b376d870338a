"""Small homes to copy: a table, a model, two payloads, an answer, a gate, a run, and leftovers."""

from datetime import UTC, datetime
from pathlib import Path

import dagster as dg

from aegis_assets.adapters.backups import Home, Origin
from aegis_assets.adapters.model_store import ModelStore
from aegis_assets.adapters.publishers import FolderPublisher
from aegis_assets.adapters.raw_archive import Fetch, RawArchive
from aegis_assets.adapters.request_gate import RequestGate
from aegis_assets.adapters.restoring import checked, restore
from aegis_assets.adapters.warehouse import Warehouse
from aegis_assets_tests.adapters.test_model_store import artefact
from aegis_assets_tests.adapters.test_publishers import EVENING, MORNING
from aegis_assets_tests.adapters.test_warehouse import FEBRUARY, JANUARY, candles

TABLE = "raw.ohlcv"
ANSWER = b'{"chart": "an answer"}'
MOMENT = datetime(2024, 12, 10, 6, 0, tzinfo=UTC)
ORIGIN = Origin("NIFTY", "yahoo", 1, MOMENT)


@dg.asset
def bars():
    """Something that a run can make."""
    return dg.MaterializeResult()


def remembered(home):
    """The instance of the home's runs."""
    home.dagster.mkdir(parents=True, exist_ok=True)
    untold = {"telemetry": {"enabled": False}}
    return dg.DagsterInstance.local_temp(str(home.dagster), overrides=untold)


def furnished(folder: Path) -> Home:
    """A home with something of every kind, made by those who make it."""
    home = Home(folder, folder / ".dagster")
    warehouse = Warehouse(home.warehouse_file)
    warehouse.replace(TABLE, candles(JANUARY, 1.0), JANUARY)
    warehouse.replace(TABLE, candles(FEBRUARY, 2.0), FEBRUARY)
    ModelStore(folder / "models").save(artefact({"a.ubj": b"weights"}))
    publisher = FolderPublisher(folder / "warehouse" / "publish")
    publisher.publish(b"morning", MORNING)
    publisher.publish(b"evening", EVENING)
    archive = RawArchive(folder / "warehouse" / "raw")
    sha256 = archive.keep(ANSWER)
    archive.log(Fetch(MOMENT, "https://host/chart", "one", 1, "ok", sha256=sha256))
    RequestGate(folder / "warehouse" / "raw" / "yahoo-gate.sqlite").enter()
    for again in ("folds/x/y", "cache/chart.js", "raw/yfinance/cookies.db"):
        path = folder / "warehouse" / again
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"made again by itself")
    with remembered(home) as instance:
        dg.materialize([bars], instance=instance)
    return home


def silence(*_):
    """Nobody listens."""


def back(kept, folder, *, force=False):
    """The home that came back, and what was moved aside."""
    home = Home(folder, folder / ".dagster")
    manifest = checked(kept, ORIGIN.market, ORIGIN.source, silence)
    return home, restore(kept, manifest, home, MOMENT, force=force)
