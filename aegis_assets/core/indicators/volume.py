"""Traded volume: how much of it, on which side of the close, and what it moved.

Goes in: volume as quoted, in any unit.  Null wherever none of the window was traded, or where a
bar of the window has none quoted; a bar that quotes zero is a bar without trade.  Two differ: the
rate of change reads the first and the last bar of its window, and is null where either is without
trade; Amihud's illiquidity skips bars without trade or quote, and is null where they are too many.
"""

import polars as pl
import polars_talib as ta

from aegis_assets.core.indicators.indicator import VOLUME, Indicator, after_warmup, ema_memory
from aegis_assets.core.indicators.returns import log_return

_HIGH, _LOW, _CLOSE = (pl.col(name) for name in ("high", "low", "close"))
_VOLUME = pl.col(VOLUME)
_TYPICAL = (_HIGH + _LOW + _CLOSE) / 3
_FLOOR = 1e-6


def _where_traded(window: int, value: pl.Expr) -> pl.Expr:
    """The value where the volume of all `window` bars is quoted and some of it is not zero."""
    return pl.when(_VOLUME.rolling_max(window) > 0.0).then(value)


def _quoted() -> pl.Expr:
    """Volume for TA-Lib, which never recovers from a null: `_where_traded` hides what read one."""
    return _VOLUME.fill_null(0.0)


def on_balance_volume(window: int) -> pl.Expr:
    """Volume of bars that rose less that of bars that fell, over all volume of `window` bars.

    The change over `window` bars of on-balance volume, freed of its unit.

    References
    ----------
    Granville (1963), "Granville's New Key to Stock Market Profits", Prentice-Hall.
    """
    signed = _CLOSE.diff().sign() * _VOLUME
    return _where_traded(window, signed.rolling_sum(window) / _VOLUME.rolling_sum(window))


def volume_ratio(window: int) -> pl.Expr:
    """Volume over its mean of `window` bars, the current one included: 0 on a bar without trade.

    References
    ----------
    Gervais, Kaniel and Mingelgrin (2001), "The High-Volume Return Premium", Journal of
    Finance 56(3).
    """
    return _where_traded(window, _VOLUME / _VOLUME.rolling_mean(window))


def volume_rate_of_change(window: int) -> pl.Expr:
    """Log of the volume over that of `window` bars before; null where either is zero."""
    before = _VOLUME.shift(window)
    return pl.when((_VOLUME > 0.0) & (before > 0.0)).then((_VOLUME / before).log())


def vwap_distance(window: int) -> pl.Expr:
    """Log of the close over the mean typical price of `window` bars, weighted by volume.

    References
    ----------
    Berkowitz, Logue and Noser (1988), "The Total Cost of Transactions on the NYSE", Journal of
    Finance 43(1).
    """
    average = (_TYPICAL * _VOLUME).rolling_sum(window) / _VOLUME.rolling_sum(window)
    return _where_traded(window, (_CLOSE / average).log())


def chaikin_money_flow(window: int) -> pl.Expr:
    r"""Volume weighted by where in its range each bar closed, over all volume of `window` bars.

    .. math:: \frac{\sum V \, ((C - L) - (H - C)) / (H - L)}{\sum V}

    A bar without range weighs its volume by 0.

    References
    ----------
    Chaikin, in Achelis (2000), "Technical Analysis from A to Z", 2nd edition, McGraw-Hill.
    """
    flow = ta.cmf(_HIGH, _LOW, _CLOSE, _quoted(), window)
    return _where_traded(window, after_warmup(flow))


def accumulation_distribution_z_score(window: int) -> pl.Expr:
    """Place of the accumulation/distribution line among its last `window` values.

    Its distance from their mean in sample standard deviations; 0 where the line was level.
    Money flow sums what volume did in a window, alike for each bar; this says whether the line
    stands high or low for its own late path, so its last bars weigh most.

    References
    ----------
    Chaikin, in Achelis (2000), "Technical Analysis from A to Z", 2nd edition, McGraw-Hill.
    """
    line = after_warmup(ta.ad(_HIGH, _LOW, _CLOSE, _quoted()))
    level = line.rolling_max(window) == line.rolling_min(window)
    score = (line - line.rolling_mean(window)) / line.rolling_std(window)
    return _where_traded(window, pl.when(level).then(0.0).otherwise(score))


def chaikin_oscillator(fast: int, slow: int, window: int) -> pl.Expr:
    """Fast less slow exponential average of the accumulation/distribution line, over mean volume.

    The mean is of `window` bars.  Both averages start at the line's first value.

    References
    ----------
    Chaikin, in Achelis (2000), "Technical Analysis from A to Z", 2nd edition, McGraw-Hill.
    """
    swing = after_warmup(ta.adosc(_HIGH, _LOW, _CLOSE, _quoted(), fast, slow))
    return _where_traded(window, swing / _VOLUME.rolling_mean(window))


def money_flow_index(window: int) -> pl.Expr:
    """Typical price times volume of bars whose typical price rose, over that of all that moved.

    Reads `window` volumes and ``window + 1`` prices; 0.5, where TA-Lib says 0, if no typical price
    moved on a bar that was traded.

    References
    ----------
    Quong and Soudack (1989), "Volume-Weighted RSI: Money Flow", Technical Analysis of Stocks &
    Commodities 7(3).
    """
    still = (_TYPICAL.diff().abs() * _VOLUME).rolling_max(window) == 0.0
    index = after_warmup(ta.mfi(_HIGH, _LOW, _CLOSE, _quoted(), window)) / 100
    return _where_traded(window, pl.when(still).then(0.5).otherwise(index))


