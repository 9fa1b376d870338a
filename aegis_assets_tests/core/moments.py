"""Answers of the small trained engines, and moments at which they are read, made by hand.

The last session of the candles is a Monday; what runs is the Tuesday after it.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from aegis_assets.core.bars import Quote
from aegis_assets.core.contract.market import IntradayQuality
from aegis_assets.core.engines import ENGINES, VOLATILITY, Engine
from aegis_assets.core.engines.ahead import Ahead
from aegis_assets.core.engines.engine import Answer, Answers, answers
from aegis_assets.core.engines.moment import Moment, Today
from aegis_assets.core.engines.running_day import Session
from aegis_assets.core.engines.volatility import core_variances, present_scales
from aegis_assets.core.frozen import Source
from aegis_assets.core.markets import SP500
from aegis_assets.core.options.max_pain import MaxPain
from aegis_assets.core.options.skew import Skew
from aegis_assets.core.options.view import ChainView
from aegis_assets.core.running import Running
from aegis_assets.core.session_features.grid import half_hours
from aegis_assets_tests.core import trained

NEW_YORK = ZoneInfo(SP500.time_zone)
TUESDAY = date(2015, 11, 10)
NOON = datetime(2015, 11, 10, 12, 0, tzinfo=NEW_YORK)
EVENLY = (1 / 13,) * 13


@lru_cache(maxsize=32)
def _answered(engine: Engine, source: Source, others: tuple[tuple[str, Source], ...]) -> Answers:
    made = trained.forecasters(source, **dict(others))
    known = trained.features()
    core = answers(VOLATILITY, known["volatility"], made["volatility"], {})
    scales = present_scales(known["volatility"], core)
    return answers(engine, known[engine.name], made[engine.name], scales)


def answered(
    engine: Engine, source: Source = Source.BASELINE, **others: Source
) -> dict[str, Answer]:
    """The engine's answers at the last session of the candles."""
    return dict(_answered(engine, source, tuple(others.items())))


def saying(answer: Answer, *served: float, **verdict: Any) -> Answer:
    """The answer with other served numbers, and a verdict changed in some facts."""
    card = answer.forecast.card
    card = card.model_copy(update={"verdict": card.verdict.model_copy(update=verdict)})
    said = {**answer.forecast.candidates, str(card.verdict.served): served}
    return replace(
        answer, forecast=replace(answer.forecast, served=served, card=card, candidates=said)
    )


def lawless(answer: Answer) -> Answer:
    """The answer of a target whose core was never fitted."""
    return replace(answer, law=None)


@lru_cache(maxsize=1)
def variances() -> Mapping[int, float]:
    """The core's at the last session."""
    known, made = trained.features()["volatility"], trained.forecasters()["volatility"]
    return core_variances(answers(VOLATILITY, known, made, {}))


@lru_cache(maxsize=1)
def _state() -> Mapping[str, float | None]:
    found: dict[str, float | None] = {}
    for engine in ENGINES:
        rows = trained.features()[engine.name].drop("symbol", "session")
        found |= rows.row(-1, named=True)
    return found


def at_close(**changes: Any) -> Moment:
    """The moment of the last final close; `state` is added to what the features say."""
    close = trained.panel()["close"][-1]
    facts: dict[str, Any] = {
        "market": SP500,
        "as_of": trained.after_close(),
        "session": trained.last_session(),
        "close": close,
        "spot": close,
        "ahead": Ahead(variances()),
        "why_no_today": "no session is running",
    }
    state = {**_state(), **changes.pop("state", {})}
    return Moment(**(facts | changes | {"state": state}))


def at_noon(moved: float = 0.0, left: float = 0.5, **changes: Any) -> Moment:
    """Tuesday noon: a log move since Monday's close, and that part of a session's variance left.

    Features of the running session may be given as `bars`.
    """
    rest = left * variances()[1]
    today = Today(
        TUESDAY,
        rest,
        "made by hand",
        changes.pop("bars", {}),
        NOON - timedelta(minutes=1),
        None,
        "none were made",
    )
    moment = at_close(**changes)
    return replace(
        moment,
        as_of=NOON,
        spot=moment.close * 2.718281828459045**moved,
        ahead=Ahead(moment.ahead.variances, begun=1, rest=rest),
        today=today,
        why_no_today="",
    )


def quote(
    symbol: str, price: float, age: timedelta = timedelta(0), *, stale: bool = False
) -> Quote:
    """A price of Tuesday noon."""
    return Quote(symbol, price, NOON - age, "1m bar", stale)


QUALITY = IntradayQuality(last_bar=NOON, age_s=0, bars=150, expected=150)


def running(price: float, implied: float | None = None, age: timedelta = timedelta(0)) -> Running:
    """What a live source knows at noon, or that long before."""
    index = None if implied is None else quote("^VIX", implied, age)
    return Running(quote("^GSPC", price, age), index, QUALITY)


def stored(
    moments: tuple[datetime, ...] = (NOON,),
    shares: tuple[float | None, ...] = EVENLY,
    reason: str | None = None,
    **features: float | None,
) -> Session:
    """What is stored of Tuesday: a row of features a moment, and its thirteen windows."""
    known = {"realised_volatility": 0.004, "relative_volatility": 0.0, **features}
    rows = [
        {"symbol": "^GSPC", "session": TUESDAY, "as_of": each.astimezone(UTC), **known}
        for each in moments
    ]
    score = None if reason else 1 / 13
    windows = [
        {
            "session": TUESDAY,
            "as_of": each.astimezone(UTC),
            "window": window.label,
            "opens": window.opens.astimezone(UTC),
            "closes": window.closes.astimezone(UTC),
            "prior_share": share,
            "score": score,
            "reason": reason,
        }
        for each in moments
        for window, share in zip(half_hours(SP500, TUESDAY), shares, strict=True)
    ]
    text = {"reason": pl.String, "score": pl.Float64, "prior_share": pl.Float64}
    return Session(pl.DataFrame(rows), pl.DataFrame(windows, schema_overrides=text))


def chain(**changes: Any) -> ChainView:
    """A chain of Friday's expiry with skew and max pain."""
    facts: dict[str, Any] = {
        "as_of": NOON,
        "expiry": date(2015, 11, 13),
        "forward": 1_000.0,
        "atm_volatility": 0.15,
        "skew": Skew(put_skew=0.05, call_skew=-0.01),
        "max_pain": MaxPain(strike=985.0, lower=980.0, upper=990.0, confidence=0.4),
        "reasons": (),
        "open_interest": 1_000.0,
        "put_call_ratio": 1.2,
    }
    return ChainView(**(facts | changes))
