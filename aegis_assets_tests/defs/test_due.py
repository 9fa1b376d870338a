"""What is due of training and publishing, told by what was made, when, and by which code."""

from datetime import UTC, date, datetime, timedelta

import dagster as dg
import pytest

from aegis_assets.core.engines import BUYER, DIRECTION, ENGINES, SELLER, VOLATILITY
from aegis_assets.core.errors import SettingsError
from aegis_assets.core.timetable import Cadence
from aegis_assets.defs.candles import DAILY
from aegis_assets.defs.jobs import (
    DEPLOY_JOB,
    HISTORY_JOB,
    PUBLISH_JOB,
    SCORE_JOB,
    TRAIN_JOB,
    VALIDATE_JOB,
    jobs,
    partitions_of,
    selections,
)
from aegis_assets.defs.ledger_checks import OUTCOMES_KEY
from aegis_assets.defs.world import world
from aegis_assets_tests.cli.shelves import shelve, withdrawn
from aegis_assets_tests.defs.histories import FIRST_SATURDAY, SLOT, WEEK, History
from aegis_assets_tests.worlds import settings_of

NAMES = [engine.name for engine in ENGINES]
MONTHLY = {BUYER.name: Cadence.MONTHLY}


@pytest.fixture
def opened(tmp_path):
    """Histories of a home, of settings that may be changed."""
    chosen = settings_of(tmp_path, date(2018, 9, 1), date(2018, 11, 26))
    with dg.DagsterInstance.ephemeral() as instance:
        yield lambda **changes: History.of(world(chosen.model_copy(update=changes)), instance)


@pytest.fixture
def history(opened):
    """All stages have run."""
    made = opened()
    made.everything()
    return made


def test_the_week_is_judged_after_training_and_deployed_after_that(history):
    due = history.due
    for job, now, then in ((VALIDATE_JOB, [WEEK], [WEEK]), (DEPLOY_JOB, [], [WEEK])):
        found = (due.validation(), due.promotion())
        assert found == ([f"{week}" for week in now], [f"{week}" for week in then])
        history.job(job, f"{WEEK}")
    assert (due.validation(), due.promotion()) == ([], [])
    history.trained()
    assert (due.validation(), due.promotion()) == ([f"{WEEK}"], [f"{WEEK}"])


def test_each_job_is_partitioned_as_its_assets_are(opened):
    due = opened().due
    resolved = dg.Definitions(jobs=jobs(due.world)).jobs

    assert len(resolved) == len(selections(due.world))
    for job in selections(due.world):
        found = {due.assets.get(asset).partitions_def for asset in due.assets_of(job)}
        assert found == {partitions_of(due.world, job)}


def test_after_all_stages_nothing_is_trained_published_or_settled(history):
    assert (history.due.week(), history.due.slot(), history.due.scores()) == ([], [], [])


@pytest.mark.parametrize("engine", ENGINES, ids=NAMES)
def test_an_engine_that_failed_is_due_alone_unless_others_read_it(opened, engine):
    made = opened()
    made.job(HISTORY_JOB)
    made.trained(engines=[each for each in ENGINES if each is not engine])
    readers = [each.name for each in ENGINES if each.consumes is engine]

    assert made.due.engines_due(f"{WEEK}") == [
        each for each in NAMES if each in (engine.name, *readers)
    ]
    assert made.due.week() == [f"{WEEK}"]


def test_what_an_engine_reads_is_trained_with_it_where_it_lacks(opened):
    made = opened(cadence=dict.fromkeys(NAMES, Cadence.MONTHLY))
    made.job(HISTORY_JOB)
    made.trained(FIRST_SATURDAY, [each for each in ENGINES if each is not SELLER])

    assert made.due.engines_due(f"{WEEK}") == [VOLATILITY.name, SELLER.name]


def test_models_of_other_code_are_due(history):
    walk_forward = dg.AssetKey(["walk_forward", DIRECTION.name])
    history.made(walk_forward, of=f"{WEEK}", version="another")

    assert history.due.engines_due(f"{WEEK}") == [DIRECTION.name]


