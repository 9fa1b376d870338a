"""AegisCore's six horizons: their classes, interval and move, at a close and within a session."""

import math

import pytest

from aegis_assets.core.contract.words import Direction, Level
from aegis_assets.core.engines import DIRECTION
from aegis_assets.core.engines.blocks.direction import LABELS, TAILS, direction_block
from aegis_assets.core.engines.restating import NO_LAW, RESTATED
from aegis_assets.core.frozen import Source
from aegis_assets_tests.core import trained
from aegis_assets_tests.core.moments import answered, at_close, at_noon, lawless, saying

RATES = (0.3, 0.3, 0.4)
KEYS = [f"t{each.horizon}" for each in LABELS]


def test_an_interval_leaves_a_tenth_out_on_either_side():
    assert pytest.approx((0.1, 0.9)) == TAILS


def block(moment, source=Source.BASELINE, **others):
    return direction_block(answered(DIRECTION, source, **others), moment)


def horizon_1(*served, **verdict):
    """What is made of a model's answer for the next session."""
    made = answered(DIRECTION, Source.MODEL)
    answer = saying(made["direction_1"], *served, **verdict)
    return direction_block(made | {"direction_1": answer}, at_close()).block.horizons.t1


@pytest.mark.parametrize(
    ("served", "direction"),
    [
        ((0.2, 0.3, 0.5), Direction.UP),
        ((0.45, 0.2, 0.35), Direction.DOWN),
        ((0.31, 0.26, 0.43), Direction.NEUTRAL),
        ((0.35, 0.25, 0.4), Direction.DOWN),
        ((0.3, 0.3, 0.4), Direction.NEUTRAL),
        ((0.25, 0.35, 0.4), Direction.NEUTRAL),
    ],
)
def test_a_model_gives_the_tail_that_it_alone_raises_above_its_base_rate(served, direction):
    """Up is the likelier side by itself, and more of both tails is volatility."""
    assert horizon_1(*served, base_rates=RATES).direction is direction


@pytest.mark.parametrize("source", [Source.BASELINE, Source.PROXY])
def test_without_a_model_the_direction_is_neutral(source):
    found = horizon_1(0.05, 0.05, 0.9, base_rates=RATES, source=source)

    assert found.direction is Direction.NEUTRAL


@pytest.mark.parametrize(
    ("served", "conviction"),
    [
        ((1 / 3, 1 / 3, 1 / 3), 0.0),
        ((0.0, 0.0, 1.0), 1.0),
        ((0.5, 0.2, 0.3), 0.25),
        ((0.2, 0.6, 0.2), 0.4),
    ],
)
def test_conviction_is_the_largest_probability_beyond_a_third(served, conviction):
    made = horizon_1(*served)

    assert made.conviction == pytest.approx(conviction)
    said = made.probabilities
    assert (said.down, said.neutral, said.up) == served


@pytest.mark.parametrize("source", [Source.BASELINE, Source.MODEL])
def test_at_a_close_every_number_is_the_answer_s_own_bit_for_bit(source):
    made, moment = answered(DIRECTION, source), at_close()
    horizons = direction_block(made, moment).block.horizons

    for label, key in zip(LABELS, KEYS, strict=True):
        answer, found = made[label.name], getattr(horizons, key)
        said, size = answer.forecast.served, made[f"magnitude_{label.horizon}"].forecast.served
        edges = [math.exp(answer.law.quantile(tail, answer.scale)) for tail in TAILS]
        probabilities = found.probabilities
        assert (probabilities.down, probabilities.neutral, probabilities.up) == said
        assert found.interval.lower == moment.spot * edges[0]
        assert found.interval.upper == moment.spot * edges[1]
        assert found.interval.coverage == 0.8
        assert found.expected_move_points == moment.spot * math.expm1(size[1]) * (said[2] - said[0])


def test_longer_horizons_have_wider_intervals_at_any_moment():
    for moment in (at_close(), at_noon(0.02), at_noon(-0.01, left=0.0)):
        horizons = block(moment).block.horizons
        bands = [getattr(horizons, key).interval for key in KEYS]
        widths = [math.log(band.upper / band.lower) for band in bands]

        assert widths == sorted(widths)
        assert widths[0] > 0


def test_within_a_session_levels_move_with_the_spot_and_probabilities_stay():
    """Horizons count from the spot: where it has moved to is no news to them."""
    here, there = block(at_noon()).block.horizons, block(at_noon(0.03)).block.horizons

    for key in KEYS:
        still, moved = getattr(here, key), getattr(there, key)
        assert moved.probabilities == still.probabilities
        assert moved.interval.lower == pytest.approx(still.interval.lower * math.exp(0.03))
        assert moved.interval.upper == pytest.approx(still.interval.upper * math.exp(0.03))
        assert moved.expected_move_points == pytest.approx(
            still.expected_move_points * math.exp(0.03)
        )


