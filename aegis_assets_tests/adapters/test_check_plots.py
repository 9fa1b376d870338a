"""Pictures of drift: what is drawn is the table, and nothing is drawn of nothing."""

import numpy as np
import pytest

from aegis_assets.adapters.check_plots import (
    LARGEST,
    drift_figure,
    drift_plot,
    standing_figure,
    standing_plot,
)
from aegis_assets.adapters.plots import LIMIT
from aegis_assets.core.bars import empty
from aegis_assets.core.drift import WINDOW, feature_drift, standings
from aegis_assets.core.ledger.schemas import FORECASTS, OUTCOMES
from aegis_assets_tests.core.test_drift import persistent, table
from aegis_assets_tests.core.test_served_drift import claims, stood, ups


@pytest.fixture(scope="module")
def findings():
    values = persistent(columns=LARGEST + 5, memory=0.9)
    values[-WINDOW:, 4] += 6.0
    return feature_drift("any", table(values)).findings


@pytest.fixture(scope="module")
def standing():
    known = ups()
    worse = [row | {"path": "buyer.breakout_next.1"} for row in claims(known, -0.15)]
    return stood([*claims(known, 0.15), *worse], known)


def test_bars_are_the_indices_of_the_first_features_and_what_moved_is_red(findings):
    (axes,) = drift_figure(findings, "any").axes
    widths = [patch.get_width() for patch in axes.patches]
    reds = [patch.get_facecolor() for patch in axes.patches].count(axes.patches[0].get_facecolor())

    assert widths == pytest.approx(findings["psi"].head(LARGEST).to_list())
    assert axes.get_yticklabels()[0].get_text() == "feature_4"
    assert reds == 1


def test_points_are_the_skills_and_what_is_worse_is_red(standing):
    (axes,) = standing_figure(standing, "any").axes
    points = [line for line in axes.lines if line.get_marker() == "o"]

    assert np.concatenate([each.get_xdata() for each in points]) == pytest.approx(
        standing["skill"].to_list()
    )
    assert (
        [each.get_color() == LIMIT for each in points]
        == standing["worse"].to_list()
        == [False, True]
    )


def test_both_are_png_and_the_same_each_time(findings, standing):
    for draw, rows in ((drift_plot, findings), (standing_plot, standing)):
        made = draw(rows, "any")

        assert made.startswith(b"\x89PNG")
        assert draw(rows, "any") == made


def test_of_nothing_there_is_no_picture():
    assert drift_plot(feature_drift("any", table(persistent()).head(100)).findings, "any") is None
    assert standing_plot(standings(empty(FORECASTS), empty(OUTCOMES)), "any") is None
