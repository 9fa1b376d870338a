"""Which earlier training week can serve in place of one, and what keeps a week from serving."""

from collections.abc import Callable, Sequence

from aegis_assets.adapters.libraries import library_versions
from aegis_assets.adapters.model_store import ModelStore
from aegis_assets.adapters.withdrawals import in_force
from aegis_assets.core.engines import Engine
from aegis_assets.core.errors import ArtifactError
from aegis_assets.core.evaluation.forecaster import forecaster

Refusal = Callable[[ModelStore, Engine, str, Sequence[str]], None]
"""Raises `ArtifactError` unless these targets of the week can serve."""


def refuse_unservable(
    store: ModelStore, engine: Engine, week: str, targets: Sequence[str] | None = None
) -> None:
    """Raises `ArtifactError` unless the engine's models of the week load and are of this code."""
    running, version = library_versions(), engine.code_version
    for target in engine.targets:
        if targets is None or target.name in targets:
            stored = store.load(engine.name, target.name, week)
            forecaster(stored, target, version, running)


def week_before(
    store: ModelStore,
    engine: Engine,
    week: str,
    targets: Sequence[str],
    refuse: Refusal = refuse_unservable,
) -> str:
    """The newest earlier week that no one withdrew, of which all these targets can serve.

    Raises `ArtifactError` where there is none, with what is wrong with each that was tried.
    """
    said, faults = store.withdrawals(engine.name), []
    stored = set.intersection(*(set(store.partitions(engine.name, name)) for name in targets))
    withdrawn = {f"{day}" for name in targets for day in in_force(said, name, None)}
    for earlier in sorted((each for each in stored - withdrawn if each < week), reverse=True):
        try:
            refuse(store, engine, earlier, targets)
        except ArtifactError as error:
            faults.append(str(error))
        else:
            return earlier
    found = "; ".join(faults) or f"stored: {', '.join(sorted(stored))}"
    msg = (
        f"no week of {engine.name} before {week} can serve ({found}): there is nothing to go back "
        "to; train an earlier one with `aegis train --week`"
    )
    raise ArtifactError(msg)
