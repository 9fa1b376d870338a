"""A planted fault is found, and of a sound history nothing is."""

from datetime import date, timedelta

import polars as pl
import pytest

from aegis_assets.core.ledger.detector import FROZEN_SESSIONS, STUCK_SESSIONS, Code, findings
from aegis_assets_tests.core import synthetic
from aegis_assets_tests.core.ledger import cases, histories

T1, T5, REGIME = "direction.horizons.t1", "direction.horizons.t5", "seller.regime"
UPPER, INTERVAL = "seller.safe_range.upper", "direction.horizons.t1.interval"


@pytest.fixture(scope="module")
def sound():
    return histories.sound(1)


def found(history):
    return {(each.path, each.code.value) for each in findings(history)}


@pytest.mark.parametrize("seed", range(4))
def test_of_a_sound_history_nothing_is_found_on_any_day(seed):
    history = histories.sound(seed, sessions=60, slots=("15:30",))
    days = history["session"].unique().sort()

    for last in days:
        assert findings(history.filter(pl.col("session") <= last)) == []


@pytest.mark.parametrize("seed", range(3))
def test_nor_of_thirteen_slots_a_session(seed):
    assert findings(histories.sound(seed)) == []


def test_a_planted_constant_is_caught(sound):
    last = sound["session"].n_unique() - FROZEN_SESSIONS
    frozen = histories.planted(sound, T1, [0.2, 0.3, 0.5], since=last)
    (finding,) = findings(frozen)

    assert (finding.path, finding.code) == (T1, Code.FROZEN)
    assert finding.slots == FROZEN_SESSIONS * len(histories.SLOTS)
    assert finding.value == (0.2, 0.3, 0.5)


def test_a_session_less_is_not_called_frozen(sound):
    last = sound["session"].n_unique() - FROZEN_SESSIONS + 1

    assert found(histories.planted(sound, T1, [0.2, 0.3, 0.5], since=last)) == set()


def test_one_slot_that_moves_again_is_alive(sound):
    newest = sound["slot"].max()
    thawed = histories.planted(sound, T1, [0.2, 0.3, 0.5]).with_columns(
        forecast=pl.when((pl.col("slot") == newest) & (pl.col("path") == T1))
        .then(pl.lit([0.21, 0.29, 0.5], dtype=pl.List(pl.Float64)))
        .otherwise("forecast")
    )

    assert (T1, "FROZEN") not in found(thawed)


@pytest.mark.parametrize("path", [T5, REGIME])
def test_a_rate_is_frozen_only_when_trainings_do_not_move_it(sound, path):
    value = [0.2, 0.3, 0.5]
    days = sound.select("session", "trained_to").unique().sort("session")
    weeks = days["trained_to"].unique().sort()
    weeks_ago = {back: days["trained_to"].index_of(weeks[-back]) for back in (2, 3)}

    assert found(histories.planted(sound, path, value, since=weeks_ago[2])) == set()
    assert found(histories.planted(sound, path, value, since=weeks_ago[3])) == {(path, "FROZEN")}


def test_what_was_asked_the_same_may_say_the_same(sound):
    still = histories.planted(sound, T1, [0.2, 0.3, 0.5]).with_columns(feature_hash=pl.lit("same"))

    assert found(still) == set()


def test_what_is_unavailable_is_not_frozen(sound):
    silent = histories.planted(sound, T1, [0.2, 0.3, 0.5]).with_columns(
        source=pl.lit("UNAVAILABLE")
    )

    assert found(silent) == set()


def test_a_challenger_beside_what_is_served_is_not_judged(sound):
    beside = histories.planted(sound, T1, [0.2, 0.3, 0.5]).with_columns(role=pl.lit("CHALLENGER"))

    assert found(beside) == set()


@pytest.mark.parametrize("value", [[0.0, 0.4, 0.6], [1.0, 0.0, 0.0]])
def test_a_probability_that_stays_at_zero_or_one_is_at_its_limit(sound, value):
    last = sound["session"].n_unique() - STUCK_SESSIONS

    assert found(histories.planted(sound, T1, value, since=last)) == {(T1, "AT_LIMIT")}
    assert found(histories.planted(sound, T1, value, since=last + 1)) == set()


def test_a_range_of_no_width_is_at_its_limit(sound):
    last = sound["session"].n_unique() - STUCK_SESSIONS

    assert found(histories.planted(sound, UPPER, [0.0], since=last)) == {(UPPER, "AT_LIMIT")}


