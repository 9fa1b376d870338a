"""The option chain as an asset: absent unless asked for, longer by every look, stopping nobody."""

from datetime import UTC, date, timedelta

import dagster as dg
import polars as pl
import pytest

from aegis_assets.adapters.chain_sources import CHAIN_SOURCES
from aegis_assets.adapters.sample import SampleSource
from aegis_assets.adapters.warehouse import Warehouse
from aegis_assets.core.errors import SettingsError, TransportError
from aegis_assets.core.markets import NIFTY
from aegis_assets.core.options.chain import CALL, QUOTED
from aegis_assets.core.options.view import chain_view
from aegis_assets.core.sessions import sessions_between
from aegis_assets.defs.io_managers import WarehouseIOManager
from aegis_assets.defs.option_chain import (
    KEY,
    OLDEST,
    REFUSED,
    oldest_chain,
    option_chain_assets,
    option_chain_checks,
    option_chain_keys,
)
from aegis_assets.defs.world import world
from aegis_assets.settings import OptionChain, Settings, SourceName
from aegis_assets_tests.adapters.scripted import ScriptedSource
from aegis_assets_tests.adapters.test_fo_bhavcopy import NEW, NEW_TEXT
from aegis_assets_tests.core.options.chains import EXPIRY, NOON, altered, chain

DAY, TABLE = "2024-08-05", "raw.option_chain"
SLOT = timedelta(minutes=30)
EVENING = NOON.replace(hour=20)


class ScriptedChains:
    """Answers with the next chain, or raises it."""

    def __init__(self, *answers):
        self.answers = list(answers)

    def chain(self, market, session):
        assert (market, str(session)) == (NIFTY, DAY)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def world_of(home, moment=NOON, **chosen):
    live = Settings(
        source=SourceName.YAHOO,
        market="NIFTY",
        history_start=date(2024, 7, 1),
        slots_start=date(2024, 8, 1),
        home=home,
        **chosen,
    )
    return world(live, ScriptedSource(moment))


class Desk:
    """A home in which a session is looked at, one look after another."""

    def __init__(self, home, **chosen):
        self.home, self.chosen = home, chosen
        self.warehouse = Warehouse(world_of(home).settings.warehouse_file)
        self.made = {}

    def look(self, moment=NOON):
        """What the check says after a look at that moment."""
        here = world_of(self.home, moment, **self.chosen)
        with dg.DagsterInstance.ephemeral() as instance:
            done = dg.materialize(
                [*option_chain_assets(here), *option_chain_checks(here)],
                partition_key=DAY,
                instance=instance,
                resources={
                    "warehouse": WarehouseIOManager(self.warehouse),
                    "warehouse_file": self.warehouse,
                },
            )
        assert done.success
        (event,) = done.get_asset_materialization_events()
        self.made = event.materialization.metadata
        (said,) = done.get_asset_check_evaluations()
        return said

    @property
    def rows(self):
        return self.warehouse.rows(TABLE)


@pytest.fixture
def desk(tmp_path, monkeypatch):
    """A desk whose NSE answers so, look by look."""

    def scripted(*answers):
        source = ScriptedChains(*answers)
        monkeypatch.setitem(CHAIN_SOURCES, OptionChain.NSE, lambda *_: source)
        return Desk(tmp_path, option_chain=OptionChain.NSE)

    return scripted


def told(said, name):
    return said.metadata[name].value


def test_there_is_none_unless_settings_ask_and_the_source_is_live(tmp_path):
    asked = world_of(tmp_path, option_chain=OptionChain.NSE).settings
    archive = world(asked.model_copy(update={"history_start": date(2018, 1, 1)}), SampleSource())
    for here in (world_of(tmp_path), archive):
        assert option_chain_assets(here) == []
        assert option_chain_checks(here) == []
    here = world_of(tmp_path, option_chain=OptionChain.NSE)
    (asset,) = option_chain_assets(here)
    (check,) = option_chain_checks(here)
    assert asset.key == KEY
    assert asset.partitions_def == here.partitions.sessions
    assert [each.name for each in check.check_specs] == ["option_chain_is_usable"]
    assert option_chain_keys(here) == (KEY,)
    assert option_chain_keys(world_of(tmp_path)) == ()


def test_a_chain_of_the_last_close_outlasts_every_closure_of_the_exchange(tmp_path):
    files = world_of(tmp_path, option_chain=OptionChain.BHAVCOPY, option_chain_folder=tmp_path)
    sessions = sessions_between(NIFTY, date(2000, 1, 1), date(2026, 12, 31))
    assert sessions.diff().max() < oldest_chain(files)
    assert oldest_chain(world_of(tmp_path, option_chain=OptionChain.NSE)) == OLDEST


def test_its_columns_are_those_of_a_quoted_chain(tmp_path, desk):
    (asset,) = option_chain_assets(world_of(tmp_path, option_chain=OptionChain.NSE))
    schema = asset.metadata_by_key[KEY]["dagster/column_schema"]
    at_noon = desk(chain())
    at_noon.look()
    assert [column.name for column in schema.columns] == list(QUOTED) == at_noon.rows.columns
    assert at_noon.rows.schema == chain().schema


