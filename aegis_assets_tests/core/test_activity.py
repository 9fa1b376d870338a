"""Activity windows: shares of a session's variance, expected by its past and updated by today."""

import math
from datetime import UTC, date

import polars as pl
import pytest

from aegis_assets.core.markets import NIFTY
from aegis_assets.core.session_features.activity import (
    SCHEMA,
    activity_faults,
    activity_table,
    expected_shares,
    prior_shares,
)
from aegis_assets.core.session_features.grid import half_hours
from aegis_assets.core.session_features.panel import FEWEST_SESSIONS, earlier, today
from aegis_assets.core.sessions import next_session
from aegis_assets_tests.core.laws.tables import assert_near, printed
from aegis_assets_tests.core.session_days import (
    SESSION,
    candles_of,
    dearer,
    otherwise,
    over_by,
    past,
)
from aegis_assets_tests.core.synthetic import PRICES

MUHURAT, DRILL = date(2024, 11, 1), date(2024, 3, 2)
WINDOWS = 13
HISTORY, TODAY = past(NIFTY), candles_of(NIFTY, SESSION)
ENDS = [each.closes.astimezone(UTC) for each in half_hours(NIFTY, SESSION)]


DIGEST = """
from aegis_assets.core.markets import NIFTY
from aegis_assets.core.session_features.activity import activity_table
from aegis_assets.core.session_features.table import session_feature_table
from aegis_assets_tests.core.session_days import SESSION, candles_of, daily_of, past
candles = past(NIFTY, count=60).vstack(candles_of(NIFTY, SESSION))
for table in (
    activity_table(NIFTY, SESSION, candles),
    session_feature_table(NIFTY, SESSION, candles, daily_of(NIFTY)),
):
    print(table.hash_rows(seed=1).to_list())
"""


def table_of(bars=TODAY, history=HISTORY):
    return activity_table(NIFTY, SESSION, pl.concat([history, bars]))


def at(table, end):
    return table.filter(as_of=end)


