"""Seeded five-minute candles of whole sessions, and daily ones before them: no network, no disk."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import polars as pl

from aegis_assets.core import intraday
from aegis_assets.core.markets import NIFTY
from aegis_assets.core.session_features.grid import grid
from aegis_assets.core.sessions import sessions_between
from aegis_assets.core.universe import Instrument, InstrumentClass
from aegis_assets_tests.core.synthetic import PRICES

EQUITY = replace(NIFTY, index=Instrument("RELIANCE.NS", InstrumentClass.EQUITY, "INR"))
"""A market whose index trades volume: so every feature has a value."""

SESSION = date(2024, 7, 15)
SCHEMA = {name: dtype for name, (dtype, _) in intraday.SCHEMA.items()}


def path(rng, count, start):
    """Opens and closes of a walk that is wild in the morning; opens are near the close before."""
    scale = 0.0004 * (1 + 2 * np.exp(-np.arange(count) / 12))
    closes = start * np.exp(np.cumsum(scale * rng.standard_normal(count)))
    opens = np.concatenate([[start], closes[:-1]]) * np.exp(1e-5 * rng.standard_normal(count))
    return opens, closes


def candles_of(market, session, seed=0):
    """Five-minute candles of a whole session."""
    rng = np.random.default_rng([seed, session.toordinal()])
    starts = grid(market, session)["start"]
    opens, closes = path(rng, len(starts), 100 * float(np.exp(0.005 * rng.standard_normal())))
    reach = np.exp(1e-4 * np.abs(rng.standard_normal((2, len(starts)))))
    return pl.DataFrame(
        {
            "symbol": market.index.symbol,
            "interval": "5m",
            "session": session,
            "start": starts,
            "open": opens,
            "high": np.maximum(opens, closes) * reach[0],
            "low": np.minimum(opens, closes) / reach[1],
            "close": closes,
            "volume": rng.uniform(1e3, 1e4, len(starts)),
        },
        schema=SCHEMA,
    )


def past(market, session=SESSION, count=25, seed=0):
    """Candles of the `count` sessions before."""
    days = sessions_between(market, session - timedelta(days=2 * count), session)
    before = days.filter(days < session).tail(count)
    return pl.concat(candles_of(market, day, seed) for day in before)


def daily_of(market, session=SESSION, count=90, seed=0):
    """Daily candles of the `count` sessions before."""
    days = sessions_between(market, session - timedelta(days=2 * count), session)
    before = days.filter(days < session).tail(count)
    rng = np.random.default_rng(seed)
    opens, closes = path(rng, count, 100.0)
    return pl.DataFrame(
        {
            "symbol": market.index.symbol,
            "session": before,
            "open": opens,
            "high": np.maximum(opens, closes) * 1.004,
            "low": np.minimum(opens, closes) / 1.003,
            "close": closes,
        }
    )


def dearer(rows, times=10):
    """The same rows at prices that many times as high."""
    return rows.with_columns(pl.col(PRICES) * times)


def otherwise(rows, chosen, seed=1):
    """The rows, of which the chosen have other prices and another volume."""
    rng = np.random.default_rng(seed)
    noise = pl.Series(np.exp(0.02 * rng.standard_normal(rows.height)))
    names = [name for name in (*PRICES, "volume") if name in rows.columns]
    return rows.with_columns(pl.when(chosen).then(pl.col(names) * noise).otherwise(pl.col(names)))


def over_by(moment):
    """Which five-minute candles are over at the moment."""
    return pl.col("start") + timedelta(minutes=5) <= moment
