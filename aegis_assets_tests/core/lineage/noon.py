"""A payload of Tuesday noon made of parts that can be changed one by one."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

import polars as pl

from aegis_assets.core.assembly import Facts, publication
from aegis_assets.core.engines import ENGINES, VOLATILITY
from aegis_assets.core.frozen import Source
from aegis_assets.core.markets import SP500
from aegis_assets_tests.core import moments, trained
from aegis_assets_tests.core.lineage.moved import differing, leaves

SPOT, IMPLIED = 985.0, 18.0
SESSION = {"realised_volatility": 0.004, "relative_volatility": 0.1, "range_used": 0.4}
BY_NAME = {engine.name: engine for engine in ENGINES}


def facts(**changes: Any) -> Facts:
    """All that a live slot may know of a session that runs, and of a chain."""
    told = {
        "running": moments.running(SPOT, IMPLIED),
        "session": moments.stored(**SESSION),
        "chain": moments.chain(),
    }
    return Facts(moments.NOON, "sample", **(told | changes))


def at_close() -> Facts:
    """What a slot knows after the close, without a chain."""
    return Facts(trained.after_close(), "sample")


@dataclass(frozen=True, eq=False)
class Parts:
    """What a payload is assembled from."""

    facts: Facts
    panel: pl.DataFrame = field(default_factory=trained.panel)
    features: Mapping[str, pl.DataFrame] = field(default_factory=trained.features)
    forecasters: Mapping[str, Any] = field(
        default_factory=lambda: trained.forecasters(Source.MODEL)
    )

    def said(self) -> dict[str, Any]:
        """The payload as plain values."""
        made = publication(SP500, self.panel, self.features, self.forecasters, self.facts)
        return made.payload.model_dump(exclude={"provenance"})

    def moved(self, **changes: Any) -> set[str]:
        """Paths that are otherwise with these parts changed."""
        return differing(_said(self), replace(self, **changes).said())


@lru_cache(maxsize=8)
def _said(parts: Parts) -> dict[str, Any]:
    return parts.said()


NOON, CLOSE = Parts(facts()), Parts(at_close())


@lru_cache(maxsize=1)
def numbers() -> frozenset[str]:
    """Paths that hold a number, of the state of the data or of a record none.

    A word moves only where a grade's edge is crossed; what decides it is tried in
    `moved_by_targets`.
    """
    kept = leaves(_said(NOON)) | leaves(_said(CLOSE))
    lists = (list, tuple)
    first = {k: v[0] if isinstance(v, lists) and v else v for k, v in kept.items()}
    return frozenset(
        path
        for path, value in first.items()
        if isinstance(value, float) and not path.startswith("data_quality.")
    )


@dataclass(frozen=True, eq=False)
class Louder:
    """A forecaster whose every candidate says so many times as much."""

    inner: Any
    by: float

    @property
    def card(self) -> Any:
        return self.inner.card

    @property
    def models(self) -> Any:
        return self.inner.models

    def forecast(self, question: pl.DataFrame) -> Any:
        """What the inner one says, times `by`."""
        found = self.inner.forecast(question)
        said = {name: self._loud(each) for name, each in found.candidates.items()}
        return replace(found, served=found.served and self._loud(found.served), candidates=said)

    def _loud(self, said: tuple[float, ...]) -> tuple[float, ...]:
        return tuple(self.by * each for each in said)


def _wild() -> Parts:
    """Noon of a day of which the core expects as much as of three weeks: all that is ahead moves
    with what is left of it, by more than a step of an empirical law.
    """
    made = NOON.forecasters
    core = made[VOLATILITY.name]
    loud = {**core, "variance_1": Louder(core["variance_1"], 15.0)}
    return replace(UNCHAINED, forecasters={**made, VOLATILITY.name: loud})


UNCHAINED = Parts(facts(chain=None))
WILD = _wild()
