"""Every registered indicator keeps every law; recursions agree with naive loops."""

import math
import sys
from datetime import date
from itertools import pairwise

import polars as pl
import pytest

from aegis_assets.core import indicators
from aegis_assets.core.indicators import INDICATORS, Indicator, indicator_table
from aegis_assets.core.indicators.variance import session_variance
from aegis_assets.core.indicators.volatility_index import implied_volatility
from aegis_assets_tests.core.laws.indicators import LAWS
from aegis_assets_tests.core.laws.tables import assert_near, printed, unregistered

pytestmark = pytest.mark.xdist_group("indicators")  # one process computes the study


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
@pytest.mark.parametrize("name", INDICATORS)
def test_every_indicator(law, name, indicator_study):
    law(INDICATORS[name], indicator_study)


def test_every_file_of_indicators_is_registered():
    assert unregistered(indicators, Indicator, INDICATORS, besides={"indicator"}) == []


def test_a_file_of_indicators_without_its_line_is_found(tmp_path, monkeypatch):
    (tmp_path / "stray.py").write_text(
        "from aegis_assets.core.indicators.trend import *\n"
        "STRAY = Indicator('stray_2', ema_gap(2), 2, 'log return', 'a stray', 'nobody')\n"
    )
    monkeypatch.setattr(indicators, "__path__", [*indicators.__path__, str(tmp_path)])
    monkeypatch.setattr(indicators, "stray", None, raising=False)
    monkeypatch.setitem(sys.modules, "aegis_assets.core.indicators.stray", None)
    del sys.modules["aegis_assets.core.indicators.stray"]

    assert unregistered(indicators, Indicator, INDICATORS, besides={"indicator"}) == ["stray"]


def test_the_registry_calls_each_indicator_by_its_name():
    assert [*INDICATORS] == [each.name for each in INDICATORS.values()]


def test_the_table_has_a_row_per_symbol_and_session_sorted(panel):
    shuffled = panel.sample(fraction=1.0, shuffle=True, seed=3)
    table = indicator_table(shuffled, [INDICATORS["log_return_1"]])

    assert table.columns == ["symbol", "session", "log_return_1"]
    assert table.equals(indicator_table(panel, [INDICATORS["log_return_1"]]))
    assert table.select("symbol", "session").equals(panel.select("symbol", "session"))


DIGEST = """
from aegis_assets.core.evaluation.dataset import data_version
from aegis_assets.core.indicators import INDICATORS, indicator_table
from aegis_assets_tests.core import synthetic
print(data_version(indicator_table(synthetic.panel(), [*INDICATORS.values()])))
"""


def test_the_table_has_the_same_bits_with_one_thread_and_with_several():
    one, two, five = (printed(DIGEST, threads) for threads in (1, 2, 5))

    assert len(one) == 64
    assert one == two == five


def closes(panel):
    return panel.filter(pl.col("symbol") == "ALPHA")["close"].to_list()


def column(study, name):
    return study.late.filter(pl.col("symbol") == "ALPHA")[name].to_list()


def with_warmup(values, warmup):
    return [None] * (warmup - 1) + values[warmup - 1 :]


def test_ewma_volatility_is_the_riskmetrics_recursion(panel, indicator_study):
    variance, volatilities = None, [None]
    for before, close in pairwise(closes(panel)):
        squared = math.log(close / before) ** 2
        variance = squared if variance is None else 0.94 * variance + 0.06 * squared
        volatilities.append(math.sqrt(variance))

    assert_near(
        column(indicator_study, "ewma_volatility"), with_warmup(volatilities, 61), rel=1e-10
    )


def bars(**columns):
    count = len(next(iter(columns.values())))
    days = pl.date_range(date(2018, 1, 1), date(2018, 1, count), eager=True)
    return pl.DataFrame({"symbol": ["ALPHA"] * count, "session": days, **columns})


def test_the_variance_of_a_session_counts_the_close_before():
    tiny = bars(
        high=[101.0, 110.0, 104.0, 100.0], low=[99.0, 105.0, 100.0, 100.0], close=[100.0] * 4
    )

    # Ranges by hand: 110 / 100 (a gap up), 104 / 100, then no move at all, which is floored.
    assert_near(
        tiny.select(session_variance()).to_series().to_list(),
        [None, math.log(1.10) ** 2 / 2.772589, math.log(1.04) ** 2 / 2.772589, 1e-8],
        rel=1e-6,
    )


def test_an_index_of_15_87_percent_a_year_implies_one_percent_a_session():
    tiny = bars(volatility_index=[15.874507866, None, 31.749015733])

    assert_near(
        tiny.select(implied_volatility()).to_series().to_list(), [0.01, None, 0.02], rel=1e-9
    )
