"""Where an engine has drifted a training out of turn is asked for once, or not at all."""

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

import dagster as dg
import pytest

from aegis_assets.core.engines import ENGINES
from aegis_assets.core.markets import NIFTY
from aegis_assets.core.timetable import Cadence
from aegis_assets.definitions import graph
from aegis_assets.defs.drift import (
    ASKED_BY_TAG,
    DRIFTED,
    FEATURES_CHECK,
    KNOWN_TO,
    SERVED_CHECK,
    drift_sensors,
)
from aegis_assets.defs.jobs import TRAIN_JOB
from aegis_assets.defs.ledger_checks import SCORECARD_KEY
from aegis_assets.defs.requests import WHY_TAG
from aegis_assets.defs.world import world
from aegis_assets.settings import Settings, SourceName
from aegis_assets_tests.worlds import settings_of

INDIA = ZoneInfo("Asia/Kolkata")
WEDNESDAY = datetime(2024, 12, 18, 17, 0, tzinfo=INDIA)
SATURDAY_AT_ONE = datetime(2024, 12, 14, 1, 0, tzinfo=INDIA)
WEEK, BEFORE = "2024-12-14", "2024-12-07"
MONTHLY = {"buyer": Cadence.MONTHLY, "direction": Cadence.MONTHLY}


@dataclass(frozen=True)
class Frozen:
    """A live source whose clock stands still; it is asked for nothing else."""

    moment: datetime = WEDNESDAY
    name: str = "frozen"
    is_live: bool = True

    def now(self):
        return self.moment


def world_at(home, moment=WEDNESDAY, cadence=MONTHLY):
    chosen = Settings(
        source=SourceName.YAHOO,
        market=NIFTY.name,
        history_start=date(2024, 6, 1),
        slots_start=date(2024, 12, 2),
        home=home,
        cadence=cadence,
        second_market=False,
    )
    return world(chosen, Frozen(moment))


class Platform:
    """What the sensor sees: the graph, and an instance to which tests report."""

    def __init__(self, instance, home, repository):
        self.instance, self.home, self.repository = instance, home, repository

    def trained(self, week, *engines):
        """The engines were trained with a week, by the code as it is."""
        for key in [[stage, name] for name in engines for stage in ("walk_forward", "models")]:
            asset = dg.AssetKey(key)
            version = self.repository.asset_graph.get(asset).code_version
            self.instance.report_runless_asset_event(
                dg.AssetMaterialization(
                    asset, partition=week, tags={"dagster/code_version": version}
                )
            )

    def judged(self, key, name, drifted, known_to="2024-12-17"):
        """A check ran."""
        metadata = {KNOWN_TO: known_to, DRIFTED: dg.MetadataValue.json(drifted)}
        self.instance.report_runless_asset_event(
            dg.AssetCheckEvaluation(dg.AssetKey(key), name, not drifted, metadata)
        )

    def features(self, engine, *reasons, **other):
        """The check of an engine's features found so much."""
        drifted = {engine: [*reasons]} if reasons else {}
        self.judged(["features", engine], FEATURES_CHECK, drifted, **other)

    def tick(self, cursor=None, **other):
        """What the sensor says."""
        (sensor,) = drift_sensors(world_at(self.home, **other))
        with dg.build_sensor_context(
            instance=self.instance, cursor=cursor, repository_def=self.repository
        ) as context:
            return sensor(context)


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("drift")


@pytest.fixture(scope="module")
def repository(home):
    return graph(world_at(home)).get_repository_def()


@pytest.fixture
def platform(home, repository):
    with dg.DagsterInstance.ephemeral() as instance:
        made = Platform(instance, home, repository)
        made.trained(BEFORE, *(engine.name for engine in ENGINES))
        yield made


def assets_of(request):
    return {key.to_user_string() for key in request.asset_selection}


def test_a_monthly_engine_that_drifted_is_trained_out_of_turn(platform):
    platform.trained(WEEK, "volatility", "seller")
    platform.features("buyer", "gap_1: moved")

    [request] = platform.tick().run_requests
    assert (request.job_name, request.partition_key) == (TRAIN_JOB, WEEK)
    assert request.run_key == f"drift-buyer-{WEEK}"
    assert assets_of(request) == {"walk_forward/buyer", "models/buyer"}
    assert request.tags[ASKED_BY_TAG] == "drift"
    assert request.tags[WHY_TAG] == "buyer has drifted: gap_1: moved"


