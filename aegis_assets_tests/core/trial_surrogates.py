"""Markets made of the candles of another, in which there is nothing to find."""

import numpy as np
import polars as pl

from aegis_assets_tests.core import synthetic


def moves(candles: pl.DataFrame) -> np.ndarray:
    """Open, high, low and close (n - 1, 4) in logs against the close before."""
    logs = np.log(candles.select(synthetic.PRICES).to_numpy())
    return logs[1:] - logs[:-1, 3:]


def moving(candles: pl.DataFrame, by: np.ndarray) -> pl.DataFrame:
    """The candles with other moves after the first, the rest of each session as it was."""
    closes = np.log(candles["close"][0]) + np.cumsum(np.append(0.0, by[:, 3]))
    prices = np.exp(closes[:-1, None] + by)
    return candles.with_columns(
        pl.concat([candles[name].head(1), pl.Series(name, prices[:, i])])
        for i, name in enumerate(synthetic.PRICES)
    )


def flipped(candles: pl.DataFrame, seed: int) -> pl.DataFrame:
    """Every session's return with a sign at random, highs and lows mirrored with it.

    Direction is gone, volatility stays to the last bit of the range.
    """
    by = moves(candles)
    mirrored = -by[:, [0, 2, 1, 3]]
    heads_up = np.random.default_rng(seed).random(len(by)) < 0.5
    return moving(candles, np.where(heads_up[:, None], by, mirrored))


def reordered(candles: pl.DataFrame, seed: int) -> pl.DataFrame:
    """The sessions in random order, each with its volatility index: nothing clusters."""
    order = np.random.default_rng(seed).permutation(candles.height - 1)
    index = candles["volatility_index"]
    kept = pl.concat([index.head(1), index.tail(-1).gather(order)])
    return moving(candles, moves(candles)[order]).with_columns(volatility_index=kept)
