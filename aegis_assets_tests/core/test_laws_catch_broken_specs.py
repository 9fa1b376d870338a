"""The laws of indicators have teeth: a spec broken on purpose fails the law beside it."""

import polars as pl
import pytest

from aegis_assets.core.indicators import Indicator, indicator_table
from aegis_assets.core.indicators.returns import log_return
from aegis_assets_tests.core.laws import indicators as laws
from aegis_assets_tests.core.laws.indicators import IndicatorStudy

DAILY = log_return(1)
IMPLIED = pl.col("volatility_index")


VOLUME = pl.col("volume")


def indicator(expr, warmup, name="spec_1", meaning="a spec", source="none", **others):
    return Indicator(
        name=name, expr=expr, warmup=warmup, unit="1", meaning=meaning, source=source, **others
    )


SOUND = indicator(DAILY.rolling_mean(20), 21)


@pytest.mark.parametrize("law", laws.LAWS, ids=lambda law: law.__name__)
def test_a_sound_indicator_keeps_every_law(law):
    law(SOUND, IndicatorStudy([SOUND]))


@pytest.mark.parametrize("law", laws.LAWS, ids=lambda law: law.__name__)
def test_a_sound_flag_and_a_sound_recursion_keep_every_law(law):
    flag = indicator((DAILY > 0.01).cast(pl.Float64), 2, levels=(0.0, 1.0))
    recursion = indicator(DAILY.ewm_mean(alpha=0.06, adjust=False, min_samples=60), 61, memory=400)
    for each in (flag, recursion):
        law(each, IndicatorStudy([each]))


BROKEN = {
    "peek": (indicator(DAILY.shift(-1), 1), "needs_no_later_bar"),
    "peek, future absent": (indicator(DAILY.shift(-1), 1), "ignores_another_future"),
    "centred window": (indicator(DAILY.rolling_mean(5, center=True), 4), "needs_no_later_bar"),
    "whole-sample z-score": (
        indicator((DAILY - DAILY.mean()) / DAILY.std(), 2),
        "needs_no_later_bar",
    ),
    "whole-sample z-score, other future": (
        indicator((DAILY - DAILY.mean()) / DAILY.std(), 2),
        "ignores_another_future",
    ),
    "whole-sample rank": (indicator(DAILY.rank() / DAILY.count(), 2), "needs_no_later_bar"),
    "whole-sample clip": (
        indicator(DAILY.clip(DAILY.quantile(0.01), DAILY.quantile(0.99)), 2),
        "needs_no_later_bar",
    ),
    "back-filled warm-up": (indicator(log_return(5).backward_fill(), 1), "needs_no_later_bar"),
    "back-filled warm-up, declared": (
        indicator(log_return(5).backward_fill(), 6),
        "is_null_exactly_in_warmup",
    ),
    "zero-filled warm-up": (indicator(DAILY.fill_null(0.0), 2), "is_null_exactly_in_warmup"),
    "index carried over": (
        indicator(IMPLIED.forward_fill().log(), 1),
        "is_null_exactly_without_its_index",
    ),
    "index made up": (
        indicator((IMPLIED.fill_null(20.0) / 100).log(), 1),
        "is_null_exactly_without_its_index",
    ),
    "index window longer than the warm-up": (
        indicator((IMPLIED / IMPLIED.shift(9)).log(), 5),
        "is_null_exactly_without_its_index",
    ),
    "mean of what is left of the window": (
        indicator(IMPLIED / IMPLIED.rolling_mean(20, min_samples=1), 1),
        "keeps_its_values_around_a_hole",
    ),
    "warm-up too short": (indicator(DAILY.rolling_mean(20), 20), "is_null_exactly_in_warmup"),
    "warm-up too long": (indicator(DAILY.rolling_mean(20), 22), "is_null_exactly_in_warmup"),
    "price level": (indicator(pl.col("close").rolling_mean(20), 20), "is_free_of_scale"),
    "volume level": (indicator(VOLUME.log(), 1), "is_free_of_scale"),
    "volume made up": (
        indicator(VOLUME.fill_null(1.0) / 2.0, 1),
        "is_null_exactly_without_its_volume",
    ),
    "no volume as a calm one": (
        indicator((VOLUME - VOLUME.shift(1)).fill_null(0.0), 1),
        "is_null_exactly_without_its_volume",
    ),
    "sum since history began": (
        indicator(DAILY.fill_null(0.0).cum_sum(), 1),
        "forgets_its_start",
    ),
    "recursion that is said to settle at once": (
        indicator(DAILY.ewm_mean(alpha=0.06, adjust=False, min_samples=60), 61),
        "forgets_its_start",
    ),
    "recursion that settles after all of history": (
        indicator(DAILY.ewm_mean(alpha=0.06, adjust=False, min_samples=60), 61, memory=5000),
        "forgets_its_start",
    ),
    "price change in points": (indicator(pl.col("close").diff(), 2), "is_free_of_scale"),
    "gap of a stale open as divisor": (
        indicator(DAILY / (pl.col("open") / pl.col("close").shift(1)).log(), 2),
        "is_finite",
    ),
    "constant": (indicator(pl.col("close") / pl.col("close"), 1), "varies"),
    "flag": (indicator((DAILY > 0).cast(pl.Float64), 2), "varies"),
    "flag that is never up": (
        indicator((DAILY > 9).cast(pl.Float64), 2, levels=(0.0, 1.0)),
        "varies",
    ),
    "flag of other levels": (
        indicator((DAILY > 0).cast(pl.Float64), 2, levels=(0.0, 1.0, 2.0)),
        "varies",
    ),
    "capitals": (indicator(DAILY, 2, name="Return_1"), "is_well_named"),
    "window not in the name": (
        indicator(DAILY.rolling_mean(20), 21, name="drift"),
        "is_well_named",
    ),
    "window beyond the warm-up": (indicator(DAILY, 2, name="return_20"), "is_well_named"),
    "no meaning": (indicator(DAILY, 2, meaning=" "), "is_described"),
    "no source": (indicator(DAILY, 2, source=""), "is_described"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_indicator_fails_its_law(case):
    broken, law = BROKEN[case]

    with pytest.raises(AssertionError):
        getattr(laws, law)(broken, IndicatorStudy([broken]))


def one_long_symbol(panel, indicators):
    """The table of someone who forgot ``.over("symbol")``."""
    return panel.select("symbol", "session", *(each.expr.alias(each.name) for each in indicators))


def against_the_neighbour(panel, indicators):
    """The table of someone who compares the symbols of a session."""
    table = indicator_table(panel, indicators)
    names = [each.name for each in indicators]
    return table.with_columns(pl.col(names) - pl.col(names).mean().over("session"))


@pytest.mark.parametrize("table", [one_long_symbol, against_the_neighbour])
def test_a_table_that_mixes_symbols_is_found(table):
    with pytest.raises(AssertionError):
        laws.sees_one_symbol(SOUND, IndicatorStudy([SOUND], table))


def test_two_indicators_of_one_name_are_found():
    with pytest.raises(AssertionError, match="two"):
        laws.is_well_named(SOUND, IndicatorStudy([SOUND] * 2))


def test_every_law_is_broken_by_some_spec():
    by_tables = {"sees_one_symbol"}

    assert {law for _, law in BROKEN.values()} | by_tables == {law.__name__ for law in laws.LAWS}
