"""How the core's variance is read between its horizons, and from a moment on."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aegis_assets.core.engines.ahead import Ahead

HORIZONS = (1, 3, 5, 10, 20, 40)
KNOTS = {1: 1e-4, 3: 2.4e-4, 5: 4e-4, 10: 9e-4, 20: 20e-4, 40: 36e-4}
ahead = Ahead(KNOTS)

steps = st.lists(st.floats(1e-9, 1e-2), min_size=6, max_size=6)


def growing(increments):
    """Variances that grow by these from horizon to horizon."""
    return {horizon: math.fsum(increments[: i + 1]) for i, horizon in enumerate(HORIZONS)}


@settings(deadline=None)
@given(steps)
def test_at_a_close_the_core_s_own_volatilities_are_kept_bit_for_bit(increments):
    variances = growing(increments)
    found = Ahead(variances)

    assert [found.scale(each) for each in HORIZONS] == [
        math.sqrt(variances[each]) for each in HORIZONS
    ]


@settings(deadline=None)
@given(steps)
def test_longer_ways_never_have_less_volatility(increments):
    """Even where the mean variance falls fast, as after a crash."""
    found = Ahead(growing(increments))
    scales = [found.scale(sessions) for sessions in range(61)]

    assert scales == sorted(scales)
    assert all(found.session_scale(sessions) > 0 for sessions in range(1, 61))


@settings(deadline=None)
@given(steps, st.integers(0, 30), st.floats(0, 1e-2))
def test_from_a_moment_on_too(increments, begun, rest):
    found = Ahead(growing(increments), begun=begun, rest=rest)
    scales = [found.scale(sessions) for sessions in range(45)]

    assert scales == sorted(scales)
    assert scales[0] == math.sqrt(rest)


@pytest.mark.parametrize(
    ("sessions", "variance"),
    [
        (0, 0.0),
        (2, 1.7e-4),  # half of the way from 1 to 3
        (4, 3.2e-4),
        (7, 4e-4 + 2 / 5 * 5e-4),
        (15, 14.5e-4),
        (30, 28e-4),
        (60, 54e-4),  # beyond the longest its mean of 0.9e-4 a session
    ],
)
def test_between_two_horizons_each_session_adds_as_much(sessions, variance):
    assert ahead.scale(sessions) == pytest.approx(math.sqrt(variance))


def test_with_one_session_begun_the_way_is_its_rest_and_the_sessions_after_it():
    noon = Ahead(KNOTS, begun=1, rest=0.3e-4)

    assert noon.scale(1) == pytest.approx(math.sqrt(0.3e-4 + 0.7e-4))
    assert noon.scale(4) == pytest.approx(math.sqrt(0.3e-4 + 3e-4))
    assert noon.scale(40) == pytest.approx(math.sqrt(0.3e-4 + 35.9e-4))


def test_a_session_alone_has_the_variance_that_it_adds():
    noon = Ahead(KNOTS, begun=1, rest=0.3e-4)

    assert ahead.session_scale(1) == pytest.approx(math.sqrt(1e-4))
    assert ahead.session_scale(4) == pytest.approx(math.sqrt(0.8e-4))
    assert noon.session_scale(1) == pytest.approx(math.sqrt(0.7e-4))
    assert noon.session_scale(0) == ahead.session_scale(1)


def test_a_core_that_takes_variance_back_leaves_none_rather_than_less():
    odd = Ahead({1: 4e-4, 3: 2e-4}, begun=1, rest=1e-4)

    assert odd.scale(2) == math.sqrt(1e-4)
    assert odd.session_scale(2) == 0.0
