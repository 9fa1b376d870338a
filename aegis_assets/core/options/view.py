"""What the option chain says at a moment: of the nearest expiry that people hold.

Goes in: stored chains, whatever their moments.  Stays out: every row that could not be had by the
moment that asks.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import polars as pl

from aegis_assets.core.errors import DataError
from aegis_assets.core.markets import Market
from aegis_assets.core.options.black76 import parity_forward
from aegis_assets.core.options.chain import (
    CALL,
    PUT,
    quarantined,
    settlement,
    validated,
    year_fraction,
)
from aegis_assets.core.options.max_pain import MaxPain, max_pain
from aegis_assets.core.options.skew import Skew, Smile, shortcomings, skew, smile

ENOUGH = 0.05
"""Share of the chain's open interest that an expiry must hold to be looked at."""

_NO_FORWARD = "fewer than three strikes have a price of both call and put"
_NO_PAIN = "max pain: nobody holds both calls and puts"


@dataclass(frozen=True)
class ChainView:
    """One expiry of the newest chain; what could not be computed is null, and `reasons` say why.

    `forward` in index points, volatilities as fractions a year, `open_interest` in units of the
    underlying, `put_call_ratio` that of puts over calls, null where nobody holds a call.
    """

    as_of: datetime
    expiry: date
    forward: float | None
    atm_volatility: float | None
    skew: Skew | None
    max_pain: MaxPain | None
    reasons: tuple[str, ...]
    open_interest: float
    put_call_ratio: float | None


def refusal(chain: pl.DataFrame, market: Market, as_of: datetime, oldest: timedelta) -> str | None:
    """Why there is no view at the moment, or nothing.

    NO_CHAIN: none could be had by then.  STALE: the newest is older than `oldest`.  EXPIRED: all
    options of it have settled since.  UNHELD: nobody holds one of those that have not.  Else the
    law that most rows of the newest break, where all break one: CLOSED, FROZEN and so on.
    """
    found = _standing(chain, market, as_of, oldest)
    return found if isinstance(found, str) else None


def chain_view(
    chain: pl.DataFrame, market: Market, as_of: datetime, oldest: timedelta
) -> ChainView | None:
    """The view at `as_of` (aware) of `chain`, whose columns are `chain.QUOTED`.

    Of the nearest expiry with 5 % of the open interest that has not settled by then; nothing where
    `refusal` says why.  Rows that could be had only later change nothing.
    """
    rows = _standing(chain, market, as_of, oldest)
    if isinstance(rows, str):
        return None
    held = rows.group_by("expiry").agg(pl.col("open_interest").sum()).sort("expiry")
    enough = held.filter(pl.col("open_interest") >= ENOUGH * pl.col("open_interest").sum())
    return _view(rows.filter(expiry=enough["expiry"][0]), market)


def _standing(
    chain: pl.DataFrame, market: Market, as_of: datetime, oldest: timedelta
) -> pl.DataFrame | str:
    """The rows of the newest chain that keep every law and settle later, or why there are none."""
    newest = _newest(chain, as_of)
    if newest is None:
        return "NO_CHAIN"
    moment, known = newest
    if as_of - moment > oldest:
        return "STALE"
    rows = validated(known, market).filter(as_of=moment)
    if rows.is_empty():
        broken = quarantined(known, market).filter(as_of=moment)
        return str(broken["reason"].mode().sort()[0])
    running = rows.filter(settlement(market) > pl.lit(as_of.astimezone(UTC)))
    if running.is_empty():
        return "EXPIRED"
    held = running.filter(pl.col("open_interest") > 0)
    return "UNHELD" if held.is_empty() else running


def _newest(chain: pl.DataFrame, as_of: datetime) -> tuple[datetime, pl.DataFrame] | None:
    """The newest moment that could be had, and the rows of it and of the one before."""
    if as_of.tzinfo is None:
        msg = f"{as_of} has no time zone: give the moment with its offset"
        raise DataError(msg)
    limit = pl.lit(as_of.astimezone(UTC))
    known = chain.filter(pl.col("as_of") <= limit, pl.col("known_at") <= limit)
    moments = known["as_of"].unique().sort().tail(2)
    if moments.is_empty():
        return None
    return moments[-1], known.filter(pl.col("as_of").is_in(moments.implode()))


def _view(rows: pl.DataFrame, market: Market) -> ChainView:
    """What the rows of one expiry of one moment say."""
    forward = parity_forward(rows)
    years = rows.select(year_fraction(market))[0, 0]
    quotes = None if forward is None else smile(rows, forward, years)
    pain = max_pain(rows)
    calls, puts = (_interest(rows.filter(option_type=kind)) for kind in (CALL, PUT))
    return ChainView(
        as_of=rows["as_of"][0],
        expiry=rows["expiry"][0],
        forward=forward,
        atm_volatility=quotes.at_the_money if quotes else None,
        skew=skew(quotes) if quotes else None,
        max_pain=pain,
        reasons=tuple(_reasons(quotes, pain)),
        open_interest=calls + puts,
        put_call_ratio=puts / calls if calls else None,
    )


def _interest(rows: pl.DataFrame) -> float:
    return float(rows["open_interest"].sum())


def _reasons(quotes: Smile | None, pain: MaxPain | None) -> list[str]:
    """Each begins with what is lacking: forward, skew or max pain."""
    lacking = (
        shortcomings(quotes) if quotes else [f"forward: {_NO_FORWARD}", f"skew: {_NO_FORWARD}"]
    )
    return lacking if pain else [*lacking, _NO_PAIN]
