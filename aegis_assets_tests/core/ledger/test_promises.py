"""Whether ranges hold as often as they say: only what chance does not explain is an alarm."""

from datetime import date

import polars as pl
import pytest

from aegis_assets.core.ledger.promises import promises
from aegis_assets.core.ledger.schemas import SCORECARD

JULY = date(2018, 7, 1)


def card(*made):
    """Rows of a scorecard, of the safe range unless they say otherwise."""
    row = dict.fromkeys(SCORECARD) | {
        "month": JULY,
        "span": "TO_DATE",
        "path_kind": "seller.safe_range",
        "horizon": 20,
        "role": "SERVED",
        "candidate": "core",
        "sessions": 600,
        "coverage": 0.9,
        "nominal": 0.9,
    }
    schema = {name: kind for name, (kind, _) in SCORECARD.items()}
    return pl.DataFrame([row | each for each in made], schema=schema)


def only(*made):
    (found,) = promises(card(*made))
    return found


@pytest.mark.parametrize(
    ("coverage", "holds"), [(0.9, True), (0.8, True), (0.7, False), (1.0, True)]
)
def test_a_share_is_judged_by_windows_and_not_by_sessions(coverage, holds):
    """600 overlapping sessions are 30 windows of 20, whose share may be from .73 to 1."""
    found = only({"coverage": coverage})

    assert (found.windows, found.holds) == (30, holds)
    assert found.lower == pytest.approx(22 / 30)


def test_many_windows_find_a_range_too_wide():
    assert only({"coverage": 0.99, "horizon": 1}).holds is False


def test_too_few_windows_tell_nothing():
    assert only({"coverage": 0.2, "sessions": 80}).holds is None


def test_all_that_served_a_range_is_judged_together():
    found = only(
        {"coverage": 0.8, "sessions": 100},
        {"coverage": 0.95, "sessions": 300, "candidate": "other"},
    )

    assert (found.sessions, found.coverage) == (400, pytest.approx(0.9125))


def test_what_is_stated_differs_by_more_than_rounding():
    """.95 - .05 in binary is not .9, and the levels of other trainings differ likewise."""
    nominal = 0.95 - 0.05
    found = only({"sessions": 300}, {"sessions": 300, "nominal": nominal, "source": "MODEL"})

    assert nominal != 0.9
    assert (found.nominal, found.sessions, found.windows) == (0.9, 600, 30)
    assert len(promises(card({}, {"nominal": 0.8}))) == 2


def test_only_what_was_served_until_the_newest_month_counts():
    other = [
        {"role": "BASELINE", "coverage": 0.1},
        {"span": "MONTH", "coverage": 0.1},
        {"month": date(2018, 6, 1), "coverage": 0.1},
        {"path_kind": "direction.horizons.t1", "coverage": None},
    ]

    assert only({}, *other).coverage == 0.9


def test_the_safe_range_decides_and_others_are_told():
    found = promises(card({}, {"path_kind": "direction.horizons.t1.interval", "nominal": 0.8}))

    assert {each.path: each.decides for each in found} == {
        "seller.safe_range": True,
        "direction.horizons.t1.interval": False,
    }
    assert promises(card()) == []
