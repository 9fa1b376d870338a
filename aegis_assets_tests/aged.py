"""Models of earlier weeks: those of the last week, kept under an earlier cut-off as well."""

from datetime import date
from pathlib import Path

from aegis_assets.adapters.model_store import ModelStore
from aegis_assets.core.engines import ENGINES, Engine
from aegis_assets_tests.worlds import LAST_WEEK


def keep_as_of(models: Path, week: str, engines: tuple[Engine, ...] = ENGINES) -> None:
    """Keep the models of the last week as those of `week`; they have seen what they should not."""
    store = ModelStore(models)
    for engine in engines:
        for target in engine.targets:
            stored = store.load(engine.name, target.name, LAST_WEEK)
            card = stored.card.model_copy(update={"trained_to": date.fromisoformat(week)})
            store.save(stored.model_copy(update={"card": card}))
