"""Stores in which every target of some weeks has a model, none of which serves anything."""

from datetime import date, datetime

from aegis_assets.adapters.libraries import library_versions
from aegis_assets.adapters.model_store import ModelStore
from aegis_assets.adapters.withdrawals import Withdrawal
from aegis_assets.core.card import CandidateScore
from aegis_assets.core.engines import ENGINES, Engine
from aegis_assets.core.frozen import Source
from aegis_assets.defs.due_served import declared_version
from aegis_assets_tests.adapters.test_model_store import artefact

NOTHING = {"source": Source.UNAVAILABLE, "served": None, "trials": (), "leading": None}


def shelve(store: ModelStore, week: date, *candidates: str, engines=ENGINES) -> None:
    """Keep a card of that week for each target, on which these candidates were judged."""
    scores = tuple(CandidateScore(name=name, loss=0.25, n=1_500) for name in candidates)
    verdict = artefact().card.verdict.model_copy(update=NOTHING | {"candidates": scores})
    for engine in engines:
        for target in engine.targets:
            made = {"engine": engine.name, "target": target.name, "trained_to": week}
            of_code = {"code_version": declared_version(engine), "libraries": library_versions()}
            store.save(artefact({}, weights_of={}, verdict=verdict, **made, **of_code))


def withdrawn(
    store: ModelStore, engine: Engine, weeks: tuple[date, date], since: datetime, said_at: datetime
) -> None:
    """Say of each target of the engine that the second week serves in place of the first."""
    week, instead = weeks
    facts = [
        Withdrawal(
            target=target.name,
            week=week,
            instead=instead,
            since=since,
            said_at=said_at,
            why="it drifts",
        )
        for target in engine.targets
    ]
    store.withdraw(engine.name, facts)
