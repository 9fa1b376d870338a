"""What the engines make of answers: their sections of the payload, and the source of each part."""

import math
from dataclasses import replace

import polars as pl
import pytest

from aegis_assets.core.engines import BUYER, DIRECTION, ENGINES, SELLER, VOLATILITY
from aegis_assets.core.engines.blocks.direction import LABELS, Direction, direction_block
from aegis_assets.core.engines.blocks.seller import BreachProbability, coherent
from aegis_assets.core.engines.blocks.words import Level
from aegis_assets.core.engines.engine import answers
from aegis_assets.core.engines.volatility import present_scales
from aegis_assets.core.frozen import Source
from aegis_assets.core.labels.path import LEVELS
from aegis_assets_tests.core import trained

SPOT = 1_000.0
WITH_BLOCK = [engine for engine in ENGINES if engine.block is not None]

every_block = pytest.mark.parametrize("engine", WITH_BLOCK, ids=lambda each: each.name)


def answered(engine, source=Source.BASELINE, features=None, **others):
    """The engine's answers at the last session of the synthetic candles."""
    made = trained.forecasters(source, **others)
    known = trained.features()
    core = answers(VOLATILITY, known["volatility"], made["volatility"], {})
    scales = present_scales(known["volatility"], core)
    table = known[engine.name] if features is None else features
    return answers(engine, table, made[engine.name], scales)


def saying(answer, *served, **verdict):
    """The answer with other served probabilities, and a verdict changed in some facts."""
    card = answer.forecast.card
    card = card.model_copy(update={"verdict": card.verdict.model_copy(update=verdict)})
    return replace(answer, forecast=replace(answer.forecast, served=served, card=card))


def horizon_1(answer):
    made, _ = direction_block(answered(DIRECTION) | {"direction_1": answer}, SPOT)
    return made.horizons.t1


MODEL = answered(DIRECTION, Source.MODEL)["direction_1"]
RATES = (0.3, 0.3, 0.4)


@pytest.mark.parametrize(
    ("served", "direction"),
    [
        ((0.2, 0.3, 0.5), Direction.UP),
        ((0.45, 0.2, 0.35), Direction.DOWN),
        ((0.31, 0.26, 0.43), Direction.UP),
        ((0.35, 0.21, 0.44), Direction.DOWN),
        ((0.3, 0.3, 0.4), Direction.NEUTRAL),
        ((0.25, 0.35, 0.4), Direction.NEUTRAL),
    ],
)
def test_a_model_gives_the_tail_that_it_raises_most_above_its_base_rate(served, direction):
    """Up is the likelier side by itself: only more than usual counts."""
    answer = saying(MODEL, *served, base_rates=RATES)

    assert horizon_1(answer).direction is direction


@pytest.mark.parametrize("source", [Source.BASELINE, Source.PROXY])
def test_without_a_model_the_direction_is_neutral(source):
    answer = saying(MODEL, 0.05, 0.05, 0.9, base_rates=RATES, source=source)

    assert horizon_1(answer).direction is Direction.NEUTRAL


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
    made = horizon_1(saying(MODEL, *served))

    assert made.conviction == pytest.approx(conviction)
    said = made.probabilities
    assert (said.down, said.neutral, said.up) == served


def test_moves_and_intervals_are_read_off_the_core_s_law():
    answer = answered(DIRECTION)["direction_20"]
    made, provenance = direction_block(answered(DIRECTION), SPOT)
    forecast = made.horizons.t20

    for level, tail in ((forecast.interval.lower, 0.1), (forecast.interval.upper, 0.9)):
        assert level == pytest.approx(SPOT * math.exp(answer.law.quantile(tail, answer.scale)))
    assert forecast.expected_move_points == pytest.approx(
        SPOT * math.expm1(answer.law.mean(answer.scale))
    )
    assert forecast.interval.coverage == 0.8
    assert provenance["horizons.t20.interval"].model.endswith(":core_distribution")


def test_longer_horizons_have_wider_intervals():
    made, _ = direction_block(answered(DIRECTION), SPOT)
    bands = [getattr(made.horizons, f"t{each.horizon}").interval for each in LABELS]
    widths = [band.upper - band.lower for band in bands]

    assert widths == sorted(widths)


PATHS = {
    "direction": "horizons.t5",
    "seller": "breach_probabilities.1.probability",
    "buyer": "breakout_next.0",
}


