"""The stored models that serve the slots of a run."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Self

from aegis_assets.adapters.libraries import library_versions
from aegis_assets.adapters.model_store import ModelStore
from aegis_assets.adapters.roster import Roster
from aegis_assets.core.card import Artefact
from aegis_assets.core.engines import Engine
from aegis_assets.core.evaluation.forecaster import Forecaster, forecaster


@dataclass(frozen=True)
class Asked:
    """What a slot asks a model store for: the models of its own week, as they stand at its end."""

    week: str
    moment: datetime


@dataclass(frozen=True, eq=False)
class Serving:
    """Artefacts of an engine by target and week, and the week that serves a target in a slot.

    Each was loaded and verified once, however many slots it serves.
    """

    engine: Engine
    weeks: Mapping[str, Mapping[str, str]]
    artefacts: Mapping[tuple[str, str], Artefact]

    @classmethod
    def of(
        cls,
        store: ModelStore,
        engine: Engine,
        asked: Mapping[str, Asked],
        last: date | None = None,
        known_at: datetime | None = None,
    ) -> Self:
        """What serves these slots of the models trained up to `last`, or of all.

        What was said of withdrawals at `known_at` or later is left out, if that is given.  Raises
        `ArtifactError` where nothing serves one, or a model is not as it was saved.
        """
        names = [target.name for target in engine.targets]
        roster = Roster.of(store, engine.name, names, last, known_at)
        weeks = {
            slot: {name: roster.serving(name, each.week, each.moment) for name in names}
            for slot, each in asked.items()
        }
        needed = {served for by_target in weeks.values() for served in by_target.items()}
        return cls(engine, weeks, {each: store.load(engine.name, *each) for each in sorted(needed)})

    def forecasters(self, slot: str) -> dict[str, Forecaster]:
        """By target, what answers in the slot; raises where other code or libraries trained it."""
        return {served[0]: self._revived[served] for served in self.weeks[slot].items()}

    @cached_property
    def _revived(self) -> dict[tuple[str, str], Forecaster]:
        libraries, version = library_versions(), self.engine.code_version
        declared = {target.name: target for target in self.engine.targets}
        return {
            each: forecaster(stored, declared[each[0]], version, libraries)
            for each, stored in self.artefacts.items()
        }
