"""Which slots a span has, which weeks train for them, and in which runs they are made."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from aegis_assets.cli.backtesting import Backtest, Cadence
from aegis_assets.core.errors import SettingsError
from aegis_assets.core.sessions import close_of
from aegis_assets_tests.cli.live import MONDAY, TUESDAY, WEDNESDAY, live_settings
from aegis_assets_tests.worlds import settings_of

SATURDAY = 5
EXPECTED = {Cadence.QUARTER: (12, 92 + 7), Cadence.MONTH: (35, 31 + 7), Cadence.WEEK: (152, 7)}
"""Trainings from February 2016 to December 2018, and the days that the oldest of them may serve."""


@pytest.fixture(scope="module")
def sample(platform):
    return platform(settings_of(Path("nowhere"), slots_start=date(2016, 1, 1)))


@pytest.mark.parametrize(
    ("first", "last", "why"),
    [
        (date(2018, 5, 1), date(2018, 4, 1), "before --from 2018-05-01"),
        (date(2018, 5, 1), date(2019, 1, 2), "newest slot of sample is of 2018-12-31"),
        (date(2015, 5, 1), date(2018, 5, 1), "set AEGIS_SLOTS_START to 2015-05-01 or earlier"),
        (date(2008, 5, 1), date(2018, 5, 1), "begins on 2009-06-01.*AEGIS_HISTORY_START"),
        (date(2018, 12, 22), date(2018, 12, 23), "no session from 2018-12-22 to 2018-12-23"),
    ],
)
def test_a_span_that_cannot_be_made_is_refused_with_the_remedy(sample, first, last, why):
    with pytest.raises(SettingsError, match=why):
        Backtest.of(sample, first, last, Cadence.QUARTER)


@pytest.mark.parametrize("cadence", Cadence)
def test_every_slot_has_models_that_were_trained_before_its_period(sample, cadence):
    span = Backtest.of(sample, date(2016, 2, 10), date(2018, 12, 31), cadence)
    trained, longest = EXPECTED[cadence]
    served = {slot: max(week for week in span.weeks if week <= slot) for slot in span.slots}
    ages = [date.fromisoformat(slot[:10]) - date.fromisoformat(w) for slot, w in served.items()]

    assert len(span.weeks) == trained
    assert timedelta(0) < max(ages) <= timedelta(days=longest)
    assert {date.fromisoformat(week).weekday() for week in span.weeks} == {SATURDAY}


def test_models_of_a_quarter_saw_no_session_of_it(sample):
    span = Backtest.of(sample, date(2016, 1, 4), date(2016, 12, 30), Cadence.QUARTER)

    assert span.weeks == ["2015-12-26", "2016-03-26", "2016-06-25", "2016-09-24"]


def test_a_run_holds_neighbours_of_one_month(sample):
    span = Backtest.of(sample, date(2018, 10, 29), date(2018, 12, 31), Cadence.QUARTER)
    left = [slot for slot in span.slots if slot != "2018-11-14-15:30"]
    made = [stage.keys for stage in span.chunks(left)]

    assert [slot for keys in made for slot in keys] == left
    assert [(keys[0][5:10], keys[-1][5:10]) for keys in made] == [
        ("10-29", "10-31"),
        ("11-01", "11-13"),
        ("11-15", "11-30"),
        ("12-03", "12-31"),
    ]


def test_of_a_live_session_only_the_slot_at_its_end_is_made(platform):
    here = platform(live_settings())
    span = Backtest(here, MONDAY, WEDNESDAY, Cadence.QUARTER)

    assert [slot[:10] for slot in span.slots] == [f"{MONDAY}", f"{TUESDAY}", f"{WEDNESDAY}"]
    for slot in span.slots:
        window = here.window_of(slot)
        assert window.start < close_of(here.world.market, window.start.date()) <= window.end
    assert [stage.keys for stage in span.chunks(span.slots)] == [(slot,) for slot in span.slots]
