"""An answer joins what is stored: bars only grow, and no value of a final bar is forgotten."""

import polars as pl
import pytest
from hypothesis import given, settings
from polars.testing import assert_frame_equal

from aegis_assets.core.absorption import OLD_EPOCH, Cause, absorbed
from aegis_assets.core.bars import DAILY_BARS, DAILY_REVISIONS, QUOTES, empty
from aegis_assets_tests.core.quoted import (
    ANSWERS,
    DAYS,
    KEYS,
    absorbed_in_turn,
    again,
    known,
    nothing,
    quotes,
    scaled,
    walk,
)

few = settings(max_examples=30, deadline=None, derandomize=True, database=None)
FIVE = quotes(DAYS[:5], walk(DAYS[:5]))
STORED = known(FIVE)
ONE = pl.col("session") == DAYS[2]


def changed(**columns):
    """The five bars, the third with other values."""
    return FIVE.with_columns(
        pl.when(ONE).then(pl.lit(value)).otherwise(pl.col(name)).cast(FIVE.schema[name]).alias(name)
        for name, value in columns.items()
    )


def causes(made):
    return made.revisions.select("session", "cause").rows()


def final(bars):
    return bars.filter("is_final")


@few
@given(ANSWERS)
def test_the_same_answer_again_writes_nothing(answers):
    for _, fetched, made in absorbed_in_turn(answers):
        twice = absorbed(again(made), fetched, KEYS)

        assert_frame_equal(twice.bars, made.bars)
        assert twice.written.is_empty()
        assert twice.revisions.is_empty()
        assert (twice.added, twice.settled, twice.renewed) == (0, 0, False)


@few
@given(ANSWERS)
def test_bars_only_ever_grow_and_keep_their_columns(answers):
    for stored, fetched, made in absorbed_in_turn(answers):
        keys = pl.concat([stored.select(KEYS), fetched.select(KEYS)]).unique().sort(KEYS)

        assert_frame_equal(made.bars.select(KEYS), keys)
        assert made.bars.schema == empty(DAILY_BARS).schema
        assert made.revisions.schema == empty(DAILY_REVISIONS).schema
        assert made.added == made.bars.height - stored.height


@few
@given(ANSWERS)
def test_a_final_bar_stays_final_and_a_good_one_good(answers):
    for stored, _, made in absorbed_in_turn(answers):
        both = stored.join(made.bars, on=KEYS, suffix="_new")
        spoilt = pl.col("fault").is_null() & pl.col("fault_new").is_not_null()

        assert both.filter(pl.col("is_final") & ~pl.col("is_final_new")).is_empty()
        assert set(both.filter(spoilt)["fault_new"]) <= {OLD_EPOCH}
        assert made.renewed or both.filter(spoilt).is_empty()


@few
@given(ANSWERS)
def test_bad_bars_for_good_ones_are_refused_by_name(answers):
    for stored, fetched, made in absorbed_in_turn(answers):
        bad = fetched.filter(pl.col("fault").is_not_null())
        good = stored.filter(pl.col("fault").is_null() | (pl.col("fault") == OLD_EPOCH))

        expected = bad.join(good, on=KEYS, how="semi").select(*KEYS, "reason")
        assert_frame_equal(made.refused, expected, check_row_order=False)


@few
@given(ANSWERS)
def test_every_value_that_a_final_bar_loses_is_a_revision_once(answers):
    for stored, fetched, made in absorbed_in_turn(answers):
        before, after = (final(bars).select([*QUOTES]) for bars in (stored, made.bars))
        lost = before.join(after, on=list(QUOTES), how="anti", nulls_equal=True)

        assert_frame_equal(made.revisions.select([*QUOTES]), lost.sort(KEYS))
        assert_frame_equal(
            made.revisions.drop("superseded_at", "cause"),
            stored.drop("reason").join(lost, on=KEYS, how="semi").sort(KEYS),
        )
        assert set(made.revisions["superseded_at"]) <= set(fetched["fetched_at"])
        counted = made.bars.join(lost, on=KEYS, how="semi").sort(KEYS)["revision"].to_list()
        assert counted == [n + 1 for n in made.revisions["revision"]]


@few
@given(ANSWERS)
def test_what_is_written_is_what_differs(answers):
    for stored, _, made in absorbed_in_turn(answers):
        names = made.bars.columns
        other = made.bars.join(stored, on=names, how="anti", nulls_equal=True)

        assert_frame_equal(
            other.select(KEYS), made.written.sort(KEYS).join(other, on=KEYS, how="semi")
        )
        assert other.select(KEYS).join(made.written, on=KEYS, how="anti").is_empty()
        assert made.renewed or other.height == made.written.height


