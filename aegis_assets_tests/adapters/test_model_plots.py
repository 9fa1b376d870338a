"""Pictures of models show what the cards say, in few bytes, and nothing where there is nothing."""

from io import BytesIO

import numpy as np
import pytest
from matplotlib.colors import to_hex
from PIL import Image

from aegis_assets.adapters import model_plots as plots
from aegis_assets.adapters.plots import COLOURS, png
from aegis_assets.core.evidence import Evidence
from aegis_assets.core.frozen import Source
from aegis_assets_tests import cards

TITLE = "RangeShield, trained to 2018-12-29"
CURVE = tuple((1.1 - 0.02 * i, 1.08 - 0.01 * i) for i in range(6))
QUANTILES = (cards.coverage(0.9), cards.coverage(0.95), cards.coverage(0.975))
LIMIT = 250_000

every_figure = pytest.mark.parametrize("name", plots.FIGURES)


def full(target="breakout_1", source=Source.MODEL):
    """A card with something for every picture."""
    evidence = cards.evidence(coverage={cards.TREES: QUANTILES}, learning_curve=CURVE)
    return cards.card(target=target, evidence=evidence, verdict=cards.verdict(source=source))


@pytest.fixture(scope="module")
def engine():
    """As many targets as the largest engine has."""
    return [full(f"implied_terminal_1_5_{i}") for i in range(26)]


def titles(figure):
    return [axes.get_title() for axes in figure.axes if axes.get_title()]


def line_of(axes, colour):
    """Points of the one line of this colour with the most of them."""
    mine = [line for line in axes.lines if to_hex(line.get_color()) == colour]
    return max(mine, key=lambda line: len(line.get_xdata())).get_xydata()


def test_an_engine_has_every_picture_in_a_quarter_of_a_megabyte(engine):
    made = plots.pictures(engine, TITLE)

    assert list(made) == list(plots.FIGURES)
    assert all(each.startswith(b"\x89PNG\r\n\x1a\n") for each in made.values())
    assert sum(map(len, made.values())) < LIMIT


@every_figure
def test_a_picture_is_white_opaque_and_says_whose_it_is(engine, name):
    figure = plots.FIGURES[name](engine[:7], TITLE)
    with Image.open(BytesIO(png(figure))) as picture:
        assert (picture.mode, "transparency" in picture.info) == ("P", False)
        assert picture.convert("RGB").getpixel((1, 1)) == (255, 255, 255)
        assert picture.width < 1_000
    assert figure.get_suptitle().startswith(f"{TITLE}: ")


@every_figure
def test_the_same_cards_give_the_same_bytes(engine, name):
    assert len({png(plots.FIGURES[name](engine[:3], TITLE)) for _ in range(2)}) == 1


@every_figure
def test_no_cards_are_no_picture(name):
    assert plots.FIGURES[name]([], TITLE) is None


def test_a_target_without_a_record_keeps_its_line_and_has_no_panel():
    empty = cards.undecided()
    figure = plots.skill_figure([full(), empty], TITLE)

    names = [each.get_text() for each in figure.axes[0].get_yticklabels()]
    assert names == [f"breakout_1 ({cards.TREES})", "spike_1 (no record)"]
    assert [line.get_ydata()[0] for line in figure.axes[0].lines[:-1]] == [0, 0]
    assert list(plots.pictures([empty], TITLE)) == ["skill"]


@pytest.mark.parametrize("source", [Source.MODEL, Source.BASELINE])
def test_what_is_served_as_a_model_has_a_colour_of_its_own(source):
    axes = plots.skill_figure([full(source=source)], TITLE).axes[0]
    skill = cards.trial().skill

    assert line_of(axes, COLOURS[source]).tolist() == [[skill.lower, 0], [skill.upper, 0]]


