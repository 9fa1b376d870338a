import json
from datetime import date, timedelta

import dagster as dg
import pytest
from typer.testing import CliRunner

from aegis_assets import settings as settings_module
from aegis_assets.adapters.ledger_store import LedgerStore
from aegis_assets.adapters.publishers import FolderPublisher
from aegis_assets.adapters.warehouse import Warehouse, Window
from aegis_assets.cli import app
from aegis_assets.core.dashboard.history import History
from aegis_assets.core.ledger.entries import Publication
from aegis_assets.core.markets import SP500
from aegis_assets.core.payload import encoded
from aegis_assets.core.sessions import close_of
from aegis_assets.defs.dashboard import dashboard_assets
from aegis_assets.defs.world import world
from aegis_assets_tests.core.ledger import cases
from aegis_assets_tests.dashboard import payloads
from aegis_assets_tests.worlds import settings_of

CANDLES = cases.candles(160)
LAST = CANDLES["session"].to_list()[-1]
SLOT = "2018-12-31-15:30"
EARLIER = "2018-12-28-15:30"


def payload():
    """A payload of the embedded market, of the last session there is a candle of."""
    return payloads.payload(as_of=close_of(SP500, LAST), market_name="SP500")


@pytest.fixture
def asked(tmp_path):
    """The asset asked for a slot, with what it is given."""
    here = world(settings_of(tmp_path, date(2018, 6, 1)))
    publisher = FolderPublisher(here.settings.publish_folder)
    [asset] = dashboard_assets(here)

    def ask(*slots):
        made = Publication(payload(), ())
        with dg.build_asset_context(partition_key=slots[-1]) as context:
            return asset(
                context,
                publication=made if len(slots) == 1 else dict.fromkeys(slots, made),
                candles=CANDLES,
                ledger_store=LedgerStore(Warehouse(here.settings.warehouse_file)),
                publications=publisher,
            )

    for slot in (EARLIER, SLOT):
        publisher.publish(encoded(payload()), slot)
    return ask, publisher


def test_the_newest_slot_writes_its_page_and_history_beside_the_payload(asked):
    ask, publisher = asked
    made = ask(SLOT)
    files = publisher.files()
    past = History.model_validate_json(files["history.json"])

    assert made.metadata["written"] is True
    assert set(files) == {"aegismatrix.json", "history.json", "index.html"}
    assert files["index.html"].startswith(b"<!doctype html>")
    assert (past.market.name, past.closes[-1].session) == ("SP500", LAST)
    assert made.metadata["index.html, bytes"] == len(files["index.html"])


def test_a_range_of_slots_writes_that_of_the_newest(asked):
    ask, publisher = asked

    assert ask(EARLIER, SLOT).metadata == ask(SLOT).metadata
    assert "index.html" in publisher.files()


def test_an_earlier_slot_writes_nothing(asked):
    ask, publisher = asked

    assert ask(EARLIER).metadata == {"slot": EARLIER, "written": False}
    assert set(publisher.files()) == {"aegismatrix.json"}


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A home of the embedded market that the command finds, with candles and nothing published."""
    monkeypatch.setenv("AEGIS_HOME", str(tmp_path))
    monkeypatch.setenv("AEGIS_SOURCE", "sample")
    settings_module.settings.cache_clear()
    chosen = settings_module.settings()
    window = Window("session", LAST - timedelta(days=900), LAST + timedelta(days=1))
    Warehouse(chosen.warehouse_file).replace("candles.daily", CANDLES, window)
    yield chosen
    settings_module.settings.cache_clear()


def test_the_command_makes_the_page_of_what_is_stored(home):
    publisher = FolderPublisher(home.publish_folder)
    publisher.publish(encoded(payload()), SLOT)
    ran = CliRunner().invoke(app, ["dashboard"])

    assert ran.exit_code == 0, ran.output
    assert str(home.publish_folder / "index.html") in ran.stdout.replace("\n", "")
    assert json.loads(publisher.files()["history.json"])["closes"][-1]["session"] == str(LAST)


def test_the_command_says_what_to_do_where_nothing_is_published(home):
    ran = CliRunner().invoke(app, ["dashboard"])

    assert ran.exit_code == 1
    assert "nothing is published yet: run `aegis run` first" in ran.output
    assert not (home.publish_folder / "index.html").exists()


def test_the_command_refuses_a_payload_of_another_release(home):
    publisher = FolderPublisher(home.publish_folder)
    publisher.publish(b'{"schema_version": "0.1"}', SLOT)
    ran = CliRunner().invoke(app, ["dashboard"])

    assert ran.exit_code == 1
    assert "does not keep this release's contract" in " ".join(ran.output.split())
