"""Small trained forecasters of every engine on synthetic candles, with verdicts made by hand.

The network is left out, as a setting may leave it out: what it costs has tests of its own.
"""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

import polars as pl

from aegis_assets.core.assembly import Facts, publication
from aegis_assets.core.card import Artefact, CandidateScore, Trial, Verdict
from aegis_assets.core.engines import ENGINES, Engine
from aegis_assets.core.engines.asking import asked
from aegis_assets.core.engines.feature_table import feature_table
from aegis_assets.core.engines.volatility import VOLATILITY
from aegis_assets.core.estimators import Model, VolatilityCore
from aegis_assets.core.evaluation.fitting import Joint
from aegis_assets.core.evaluation.forecaster import Forecaster, forecaster
from aegis_assets.core.evaluation.heads import Asked
from aegis_assets.core.evaluation.target import Target
from aegis_assets.core.evaluation.training import Training, artefact, final_fits
from aegis_assets.core.evaluation.walk_forward import walk_forward
from aegis_assets.core.frozen import Skill, Source
from aegis_assets.core.labels import label_table
from aegis_assets.core.ledger.entries import Publication
from aegis_assets.core.markets import SP500
from aegis_assets.core.payload import Payload
from aegis_assets.core.sessions import close_of, sessions_between
from aegis_assets_tests.core import synthetic
from aegis_assets_tests.core.small_folds import sized

Forecasters = Mapping[str, Mapping[str, Forecaster]]

SEED = 5
WEIGHT = 0.4
REFUSED = "not enough data: 2 folds, needs 8"
SESSIONS = 1_400
"""Enough for a class against the trailing thousand sessions."""


@lru_cache(maxsize=1)
def panel() -> pl.DataFrame:
    """The candles of a market with a volatility index from its first session on."""
    days = sessions_between(SP500, date(2010, 1, 4), date(2015, 11, 9)).tail(SESSIONS)
    return synthetic.one_symbol(SP500.index.symbol, days, seed=4, index_starts=0)


def last_session() -> date:
    return panel()["session"][-1]


def after_close(minutes: int = 30) -> datetime:
    return close_of(SP500, last_session()) + timedelta(minutes=minutes)


CUTOFF = last_session() - timedelta(days=3)


@lru_cache(maxsize=1)
def features() -> Mapping[str, pl.DataFrame]:
    return {engine.name: feature_table(panel(), engine) for engine in ENGINES}


def leading(target: Target) -> str | None:
    """The most demanding contender that was trained here."""
    fitted = [each.name for each in target.challengers if not isinstance(each, Joint)]
    return fitted[-1] if fitted else None


def strongest(target: Target) -> str:
    """What answers where no contender does: the anchor, unless that contends itself."""
    names = [each.name for each in target.baselines]
    anchor = target.anchor.name if target.anchor else names[-1]
    return anchor if anchor in names else names[-1]


def trial(target: Target, *reasons: str) -> Trial:
    """As the gate would write down the contest of the leading contender."""
    return Trial(
        name=str(leading(target)),
        against=strongest(target),
        skill=Skill(value=0.02, lower=0.01, upper=0.03, n=400),
        p_value=0.001,
        weight=WEIGHT,
        skill_by_year={2015: 0.02},
        recent=None,
        second_market=None,
        reasons=reasons,
    )


def verdict(target: Target, source: Source) -> Verdict:
    """As the gate would write it down; a target without a contender has no MODEL."""
    contender = leading(target)
    served = {
        Source.MODEL: contender or strongest(target),
        Source.BASELINE: strongest(target),
        Source.UNAVAILABLE: None,
    }[source]
    classes = len(target.label.classes)
    refused = () if source is Source.MODEL else (REFUSED,)
    contested = bool(served and contender)
    return Verdict(
        source=Source.BASELINE if source is Source.MODEL and contender is None else source,
        served=served,
        leading=contender if contested else None,
        baseline=strongest(target) if served else None,
        score=target.score.name,
        trials=(trial(target, *refused),) if contested else (),
        folds=2,
        base_rates=(1 / classes,) * classes if classes else (),
        candidates=(CandidateScore(name=strongest(target), loss=0.2, n=400),),
        remarks=() if contested else refused,
    )


