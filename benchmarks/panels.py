"""Seeded panels of as many symbols and sessions as one asks for: every peer reads the same."""

from datetime import date

import numpy as np
import polars as pl
from scipy.signal import lfilter

FIVE_YEARS = 1_255
_FIRST = date(2011, 1, 3)
_INDEX_STARTS = 250
_DAILY, _PERSISTENCE, _SHOCK = 0.012, 0.97, 0.12
_OVERNIGHT = 0.25


def panel(symbols: int, sessions: int, seed: int = 1999) -> pl.DataFrame:
    """Candles of `symbols` symbols on the same weekdays, sorted by symbol and session.

    A symbol is the same in every panel of so many sessions.  Volatility clusters, opens gap, and
    the volatility index starts late.  All values are exact in 32 bits, which is what qlib keeps.
    """
    days = pl.lit(_FIRST).dt.add_business_days(pl.int_range(sessions))
    held = pl.select(session=days)
    return pl.concat(_one(f"SYM{i:04}", held, i, seed) for i in range(symbols))


def _one(symbol: str, held: pl.DataFrame, number: int, seed: int) -> pl.DataFrame:
    rng = np.random.default_rng([seed, number])
    wave, gap, day, up, down, quote, trade = rng.standard_normal((7, held.height))
    volatility = _DAILY * np.exp(lfilter([_SHOCK], [1.0, -_PERSISTENCE], wave))
    overnight = np.sqrt(_OVERNIGHT) * volatility * gap
    closes = 400 * np.exp(np.cumsum(overnight + np.sqrt(1 - _OVERNIGHT) * volatility * day))
    opens = np.concatenate([[400.0], closes[:-1]]) * np.exp(overnight)
    values = {
        "open": opens,
        "high": np.maximum(opens, closes) * np.exp(0.4 * volatility * np.abs(up)),
        "low": np.minimum(opens, closes) * np.exp(-0.4 * volatility * np.abs(down)),
        "close": closes,
        "volume": np.round(1e6 * np.exp(0.3 * trade)),
        "volatility_index": np.round(1_700 * volatility * np.exp(0.04 * quote), 2),
    }
    exact = pl.DataFrame(values).cast(pl.Float32).cast(pl.Float64)
    late = pl.when(pl.int_range(pl.len()) >= _INDEX_STARTS).then("volatility_index")
    return held.select(pl.lit(symbol).alias("symbol"), "session").hstack(
        exact.with_columns(volatility_index=late)
    )
