"""What is kept of a deployed week: an event per target, an edition per decision."""

from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from aegis_assets.core.bars import empty
from aegis_assets.core.errors import DataError
from aegis_assets.core.frozen import Skill, Source
from aegis_assets.core.promotion import (
    PROMOTIONS,
    Deployed,
    Event,
    editions,
    newest,
    promotions,
    skill_of,
)
from aegis_assets_tests import cards

NOON = datetime(2018, 12, 29, 12, tzinfo=UTC)
BASELINE = cards.decided(source=Source.BASELINE, served=cards.PLAIN, leading=cards.TREES)


def deployed(now=None, before=None, **changes):
    known = {"fault": "", "withdrawn": "", "said_at": NOON} | changes
    return Deployed(week=cards.WEEK, now=now or cards.card(), before=before, **known)


@pytest.mark.parametrize(
    ("now", "before", "event"),
    [
        (cards.card(), None, Event.NEW),
        (cards.card(), BASELINE, Event.PROMOTED),
        (cards.card(), cards.undecided(), Event.PROMOTED),
        (BASELINE, cards.card(), Event.DEMOTED),
        (cards.decided(served="mean"), cards.card(), Event.CHANGED),
        (BASELINE, cards.undecided(), Event.CHANGED),
        (cards.card(), cards.card(), Event.KEPT),
    ],
)
def test_the_event_follows_from_both_cards(now, before, event):
    assert deployed(now, before).event is event


def test_a_fault_is_a_refusal_whatever_serves_instead_and_comes_first():
    refused = deployed(before=BASELINE, fault="torn", withdrawn="week 2018-12-29 is withdrawn: x")

    assert (refused.event, refused.why) == (Event.REFUSED, "torn")
    assert deployed(withdrawn="week 2018-12-29 is withdrawn: x").why.endswith("withdrawn: x")
    assert deployed().why == "it beats every baseline"


def test_a_row_says_what_served_and_what_serves():
    earlier = BASELINE.model_copy(update={"trained_to": date(2018, 12, 22)})
    [row] = promotions([deployed(before=earlier)]).to_dicts()

    assert [*row] == [*PROMOTIONS]
    assert [row[f"from_{what}"] for what in ("week", "candidate", "source")] == [
        date(2018, 12, 22),
        cards.PLAIN,
        "BASELINE",
    ]
    assert [row[f"to_{what}"] for what in ("week", "candidate", "source")] == [
        cards.WEEK,
        cards.TREES,
        "MODEL",
    ]
    assert (row["skill"], row["skill_lower"], row["skill_n"]) == (
        pytest.approx(0.04),
        0.01,
        cards.N,
    )
    assert row["said_at"] == NOON


def test_a_target_that_served_nothing_before_and_serves_nothing_now_has_nulls():
    [row] = promotions([deployed(cards.undecided())]).to_dicts()
    nulls = {name for name, value in row.items() if value is None}

    assert nulls == {
        *("from_week", "from_candidate", "from_source", "to_candidate"),
        *("skill", "skill_lower", "skill_upper", "skill_n"),
    }


def test_the_skill_is_of_what_answers_and_of_nobody_else():
    plain = Skill(value=0.02, lower=0.01, upper=0.03, n=900)
    strongest = cards.decided(
        source=Source.BASELINE, served=cards.PLAIN, baseline=cards.PLAIN, baseline_skill=plain
    )
    other = cards.decided(
        source=Source.BASELINE, served=cards.PLAIN, baseline="har", baseline_skill=plain
    )

    assert skill_of(cards.card()) == cards.trial().skill
    assert skill_of(strongest) == plain
    assert skill_of(other) is None
    assert skill_of(cards.undecided()) is None


def at(hours, *each):
    moment = NOON + timedelta(hours=hours)
    return promotions([deployed(now, before, said_at=moment, **kw) for now, before, kw in each])


def test_the_same_decision_adds_nothing_and_another_adds_an_edition():
    first = at(0, (cards.card(), None, {}), (cards.undecided(), None, {}))
    stored = editions(empty(PROMOTIONS), first)
    again = editions(stored, at(1, (cards.card(), None, {}), (cards.undecided(), None, {})))
    refused = editions(again, at(2, (cards.card(), None, {"fault": "torn"})))
    back = editions(refused, at(3, (cards.card(), None, {})))

    assert_frame_equal(stored, first)
    assert_frame_equal(again, first)
    assert refused.height == 3
    assert newest(refused)["event"].to_list() == ["REFUSED", "NEW"]
    assert back.filter(target="breakout_1")["event"].to_list() == ["NEW", "REFUSED", "NEW"]
    assert newest(back)["event"].to_list() == ["NEW", "NEW"]
    assert_frame_equal(back.filter(pl.col("said_at") == NOON), first)


@pytest.mark.parametrize("hours", [0, -1])
def test_another_decision_is_not_kept_beside_or_before_the_one_that_stands(hours):
    stored = at(0, (cards.card(), None, {}))
    same = at(hours, (cards.card(), None, {}))

    assert_frame_equal(editions(stored, same), stored)
    with pytest.raises(DataError, match=r"buyer/breakout_1 of week 2018-12-29 .* set the clock"):
        editions(stored, at(hours, (cards.card(), None, {"fault": "torn"})))


def test_no_target_has_no_rows_but_the_columns_of_all():
    assert promotions([]).schema == empty(PROMOTIONS).schema
