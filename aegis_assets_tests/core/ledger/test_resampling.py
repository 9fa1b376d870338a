"""Blocks of sessions resampled at once: the numbers of the library that does it one by one."""

import numpy as np
import pytest
from arch.bootstrap import CircularBlockBootstrap

from aegis_assets.core.evaluation.skill import RESAMPLES, block_length, skill
from aegis_assets.core.ledger.resampling import interval, resampled_means, share, skill_of


def drawn(seed, n):
    rng = np.random.default_rng(seed)
    return rng.random(n), rng.random(n) + 0.1


@pytest.mark.parametrize(("n", "horizon"), [(40, 1), (101, 5), (750, 20), (300, 40)])
def test_the_means_are_those_of_arch(n, horizon):
    columns = np.column_stack(drawn(1, n))
    oracle = CircularBlockBootstrap(block_length(n, horizon), columns, seed=7)
    expected = oracle.apply(lambda sample: sample.mean(axis=0), reps=RESAMPLES)

    assert resampled_means(columns, horizon, 7) == pytest.approx(expected)


@pytest.mark.parametrize(("n", "horizon"), [(9, 1), (20, 5), (39, 10), (40, 10), (500, 10)])
def test_skill_is_that_of_the_gate(n, horizon):
    loss, baseline = drawn(2, n)
    expected, found = skill(loss, baseline, horizon, 3), skill_of(loss, baseline, horizon, 3)

    assert (found.value, found.n) == (pytest.approx(expected.value), expected.n)
    if expected.lower is None:
        assert (found.lower, found.upper) == (None, None)
    else:
        assert (found.lower, found.upper) == pytest.approx((expected.lower, expected.upper))


def test_without_a_loss_to_compare_with_there_is_no_skill():
    assert skill_of(np.ones(30), np.zeros(30), 1, 0) is None
    assert skill_of(np.empty(0), np.empty(0), 1, 0) is None


def test_under_two_blocks_nothing_is_resampled():
    assert resampled_means(np.ones((39, 1)), 10, 0) is None
    assert share(np.ones(9), 1, 0) is None


def test_overlap_widens_the_interval():
    """Runs of twenty equal sessions hold a twentieth of what their number suggests."""
    runs = np.repeat(np.random.default_rng(4).random(40) < 0.8, 20).astype(float)
    narrow, wide = (share(runs, horizon, 0) for horizon in (1, 20))

    assert narrow[0] == wide[0] == runs.mean()
    assert wide[2] - wide[1] > 1.2 * (narrow[2] - narrow[1])


def test_the_interval_leaves_a_fortieth_on_either_side():
    assert interval(np.arange(1001) / 1000) == pytest.approx((0.025, 0.975))
