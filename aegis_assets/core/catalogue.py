"""Every indicator in words, as docs/indicators.md prints it: from the registry and nothing else."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain

from aegis_assets.core.engines import ENGINES
from aegis_assets.core.engines.columns import ORIGINALS
from aegis_assets.core.indicators import FAMILIES, INDICATORS, Family, Indicator

_INTRODUCTION = """\
# Indicators

Made by `aegis indicators > docs/indicators.md` from the registry; a test compares the two.

{count} indicators, each an expression over one symbol's candles. The laws of
`aegis_assets_tests/core/laws/indicators.py` hold for every one of them:

- The value at the close of a session needs no later bar, to the last bit.
- It is **free of scale**: prices ten times as high, or volume in other units, change nothing. A
  level such as an average or a band is therefore told as a distance from it.
- It is null for `first - 1` bars and never afterwards, except without what it reads: `index` marks
  what needs the volatility index, `volume` what needs traded volume. It is never NaN or infinite.
  A feature that is null for want of the index leaves no session out: trees take it as missing.
- Where history begins is forgotten, to a billionth, once `settled` bars are there. `first` and
  `settled` differ for recursions only.

A **bar** is a candle of a session. Returns are logarithmic unless said otherwise; shares and ratios
are fractions. Nothing is annualised: a volatility is per session; × √252 makes it that of a year.
"""

_SECOND_SYSTEM = """\
## The list of the 26-symbol system

It asks for 77 columns and repeats each one normalised over all of history, which looks ahead. Here
each stands once. Breadth is left out: it counts over many symbols, and an indicator sees one."""

_OLD_TABLES = """\
## The tables that came before

The columns of the first system's tables, and what says the same here. A rolling standard deviation
was of simple returns there and is of logarithmic ones here. `Volume` has no counterpart: an index
is not traded, and what is quoted for it is its members' volume, on some days, or zero."""

SECOND_SYSTEM: Mapping[str, tuple[str, ...]] = {
    "sma_20, sma_50, sma_200": ("sma_gap_20", "sma_gap_50", "sma_gap_200"),
    "ema_12, ema_26": ("ema_gap_12", "ema_gap_26"),
    "macd, macd_signal, macd_histogram": (
        "macd_line_12_26",
        "macd_signal_12_26_9",
        "macd_histogram_12_26_9",
    ),
    "adx_14": ("average_directional_index_14",),
    "price_vs_sma20": ("sma_gap_20",),
    "golden_cross, death_cross": ("golden_cross_50_200", "death_cross_50_200"),
    "rsi_14": ("relative_strength_index_14",),
    "roc_5, roc_20": ("rate_of_change_5", "rate_of_change_20"),
    "stoch_k, stoch_d": ("stochastic_k_14_3", "stochastic_d_14_3_3"),
    "williams_r_14": ("williams_r_14",),
    "cci_20": ("commodity_channel_index_20",),
    "mfi_14": ("money_flow_index_14",),
    "atr_14": ("normalised_average_true_range_14",),
    "bb_middle": ("sma_gap_20",),
    "bb_upper, bb_lower": ("bollinger_position_20",),
    "bb_width": ("bollinger_width_20",),
    "hist_vol_20, hist_vol_60": ("realised_volatility_20", "realised_volatility_60"),
    "vwap": ("vwap_distance_20",),
    "obv": ("on_balance_volume_20",),
    "volume_roc_10": ("volume_rate_of_change_10",),
    "ad_line": ("accumulation_distribution_z_score_20",),
    "cmf_20": ("chaikin_money_flow_20",),
    "doji, hammer, shooting_star": ("doji", "hammer", "shooting_star"),
    "engulfing_bullish, engulfing_bearish": ("engulfing_bullish", "engulfing_bearish"),
    "morning_star, evening_star": ("morning_star", "evening_star"),
    "distance_to_resistance, distance_to_support": (
        "distance_to_resistance_20",
        "distance_to_support_20",
    ),
    "support_resistance_ratio": ("support_resistance_ratio_20",),
    "fib_236, fib_382, fib_500, fib_618": ("donchian_position_50", "nearest_fibonacci_50"),
    "return_1d, return_5d, return_10d, return_20d": (
        "log_return_1",
        "log_return_5",
        "log_return_10",
        "log_return_20",
    ),
    "high_low_ratio": ("log_range_1",),
    "close_position": ("close_location",),
    "gap": ("gap_1",),
    "rsi_14_slope_5, rsi_14_slope_10": (
        "relative_strength_slope_14_5",
        "relative_strength_slope_14_10",
    ),
    "macd_slope_5, macd_slope_10": ("macd_slope_5", "macd_slope_10"),
    "stoch_k_slope_5, stoch_k_slope_10": ("stochastic_slope_14_3_5", "stochastic_slope_14_3_10"),
    "cci_20_slope_5, cci_20_slope_10": (
        "commodity_channel_slope_20_5",
        "commodity_channel_slope_20_10",
    ),
    "rsi_14_rising_5, rsi_14_rising_10, macd_rising_5, macd_rising_10, stoch_k_rising_5, "
    "stoch_k_rising_10, cci_20_rising_5, cci_20_rising_10": (
        "relative_strength_slope_14_5",
        "relative_strength_slope_14_10",
        "macd_slope_5",
        "macd_slope_10",
        "stochastic_slope_14_3_5",
        "stochastic_slope_14_3_10",
        "commodity_channel_slope_20_5",
        "commodity_channel_slope_20_10",
    ),
    "macd_cross_above, macd_cross_below": (
        "macd_cross_above_12_26_9",
        "macd_cross_below_12_26_9",
    ),
    "stoch_cross_above, stoch_cross_below": (
        "stochastic_cross_above_14_3_3",
        "stochastic_cross_below_14_3_3",
    ),
    "rsi_cross_above_30, rsi_cross_below_70": ("oversold_exit_14", "overbought_exit_14"),
    "price_cross_bb_upper, price_cross_bb_lower": (
        "close_above_bollinger_20",
        "close_below_bollinger_20",
    ),
}
"""Its columns, several to a line, and the indicators that say the same; "rising" is a sign."""