def test_the_bins_of_the_leading_contender_lie_against_the_diagonal():
    [axes] = plots.reliability_figure([full()], TITLE).axes
    bins = cards.reliability().bins

    assert line_of(axes, COLOURS[Source.MODEL]).tolist() == [
        [each.forecast, each.observed] for each in bins
    ]
    diagonal = axes.lines[0].get_xydata()
    assert np.array_equal(diagonal[:, 0], diagonal[:, 1])
    assert titles(axes.figure) == ["breakout_1"]


def test_a_target_of_three_classes_names_the_one_that_is_judged():
    three = full().model_copy(update={"classes": ("DOWN", "NEUTRAL", "UP")})

    assert titles(plots.reliability_figure([three], TITLE)) == ["breakout_1: NEUTRAL"]


def test_a_target_without_a_contender_shows_what_answers():
    alone = cards.verdict(source=Source.BASELINE, served=cards.PLAIN, leading=None, trials=())
    card = full().model_copy(update={"verdict": alone})

    assert plots.shown(card) == cards.PLAIN
    assert len(plots.reliability_figure([card], TITLE).axes) == 1
    assert plots.learning_figure([card], TITLE) is None


def test_coverage_is_drawn_by_year_beside_each_nominal_share():
    [axes] = plots.coverage_figure([full()], TITLE).axes
    flat = [line.get_ydata()[0] for line in axes.lines if len(line.get_xdata()) == 2]
    curves = [line.get_xydata().tolist() for line in axes.lines if len(line.get_xdata()) > 2]

    assert flat == [each.nominal for each in QUANTILES]
    assert curves == [[[k, v] for k, v in each.by_year.items()] for each in QUANTILES]


def test_skill_by_fold_stands_over_the_outcomes_learnt_from():
    expected = [(1_000 + 63 * i, 0.008 * i) for i in range(9)]
    [axes] = plots.learning_figure([full()], TITLE).axes

    found = plots.skill_by_fold(full())
    assert np.asarray(found) == pytest.approx(np.asarray(expected))
    assert axes.lines[1].get_xydata() == pytest.approx(np.asarray(expected))


def test_a_fold_that_one_of_the_two_did_not_answer_is_left_out():
    first, second, *others = cards.folds()
    silent = first.model_copy(update={"losses": {cards.PLAIN: 0.25}})
    perfect = second.model_copy(update={"losses": {cards.PLAIN: 0.0, cards.TREES: 0.1}})
    card = cards.card(evidence=cards.evidence(folds=(silent, perfect, *others)))

    assert [learnt for learnt, _ in plots.skill_by_fold(card)] == [
        each.trained_on for each in others
    ]


def test_one_bad_fold_does_not_flatten_the_others():
    first, *others = cards.folds()
    bad = first.model_copy(update={"losses": {cards.PLAIN: 0.01, cards.TREES: 9.0}})
    card = cards.card(evidence=cards.evidence(folds=(bad, *others)))

    [axes] = plots.learning_figure([card], TITLE).axes
    assert min(axes.lines[1].get_ydata()) == -0.5


def test_heads_of_one_network_share_a_panel():
    six = [full(f"direction_{i}") for i in (1, 3, 5, 10, 20, 40)]
    figure = plots.epochs_figure(six, TITLE)

    assert titles(figure) == ["direction_1 and 5 more"]
    assert figure.axes[0].lines[1].get_ydata().tolist() == [each for _, each in CURVE]


def test_only_the_ten_features_worth_most_are_shown_largest_first():
    gain, permuted = plots.importance_figure([full()], TITLE).axes

    for axes in (gain, permuted):
        names = [each.get_text() for each in axes.get_yticklabels()]
        assert names == [f"feature_{i}" for i in range(10)]
    assert gain.patches[0].get_width() == 0.5
    assert permuted.patches[0].get_width() == pytest.approx(0.5 / 9)


def test_a_model_that_knows_no_gain_is_no_tree():
    shifted = {
        cards.TREES: cards.evidence().importances[cards.TREES].model_copy(update={"gain": {}})
    }

    assert plots.importance_figure([cards.card(evidence=Evidence(importances=shifted))], "") is None