@every_block
def test_what_is_served_is_said_to_come_from_there(engine):
    _, provenance = engine.block(answered(engine), SPOT)
    found = provenance[PATHS[engine.name]]

    assert (found.source, found.reasons) == (Source.BASELINE, (trained.REFUSED,))
    assert found.model.startswith(f"{engine.name}/")
    assert found.model.endswith(f"@{trained.CUTOFF}:core_distribution")
    assert found.trained_to == trained.CUTOFF
    assert (found.challenger, found.skill.n) == ("boosted_trees", 400)


@pytest.mark.parametrize("engine", [DIRECTION, BUYER], ids=lambda each: each.name)
def test_a_model_that_is_served_is_named(engine):
    _, provenance = engine.block(answered(engine, Source.MODEL), SPOT)
    found = provenance[PATHS[engine.name]]

    assert (found.source, found.reasons) == (Source.MODEL, ())
    assert found.model.endswith(f"@{trained.CUTOFF}:boosted_trees")


def leaves(said):
    """Key and value of everything in a block but the labels of the horizons."""
    for key, value in said.items():
        if isinstance(value, dict):
            yield from leaves(value)
        elif key != "label":
            yield key, value


@every_block
def test_unavailable_answers_give_nulls_with_reasons(engine):
    block, provenance = engine.block(answered(engine, Source.UNAVAILABLE), SPOT)

    assert {value for _, value in leaves(block.model_dump())} == {None}
    assert all(each.source is Source.UNAVAILABLE for each in provenance.values())
    assert all(each.reasons for each in provenance.values())
    assert any(trained.REFUSED in each.reasons for each in provenance.values())


@every_block
def test_a_question_that_cannot_be_asked_is_unavailable_though_its_model_is_there(engine):
    """One feature that all of them read is null today: nothing stands in for it."""
    known = trained.features()[engine.name]
    before = pl.int_range(pl.len()) < known.height - 1
    holed = known.with_columns(pl.when(before).then("ewma_volatility").alias("ewma_volatility"))
    block, provenance = engine.block(answered(engine, Source.MODEL, holed), SPOT)

    assert {value for _, value in leaves(block.model_dump())} == {None}
    assert all(each.source is Source.UNAVAILABLE for each in provenance.values())
    assert any("that the question needs is null" in each.reasons[0] for each in provenance.values())


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


def test_the_core_s_curve_is_coherent():
    made, provenance = SELLER.block(answered(SELLER), SPOT)

    assert coherent(made.breach_probabilities)
    assert len(made.breach_probabilities) == 4
    assert provenance["breach_probabilities.3.probability"].reasons == (trained.REFUSED,)


def test_where_the_gate_s_choices_make_no_curve_the_core_s_stands_in():
    made = answered(SELLER)
    core, _ = SELLER.block(made, SPOT)
    mixed = made | {
        "touch_2_20": saying(made["touch_2_20"], 0.01, 0.99, source=Source.MODEL, reasons=())
    }
    block, provenance = SELLER.block(mixed, SPOT)
    points = {path: each for path, each in provenance.items() if path.startswith("breach_prob")}

    assert block.breach_probabilities == core.breach_probabilities
    assert {each.source for each in points.values()} == {Source.BASELINE}
    ends = [each for path, each in points.items() if not path.endswith("distance")]
    assert len(ends) == 8
    assert all("not monotone" in each.reasons[0] for each in ends)
    assert all(each.model.endswith(":core_distribution") for each in ends)


def test_where_the_gate_s_choices_make_a_curve_each_point_has_its_own_source():
    made = answered(SELLER)
    said = made["touch_2_20"].forecast.served[1]
    mixed = made | {
        "touch_2_20": saying(
            made["touch_2_20"], 0.9 - said, said + 1e-6, source=Source.MODEL, reasons=()
        )
    }
    block, provenance = SELLER.block(mixed, SPOT)

    assert block.breach_probabilities[3].touch_probability == said + 1e-6
    assert provenance["breach_probabilities.3.touch_probability"].source is Source.MODEL
    assert provenance["breach_probabilities.3.probability"].source is Source.BASELINE


@pytest.mark.parametrize("silent", ["terminal_2_20", "touch_0_5_20"])
def test_one_silent_point_silences_the_curve_with_its_own_reason(silent):
    made = answered(SELLER, Source.MODEL, **{silent: Source.UNAVAILABLE})
    block, provenance = SELLER.block(made, SPOT)

    assert block.breach_probabilities is None
    assert provenance["breach_probabilities"].source is Source.UNAVAILABLE
    assert provenance["breach_probabilities"].reasons == (trained.REFUSED,)


def edges(**changes):
    """The answers to both edges of the twenty sessions' range, some of them changed."""
    return answered(SELLER) | changes