def catalogue(alike: Iterable[Sequence[str]]) -> str:
    """The page: a table per family, then where older columns went, then what repeats what.

    `alike` are groups of indicators whose values rank nearly the same on some history.
    """
    parts = [
        _INTRODUCTION.format(count=len(INDICATORS)),
        *map(_section, FAMILIES),
        _old_tables(),
        _second_system(),
        _repetitions(alike),
    ]
    return "\n".join(parts)


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join(f"| {' | '.join(each)} |\n" for each in lines)


def _section(family: Family) -> str:
    heads = (
        "indicator",
        "what it is",
        "unit",
        "first",
        "settled",
        "reads",
        "in the table of",
        "source",
    )
    title = family.name.replace("_", " ").capitalize()
    return f"## {title}\n\n{family.about}\n\n{_table(heads, map(_line, family.indicators))}"


def _line(each: Indicator) -> list[str]:
    special = {"volatility_index": "**index**", "volume": "**volume**"}
    return [
        f"`{each.name}`",
        each.meaning,
        each.unit if not each.levels else f"{each.unit} ({_levels(each)})",
        str(each.warmup),
        str(each.settled),
        ", ".join(special.get(name, name) for name in sorted(each.reads)),
        ", ".join(engine.name for engine in ENGINES if each in engine.features),
        each.source,
    ]


def _levels(each: Indicator) -> str:
    first, *_, last = each.levels
    told = f"{first:g} or {last:g}"
    return told if len(each.levels) == 2 else f"{len(each.levels)} levels, {first:g} to {last:g}"  # noqa: PLR2004 - a flag


def _named(indicators: Iterable[str]) -> str:
    return ", ".join(f"`{each}`" for each in indicators) or "left out"


def _old_tables() -> str:
    users: dict[str, list[str]] = {}
    became: dict[str, str] = {}
    for engine, groups in ORIGINALS.items():
        for name, found in chain.from_iterable(group.items() for group in groups):
            users.setdefault(name, []).append(engine)
            became[name] = _named(each.name for each in found)
    rows = [(f"`{name}`", became[name], ", ".join(users[name])) for name in became]
    return f"{_OLD_TABLES}\n\n{_table(('column', 'here', 'table'), rows)}"


def _second_system() -> str:
    rows = [(names, _named(found)) for names, found in SECOND_SYSTEM.items()]
    return f"{_SECOND_SYSTEM}\n\n{_table(('columns', 'here'), rows)}"


def _repetitions(alike: Iterable[Sequence[str]]) -> str:
    lines = [f"- {_named(group)}\n" for group in alike]
    return (
        "## What says nearly the same\n\n"
        "Groups whose ranks correlate by .95 and more on average, up or down, on the embedded\n"
        "sample (S&P 500, volume as quoted), where all of them are known. A set of features needs\n"
        "one of each.\n\n" + "".join(lines)
    )
