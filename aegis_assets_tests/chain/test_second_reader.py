"""yfinance is asked where our reader does not understand Yahoo, and never where Yahoo refuses."""

import pytest
from polars.testing import assert_frame_equal

from aegis_assets.adapters.verdicts import Verdict
from aegis_assets_tests.chain.situations import BARS, INDEX, SINCE, code_of
from aegis_assets_tests.loopback.faults import FAULTS


def fetched(situations, *scripts):
    """The outcome after these faults, each for so many requests, and the bench."""
    bench = situations.bench(situations.home(), INDEX.moment)
    for fault, times in scripts:
        bench.yahoo.script(FAULTS.get(fault, fault), times=times)
    (outcome,) = bench.fetch(INDEX.market, [INDEX.instrument], SINCE)
    return outcome, bench


def clients(bench):
    """Who asked, in order; Yahoo met as many requests."""
    asked = bench.source.archive.fetches()["client"].to_list()
    assert len(bench.yahoo.requests) == len(asked)
    return asked


@pytest.mark.parametrize("fault", ["no_meta", "float_timestamps", "unequal_lengths", "html"])
def test_a_shape_that_we_do_not_know_is_shown_to_yfinance_once(situations, fault):
    _, bench = fetched(situations, (fault, None))

    assert clients(bench) == ["direct", "yfinance"]


@pytest.mark.parametrize("fault", ["wrong_symbol", "nan", "future_row", "not_found", "gap_of_10"])
def test_a_false_answer_is_shown_to_nobody_else(situations, fault):
    outcome, bench = fetched(situations, (fault, None))

    assert outcome.verdict is Verdict.KEPT
    assert clients(bench) == ["direct"]


@pytest.mark.parametrize("fault", ["status_429", "status_500", "reset_before", "status_403_html"])
def test_a_refusal_or_a_failure_is_met_by_one_reader_only(situations, fault):
    outcome, bench = fetched(situations, (fault, None))

    assert outcome.verdict is Verdict.KEPT
    assert set(clients(bench)) == {"direct"}


def test_what_yfinance_reads_is_what_we_would_have_read(situations):
    ours, direct = fetched(situations)
    theirs, second = fetched(situations, ("float_timestamps", 1))
    frames = [each.store.daily(INDEX.instrument.symbol).select(BARS) for each in (direct, second)]

    assert (ours.source, theirs.source) == ("yahoo", "yfinance")
    assert theirs.reasons == ("BAD_TIMESTAMP",)
    assert_frame_equal(*frames)


def test_yfinance_that_is_refused_leaves_yahoo_alone_as_we_do(situations):
    outcome, bench = fetched(situations, ("html", 1), ("status_429", None))

    assert code_of(outcome.reasons[0]) == "RateLimitError"
    assert clients(bench) == ["direct", *["yfinance"] * 4]
    assert bench.source.gate.state().closed_until is not None


def test_after_a_refusal_a_strange_shape_is_not_even_asked_for(situations):
    _, bench = fetched(situations, ("status_429", None))
    bench.yahoo.heal()
    bench.yahoo.script(FAULTS["html"])
    (outcome,) = bench.fetch(INDEX.market, [INDEX.instrument], SINCE)

    assert code_of(outcome.reasons[0]) == "CoolingDownError"
    assert len(bench.yahoo.requests) == 4
