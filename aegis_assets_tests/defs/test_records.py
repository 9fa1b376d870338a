"""The record that a slot tells: of what had been published before it, in its run or in others."""

import shutil
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import polars as pl
import pytest

from aegis_assets.adapters.ledger_store import LedgerStore
from aegis_assets.adapters.warehouse import Warehouse
from aegis_assets.core.claim import Claim, Measure, Role, Saying
from aegis_assets.core.engines.moment import Record
from aegis_assets.core.frozen import Source
from aegis_assets.core.ledger.entries import Publication, forecast_rows
from aegis_assets.core.ledger.record import FEWEST, NEXT_SESSION
from aegis_assets.core.payload import Payload
from aegis_assets.defs.records import Published
from aegis_assets.defs.versions import payload_version
from aegis_assets_tests.worlds import settings_of, table_of

MADE_AT = datetime(2026, 1, 1, tzinfo=UTC)
LAST = date(2018, 12, 31)
EVERY = timedelta(microseconds=1)
"""How soon one slot is made after the other."""


@pytest.fixture(scope="module")
def world(short, platform):
    """The seven months of candles, with slots since their beginning."""
    return platform(settings_of(short.settings.home, short.world.first, short.world.first))


@pytest.fixture(scope="module")
def publications(world):
    """By slot, one claim on the session after it: that it moves by 1 % or more.

    Of the payload there is no more than a row of the ledger tells.
    """
    closes = table_of(world.settings.home, "candles.daily").filter(
        symbol=world.world.market.index.symbol
    )
    days = closes.sort("session").select("session", "close").rows()
    made = {}
    for i, ((day, close), (after, _)) in enumerate(pairwise(days)):
        slot = f"{day}-15:30"
        payload = Payload.model_construct(
            as_of=world.window_of(slot).end,
            generated_at=MADE_AT + i * EVERY,
            market_name=world.world.market.name,
        )
        made[slot] = Publication(payload, (claim(day, close, after),))
    return made


def first_of(publications):
    return date.fromisoformat(min(publications)[:10])


def claim(day, close, after):
    even = Saying(Role.SERVED, "even", Source.BASELINE, (0.5, 0.5))
    return Claim(
        path=NEXT_SESSION,
        engine="buyer",
        target="breakout_1",
        trained_to=day,
        measure=Measure.SIZE,
        reference=close,
        counted_from=day,
        ends_on=after,
        horizon=1,
        sayings=(even,),
        feature_hash="0",
        cuts=(0.01,),
    )


@pytest.fixture(scope="module")
def in_one_run(world, publications):
    """The record of each slot, as a run of all of them tells it."""
    here = world.world
    found, before = {}, Published(here, world.warehouse, first_of(publications), LAST)
    for slot, made in publications.items():
        found[slot] = before.record(made.payload.as_of, made.payload.generated_at)
        before.add(slot, made)
    return found


def test_a_record_counts_what_had_ended_before_and_is_empty_while_that_is_little(in_one_run):
    counts = [each.spike.n for each in in_one_run.values() if each.spike]

    assert counts == [*range(FEWEST, FEWEST + len(counts))]
    assert len(counts) > FEWEST
    assert [*in_one_run.values()][: FEWEST + 1] == [Record()] * (FEWEST + 1)


@pytest.mark.parametrize("place", [FEWEST + 5, -1])
def test_a_slot_of_a_run_of_many_tells_the_record_that_it_tells_alone(
    world, publications, in_one_run, tmp_path, place
):
    slot = [*publications][place]
    alone = entered(world, publications, tmp_path)
    made = publications[slot].payload

    assert alone.record(made.as_of, made.generated_at) == in_one_run[slot]
    assert in_one_run[slot].spike is not None


def test_what_was_published_since_is_not_counted(world, publications, in_one_run, tmp_path):
    alone = entered(world, publications, tmp_path)
    slot = [*publications][-1]
    early = MADE_AT + (FEWEST + 10) * EVERY

    assert alone.record(publications[slot].payload.as_of, early).spike.n == FEWEST + 10
    assert in_one_run[slot].spike.n > FEWEST + 10


def entered(world, publications, tmp_path):
    """What a run of its own finds after all of them were entered in the ledger."""
    home = shutil.copytree(world.settings.home, tmp_path / "home")
    warehouse = Warehouse(home / "warehouse" / "aegis.duckdb")
    rows = [
        forecast_rows(slot, made.payload, made.claims, payload_version())
        for slot, made in publications.items()
    ]
    LedgerStore(warehouse).append(pl.concat(rows))
    return Published(world.world, warehouse, first_of(publications), LAST)