def test_what_it_consumes_and_lacks_is_trained_with_it(platform):
    platform.features("buyer", "gap_1: moved")

    [request] = platform.tick().run_requests
    core = {"walk_forward/volatility", "models/volatility"}
    assert assets_of(request) == core | {"walk_forward/buyer", "models/buyer"}


def test_an_engine_of_the_newest_cut_off_would_be_trained_to_the_same_bits(platform):
    platform.trained(WEEK, "volatility", "seller")
    platform.features("seller", "gap_1: moved")

    said = platform.tick()
    assert not said.run_requests
    assert "the same data gives the same models" in said.skip_reason.skip_message


def test_a_weekly_engine_is_left_to_its_cadence(platform):
    platform.features("seller", "gap_1: moved")

    said = platform.tick()
    assert not said.run_requests
    assert "its cadence trains it anyway" in said.skip_reason.skip_message


def test_without_a_verdict_or_without_drift_nothing_is_asked_for(platform):
    assert platform.tick().skip_reason.skip_message == "no news of drift"
    platform.features("buyer")
    said = platform.tick()

    assert not said.run_requests
    assert said.skip_reason.skip_message == "no news of drift"


def test_the_same_verdict_asks_once(platform):
    platform.features("buyer", "gap_1: moved")
    first = platform.tick()
    assert len(first.run_requests) == 1
    assert not platform.tick(first.cursor).run_requests


def test_a_later_verdict_of_the_week_has_the_same_run_key(platform):
    platform.features("buyer", "gap_1: moved")
    first = platform.tick()
    platform.features("buyer", "gap_1: moved again")
    second = platform.tick(first.cursor)

    assert second.run_requests[0].run_key == first.run_requests[0].run_key


def test_once_it_was_trained_a_later_verdict_asks_for_nothing(platform):
    platform.features("buyer", "gap_1: moved")
    first = platform.tick()
    platform.trained(WEEK, "volatility", "buyer")
    platform.features("buyer", "gap_1: moved again")

    assert not platform.tick(first.cursor).run_requests


def test_two_engines_are_asked_for_one_after_the_other(platform):
    platform.features("buyer", "gap_1: moved")
    platform.features("direction", "gap_1: moved")
    first = platform.tick()
    second = platform.tick(first.cursor)

    assert [each.run_key for each in first.run_requests] == [f"drift-direction-{WEEK}"]
    assert [each.run_key for each in second.run_requests] == [f"drift-buyer-{WEEK}"]
    assert not platform.tick(second.cursor).run_requests


def test_the_record_asks_for_the_engines_that_it_names(platform):
    platform.judged(SCORECARD_KEY.path, SERVED_CHECK, {"buyer": ["buyer.x: skill -0.2"]})

    [request] = platform.tick().run_requests
    assert request.run_key == f"drift-buyer-{WEEK}"


def test_a_verdict_on_months_long_past_asks_for_nothing(platform):
    platform.features("buyer", "gap_1: moved", known_to="2024-11-29")

    assert not platform.tick().run_requests


@pytest.mark.parametrize("job", ["train", "history", "ingest"])
def test_while_models_or_their_data_are_made_it_waits_and_forgets_nothing(platform, job):
    platform.features("buyer", "gap_1: moved")
    run = dg.DagsterRun(job_name=job, run_id="going", status=dg.DagsterRunStatus.STARTED)
    platform.instance.add_run(run)
    said = platform.tick()
    assert not said.run_requests
    assert said.cursor is None
    platform.instance.delete_run("going")
    assert platform.tick(said.cursor).run_requests


def test_before_the_cut_off_is_over_everywhere_it_waits(platform):
    platform.features("buyer", "gap_1: moved", known_to="2024-12-13")

    said = platform.tick(moment=SATURDAY_AT_ONE)
    assert "not over in UTC" in said.skip_reason.skip_message


def test_the_daemon_can_evaluate_it(platform):
    platform.features("buyer", "gap_1: moved")
    (sensor,) = drift_sensors(world_at(platform.home))
    with dg.build_sensor_context(
        instance=platform.instance, repository_def=platform.repository
    ) as context:
        [request] = sensor.evaluate_tick(context).run_requests

    assert request.partition_key == WEEK
    assert sensor.default_status is dg.DefaultSensorStatus.RUNNING
    assert sensor.minimum_interval_seconds == 900


def test_an_archive_has_no_such_sensor(tmp_path):
    assert drift_sensors(world(settings_of(tmp_path))) == []
