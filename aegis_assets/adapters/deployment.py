"""Putting a training week into service: whatever is unfit is withdrawn before it serves a slot.

A target whose model is unfit goes back to the newest earlier week that is fit.  That is said as a
withdrawal, like a person's (`aegis models rollback`), and so it counts from a moment on and
no earlier slot is made otherwise.  What a person withdrew stays so.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property

from aegis_assets.adapters.fallback import week_before
from aegis_assets.adapters.model_store import ModelStore
from aegis_assets.adapters.withdrawals import Withdrawal, in_force
from aegis_assets.core.card import Card
from aegis_assets.core.engines import Engine
from aegis_assets.core.errors import ArtifactError
from aegis_assets.core.promotion import Deployed

UNFIT = "refused at deployment: "
"""How the reason begins of a withdrawal that nobody but a deployment said."""

Faults = Callable[[str], Mapping[str, str]]
"""What is wrong with the models of a week, by target; those that are fit are no key."""


@dataclass(frozen=True)
class Deployment:
    """What serves an engine from `week` on; what is said counts for slots that end after `since`.

    An engine that was not trained with that week, since its cadence is slower, goes on with the
    newest one before.
    """

    store: ModelStore
    engine: Engine
    week: str
    faults: Faults
    since: datetime
    said_at: datetime

    @cached_property
    def own(self) -> str:
        """The newest training week up to `week`.

        Raises `ArtifactError` where none is whole, or where `week` itself is there in part.
        """
        stored = {name: self.store.partitions(*self._of(name)) for name in self._names}
        missing = [name for name, weeks in stored.items() if self.week not in weeks]
        whole = set.intersection(*map(set, stored.values()))
        known = [each for each in sorted(whole) if each <= self.week]
        if known and len(missing) in {0, len(self._names)}:
            return known[-1]
        msg = (
            f"week {self.week} of {self.engine.name} has no model of {', '.join(missing)}: "
            f"train it first with `aegis train {self.engine.name} --week {self.week}`"
        )
        raise ArtifactError(msg)

    def decide(self) -> list[str]:
        """Say what must be said so that only what is fit serves; the targets without such a week.

        All of the engine's facts are kept at once.  What was said before is not said again.
        """
        facts: list[Withdrawal] = []
        stranded: list[str] = []
        for name in self._names:
            try:
                facts += self._facts(name)
            except ArtifactError as error:
                stranded.append(f"{self.engine.name}/{name}: {self._fault(name)}; {error}")
        self.store.withdraw(self.engine.name, facts)
        return stranded

    def deployed(self) -> list[Deployed]:
        """Each target with the card that serves it from the week on, and the one before."""
        return [self._deployed(name) for name in self._names]

    @property
    def _names(self) -> Sequence[str]:
        return [target.name for target in self.engine.targets]

    def _of(self, name: str) -> tuple[str, str]:
        return self.engine.name, name

    def _fault(self, name: str) -> str:
        """What is wrong with the week's own model, or with the one that serves in its place."""
        own = self.faults(self.own).get(name)
        serving = self.store.week_served(*self._of(name), self.own)
        return own or f"week {serving}: {self.faults(serving).get(name)}"

    def _facts(self, name: str) -> Iterator[Withdrawal]:
        """The one that is missing, if any; raises `ArtifactError` where no week is fit."""
        if name not in self.faults(self.own) and _is_ours(self._standing(name)):
            yield self._fact(name, self.own, None, "fit again: it was trained or restored since")
            return
        serving = self.store.week_served(*self._of(name), self.own)
        fault = self.faults(serving).get(name)
        if fault:
            before = week_before(self.store, self.engine, serving, [name], self._refuse)
            yield self._fact(name, serving, before, f"{UNFIT}{fault}")

    def _standing(self, name: str) -> Withdrawal | None:
        """The withdrawal of the week that counts by all that was said."""
        facts = self.store.withdrawals(self.engine.name)
        return in_force(facts, name, None).get(date.fromisoformat(self.own))

    def _refuse(self, _: ModelStore, __: Engine, week: str, targets: Sequence[str]) -> None:
        for name in targets:
            if fault := self.faults(week).get(name):
                raise ArtifactError(f"{week}: {fault}")

    def _fact(self, name: str, week: str, instead: str | None, why: str) -> Withdrawal:
        return Withdrawal(
            target=name,
            week=date.fromisoformat(week),
            instead=None if instead is None else date.fromisoformat(instead),
            since=self.since,
            said_at=self.said_at,
            why=why,
        )

    def _deployed(self, name: str) -> Deployed:
        fault, standing = self.faults(self.own).get(name, ""), self._standing(name)
        serving = self.store.week_served(*self._of(name), self.own)
        return Deployed(
            week=date.fromisoformat(self.week),
            now=self.store.card(*self._of(name), serving),
            before=self._before(name),
            fault=fault,
            withdrawn="" if standing is None else f"week {self.own} is withdrawn: {standing.why}",
            said_at=self.said_at,
        )

    def _before(self, name: str) -> Card | None:
        """The card that served until the week began: of the newest earlier one that can be read."""
        stored = self.store.partitions(*self._of(name))
        for earlier in reversed([each for each in stored if each < self.week]):
            serving = self.store.week_served(*self._of(name), earlier)
            try:
                return self.store.card(*self._of(name), serving)
            except ArtifactError:
                continue
        return None


def _is_ours(fact: Withdrawal | None) -> bool:
    return fact is not None and fact.why.startswith(UNFIT)
