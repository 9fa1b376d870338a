"""The report of an engine's training week: from stored cards and records to a file."""

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

from aegis_assets.adapters.files import write_atomically
from aegis_assets.adapters.model_store import ModelStore
from aegis_assets.adapters.warehouse import Warehouse, Window
from aegis_assets.core.card import Card
from aegis_assets.core.engines import Engine
from aegis_assets.core.errors import ArtifactError
from aegis_assets.core.validation import RangeRecord, Report, markdown, range_records, report


def newest_whole_week(store: ModelStore, engine: Engine, until: str = "") -> str:
    """The last week of which every target is stored, none after `until` if that is given.

    Raises `ArtifactError` where there is none.
    """
    stored = [set(store.partitions(engine.name, target.name)) for target in engine.targets]
    weeks = [week for week in set.intersection(*stored) if not until or week <= until]
    if not weeks:
        limit = f" up to {until}" if until else ""
        msg = (
            f"no training week of {engine.name}{limit} is stored whole: "
            f"run `aegis train {engine.name}`"
        )
        raise ArtifactError(msg)
    return max(weeks)


def cards_of(store: ModelStore, engine: Engine, week: str) -> list[Card]:
    """The week's cards in the order of the targets; raises `ArtifactError` where one is missing."""
    return [store.card(engine.name, target.name, week) for target in engine.targets]


def validated(warehouse: Warehouse, engine: Engine, cards: Sequence[Card]) -> Report:
    """The report on the cards of one week, with the joint record of ranges from its table."""
    title = f"{engine.title} ({engine.name})"
    return report(title, cards, _ranges(warehouse, engine, cards))


def keep_report(warehouse: Warehouse, engine: Engine, week: str, made: Report) -> Path:
    """Write the report whole, in place of the week's earlier one; its path."""
    path = warehouse.path.parent / "reports" / f"{engine.name}-{week}.md"
    write_atomically(path, markdown(made).encode())
    return path


def _ranges(warehouse: Warehouse, engine: Engine, cards: Sequence[Card]) -> tuple[RangeRecord, ...]:
    """The joint record of rise and fall, where the engine forecasts them."""
    cutoff: date = cards[0].trained_to
    by_target = {card.target: card for card in cards}
    if not any(name.startswith("rise_") for name in by_target):
        return ()
    window = Window("cutoff", cutoff, cutoff + timedelta(days=1))
    record = warehouse.rows(f"walk_forward.{engine.name}", window)
    return range_records(engine.targets, by_target, record.drop("cutoff"), cards[0].seed)