@pytest.mark.parametrize(
    ("told", "renewed", "scale", "expected"),
    [
        (changed(close=100.9), False, 1.0, Cause.RESTATEMENT),
        (changed(volume=2000.0), False, 1.0, Cause.RESTATEMENT),
        (changed(open=None, high=None, low=None), False, 1.0, Cause.RESTATEMENT),
        (changed(adj_close=99.0), False, 1.0, Cause.ADJUSTMENT),
        (changed(adj_close=99.0, volume=2000.0), False, 1.0, Cause.ADJUSTMENT),
        (changed(adj_close=99.0, high=110.0), False, 1.0, Cause.RESTATEMENT),
    ],
    ids=["close", "volume", "no range", "adjusted", "adjusted and volume", "both"],
)
def test_a_change_of_one_final_bar_has_a_cause(told, renewed, scale, expected):
    made = absorbed(STORED, known(told, 1), KEYS, renewed=renewed, scale=scale)

    assert causes(made) == [(DAYS[2], expected)]
    assert_frame_equal(
        made.revisions.drop("superseded_at", "cause"), STORED.filter(ONE).drop("reason")
    )
    assert made.bars.filter(ONE).select("revision", "raw_sha256").row(0) == (1, "body 1")
    assert made.bars.filter(~ONE)["raw_sha256"].unique().to_list() == ["body 0"]


@pytest.mark.parametrize("told", [changed(volume=None), changed(volume=None, close=101.0)])
def test_a_volume_that_the_answer_does_not_know_stays_as_it_was_known(told):
    made = absorbed(STORED, known(told, 1), KEYS)

    assert made.bars.filter(ONE)["volume"].to_list() == STORED.filter(ONE)["volume"].to_list()
    assert made.written.is_empty() == (told is None or causes(made) == [])


def test_a_volume_that_is_no_longer_known_stays():
    made = absorbed(STORED, known(changed(volume=None), 1), KEYS)

    assert_frame_equal(made.bars, STORED.drop("reason"))
    assert made.written.is_empty()


def test_a_range_that_was_absent_and_comes_is_no_adjustment():
    bare = known(changed(open=None, high=None, low=None))

    assert causes(absorbed(bare, known(FIVE, 1), KEYS)) == [(DAYS[2], Cause.RESTATEMENT)]


def test_values_within_a_millionth_are_the_same():
    told = FIVE.with_columns(pl.col("close", "volume") * (1 + 9e-7))
    beyond = FIVE.with_columns(pl.col("close") * (1 + 2e-6))

    assert absorbed(STORED, known(told, 1), KEYS).written.is_empty()
    assert absorbed(STORED, known(beyond, 1), KEYS).written.height == 5


def test_a_good_bar_mends_a_bad_one():
    bad = known(quotes(DAYS[:5], [*walk(DAYS[:2]), None, *walk(DAYS[3:5])]))
    made = absorbed(bad, known(FIVE, 1), KEYS)

    assert causes(made) == [(DAYS[2], Cause.MENDED)]
    assert_frame_equal(made.bars.select([*QUOTES]), FIVE)


def test_one_bad_bar_for_another_mends_nothing():
    worse = changed(close=None, fault="PARTIAL_ROW")
    other = changed(close=None, fault="NULL_ROW")

    assert causes(absorbed(known(worse), known(other, 1), KEYS)) == [(DAYS[2], Cause.RESTATEMENT)]


def test_a_bar_that_breaks_a_law_is_refused_with_its_code():
    made = absorbed(STORED, known(scaled(FIVE.head(1), 9), 1, reason="MOVE_TOO_LARGE"), KEYS)

    assert made.refused.rows() == [("NVDA", DAYS[0], "MOVE_TOO_LARGE")]
    assert_frame_equal(made.bars, STORED.drop("reason"))


def test_a_forming_bar_settles_without_a_revision():
    forming = known(FIVE, final=pl.col("session") < DAYS[4])
    told = known(FIVE.with_columns(close=pl.col("close") * 1.002), 1, final=False)
    moved = absorbed(forming, told, KEYS)
    made = absorbed(again(moved), known(FIVE, 2), KEYS)

    assert (moved.written.height, moved.settled, moved.revisions.height) == (1, 0, 0)
    assert (made.written.height, made.settled, made.revisions.height) == (1, 1, 0)
    assert made.bars.sort("session")["fetched_at"][-1] == known(FIVE, 2)["fetched_at"][0]
    assert made.bars["is_final"].all()


def test_a_bar_that_settles_at_the_same_values_is_of_the_answer_that_settled_it():
    made = absorbed(known(FIVE, final=~ONE), known(FIVE, 1), KEYS)

    assert (made.written.rows(), made.settled) == ([("NVDA", DAYS[2])], 1)
    assert made.bars.filter(ONE).select("is_final", "raw_sha256").row(0) == (True, "body 1")
    assert made.revisions.is_empty()


def test_a_split_moves_every_bar_into_a_new_epoch():
    made = absorbed(STORED, known(scaled(FIVE, 0.1), 1), KEYS, renewed=True, scale=0.1)

    assert causes(made) == [(day, Cause.ADJUSTMENT) for day in DAYS[:5]]
    assert made.bars.select("adj_epoch", "revision").unique().rows() == [(1, 1)]
    assert made.renewed


