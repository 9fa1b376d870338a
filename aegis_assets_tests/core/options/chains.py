"""Chains whose every quote is known: priced by Black's formula on a smile that is given."""

import math
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
from scipy.stats import norm

from aegis_assets.core.markets import NIFTY
from aegis_assets.core.options.chain import CALL, PUT, QUOTED

SESSION, EXPIRY, LATER = date(2024, 8, 5), date(2024, 8, 29), date(2024, 9, 26)
NOON = datetime(2024, 8, 5, 12, 0, tzinfo=ZoneInfo("Asia/Kolkata"))
FORWARD, MONEY, SLOPE, BEND = 24_430.0, 0.14, -0.30, 1.5
STRIKES = [float(strike) for strike in range(21_000, 28_050, 50)]


def price_of(kind, strike, forward, volatility, years):
    """Black's formula, undiscounted: the oracle of QuantLib's."""
    deviation = volatility * math.sqrt(years)
    upper = math.log(forward / strike) / deviation + deviation / 2
    sign = 1 if kind == CALL else -1
    worth = forward * norm.cdf(sign * upper) - strike * norm.cdf(sign * (upper - deviation))
    return sign * worth


def years_to(expiry, as_of):
    close = datetime.combine(expiry, NIFTY.closes, ZoneInfo(NIFTY.time_zone))
    return (close - as_of).total_seconds() / (365 * 86_400)


def smiling(strike, forward=FORWARD):
    """Volatility a year by strike: falls cost more than rises, and both more than neither."""
    moneyness = math.log(strike / forward)
    return MONEY + SLOPE * moneyness + BEND * moneyness**2


def chain(as_of=NOON, expiry=EXPIRY, volatility=smiling, forward=FORWARD, seed=5, **columns):
    """Every strike of one expiry, quoted without a spread, with whole open interest."""
    generator = np.random.default_rng(seed)
    years = years_to(expiry, as_of)
    rows = []
    for strike in STRIKES:
        for kind in (CALL, PUT):
            price = price_of(kind, strike, forward, volatility(strike), years)
            held = float(75 * generator.integers(1, 4_000))
            rows.append((strike, kind, price, price, price, held))
    names = ("strike", "option_type", "bid", "ask", "last", "open_interest")
    known = {
        "symbol": NIFTY.index.symbol,
        "as_of": as_of.astimezone(UTC),
        "known_at": as_of.astimezone(UTC),
        "session": as_of.date(),
        "expiry": expiry,
        "volume": 10.0,
        "underlying": forward,
    } | columns
    table = pl.DataFrame(
        rows, schema=dict.fromkeys(names, pl.Float64) | {"option_type": pl.String}, orient="row"
    )
    told = [pl.lit(known.get(name)).alias(name) for name in QUOTED if name not in names]
    return typed(table.with_columns(told))


def typed(table):
    """The columns of a quoted chain, each of its type."""
    return table.select(pl.col(name).cast(dtype) for name, (dtype, _) in QUOTED.items())


def altered(rows, where, **values):
    """The chain with other values on the rows at `where`."""
    return typed(
        rows.with_columns(
            pl.when(where).then(pl.lit(value)).otherwise(pl.col(name)).alias(name)
            for name, value in values.items()
        )
    )


def at(strike, kind=CALL):
    return (pl.col("strike") == strike) & (pl.col("option_type") == kind)
