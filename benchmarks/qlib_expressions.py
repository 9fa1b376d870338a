"""Fourteen expressions of qlib's Alpha158 and the same quantities as expressions of polars."""

import polars as pl
import polars_talib as plta

from aegis_assets.core.indicators import Indicator

WINDOW = 20
_CLOSE, _VOLUME = pl.col("close"), pl.col("volume")
_BEFORE = _CLOSE.shift(1)


def _slope() -> pl.Expr:
    return plta.linearreg_slope(_CLOSE, WINDOW)


def _line_end() -> pl.Expr:
    """Where the straight line through the window ends."""
    return plta.linearreg(_CLOSE, WINDOW)


def _r_square() -> pl.Expr:
    """Variance of the line over variance of the values."""
    of_bars = (WINDOW**2 - 1) / 12
    return _slope() ** 2 * of_bars / _CLOSE.rolling_var(WINDOW, ddof=0)


def _rank() -> pl.Expr:
    """Place among the values of the window; equal ones share theirs."""
    signs = ((_CLOSE - _CLOSE.shift(bars)).sign() for bars in range(1, WINDOW))
    return (WINDOW + 1 + sum(signs)) / (2 * WINDOW)


def _correlation(first: pl.Expr, second: pl.Expr) -> pl.Expr:
    return plta.correl(first, second, WINDOW)


_EXPRESSIONS: dict[str, pl.Expr] = {
    "Ref($close,5)/$close": _CLOSE.shift(5) / _CLOSE,
    "Mean($close,20)/$close": _CLOSE.rolling_mean(WINDOW) / _CLOSE,
    "Std($close,20)/$close": _CLOSE.rolling_std(WINDOW) / _CLOSE,
    "Slope($close,20)/$close": _slope() / _CLOSE,
    "Rsquare($close,20)": _r_square(),
    "Resi($close,20)/$close": (_CLOSE - _line_end()) / _CLOSE,
    "Max($high,20)/$close": plta.max(pl.col("high"), WINDOW) / _CLOSE,
    "Min($low,20)/$close": plta.min(pl.col("low"), WINDOW) / _CLOSE,
    "Quantile($close,20,0.8)/$close": (
        _CLOSE.rolling_quantile(0.8, "linear", window_size=WINDOW) / _CLOSE
    ),
    "Rank($close,20)": _rank(),
    "Corr($close,Log($volume+1),20)": _correlation(_CLOSE, (_VOLUME + 1).log()),
    "Corr($close/Ref($close,1),Log($volume/Ref($volume,1)+1),20)": _correlation(
        _CLOSE / _BEFORE, (_VOLUME / _VOLUME.shift(1) + 1).log()
    ),
    "EMA($close,20)/$close": _CLOSE.ewm_mean(span=WINDOW, adjust=True) / _CLOSE,
    "Mean($close>Ref($close,1),20)": (_CLOSE > _BEFORE).cast(pl.Float64).rolling_mean(WINDOW),
}

EXPRESSIONS = [
    Indicator(name=name, expr=expr, warmup=WINDOW + 1, unit="1", meaning=name, source="qlib")
    for name, expr in _EXPRESSIONS.items()
]
"""Named as qlib writes them."""
