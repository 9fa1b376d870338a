"""What serves the targets of an engine, with the card of the week before."""

from dataclasses import dataclass
from typing import Any

from aegis_assets.adapters.model_store import ModelStore
from aegis_assets.core.card import Card
from aegis_assets.core.engines import Engine
from aegis_assets.core.errors import ArtifactError
from aegis_assets.core.validation import Change, change
from aegis_assets.core.validation.summary import reason


@dataclass(frozen=True)
class Served:
    """The card that serves a target, that of the stored week before, and the week asked for."""

    asked: str
    card: Card
    before: Card | None

    @property
    def change(self) -> Change:
        """What became of the target since the week before."""
        return change(self.card, self.before)

    @property
    def was(self) -> str:
        """What the week before served."""
        return (self.before.verdict.served if self.before else None) or "nothing"

    @property
    def why(self) -> str:
        """The first reason of the verdict."""
        return reason(self.card)

    @property
    def told(self) -> dict[str, Any]:
        """The row for machines."""
        verdict = self.card.verdict
        return {
            "engine": self.card.engine,
            "target": self.card.target,
            "source": verdict.source.value,
            "served": verdict.served,
            "leading": verdict.leading,
            "skill": verdict.skill.model_dump() if verdict.skill else None,
            "baseline": verdict.baseline,
            "reasons": list(verdict.reasons),
            "trained_to": self.card.trained_to.isoformat(),
            "newest_week": self.asked,
            "before": self.before.trained_to.isoformat() if self.before else None,
            "change": self.change.value,
        }


def serving(store: ModelStore, engine: Engine, week: str = "") -> list[Served]:
    """One row per target: of the week given, or of what serves after all that was withdrawn."""
    rows = []
    for target in engine.targets:
        stored = store.partitions(engine.name, target.name)
        if not stored:
            msg = f"no model {engine.name}/{target.name} is stored: run `aegis run` first"
            raise ArtifactError(msg)
        newest = week or stored[-1]
        shown = week or store.week_served(engine.name, target.name, newest)
        earlier = [each for each in stored if each < shown]
        before = store.card(engine.name, target.name, earlier[-1]) if earlier else None
        rows.append(Served(newest, store.card(engine.name, target.name, shown), before))
    return rows
