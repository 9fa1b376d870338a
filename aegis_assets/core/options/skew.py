"""What options of one expiry cost away from the money: volatility by delta.

Reads out-of-the-money quotes alone, which trade most and hold no intrinsic value.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import polars as pl

from aegis_assets.core.options.black76 import forward_delta, implied_volatility
from aegis_assets.core.options.chain import CALL, PRICE, PUT

QUARTER = 0.25
_WIDEST_DELTA = 0.15
_WIDEST_STRIKES = 0.03


class Point(NamedTuple):
    """A quote out of the money: its strike, volatility a year and delta on the forward."""

    strike: float
    volatility: float
    delta: float


@dataclass(frozen=True)
class Smile:
    """Points of one expiry, puts and calls each from the money outward."""

    forward: float
    puts: tuple[Point, ...]
    calls: tuple[Point, ...]

    @property
    def at_the_money(self) -> float | None:
        """Volatility a year where strike and forward meet, linear in log strike.

        Null where the strikes on either side of it are more than 3 % apart, or one is lacking.
        """
        if not self.puts or not self.calls:
            return None
        put, call = self.puts[0], self.calls[0]
        width = math.log(call.strike / put.strike)
        if width == 0.0:
            return (put.volatility + call.volatility) / 2
        if width > _WIDEST_STRIKES:
            return None
        share = math.log(self.forward / put.strike) / width
        return put.volatility + share * (call.volatility - put.volatility)


@dataclass(frozen=True)
class Skew:
    """What 25-delta options have above the money, as volatility a year; fractions."""

    put_skew: float
    call_skew: float

    @property
    def net_skew(self) -> float:
        """The put's less the call's: above 0 where falls cost more than rises."""
        return self.put_skew - self.call_skew


def smile(rows: pl.DataFrame, forward: float, years: float) -> Smile:
    """The quotes of one expiry that have a price and a volatility; `rows` as `chain.validated`."""
    strike = pl.col("strike")
    priced = rows.select("option_type", "strike", price=PRICE).drop_nulls().sort("strike")
    puts = priced.filter(strike <= forward, option_type=PUT).reverse()
    calls = priced.filter(strike >= forward, option_type=CALL)
    return Smile(forward, _points(puts, forward, years), _points(calls, forward, years))


def _points(priced: pl.DataFrame, forward: float, years: float) -> tuple[Point, ...]:
    found = []
    for kind, strike, price in priced.rows():
        volatility = implied_volatility(kind, strike, forward, price, years)
        if volatility is not None:
            delta = forward_delta(kind, strike, forward, volatility, years)
            found.append(Point(strike, volatility, delta))
    return tuple(found)


def volatility_at(points: Sequence[Point], delta: float) -> float | None:
    """Volatility a year at which an option has `delta`, up to sign; linear in delta.

    Between the first two neighbours, from the money outward, that have it between them; null where
    none do, or where these are more than 0.15 of delta apart.
    """
    for inner, outer in pairwise(points):
        nearer, farther = abs(inner.delta), abs(outer.delta)
        if nearer >= delta >= farther:
            if nearer - farther > _WIDEST_DELTA:
                return None
            share = 0.0 if nearer == farther else (nearer - delta) / (nearer - farther)
            return inner.volatility + share * (outer.volatility - inner.volatility)
    return None


def skew(quotes: Smile) -> Skew | None:
    """The skew of an expiry; null where the money or one of the wings has no volatility."""
    money = quotes.at_the_money
    put, call = (volatility_at(points, QUARTER) for points in (quotes.puts, quotes.calls))
    if money is None or put is None or call is None:
        return None
    return Skew(put - money, call - money)


def shortcomings(quotes: Smile) -> list[str]:
    """Why there is no skew, in words; nothing where there is one."""
    sides = {"put": quotes.puts, "call": quotes.calls}
    short = [
        f"skew: {side} quotes do not reach 25 delta, or leave a gap there"
        for side, points in sides.items()
        if volatility_at(points, QUARTER) is None
    ]
    if quotes.at_the_money is None:
        short.insert(0, "skew: no put and call around the forward within 3 % of each other")
    return short
