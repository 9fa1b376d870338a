"""Bands around the close: how wide they are, where in them it stands, when it leaves them."""

import polars as pl
import polars_talib as ta

from aegis_assets.core.indicators.indicator import Indicator, after_warmup, ema_memory

_HIGH, _LOW, _CLOSE = (pl.col(name) for name in ("high", "low", "close"))
_WIDTH = 2.0
_KELTNER_RANGE = 10

Bands = tuple[pl.Expr, pl.Expr, pl.Expr]


def bollinger(window: int) -> Bands:
    """Upper, middle and lower: the mean of `window` closes, and 2 population deviations from it.

    References
    ----------
    Bollinger (2001), "Bollinger on Bollinger Bands", McGraw-Hill.
    """
    return _lines(ta.bbands(_CLOSE, window, _WIDTH, _WIDTH))


def keltner(window: int) -> Bands:
    """Upper, middle and lower: an average of `window` typical prices, and 2 average ranges from it.

    The middle is the exponential average of (high + low + close) / 3, the range is Wilder's average
    true range of 10 bars.  Others take the close for the middle, or `window` bars for the range;
    this is TA-Lib's definition.

    References
    ----------
    Keltner (1960), "How To Make Money in Commodities", Keltner Statistical Service.
    """
    return _lines(ta.kc(_HIGH, _LOW, _CLOSE, window, _KELTNER_RANGE, _WIDTH))


def _lines(bands: pl.Expr) -> Bands:
    upper, middle, lower = (
        after_warmup(bands.struct.field(f"{name}band")) for name in ("upper", "middle", "lower")
    )
    return upper, middle, lower


def width(bands: Bands) -> pl.Expr:
    """Upper less lower band, as a fraction of the middle."""
    upper, middle, lower = bands
    return (upper - lower) / middle


def position(bands: Bands) -> pl.Expr:
    """Place of the close: 0 on the lower band, 1 on the upper one, beyond them outside.

    One half where the bands have no width.
    """
    upper, _, lower = bands
    return pl.when(upper == lower).then(0.5).otherwise((_CLOSE - lower) / (upper - lower))


def donchian(window: int) -> Bands:
    """Highest high, middle and lowest low of `window` bars, the current one included.

    References
    ----------
    Donchian's four-week rule, in Kaufman (2013), "Trading Systems and Methods", 5th edition,
    Wiley.
    """
    upper, lower = _HIGH.rolling_max(window), _LOW.rolling_min(window)
    return upper, (upper + lower) / 2, lower


def leaves_above(bands: Bands) -> pl.Expr:
    """1 where the close is above the upper band and the close before was not, else 0.

    Each close is compared with the band of its own bar.  Bands without width are not left: only
    rounding could.
    """
    upper, _, lower = bands
    return _beginning((upper < _CLOSE) & (lower < upper))


def leaves_below(bands: Bands) -> pl.Expr:
    """1 where the close is below the lower band and the close before was not, else 0."""
    upper, _, lower = bands
    return _beginning((lower > _CLOSE) & (lower < upper))


def _beginning(state: pl.Expr) -> pl.Expr:
    """1 at the first bar of the state, else 0; null where this bar or the one before is unknown."""
    now = state.cast(pl.Float64)
    return now * (1.0 - now.shift(1))


_POSITION_UNIT = "1, 0 at the lower band and 1 at the upper"
_BOLLINGER = 'Bollinger (2001), "Bollinger on Bollinger Bands", McGraw-Hill; TA-Lib BBANDS'
_KELTNER = (
    'Keltner (1960), "How To Make Money in Commodities", Keltner Statistical Service; TA-Lib KC'
)
_DONCHIAN = (
    'Donchian\'s four-week rule, in Kaufman (2013), "Trading Systems and Methods", 5th edition,'
    " Wiley"
)

BOLLINGER_WIDTH_20 = Indicator(
    name="bollinger_width_20",
    expr=width(bollinger(20)),
    warmup=20,
    unit="fraction of the mean of 20 closes",
    meaning="upper less lower Bollinger band of 20 bars over the middle one",
    source=_BOLLINGER,
)

BOLLINGER_POSITION_20 = Indicator(
    name="bollinger_position_20",
    expr=position(bollinger(20)),
    warmup=20,
    unit=_POSITION_UNIT,
    meaning="place of the close in the Bollinger bands of 20 bars, in [-0.59, 1.59]: 1/2 plus a "
    "quarter of its z-score among 20 closes",
    source=_BOLLINGER,
)

CLOSE_ABOVE_BOLLINGER_20, CLOSE_BELOW_BOLLINGER_20 = (
    Indicator(
        name=f"close_{side}_bollinger_20",
        expr=leaves(bollinger(20)),
        warmup=21,
        unit="0 or 1",
        meaning=f"1 where the close leaves the Bollinger bands of 20 bars {side} at this bar",
        source=_BOLLINGER,
        levels=(0.0, 1.0),
    )
    for side, leaves in (("above", leaves_above), ("below", leaves_below))
)

KELTNER_WIDTH_20 = Indicator(
    name="keltner_width_20",
    expr=width(keltner(20)),
    warmup=20,
    unit="fraction of the average of 20 typical prices",
    meaning="four average true ranges of 10 bars over the middle of the Keltner channel of 20",
    source=_KELTNER,
    memory=ema_memory(20),
)

KELTNER_POSITION_20 = Indicator(
    name="keltner_position_20",
    expr=position(keltner(20)),
    warmup=20,
    unit=_POSITION_UNIT,
    meaning="place of the close in the Keltner channel of 20 bars, ranges of 10",
    source=_KELTNER,
    memory=ema_memory(20),
)

DONCHIAN_WIDTH_20 = Indicator(
    name="donchian_width_20",
    expr=(donchian(20)[0] / donchian(20)[2]).log(),
    warmup=20,
    unit="log return",
    meaning="log of the highest high over the lowest low of 20 bars",
    source=_DONCHIAN,
)

DONCHIAN_POSITION_20, DONCHIAN_POSITION_50 = (
    Indicator(
        name=f"donchian_position_{window}",
        expr=position(donchian(window)),
        warmup=window,
        unit="1, in [0, 1]",
        meaning=f"place of the close in the high-low range of {window} bars: a stochastic of them",
        source=_DONCHIAN,
    )
    for window in (20, 50)
)