def test_within_a_session_the_core_served_is_its_law_of_the_time_left():
    """To the next close: what is left of this session, and the session after it."""
    moment, made = at_noon(left=0.25), answered(DIRECTION)
    answer, found = made["direction_1"], block(moment).block.horizons.t1
    variances = moment.ahead.variances
    later = (variances[3] - variances[1]) / 2
    scale = math.sqrt(0.25 * variances[1] + later)
    down, neutral, up = answer.law.probabilities(scale, answer.cuts)

    said = found.probabilities
    assert (said.down, said.neutral, said.up) == pytest.approx((down, neutral, up), rel=1e-9)
    assert found.interval.upper == pytest.approx(
        moment.spot * math.exp(answer.law.quantile(0.9, scale))
    )


def test_the_more_is_left_of_the_session_the_wider_the_next_close():
    widths = []
    for left in (0.0, 0.3, 0.6, 1.0):
        band = block(at_noon(left=left)).block.horizons.t1.interval
        widths.append(band.upper - band.lower)

    assert widths == sorted(widths)
    assert widths[0] < widths[-1]


def test_a_restated_forecast_says_so_and_names_its_model():
    at_the_close = block(at_close(), Source.MODEL).provenance["horizons.t5"]
    now = block(at_noon(), Source.MODEL).provenance["horizons.t5"]

    assert (at_the_close.source, at_the_close.reasons) == (Source.MODEL, ())
    assert (now.source, now.reasons) == (Source.MODEL, (RESTATED,))
    assert now.model == f"direction/direction_5@{trained.CUTOFF}:boosted_trees"


def test_what_is_served_is_said_to_come_from_there():
    found = block(at_close()).provenance["horizons.t5"]

    assert (found.source, found.reasons) == (Source.BASELINE, (trained.REFUSED,))
    assert found.model == f"direction/direction_5@{trained.CUTOFF}:core_distribution"
    assert found.trained_to == trained.CUTOFF
    assert (found.challenger, found.skill.n) == ("boosted_trees", 400)


def test_within_a_session_the_size_of_a_move_is_in_the_proportion_of_the_time_left():
    moment, made = at_noon(left=0.25), answered(DIRECTION)
    size, found = made["magnitude_1"], block(moment).block.horizons.t1
    share = moment.ahead.scale(1) / math.sqrt(moment.ahead.variances[1])
    lean = found.probabilities.up - found.probabilities.down

    median = size.forecast.served[1] * share
    assert found.expected_move_points == pytest.approx(moment.spot * math.expm1(median) * lean)


def test_without_the_core_s_law_a_close_has_probabilities_and_no_interval():
    made = answered(DIRECTION)
    mute = made | {"direction_5": lawless(made["direction_5"])}
    section = direction_block(mute, at_close())

    assert section.block.horizons.t5.probabilities is not None
    assert section.block.horizons.t5.interval is None
    assert section.provenance["horizons.t5.interval"].reasons == (NO_LAW,)


@pytest.mark.parametrize("moment", [at_close, at_noon])
def test_a_silent_size_leaves_the_move_null_alone(moment):
    section = block(moment(), magnitude_10=Source.UNAVAILABLE)
    found = section.block.horizons.t10

    assert found.expected_move_points is None
    assert found.probabilities is not None
    assert section.provenance["horizons.t10.expected_move_points"].reasons == (trained.REFUSED,)
    assert section.provenance["horizons.t10"].source is Source.BASELINE
    assert "horizons.t10.expected_move_points" not in [each.path for each in section.claims]


@pytest.mark.parametrize("moment", [at_close, at_noon])
def test_a_silent_direction_leaves_its_horizon_null(moment):
    section = block(moment(), direction_10=Source.UNAVAILABLE)
    found = section.block.horizons.t10.model_dump(exclude={"label"})

    assert set(found.values()) == {None}
    assert section.provenance["horizons.t10"].reasons == (trained.REFUSED,)
    assert section.block.horizons.t20.probabilities is not None


@pytest.mark.parametrize(
    ("risk", "label"),
    [(0.0, Level.LOW), (0.3, Level.MEDIUM), (0.6, Level.HIGH), (None, None)],
)
def test_the_risk_is_graded_or_has_a_reason(risk, label):
    section = block(at_close(risk=risk))
    source = section.provenance["risk_score"]

    assert (section.block.risk_score, section.block.risk_label) == (risk, label)
    assert source.source is (Source.UNAVAILABLE if risk is None else Source.PROXY)
    assert source.reasons
