r"""The variance that the running session still holds.

The core forecasts the variance of a whole session from the close before, V.  A share g of it comes
over night; the rest is spread over the half hours by a profile of past sessions, of which the share
P is still to come.  With a variance R realised since the open, the session's level is told by what
is in and by what was forecast, each by its part (see `session_features.activity`),

.. math:: r = P \, (R + P \, (1 - g) V)

Without a profile, or without all of today's bars, the clock stands in: P is the share of minutes
left, and R is taken as forecast.  The provenance says so.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime

import polars as pl

from aegis_assets.core.contract.buyer import GammaWindow
from aegis_assets.core.contract.reasons import NO_SESSION
from aegis_assets.core.engines.moment import Today
from aegis_assets.core.indicators.variance import session_variance
from aegis_assets.core.markets import Market
from aegis_assets.core.session_features import activity
from aegis_assets.core.sessions import hours_of, next_session

_FEWEST = 20
_BY_PROFILE = "the variance to come by the profile of earlier sessions and today's so far"
_BY_CLOCK = "no profile of the day or not every bar of it: variance taken as even over the minutes"


@dataclass(frozen=True)
class Session:
    """What is stored of the running session: its features and its activity windows."""

    features: pl.DataFrame
    windows: pl.DataFrame


def running_day(  # noqa: PLR0913 - each is a fact of its own
    market: Market,
    candles: pl.DataFrame,
    stored: Session | None,
    *,
    last_final: date,
    running: date,
    as_of: datetime,
    variance: float,
    last_bar: datetime | None,
) -> Today | str:
    """The running session at `as_of`, or why nothing can be said of it.

    `variance` is the core's of that session alone; `candles` daily ones up to `last_final`.
    """
    if running <= last_final:
        return NO_SESSION
    if next_session(market, last_final) != running:
        return f"the daily candles end on {last_final}, a session or more before {running}'s own"
    night = _night(candles)
    if night is None:
        return f"fewer than {_FEWEST} daily candles tell how much of the variance comes over night"
    as_of = as_of.astimezone(UTC)  # as the tables are stored
    features = _newest(stored.features if stored else None, running, as_of)
    windows = _newest_windows(stored.windows if stored else None, running, as_of)
    day = (1 - night) * variance
    rest, usual = _rest(market, running, as_of, day, features, windows)
    shown, why_none = _gamma(windows)
    return Today(running, rest, usual, features, last_bar, shown, why_none)


def _night(candles: pl.DataFrame) -> float | None:
    """Share of the variance that came between a close and the next open, within 0 and 0.9."""
    rows = candles.select(
        gap=(pl.col("open") / pl.col("close").shift(1)).log() ** 2, whole=session_variance()
    ).drop_nulls()
    if rows.height < _FEWEST:
        return None
    gap, whole = rows.sum().row(0)
    return float(min(max(gap / whole, 0.0), 0.9))


def _newest(
    features: pl.DataFrame | None, running: date, as_of: datetime
) -> dict[str, float | None]:
    """The features of the newest half hour that was over; none where no row is."""
    if features is None or features.is_empty():
        return {}
    known = features.filter(pl.col("as_of") <= as_of, session=running).sort("as_of")
    if known.is_empty():
        return {}
    keys = ("symbol", "session", "as_of")
    return {k: v for k, v in known.row(-1, named=True).items() if k not in keys}


def _newest_windows(
    windows: pl.DataFrame | None, running: date, as_of: datetime
) -> pl.DataFrame | None:
    """All windows of the session as the newest half hour that was over left them."""
    if windows is None or windows.is_empty():
        return None
    known = windows.filter(pl.col("as_of") <= as_of, session=running)
    if known.is_empty():
        return None
    return known.filter(pl.col("as_of") == pl.col("as_of").max()).sort("opens")


def _rest(  # noqa: PLR0913, PLR0917 - each is a fact of its own
    market: Market,
    running: date,
    as_of: datetime,
    day: float,
    features: dict[str, float | None],
    windows: pl.DataFrame | None,
) -> tuple[float, str]:
    """Variance to come until the close, and what that rests on."""
    realised = features.get("realised_volatility")
    if windows is not None and realised is not None and not windows["prior_share"].has_nulls():
        share = _share_to_come(windows, as_of)
        return share * (realised**2 + share * day), _BY_PROFILE
    return _minutes_left(market, running, as_of) * day, _BY_CLOCK


def _share_to_come(windows: pl.DataFrame, as_of: datetime) -> float:
    """Usual share of the half hours to come, of the one that runs as much as is left of it."""
    left = (pl.col("closes") - as_of) / (pl.col("closes") - pl.col("opens"))
    share = (pl.col("prior_share") * left.clip(0.0, 1.0)).sum()
    return float(windows.select(share).item())


def _minutes_left(market: Market, running: date, as_of: datetime) -> float:
    """Share of the session's time of trading that is to come."""
    hours = hours_of(market, running)
    whole = sum((closes - opens).total_seconds() for opens, closes in hours)
    left = sum(max((closes - max(opens, as_of)).total_seconds(), 0.0) for opens, closes in hours)
    return left / whole


def _gamma(windows: pl.DataFrame | None) -> tuple[tuple[GammaWindow, ...] | None, str]:
    if windows is None:
        return None, "no half hour of the running session is over, or none of its bars came"
    why = windows["reason"].drop_nulls()
    if not why.is_empty():
        return None, activity.REASONS[why[0]]
    rows = windows.select("window", "score").iter_rows()
    return tuple(GammaWindow(window=window, score=score) for window, score in rows), ""
