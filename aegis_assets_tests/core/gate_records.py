"""Walk-forward records made by hand, of which every number is known, and what the gate needs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
import polars as pl
from scipy.special import expit

from aegis_assets.core.estimators.estimator import FloatArray
from aegis_assets.core.evaluation.conditions import Finding
from aegis_assets.core.evaluation.evaluation import Evaluation, evaluation
from aegis_assets.core.evaluation.scores import QLIKE, SQUARED
from aegis_assets.core.evaluation.skill import skill, skill_by_year
from aegis_assets.core.evaluation.target import Target
from aegis_assets.core.evaluation.walk_forward import SCHEMA
from aegis_assets.core.labels import LABELS

SEED = 1
YEARS = 9
SESSIONS = 252
ROWS = YEARS * SESSIONS
LEVELS = (0.1, 0.5, 0.9)

Said = Mapping[str, FloatArray]


@dataclass(frozen=True)
class Named:
    """A candidate of which the gate needs the name only."""

    name: str


def named(*names: str) -> tuple[Named, ...]:
    return tuple(Named(each) for each in names)


def target(
    label: str = "breakout_1",
    baselines: Sequence[str] = ("plain", "firm"),
    challengers: Sequence[str] = ("bold",),
    horizon: int | None = None,
    **others: object,
) -> Target:
    """A target of named candidates, without an anchor unless one is told."""
    found = LABELS[label]
    asked = found if horizon is None else replace(found, horizon=horizon)
    return Target(asked, named(*baselines), named(*challengers), **others)


def quantity(horizon: int = 1, **others: object) -> Target:
    """A target of which a mean is forecast: any loss can be had by an error of its root."""
    return target("theta_5", horizon=horizon, **{"score_of_quantity": SQUARED} | others)


def variance(horizon: int = 1, **others: object) -> Target:
    return target("variance_1", horizon=horizon, **{"score_of_quantity": QLIKE} | others)


def calendar(rows: int) -> list[date]:
    """252 days of each year from 2010 on."""
    return [date(2010 + i // SESSIONS, 1, 1) + timedelta(days=i % SESSIONS) for i in range(rows)]


def record(  # noqa: PLR0917 - each is a fact of the record
    asked: Target,
    said: Said,
    values: FloatArray,
    classes: FloatArray | None = None,
    block: int = SESSIONS,
    trained_on: int = 1_000,
) -> pl.DataFrame:
    """What every candidate said (n, k) on the same sessions; a row of NaN is no answer."""
    rows = len(values)
    days = calendar(rows)
    shared = {
        "symbol": ["^GSPC"] * rows,
        "session": days,
        "target": [asked.name] * rows,
        "fold": [i // block for i in range(rows)],
        "fold_start": [days[i - i % block] for i in range(rows)],
        "known_on": [each + timedelta(days=1) for each in days],
        "outcome": values,
        "outcome_class": [None] * rows if classes is None else classes,
        "trained_on": [trained_on + i // block for i in range(rows)],
    }
    schema = {name: kind for name, (kind, _) in SCHEMA.items()}
    return pl.concat(
        pl.DataFrame(
            shared
            | {
                "candidate": [name] * rows,
                "forecast": [None if np.isnan(row).all() else row.tolist() for row in forecast],
            }
        )
        .select(*schema)
        .cast(schema)
        for name, forecast in said.items()
    )


def off_by(losses: FloatArray, values: FloatArray) -> FloatArray:
    """Forecasts (n, 1) of a mean that lose this much."""
    return (values + np.sqrt(losses))[:, None]


def losing(
    asked: Target, losses: Mapping[str, FloatArray], **others: int
) -> tuple[Target, pl.DataFrame]:
    """The record of a quantity in which every candidate loses as told."""
    rows = len(next(iter(losses.values())))
    values = np.random.default_rng(5).standard_normal(rows)
    said = {name: off_by(each, values) for name, each in losses.items()}
    return asked, record(asked, said, values, **others)


def better(rows: int = ROWS, gain: float = 0.05, seed: int = 3) -> dict[str, FloatArray]:
    """Losses of a challenger that is clearly better than both baselines."""
    firm = 0.2 + np.random.default_rng(seed).gamma(2.0, 0.1, rows)
    noise = 0.02 * np.random.default_rng(seed + 1).standard_normal(rows)
    return {"plain": firm + 0.02, "firm": firm, "bold": firm * (1 - gain) + noise}


def by_year(gains: Sequence[float]) -> dict[str, FloatArray]:
    """Losses with this share gained in each year."""
    losses = better()
    factor = np.repeat([1 - gain for gain in gains], SESSIONS)
    return losses | {"bold": losses["firm"] * factor}


def odds(rows: int = ROWS, spread: float = 0.8, seed: int = 11) -> FloatArray:
    """True log-odds (n,) of the upper of two classes."""
    return spread * np.random.default_rng(seed).standard_normal(rows)


def happened(log_odds: FloatArray, seed: int = 12) -> FloatArray:
    """Classes (n,) that come as often as these odds say."""
    return (np.random.default_rng(seed).random(len(log_odds)) < expit(log_odds)).astype(np.int64)


def binary(log_odds: FloatArray) -> FloatArray:
    """Probabilities (n, 2) of these odds of the upper class."""
    upper = expit(log_odds)
    return np.column_stack([1 - upper, upper])


def classified(
    bold: FloatArray, asked: Target | None = None, truth: FloatArray | None = None, **others: int
) -> tuple[Target, pl.DataFrame]:
    """Two classes: `plain` knows nothing, `firm` a third of the truth, `bold` has these odds."""
    true = odds(len(bold)) if truth is None else truth
    said = {
        "plain": binary(np.full(len(true), 0.3)),
        "firm": binary(true / 3 + 0.1),
        "bold": binary(bold),
    }
    asked = asked or target()
    return asked, record(asked, said, np.zeros(len(true)), happened(true), **others)


def quantiles(
    places: Sequence[float], asked: Target | None = None, newest: Sequence[float] | None = None
) -> tuple[Target, pl.DataFrame]:
    """Quantiles of a known scale: `bold` reads it, and holds this share of outcomes by level.

    Of the newest 250 sessions it holds `newest`, if that is told.
    """
    rng = np.random.default_rng(31)
    scale, shocks = rng.gamma(8.0, 0.125, ROWS), rng.standard_normal(ROWS)
    asked = asked or target("magnitude_1", horizon=1)
    bold = np.tile(np.quantile(shocks, places), (ROWS, 1))
    if newest is not None:
        bold[:-250] = np.quantile(shocks[:-250], places)
        bold[-250:] = np.quantile(shocks[-250:], newest)
    said = {
        "plain": np.tile([-3.0, 0.5, 3.0], (ROWS, 1)),
        "firm": np.tile([-2.5, 0.4, 2.5], (ROWS, 1)),
        "bold": scale[:, None] * bold,
    }
    return asked, record(asked, said, scale * shocks)


def evaluated(asked: Target, rows: pl.DataFrame) -> Evaluation:
    """The evaluation of a record that has one."""
    found = evaluation(asked, rows)
    assert found is not None
    return found


def finding(asked: Target, rows: pl.DataFrame, **changes: object) -> Finding:
    """What is known of `bold` in a record, some of it changed."""
    found = evaluated(asked, rows)
    mine, theirs, both = found.pair("bold", found.baselines[0])
    years = [year for year, counts in zip(found.years, both, strict=True) if counts]
    known = Finding(
        found=found,
        name="bold",
        both=both,
        skill=skill(mine, theirs, asked.label.horizon, SEED),
        p_value=0.001,
        by_year=skill_by_year(mine, theirs, years),
        recent=None,
        elsewhere=None,
        seed=SEED,
    )
    return replace(known, **changes)
