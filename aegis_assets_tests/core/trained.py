"""Small trained forecasters of every engine on synthetic candles, with verdicts made by hand."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from functools import lru_cache, partial

import polars as pl
import pytest

from aegis_assets.core.assembly import payload
from aegis_assets.core.card import Artefact, CandidateScore, Verdict
from aegis_assets.core.frozen import Skill, Source
from aegis_assets.core.engines import ENGINES, Engine
from aegis_assets.core.engines.feature_table import feature_table
from aegis_assets.core.engines.volatility import VOLATILITY, past_scales
from aegis_assets.core.evaluation import walk_forward as module
from aegis_assets.core.evaluation.dataset import examples, questions
from aegis_assets.core.evaluation.forecaster import Forecaster, forecaster
from aegis_assets.core.evaluation.target import Target
from aegis_assets.core.evaluation.training import Training, artefact
from aegis_assets.core.labels import label_table
from aegis_assets.core.markets import SP500
from aegis_assets.core.payload import Payload
from aegis_assets.core.running import Running
from aegis_assets.core.sessions import close_of
from aegis_assets_tests.core import synthetic

SEED = 5
REFUSED = "not enough data: 2 folds, needs 8"


@lru_cache(maxsize=1)
def panel() -> pl.DataFrame:
    """The candles of a market with a volatility index from its first session on."""
    days = synthetic.exchange_sessions(720)
    return synthetic.one_symbol(SP500.index.symbol, days, seed=4, index_starts=0)


def last_session() -> date:
    return panel()["session"][-1]


def after_close(minutes: int = 30) -> datetime:
    return close_of(SP500, last_session()) + timedelta(minutes=minutes)


CUTOFF = last_session() - timedelta(days=3)


@lru_cache(maxsize=1)
def features() -> Mapping[str, pl.DataFrame]:
    return {engine.name: feature_table(panel(), engine) for engine in ENGINES}


def verdict(target: Target, source: Source) -> Verdict:
    """As the gate would write it down for a target with two or three classes."""
    served = {
        Source.MODEL: target.challenger.name,
        Source.BASELINE: target.anchor.name,
        Source.UNAVAILABLE: None,
    }[source]
    classes = len(target.label.classes)
    return Verdict(
        source=source,
        served=served,
        challenger=target.challenger.name,
        baseline=target.anchor.name if served else None,
        score="RPS",
        skill=Skill(value=0.02, lower=0.01, upper=0.03, n=400) if served else None,
        p_value=0.001 if served else None,
        folds=2,
        base_rates=(1 / classes,) * classes if classes else (),
        candidates=(CandidateScore(name=target.challenger.name, loss=0.2),),
        skill_by_year={2015: 0.02},
        reasons=() if source is Source.MODEL else (REFUSED,),
    )


@lru_cache(maxsize=1)
def scales() -> Mapping[int, pl.DataFrame]:
    """The core's out-of-sample forecasts, walked forward in small folds."""
    with pytest.MonkeyPatch.context() as patch:
        small = partial(module.folds, first_test=200, block=150)
        patch.setattr(module, "folds", small)
        made = [
            module.walk_forward(target, rows(VOLATILITY, target), names, SEED)
            for target in VOLATILITY.targets
            for names in [VOLATILITY.feature_names(target)]
        ]
    return past_scales(pl.concat(made))


def rows(engine: Engine, target: Target) -> pl.DataFrame:
    """The examples that were known before the cut-off."""
    scale = None if engine is VOLATILITY else scales()[target.label.horizon]
    names = engine.feature_names(target)
    asked = questions(target, features()[engine.name], names, scale)
    outcomes = label_table(panel(), [target.label], panel()["session"])
    return examples(target, asked, outcomes, CUTOFF)


def training(engine: Engine) -> Training:
    return Training(
        market=SP500.name,
        engine=engine.name,
        cutoff=CUTOFF,
        seed=SEED,
        code_version=engine.code_version,
        libraries={"numpy": "2"},
    )


@lru_cache(maxsize=256)
def trained(engine: Engine, target: Target, source: Source) -> Artefact:
    return artefact(
        target,
        rows(engine, target),
        engine.feature_names(target),
        verdict=verdict(target, source),
        shrinkage=1.0 if engine is VOLATILITY else 0.4,
        training=training(engine),
    )


@lru_cache(maxsize=256)
def revived(engine: Engine, target: Target, source: Source) -> Forecaster:
    stored = trained(engine, target, source)
    return forecaster(stored, engine.code_version, stored.card.libraries)


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
    made: Mapping[str, Mapping[str, Forecaster]] | None = None,
    running: Running | None = None,
) -> Payload:
    """The payload of these candles; of the whole panel half an hour after its end by default."""
    known = panel() if candles is None else candles
    tables = {engine.name: feature_table(known, engine) for engine in ENGINES}
    return payload(
        SP500,
        known,
        tables,
        made or forecasters(),
        as_of=as_of or after_close(),
        source="sample",
        running=running,
    )
