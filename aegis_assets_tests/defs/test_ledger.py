"""The ledger as Dagster sees it: by slot and by month, one run for a span, lineage and checks.

What publishes is a small asset of its own here; bars, candles and calendar are the sample's.
"""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import dagster as dg
import polars as pl
import pytest

from aegis_assets.adapters.ledger_store import LedgerStore
from aegis_assets.adapters.warehouse import Warehouse, Window
from aegis_assets.core.claim import Measure, Role, Saying
from aegis_assets.core.frozen import Source
from aegis_assets.core.ledger.entries import Publication
from aegis_assets.core.markets import SP500
from aegis_assets.core.sessions import session_before, sessions_between
from aegis_assets.defs.io_managers import WarehouseIOManager
from aegis_assets.defs.ledger import ledger_assets
from aegis_assets.defs.ledger_checks import (
    FORECASTS_KEY,
    OUTCOMES_KEY,
    SCORECARD_KEY,
    ledger_checks,
)
from aegis_assets.defs.payload import KEY as PAYLOAD
from aegis_assets.defs.schemas import table_metadata
from aegis_assets.defs.world import world
from aegis_assets_tests.core.ledger import cases
from aegis_assets_tests.worlds import SAMPLE, settings_of

FIRST, LAST = date(2018, 9, 4), date(2018, 12, 31)
ZONE = ZoneInfo(SP500.time_zone)
AHEAD = sessions_between(SP500, FIRST, date(2019, 1, 31)).to_list()
DAYS = [day for day in AHEAD if day <= LAST]
SETTLED = (len(DAYS) - 1) + 2 * (len(DAYS) - 5)
"""Calls of the next session and edges of five that had ended by the last."""


def bars():
    found = SAMPLE.daily(SP500, SP500.index, date(2018, 1, 1), LAST).bars
    return found.select("symbol", "session", "open", "high", "low", "close")


BARS = bars()
CLOSES = dict(BARS.select("session", "close").iter_rows())


def claims_of(session, odds):
    """A call of the next session and a safe range of five, each beside a base rate."""
    place = DAYS.index(session)
    near, far = AHEAD[place + 1], AHEAD[place + 5]
    of = {
        "trained_to": session - timedelta(days=(session.weekday() - 5) % 7),
        "reference": CLOSES[session],
        "counted_from": session,
        "feature_hash": str(session),
    }
    said = (
        Saying(Role.SERVED, "logistic", Source.MODEL, (1 - odds, odds)),
        Saying(Role.BASELINE, "base_rate", Source.BASELINE, (0.75, 0.25)),
    )
    edge = (Saying(Role.SERVED, "core", Source.BASELINE, (0.03 + odds / 10,)),)
    edges = {"cuts": (), "levels": (0.95,), "ends_on": far, "horizon": 5, "sayings": edge}
    return (
        cases.claim(**of, ends_on=near, sayings=said),
        cases.claim(**of, **edges, path="seller.safe_range.upper", measure=Measure.RISE),
        cases.claim(**of, **edges, path="seller.safe_range.lower", measure=Measure.FALL),
    )


def publication(slot, frozen=False):
    session = date.fromisoformat(slot[:10])
    as_of = datetime.combine(session, SP500.closes, ZONE)
    odds = 0.2 if frozen else 0.2 + DAYS.index(session) / 1000
    return Publication(cases.payload(as_of, spot=CLOSES[session]), claims_of(session, odds))


class Bench:
    """The ledger's assets over a small publisher, in a home of their own."""

    def __init__(self, home, frozen=False):
        settings = settings_of(home, date(2018, 1, 1), FIRST)
        self.world = world(settings)
        warehouse = Warehouse(settings.warehouse_file)
        year = Window("session", date(2018, 1, 1), date(2019, 1, 1))
        warehouse.replace("candles.daily", BARS, year)
        self.store = LedgerStore(warehouse)
        assets = [*self._above(frozen), *ledger_assets(self.world)]
        self.definitions = dg.Definitions(
            assets=assets,
            asset_checks=ledger_checks(self.world),
            jobs=[
                dg.define_asset_job(name, dg.AssetSelection.assets(*keys))
                for name, keys in {
                    "slots": [PAYLOAD, FORECASTS_KEY],
                    "months": [OUTCOMES_KEY, SCORECARD_KEY],
                }.items()
            ],
            resources={
                "warehouse": WarehouseIOManager(warehouse),
                "publisher": dg.mem_io_manager,
                "ledger_store": self.store,
            },
            executor=dg.in_process_executor,
        )

    def _above(self, frozen):
        partitions = self.world.partitions

        @dg.asset(
            key=PAYLOAD,
            partitions_def=partitions.slots,
            io_manager_key="publisher",
            backfill_policy=dg.BackfillPolicy.single_run(),
        )
        def aegismatrix(context: dg.AssetExecutionContext):
            made = {slot: publication(slot, frozen) for slot in context.partition_keys}
            return made if len(made) > 1 else next(iter(made.values()))

        candles = dg.AssetSpec(
            ["candles", "daily"],
            partitions_def=partitions.months,
            metadata=table_metadata({}, "session"),
        ).with_io_manager_key("warehouse")
        return [aegismatrix, candles]

    def run(self, job, first, last=None):
        """One run of a partition, or of the range of partitions."""
        chosen = self.definitions.resolve_job_def(job)
        span = {
            "dagster/asset_partition_range_start": first,
            "dagster/asset_partition_range_end": last,
        }
        with dg.DagsterInstance.ephemeral() as instance:
            if last is None:
                return chosen.execute_in_process(partition_key=first, instance=instance)
            return chosen.execute_in_process(tags=span, instance=instance)