@lru_cache(maxsize=1)
def core_record() -> pl.DataFrame:
    """The core's out-of-sample forecasts, walked forward in small folds; of no other candidate."""
    core = VolatilityCore()
    with sized(first_test=200, block=150):
        return pl.concat(
            walk_forward(
                replace(each.target, baselines=(core,), challengers=(), anchor=None),
                each.rows,
                each.names,
                SEED,
            )
            for each in examples(VOLATILITY).values()
        )


@lru_cache(maxsize=8)
def examples(engine: Engine) -> Mapping[str, Asked]:
    """By target, what was known before the cut-off."""
    outcomes = label_table(panel(), engine.labels, panel()["session"])
    core = None if engine is VOLATILITY else core_record()
    put = asked(engine, features()[engine.name], outcomes, CUTOFF, core)
    return {each.target.name: each for each in put}


def rows(engine: Engine, target: Target) -> pl.DataFrame:
    """The examples that were known before the cut-off."""
    return examples(engine)[target.name].rows


def training(engine: Engine) -> Training:
    return Training(
        market=SP500.name,
        engine=engine.name,
        cutoff=CUTOFF,
        seed=SEED,
        code_version=engine.code_version,
        libraries={"numpy": "2"},
    )


def tried(engine: Engine) -> dict[str, frozenset[str]]:
    """By target, the candidates that are trained here: all but the network."""
    return {
        target.name: frozenset(
            each.name for each in target.candidates if not isinstance(each, Joint)
        )
        for target in engine.targets
    }


@lru_cache(maxsize=8)
def models(engine: Engine) -> Mapping[str, Mapping[str, Model]]:
    """By target and candidate, fitted on everything known."""
    with ThreadPoolExecutor(1) as pool:
        put = [*examples(engine).values()]
        return final_fits(put, tried(engine), SEED, pool)


@lru_cache(maxsize=256)
def trained(engine: Engine, target: Target, source: Source) -> Artefact:
    """The artefact of a target whose contenders were given the weight `WEIGHT`."""
    fitted = {} if source is Source.UNAVAILABLE else models(engine)[target.name]
    made = artefact(
        examples(engine)[target.name],
        verdict(target, source),
        None,
        fitted,
        training(engine),
    )
    weights = dict.fromkeys(target.shrinks, WEIGHT)
    return made.model_copy(update={"card": made.card.model_copy(update={"weights": weights})})


@lru_cache(maxsize=256)
def revived(engine: Engine, target: Target, source: Source) -> Forecaster:
    stored = trained(engine, target, source)
    return forecaster(stored, target, engine.code_version, stored.card.libraries)


def forecasters(
    source: Source = Source.BASELINE, **others: Source
) -> dict[str, dict[str, Forecaster]]:
    """By engine and target; `others` by target, and the core's own is always a MODEL."""
    return {
        engine.name: {
            target.name: revived(
                engine,
                target,
                Source.MODEL if engine is VOLATILITY else others.get(target.name, source),
            )
            for target in engine.targets
        }
        for engine in ENGINES
    }


def published(
    candles: pl.DataFrame | None = None,
    as_of: datetime | None = None,
    made: Forecasters | None = None,
    **facts: Any,
) -> Payload:
    """The payload of these candles; of the whole panel half an hour after its end by default."""
    return publication_of(candles, as_of, made, **facts).payload


def publication_of(
    candles: pl.DataFrame | None = None,
    as_of: datetime | None = None,
    made: Forecasters | None = None,
    **facts: Any,
) -> Publication:
    """The same with its claims; `facts` are further ones of `Facts`."""
    known = panel() if candles is None else candles
    tables = features()
    if candles is not None:
        tables = {engine.name: feature_table(known, engine) for engine in ENGINES}
    told = Facts(as_of or after_close(), "sample", **facts)
    return publication(SP500, known, tables, made or forecasters(), told)
