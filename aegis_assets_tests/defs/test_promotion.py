"""Deployment: what serves from a week on, and that nothing unfit does."""

import re
import shutil
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from polars.testing import assert_frame_equal

from aegis_assets.adapters.deployment import UNFIT
from aegis_assets.adapters.roster import Roster
from aegis_assets.adapters.withdrawals import Withdrawal
from aegis_assets.core.engines import BUYER, ENGINES, SELLER, VOLATILITY
from aegis_assets.core.errors import ArtifactError
from aegis_assets.defs.promotion import (
    PROMOTED_TAG,
    TABLE,
    is_deployed,
    promoted,
    promotion_assets,
    promotion_checks,
)
from aegis_assets_tests.cli.shelves import shelve
from aegis_assets_tests.defs import shelf
from aegis_assets_tests.defs.shelf import CANDIDATE, NOON, TARGET, WEEKS
from aegis_assets_tests.worlds import made_once

OLDEST, OLD, NEW = WEEKS
ALL = sum(len(engine.targets) for engine in ENGINES)
HOUR = timedelta(hours=1)
DAMAGES = {
    "torn": (shelf.torn, r"has sha256 .* \(20 bytes\), its card says"),
    "not a number": (shelf.not_a_number, "gives 64 of 64 forecasts that are not finite"),
    "another hash": (shelf.of_another_hash, "is missing: restore it or retrain"),
    "other code": (shelf.of_other_code, "with code version 0123456789ab"),
    "no card": (shelf.no_card, "is no card"),
}


@pytest.fixture(scope="module")
def furnished(shared):
    return made_once(shared / "shelf", shelf.furnish)


@pytest.fixture
def site(furnished, tmp_path):
    return shelf.Site(shutil.copytree(furnished, tmp_path / "home"))


def deploy(site, week=NEW):
    """A run of the deployment, and the week's rows after it."""
    assert site.run(promotion_assets, week).made.success
    return rows_of(site, week)


def decide(site, week=NEW, moment=NOON, engines=(VOLATILITY,)):
    """The rows that a deployment would write, after it has said what is to be said."""
    return promoted(site.store, site.warehouse, week, moment, moment, engines=engines)


def rows_of(site, week=NEW):
    """What the table holds of the week."""
    return site.warehouse.rows(TABLE).filter(cutoff=date.fromisoformat(week))


def row_of(rows, target=TARGET):
    """The newest row of the target."""
    return rows.sort("said_at").filter(target=target).row(-1, named=True)


def failure(site, week=NEW, engines=(VOLATILITY,)):
    """What the deployment is refused with."""
    with pytest.raises(ArtifactError) as refused:
        decide(site, week, engines=engines)
    return str(refused.value)


def facts(site, engine=VOLATILITY):
    return site.store.withdrawals(engine.name)


def forget(site, *weeks, engines=ENGINES):
    for engine in engines:
        for target in engine.targets:
            for week in weeks:
                shutil.rmtree(site.home / "models" / engine.name / target.name / week)


def test_the_first_week_ever_is_new_and_later_ones_are_kept(site):
    forget(site, OLD, NEW)
    assert not is_deployed(site.warehouse, OLDEST)
    first = deploy(site, OLDEST)

    assert first.height == ALL
    assert set(first["event"]) == {"NEW"}
    assert first["from_week"].null_count() == ALL
    assert is_deployed(site.warehouse, OLDEST)
    assert not is_deployed(site.warehouse, OLD)