def amihud_illiquidity(short: int, long: int) -> pl.Expr:
    r"""Log of how far a unit of turnover moved the close of late, against the past year.

    .. math:: \ln \frac{\overline{|r| / (C V)}_{short}}{\overline{|r| / (C V)}_{long}}

    The means are over the bars that were traded, as Amihud's are; null where fewer than half of
    the `short` or of the `long` ones were.  The ratio has a floor of 1e-6, met where no close of
    the `short` ones moved.

    References
    ----------
    Amihud (2002), "Illiquidity and Stock Returns: Cross-Section and Time-Series Effects", Journal
    of Financial Markets 5(1).
    """
    turnover = pl.when(_VOLUME > 0.0).then(_CLOSE * _VOLUME)
    impact = log_return(1).abs() / turnover
    late, year = (impact.rolling_mean(each, min_samples=each // 2) for each in (short, long))
    ratio = pl.when((late == 0.0) & year.is_not_null()).then(0.0).otherwise(late / year)
    return pl.when(log_return(long).is_not_null()).then(ratio.clip(lower_bound=_FLOOR).log())


_OF_VOLUME = "fraction of the volume"
_CHAIKIN = 'Chaikin, in Achelis (2000), "Technical Analysis from A to Z", 2nd edition, McGraw-Hill'

ON_BALANCE_VOLUME_20 = Indicator(
    name="on_balance_volume_20",
    expr=on_balance_volume(20),
    warmup=21,
    unit=f"{_OF_VOLUME}, in [-1, 1]",
    meaning="change of on-balance volume over 20 bars, over their volume",
    source='Granville (1963), "Granville\'s New Key to Stock Market Profits", Prentice-Hall',
)

VOLUME_RATIO_20 = Indicator(
    name="volume_ratio_20",
    expr=volume_ratio(20),
    warmup=20,
    unit="1, in [0, 20]",
    meaning="volume over its mean of 20 bars, the current one included",
    source='Gervais, Kaniel and Mingelgrin (2001), "The High-Volume Return Premium", Journal of'
    " Finance 56(3)",
)

VOLUME_RATE_OF_CHANGE_10 = Indicator(
    name="volume_rate_of_change_10",
    expr=volume_rate_of_change(10),
    warmup=11,
    unit="log change",
    meaning="log of the volume over that of 10 bars before",
    source='Achelis (2000), "Technical Analysis from A to Z", 2nd edition, McGraw-Hill, as a log',
)

VWAP_DISTANCE_20 = Indicator(
    name="vwap_distance_20",
    expr=vwap_distance(20),
    warmup=20,
    unit="log return",
    meaning="log of the close over the volume-weighted mean typical price of 20 bars",
    source='Berkowitz, Logue and Noser (1988), "The Total Cost of Transactions on the NYSE",'
    " Journal of Finance 43(1)",
)

CHAIKIN_MONEY_FLOW_20 = Indicator(
    name="chaikin_money_flow_20",
    expr=chaikin_money_flow(20),
    warmup=20,
    unit=f"{_OF_VOLUME}, in [-1, 1]",
    meaning="volume of 20 bars weighted by where in its range each closed, over their volume",
    source=f"{_CHAIKIN}; TA-Lib CMF",
)

ACCUMULATION_DISTRIBUTION_Z_SCORE_20 = Indicator(
    name="accumulation_distribution_z_score_20",
    expr=accumulation_distribution_z_score(20),
    warmup=20,
    unit="standard deviations, in [-4.25, 4.25]",
    meaning="place of the accumulation/distribution line among its last 20 values",
    source=f"{_CHAIKIN}; TA-Lib AD",
)

CHAIKIN_OSCILLATOR_3_10 = Indicator(
    name="chaikin_oscillator_3_10",
    expr=chaikin_oscillator(3, 10, 20),
    warmup=20,
    unit="mean volumes of 20 bars",
    meaning="average of 3 bars of the accumulation/distribution line less that of 10 bars, over the"
    " mean volume of 20 bars",
    source=f"{_CHAIKIN}; TA-Lib ADOSC",
    memory=20 + ema_memory(10),
)

MONEY_FLOW_INDEX_14 = Indicator(
    name="money_flow_index_14",
    expr=money_flow_index(14),
    warmup=15,
    unit="1, in [0, 1]",
    meaning="turnover of bars whose typical price rose, over that of all that moved, of 14 bars",
    source='Quong and Soudack (1989), "Volume-Weighted RSI: Money Flow", Technical Analysis of'
    " Stocks & Commodities 7(3); TA-Lib MFI",
)

AMIHUD_ILLIQUIDITY_20_252 = Indicator(
    name="amihud_illiquidity_20_252",
    expr=amihud_illiquidity(20, 252),
    warmup=253,
    unit="log ratio",
    meaning="log of the mean absolute log return per turnover of 20 bars over that of 252, of those"
    " traded: at least half of either",
    source='Amihud (2002), "Illiquidity and Stock Returns: Cross-Section and Time-Series Effects",'
    " Journal of Financial Markets 5(1)",
)
