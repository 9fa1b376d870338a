"""The laws of labels have teeth: a spec broken on purpose fails the law beside it."""

from dataclasses import replace

import polars as pl
import pytest

from aegis_assets.core.indicators.returns import log_return
from aegis_assets.core.indicators.variance import realised_range_volatility
from aegis_assets.core.indicators.volatility import ewma_volatility, realised_volatility
from aegis_assets.core.labels import Label
from aegis_assets.core.labels.paths import (
    band,
    forward_excursion,
    forward_return,
    forward_volatility,
)
from aegis_assets_tests.core.laws import labels as laws
from aegis_assets_tests.core.laws.label_study import LabelStudy


def label(outcome, horizon=5, cuts=(), classes=(), name=None, **others):
    return Label(
        name=name or f"spec_{horizon}",
        horizon=horizon,
        outcome=outcome,
        cuts=cuts,
        classes=classes,
        unit="log return",
        definition="a spec",
        **others,
    )


EDGE = band(ewma_volatility(), 5, 1.0)
INDEX = pl.col("volatility_index")
CALM = INDEX.rolling_median(20) > INDEX
MOVED = forward_return(5).abs() > EDGE

SOUND = label(forward_return(5), cuts=(-EDGE, EDGE), classes=("DOWN", "NEUTRAL", "UP"))
CONDITIONAL = replace(SOUND, cuts=(0.0 * EDGE,), classes=("DOWN", "UP"), asked=CALM, given=MOVED)


@pytest.mark.parametrize("sound", [SOUND, CONDITIONAL], ids=["always", "conditional"])
@pytest.mark.parametrize("law", laws.LAWS, ids=lambda law: law.__name__)
def test_a_sound_label_keeps_every_law(law, sound):
    law(sound, LabelStudy([sound]))


def until_known(horizon, outcome):
    """The outcome, null for the last sessions as an honest one would be."""
    return pl.when(forward_return(horizon).is_not_null()).then(outcome)


TWO = ("BELOW", "ABOVE")
THREE = ("LOW", "MEDIUM", "HIGH")
ABSOLUTE = forward_return(5).abs()
TRAILING = realised_range_volatility(5)


def terciles(of):
    """The terciles of a quantity over the whole sample, known where TRAILING is."""
    return tuple(0.0 * TRAILING + of.quantile(share) for share in (1 / 3, 2 / 3))