def test_a_week_is_compared_with_the_one_stored_before_and_the_run_says_so(site):
    shelve(site.store, date.fromisoformat(OLD), engines=[VOLATILITY])
    ran = site.run(promotion_assets)
    row = row_of(rows_of(site))

    assert ran.tags[PROMOTED_TAG] == f"1 CHANGED, {ALL - 1} KEPT"
    assert (row["event"], row["from_source"], row["to_source"]) == (
        "CHANGED",
        "UNAVAILABLE",
        "BASELINE",
    )
    assert (row["from_week"], row["to_week"]) == (date(2018, 12, 22), date(2018, 12, 29))
    assert (row["to_candidate"], row["said_at"]) == (CANDIDATE, NOON)
    assert rows_of(site)["event"].value_counts(sort=True).rows() == [
        ("KEPT", ALL - 1),
        ("CHANGED", 1),
    ]


@pytest.mark.parametrize(("damage", "words"), DAMAGES.values(), ids=DAMAGES)
def test_an_unfit_model_is_refused_and_the_newest_earlier_one_serves(site, damage, words):
    damage(site, NEW)
    rows = decide(site)
    row, [fact] = row_of(rows), facts(site)

    assert row["event"] == "REFUSED"
    assert re.search(words, row["why"])
    assert (row["to_week"], row["to_source"]) == (date(2018, 12, 22), "BASELINE")
    assert (fact.target, str(fact.week), str(fact.instead)) == (TARGET, NEW, OLD)
    assert fact.why == f"{UNFIT}{row['why']}"
    assert site.served() == OLD
    assert rows.filter(event="KEPT").height == len(VOLATILITY.targets) - 1


def test_an_earlier_week_that_is_unfit_itself_is_passed_over(site):
    shelf.torn(site, NEW)
    shelf.not_a_number(site, OLD)

    assert row_of(decide(site))["to_week"] == date(2018, 12, 15)
    assert site.served() == OLDEST


def test_without_a_fit_week_the_deployment_fails_and_says_what_to_do(site):
    for week in WEEKS:
        shelf.not_a_number(site, week)
    assert not site.run(promotion_assets).made.success
    said = failure(site)

    assert f"week {NEW} is not deployed, 1 targets have no model that is fit" in said
    assert f"volatility/{TARGET}: {CANDIDATE} gives 64 of 64 forecasts" in said
    assert f"train it anew with `aegis train --week {NEW}`, then deploy" in said
    assert facts(site) == ()
    assert not is_deployed(site.warehouse, NEW)


def test_what_has_a_fit_week_is_safe_although_another_target_has_none(site):
    for week in WEEKS:
        shelf.torn(site, week)
    other = SELLER.targets[0].name
    folder = site.home / "models" / SELLER.name / other / NEW / "card.json"
    folder.write_bytes(b"{")

    assert "1 targets have no model that is fit" in failure(site, engines=(VOLATILITY, SELLER))
    assert site.store.week_served(SELLER.name, other, NEW) == OLD


def test_a_refusal_is_told_by_a_check_that_stops_nobody(site):
    shelf.torn(site, NEW)
    made = site.run(promotion_assets, checks=promotion_checks()).made
    [found] = made.get_asset_check_evaluations()

    assert made.success
    assert (found.passed, found.severity.value) == (False, "WARN")
    assert f"| volatility | {TARGET} | {OLD} |" in found.metadata["refused"].value
    site.store.save(shelf.answering(NEW))
    later = site.at(NOON + HOUR).run(promotion_assets, checks=promotion_checks()).made
    [found] = later.get_asset_check_evaluations()
    assert found.passed
    assert found.metadata["targets"].value == ALL


def test_a_week_deployed_twice_has_the_same_rows_and_one_withdrawal(site):
    shelf.torn(site, NEW)
    first = deploy(site)
    again = deploy(site.at(NOON + HOUR))
    [fact] = facts(site)

    assert_frame_equal(again, first)
    assert fact.said_at == NOON
    assert fact.since == datetime(2018, 12, 29, 5, tzinfo=UTC), "of an archive: the week's begin"


def test_of_a_live_source_a_refusal_counts_from_when_it_is_said(site):
    shelf.torn(site, NEW)
    deploy(replace(site, is_live=True))
    [fact] = facts(site)

    assert fact.since == fact.said_at == NOON


