"""Taking a training week out of service, and taking that back.

From when on is the source's clock, so that no slot is changed that is past.  The clock of an
archive stands at its newest slot, which is then published anew.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime

from aegis_assets.adapters.fallback import refuse_unservable, week_before
from aegis_assets.adapters.model_store import ModelStore
from aegis_assets.adapters.withdrawals import Withdrawal, in_force
from aegis_assets.cli.stages import Platform
from aegis_assets.core.engines import Engine
from aegis_assets.core.errors import ArtifactError, SettingsError


def rolled_back(platform: Platform, engine: Engine, target: str, why: str) -> list[Withdrawal]:
    """The facts that withdraw the newest week that serves, kept; one per target that it serves.

    Raises `ArtifactError` where no earlier week has all of these targets whole.
    """
    store = platform.store
    serving = dict(_serving(store, engine, _named(engine, target)))
    if not why.strip():
        msg = "the reason is empty: say why with --why, it is kept for ever"
        raise SettingsError(msg)
    if not serving:
        msg = f"no model of {engine.name} is stored: run `aegis run` first"
        raise ArtifactError(msg)
    week = max(serving.values())
    targets = [name for name, served in serving.items() if served == week]
    instead = week_before(store, engine, week, targets)
    since, said_at = _since(platform), platform.world.source.now()
    facts = [
        Withdrawal(
            target=name,
            week=date.fromisoformat(week),
            instead=date.fromisoformat(instead),
            since=since,
            said_at=said_at,
            why=why,
        )
        for name in targets
    ]
    store.withdraw(engine.name, facts)
    return facts


def taken_back(platform: Platform, engine: Engine, target: str) -> list[Withdrawal]:
    """The facts that let the week serve again that was withdrawn last, kept."""
    store, said = platform.store, platform.store.withdrawals(engine.name)
    standing = [
        fact for name in _named(engine, target) for fact in in_force(said, name, None).values()
    ]
    if not standing:
        msg = f"no week of {engine.name} is withdrawn: there is nothing to take back"
        raise ArtifactError(msg)
    last = max(standing, key=said.index)
    mine = [each for each in standing if (each.week, each.said_at) == (last.week, last.said_at)]
    names = [each.target for each in mine]
    refuse_unservable(store, engine, last.week.isoformat(), names)
    since, said_at = _since(platform), platform.world.source.now()
    again = {"instead": None, "since": since, "said_at": said_at, "why": "taken back"}
    facts = [each.model_copy(update=again) for each in mine]
    store.withdraw(engine.name, facts)
    return facts


def _since(platform: Platform) -> datetime:
    """Slots that end after it are meant."""
    if platform.world.source.is_live:
        return platform.world.source.now()
    return platform.window_of(platform.newest_slot()[0]).start


def _named(engine: Engine, target: str) -> list[str]:
    names = [each.name for each in engine.targets]
    if target and target not in names:
        msg = f"found target {target!r} of {engine.name}, expected one of {', '.join(names)}"
        raise SettingsError(msg)
    return [target] if target else names


def _serving(
    store: ModelStore, engine: Engine, targets: Sequence[str]
) -> Iterator[tuple[str, str]]:
    """Each target that has a model, with the week that serves it by all that was said."""
    for name in targets:
        stored = store.partitions(engine.name, name)
        if stored:
            yield name, store.week_served(engine.name, name, stored[-1])