BROKEN = {
    "same day": (
        label(until_known(5, (pl.col("close") / pl.col("open")).log())),
        "follows_the_bars_of_its_window",
    ),
    "volatility of today": (
        label(until_known(5, ewma_volatility())),
        "follows_the_bars_of_its_window",
    ),
    "regime of today": (
        label(until_known(5, TRAILING)),
        "follows_the_bars_of_its_window",
    ),
    "deviation over twenty bars of which one is new": (
        label(until_known(1, realised_volatility(20).shift(-1)), horizon=1),
        "ignores_bars_before_its_session",
    ),
    "change of a trailing deviation": (
        label(until_known(5, realised_volatility(20).shift(-5) - realised_volatility(20))),
        "ignores_bars_before_its_session",
    ),
    "today's high within the window": (
        label(until_known(5, (pl.col("high").rolling_max(6).shift(-5) / pl.col("close")).log())),
        "ignores_bars_before_its_session",
    ),
    "whole-sample threshold": (
        label(ABSOLUTE, cuts=(0.0 * pl.col("close") + log_return(1).std(),), classes=TWO),
        "needs_no_later_bar_to_be_asked",
    ),
    "whole-sample median of the outcome": (
        label(ABSOLUTE, cuts=(0.0 * pl.col("close") + ABSOLUTE.median(),), classes=TWO),
        "needs_no_later_bar_to_be_asked",
    ),
    "terciles of the whole sample": (
        label(forward_volatility(5), cuts=terciles(TRAILING), classes=THREE),
        "needs_no_later_bar_to_be_asked",
    ),
    "balanced by the terciles of the outcome": (
        label(forward_volatility(5), cuts=terciles(forward_volatility(5)), classes=THREE),
        "needs_no_later_bar_to_be_asked",
    ),
    "balanced by the rank of the outcome": (
        label(forward_return(5).rank() / forward_return(5).count()),
        "ignores_bars_beyond_its_horizon",
    ),
    "calm by the median of the whole sample": (
        label(ABSOLUTE, asked=INDEX.median() > INDEX),
        "needs_no_later_bar_to_be_asked",
    ),
    "asked with tomorrow's index": (
        label(ABSOLUTE, asked=INDEX.shift(-1) < INDEX),
        "needs_no_later_bar_to_be_asked",
    ),
    "given one session too far": (
        label(forward_return(5), given=forward_return(6).abs() > EDGE),
        "ignores_bars_beyond_its_horizon",
    ),
    "given nothing": (
        label(forward_return(5), given=forward_return(5).is_not_null()),
        "counts_where_it_is_asked_and_given",
    ),
    "band of future volatility": (
        label(ABSOLUTE, cuts=(realised_volatility(20).shift(-5),), classes=TWO),
        "needs_no_later_bar_to_be_asked",
    ),
    "rows instead of sessions": (
        label((pl.col("close").shift(-5) / pl.col("close")).log()),
        "counts_sessions_not_rows",
    ),
    "missing candles skipped": (
        label((pl.col("close").backward_fill().shift(-5) / pl.col("close")).log()),
        "counts_sessions_not_rows",
    ),
    "reads ten, declares five": (
        label(forward_return(10)),
        "ignores_bars_beyond_its_horizon",
    ),
    "reads ten, declares five, null for ten": (
        label(forward_return(10)),
        "is_null_exactly_for_the_last_horizon_sessions",
    ),
    "reads five, declares ten": (
        label(forward_return(5), horizon=10),
        "is_null_exactly_for_the_last_horizon_sessions",
    ),
    "reads five, declares ten, null for ten": (
        label(until_known(10, forward_excursion(5)), horizon=10),
        "follows_the_last_bar_of_its_window",
    ),
    "unknown filled": (
        label(forward_return(5).fill_null(0.0)),
        "is_null_exactly_for_the_last_horizon_sessions",
    ),
    "one class": (
        label(ABSOLUTE, cuts=(pl.col("close"),), classes=TWO),
        "varies",
    ),
    "outcome of two values": (
        label((forward_return(5) > 0).cast(pl.Float64)),
        "varies",
    ),
    "cuts in disorder": (
        label(forward_return(5), cuts=(EDGE, -EDGE), classes=("DOWN", "NEUTRAL", "UP")),
        "has_ascending_cuts",
    ),
    "threshold of an index that is not there": (
        label(
            ABSOLUTE,
            cuts=(pl.col("volatility_index").fill_null(20.0) / 1000,),
            classes=TWO,
        ),
        "is_null_where_its_index_is_missing",
    ),
    "not calm where no index is": (
        label(ABSOLUTE, asked=CALM.fill_null(value=False)),
        "is_null_where_its_index_is_missing",
    ),
    "index carried over a hole": (
        label(ABSOLUTE, cuts=(INDEX.forward_fill() / 1000,), classes=TWO),
        "is_null_where_its_index_is_missing",
    ),
    "cut that is never known": (
        label(ABSOLUTE, cuts=(realised_volatility(1299),), classes=TWO),
        "varies",
    ),
    "cut of more bars than it says": (
        label(ABSOLUTE, cuts=(realised_volatility(100),), classes=TWO),
        "knows_what_it_asks_from_its_warm_up",
    ),
    "calm by more quotes than it says": (
        label(ABSOLUTE, asked=INDEX.rolling_median(252) > INDEX),
        "knows_what_it_asks_from_its_warm_up",
    ),
    "levels of what has classes": (
        replace(SOUND, levels=(0.1, 0.9)),
        "has_ascending_levels_instead_of_cuts",
    ),
    "levels in percent": (
        label(ABSOLUTE, levels=(10, 50, 90)),
        "has_ascending_levels_instead_of_cuts",
    ),
    "a class too few": (
        label(forward_return(5), cuts=(-EDGE, EDGE), classes=TWO),
        "names_a_class_between_cuts",
    ),
    "classes without cuts": (label(forward_return(5), classes=TWO), "names_a_class_between_cuts"),
    "horizon not in the name": (label(forward_return(5), name="return_10"), "is_well_named"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_label_fails_its_law(case):
    broken, law = BROKEN[case]

    with pytest.raises(AssertionError):
        getattr(laws, law)(broken, LabelStudy([broken]))
