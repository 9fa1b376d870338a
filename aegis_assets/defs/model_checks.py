"""Whether stored models stand: whole, decided on evidence, finite, and not too good to be true."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import dagster as dg
import polars as pl

from aegis_assets.adapters.libraries import library_versions
from aegis_assets.adapters.model_store import ModelStore
from aegis_assets.adapters.warehouse import Warehouse, Window
from aegis_assets.core.card import Card
from aegis_assets.core.engines import ENGINES, Engine
from aegis_assets.core.engines.feature_table import as_declared
from aegis_assets.core.engines.volatility import past_scales
from aegis_assets.core.errors import ArtifactError
from aegis_assets.core.evaluation.dataset import questions
from aegis_assets.core.evaluation.forecaster import Forecaster, forecaster
from aegis_assets.core.evaluation.probe import PROBED, said
from aegis_assets.core.evaluation.standing import alarms, change, faults, members, unsound
from aegis_assets.core.evaluation.target import Target
from aegis_assets.defs.model_metadata import counts, verdict_table

_DAYS_PER_SESSION = 2  # weekends and holidays are less than half of all days


def model_checks() -> list[dg.AssetChecksDefinition]:
    """One blocking check per engine's models."""
    return [_decided(engine) for engine in ENGINES]


def _decided(engine: Engine) -> dg.AssetChecksDefinition:
    @dg.asset_check(
        asset=["models", engine.name], name="models_are_decided_on_evidence", blocking=True
    )
    def models_are_decided_on_evidence(
        context: dg.AssetCheckExecutionContext,
        stored_models: dg.ResourceParam[ModelStore],
        warehouse_file: dg.ResourceParam[Warehouse],
    ) -> dg.AssetCheckResult:
        """Each target has a model that loads, whose verdict its record bears, and that is finite.

        What is wrong with that blocks; a result too good to be true is told and stops nobody, since
        the gate has refused it.
        """
        week = context.partition_key
        cards, broken = revived(stored_models, warehouse_file, engine, week)
        return verdict(cards, broken, _changes(stored_models, cards, week))

    return models_are_decided_on_evidence


def verdict(
    cards: Sequence[Card], broken: Sequence[str], changes: Sequence[str]
) -> dg.AssetCheckResult:
    """What the check says of models with these faults, beside what changed since a week before."""
    suspect = [f"{card.target}: {text}" for card in cards for text in alarms(card)]
    return dg.AssetCheckResult(
        passed=not broken and not suspect,
        severity=dg.AssetCheckSeverity.ERROR if broken else dg.AssetCheckSeverity.WARN,
        metadata={
            "decisions": dg.MetadataValue.md(verdict_table(cards)),
            "faults": _bullets(broken),
            "alarms": _bullets(suspect),
            "changed since the week before": _bullets(changes),
            **counts(cards),
        },
    )


def revived(
    store: ModelStore, warehouse: Warehouse, engine: Engine, week: str
) -> tuple[list[Card], list[str]]:
    """The cards that could be read, and everything that is wrong with the week's models."""
    cards, broken = [], []
    probes = _Probes(warehouse, engine, date.fromisoformat(week))
    for target in engine.targets:
        try:
            stored = store.load(engine.name, target.name, week)
            cards.append(stored.card)
            alive = forecaster(stored, target, engine.code_version, library_versions())
        except ArtifactError as error:
            broken.append(f"{target.name}: {error}")
            continue
        found = faults(alive.card, target) or _not_finite(alive, target, probes)
        broken += [f"{target.name}: {text}" for text in found]
    return cards, broken


class _Probes:
    """Complete rows of each target from before the cut-off, as its models are asked them.

    The tables are read when something is served, and once.
    """

    def __init__(self, warehouse: Warehouse, engine: Engine, cutoff: date) -> None:
        self._warehouse, self._engine, self._cutoff = warehouse, engine, cutoff
        self._tables: tuple[pl.DataFrame, Mapping[int, pl.DataFrame]] | None = None

    def rows(self, target: Target) -> pl.DataFrame:
        """Questions (see `dataset.questions`) of consecutive sessions."""
        self._tables = self._tables or (self._features(), self._scales())
        features, scales = self._tables
        names = self._engine.feature_names(target)
        return questions(target, features, names, scales.get(target.label.horizon))

    def _features(self) -> pl.DataFrame:
        sessions = PROBED + max(target.context for target in self._engine.targets)
        sessions += max(target.label.horizon for target in self._engine.targets)
        first = self._cutoff - timedelta(days=_DAYS_PER_SESSION * sessions)
        window = Window("session", first, self._cutoff)
        table = self._warehouse.rows(f"features.{self._engine.name}", window)
        return as_declared(table, self._engine)

    def _scales(self) -> Mapping[int, pl.DataFrame]:
        if self._engine.consumes is None:
            return {}
        window = Window("cutoff", self._cutoff, self._cutoff + timedelta(days=1))
        return past_scales(
            self._warehouse.rows(f"walk_forward.{self._engine.consumes.name}", window)
        )


def _not_finite(alive: Forecaster, target: Target, probes: _Probes) -> list[str]:
    """Faults of what is behind the served forecast, asked its newest complete rows."""
    served = alive.card.verdict.served
    if served is None:
        return []
    rows = probes.rows(target)
    if rows.is_empty():
        return ["no complete row lies before the cut-off: rebuild the features of its last months"]
    forecasts = {
        name: said(alive.models[name], alive.context[name], rows)
        for name in members(alive.card, served)
    }
    return unsound(alive.card, forecasts)


def _changes(store: ModelStore, cards: Sequence[Card], week: str) -> list[str]:
    """What became of each target since the newest earlier week that is stored."""
    return [text for card in cards for text in _change(store, card, week)]


def _change(store: ModelStore, card: Card, week: str) -> list[str]:
    earlier = [each for each in store.partitions(card.engine, card.target) if each < week]
    if not earlier:
        return []
    try:
        became = change(card, store.card(card.engine, card.target, earlier[-1]))
    except ArtifactError as error:
        became = f"not comparable: {error}"
    return [f"{card.target} since {earlier[-1]}: {became}"] if became else []


def _bullets(texts: Sequence[str]) -> dg.MetadataValue[str]:
    """A list to unfold; what is empty says so at once."""
    if not texts:
        return dg.MetadataValue.text("none")
    return dg.MetadataValue.md("\n".join(f"- {each}" for each in texts))
