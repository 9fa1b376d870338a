"""Which months of the ledger are due: those not settled, or not scored, since their candles."""

from datetime import date

import dagster as dg
import pytest

from aegis_assets.adapters.publishers import FolderPublisher
from aegis_assets.defs.candles import DAILY
from aegis_assets.defs.due_scores import due_months
from aegis_assets.defs.ledger_checks import OUTCOMES_KEY, SCORECARD_KEY

MONTHS = ["2018-08", "2018-09", "2018-10", "2018-11", "2018-12"]
TOLD = MONTHS[1:4]
NEWEST = date(2018, 11, 30)


@pytest.fixture
def publisher(tmp_path):
    found = FolderPublisher(tmp_path)
    found.publish(b"{}", "2018-09-04-15:30")
    return found


@pytest.fixture
def instance():
    with dg.DagsterInstance.ephemeral() as found:
        yield found


def make(instance, key, months=MONTHS):
    for month in months:
        instance.report_runless_asset_event(dg.AssetMaterialization(key, partition=month))


def make_all(instance):
    for key in (DAILY, OUTCOMES_KEY, SCORECARD_KEY):
        make(instance, key)


def test_a_month_settled_and_scored_since_its_candles_is_not_due(instance, publisher):
    make_all(instance)

    assert due_months(instance, publisher, MONTHS, NEWEST) == []


def test_from_the_first_month_that_was_never_settled_on_all_are_due(instance, publisher):
    make(instance, DAILY)

    assert due_months(instance, publisher, MONTHS, NEWEST) == TOLD


@pytest.mark.parametrize("key", [OUTCOMES_KEY, SCORECARD_KEY], ids=["settled", "scored"])
def test_a_month_that_a_killed_run_left_half_made_is_due(instance, publisher, key):
    make_all(instance)
    make(instance, DAILY, TOLD[1:])
    make(instance, key, TOLD[1:])

    assert due_months(instance, publisher, MONTHS, NEWEST) == TOLD[1:]


def test_before_a_claim_can_have_ended_none_is_due(instance, publisher):
    assert due_months(instance, publisher, MONTHS, date(2018, 9, 4)) == []