def test_a_clip_that_holds_most_sessions_is_at_its_limit(sound):
    """A floor under the range, as the forerunner of this system had."""
    width = pl.col("forecast").list.get(0)
    floor = sound.filter(path=UPPER)["forecast"].list.get(0).quantile(0.7)
    clipped = sound.with_columns(
        forecast=pl.when(pl.col("path") == UPPER)
        .then(pl.concat_list(width.clip(lower_bound=floor)))
        .otherwise("forecast")
    )

    assert (UPPER, "AT_LIMIT") in found(clipped) or (UPPER, "FROZEN") in found(clipped)


def test_the_certainty_of_persistence_is_no_fault(sound):
    assert sound.filter(path="seller.now")["forecast"].list.max().min() == 1.0
    assert found(histories.planted(sound, "seller.now", [0.0, 1.0])) == set()


def test_what_is_said_of_the_running_sessions_close_may_become_certain(sound):
    today = histories.planted(sound, T1, [0.0, 0.0, 1.0]).with_columns(ends_on="session")

    assert found(today) == set()


@pytest.mark.parametrize(
    ("path", "value"), [(T1, [1 / 3] * 3), ("seller.trap", [0.5, 0.5]), (T5, [1 / 3] * 3)]
)
def test_even_odds_are_no_forecast(sound, path, value):
    last = sound["session"].n_unique() - STUCK_SESSIONS

    assert (path, "NO_SPREAD") in found(histories.planted(sound, path, value, since=last))
    assert found(histories.planted(sound, path, value, since=last + 1)) == set()


def test_an_even_rate_may_be_even(sound):
    even = pl.when(pl.col("path") == "seller.trap").then(pl.lit("even_rate"))
    drawn = sound.with_columns(candidate=even.otherwise("candidate"))

    assert found(histories.planted(drawn, "seller.trap", [0.5, 0.5], since=10)) <= {
        ("seller.trap", "FROZEN")
    }


@pytest.mark.parametrize("value", [[0.001, 0.02], [-0.03, -0.001]])
def test_a_range_beside_its_price_is_found_at_once(sound, value):
    newest = sound["session"].n_unique() - 1
    beside = histories.planted(sound, INTERVAL, value, since=newest)

    assert found(beside) == {(INTERVAL, "LEVEL_EXCLUDES_SPOT")}


DAYS = synthetic.exchange_sessions(30).to_list()


def payloads(spots, safe=None, odds=None):
    """One a session, trained weekly: levels and odds of the same every day, or by the spot."""
    return [
        cases.payload(
            cases.moment(day).astimezone(cases.ZONE),
            spot=spot,
            safe=safe or (0.95 * spot - i % 3, 1.05 * spot + i % 3),
            interval=(0.98 * spot - i % 4, 1.03 * spot + 0.01 * i),
            odds=odds or (0.3, 0.3 + spot / 1e4, 0.4 - spot / 1e4),
            trained_to=day - timedelta(days=(day.weekday() - 5) % 7),
        )
        for i, (day, spot) in enumerate(zip(DAYS, spots, strict=False))
    ]


WALK = [100.0 + i % 7 + 0.1 * i for i in range(30)]


def test_payloads_that_move_with_the_market_are_sound():
    assert findings(payloads=payloads(WALK)) == []


def test_a_history_of_payloads_frozen_at_a_constant_alarms():
    found = findings(payloads=payloads(WALK, odds=(0.2, 0.3, 0.5)))

    assert {each.code for each in found} == {Code.FROZEN}
    assert {each.path for each in found} == {
        f"direction.horizons.{name}.probabilities"
        for name in ("t1", "t3", "t5", "t10", "t20", "t40")
    }
    assert "30 sessions" in found[0].text


def test_a_history_of_payloads_with_the_spot_outside_its_own_range_alarms():
    """The range of a market that was elsewhere: what the forerunner of this system published."""
    made = {each.code: each for each in findings(payloads=payloads(WALK, safe=(120.0, 140.0)))}

    assert {each.path for each in made.values()} == {"seller.safe_range"}
    assert set(made) == {Code.FROZEN, Code.LEVEL_EXCLUDES_SPOT}
    assert made[Code.LEVEL_EXCLUDES_SPOT].slots == 30


def test_a_range_that_moves_with_the_spot_alone_is_frozen():
    constant = [
        cases.payload(cases.moment(day), spot=spot, safe=(0.9 * spot, 1.1 * spot))
        for day, spot in zip(DAYS, WALK, strict=True)
    ]

    assert [each.code for each in findings(payloads=constant)] == [Code.FROZEN]


def test_without_a_slot_nothing_is_found():
    assert findings() == findings(cases.rows([])) == []


def test_the_first_edition_is_judged(sound):
    again = histories.planted(sound, T1, [0.2, 0.3, 0.5]).with_columns(
        published_at=pl.lit(date(2030, 1, 1)).cast(pl.Datetime("us", "UTC"))
    )

    assert found(pl.concat([sound, again])) == set()
