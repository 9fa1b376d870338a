"""The page draws the edition that counts, and an end that was learnt later."""

from datetime import timedelta

import polars as pl

from aegis_assets_tests.core.dashboard.test_histories import breakouts, ranges, told


def late(forecasts, days):
    return forecasts.with_columns(pl.col("published_at") + timedelta(days=days))


def test_of_a_slot_that_nobody_saw_in_time_the_newest_edition_is_drawn():
    first, newest = late(ranges(), 30), late(ranges(0.5), 60)

    assert told(pl.concat([newest, first])).safe_ranges == told(newest).safe_ranges
    assert told(newest).safe_ranges != told(first).safe_ranges


def test_of_one_that_was_seen_the_first_is_drawn_whatever_came_months_later():
    first, newest = ranges(), late(ranges(0.5), 60)

    assert told(pl.concat([newest, first])).safe_ranges == told(first).safe_ranges


def test_ends_that_were_unknown_are_drawn_once_they_are_settled():
    known = pl.concat([ranges(), breakouts()])
    found, expected = told(known.with_columns(ends_on=pl.lit(None, dtype=pl.Date))), told(known)
    settled = [each for each in expected.safe_ranges if each.held is not None]

    assert [each for each in found.safe_ranges if each.held is not None] == settled
    assert (found.range_rate, found.spike_rate) == (expected.range_rate, expected.spike_rate)