def test_training_is_due_after_history_was_made_from_its_first_month_on_and_not_after_its_last(
    history,
):
    first, *_, last = history.due.keys_of(HISTORY_JOB)
    history.job(HISTORY_JOB, last)
    assert history.due.engines_due(f"{WEEK}") == []
    history.job(HISTORY_JOB, first)
    assert history.due.engines_due(f"{WEEK}") == NAMES


def test_an_engine_of_monthly_cadence_is_due_at_the_first_cut_off_of_a_month_only(opened):
    made = opened(cadence=MONTHLY)
    made.job(HISTORY_JOB)
    made.trained(FIRST_SATURDAY)

    assert made.due.engines_due(f"{FIRST_SATURDAY}") == []
    assert made.due.engines_due("2018-12-08") == [each for each in NAMES if each != BUYER.name]
    assert opened().due.engines_due("2018-12-08") == NAMES


def test_an_engine_of_monthly_cadence_is_due_at_any_cut_off_if_nothing_of_it_can_serve(opened):
    made = opened(cadence=MONTHLY)
    made.job(HISTORY_JOB)
    others = [each for each in ENGINES if each is not BUYER]
    made.trained(engines=others)
    assert made.due.engines_due(f"{WEEK}") == [BUYER.name]
    made.trained(FIRST_SATURDAY, [BUYER])
    assert made.due.engines_due(f"{WEEK}") == []
    (card,) = made.due.store._folder(BUYER.name, BUYER.targets[0].name, f"{FIRST_SATURDAY}").glob(
        "card.json"
    )
    card.write_text("torn")
    assert made.due.engines_due(f"{WEEK}") == [BUYER.name]


def test_a_cadence_of_an_unknown_engine_is_refused_with_those_that_there_are(tmp_path):
    chosen = settings_of(tmp_path).model_copy(update={"cadence": {"bayer": Cadence.MONTHLY}})

    with pytest.raises(SettingsError, match=f"'bayer', expected one of {', '.join(NAMES)}"):
        world(chosen)


def test_a_trained_engine_is_made_with_its_record_and_all_are_the_whole_job(opened):
    due = opened().due
    one = [dg.AssetKey([kind, SELLER.name]) for kind in ("walk_forward", "models")]

    assert due.training_assets([SELLER.name], f"{WEEK}") == tuple(one)
    assert {*due.training_assets(NAMES, f"{WEEK}")} == {*due.assets_of(TRAIN_JOB)}


@pytest.mark.parametrize(
    "happens",
    [
        lambda made: made.made(DAILY, of="2018-12"),
        lambda made: made.trained(),
        lambda made: made.made(OUTCOMES_KEY, of="2018-12"),
        lambda made: made.made(made.due.assets_of(PUBLISH_JOB)[0], of=SLOT, version="another"),
        lambda made: made.due.publisher.publish(b"{}", SLOT),
        lambda made: withdrawn(
            made.due.store,
            SELLER,
            (WEEK, FIRST_SATURDAY),
            made.due.window_of(SLOT).start,
            datetime.now(UTC) + timedelta(days=9999),
        ),
    ],
    ids=["candles", "models", "settled", "code", "broken", "withdrawn"],
)
def test_a_slot_is_due_again_after_what_it_should_tell_of(history, happens):
    assert history.due.slot() == []
    happens(history)
    assert history.due.slot() == [SLOT]


def test_months_are_settled_anew_after_their_candles_or_with_other_code(history):
    history.made(DAILY, of="2018-12")
    assert history.due.scores() == ["2018-12"]
    history.job(SCORE_JOB)
    assert history.due.scores() == []
    history.made(OUTCOMES_KEY, of="2018-12", version="another")
    assert history.due.scores() == ["2018-12"]


def test_a_model_of_other_libraries_makes_its_engine_due(history, monkeypatch):
    monkeypatch.setattr("aegis_assets_tests.cli.shelves.library_versions", lambda: {"numpy": "0"})
    shelve(history.due.store, WEEK, engines=[DIRECTION])

    assert history.due.engines_due(f"{WEEK}") == [DIRECTION.name]
