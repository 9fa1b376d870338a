"""What is carried over to where a slot is made anew, and what is asked of a source there."""

from dataclasses import replace
from datetime import date, timedelta

import dagster as dg
import pytest

from aegis_assets.adapters.warehouse import Window
from aegis_assets.cli.retracing import carry_over, upstream
from aegis_assets.cli.stages import Platform
from aegis_assets.core.engines import BUYER, VOLATILITY
from aegis_assets.definitions import graph
from aegis_assets.defs.jobs import INTRADAY_JOB, TRAIN_JOB
from aegis_assets.defs.option_chain import KEY as CHAIN
from aegis_assets.defs.slots import CHAIN_DAYS
from aegis_assets.settings import OptionChain
from aegis_assets_tests.adapters.scripted import at
from aegis_assets_tests.cli.shelves import shelve, withdrawn
from aegis_assets_tests.core.options.chains import chain
from aegis_assets_tests.defs.test_option_chain import TABLE, world_of

EARLIER, WEEK = date(2024, 7, 27), date(2024, 8, 3)
DAY = date(2024, 8, 12)
SLOT = f"{DAY}-11:45"
PUBLISHED = at(DAY, "12:16")


@pytest.fixture
def both(tmp_path):
    """A home and the place where its slot is made anew, as of when that was published."""

    def there(folder):
        chosen = world_of(tmp_path / folder, PUBLISHED, option_chain=OptionChain.NSE)
        here = replace(chosen, known_at=PUBLISHED)
        return Platform(here, graph(here), instance)

    with dg.DagsterInstance.ephemeral() as instance:
        stored = there("stored")
        for week in (EARLIER, WEEK):
            shelve(stored.store, week)
        yield stored, there("retraced")


def test_chains_of_the_days_that_the_slot_looks_back_to_are_carried_over(both):
    stored, retraced = both
    days = [DAY - timedelta(days=n) for n in (-1, 0, 3, CHAIN_DAYS, CHAIN_DAYS + 3)]
    for day in days:
        window = Window("session", day, day + timedelta(days=1))
        stored.warehouse.replace(TABLE, chain(at(day, "11:30")).head(2), window)
    carry_over(stored, retraced, SLOT)

    carried = retraced.warehouse.rows(TABLE)
    assert sorted({*carried["session"]}) == sorted(days[1:4])


def test_no_chain_is_asked_for_again_and_all_else_of_the_session_is_made(both):
    own = [stage for stage in upstream(*both, SLOT) if stage.job == INTRADAY_JOB][-1]
    stored, _ = both
    made = stored.graph.resolve_job_def(INTRADAY_JOB).asset_layer.executable_asset_keys

    assert own.keys == (f"{DAY}",)
    assert CHAIN in made
    assert {*own.assets} == {*made} - {CHAIN}


def test_what_was_withdrawn_since_the_slot_was_published_is_neither_carried_nor_served(both):
    stored, retraced = both
    since, pair = at(DAY, "10:00"), (WEEK, EARLIER)
    withdrawn(stored.store, VOLATILITY, pair, since, PUBLISHED - timedelta(minutes=1))
    withdrawn(stored.store, BUYER, pair, since, PUBLISHED)
    carry_over(stored, retraced, SLOT)
    training = {
        stage.keys: {*stage.assets}
        for stage in upstream(stored, retraced, SLOT)
        if stage.job == TRAIN_JOB
    }

    assert len(retraced.store.withdrawals("volatility")) == len(VOLATILITY.targets)
    assert retraced.store.withdrawals("buyer") == ()
    assert dg.AssetKey(["models", "volatility"]) in training[f"{EARLIER}",]
    assert dg.AssetKey(["models", "buyer"]) in training[f"{WEEK}",]
    assert dg.AssetKey(["models", "buyer"]) not in training[f"{EARLIER}",]
