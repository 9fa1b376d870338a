"""The laws that bars keep, by instrument class: prices of any bar, then those of a session's.

Goes in: bars with `instrument_class` beside them.  Stays out: what becomes of the bars.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from aegis_assets.core.errors import DataError
from aegis_assets.core.universe import Instrument, InstrumentClass

_TOLERANCE = 1e-6
_LARGEST_MOVE = math.log(1.5 * (1 + _TOLERANCE))

GENUINE_MOVES: tuple[tuple[str, date, str], ...] = (
    ("AAPL", date(2000, 9, 29), "-52 % on a warning of lower earnings"),
    ("NVDA", date(2004, 8, 6), "-35 % on the results of the second quarter"),
)
"""Symbol, session and cause of moves that look like an unadjusted split and are none."""

_class = pl.col("instrument_class")
_era = pl.sum_horizontal(
    ((pl.col("symbol") == symbol) & (pl.col("session") >= session)).cast(pl.Int32)
    for symbol, session, _ in GENUINE_MOVES
)
_has_range = _class.is_in([InstrumentClass.INDEX, InstrumentClass.EQUITY])
_body_top = pl.max_horizontal("open", "close")
_body_bottom = pl.min_horizontal("open", "close")


@dataclass(frozen=True, eq=False)
class Law:
    """A fact that every candle keeps; `broken` is true, never null, where one does not."""

    code: str
    description: str
    broken: pl.Expr


def _is_price(name: str) -> pl.Expr:
    return pl.col(name).is_finite() & (pl.col(name) > 0)


def _leaps(closes: pl.Series) -> pl.Series:
    """Which closes lie too far from the last close before them that did not; nulls never do."""
    leaps = np.zeros(len(closes), dtype=bool)
    logs = closes.drop_nulls().log().to_numpy()
    if np.any(np.abs(np.diff(logs)) > _LARGEST_MOVE):
        leaps[closes.is_not_null().to_numpy()] = _scanned(logs.tolist())
    return pl.Series(leaps)


def _scanned(logs: Sequence[float]) -> list[bool]:
    reference, leaps = logs[0], []
    for log in logs:
        leaps.append(abs(log - reference) > _LARGEST_MOVE)
        reference = reference if leaps[-1] else log
    return leaps


FORMING = Law(
    "FORMING",
    "the bar was over at the source when it was quoted",
    ~pl.col("is_final").fill_null(value=False),
)

PRICE_LAWS: tuple[Law, ...] = (
    Law(
        "CLOSE_MISSING",
        "the close is a finite price above zero",
        ~_is_price("close").fill_null(value=False),
    ),
    Law(
        "RANGE_MISSING",
        "an index or an equity has open, high and low",
        _has_range & pl.any_horizontal(pl.col("open", "high", "low").is_null()),
    ),
    Law(
        "RANGE_PARTIAL",
        "open, high and low are all there or all absent",
        pl.sum_horizontal(pl.col("open", "high", "low").is_null().cast(pl.Int8)).is_in([1, 2]),
    ),
    Law(
        "NOT_A_PRICE",
        "open, high and low, where quoted, are finite and above zero",
        ~pl.all_horizontal(
            _is_price(name).fill_null(value=True) for name in ("open", "high", "low")
        ),
    ),
    Law(
        "HIGH_BELOW_BODY",
        "the high is not below open or close",
        (pl.col("high") < _body_top * (1 - _TOLERANCE)).fill_null(value=False),
    ),
    Law(
        "LOW_ABOVE_BODY",
        "the low is not above open or close",
        (pl.col("low") > _body_bottom * (1 + _TOLERANCE)).fill_null(value=False),
    ),
)
"""What the prices of any bar keep, of a session or of a minute."""

SESSION_LAWS: tuple[Law, ...] = (
    Law(
        "ADJUSTED_CLOSE",
        "the adjusted close, where quoted, is a finite price above zero",
        ~_is_price("adj_close").fill_null(value=True),
    ),
    Law(
        "VOLUME_MISSING",
        "an equity trades: its volume is above zero",
        (_class == InstrumentClass.EQUITY)
        & ~(pl.col("volume").is_finite() & (pl.col("volume") > 0)).fill_null(value=False),
    ),
    Law(
        "NOT_A_SESSION",
        "the exchange was open on that date",
        ~pl.col("is_session").fill_null(value=False),
    ),
    Law(
        "DUPLICATE",
        "a symbol has one candle per session",
        pl.len().over("symbol", "session") > 1,
    ),
)


def _too_large(*series: pl.Expr | str, order_by: str) -> Law:
    return Law(
        "MOVE_TOO_LARGE",
        "an index or an equity does not move by half from its last candle, as an unadjusted split",
        pl.when(pl.col("is_sound") & _has_range)
        .then(pl.col("close"))
        .map_batches(_leaps, return_dtype=pl.Boolean)
        .over(*series, order_by=order_by),
    )


MOVE_TOO_LARGE = _too_large("symbol", _era, order_by="session")
"""Judged last, of bars that keep every other law (`is_sound`), each against the last one kept.

So a spike costs one bar, and after a level shift every bar is quarantined until a person looks:
who finds the source right adds a line to `GENUINE_MOVES`.  A volatility index is exempt: its
spikes are data.
"""

MINUTE_TOO_LARGE = _too_large("symbol", "interval", order_by="start")
"""The same of the bars of one session; the first that keeps every other law is the reference."""


def judged(bars: pl.DataFrame, laws: Sequence[Law], move: Law) -> pl.DataFrame:
    """The bars with `reason`: the first of `laws` that each breaks, or else the law on moves."""
    sound = bars.with_columns(reason=first_broken(laws)).with_columns(
        is_sound=pl.col("reason").is_null()
    )
    leapt = pl.when(move.broken).then(pl.lit(move.code))
    return sound.with_columns(reason=leapt.otherwise("reason"))


def first_broken(laws: Sequence[Law]) -> pl.Expr:
    """The code of what the source's parser found (`fault`), else of the first law broken."""
    return pl.coalesce("fault", *(pl.when(law.broken).then(pl.lit(law.code)) for law in laws))


def classes_of(bars: pl.DataFrame, instruments: Sequence[Instrument]) -> pl.Expr:
    """The instrument class of each bar's symbol; raises `DataError` on a symbol of none."""
    classes = {each.symbol: each.instrument_class.value for each in instruments}
    unknown = sorted(set(bars["symbol"].unique()) - set(classes), key=str)
    if unknown:
        msg = f"bars hold {unknown}, expected {sorted(classes)}: declare the instrument's class"
        raise DataError(msg)
    return pl.col("symbol").replace_strict(classes, return_dtype=pl.String)


def require_columns(bars: pl.DataFrame, names: Sequence[str]) -> None:
    """Raises `DataError` unless `bars` have the columns `names`."""
    missing = [name for name in names if name not in bars.columns]
    if missing:
        msg = f"bars have columns {bars.columns}, expected also {missing}: mend the source adapter"
        raise DataError(msg)
