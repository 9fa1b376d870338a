"""The breach curve over twenty sessions: one law, at a close and within a session."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aegis_assets.core.claim import Measure, Role
from aegis_assets.core.contract.seller import BreachProbability
from aegis_assets.core.engines import SELLER
from aegis_assets.core.engines.blocks.breach import CURVE, coherent, read_breach
from aegis_assets.core.engines.restating import RESTATED
from aegis_assets.core.frozen import Source
from aegis_assets_tests.core import trained
from aegis_assets_tests.core.moments import answered, at_close, at_noon, saying


@pytest.fixture(scope="module")
def made():
    return answered(SELLER)


def point(distance, probability, touch):
    return BreachProbability(distance=distance, probability=probability, touch_probability=touch)


NEAR, FAR = point(0.01, 0.5, 0.7), point(0.02, 0.3, 0.4)


@pytest.mark.parametrize(
    ("curve", "expected"),
    [
        ((NEAR, FAR), True),
        ((NEAR, NEAR), True),
        ((), True),
        ((FAR, NEAR), False),
        ((NEAR, point(0.02, 0.51, 0.6)), False),
        ((NEAR, point(0.02, 0.3, 0.71)), False),
        ((NEAR, point(0.02, 0.41, 0.4)), False),
    ],
)
def test_a_curve_is_coherent_if_no_farther_level_and_no_end_is_likelier(curve, expected):
    assert coherent(curve) == expected


@pytest.mark.parametrize("source", [Source.BASELINE, Source.MODEL])
@settings(deadline=None, max_examples=40)
@given(left=st.floats(0, 1), moved=st.floats(-0.1, 0.1))
def test_the_curve_is_coherent_at_any_moment(source, left, moved):
    found = read_breach(answered(SELLER, source), at_noon(moved, left)).value

    assert coherent(found)
    assert [each.distance for each in found] == sorted({each.distance for each in found})
    assert len(found) == 4


def test_at_a_close_its_points_are_the_answers_own(made):
    found = read_breach(made, at_close()).value

    for each, (touch, end) in zip(found, CURVE, strict=True):
        assert each.touch_probability == made[touch.name].forecast.served[1]
        assert each.probability == made[end.name].forecast.served[1]


def test_the_more_is_left_of_the_session_the_likelier_is_a_breach(made):
    curves = [read_breach(made, at_noon(left=each)).value for each in (0.0, 0.5, 1.0)]
    touches = [[each.touch_probability for each in curve] for curve in curves]

    assert all(low <= high for low, high in zip(touches[0], touches[2], strict=True))
    assert sum(touches[0]) < sum(touches[1]) < sum(touches[2])


def test_distances_are_the_label_s_own_thresholds(made):
    today = trained.features()["seller"].tail(1)
    found = read_breach(made, at_close()).value

    assert [each.distance for each in found] == pytest.approx(
        [math.expm1(today[f"touch_{width}_20_cut_0"][0]) for width in ("0_5", "1", "1_5", "2")]
    )


def mixed(made, touch):
    """A model beside the core, for which a touch of the farthest band is this likely."""
    model = {"source": Source.MODEL, "served": "model", "leading": "model", "trials": ()}
    return made | {"touch_2_20": saying(made["touch_2_20"], 1 - touch, touch, **model)}


@pytest.mark.parametrize("moment", [at_close, at_noon])
def test_where_the_gate_s_choices_make_no_curve_the_core_s_stands_in(made, moment):
    core = read_breach(made, moment()).value
    part = read_breach(mixed(made, 0.99), moment())
    ends = [each for path, each in part.provenance.items() if not path.endswith("distance")]

    assert part.value == core
    assert len(ends) == 8
    assert {each.source for each in ends} == {Source.BASELINE}
    assert all("not monotone" in each.reasons[0] for each in ends)
    assert all(each.model.endswith(":core_distribution") for each in ends)
    assert all((RESTATED in each.reasons) == (moment is at_noon) for each in ends)


def test_what_stands_in_is_what_is_claimed_and_the_gate_s_choice_stays_beside_it(made):
    part = read_breach(mixed(made, 0.99), at_close())
    claim = next(
        each for each in part.claims if each.path == "breach_probabilities.3.touch_probability"
    )
    by_role = {each.role: each for each in claim.sayings}

    assert by_role[Role.SERVED].forecast[1] == part.value[3].touch_probability
    assert by_role[Role.SERVED].source is Source.BASELINE
    assert by_role[Role.CHALLENGER].forecast == (1 - 0.99, 0.99)


def test_where_the_gate_s_choices_make_a_curve_each_point_has_its_own_source(made):
    touch = made["touch_2_20"].forecast.served[1] + 1e-6
    part = read_breach(mixed(made, touch), at_close())

    assert part.value[3].touch_probability == touch
    sources = {path: each.source for path, each in part.provenance.items()}
    assert sources["breach_probabilities.3.touch_probability"] is Source.MODEL
    assert sources["breach_probabilities.3.probability"] is Source.BASELINE
    assert sources["breach_probabilities.3.distance"] is Source.MODEL


@pytest.mark.parametrize("moment", [at_close, at_noon])
@pytest.mark.parametrize("silent", ["terminal_2_20", "touch_0_5_20"])
def test_one_silent_point_silences_the_curve_with_its_own_reason(silent, moment):
    part = read_breach(answered(SELLER, **{silent: Source.UNAVAILABLE}), moment())

    assert (part.value, part.claims) == (None, ())
    assert part.provenance["breach_probabilities"].source is Source.UNAVAILABLE
    assert part.provenance["breach_probabilities"].reasons == (trained.REFUSED,)


def test_a_touch_is_claimed_of_the_path_and_an_end_of_its_close(made):
    claims = read_breach(made, at_noon(0.01)).claims

    assert [each.measure for each in claims] == [Measure.EXCURSION, Measure.SIZE] * 4
    assert {each.reference for each in claims} == {at_noon(0.01).spot}
    assert {each.horizon for each in claims} == {20}
