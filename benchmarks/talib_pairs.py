"""Functions of TA-Lib as Aegis calls them, as expressions, and as its own package calls them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
import polars_talib as plta
import talib
from numpy.typing import NDArray

Column = NDArray[np.float64]
Bars = Mapping[str, Column]


@dataclass(frozen=True)
class Pair:
    """The same function of the same columns, twice; one of its outputs where it has several."""

    name: str
    expr: pl.Expr
    bare: Callable[[Bars], Column]


_O, _H, _L, _C, _V = (pl.col(name) for name in ("open", "high", "low", "close", "volume"))


def _close(name: str, function: Callable[..., Column], expr: pl.Expr, *numbers: float) -> Pair:
    """A function of the close alone."""
    return Pair(name, expr, lambda bars: function(bars["close"], *numbers))


def _range(name: str, function: Callable[..., Column], expr: pl.Expr, *numbers: int) -> Pair:
    """A function of high, low and close."""
    return Pair(
        name, expr, lambda bars: function(bars["high"], bars["low"], bars["close"], *numbers)
    )


PAIRS = (
    _close("SMA 20", talib.SMA, plta.sma(_C, 20), 20),
    _close("EMA 20", talib.EMA, plta.ema(_C, 20), 20),
    _close("RSI 14", talib.RSI, plta.rsi(_C, 14), 14),
    _close("ROC 10", talib.ROC, plta.roc(_C, 10), 10),
    _close("TRIX 15", talib.TRIX, plta.trix(_C, 15), 15),
    _close("LINEARREG_SLOPE 20", talib.LINEARREG_SLOPE, plta.linearreg_slope(_C, 20), 20),
    _close("STDDEV 20", talib.STDDEV, plta.stddev(_C, 20, 1.0), 20, 1.0),
    Pair(
        "MACD 12 26 9",
        plta.macd(_C, 12, 26, 9).struct.field("macdhist"),
        lambda bars: talib.MACD(bars["close"], 12, 26, 9)[2],
    ),
    Pair(
        "BBANDS 20",
        plta.bbands(_C, 20, 2.0, 2.0, 0).struct.field("upperband"),
        lambda bars: talib.BBANDS(bars["close"], 20, 2.0, 2.0, 0)[0],
    ),
    _range("ATR 14", talib.ATR, plta.atr(_H, _L, _C, 14), 14),
    _range("NATR 14", talib.NATR, plta.natr(_H, _L, _C, 14), 14),
    _range("ADX 14", talib.ADX, plta.adx(_H, _L, _C, 14), 14),
    _range("PLUS_DI 14", talib.PLUS_DI, plta.plus_di(_H, _L, _C, 14), 14),
    _range("CCI 20", talib.CCI, plta.cci(_H, _L, _C, 20), 20),
    _range("WILLR 14", talib.WILLR, plta.willr(_H, _L, _C, 14), 14),
    _range("ULTOSC 7 14 28", talib.ULTOSC, plta.ultosc(_H, _L, _C, 7, 14, 28), 7, 14, 28),
    Pair(
        "STOCH 14 3 3",
        plta.stoch(_H, _L, _C, 14, 3, 0, 3, 0).struct.field("slowd"),
        lambda bars: talib.STOCH(bars["high"], bars["low"], bars["close"], 14, 3, 0, 3, 0)[1],
    ),
    Pair(
        "AROON 25",
        plta.aroon(_H, _L, 25).struct.field("aroonup"),
        lambda bars: talib.AROON(bars["high"], bars["low"], 25)[1],
    ),
    Pair(
        "MFI 14",
        plta.mfi(_H, _L, _C, _V, 14),
        lambda bars: talib.MFI(*_traded(bars), 14),
    ),
    Pair("OBV", plta.obv(_C, _V), lambda bars: talib.OBV(bars["close"], bars["volume"])),
    Pair(
        "ADOSC 3 10",
        plta.adosc(_H, _L, _C, _V, 3, 10),
        lambda bars: talib.ADOSC(*_traded(bars), 3, 10),
    ),
    Pair(
        "CDLENGULFING",
        plta.cdlengulfing(_O, _H, _L, _C),
        lambda bars: talib.CDLENGULFING(bars["open"], bars["high"], bars["low"], bars["close"]),
    ),
)


def _traded(bars: Bars) -> list[Column]:
    return [bars[name] for name in ("high", "low", "close", "volume")]
