"""A slot of the past stands until a model that may have served it is withdrawn or restored."""

from dataclasses import dataclass
from datetime import date, timedelta

import dagster as dg
import pytest

from aegis_assets.adapters.model_store import ModelStore
from aegis_assets.adapters.publishers import FolderPublisher
from aegis_assets.cli.remaining import stands
from aegis_assets.core.engines import ENGINES, VOLATILITY
from aegis_assets.core.ledger.entries import encoded_claims
from aegis_assets.core.payload import encoded
from aegis_assets_tests.cli.shelves import withdrawn
from aegis_assets_tests.dashboard.payloads import AS_OF, WEEK, payload

SLOT, EARLIER = "2025-11-21-14:15", date(2025, 11, 8)
MADE, MINUTE = AS_OF + timedelta(minutes=2), timedelta(minutes=1)


@dataclass
class Site:
    """As much of a platform as is looked at, with one slot that claims nothing."""

    store: ModelStore
    publisher: FolderPublisher

    def window_of(self, _: str) -> dg.TimeWindow:
        """Its half hour."""
        return dg.TimeWindow(AS_OF - timedelta(minutes=30), AS_OF)


@pytest.fixture
def site(tmp_path):
    publisher = FolderPublisher(tmp_path / "publish")
    made = encoded(payload(generated_at=MADE))
    publisher.publish(made, SLOT, encoded_claims(()))
    return Site(ModelStore(tmp_path / "models"), publisher)


def is_standing(site):
    return stands(site, {}, [f"{EARLIER}", f"{WEEK}"], SLOT)


@pytest.mark.parametrize("engine", ENGINES, ids=[each.name for each in ENGINES])
def test_a_slot_falls_with_a_model_of_any_engine_also_of_one_that_claims_nothing(site, engine):
    assert is_standing(site)
    withdrawn(site.store, engine, (WEEK, EARLIER), AS_OF - MINUTE, MADE + MINUTE)
    assert not is_standing(site)


@pytest.mark.parametrize(
    ("since", "said_at"),
    [(AS_OF, MADE + MINUTE), (AS_OF - MINUTE, MADE - MINUTE)],
    ids=["for later slots", "known when it was made"],
)
def test_it_stands_where_what_is_withdrawn_is_another_s_or_was_known(site, since, said_at):
    withdrawn(site.store, VOLATILITY, (WEEK, EARLIER), since, said_at)
    assert is_standing(site)
