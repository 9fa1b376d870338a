"""Indicators that TA-Lib has are TA-Lib's, on real candles, to a billionth."""

import pytest

from aegis_assets.core.indicators import INDICATORS
from aegis_assets_tests.core.indicators.real import disagreement, equities, sample
from aegis_assets_tests.core.indicators.talib_oracles import ORACLES

BILLIONTH = 1e-9

every_oracle = pytest.mark.parametrize("name", ORACLES)


@every_oracle
def test_an_indicator_is_that_of_talib_on_the_sample(name):
    assert disagreement(INDICATORS[name], ORACLES[name], sample()) < BILLIONTH


@every_oracle
def test_an_indicator_is_that_of_talib_on_us_equities(name, market_data):
    assert disagreement(INDICATORS[name], ORACLES[name], equities(market_data)) < BILLIONTH


def test_whatever_is_computed_by_talib_is_compared_with_it():
    computed = {
        name for name, each in INDICATORS.items() if b"_polars_talib" in each.expr.meta.serialize()
    }

    assert computed <= {*ORACLES}
    assert len(ORACLES) >= 40