def variances(day):
    """Sum of squared returns of each half hour, bar by bar; the first from its own open."""
    rows, sums = day.to_dicts(), [0.0] * WINDOWS
    for number, row in enumerate(rows):
        before = rows[number - 1]["close"] if number else row["open"]
        sums[number // 6] += math.log(row["close"] / before) ** 2
    return sums


def naive_scores(elapsed):
    """Prior shares and scores after so many half hours, in loops."""
    days = [variances(day) for day in HISTORY.partition_by("session", maintain_order=True)]
    prior = [sum(day[w] / sum(day) for day in days) / len(days) for w in range(WINDOWS)]
    usual = sum(map(sum, days)) / len(days)
    realised = variances(TODAY)[:elapsed]
    level = sum(realised) + (1 - sum(prior[:elapsed])) * usual
    expected = realised + [share * level for share in prior[elapsed:]]
    return prior, [each / sum(expected) for each in expected]


def test_the_table_is_as_declared_and_holds_all_windows_for_each_half_hour():
    table = table_of()

    assert table.schema == {name: dtype for name, (dtype, _) in SCHEMA.items()}
    assert activity_faults(table) == []
    for end in ENDS:
        windows = at(table, end)
        assert windows["opens"].to_list() == [each.opens for each in half_hours(NIFTY, SESSION)]
        assert windows["closes"].to_list() == ENDS
        assert windows["window"][0] == "09:15-09:45"


@pytest.mark.parametrize("elapsed", [1, 5, 12, 13])
def test_priors_and_scores_are_those_of_naive_loops(elapsed):
    windows = at(table_of(), ENDS[elapsed - 1])
    prior, scores = naive_scores(elapsed)

    assert_near(windows["prior_share"].to_list(), prior)
    assert_near(windows["score"].to_list(), scores)


def test_scores_and_priors_and_what_was_realised_are_distributions_at_any_time():
    table = table_of()
    for column in ("prior_share", "score", "realised_share"):
        sums = table.group_by("as_of").agg(pl.col(column).sum())[column]
        assert_near(sums.to_list(), [1.0] * WINDOWS)
        assert (table[column].drop_nulls() >= 0).all()
    assert table["realised_share"].null_count() == sum(range(WINDOWS))


def test_at_the_close_only_today_is_left():
    windows = at(table_of(), ENDS[-1])

    assert_near(windows["score"].to_list(), windows["realised_share"].to_list())


def test_a_wild_morning_leaves_less_for_the_rest_and_expects_more_of_it():
    wild = TODAY.with_columns(
        pl.when(over_by(ENDS[1])).then(100 * (pl.col(name) / 100) ** 3).otherwise(name).alias(name)
        for name in PRICES
    )
    calm, stormy = (at(table_of(bars), ENDS[1])["score"] for bars in (TODAY, wild))
    before, after = variances(TODAY), variances(wild)
    expected = stormy[5] * sum(after[:2]) / stormy.head(2).sum()
    usual = calm[5] * sum(before[:2]) / calm.head(2).sum()

    assert stormy.tail(-2).sum() < calm.tail(-2).sum()
    assert expected > usual


def test_later_bars_change_no_row_to_the_bit():
    whole = table_of()
    for end in ENDS:
        seen = whole.filter(pl.col("as_of") <= end)
        for bars in (
            TODAY.filter(over_by(end)),
            otherwise(TODAY, ~over_by(end)),
        ):
            assert table_of(bars).filter(pl.col("as_of") <= end).equals(seen)


def test_later_sessions_are_not_read():
    later = candles_of(NIFTY, next_session(NIFTY, SESSION))

    assert table_of(pl.concat([TODAY, later])).equals(table_of())


def test_a_profile_that_includes_today_would_be_seen():
    def peeking(bars):
        candles = pl.concat([HISTORY, bars])
        learned = earlier(NIFTY, next_session(NIFTY, SESSION), candles)
        return expected_shares(NIFTY, SESSION, today(NIFTY, SESSION, candles), learned)

    cut = TODAY.filter(over_by(ENDS[3]))
    assert not peeking(TODAY).filter(pl.col("as_of") <= ENDS[3]).equals(peeking(cut))


def test_the_night_is_in_no_window():
    leapt = dearer(TODAY, 1.07)

    assert_near(table_of(leapt)["score"].to_list(), table_of()["score"].to_list())


def test_prices_of_another_scale_change_nothing():
    scaled = table_of(dearer(TODAY), dearer(HISTORY))

    assert_near(scaled["score"].to_list(), table_of()["score"].to_list())


# ── why there is no score ───────────────────────────────────────────────────────────────


def test_a_missing_bar_hides_the_scores_from_then_on():
    table = table_of(TODAY.filter(pl.int_range(pl.len()) != 20))

    for number, end in enumerate(ENDS):
        windows = at(table, end)
        known = number < 3
        assert (windows["score"].null_count() == 0) is known
        assert set(windows["reason"]) == ({None} if known else {"BARS_MISSING"})
        assert (windows["realised_share"].null_count() == WINDOWS) is not known
        assert windows["prior_share"].null_count() == 0
    assert activity_faults(table) == []


def test_too_few_sessions_are_no_profile_and_today_is_told_all_the_same():
    few = past(NIFTY, count=FEWEST_SESSIONS - 1)
    table = table_of(history=few)

    assert set(table["reason"]) == {"FEW_SESSIONS"}
    assert table["score"].null_count() == table["prior_share"].null_count() == table.height
    assert set(table["sessions"]) == {FEWEST_SESSIONS - 1}
    assert table["realised_share"].to_list() == table_of()["realised_share"].to_list()
    assert prior_shares(earlier(NIFTY, SESSION, few)).is_empty()
    assert activity_faults(table) == []


def test_a_session_in_which_nothing_moved_has_no_shares_at_its_close():
    flat = TODAY.with_columns(pl.lit(100.0).alias(name) for name in PRICES)
    table = table_of(flat)
    morning, close = at(table, ENDS[0]), at(table, ENDS[-1])

    assert morning["score"][0] == 0.0
    assert math.isclose(morning["score"].sum(), 1.0)
    assert set(close["reason"]) == {"NOTHING_MOVED"}
    assert table["realised_share"].null_count() == table.height


@pytest.mark.parametrize(("session", "count"), [(MUHURAT, 2), (DRILL, 4)], ids=str)
def test_a_special_session_has_its_own_windows_and_no_profile(session, count):
    candles = pl.concat([past(NIFTY, session), candles_of(NIFTY, session)])
    table = activity_table(NIFTY, session, candles)

    assert table.height == count * count
    assert table["window"].n_unique() == count
    assert set(table["reason"]) == {"FEW_SESSIONS"}
    assert set(table["sessions"]) == {0}


# ── the check of the table ──────────────────────────────────────────────────────────────

WRONG = {
    "scores that add up to more": pl.col("score") * 1.01,
    "a negative score": pl.when(pl.col("window") == "09:15-09:45").then(-0.1).otherwise("score"),
    "no score and no reason": pl.lit(None, dtype=pl.Float64),
    "one score that is missing": pl.when(pl.col("score") < pl.col("score").max()).then("score"),
    "a score that is not finite": pl.col("score") / 0,
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_with_scores_is_told(case):
    assert activity_faults(table_of().with_columns(score=WRONG[case])) != []


def test_a_missing_column_is_told():
    assert "columns" in activity_faults(table_of().drop("score"))[0]


def test_both_tables_have_the_same_bits_with_one_thread_and_with_several():
    one, two, five = (printed(DIGEST, threads) for threads in (1, 2, 5))

    assert len(one.splitlines()) == 2
    assert one == two == five
