"""Training weeks that a person took out of service: facts with a time, kept for ever.

``root/<engine>/withdrawals.json``.  A fact says from when on another week serves in place of one,
or that the week serves again.  Nothing is taken back by removing a fact, so a past slot is still
made from what served it then.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Self

from pydantic import AwareDatetime, Field, ValidationError, model_validator

from aegis_assets.adapters.files import locked, refusal, write_atomically
from aegis_assets.core.errors import ArtifactError, StorageError
from aegis_assets.core.frozen import Frozen

WITHDRAWALS = "withdrawals.json"


class Withdrawal(Frozen):
    """Which week serves a target in place of another, for slots that end after `since`."""

    target: str
    week: date = Field(description="training week that was taken out of service")
    instead: date | None = Field(description="week that serves; null where `week` serves again")
    since: AwareDatetime = Field(description="slots that end after it are served so")
    said_at: AwareDatetime = Field(description="when it was decided, by the source's clock")
    why: str = Field(min_length=1)

    @model_validator(mode="after")
    def _an_earlier_week_serves(self) -> Self:
        if self.instead is not None and self.instead >= self.week:
            msg = f"{self.week} cannot be served by {self.instead}, expected an earlier week"
            raise ValueError(msg)
        return self


class _Kept(Frozen):
    schema_version: int = 1
    facts: tuple[Withdrawal, ...]


class Withdrawals:
    """The facts of each engine, in the order in which they were said."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def facts(self, engine: str) -> tuple[Withdrawal, ...]:
        """All that was ever said of the engine; raises `ArtifactError` where it is torn."""
        path = self._root / engine / WITHDRAWALS
        try:
            return _Kept.model_validate_json(path.read_bytes()).facts
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise ArtifactError(f"{path} could not be read ({error}): check that disk") from error
        except ValidationError as error:
            first = error.errors()[0]["msg"]
            raise ArtifactError(
                f"{path} is no list of withdrawals ({first}): restore it from a copy; without it "
                "every week serves that was withdrawn, so move it away only if that is meant"
            ) from error

    def add(self, engine: str, facts: Iterable[Withdrawal]) -> Path:
        """Append the facts to the engine's, all of them or none; the file.

        Without a fact nothing is written.
        """
        folder, added = self._root / engine, tuple(facts)
        path = folder / WITHDRAWALS
        if not added:
            return path
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with locked(folder, exclusive=True):
                kept = _Kept(facts=(*self.facts(engine), *added))
                write_atomically(path, kept.model_dump_json(indent=2).encode())
        except OSError as error:
            raise StorageError(refusal(path, error)) from error
        return path


def known_by(facts: Sequence[Withdrawal], known_at: datetime | None) -> tuple[Withdrawal, ...]:
    """The facts that had been said before `known_at`, in their order; all of them if None."""
    return tuple(fact for fact in facts if known_at is None or fact.said_at < known_at)


def in_force(
    facts: Sequence[Withdrawal], target: str, moment: datetime | None
) -> dict[date, Withdrawal]:
    """The withdrawals that count for a slot that ends at `moment`, by week; of all facts if None.

    Of several about one week the last that was said counts.
    """
    last = {
        fact.week: fact
        for fact in facts
        if fact.target == target and (moment is None or fact.since < moment)
    }
    return {week: fact for week, fact in last.items() if fact.instead is not None}


def week_served(
    facts: Sequence[Withdrawal], target: str, asked: date, moment: datetime | None
) -> date:
    """The week that serves a slot of the week `asked`: itself, or what stands in its place."""
    withdrawn = in_force(facts, target, moment)
    week = asked
    while (fact := withdrawn.get(week)) is not None and fact.instead is not None:
        week = fact.instead
    return week