def test_a_deployment_that_was_killed_before_its_rows_goes_on_as_if_it_had_not_been(site):
    shelf.torn(site, NEW)
    decide(site)
    assert not is_deployed(site.warehouse, NEW)
    rows = deploy(site.at(NOON + HOUR))
    [fact] = facts(site)

    assert (fact.said_at, row_of(rows)["event"]) == (NOON, "REFUSED")
    assert set(rows["said_at"]) == {NOON + HOUR}


def test_a_model_that_was_trained_anew_serves_again_and_what_was_said_stays(site):
    shelf.torn(site, NEW)
    decide(site)
    site.store.save(shelf.answering(NEW))
    row = row_of(decide(site, moment=NOON + HOUR))

    assert (row["event"], row["to_week"]) == ("KEPT", date(2018, 12, 29))
    assert site.served() == NEW
    assert [each.instead is None for each in facts(site)] == [False, True]


def test_what_a_person_withdrew_stays_withdrawn(site):
    by_hand = Withdrawal(
        target=TARGET, week=NEW, instead=OLD, since=NOON, said_at=NOON, why="it drifts"
    )
    site.store.withdraw(VOLATILITY.name, [by_hand])
    row = row_of(decide(site))

    assert facts(site) == (by_hand,)
    assert (row["event"], row["to_week"]) == ("KEPT", date(2018, 12, 22))
    assert row["why"] == f"week {NEW} is withdrawn: it drifts"


def test_what_a_person_put_in_place_is_refused_too_if_it_is_unfit(site):
    by_hand = Withdrawal(
        target=TARGET, week=NEW, instead=OLD, since=NOON, said_at=NOON, why="it drifts"
    )
    site.store.withdraw(VOLATILITY.name, [by_hand])
    shelf.torn(site, OLD)
    decide(site)

    assert site.served() == OLDEST
    assert [str(each.week) for each in facts(site)] == [NEW, OLD]


def test_a_slot_that_was_published_before_is_replayed_with_the_model_it_had(site):
    shelf.torn(site, NEW)
    said_at = datetime(2019, 1, 2, 12, tzinfo=UTC)
    decide(site, moment=said_at)
    names = [target.name for target in VOLATILITY.targets]
    then = Roster.of(site.store, VOLATILITY.name, names, known_at=said_at)
    now = Roster.of(site.store, VOLATILITY.name, names)

    for moment, week in ((said_at - HOUR, NEW), (said_at, NEW), (said_at + HOUR, OLD)):
        assert now.serving(TARGET, NEW, moment) == week
        assert then.serving(TARGET, NEW, moment) == NEW
    assert now.serving(TARGET, OLD, said_at + HOUR) == OLD
    assert now.serving(names[0], NEW, said_at + HOUR) == NEW


def test_a_week_that_is_trained_in_part_or_not_at_all_is_not_deployed(site):
    shutil.rmtree(site.folder())
    assert f"week {NEW} of volatility has no model of {TARGET}: train it first" in failure(site)
    forget(site, OLD, engines=[VOLATILITY])

    assert f"no engine was trained with week {OLD}" in failure(site, OLD)
    forget(site, OLDEST, engines=[VOLATILITY])

    assert f"week {OLD} of volatility has no model of variance_1" in failure(site, OLD)


def test_an_engine_of_a_slower_cadence_goes_on_with_its_newest_week(site):
    forget(site, NEW, engines=[VOLATILITY])
    rows = decide(site, engines=(VOLATILITY, BUYER))
    row = row_of(rows)

    assert (row["event"], row["from_week"], row["to_week"]) == (
        "KEPT",
        date(2018, 12, 22),
        date(2018, 12, 22),
    )
    assert set(rows.filter(engine=BUYER.name)["to_week"]) == {date(2018, 12, 29)}
    assert set(rows["cutoff"]) == {date(2018, 12, 29)}
