"""A bhavcopy comes when its session is over, and is read on the morning after."""

from datetime import date, timedelta

import pytest

from aegis_assets.adapters.chain_sources import CHAIN_SOURCES
from aegis_assets.cli.hearing import silence
from aegis_assets.cli.stages import Stage
from aegis_assets.core.options.view import chain_view
from aegis_assets.defs.chain_steps import chains
from aegis_assets.defs.jobs import INTRADAY_JOB
from aegis_assets.defs.option_chain import KEY, oldest_chain
from aegis_assets.settings import OptionChain
from aegis_assets_tests.adapters.scripted import ScriptedSource, at
from aegis_assets_tests.adapters.test_fo_bhavcopy import NEW, NEW_TEXT
from aegis_assets_tests.core.options.chains import chain
from aegis_assets_tests.defs.test_option_chain import EVENING, NOON, TABLE, ScriptedChains, world_of

MONDAY, TUESDAY, WEDNESDAY = (date(2024, 8, day) for day in (5, 6, 7))


@pytest.fixture
def morning(platform, tmp_path):
    """Platforms of one home at some moment, with the folder of Monday's and Tuesday's files."""
    for day, held in ((MONDAY, "1234500"), (TUESDAY, "1234575")):
        text = NEW_TEXT.replace(f"{MONDAY}", f"{day}").replace("1234500", held)
        (tmp_path / NEW.replace(f"{MONDAY:%Y%m%d}", f"{day:%Y%m%d}")).write_text(text)
    files = {"option_chain": OptionChain.BHAVCOPY, "option_chain_folder": tmp_path}

    def opened(moment, **chosen):
        asked = world_of(tmp_path, moment, **(chosen or files)).settings
        return platform(asked, ScriptedSource(moment))

    return opened


def due(here):
    return here.looked_at.chain()


def read(here):
    """Make what is due of the chains, as a stage of its own."""
    here.run(Stage(INTRADAY_JOB, "chain", tuple(due(here)), 0, assets=(KEY,)), silence)


def test_every_morning_the_file_of_the_session_before_is_read_once(morning):
    for day, after in ((MONDAY, TUESDAY), (TUESDAY, WEDNESDAY)):
        here = morning(at(after, "08:30"))
        assert due(here) == [f"{day}"]
        read(here)
        assert due(here) == []
    rows = here.warehouse.rows(TABLE)
    assert rows["session"].value_counts().sort("session").rows() == [(MONDAY, 3), (TUESDAY, 3)]
    opened = at(WEDNESDAY, "09:45")
    view = chain_view(rows, here.world.market, opened, oldest_chain(here.world))
    assert view.as_of == at(TUESDAY, "15:30")


def test_after_a_weekend_it_is_the_file_of_friday(morning):
    assert due(morning(at(date(2024, 8, 12), "08:30"))) == ["2024-08-09"]


def test_a_file_that_is_not_there_yet_is_looked_for_again(morning):
    here = morning(at(date(2024, 8, 8), "08:30"))
    read(here)
    assert here.warehouse.rows(TABLE).is_empty()
    assert due(here) == [f"{WEDNESDAY}"]


def test_a_chain_of_that_noon_does_not_stand_for_the_file_and_stays_beside_it(morning, monkeypatch):
    nse = morning(NOON, option_chain=OptionChain.NSE)
    monkeypatch.setitem(CHAIN_SOURCES, OptionChain.NSE, lambda *_: ScriptedChains(chain()))
    nse.run(Stage(INTRADAY_JOB, "chain", (f"{MONDAY}",), 0, assets=(KEY,)), silence)
    here = morning(at(TUESDAY, "08:30"))
    assert due(here) == [f"{MONDAY}"]
    read(here)
    assert here.warehouse.rows(TABLE).height == chain().height + 3


def test_nothing_is_read_of_today_of_a_live_chain_nor_before_the_first_slot(morning):
    assert due(morning(EVENING)) == ["2024-08-02"]
    assert due(morning(at(TUESDAY, "08:30"), option_chain=OptionChain.NSE)) == []
    assert due(morning(at(TUESDAY, "08:30"), option_chain=OptionChain.OFF)) == []
    assert due(morning(at(date(2024, 8, 1), "08:30") + timedelta(hours=1))) == []


def test_a_run_reads_the_file_as_a_stage_of_its_own_before_it_publishes(morning):
    here = morning(at(TUESDAY, "08:30"))
    stages = list(here.due())
    titles = [stage.title for stage in stages]
    stage = stages[titles.index("chain")]

    assert (stage.keys, stage.assets) == ((f"{MONDAY}",), (KEY,))
    assert titles.index("intraday") < titles.index("chain") < titles.index("publish")
    read(here)
    assert "chain" not in [stage.title for stage in here.due()]


def test_the_daily_chain_asks_for_the_file_once_an_hour_until_it_is_read(morning):
    here = morning(at(TUESDAY, "08:30"))
    (step,) = chains(here.looked_at)
    (later,) = chains(morning(at(TUESDAY, "09:30")).looked_at)

    assert (step.job, step.keys, step.assets) == (INTRADAY_JOB, [f"{MONDAY}"], (KEY,))
    assert step.run_key != later.run_key
    read(here)
    assert list(chains(here.looked_at)) == []
