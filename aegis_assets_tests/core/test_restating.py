"""Answers of a close, restated for a moment after it: see `engines.restating`."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aegis_assets.core.engines import BUYER, DIRECTION, SELLER
from aegis_assets.core.engines.restating import (
    NO_LAW,
    RESTATED,
    provenance_at,
    restated_classes,
    reweighted,
    sayings,
    scaled,
    served,
    unchanged,
)
from aegis_assets.core.frozen import Source
from aegis_assets_tests.core.moments import answered, at_close, at_noon, lawless

probabilities = st.tuples(*(st.floats(1e-6, 1.0),) * 3).map(
    lambda each: tuple(p / sum(each) for p in each)
)


@pytest.fixture(scope="module")
def t5():
    return answered(DIRECTION, Source.MODEL)["direction_5"]


@pytest.fixture(scope="module")
def core():
    return answered(DIRECTION)["direction_5"]


@settings(deadline=None, max_examples=50)
@given(probabilities, probabilities, probabilities)
def test_restated_probabilities_are_probabilities(forecast, then, now):
    found = reweighted(forecast, then, now)

    assert sum(found) == pytest.approx(1.0)
    assert all(0 <= each <= 1 for each in found)


@settings(deadline=None, max_examples=50)
@given(probabilities, probabilities)
def test_the_core_s_own_answer_becomes_its_law_of_the_moment(then, now):
    assert reweighted(then, then, now) == pytest.approx(now, rel=1e-12)


@settings(deadline=None, max_examples=50)
@given(probabilities, probabilities, probabilities)
def test_who_leaned_to_a_class_leans_as_much_in_odds(forecast, then, now):
    found = reweighted(forecast, then, now)
    lean = [p / q for p, q in zip(forecast, then, strict=True)]
    leans = [p / q for p, q in zip(found, now, strict=True)]

    assert np.divide(leans, leans[0]) == pytest.approx(np.divide(lean, lean[0]), rel=1e-9)


def test_twice_the_odds_stay_twice_the_odds():
    """UP at .5 against the core's 1/3 has odds of 2 to 1 beside it; so at .2 of it: .4 / 1.2."""
    third = (1 / 3, 1 / 3, 1 / 3)
    found = reweighted((0.25, 0.25, 0.5), third, (0.5, 0.3, 0.2))

    assert found == pytest.approx((0.5 / 1.2, 0.3 / 1.2, 0.4 / 1.2))


def test_at_a_close_an_answer_is_its_own_bit_for_bit(t5):
    restating = restated_classes(t5, 123.0, t5.cuts, is_restated=False)

    assert restating is unchanged
    assert served(t5, restating) == t5.forecast.served


@settings(deadline=None, max_examples=50)
@given(scale=st.floats(1e-4, 0.2))
def test_the_core_served_is_the_law_at_the_moment_s_volatility(core, scale):
    restating = restated_classes(core, scale, core.cuts, is_restated=True)

    assert served(core, restating) == pytest.approx(
        core.law.probabilities(scale, core.cuts), rel=1e-9, abs=1e-12
    )


def test_the_volatility_and_thresholds_of_the_close_change_nothing(t5):
    restating = restated_classes(t5, t5.scale, t5.cuts, is_restated=True)

    assert served(t5, restating) == pytest.approx(t5.forecast.served, rel=1e-12)


def test_less_volatility_makes_the_middle_likelier_and_a_touch_less_likely(t5):
    touch = answered(SELLER, Source.MODEL)["touch_1_20"]
    middles, touches = [], []
    for share in (1.0, 0.7, 0.5, 0.3):
        classes = restated_classes(t5, share * t5.scale, t5.cuts, is_restated=True)
        middles.append(served(t5, classes)[1])
        path = restated_classes(touch, share * touch.scale, touch.cuts, is_restated=True)
        touches.append(served(touch, path)[1])

    assert middles == sorted(middles)
    assert touches == sorted(touches, reverse=True)
    assert middles[-1] > middles[0]
    assert touches[-1] < touches[0]


@pytest.mark.parametrize("scale", [0.0, -1.0])
def test_no_volatility_left_is_no_restating(t5, scale):
    assert restated_classes(t5, scale, t5.cuts, is_restated=True) is None
    assert restated_classes(lawless(t5), 0.01, t5.cuts, is_restated=True) is None


def test_quantiles_of_a_size_grow_with_the_volatility():
    assert scaled(1.5)((0.01, 0.02)) == pytest.approx((0.015, 0.03))
    assert scaled(1.0)((0.1, 1 / 3)) == (0.1, 1 / 3)


def test_what_is_served_and_what_was_asked_beside_it_are_restated_alike(t5):
    restating = restated_classes(t5, 0.5 * t5.scale, t5.cuts, is_restated=True)
    said = {each.role.value: each for each in sayings(t5, restating)}

    assert said["SERVED"].candidate == said["CHALLENGER"].candidate == "boosted_trees"
    assert said["BASELINE"].candidate == "core_distribution"
    for each in said.values():
        assert each.forecast == restating(t5.forecast.candidates[each.candidate])


def test_a_restated_answer_says_so_and_one_of_the_close_does_not(t5):
    assert provenance_at(t5, at_close()).reasons == ()
    assert provenance_at(t5, at_noon()).reasons == (RESTATED,)
    assert provenance_at(t5, at_noon(), restated=False).reasons == ()
    assert provenance_at(t5, at_noon()).source is Source.MODEL


def test_what_cannot_be_restated_is_unavailable_with_a_reason(t5):
    found = provenance_at(t5, at_noon(), None)

    assert (found.source, found.reasons) == (Source.UNAVAILABLE, (NO_LAW,))


@pytest.mark.parametrize(
    ("engine", "path"),
    [
        (DIRECTION, "horizons.t5"),
        (DIRECTION, "horizons.t5.interval"),
        (DIRECTION, "horizons.t5.expected_move_points"),
        (SELLER, "breach_probabilities"),
        (SELLER, "trap"),
        (BUYER, "breakout_next"),
    ],
    ids=lambda each: getattr(each, "name", each),
)
def test_without_the_core_s_law_what_rests_on_it_is_null_with_a_reason(engine, path):
    made = {name: lawless(each) for name, each in answered(engine).items()}
    section = engine.block(made, at_noon())
    found = section.provenance.get(path) or section.provenance[path.rpartition(".")[0]]

    assert found.source is Source.UNAVAILABLE
    assert NO_LAW in found.reasons


def test_a_target_without_a_core_is_not_restated_by_anothers_volatility(t5):
    other = replace(t5, scale=None)

    assert restated_classes(other, 0.01, t5.cuts, is_restated=True) is None
