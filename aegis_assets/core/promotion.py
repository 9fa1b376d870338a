"""What serves each target from a training week on, against what served before: rows of the ledger.

Goes in: cards and faults.  Comes out: an event per target, and the editions that a table keeps.
Stays out: whether a model is sound, and which week serves in its place.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final

import polars as pl

from aegis_assets.core.card import Card
from aegis_assets.core.errors import DataError
from aegis_assets.core.frozen import Skill, Source
from aegis_assets.core.validation.changes import Change, change
from aegis_assets.core.validation.summary import reason


class Event(StrEnum):
    """What deploying a week came to, for one target."""

    NEW = "NEW"
    PROMOTED = "PROMOTED"
    DEMOTED = "DEMOTED"
    CHANGED = "CHANGED"
    KEPT = "KEPT"
    REFUSED = "REFUSED"


_EVENTS: Final[Mapping[Change, Event]] = {
    Change.NEW: Event.NEW,
    Change.PROMOTED: Event.PROMOTED,
    Change.DEMOTED: Event.DEMOTED,
    Change.OTHER: Event.CHANGED,
    Change.SAME: Event.KEPT,
}

PROMOTIONS: Final[Mapping[str, tuple[pl.DataType, str]]] = {
    "cutoff": (pl.Date(), "training week that was deployed"),
    "engine": (pl.String(), "engine of the target"),
    "target": (pl.String(), "label that is forecast"),
    "event": (pl.String(), "NEW, PROMOTED, DEMOTED, CHANGED, KEPT, or REFUSED: its model is unfit"),
    "from_week": (pl.Date(), "week that served before; null if none did"),
    "from_candidate": (pl.String(), "what answered then; null if nothing did"),
    "from_source": (pl.String(), "MODEL, BASELINE or UNAVAILABLE; null if no week served"),
    "to_week": (pl.Date(), "week that serves: `cutoff`, or an earlier one in its place"),
    "to_candidate": (pl.String(), "what answers from now on; null if nothing does"),
    "to_source": (pl.String(), "MODEL, BASELINE or UNAVAILABLE"),
    "skill": (
        pl.Float64(),
        "of what answers against the strongest baseline, or of that against the plainest",
    ),
    "skill_lower": (pl.Float64(), "95 % interval, blocks resampled; null: too few"),
    "skill_upper": (pl.Float64(), "see `skill_lower`"),
    "skill_n": (pl.Int64(), "out-of-sample forecasts that were scored"),
    "why": (pl.String(), "what is wrong with the model, or why what answers does"),
    "said_at": (pl.Datetime("us", "UTC"), "when it was decided, by the source's clock"),
}
"""One row per week and target, and another each time that a later deploy decided otherwise."""

KEYS: Final = ("cutoff", "engine", "target")


@dataclass(frozen=True)
class Deployed:
    """A target of a deployed week.

    `now` serves from the week on, `before` served until then.  `fault` says why the newest model
    cannot serve, `withdrawn` that a person took it out and why; both are empty where it serves.
    """

    week: date
    now: Card
    before: Card | None
    fault: str
    withdrawn: str
    said_at: datetime

    @property
    def event(self) -> Event:
        """What became of the target."""
        return Event.REFUSED if self.fault else _EVENTS[change(self.now, self.before)]

    @property
    def why(self) -> str:
        """The fault, or the week's withdrawal, or the first reason of the verdict."""
        if self.fault:
            return self.fault
        if self.withdrawn:
            return self.withdrawn
        return reason(self.now)


def promotions(deployed: Sequence[Deployed]) -> pl.DataFrame:
    """The rows of `PROMOTIONS` that say this, by engine and target."""
    schema = {name: kind for name, (kind, _) in PROMOTIONS.items()}
    return pl.DataFrame([_row(each) for each in deployed], schema=schema).sort(*KEYS)


def _row(each: Deployed) -> dict[str, object]:
    skill = skill_of(each.now)
    return {
        "cutoff": each.week,
        "engine": each.now.engine,
        "target": each.now.target,
        "event": each.event.value,
        **_served("from", each.before),
        **_served("to", each.now),
        "skill": skill and skill.value,
        "skill_lower": skill and skill.lower,
        "skill_upper": skill and skill.upper,
        "skill_n": skill and skill.n,
        "why": each.why,
        "said_at": each.said_at,
    }


def _served(which: str, card: Card | None) -> dict[str, object]:
    return {
        f"{which}_week": card and card.trained_to,
        f"{which}_candidate": card and card.verdict.served,
        f"{which}_source": card and card.verdict.source.value,
    }


def skill_of(card: Card) -> Skill | None:
    """Skill of what answers, as the card has it (see `PROMOTIONS`)."""
    verdict = card.verdict
    if verdict.source is Source.MODEL:
        return verdict.skill
    return verdict.baseline_skill if verdict.served == verdict.baseline else None


def newest(rows: pl.DataFrame) -> pl.DataFrame:
    """Of each week and target the edition that was said last."""
    said = rows.sort(*KEYS, "said_at")
    return said.unique(KEYS, keep="last", maintain_order=True)


def editions(stored: pl.DataFrame, made: pl.DataFrame) -> pl.DataFrame:
    """`stored`, and those rows of `made` whose newest stored edition does not say the same.

    When it was said does not count, so that to deploy a week twice adds nothing.  Raises
    `DataError` where another decision would come before or beside the one that is kept.
    """
    told = [name for name in PROMOTIONS if name != "said_at"]
    known = newest(stored)
    fresh = made.join(known, on=told, how="anti", nulls_equal=True)
    both = fresh.join(known.select(*KEYS, before="said_at"), on=KEYS)
    early = both.filter(pl.col("said_at") <= pl.col("before"))
    if not early.is_empty():
        row = early.row(0, named=True)
        msg = (
            f"{row['engine']}/{row['target']} of week {row['cutoff']} was decided at "
            f"{row['before']}, another decision says {row['said_at']}, expected later: set the "
            "clock"
        )
        raise DataError(msg)
    return pl.concat([stored, fresh]).sort(*KEYS, "said_at")
