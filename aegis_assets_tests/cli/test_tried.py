"""How many candidates were tried on the next close over the span of a backtest."""

from datetime import date, timedelta
from types import SimpleNamespace

import dagster as dg
import pytest

from aegis_assets.adapters.model_store import ModelStore
from aegis_assets.cli.backtest import tried
from aegis_assets.core.engines import DIRECTION
from aegis_assets_tests.adapters.scripted import at
from aegis_assets_tests.cli.shelves import shelve, withdrawn

WEEKS = tuple(date(2024, 7, day) for day in (6, 13, 20))
CANDIDATES = (("base_rate", "trees"), ("base_rate", "ridge"), ("base_rate", "ridge", "network"))
SLOTS = ["2024-07-10-15:00", "2024-07-11-15:00", "2024-07-17-15:00", "2024-07-24-15:00"]


@pytest.fixture
def span(tmp_path):
    """Spans of these slots, served by three weeks on which other candidates were judged."""
    store = ModelStore(tmp_path)
    for week, candidates in zip(WEEKS, CANDIDATES, strict=True):
        shelve(store, week, *candidates, engines=(DIRECTION,))

    def of(*slots):
        platform = SimpleNamespace(
            store=store,
            keys_of=lambda _: [f"{week}" for week in WEEKS],
            window_of=lambda slot: dg.TimeWindow(
                at(date.fromisoformat(slot[:10]), "15:00"),
                at(date.fromisoformat(slot[:10]), "15:30"),
            ),
        )
        return SimpleNamespace(platform=platform, slots=[*slots])

    return of


@pytest.mark.parametrize(("slots", "expected"), [(SLOTS[:2], 2), (SLOTS[:3], 3), (SLOTS, 4)])
def test_each_candidate_of_the_weeks_that_serve_counts_once(span, slots, expected):
    assert tried(span(*slots)) == expected


def test_candidates_of_the_week_that_stands_in_are_those_that_count(span):
    asked = span(SLOTS[-1])
    before = at(WEEKS[-1], "10:00")
    withdrawn(asked.platform.store, DIRECTION, (WEEKS[2], WEEKS[0]), before, before)
    assert tried(asked) == 2
    later = before + timedelta(days=9)
    withdrawn(asked.platform.store, DIRECTION, (WEEKS[2], WEEKS[1]), later, later)
    assert tried(asked) == 2