def test_the_safe_range_lies_between_the_edges_that_are_left_behind_with_a_twentieth_each():
    made = edges()
    block, _ = SELLER.block(made, SPOT)
    place = LEVELS.index(0.95)
    rise, fall = (made[name].forecast.served[place] for name in ("rise_20", "fall_20"))

    assert block.safe_range.upper == pytest.approx(SPOT * math.exp(rise))
    assert block.safe_range.lower == pytest.approx(SPOT * math.exp(-fall))
    assert (block.safe_range.horizon_days, block.safe_range.coverage) == (20, 0.9)
    assert rise != fall


def test_each_edge_of_the_safe_range_has_its_own_source():
    served = answered(SELLER)["rise_20"].forecast.served
    made = edges(rise_20=saying(answered(SELLER)["rise_20"], *served, source=Source.MODEL))
    _, provenance = SELLER.block(made, SPOT)

    assert provenance["safe_range.upper"].source is Source.MODEL
    assert provenance["safe_range.lower"].source is Source.BASELINE
    assert "rise_20" in provenance["safe_range.upper"].model
    assert "fall_20" in provenance["safe_range.lower"].model
    assert provenance["safe_range.coverage"].source is Source.BASELINE


@pytest.mark.parametrize("silent", ["rise_20", "fall_20"])
def test_without_one_of_its_edges_there_is_no_safe_range(silent):
    made = answered(SELLER, **{silent: Source.UNAVAILABLE})
    block, provenance = SELLER.block(made, SPOT)

    assert block.safe_range is None
    assert provenance["safe_range"].source is Source.UNAVAILABLE
    assert provenance["safe_range"].reasons == (trained.REFUSED,)
    assert not [path for path in provenance if path.startswith("safe_range.")]


@pytest.mark.parametrize(
    ("served", "level"),
    [
        ((0.5, 0.3, 0.2), Level.LOW),
        ((0.3, 0.4, 0.3), Level.MEDIUM),
        ((0.2, 0.3, 0.5), Level.HIGH),
    ],
)
def test_the_regime_is_the_likeliest_class(served, level):
    made = answered(SELLER)
    block, provenance = SELLER.block(made | {"regime_10": saying(made["regime_10"], *served)}, SPOT)

    assert block.regime is level
    assert "regime_10" in provenance["regime"].model


@pytest.mark.parametrize(("down", "up"), [(0.4, 0.6), (0.55, 0.45)])
def test_the_bias_of_a_spike_is_what_its_model_says(down, up):
    made = answered(BUYER)
    block, provenance = BUYER.block(made | {"spike_1": saying(made["spike_1"], down, up)}, SPOT)

    assert (block.spike_direction_bias.down_prob, block.spike_direction_bias.up_prob) == (down, up)
    assert "spike_1" in provenance["spike_direction_bias"].model


@pytest.mark.parametrize(
    ("engine", "path"), [(SELLER, "trap"), (BUYER, "theta_edge")], ids=["trap", "theta"]
)
def test_what_has_no_place_in_the_payload_yet_says_that_its_model_is_judged(engine, path):
    block, provenance = engine.block(answered(engine, Source.MODEL), SPOT)

    assert getattr(block, path) is None
    assert "trained and judged" in provenance[path].reasons[0]


def test_distances_are_the_label_s_own_thresholds():
    today = trained.features()["seller"].tail(1)
    block, _ = SELLER.block(answered(SELLER), SPOT)

    assert [each.distance for each in block.breach_probabilities] == pytest.approx(
        [math.expm1(today[f"touch_{width}_20_cut_0"][0]) for width in ("0_5", "1", "1_5", "2")]
    )


@pytest.mark.parametrize(
    ("probability", "label"),
    [
        (0.0, Level.LOW),
        (0.39, Level.LOW),
        (0.4, Level.MEDIUM),
        (0.69, Level.MEDIUM),
        (0.7, Level.HIGH),
        (1.0, Level.HIGH),
    ],
)
def test_a_breakout_is_graded_by_its_probability(probability, label):
    made = answered(BUYER)
    said = made | {"breakout_1": saying(made["breakout_1"], 1 - probability, probability)}
    block, _ = BUYER.block(said, SPOT)
    (ahead,) = block.breakout_next

    assert (ahead.day_offset, ahead.score, ahead.label) == (1, probability, label)


def test_breakout_levels_are_one_and_a_half_daily_volatilities_away():
    band = 1.5 * trained.features()["seller"]["ewma_volatility"][-1]
    block, _ = BUYER.block(answered(BUYER), SPOT)

    assert block.breakout_levels.upper == pytest.approx(SPOT * math.exp(band))
    assert block.breakout_levels.lower == pytest.approx(SPOT * math.exp(-band))