def slot_of(session):
    return f"{session}-15:30"


def check_of(result, name):
    (found,) = [each for each in result.get_asset_check_evaluations() if each.check_name == name]
    return found


def metadata_of(result, key):
    found = result.asset_materializations_for_node("__".join(key.path))[-1]
    return {name: each.value for name, each in found.metadata.items()}


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    return Bench(tmp_path_factory.mktemp("ledger"))


@pytest.fixture(scope="module")
def slots(bench):
    """All slots of four months, in one run."""
    return bench.run("slots", slot_of(DAYS[0]), slot_of(DAYS[-1]))


@pytest.fixture(scope="module")
def months(bench, slots):
    """Their months, in one run."""
    assert slots.success
    return bench.run("months", "2018-09", "2018-12")


def test_a_range_of_slots_is_one_run(slots, bench):
    told = metadata_of(slots, FORECASTS_KEY)

    assert (told["slots"], told["added"]) == (len(DAYS), 4 * len(DAYS))
    assert bench.store.forecasts()["slot"].n_unique() == len(DAYS)


@pytest.mark.usefixtures("slots")
def test_the_same_slot_again_adds_nothing(bench):
    again = bench.run("slots", slot_of(DAYS[40]))

    assert again.success
    assert metadata_of(again, FORECASTS_KEY)["added"] == 0


@pytest.mark.usefixtures("months")
def test_what_ended_is_settled_in_its_month(bench):
    made = bench.store.outcomes()
    call = made.filter(path="buyer.breakout_next.0", slot=slot_of(DAYS[0])).row(0, named=True)
    moved = abs(pl.Series([CLOSES[DAYS[1]] / CLOSES[DAYS[0]]]).log()[0])

    assert made.height == SETTLED
    assert call["outcome"] == pytest.approx(moved)
    assert made["reason"].null_count() == made.height
    assert made["ends_on"].dt.month().unique().sort().to_list() == [9, 10, 11, 12]


@pytest.mark.usefixtures("months")
def test_a_month_alone_is_as_in_the_range(bench):
    """Claims made in the month before end in it too."""
    before = bench.store.outcomes()
    assert bench.run("months", "2018-11").success

    assert bench.store.outcomes().equals(before)


def test_the_scorecard_has_every_month_and_shows_it(months, bench):
    card = bench.store.scorecard()
    served = card.filter(role="SERVED", path_kind="buyer.breakout_next.0", span="TO_DATE").sort(
        "month"
    )
    told = metadata_of(months, SCORECARD_KEY)

    assert card["month"].unique().sort().to_list() == [date(2018, m, 1) for m in (9, 10, 11, 12)]
    assert served["n"].to_list()[-1] == len(DAYS) - 1
    assert served["skill"].null_count() == 0
    assert told["scorecard"].startswith("| path_kind | horizon |")
    assert told["reliability"].startswith("![reliability](data:image/png;base64,")
    assert told["loss by month"].startswith("![loss by month](data:image/png;base64,")


def test_checks_of_a_sound_ledger_pass(slots, months):
    settled = check_of(months, "due_outcomes_are_settled")

    assert check_of(slots, "outputs_are_not_frozen").passed
    assert settled.passed
    assert settled.metadata["due"].value == SETTLED
    assert check_of(months, "coverage_is_as_stated").metadata["ranges"].value == 1


def test_a_ledger_that_says_the_same_for_months_warns(tmp_path):
    still = Bench(tmp_path, frozen=True).run("slots", slot_of(DAYS[0]), slot_of(DAYS[-1]))
    found = check_of(still, "outputs_are_not_frozen")

    assert not found.passed
    assert found.severity == dg.AssetCheckSeverity.WARN
    assert "FROZEN" in found.metadata["findings"].value


def test_claims_of_a_month_that_was_left_out_are_missed(tmp_path):
    torn = Bench(tmp_path)
    torn.run("slots", slot_of(DAYS[0]), slot_of(DAYS[60]))
    found = check_of(torn.run("months", "2018-11"), "due_outcomes_are_settled")

    assert not found.passed
    assert found.metadata["to do"].value == "materialize ledger/outcomes of 2018-09, 2018-10"


def test_a_month_before_any_slot_is_empty_and_sound(tmp_path):
    early = Bench(tmp_path)
    early.run("slots", slot_of(DAYS[0]))
    result = early.run("months", "2018-03")

    assert result.success
    assert early.store.outcomes().is_empty()
    assert check_of(result, "due_outcomes_are_settled").passed


def test_lineage_leads_from_months_back_to_the_slots_before_them(bench):
    graph = bench.definitions.resolve_asset_graph()
    months, slots = (graph.get(key).partitions_def for key in (OUTCOMES_KEY, FORECASTS_KEY))
    mapping = graph.get_partition_mapping(OUTCOMES_KEY, FORECASTS_KEY)
    november = months.subset_with_partition_keys(["2018-11"])
    found = mapping.get_upstream_mapped_partitions_result_for_partitions(november, months, slots)
    keys = sorted(found.partitions_subset.get_partition_keys())

    assert keys[0] == slot_of(FIRST)
    assert keys[-1] == slot_of(session_before(SP500, date(2018, 12, 1)))
    assert graph.get(OUTCOMES_KEY).parent_keys == {FORECASTS_KEY, dg.AssetKey(["candles", "daily"])}
