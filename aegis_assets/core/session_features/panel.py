"""What session features read: today's bars on their grid, beside what was known before the open.

Goes in: validated candles.  Stays out: the forming bar, which is no candle, and any repair.
"""

from datetime import date, time

import polars as pl

from aegis_assets.core.indicators.volatility import EWMA_DECAY
from aegis_assets.core.markets import Market
from aegis_assets.core.session_features.feature import VOLUME
from aegis_assets.core.session_features.grid import INTERVAL, grid
from aegis_assets.core.sessions import hours_of, session_before

SESSIONS, FEWEST_SESSIONS = 60, 20
"""Earlier sessions that a profile is made of: at most, and at least."""
_RANGE_WARMUP = 60
_PRICES = ("open", "high", "low", "close", "volume")

COLUMNS: dict[str, str] = {
    "bar": "number of the five-minute bar, 1 at the open",
    "start": "when it begins",
    "end": "when it is over",
    "half_hour": "number of the half hour that it is in, 1 at the open",
    "as_of": "end of that half hour, at the last bar that it holds, else null",
    "opens_window": "whether it is the first of the session or after a pause",
    **{name: f"{name} of the bar; null where it is missing" for name in _PRICES[:-1]},
    VOLUME: "volume of the bar; null where the instrument's class trades none",
    "log_return": "from the bar before; of a window's first bar, from its own open",
    "minutes_left": "minutes of trading after the bar",
    "minutes": "minutes of trading of the whole session",
    "previous_close": "official close of the session before; null where it has no daily candle",
    "expected_range": "log high-low range that a session has, by daily candles before it",
    "usual_volatility": "median realised volatility up to this bar of earlier sessions",
}


def log_returns() -> pl.Expr:
    """From close to close; a window's first bar counts from its own open.

    So neither the night nor a pause is in them.  Null where the bar, or the one before, is missing.
    """
    before = pl.when("opens_window").then("open").otherwise(pl.col("close").shift(1))
    return (pl.col("close") / before).log()


def today(market: Market, session: date, candles: pl.DataFrame) -> pl.DataFrame:
    """The session's bars up to the newest that is known, with null prices where one is missing."""
    found = _of_index(market, candles).filter(session=session).select("start", *_PRICES)
    newest = pl.col("bar").filter(pl.col("close").is_not_null()).max()
    return (
        grid(market, session)
        .join(found, on="start", how="left", validate="1:1")
        .sort("bar")
        .filter(pl.col("bar") <= newest)
        .with_columns(
            log_return=log_returns(),
            volume=pl.when(pl.lit(market.index.has_volume)).then("volume"),
        )
    )


def earlier(market: Market, session: date, candles: pl.DataFrame) -> pl.DataFrame:
    """Variance of each bar of the last `SESSIONS` whole sessions before that had the same hours.

    Whole is a session that lacks no bar; one in which nothing moved teaches nothing.
    """
    before = _of_index(market, candles).filter(pl.col("session") < session)
    hours = _hours(market, session)
    same = [day for day in before["session"].unique() if _hours(market, day) == hours]
    places = grid(market, session).select(
        "bar", "half_hour", "opens_window", clock=_clock(market, "start")
    )
    is_whole = (pl.len() == places.height) & (pl.col("variance").sum() > 0)
    bars = (
        before.filter(pl.col("session").is_in(same))
        .with_columns(clock=_clock(market, "start"))
        .join(places, on="clock")
        .sort("session", "bar")
        .with_columns(variance=log_returns() ** 2)
        .filter(is_whole.over("session"))
    )
    newest = bars["session"].unique().sort().tail(SESSIONS)
    return bars.filter(pl.col("session").is_in(newest.implode())).select(
        "session", "bar", "half_hour", "variance"
    )


def usual_volatility(bars: pl.DataFrame) -> pl.DataFrame:
    """Median over the sessions of `earlier` of the realised volatility up to each bar."""
    so_far = pl.col("variance").cum_sum().over("session", order_by="bar").sqrt()
    return (
        bars.with_columns(so_far=so_far)
        .group_by("bar")
        .agg(pl.len().alias("sessions"), usual_volatility=pl.col("so_far").median())
        .filter(pl.col("sessions") >= FEWEST_SESSIONS)
        .select("bar", "usual_volatility")
    )


def expected_range() -> pl.Expr:
    """Exponentially weighted mean of the log high-low ranges of daily candles, from the sixtieth.

    A range and no volatility times sqrt(8 / pi), as Feller (1951) has it for a Brownian motion
    without drift: daily volatility holds the night, in which nothing is traded.
    """
    log_range = (pl.col("high") / pl.col("low")).log()
    return log_range.ewm_mean(alpha=1 - EWMA_DECAY, adjust=False, min_samples=_RANGE_WARMUP)


def session_panel(
    market: Market, session: date, candles: pl.DataFrame, daily: pl.DataFrame
) -> pl.DataFrame:
    """A row for each five-minute bar of the index up to the newest, of `COLUMNS`.

    Of `candles` and of `daily` candles, those of the session and of later ones are not looked at
    beyond today's bars.
    """
    close, usual_range = _before(market, session, daily)
    profile = usual_volatility(earlier(market, session, candles))
    return (
        today(market, session, candles)
        .join(profile, on="bar", how="left", validate="1:1")
        .sort("bar")
        .with_columns(
            previous_close=pl.lit(close, dtype=pl.Float64),
            expected_range=pl.lit(usual_range, dtype=pl.Float64),
        )
    )


def _before(
    market: Market, session: date, daily: pl.DataFrame
) -> tuple[float | None, float | None]:
    """Close and expected range at the session before; null without its candle, however close."""
    known = (
        daily.filter(pl.col("symbol") == market.index.symbol, pl.col("session") < session)
        .sort("session")
        .select("session", "close", expected_range=expected_range())
        .filter(pl.col("session") == session_before(market, session))
    )
    return known.row(0)[1:] if known.height else (None, None)


def _of_index(market: Market, candles: pl.DataFrame) -> pl.DataFrame:
    return candles.filter(symbol=market.index.symbol, interval=INTERVAL)


def _hours(market: Market, session: date) -> list[tuple[time, time]]:
    return [(opens.time(), closes.time()) for opens, closes in hours_of(market, session)]


def _clock(market: Market, column: str) -> pl.Expr:
    """Exchange time of day."""
    return pl.col(column).dt.convert_time_zone(market.time_zone).dt.time()
