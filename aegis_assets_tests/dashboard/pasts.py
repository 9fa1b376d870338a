"""A made-up past for the page: a random walk and what it did to what was published."""

from collections.abc import Iterator
from datetime import date, time, timedelta

import numpy as np

from aegis_assets.core.dashboard.history import (
    Close,
    History,
    MarketFacts,
    MonthlyLoss,
    PublishedRange,
    RatePoint,
    ReliabilityBin,
    ScoreRow,
)
from aegis_assets_tests.dashboard.payloads import AS_OF
from aegis_assets_tests.dashboard.sections import BEFORE

FACTS = MarketFacts(
    name="NIFTY",
    description="NIFTY 50 with India VIX, which is made of its options",
    volatility_index="^INDIAVIX",
    time_zone="Asia/Kolkata",
    opens=time(9, 15),
    closes=time(15, 30),
)
_LAST = date(2025, 11, 20)


def history(seed: int = 7) -> History:
    """Half a year of it."""
    draws = np.random.default_rng(seed)
    closes = tuple(_closes(draws, 124))
    ranges = tuple(_ranges(closes))
    known = [each for each in ranges if each.held is not None]
    return History(
        as_of=AS_OF,
        market=FACTS,
        closes=closes,
        safe_ranges=ranges,
        range_rate=tuple(_rate(known)),
        spike_rate=(),
        reliability=tuple(_bins(draws)),
        scorecard=tuple(_scores()),
        losses=tuple(_losses(draws)),
        reasons={"spike_rate": "no breakout has been called yet, so none could be resolved"},
    )


def empty() -> History:
    """A first day: closes are known, and nothing was ever published before."""
    none = "no forecast has been published and resolved yet"
    parts = ("safe_ranges", "range_rate", "spike_rate", "reliability", "scorecard", "losses")
    return history().model_copy(
        update=dict.fromkeys(parts, ()) | {"reasons": dict.fromkeys(parts, none)}
    )


def _closes(draws: np.random.Generator, count: int) -> Iterator[Close]:
    steps = draws.normal(0.0004, 0.0072, count)
    path = BEFORE * np.exp(np.cumsum(steps) - steps.sum())
    days = [_LAST - timedelta(days=back) for back in range(2 * count)]
    sessions = [day for day in days if day.weekday() < 5][:count][::-1]
    for session, close, step in zip(sessions, path, steps, strict=True):
        wide = abs(step) / 2 + 0.003
        yield Close(
            session=session,
            high=close * (1 + wide),
            low=close * (1 - wide),
            close=close,
            volatility_index=12.0 + 300 * abs(step),
        )


def _ranges(closes: tuple[Close, ...]) -> Iterator[PublishedRange]:
    """Bands over 21 sessions, somewhat narrow, so that some break."""
    for i, each in enumerate(closes[20:], 20):
        path = closes[i + 1 : i + 22]
        lower, upper = each.close * 0.958, each.close * 1.041
        broken = any(later.low < lower or later.high > upper for later in path)
        yield PublishedRange(
            session=each.session,
            expiry=path[-1].session if len(path) == 21 else _LAST + timedelta(days=33),
            lower=lower,
            upper=upper,
            coverage=0.9,
            held=not broken if len(path) == 21 else None,
        )


def _rate(ranges: list[PublishedRange]) -> Iterator[RatePoint]:
    for n in range(30, len(ranges) + 1):
        held = sum(bool(each.held) for each in ranges[:n])
        yield RatePoint(session=ranges[n - 1].session, value=held / n, n=n)


def _bins(draws: np.random.Generator) -> Iterator[ReliabilityBin]:
    named = (
        ("direction", "direction.horizons.t5", "UP"),
        ("direction", "direction.horizons.t5", "DOWN"),
    )
    named = (
        *named,
        ("seller", "seller.breach_probabilities.0.touch_probability", "OUTSIDE"),
        ("buyer", "buyer.breakout_next.0", "BREAKOUT"),
    )
    for engine, path, outcome in named:
        for middle in np.linspace(0.08, 0.62, 7):
            n = int(draws.integers(18, 160))
            seen = float(draws.binomial(n, middle)) / n
            wide = 1.96 * float(np.sqrt(max(seen * (1 - seen), 0.01) / n))
            yield ReliabilityBin(
                engine=engine,
                path=path,
                outcome=outcome,
                mean_probability=float(middle),
                frequency=seen,
                lower=max(0.0, seen - wide),
                upper=min(1.0, seen + wide),
                n=n,
            )


def _scores() -> Iterator[ScoreRow]:
    listed = (
        ("direction", "direction.horizons.t1", 1, 0.2198, 0.2187, 0.004),
        ("direction", "direction.horizons.t5", 5, 0.2241, 0.2229, 0.002),
        ("seller", "seller.breach_probabilities.0.touch_probability", 20, 0.2089, 0.2065, 0.011),
        ("seller", "seller.safe_range", 20, 0.0041, 0.0036, 0.118),
        ("buyer", "buyer.breakout_next.0", 1, 0.1093, 0.1071, 0.019),
        ("buyer", "buyer.theta_edge", 5, 0.4312, 0.3903, 0.094),
    )
    for engine, path, horizon, plain, served, skill in listed:
        row = ScoreRow(
            engine=engine,
            path=path,
            horizon=horizon,
            role="SERVED",
            source="MODEL" if skill > 0.05 else "BASELINE",
            candidate="conformal_core" if "range" in path else "core_distribution",
            score="Brier",
            n=118 - horizon,
            loss=served,
            skill=skill,
            skill_lower=skill - 0.04,
            skill_upper=skill + 0.05,
            coverage=0.912 if "range" in path else None,
            nominal=0.95 if "range" in path else None,
            calibration_error=0.031,
        )
        yield row
        nothing = {"skill": None, "skill_lower": None, "skill_upper": None}
        yield row.model_copy(
            update=nothing | {"role": "BASELINE", "candidate": "base_rate", "loss": plain}
        )


def _losses(draws: np.random.Generator) -> Iterator[MonthlyLoss]:
    for engine, path in (
        ("direction", "direction.horizons.t5"),
        ("direction", "direction.horizons.t1"),
        ("seller", "seller.breach_probabilities.0.touch_probability"),
        ("buyer", "buyer.breakout_next.0"),
    ):
        for month in range(6, 12):
            plain = 0.22 + 0.02 * float(draws.normal())
            for role, loss in (("BASELINE", plain), ("SERVED", plain - 0.004)):
                yield MonthlyLoss(
                    month=date(2025, month, 1),
                    engine=engine,
                    path=path,
                    role=role,
                    loss=loss,
                    n=21,
                )
