"""What shows that something is there: rows, bars, looks, files and cards, not the time of a run."""

from datetime import timedelta

import dagster as dg
import pytest

from aegis_assets.core.timetable import Cadence
from aegis_assets.defs.freshness_evidence import NEWEST
from aegis_assets.defs.freshness_stages import watched
from aegis_assets.defs.intraday import ASKED_AT, COMPLETE
from aegis_assets.defs.raw import BEHIND, NEWEST_OF_INDEX
from aegis_assets_tests.defs.punctual import punctual, trained

NOON, EVENING = "2025-01-30T12:00", "2025-01-30T17:30"
DAILY, BARS = dg.AssetKey(["candles", "daily"]), dg.AssetKey(["raw", "ohlcv"])
MINUTES, SPOT = dg.AssetKey(["raw", "intraday"]), dg.AssetKey(["raw", "spot"])


@pytest.fixture
def site(tmp_path):
    """All was made by noon."""
    with dg.DagsterInstance.ephemeral() as instance:
        made = punctual(tmp_path, instance)
        made.make(NOON)
        yield made


def late(site, key, now):
    """The lateness of one asset, if it is late."""
    return next((each for each in site.late(now) if each.key == key), None)


@pytest.mark.parametrize(
    ("told", "is_late"),
    [
        ({NEWEST: "2025-01-30"}, False),
        ({NEWEST: "2025-01-29"}, True),
        ({NEWEST: "None"}, True),
        ({}, False),
    ],
    ids=str,
)
def test_a_table_that_was_made_without_the_session_is_late(site, told, is_late):
    """A table that does not tell its newest row is believed to know what its run could know."""
    site.event(DAILY, "2025-01", site.local("2025-01-30T16:20"), **told)
    found = late(site, DAILY, EVENING)

    assert bool(found) == is_late
    if told.get(NEWEST) == "2025-01-29":
        assert found.seconds == timedelta(minutes=30).total_seconds()
        assert "which knows all up to 2025-01-29 16:15" in found.sentence


def test_a_table_made_again_in_the_morning_lacks_the_session_of_the_day(site):
    site.event(DAILY, "2025-01", site.local("2025-01-30T16:14"))

    assert late(site, DAILY, EVENING)


def test_a_backfill_of_an_old_month_is_no_evidence_of_the_running_one(site):
    site.event(DAILY, "2024-09", site.local("2025-01-30T17:00"))

    assert late(site, DAILY, EVENING).newest == "2025-01"


@pytest.mark.parametrize(
    ("behind", "is_late"), [([], False), (["^INDIAVIX"], False), (["^NSEI"], True)], ids=str
)
def test_bars_of_which_the_index_did_not_come_are_late(site, behind, is_late):
    told = dg.MetadataValue.json(behind)
    site.event(BARS, "2025-01", site.local("2025-01-30T16:20"), **{BEHIND: told})

    assert bool(late(site, BARS, EVENING)) == is_late


@pytest.mark.parametrize("told", [NEWEST, NEWEST_OF_INDEX])
@pytest.mark.parametrize(
    ("look", "seconds"),
    [("2025-01-28T16:40", 85_200), ("2025-01-29T16:40", 171_600), ("2025-01-29T18:00", 176_400)],
)
def test_an_outage_of_days_is_late_since_the_first_session_that_lacks(site, told, look, seconds):
    """Bars end on Friday 24; Monday's were due at 17:00, and every evening asked in vain."""
    behind = {BEHIND: ["^NSEI"], told: "2025-01-24"}
    for day in ("27", "28", "29"):
        asked = f"2025-01-{day}T16:16"
        if asked < look:
            site.event(BARS, "2025-01", site.local(asked), **behind)
    found = late(site, BARS, look)

    assert found.seconds == seconds
    assert "which knows all up to 2025-01-24 16:15" in found.sentence


def test_the_index_s_own_newest_day_counts_where_others_have_more(site):
    told = {BEHIND: ["^NSEI"], NEWEST: "2025-01-30", NEWEST_OF_INDEX: "2025-01-24"}
    site.event(BARS, "2025-01", site.local("2025-01-30T16:20"), **told)

    assert "which knows all up to 2025-01-24 16:15" in late(site, BARS, EVENING).sentence


