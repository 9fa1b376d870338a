"""Which stored week serves: the newest whole one that the slot's own week does not come before."""

from datetime import UTC, date, datetime, timedelta

import pytest

from aegis_assets.adapters.model_store import ModelStore
from aegis_assets.adapters.roster import Roster
from aegis_assets.adapters.withdrawals import Withdrawal
from aegis_assets.core.errors import ArtifactError
from aegis_assets_tests.adapters.test_model_store import artefact

MAY, JUNE, JULY = date(2018, 5, 5), date(2018, 6, 2), date(2018, 7, 7)
NOON = datetime(2018, 7, 9, 12, tzinfo=UTC)
TARGETS = ("spike", "theta")
WEEKS = [f"{date(2018, 4, 28) + timedelta(days=7 * n)}" for n in range(16)]


@pytest.fixture
def store(tmp_path):
    """Both targets of three weeks; of a fourth, the newest, one alone."""
    store = ModelStore(tmp_path)
    for week in (MAY, JUNE, JULY):
        for target in TARGETS:
            store.save(artefact(target=target, trained_to=week))
    store.save(artefact(target="spike", trained_to=date(2018, 7, 21)))
    return store


def roster(store, last=None):
    return Roster.of(store, "buyer", TARGETS, last)


@pytest.mark.parametrize("asked", WEEKS[1:])
def test_no_slot_is_served_by_a_week_after_its_own_and_every_slot_by_the_newest_before(
    store, asked
):
    served = roster(store).serving("spike", asked, NOON)

    assert served == max(f"{week}" for week in (MAY, JUNE, JULY) if f"{week}" <= asked)


def test_a_slot_before_the_first_week_is_served_by_none_and_the_error_says_what_to_train(
    store, tmp_path
):
    asked = r"up to 2018-04-28 is whole \(the first is 2018-05-05\).*train --week 2018-04-28"
    with pytest.raises(ArtifactError, match=asked):
        roster(store).serving("spike", WEEKS[0], NOON)
    with pytest.raises(ArtifactError, match=r"none is stored\).*train it first"):
        Roster.of(ModelStore(tmp_path / "empty"), "buyer", TARGETS).serving("spike", "x", NOON)


def test_a_week_that_lacks_a_target_serves_no_target(store):
    assert roster(store).weeks == ("2018-05-05", "2018-06-02", "2018-07-07")


def test_weeks_that_were_trained_since_are_not_looked_at(store):
    assert roster(store, JUNE).serving("spike", "2018-07-14", NOON) == "2018-06-02"


def test_a_withdrawn_week_is_replaced_in_every_slot_that_it_would_serve(store):
    fact = Withdrawal(
        target="spike", week=JULY, instead=MAY, since=NOON, said_at=NOON, why="it drifts"
    )
    store.withdraw("buyer", [fact])
    after = NOON + timedelta(minutes=1)

    for asked in ("2018-07-07", "2018-07-14"):
        assert roster(store).serving("spike", asked, NOON) == "2018-07-07"
        assert roster(store).serving("spike", asked, after) == "2018-05-05"
        assert roster(store).serving("theta", asked, after) == "2018-07-07"
    assert roster(store).serving("spike", "2018-06-30", after) == "2018-06-02"


def test_as_of_a_moment_what_was_withdrawn_from_then_on_changes_nothing(store):
    said = NOON + timedelta(hours=1)
    fact = Withdrawal(
        target="spike", week=JULY, instead=MAY, since=NOON, said_at=said, why="it drifts"
    )
    store.withdraw("buyer", [fact])
    after = NOON + timedelta(minutes=1)
    served = {
        moment: Roster.of(store, "buyer", TARGETS, known_at=moment).serving(
            "spike", "2018-07-14", after
        )
        for moment in (None, said, said + timedelta(microseconds=1))
    }

    assert [*served.values()] == ["2018-05-05", "2018-07-07", "2018-05-05"]
