"""What is due when, and what a moment makes of it: cases of the calendar."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from aegis_assets.core.freshness import (
    OLDEST_BAR,
    STAGES,
    Made,
    Stage,
    Terms,
    Verdict,
    due,
    finding,
)
from aegis_assets.core.markets import NIFTY, SP500
from aegis_assets.core.timetable import Cadence

FIRST_SLOT = date(2024, 1, 1)
MINUTE = timedelta(minutes=1)


def terms_of(market, **changes):
    return Terms(market, FIRST_SLOT, **{"claims_since": FIRST_SLOT} | changes)


def local(market, text):
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(market.time_zone))


def prompt(stage, terms, moment):
    """What a platform has that makes each thing at the moment when it becomes due."""
    expected = due(stage, terms, moment)
    return expected and Made(expected.partition, expected.since)


def stopped(stage, market, at, now, **changes):
    """The finding of `now` on a platform that made everything in time and stopped `at`."""
    terms = terms_of(market, **changes)
    made = prompt(stage, terms, local(market, at))
    return finding(stage, terms, made, local(market, now))


DUE = [
    # A Friday's close, and the Monday after it before and after its own has settled.
    (NIFTY, Stage.DAILY, "2025-03-10 16:14", "2025-03", "2025-03-07 16:15"),
    (NIFTY, Stage.DAILY, "2025-03-10 16:15", "2025-03", "2025-03-10 16:15"),
    # Holi, a Friday: the Thursday's close until Monday's.
    (NIFTY, Stage.DAILY, "2025-03-14 20:00", "2025-03", "2025-03-13 16:15"),
    (NIFTY, Stage.SLOT, "2025-03-14 12:00", "2025-03-13-15:15", "2025-03-13 15:45"),
    # The budget on a Saturday and on a Sunday, and the hour of Diwali.
    (NIFTY, Stage.SLOT, "2025-02-01 11:50", "2025-02-01-11:15", "2025-02-01 11:45"),
    (NIFTY, Stage.SLOT, "2026-02-01 11:50", "2026-02-01-11:15", "2026-02-01 11:45"),
    (NIFTY, Stage.DAILY, "2026-02-01 17:00", "2026-02", "2026-02-01 16:15"),
    (NIFTY, Stage.SLOT, "2024-11-01 17:00", "2024-10-31-15:15", "2024-10-31 15:45"),
    (NIFTY, Stage.SLOT, "2024-11-01 18:20", "2024-11-01-17:45", "2024-11-01 18:15"),
    (NIFTY, Stage.SESSION, "2024-11-01 18:20", "2024-11-01", "2024-11-01 18:15"),
    (NIFTY, Stage.DAILY, "2024-11-01 19:44", "2024-10", "2024-10-31 16:15"),
    (NIFTY, Stage.DAILY, "2024-11-01 19:45", "2024-11", "2024-11-01 19:45"),
    # The half day after Thanksgiving.
    (SP500, Stage.DAILY, "2024-11-29 14:00", "2024-11", "2024-11-29 13:45"),
    (SP500, Stage.SLOT, "2024-11-29 17:00", "2024-11-29-12:30", "2024-11-29 13:00"),
    (SP500, Stage.LEDGER, "2024-11-29 14:00", "2024-11", "2024-11-29 13:45"),
    # Saturdays.
    (NIFTY, Stage.TRAINING, "2025-03-07 23:59", "2025-03-01", "2025-03-01 00:00"),
    (NIFTY, Stage.TRAINING, "2025-03-08 00:00", "2025-03-08", "2025-03-08 00:00"),
]


@pytest.mark.parametrize(("market", "stage", "now", "partition", "since"), DUE)
def test_what_is_due_is_what_the_calendar_says(market, stage, now, partition, since):
    expected = due(stage, terms_of(market), local(market, now))

    assert (expected.partition, expected.since) == (partition, local(market, since))
    assert expected.by == expected.since + STAGES[stage].grace


LAST_MINUTES = [
    (NIFTY, Stage.DAILY, "2025-03-10 17:00"),  # 90 minutes after the close
    (NIFTY, Stage.LEDGER, "2025-03-10 18:00"),  # 150
    (NIFTY, Stage.SLOT, "2025-03-10 11:50"),
    (NIFTY, Stage.SESSION, "2025-03-10 11:50"),
    (NIFTY, Stage.TRAINING, "2025-03-09 00:00"),  # 8 days after the cut-off before
    (NIFTY, Stage.DAILY, "2024-11-01 20:30"),  # the hour of Diwali
    (SP500, Stage.DAILY, "2024-11-29 14:30"),  # a half day
    (SP500, Stage.TRAINING, "2025-03-09 00:00"),  # the day on which clocks are moved
]


@pytest.mark.parametrize(("market", "stage", "by"), LAST_MINUTES)
def test_it_is_late_from_its_last_minute_on(market, stage, by):
    by = local(market, by)
    before = by - STAGES[stage].grace - MINUTE
    terms = terms_of(market)
    made = prompt(stage, terms, before)

    assert finding(stage, terms, made, by - MINUTE).verdict is Verdict.DUE
    late = finding(stage, terms, made, by + MINUTE)
    assert (late.verdict, late.expected.by, late.late) == (Verdict.LATE, by, MINUTE)


@pytest.mark.parametrize(
    ("stage", "now"),
    [
        (Stage.DAILY, "2025-03-17 16:00"),
        (Stage.SLOT, "2025-03-17 09:40"),
        (Stage.SESSION, "2025-03-17 09:40"),
        (Stage.LEDGER, "2025-03-17 16:00"),
    ],
)
def test_a_holiday_and_the_weekend_after_it_make_nothing_late(stage, now):
    found = stopped(stage, NIFTY, "2025-03-13 20:00", now)  # Holi is Friday the 14th

    assert found.verdict is Verdict.FRESH


@pytest.mark.parametrize(
    ("stage", "at", "now"),
    [
        (Stage.SLOT, "2025-01-31 20:00", "2025-02-01 10:00"),  # a Saturday that trades
        (Stage.SESSION, "2026-01-31 20:00", "2026-02-01 10:00"),  # a Sunday
        (Stage.DAILY, "2026-01-31 20:00", "2026-02-01 17:30"),
        (Stage.SLOT, "2024-11-01 12:00", "2024-11-01 18:30"),  # an evening
        (Stage.DAILY, "2024-11-01 12:00", "2024-11-02 12:00"),
    ],
)
def test_a_session_on_a_weekend_or_in_the_evening_counts(stage, at, now):
    assert stopped(stage, NIFTY, at, now).verdict is Verdict.LATE


@pytest.mark.parametrize("now", ["2025-03-12 14:47", "2025-03-12 20:00", "2025-03-14 12:00"])
def test_an_outage_stays_late_and_is_counted_from_the_first_thing_missed(now):
    """What is newly due and still has time does not excuse what had none."""
    found = stopped(Stage.SLOT, NIFTY, "2025-03-11 12:00", now)
    first_missed = local(NIFTY, "2025-03-11 12:20")  # the slot 11:45, five minutes after its end

    assert found.verdict is Verdict.LATE
    assert found.late == local(NIFTY, now) - first_missed
    assert "there is 2025-03-11-11:15" in found.sentence


def test_where_nothing_was_ever_made_it_is_late_by_the_newest_thing_that_lacks():
    sunday = local(NIFTY, "2025-03-09 12:00")
    found = finding(Stage.DAILY, terms_of(NIFTY), None, sunday)

    assert found.late == sunday - local(NIFTY, "2025-03-07 17:00")
    assert "nothing of it was ever made" in found.sentence


def test_nothing_is_due_before_the_first_slot_of_all():
    morning = local(NIFTY, "2024-01-01 09:00")
    for stage in (Stage.SLOT, Stage.SESSION):
        assert finding(stage, terms_of(NIFTY), None, morning).verdict is Verdict.NOTHING_DUE
    monthly = terms_of(NIFTY, cadence=Cadence.MONTHLY)
    assert finding(Stage.TRAINING, monthly, None, morning).verdict is Verdict.NOTHING_DUE


@pytest.mark.parametrize(
    ("since", "verdict"),
    [
        (None, Verdict.NOTHING_DUE),
        (date(2025, 3, 10), Verdict.NOTHING_DUE),
        (date(2025, 3, 7), Verdict.LATE),
    ],
)
def test_a_ledger_without_a_claim_that_ended_owes_nothing(since, verdict):
    evening = local(NIFTY, "2025-03-10 19:00")

    assert (
        finding(Stage.LEDGER, terms_of(NIFTY, claims_since=since), None, evening).verdict is verdict
    )


def test_a_month_that_was_made_before_its_last_session_had_settled_is_not_there():
    terms, evening = terms_of(NIFTY), local(NIFTY, "2025-03-10 17:30")
    early, right = (local(NIFTY, f"2025-03-10 {hour}") for hour in ("16:00", "16:15"))

    assert finding(Stage.DAILY, terms, Made("2025-03", early), evening).verdict is Verdict.LATE
    assert finding(Stage.DAILY, terms, Made("2025-03", right), evening).verdict is Verdict.FRESH


@pytest.mark.parametrize(
    ("now", "reach"),
    [
        ("2025-03-10 11:50", "11:25"),
        ("2025-03-10 16:00", "15:10"),  # of the last slot, which outlasts trading: from the close
        ("2024-05-18 11:50", "10:00"),  # of the second window of a drill: nothing traded between
        ("2024-11-01 18:20", "18:00"),  # of an evening that has just opened
    ],
)
def test_a_look_must_know_the_bars_of_late_as_far_as_there_was_trading(now, reach):
    expected = due(Stage.SESSION, terms_of(NIFTY), local(NIFTY, now))

    assert f"{expected.reach:%H:%M}" == reach
    assert expected.since - expected.reach >= min(OLDEST_BAR, 15 * MINUTE)


def test_a_monthly_engine_is_late_a_day_after_the_first_saturday():
    found = [
        stopped(
            Stage.TRAINING, NIFTY, "2025-03-20 12:00", f"2025-{now}", cadence=Cadence.MONTHLY
        ).verdict
        for now in ("04-04 23:00", "04-05 23:00", "04-06 01:00")
    ]

    assert found == [Verdict.FRESH, Verdict.DUE, Verdict.LATE]