def look(site, at, *, answered=True, **told):
    asked = {ASKED_AT: site.local(f"2025-01-30T{at}").isoformat(), COMPLETE: answered}
    site.event(MINUTES, "2025-01-30", site.local(f"2025-01-30T{at}"), **asked, **told)


def newest(site, start):
    return {NEWEST: str(site.local(f"2025-01-30T{start}"))}


def test_a_look_that_was_answered_is_evidence_until_when_it_was_asked(site):
    look(site, "12:16")

    assert late(site, MINUTES, "2025-01-30T12:49") is None
    assert late(site, MINUTES, "2025-01-30T12:51").seconds == 60


def test_a_look_without_an_answer_is_none(site):
    look(site, "12:16", answered=False)
    found = late(site, MINUTES, "2025-01-30T12:21")

    assert found.seconds == 60
    assert "which knows all up to 2025-01-30 11:45" in found.sentence


def test_a_source_that_answers_with_old_bars_only_is_late(site):
    look(site, "12:16", **newest(site, "11:30"))
    assert late(site, MINUTES, "2025-01-30T12:21")
    look(site, "12:17", **newest(site, "11:55"))
    assert late(site, MINUTES, "2025-01-30T12:21") is None  # it delays by a quarter of an hour
    assert late(site, SPOT, "2025-01-30T12:21")  # of which nobody made anything


def test_a_look_at_an_opening_without_a_bar_yet_lacks_nothing(site):
    at = site.local("2025-02-01T09:46")
    told = {ASKED_AT: at.isoformat(), COMPLETE: True, NEWEST: "None"}
    site.event(MINUTES, "2025-02-01", at, **told)

    assert late(site, MINUTES, "2025-02-01T09:51").seconds == 60  # bars until 09:25 lack


def test_a_slot_counts_by_its_file_and_its_ledger_by_its_record(site):
    site.publisher.publish(b"{}", "2025-01-30-11:45")

    found = {each.key.to_user_string() for each in site.late("2025-01-30T12:21")}
    assert "payload/aegismatrix" not in found
    assert "ledger/forecasts" in found


@pytest.mark.parametrize(
    ("shift", "is_late"), [(timedelta(0), True), (timedelta(days=1), False)], ids=str
)
def test_times_of_records_are_moved_as_the_clock_is(site, shift, is_late):
    """A demonstration of another day: the machine's clock is a day behind the source's."""
    site.event(DAILY, "2025-01", site.local("2025-01-29T16:20"))
    chosen = site.world.settings.model_copy(update={"clock_shift": shift})
    moved = punctual(chosen.home, site.instance, clock_shift=shift)

    assert bool(late(moved, DAILY, EVENING)) == is_late


def test_an_engine_is_awaited_as_often_as_it_is_trained(tmp_path):
    """The volatility core is trained with whoever reads it."""
    engines = ("buyer", "direction", "seller")
    with dg.DagsterInstance.ephemeral() as instance:
        some = punctual(tmp_path, instance, cadence={"buyer": Cadence.MONTHLY})
        every = punctual(tmp_path, instance, cadence=dict.fromkeys(engines, Cadence.MONTHLY))
        found = [
            {each.key.path[1]: each.cadence for each in watched(site.world) if is_model(each)}
            for site in (some, every)
        ]

    assert [name for name, each in found[0].items() if each is Cadence.MONTHLY] == ["buyer"]
    assert [name for name, each in found[1].items() if each is Cadence.WEEKLY] == ["volatility"]


def is_model(each):
    return each.key.path[0] == "models"


@pytest.mark.parametrize("left", [None, "{}"], ids=["missing", "torn"])
def test_a_card_that_cannot_be_read_makes_its_engine_late(site, left):
    trained(site.world.settings.models_folder, "buyer", "2025-01-18")
    cards = sorted((site.world.settings.models_folder / "buyer").glob("*/2025-01-25/card.json"))
    cards[-1].unlink()
    if left is not None:
        cards[-1].write_text(left)
    found = late(site, dg.AssetKey(["models", "buyer"]), "2025-01-26T00:01")

    assert (found.newest, found.seconds) == ("2025-01-18", 60)
