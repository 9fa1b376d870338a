"""What is said of a market that stands still, and where that is not what TA-Lib says."""

import pytest

from aegis_assets.core.indicators import (
    INDICATORS,
    Indicator,
    crossings,
    directional,
    macd,
    momentum,
    trend,
)
from aegis_assets.core.indicators.indicator import wilder_memory
from aegis_assets_tests.core.indicators.real import Bars
from aegis_assets_tests.core.indicators.talib_oracles import ORACLES
from aegis_assets_tests.core.indicators.unmoved import column, unmoved

NAMES = [
    each.name
    for family in (crossings, directional, macd, momentum, trend)
    for each in vars(family).values()
    if isinstance(each, Indicator)
]

AT_REST = {
    "aroon_down_25": 1.0,
    "aroon_up_25": 1.0,
    "cutler_strength_index_14": 0.5,
    "relative_strength_index_7": 0.5,
    "relative_strength_index_14": 0.5,
    "relative_strength_index_21": 0.5,
    "stochastic_d_14_3_3": 0.5,
    "stochastic_k_14_3": 0.5,
    "ultimate_oscillator_7_14_28": 0.5,
    "williams_r_14": -0.5,
}
"""Where a market that never moved has another value than 0."""

NOT_TALIB_S = [name for name, value in AT_REST.items() if abs(value) < 1 and name in ORACLES]


@pytest.mark.parametrize("name", NAMES)
def test_a_market_that_never_moved_has_no_direction(name):
    shown = [each for each in column(unmoved([100.1] * 300), name) if each is not None]

    assert shown == pytest.approx(
        [AT_REST.get(name, 0.0)] * (301 - INDICATORS[name].warmup), abs=1e-12
    )


@pytest.mark.parametrize("name", NOT_TALIB_S)
def test_talib_takes_a_market_that_never_moved_for_one_at_an_extreme(name):
    flat = unmoved([100.1] * 60)
    bars = Bars(*(flat[each].to_numpy() for each in Bars._fields))

    assert ORACLES[name](bars)[-1] == 0.0


@pytest.mark.parametrize(
    ("name", "still"),
    [
        ("ultimate_oscillator_7_14_28", 7),
        ("cutler_strength_index_14", 14),
        ("relative_strength_index_14", wilder_memory(14) - 1),
    ],
)
def test_a_rise_is_forgotten_once_its_memory_stands_still(name, still):
    risen = [100.0 + bar for bar in range(30)]
    shown = column(unmoved(risen + risen[-1:] * 400), name)

    assert shown[29 : 30 + still] == pytest.approx([1.0] * still + [0.5])
    assert set(shown[30 + still :]) == {0.5}
