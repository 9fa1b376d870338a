"""What is late, what the sensor tells of it, and what the checks say by hand."""

import dagster as dg
import pytest

from aegis_assets.core.freshness import Stage
from aegis_assets.defs.freshness import (
    FRESHNESS_JOB,
    freshness_checks,
    freshness_job,
    freshness_sensors,
    moment,
)
from aegis_assets.defs.freshness_stages import CHECK, check_keys, watched
from aegis_assets.defs.world import world
from aegis_assets_tests.defs.punctual import Punctual, punctual
from aegis_assets_tests.worlds import settings_of

FRIDAY_NIGHT = "2025-01-31T21:00"
BUDGET = "2025-02-01"
"""A Saturday on which the exchange trades."""


@pytest.fixture
def site(tmp_path):
    """NIFTY from the end of January 2025 on, in an empty home."""
    with dg.DagsterInstance.ephemeral() as instance:
        yield punctual(tmp_path, instance)


def names(late):
    return {each.key.to_user_string() for each in late}


def of(site, *stages):
    return {each.key.to_user_string() for each in watched(site.world) if each.stage in stages}


@pytest.mark.parametrize("now", ["2025-02-23T12:00", "2025-02-24T09:40", "2025-02-26T23:00"])
def test_a_weekend_a_morning_and_a_holiday_make_nothing_late(site, now):
    """Sunday, Monday before the first slot is over; Mahashivratri is the Wednesday."""
    site.make("2025-02-21T21:00" if now < "2025-02-26" else "2025-02-25T21:00")
    site.make(now, [Stage.TRAINING])

    assert site.late(now) == []


def test_a_saturday_that_trades_is_a_day_like_any_other(site):
    site.make(FRIDAY_NIGHT)

    assert site.late(f"{BUDGET}T09:49") == []
    assert names(site.late(f"{BUDGET}T09:51")) == of(site, Stage.SLOT, Stage.SESSION)
    assert names(site.late(f"{BUDGET}T17:01")) == of(site, Stage.SLOT, Stage.SESSION, Stage.DAILY)
    site.make(f"{BUDGET}T18:30", [Stage.SLOT, Stage.SESSION, Stage.DAILY, Stage.LEDGER])
    site.make(f"{BUDGET}T18:30", [Stage.TRAINING])
    assert site.late(f"{BUDGET}T18:30") == []


def test_after_an_outage_each_asset_says_since_when_and_what_there_is(site):
    site.make("2025-01-29T12:00")
    late = {each.key.to_user_string(): each for each in site.late("2025-01-30T12:00")}

    assert late.keys() == of(site, Stage.SLOT, Stage.SESSION, Stage.DAILY, Stage.LEDGER)
    slot = late["payload/aegismatrix"]
    assert (slot.newest, slot.expected.partition) == ("2025-01-29-11:15", "2025-01-30-11:15")
    assert slot.seconds == 24 * 3600 - 20 * 60  # since 12:20 of the day before
    assert slot.sentence == (
        "payload/aegismatrix: 2025-01-30-11:15 could be made since 2025-01-30 11:45 and was to be "
        "there by 2025-01-30 11:50; there is 2025-01-29-11:15, which knows all up to "
        "2025-01-29 11:45"
    )
    assert late["candles/daily"].seconds == 19 * 3600  # since 17:00
    assert late["ledger/outcomes"].seconds == 18 * 3600
    assert late["raw/intraday"].newest == "2025-01-29"


def test_what_comes_first_in_the_graph_is_told_first(site):
    order = [each.key.to_user_string() for each in site.late("2025-01-30T12:00")]

    assert order.index("raw/ohlcv") < order.index("candles/daily") < order.index("models/seller")
    assert order.index("models/seller") < order.index("payload/aegismatrix")


def test_a_fresh_install_has_everything_late_but_the_ledger_of_claims_never_made(site):
    late = site.late("2025-01-30T12:00")

    assert names(late) == of(site, *Stage) - of(site, Stage.LEDGER)
    assert {each.newest for each in late} == {None}
    assert all(0 < each.seconds < 5 * 24 * 3600 for each in late)


def test_one_target_without_a_model_makes_its_engine_late(site):
    site.make(FRIDAY_NIGHT)
    cards = sorted((site.world.settings.models_folder / "buyer").glob("*/2025-01-25/card.json"))
    assert len(cards) > 1
    cards[0].unlink()
    [late] = site.late(FRIDAY_NIGHT)

    assert late.key.to_user_string() == "models/buyer"
    assert late.newest is None


def evaluated(site, now, cursor=None):
    """What the sensor tells at a moment, by asset, and its cursor."""
    [sensor] = freshness_sensors(site.at(now))
    context = dg.build_sensor_context(
        instance=site.instance,
        cursor=cursor,
        resources={"publications": site.publisher, "stored_models": site.models},
    )
    result = sensor(context)
    assert not result.run_requests
    told = {each.asset_key.to_user_string(): each for each in result.asset_events}
    assert {each.check_name for each in told.values()} <= {CHECK}
    return told, result.cursor


