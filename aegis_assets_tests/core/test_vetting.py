"""What may join the store is decided by comparison: with the calendar, and with what is there."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aegis_assets.core.errors import ContentError
from aegis_assets.core.markets import NIFTY
from aegis_assets.core.vetting import Overlap, missing_sessions, overlap, scale
from aegis_assets_tests.core.quoted import DAYS, answer, known, nothing, quotes, scaled, walk

few = settings(max_examples=60, deadline=None, derandomize=True, database=None)
TEN = quotes(DAYS[:10], walk(DAYS[:10]))
LONG = quotes(DAYS, walk(DAYS))
FIRST = pl.col("session") == DAYS[0]


def having(bars, where, **values):
    """The bars, with other values where told."""
    return bars.with_columns(
        pl.when(where).then(value).otherwise(pl.col(name)).alias(name)
        for name, value in values.items()
    )


@few
@given(st.integers(1, len(DAYS)), st.data())
def test_missing_sessions_are_listed_until_they_are_more_than_three_and_one_in_twenty(count, data):
    absent = data.draw(st.sets(st.sampled_from(DAYS[:count]), max_size=count // 10 + 5))
    told = answer(quotes(present := sorted({*DAYS[:count]} - absent), walk(present)))
    expected = pl.Series(DAYS[:count])

    if len(absent) > 3 and len(absent) > count / 20:
        with pytest.raises(ContentError, match=rf"{count - len(absent)} of {count} sessions since"):
            missing_sessions(told, expected)
    else:
        assert missing_sessions(told, expected) == sorted(absent)


@pytest.mark.parametrize(
    ("count", "missing", "refused"),
    [
        (11, 3, False),
        (11, 4, True),
        (60, 3, False),
        (60, 4, True),
        (200, 10, False),
        (200, 11, True),
    ],
)
def test_how_much_may_be_missing(count, missing, refused):
    told = answer(quotes(DAYS[missing:count], walk(DAYS[missing:count])))
    expected = pl.Series(DAYS[:count])

    if refused:
        with pytest.raises(ContentError, match=f"newest absent {DAYS[missing - 1]}") as caught:
            missing_sessions(told, expected)
        assert caught.value.code == "MISSING_SESSIONS"
    else:
        assert missing_sessions(told, expected) == DAYS[:missing]


def test_a_bar_with_a_fault_is_a_missing_one():
    told = answer(having(TEN, FIRST, fault=pl.lit("NULL_ROW")))

    assert missing_sessions(told, pl.Series(DAYS[:10])) == [DAYS[0]]


def test_a_bar_nobody_expected_fills_no_gap():
    assert missing_sessions(answer(TEN), pl.Series([*DAYS[:10], DAYS[12]])) == [DAYS[12]]
    assert missing_sessions(answer(TEN), pl.Series([], dtype=pl.Date)) == []


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (TEN, Overlap.SAME),
        (scaled(TEN, 1 + 9e-7), Overlap.SAME),
        (TEN.with_columns(volume=pl.lit(7.0)), Overlap.SAME),
        (scaled(TEN, 0.1), Overlap.ADJUSTED),
        (scaled(TEN, 1.00001), Overlap.ADJUSTED),
        (TEN.with_columns(pl.col("adj_close") * 0.99648), Overlap.ADJUSTED),
        (having(TEN, FIRST, close=99.0), Overlap.RESTATED),
        (having(TEN, FIRST, adj_close=99.0), Overlap.RESTATED),
        (having(TEN, pl.lit(value=True), close=99.0), Overlap.RESTATED),
        (quotes(DAYS[10:20], walk(DAYS[10:20])), Overlap.NONE),
        (having(TEN, pl.lit(value=True), fault=pl.lit("NULL_ROW")), Overlap.NONE),
    ],
    ids=[
        "the same",
        "within tolerance",
        "other volume",
        "split",
        "just beyond tolerance",
        "dividend",
        "one close",
        "one adjusted close",
        "all closes alike",
        "other sessions",
        "only bad bars",
    ],
)
def test_what_an_overlap_tells(told, expected):
    assert overlap(known(TEN), known(told, 1)) is expected


def test_a_range_that_moved_alone_is_a_restatement():
    told = known(having(TEN, FIRST, high=110.0), 1)

    assert overlap(known(TEN), told) is Overlap.RESTATED


def test_neither_bad_nor_forming_bars_are_compared():
    other = known(scaled(TEN, 2.0), 1)

    assert overlap(known(TEN, final=False), other) is Overlap.NONE
    assert overlap(known(TEN, reason="MOVE_TOO_LARGE"), other) is Overlap.NONE
    assert overlap(known(TEN), known(scaled(TEN, 2.0), 1, final=False)) is Overlap.NONE


def test_an_index_without_adjusted_closes_is_compared_by_its_closes():
    bare = TEN.with_columns(adj_close=pl.lit(None, pl.Float64))

    assert overlap(known(bare), known(bare, 1)) is Overlap.SAME
    assert overlap(known(bare), known(scaled(bare, 2.0), 1)) is Overlap.ADJUSTED
    assert overlap(known(bare), known(having(bare, FIRST, close=99.0), 1)) is Overlap.RESTATED


def scale_of(told, *events, instrument=None, trusted=False):
    whole = answer(told, *events, **({"instrument": instrument} if instrument else {}))
    return scale(known(LONG), known(told, 1), whole, trusted=trusted)


SPLITS = [
    (0.1, [(DAYS[50], "split", 10.0)]),
    (10.0, [(DAYS[50], "split", 0.1)]),
    (0.5 * 0.25, [(DAYS[50], "split", 4.0), (DAYS[90], "split", 2.0)]),
    (0.5, [(DAYS[50], "split", 4.0), (DAYS[90], "split", 2.0)]),
    (0.1, [(DAYS[50], "split", 10.0), (DAYS[60], "dividend", 0.04)]),
]


@pytest.mark.parametrize(
    ("factor", "events"), SPLITS, ids=["10:1", "1:10", "two", "newest", "dividend"]
)
def test_splits_of_an_equity_explain_another_scale(factor, events):
    assert scale_of(scaled(LONG, factor), *events) == pytest.approx(factor)


@pytest.mark.parametrize(
    ("factor", "events"),
    [
        (100.0, []),
        (0.25, [(DAYS[50], "split", 4.0), (DAYS[90], "split", 2.0)]),
        (0.1, [(DAYS[50], "dividend", 10.0)]),
        (10.0, [(DAYS[50], "split", 10.0)]),
        (1.01, []),
    ],
    ids=["no event", "an older split alone", "a dividend", "the wrong way", "small"],
)
def test_another_scale_that_no_split_explains_is_refused(factor, events):
    with pytest.raises(
        ContentError, match=rf"{factor:g} times the stored ones.*--rebuild"
    ) as caught:
        scale_of(scaled(LONG, factor), *events)
    assert caught.value.code == "SCALE_CHANGED"


def test_an_index_is_never_split():
    split = (DAYS[50], "split", 10.0)
    with pytest.raises(ContentError, match="SCALE_CHANGED"):
        scale_of(scaled(LONG, 0.1), split, instrument=NIFTY.index)


@pytest.mark.parametrize("factor", [1.0, 0.1], ids=["as it was", "after a split"])
@pytest.mark.parametrize(("share", "refused"), [(0.04, False), (0.06, True)])
def test_a_history_may_disagree_in_one_bar_of_twenty(factor, share, refused):
    few_bars = pl.int_range(pl.len()) < share * LONG.height
    told = scaled(having(LONG, few_bars, close=pl.col("close") * 1.01), factor)
    split = (DAYS[50], "split", 10.0)

    if refused:
        with pytest.raises(ContentError, match=rf"{LONG.height} closes of NVDA differ") as caught:
            scale_of(told, split)
        assert caught.value.code == "HISTORY_DISAGREES"
    else:
        assert scale_of(told, split) == pytest.approx(factor)


@pytest.mark.parametrize(("count", "refused"), [(10, False), (11, True)])
def test_ten_bars_of_a_short_history_may_disagree(count, refused):
    short = LONG.head(40)
    told = having(short, pl.int_range(pl.len()) < count, close=pl.col("close") * 1.01)

    if refused:
        with pytest.raises(ContentError, match="HISTORY_DISAGREES: 11 of 40"):
            scale(known(short), known(told, 1), answer(told))
    else:
        assert scale(known(short), known(told, 1), answer(told)) == 1.0


def test_whoever_rebuilds_is_believed():
    assert scale_of(scaled(LONG, 100.0), trusted=True) == pytest.approx(100.0)
    assert scale_of(scaled(LONG, 1 + 5e-7), trusted=True) == 1.0


def test_nothing_in_common_has_one_scale():
    told = known(TEN, 1)

    assert scale(nothing(), told, answer(TEN)) == 1.0
    assert scale(known(TEN, final=False), told, answer(TEN), trusted=True) == 1.0