def test_every_look_adds_its_moment_and_a_moment_is_told_once(desk):
    first, second = chain(), chain(NOON + SLOT, seed=6)
    twice = desk(first, second, second)
    for look in (NOON, NOON + SLOT, NOON + 2 * SLOT):
        twice.look(look)
    order = ["as_of", "strike", "option_type"]
    assert twice.rows.sort(order).equals(pl.concat([first, second]).sort(order))


def test_a_usable_chain_passes_with_its_evidence(desk):
    said = desk(chain()).look()
    assert (said.passed, said.severity) == (True, dg.AssetCheckSeverity.WARN)
    assert told(said, "rows") == chain().height
    assert (told(said, "moments"), told(said, "expiry")) == (1, str(EXPIRY))
    assert (told(said, "quarantined"), told(said, "flagged")) == ("[]", "[]")


def test_an_outage_keeps_what_is_known_and_says_why(desk):
    both = desk(chain(), TransportError("nobody answers"))
    both.look()
    assert REFUSED not in both.made
    said = both.look(NOON + SLOT)
    assert both.made[REFUSED].value == "nobody answers"
    assert both.rows.height == chain().height
    assert said.passed


def test_an_outage_from_the_start_is_an_empty_table_that_does_not_pass(desk):
    silent = desk(TransportError("nobody answers"))
    said = silent.look()
    assert silent.rows.is_empty()
    assert silent.made[REFUSED].value == "nobody answers"
    assert (said.passed, told(said, "refused")) == (False, "NO_CHAIN")


def test_while_the_exchange_trades_an_old_chain_does_not_pass(desk):
    late = desk(chain(), TransportError("nobody answers"), TransportError("nobody answers"))
    late.look()
    assert late.look(NOON + OLDEST).passed
    said = late.look(NOON + OLDEST + timedelta(minutes=1))
    assert (said.passed, told(said, "refused")) == (False, "STALE")


def test_in_the_evening_the_chain_of_the_close_passes(desk):
    assert desk(chain(NOON.replace(hour=15, minute=30))).look(EVENING).passed


def test_a_chain_of_a_close_is_usable_when_its_options_have_expired_since(desk):
    autumn = EVENING.replace(month=10)
    assert desk(chain(NOON.replace(hour=15, minute=30))).look(autumn).passed


def test_in_the_evening_the_chain_of_noon_does_not(desk):
    said = desk(chain()).look(EVENING)
    assert (said.passed, told(said, "refused")) == (False, "STALE")


def test_what_is_broken_and_what_is_odd_is_counted(desk):
    no_calls = altered(chain(), pl.col("option_type") == CALL, open_interest=-1.0)
    said = desk(altered(no_calls, pl.col("strike") == 21_000, bid=None, volume=0.0)).look()
    calls = chain().filter(option_type=CALL).height
    assert not said.passed
    assert told(said, "quarantined") == str([{"reason": "NO_INTEREST", "count": calls}])
    assert told(said, "flagged") == str([{"flags": "NO_QUOTE", "count": 1}])
    assert [each.partition(":")[0] for each in told(said, "lacking")] == [
        "forward",
        "skew",
        "max pain",
    ]


def test_files_of_a_folder_make_the_same_table(tmp_path):
    (tmp_path / NEW).write_text(NEW_TEXT)
    files = Desk(tmp_path, option_chain=OptionChain.BHAVCOPY, option_chain_folder=tmp_path)
    said = files.look(EVENING)
    assert files.rows.height == 3
    assert told(said, "lacking")[0].startswith("forward")
    view = chain_view(files.rows, NIFTY, EVENING.astimezone(UTC), timedelta(hours=5))
    assert view.max_pain.strike == 24_000.0


def test_a_file_that_is_missing_stops_nobody_and_is_named(tmp_path):
    files = Desk(tmp_path, option_chain=OptionChain.BHAVCOPY, option_chain_folder=tmp_path)
    assert not files.look(EVENING).passed
    assert "has no F&O bhavcopy of 2024-08-05" in files.made[REFUSED].value


def test_files_of_a_folder_that_is_gone_by_now_are_a_matter_of_settings(tmp_path):
    folder = tmp_path / "files"
    folder.mkdir()
    chosen = world_of(tmp_path, option_chain=OptionChain.BHAVCOPY, option_chain_folder=folder)
    folder.rmdir()
    with pytest.raises(SettingsError, match="AEGIS_OPTION_CHAIN_FOLDER"):
        CHAIN_SOURCES[OptionChain.BHAVCOPY](chosen.settings, chosen.source.now)


@pytest.mark.parametrize("name", [each for each in OptionChain if each is not OptionChain.OFF])
def test_every_source_that_can_be_chosen_is_there(name):
    assert name in CHAIN_SOURCES