def test_the_sensor_tells_each_asset_once_and_then_only_what_becomes_late_or_ceases_to_be(site):
    site.make("2025-01-30T11:46")
    first, cursor = evaluated(site, "2025-01-30T11:46")
    assert first.keys() == of(site, *Stage)
    assert all(each.passed for each in first.values())

    again, cursor = evaluated(site, "2025-01-30T11:47", cursor)
    assert not again
    due_now, cursor = evaluated(site, "2025-01-30T12:17", cursor)
    assert not due_now
    late, cursor = evaluated(site, "2025-01-30T12:21", cursor)
    assert late.keys() == of(site, Stage.SLOT, Stage.SESSION)
    assert not any(each.passed for each in late.values())
    assert {each.severity for each in late.values()} == {dg.AssetCheckSeverity.WARN}
    assert late["payload/aegismatrix"].metadata["seconds late"].value == 60

    site.make("2025-01-30T12:22", [Stage.SLOT, Stage.SESSION])
    there, _ = evaluated(site, "2025-01-30T12:22", cursor)
    assert there.keys() == late.keys()
    assert all(each.passed for each in there.values())


def test_a_tick_that_was_lost_is_told_by_the_next(site):
    site.make("2025-01-30T11:46")
    _, cursor = evaluated(site, "2025-01-30T11:46")
    lost, _ = evaluated(site, "2025-01-30T12:21", cursor)
    next_one, _ = evaluated(site, "2025-01-30T12:22", cursor)

    assert lost.keys() == next_one.keys()


def test_what_is_late_is_told_again_after_an_hour_and_a_weekend_is_silent(site):
    site.make("2025-02-07T20:00")
    _, cursor = evaluated(site, "2025-02-07T20:00")
    assert not evaluated(site, "2025-02-07T23:59", cursor)[0]
    weekend, cursor = evaluated(site, "2025-02-09T00:01", cursor)
    assert weekend.keys() == of(site, Stage.TRAINING)
    assert not evaluated(site, "2025-02-09T01:00", cursor)[0]
    again, _ = evaluated(site, "2025-02-09T01:01", cursor)
    assert again.keys() == weekend.keys()


def by_hand(site):
    """What the job says of each asset; it makes none."""
    keys = [each.key for each in watched(site.world)]
    graph = dg.Definitions(
        assets=[dg.AssetSpec(key) for key in keys],
        asset_checks=freshness_checks(site.world),
        jobs=[freshness_job(site.world)],
        resources={"publications": site.publisher, "stored_models": site.models},
    )
    result = graph.resolve_job_def(FRESHNESS_JOB).execute_in_process(instance=site.instance)
    assert not result.get_asset_materialization_events()
    return {each.asset_key.to_user_string(): each for each in result.get_asset_check_evaluations()}


def test_by_hand_the_checks_say_the_same(site):
    site.make("2025-01-30T11:46")
    found = by_hand(Punctual(site.at("2025-01-30T12:21"), site.instance))

    assert found.keys() == of(site, *Stage)
    failed = {key for key, each in found.items() if not each.passed}
    assert failed == of(site, Stage.SLOT, Stage.SESSION)
    told = {name: each.value for name, each in found["payload/aegismatrix"].metadata.items()}
    assert told["verdict"] == "late"
    assert (told["expected"], told["newest"]) == ("2025-01-30-11:45", "2025-01-30-11:15")
    assert told["made at"] == "2025-01-30T06:15:00+00:00"


def test_of_an_archive_the_checks_say_whether_it_is_complete_and_no_sensor_runs(tmp_path):
    with dg.DagsterInstance.ephemeral() as instance:
        archive = Punctual(world(settings_of(tmp_path)), instance)
        assert freshness_sensors(archive.world) == []
        assert f"{moment(archive.world)}" == "2018-12-31 16:45:00-05:00"
        assert not any(each.passed for key, each in by_hand(archive).items() if "ledger" not in key)

        archive.make("2018-12-31T16:45")
        assert all(each.passed for each in by_hand(archive).values())


def test_the_checks_can_be_left_out_of_a_selection(site):
    key = dg.AssetKey(["candles", "daily"])

    @dg.asset_check(asset=key)
    def lawful() -> dg.AssetCheckResult:
        return dg.AssetCheckResult(passed=True)

    chosen = dg.AssetSelection.assets(key) - dg.AssetSelection.checks(*check_keys(site.world))
    graph = dg.Definitions(
        assets=[_table(key)],
        asset_checks=[lawful, *freshness_checks(site.world)],
        jobs=[dg.define_asset_job("history", chosen)],
        resources={"publications": site.publisher, "stored_models": site.models},
    )
    layer = graph.resolve_job_def("history").asset_layer

    assert layer.asset_graph.asset_check_keys == {dg.AssetCheckKey(key, "lawful")}


def _table(key):
    @dg.asset(key=key)
    def table() -> None:
        """Nothing."""

    return table