def test_an_index_without_range_is_split_all_the_same():
    bare = FIVE.with_columns(
        pl.lit(None, pl.Float64).alias(name) for name in ("open", "high", "low")
    )
    made = absorbed(known(bare), known(scaled(bare, 0.1), 1), KEYS, renewed=True, scale=0.1)

    assert set(made.revisions["cause"]) == {Cause.ADJUSTMENT}


def test_a_bar_that_moved_otherwise_at_a_split_is_restated():
    told = scaled(changed(close=103.0), 0.1)
    made = absorbed(STORED, known(told, 1), KEYS, renewed=True, scale=0.1)

    assert dict(causes(made)) == dict.fromkeys(DAYS[:5], "ADJUSTMENT") | {DAYS[2]: "RESTATEMENT"}


def test_unchanged_bars_of_a_new_epoch_keep_the_answer_that_gave_them():
    made = absorbed(STORED, known(changed(close=100.9), 1), KEYS, renewed=True)

    assert made.bars["adj_epoch"].unique().to_list() == [1]
    assert made.bars.filter(~ONE)["raw_sha256"].unique().to_list() == ["body 0"]
    assert causes(made) == [(DAYS[2], Cause.RESTATEMENT)]


DIVIDEND = FIVE.with_columns(pl.col("adj_close") * 0.99648)


@pytest.mark.parametrize(
    ("told", "scale"), [(scaled(FIVE, 0.1), 0.1), (DIVIDEND, 1.0)], ids=["split", "dividend"]
)
def test_a_stored_bar_that_an_adjusted_history_lacks_is_marked_and_its_values_kept(told, scale):
    made = absorbed(STORED, known(told.filter(~ONE), 1), KEYS, renewed=True, scale=scale)
    left = made.bars.filter(ONE)

    assert left.select("fault", "close", "adj_epoch", "revision", "raw_sha256").row(0) == (
        OLD_EPOCH,
        FIVE.filter(ONE)["close"][0],
        0,
        1,
        "body 1",
    )
    assert causes(made) == [(day, Cause.ADJUSTMENT) for day in DAYS[:5]]
    assert_frame_equal(made.revisions.drop("superseded_at", "cause"), STORED.drop("reason"))


def test_a_marked_bar_is_marked_once_and_mended_when_it_comes_back():
    told = known(scaled(FIVE, 0.1), 1)
    made = absorbed(STORED, told.filter(~ONE), KEYS, renewed=True, scale=0.1)
    twice = absorbed(again(made), told.filter(~ONE), KEYS, renewed=True, scale=0.5)
    back = absorbed(again(made), told, KEYS)

    assert_frame_equal(twice.bars.filter(ONE), made.bars.filter(ONE))
    assert twice.revisions.is_empty()
    assert causes(back) == [(DAYS[2], Cause.MENDED)]


def test_a_forming_bar_of_another_epoch_is_marked_without_a_revision():
    forming = known(FIVE, final=~ONE)
    made = absorbed(
        forming, known(scaled(FIVE.filter(~ONE), 0.1), 1), KEYS, renewed=True, scale=0.1
    )

    assert made.bars.filter(ONE).select("fault", "revision", "is_final").row(0) == (
        OLD_EPOCH,
        0,
        False,
    )
    assert made.revisions.height == 4


@pytest.mark.parametrize("name", ["close", "adj_close"])
def test_one_restated_bar_does_not_put_the_absent_ones_in_doubt(name):
    told = changed(close=103.0, adj_close=103.0) if name == "close" else changed(adj_close=103.0)
    absent = pl.col("session") == DAYS[4]
    made = absorbed(STORED, known(told.filter(~absent), 1), KEYS, renewed=True)

    assert made.bars.filter(absent)["fault"].to_list() == [None]


def test_the_oldest_bar_restated_says_nothing_of_the_rest():
    first = pl.col("session") == DAYS[0]
    told = FIVE.with_columns(pl.when(first).then(99.0).otherwise("close").alias("close"))
    told = told.with_columns(pl.when(first).then(99.0).otherwise("adj_close").alias("adj_close"))
    made = absorbed(STORED, known(told.filter(~ONE), 1), KEYS, renewed=True)

    assert made.bars.filter(ONE)["fault"].to_list() == [None]


def test_a_first_answer_is_of_the_first_epoch_whatever_it_is_called():
    made = absorbed(nothing(), known(FIVE), KEYS, renewed=True)

    assert (made.added, made.settled, made.renewed) == (5, 0, False)
    assert made.bars["adj_epoch"].unique().to_list() == [0]


def test_an_empty_answer_changes_nothing():
    for stored in (STORED, nothing()):
        for renewed in (True, False):
            made = absorbed(stored, nothing(), KEYS, renewed=renewed)

            assert_frame_equal(made.bars, stored.drop("reason"))
            assert made.written.is_empty()
