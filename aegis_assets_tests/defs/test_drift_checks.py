"""The drift checks as runs of a graph make them: cheap, of their own moment, with evidence."""

from datetime import date, timedelta

import dagster as dg
import numpy as np
import polars as pl
import pytest

from aegis_assets.adapters.ledger_store import LedgerStore
from aegis_assets.adapters.warehouse import Warehouse, Window
from aegis_assets.core.bars import empty
from aegis_assets.core.drift import WINDOW
from aegis_assets.core.engines import BUYER
from aegis_assets.core.ledger.schemas import OUTCOMES
from aegis_assets.core.markets import SP500
from aegis_assets.core.sessions import sessions_between
from aegis_assets.defs.drift import (
    DRIFTED,
    FEATURES_CHECK,
    KNOWN_TO,
    SERVED_CHECK,
    drift_checks,
)
from aegis_assets.defs.ledger_checks import SCORECARD_KEY
from aegis_assets.defs.world import world
from aegis_assets_tests.core.ledger import cases
from aegis_assets_tests.core.ledger.test_scorecard import came
from aegis_assets_tests.core.test_drift import persistent
from aegis_assets_tests.worlds import settings_of

SINCE, LAST = date(2006, 1, 3), date(2018, 12, 31)
DAYS = sessions_between(SP500, SINCE, LAST).to_list()
FEATURES = dg.AssetKey(["features", BUYER.name])
NAMES = [each.name for each in BUYER.features]
PLANTED = NAMES[3]


class Bench:
    """Stored rows, and runs of a month that make nothing but check it."""

    def __init__(self, home):
        self.world = world(settings_of(home, SINCE))
        self.warehouse = Warehouse(self.world.settings.warehouse_file)

    def features(self, values):
        rows = pl.DataFrame(values, schema=NAMES).select(
            pl.lit(SP500.index.symbol).alias("symbol"), pl.Series("session", DAYS), pl.all()
        )
        self.warehouse.replace(
            f"features.{BUYER.name}", rows, Window("session", SINCE, LAST + timedelta(days=1))
        )

    def verdict(self, key, check, month="2018-12"):
        @dg.asset(key=key, partitions_def=self.world.partitions.months)
        def nothing():
            return None

        definitions = dg.Definitions(
            assets=[nothing],
            asset_checks=[
                each
                for each in drift_checks(self.world)
                if {key} == {k.asset_key for k in each.check_keys}
            ],
            jobs=[dg.define_asset_job("look", dg.AssetSelection.assets(key))],
            resources={
                "warehouse_file": self.warehouse,
                "ledger_store": LedgerStore(self.warehouse),
                "io_manager": dg.mem_io_manager,
            },
        )
        with dg.DagsterInstance.ephemeral() as instance:
            job = definitions.resolve_job_def("look")
            result = job.execute_in_process(partition_key=month, instance=instance)
        [said] = [e for e in result.get_asset_check_evaluations() if e.check_name == check]
        return said


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path)


@pytest.fixture(scope="module")
def values():
    return persistent(len(NAMES), len(DAYS), memory=0.9, seed=2)


def planted(values):
    moved = values.copy()
    moved[-WINDOW:, NAMES.index(PLANTED)] += 6.0
    return moved


def test_planted_drift_warns_and_names_the_feature(bench, values):
    bench.features(planted(values))
    said = bench.verdict(FEATURES, FEATURES_CHECK)

    assert not said.passed
    assert said.severity is dg.AssetCheckSeverity.WARN
    assert not said.blocking
    assert list(said.metadata[DRIFTED].value) == [BUYER.name]
    assert said.metadata["reasons"].value.startswith(f"- {BUYER.name}: {PLANTED}: ")
    assert said.metadata["moved"].value == 1
    assert said.metadata["picture"].value.startswith("![picture](data:image/png;base64,")


def test_without_drift_it_passes_and_still_shows_what_it_saw(bench, values):
    bench.features(values)
    said = bench.verdict(FEATURES, FEATURES_CHECK)

    assert said.passed
    assert said.metadata[DRIFTED].value == {}
    assert f"| {PLANTED} |" in said.metadata["features"].value
    assert said.metadata[KNOWN_TO].value == f"{LAST}"


def test_a_month_of_the_past_does_not_see_what_came_after(bench, values):
    bench.features(planted(values))
    said = bench.verdict(FEATURES, FEATURES_CHECK, "2017-11")

    assert said.passed
    assert said.metadata[KNOWN_TO].value == "2017-11-30"


def test_an_empty_table_is_no_pass(bench, values):
    bench.features(values)
    said = bench.verdict(FEATURES, FEATURES_CHECK, "2006-01")
    assert said.passed
    bench.warehouse.replace(
        f"features.{BUYER.name}",
        bench.warehouse.rows(f"features.{BUYER.name}").clear(),
        Window("session", SINCE, LAST + timedelta(days=1)),
    )

    assert not bench.verdict(FEATURES, FEATURES_CHECK).passed


def claims(skill):
    """A class that came in three sessions of ten; what is served misjudges it by `-skill`."""
    ups = np.random.default_rng(5).random(len(DAYS)) < 0.3
    days = DAYS[-300:-1]
    rows, outcome = [], {}
    for day, up in zip(days, ups.tolist(), strict=False):
        of = cases.of_session(day, DAYS[DAYS.index(day) + 1])
        chance = 0.3 + (skill if up else -skill)
        served = {"candidate": "model", "source": "MODEL", "forecast": [1 - chance, chance]}
        baseline = {"role": "BASELINE", "candidate": "base_rate", "forecast": [0.7, 0.3]}
        rows += [of | {"cuts": [0.01]} | each for each in (served, baseline)]
        outcome[of["slot"]] = int(up)
    made = cases.rows(rows)
    return made, came(made, outcome_class=outcome)


@pytest.mark.parametrize(("skill", "passes"), [(-0.15, False), (0.15, True)])
def test_what_is_served_warns_where_it_lost_beyond_doubt(bench, skill, passes):
    made, outcomes = claims(skill)
    LedgerStore(bench.warehouse).append(made)
    bench.warehouse.replace(
        "ledger.outcomes", outcomes, Window("ends_on", SINCE, LAST + timedelta(days=1))
    )
    said = bench.verdict(SCORECARD_KEY, SERVED_CHECK)

    assert said.passed is passes
    assert said.severity is dg.AssetCheckSeverity.WARN
    assert list(said.metadata[DRIFTED].value) == ([] if passes else [BUYER.name])
    assert said.metadata["forecasts"].value == 1
    assert "picture" in said.metadata


def test_an_empty_ledger_holds_nothing_against_anybody(bench):
    bench.warehouse.replace(
        "ledger.outcomes", empty(OUTCOMES), Window("ends_on", SINCE, LAST + timedelta(days=1))
    )
    said = bench.verdict(SCORECARD_KEY, SERVED_CHECK)

    assert said.passed
    assert said.metadata["standings"].value == "none settled"
    assert "picture" not in said.metadata
