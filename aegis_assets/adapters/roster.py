"""Which of the stored training weeks of an engine serve a slot."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Self

from aegis_assets.adapters.model_store import ModelStore
from aegis_assets.adapters.withdrawals import Withdrawal, known_by, week_served
from aegis_assets.core.errors import ArtifactError


@dataclass(frozen=True)
class Roster:
    """The weeks of which all targets of an engine are stored, and what was withdrawn of them.

    `weeks` are cut-offs, oldest first.
    """

    engine: str
    weeks: tuple[str, ...]
    withdrawn: tuple[Withdrawal, ...]

    @classmethod
    def of(
        cls,
        store: ModelStore,
        engine: str,
        targets: Sequence[str],
        last: date | None = None,
        known_at: datetime | None = None,
    ) -> Self:
        """The roster of a store, as it was at `known_at` if that is given.

        Weeks after `last` are taken for not yet trained, withdrawals from `known_at` on for not
        yet said.
        """
        stored = (set(store.partitions(engine, target)) for target in targets)
        whole = sorted(set.intersection(*stored))
        known = tuple(week for week in whole if last is None or week <= last.isoformat())
        return cls(engine, known, known_by(store.withdrawals(engine), known_at))

    def serving(self, target: str, asked: str, moment: datetime) -> str:
        """The week that serves a slot of the week `asked` that ends at `moment`.

        It is the newest that is whole and not later than `asked`, or what stood in its place by
        then.  Raises `ArtifactError` where there is none: a later model has seen the slot's future.
        """
        known = bisect_right(self.weeks, asked)
        if not known:
            there = f"the first is {self.weeks[0]}" if self.weeks else "none is stored"
            msg = (
                f"no training week of {self.engine} up to {asked} is whole ({there}), and a later "
                f"one has seen what was to come: train it first with `aegis train --week {asked}`"
            )
            raise ArtifactError(msg)
        newest = date.fromisoformat(self.weeks[known - 1])
        return week_served(self.withdrawn, target, newest, moment).isoformat()
