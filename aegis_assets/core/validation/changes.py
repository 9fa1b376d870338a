"""What became of a target since another training week."""

from enum import StrEnum

from aegis_assets.core.card import Card
from aegis_assets.core.frozen import Source


class Change(StrEnum):
    """What is served now against what was served then."""

    NEW = "new"
    PROMOTED = "promoted"
    DEMOTED = "demoted"
    OTHER = "changed"
    SAME = "same"


def change(now: Card, before: Card | None) -> Change:
    """`PROMOTED` or `DEMOTED` where a contender came or went, `OTHER` where one took over."""
    if before is None:
        return Change.NEW
    is_model, was_model = (each.verdict.source is Source.MODEL for each in (now, before))
    if is_model != was_model:
        return Change.PROMOTED if is_model else Change.DEMOTED
    return Change.SAME if now.verdict.served == before.verdict.served else Change.OTHER
