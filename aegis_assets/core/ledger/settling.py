"""What became of claims: pure, from candles up to the last session that may be known."""

from datetime import date, timedelta
from enum import StrEnum

import polars as pl

from aegis_assets.core.bars import empty
from aegis_assets.core.claim import Measure
from aegis_assets.core.ledger.ends import with_ends
from aegis_assets.core.ledger.entries import counted_editions
from aegis_assets.core.ledger.price_path import Reached, price_path
from aegis_assets.core.ledger.schemas import OUTCOMES
from aegis_assets.core.markets import Market

_KEYS = ("slot", "path")
_WINDOW = ("as_of", "counted_from", "ends_on")
_WEEK = timedelta(days=7)


class Reason(StrEnum):
    """Why a claim whose time is over has no outcome."""

    CANDLE_MISSING = "CANDLE_MISSING"
    """A daily candle after `counted_from`, up to the claim's last session, is not there."""
    MINUTES_MISSING = "MINUTES_MISSING"
    """It was made inside a session whose minutes after that moment are not all there."""
    NOT_BEYOND = "NOT_BEYOND"
    """The claim was about a larger move than came."""
    NO_SESSION = "NO_SESSION"
    """The day that was to settle it, or that it is counted from, became no session since."""


_return = (pl.col("close") / pl.col("reference")).log()
_of_session = (pl.col("close") / pl.col("before")).log()
_rise = (pl.col("highest") / pl.col("reference")).log().clip(lower_bound=0.0)
_fall = (pl.col("reference") / pl.col("lowest")).log().clip(lower_bound=0.0)
_MEASURED: dict[Measure, pl.Expr] = {
    Measure.RETURN: _return,
    Measure.SIZE: _return.abs(),
    Measure.RISE: _rise,
    Measure.FALL: _fall,
    Measure.EXCURSION: pl.max_horizontal(_rise, _fall),
    Measure.VOLATILITY: pl.col("variance").sqrt(),
    Measure.LOG_PREMIUM: (pl.col("variance") / pl.col("reference")).log(),
    Measure.SESSION_RETURN: _of_session,
    Measure.SESSION_SIZE: _of_session.abs(),
}
_move = (
    pl.when(pl.col("measure") == Measure.SESSION_RETURN.value).then(_of_session).otherwise(_return)
)
_OF_THE_PATH = [Measure.RISE.value, Measure.FALL.value, Measure.EXCURSION.value]


def outcomes(
    forecasts: pl.DataFrame,
    daily: pl.DataFrame,
    minutes: pl.DataFrame,
    market: Market,
    known_to: date,
) -> pl.DataFrame:
    """What became of every claim (`OUTCOMES`) that ended on `known_to` or before.

    `daily` are candles by symbol and session, `minutes` intraday candles (`intraday.SCHEMA`) or
    an empty frame.  No candle after a claim's last session is looked at for it, none after
    `known_to` for any.  A claim that has not ended has no row; one whose candles are not all there
    has no outcome, with a `Reason`.  A claim made without an end has the one that the calendar
    knows by now (`with_ends`), and no row while it knows none.
    """
    ended = (
        with_ends(counted_editions(forecasts), market)
        .filter(pl.col("ends_on") <= known_to)
        .unique(_KEYS, keep="first", maintain_order=True)
    )
    if ended.is_empty():
        return empty(OUTCOMES)
    first, last = ended["counted_from"].min(), ended["ends_on"].max()
    assert isinstance(first, date)  # noqa: S101 - a column of dates that is not empty
    assert isinstance(last, date)  # noqa: S101
    # One session more in front: the variance of the first reads the close before it.
    path = price_path(daily, minutes, market, first - _WEEK, last)
    windows = ended.select(_WINDOW).unique()
    reached = pl.DataFrame(
        [path.reached(*window) for window in windows.iter_rows()],
        schema=dict.fromkeys(Reached._fields[:-2], pl.Float64)
        | dict.fromkeys(Reached._fields[-2:], pl.Boolean),
        orient="row",
    )
    return _settled(ended.join(pl.concat([windows, reached], how="horizontal"), on=_WINDOW))


def _settled(claims: pl.DataFrame) -> pl.DataFrame:
    """The rows of claims beside what the price reached in the window of each."""
    measured = pl.coalesce(
        pl.when(pl.col("measure") == measure.value).then(value)
        for measure, value in _MEASURED.items()
    )
    needs_minutes = pl.col("measure").is_in(_OF_THE_PATH) & pl.col("lacks")
    most = max(claims["cuts"].list.len().to_list(), default=0)
    beyond = (_move.abs() > pl.col("only_if_beyond")).fill_null(value=True)
    return (
        claims.with_columns(measured=measured)
        .with_columns(
            reason=pl.when("is_closed")
            .then(pl.lit(Reason.NO_SESSION.value))
            .when(needs_minutes)
            .then(pl.lit(Reason.MINUTES_MISSING.value))
            .when(pl.col("measured").is_nan() | pl.col("measured").is_null())
            .then(pl.lit(Reason.CANDLE_MISSING.value))
            .when(~beyond)
            .then(pl.lit(Reason.NOT_BEYOND.value))
        )
        .with_columns(outcome=pl.when(pl.col("reason").is_null()).then("measured"))
        .with_columns(outcome_class=_class(most))
        .select(pl.col(name).cast(kind) for name, (kind, _) in OUTCOMES.items())
        .sort("ends_on", "slot", "path")
    )


def _class(most: int) -> pl.Expr:
    """How many of at most so many cuts lie below the outcome; null without a cut or an outcome."""
    below = [pl.col("outcome") > pl.col("cuts").list.get(i, null_on_oob=True) for i in range(most)]
    counted = pl.sum_horizontal(each.cast(pl.Int64) for each in below) if below else pl.lit(0)
    asked = pl.col("outcome").is_not_null() & (pl.col("cuts").list.len() > 0)
    return pl.when(asked).then(counted)
