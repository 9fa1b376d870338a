"""Which engines a training week is due for, by how often each is trained, and why."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

import dagster as dg

from aegis_assets.core.engines import ENGINES, Engine
from aegis_assets.defs.due_history import remade_at
from aegis_assets.defs.due_records import Records
from aegis_assets.defs.due_served import fault_of_models
from aegis_assets.defs.second_market import SECOND_MARKET, has_second_market
from aegis_assets.defs.world import World


def engines_due(made: Records, week: str) -> dict[str, str]:
    """Engines that are to be trained at this cut-off, in their order, each with why.

    The reason is empty where the week is merely not there.  An engine that is not trained at this
    cut-off is due if it has no whole week up to it, or none that can serve.  What an engine
    consumes is due with it unless it is there, and with what is consumed all that is trained
    at this cut-off.
    """
    at_hand = made.world.trained_at(date.fromisoformat(week))
    if at_hand and has_second_market(made.world) and not made.is_made((SECOND_MARKET,), week):
        return dict.fromkeys(at_hand, "")
    remade = remade_at(made)
    found: dict[str, str] = {}
    for engine in ENGINES:
        why = _fault(made, engine, week, remade, is_trained=engine.name in at_hand)
        if why is not None:
            found[engine.name] = why
    return _with_kin(made, week, found, at_hand)


def trained_assets(world: World, engines: Iterable[str]) -> tuple[dg.AssetKey, ...]:
    """Records and models of these engines, and the second market that judges them."""
    another = (SECOND_MARKET,) if has_second_market(world) else ()
    return (*another, *(asset for name in engines for asset in _assets(name)))


def training_assets(made: Records, engines: Sequence[str], week: str) -> tuple[dg.AssetKey, ...]:
    """The same, without a second market that is there; if all engines are named it is made anew."""
    found = trained_assets(made.world, engines)
    is_whole = len(engines) == len(ENGINES) or SECOND_MARKET not in found
    if is_whole or not made.is_made((SECOND_MARKET,), week):
        return found
    return tuple(asset for asset in found if asset != SECOND_MARKET)


def _fault(
    made: Records, engine: Engine, week: str, remade: float, *, is_trained: bool
) -> str | None:
    """Why the engine is due; None if it is not."""
    assets = _assets(engine.name)
    own = week if is_trained else _newest_whole(made, engine, week)
    if own is None or (is_trained and not made.is_made(assets, week)):
        return ""
    if made.first_made(assets, own) < remade:
        return "history was made anew since"
    return fault_of_models(made.store, [own], [engine]) or None


def _newest_whole(made: Records, engine: Engine, week: str) -> str | None:
    """The newest week up to this one of which all targets are stored."""
    stored = (set(made.store.partitions(engine.name, each.name)) for each in engine.targets)
    return max((key for key in set.intersection(*stored) if key <= week), default=None)


def _with_kin(
    made: Records, week: str, found: Mapping[str, str], at_hand: list[str]
) -> dict[str, str]:
    """Those found, with what they consume and lack, and with those of now that consume them."""
    due = dict(found)
    for engine in ENGINES:
        read = engine.consumes
        if read and engine.name in found and not made.is_made(_assets(read.name), week):
            due.setdefault(read.name, f"{engine.name} reads it")
    for engine in ENGINES:
        if engine.name in at_hand and engine.consumes and engine.consumes.name in due:
            due.setdefault(engine.name, f"it reads {engine.consumes.name}, which is due")
    return {engine.name: due[engine.name] for engine in ENGINES if engine.name in due}


def _assets(engine: str) -> tuple[dg.AssetKey, ...]:
    return (dg.AssetKey(["walk_forward", engine]), dg.AssetKey(["models", engine]))
