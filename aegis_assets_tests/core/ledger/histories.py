"""What a sound platform would have published: weekly trainings, thirteen slots a session."""

from datetime import timedelta

import numpy as np
import polars as pl

from aegis_assets_tests.core import synthetic
from aegis_assets_tests.core.ledger import cases

SLOTS = tuple(f"{9 + (15 + 30 * i) // 60:02}:{(15 + 30 * i) % 60:02}" for i in range(13))
_HALF_HOUR = timedelta(minutes=30)


def _odds(rng, n, classes):
    logits = np.cumsum(0.1 * rng.standard_normal((n, classes)), axis=0)
    return np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)


def _intraday(rng, daily, slots):
    """Answers of a session, restated for each of its slots."""
    tilt = 0.02 * rng.standard_normal((len(daily), slots, 1))
    moved = daily[:, None, :] ** (1 + tilt)
    return moved / moved.sum(axis=2, keepdims=True)


def _by_week(weeks, values):
    """The same from one training to the next."""
    return np.repeat(values[weeks][:, None, :], len(SLOTS), axis=1)


def _series(rng, days, weeks):
    """Values (sessions, slots, k) of each path, with candidate and what they are."""
    n, k = len(days), int(weeks.max()) + 1
    volatility = np.exp(np.cumsum(0.05 * rng.standard_normal(n)) - 4.5)
    noise = 1 + 0.01 * rng.standard_normal((n, len(SLOTS)))
    scale = volatility[:, None] * noise
    states = (np.cumsum(rng.standard_normal(n)) > 0).astype(int)
    chain = rng.dirichlet([5, 3, 1], (k, 2))
    leaves = rng.dirichlet([4, 4], (k, 6))
    leaf = rng.integers(0, 6, n)
    touch = np.clip(1 - np.exp(-3 / scale / 500), 1e-7, 1 - 1e-7)
    tall = {"cuts": [], "measure": "RISE", "levels": [0.95]}
    pair = {"cuts": [], "measure": "RETURN", "levels": [0.1, 0.9]}
    by_session = len(SLOTS)
    return {
        "direction.horizons.t1": ("logistic", _intraday(rng, _odds(rng, n, 3), by_session), {}),
        "direction.horizons.t5": ("base_rate", _by_week(weeks, _odds(rng, k, 3)), {}),
        "buyer.spike_direction_bias": ("even_rate", _by_week(weeks, _odds(rng, k, 2)), {}),
        "seller.regime": ("markov", np.repeat(chain[weeks, states][:, None], by_session, 1), {}),
        "seller.trap": (
            "boosted_trees",
            np.repeat(leaves[weeks, leaf][:, None], by_session, 1),
            {},
        ),
        "seller.now": ("persistence", np.repeat(np.eye(2)[states][:, None], by_session, 1), {}),
        "seller.breach_probabilities.0": ("core", np.stack([1 - touch, touch], 2), {}),
        "seller.safe_range.upper": ("scaled", 4 * scale[:, :, None], tall),
        "direction.horizons.t1.interval": ("core", np.stack([-scale, 1.1 * scale], 2), pair),
    }


def sound(seed, sessions=40, slots=SLOTS):
    """Rows of `FORECASTS` of so many sessions; inputs change with every one of them."""
    rng = np.random.default_rng(seed)
    days = synthetic.exchange_sessions(sessions).to_list()
    saturdays = [day - timedelta(days=(day.weekday() - 5) % 7) for day in days]
    weeks = np.unique(saturdays, return_inverse=True)[1]
    made = []
    for path, (candidate, values, kind) in _series(rng, days, weeks).items():
        for i, day in enumerate(days):
            for j, slot in enumerate(slots):
                at = cases.moment(day) - (len(slots) - 1 - j) * _HALF_HOUR
                made.append(
                    cases.of_session(day, day + timedelta(days=9))
                    | {
                        "slot": f"{day}-{slot}",
                        "as_of": at,
                        "published_at": at,
                        "path": path,
                        "candidate": candidate,
                        "trained_to": saturdays[i],
                        "forecast": values[i, j].tolist(),
                        "cuts": [0.01 * c for c in range(1, values.shape[2])],
                        "feature_hash": f"{day}",
                    }
                    | kind
                )
    return cases.rows(made)


def planted(history, path, value, since=0):
    """The history with one path at a constant from a session on."""
    day = history["session"].unique().sort()[since]
    here = (pl.col("path") == path) & (pl.col("session") >= day)
    return history.with_columns(
        forecast=pl.when(here).then(pl.lit(value, dtype=pl.List(pl.Float64))).otherwise("forecast")
    )
