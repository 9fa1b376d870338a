"""Where one published number comes from."""

from datetime import date

from pydantic import Field

from aegis_assets.core.card import Card
from aegis_assets.core.frozen import Frozen, Skill, Source


class Provenance(Frozen):
    """Source and record of one forecast in the payload; a reason wherever it is not a MODEL."""

    source: Source
    model: str | None = Field(description="engine/target@cut-off:candidate that answered")
    trained_to: date | None = Field(description="cut-off: no session on or after it was seen")
    baseline: str | None = Field(description="the strongest baseline")
    challenger: str | None = Field(description="what tried to beat it")
    skill: Skill | None = Field(description="of the challenger against the baseline")
    baseline_skill: Skill | None = Field(
        default=None, description="of the baseline against the plainest one, the base rate"
    )
    reasons: tuple[str, ...]


def unavailable(*reasons: str) -> Provenance:
    """Why a block of the payload is null."""
    return Provenance(
        source=Source.UNAVAILABLE,
        model=None,
        trained_to=None,
        baseline=None,
        challenger=None,
        skill=None,
        reasons=reasons,
    )


def by_verdict(card: Card) -> Provenance:
    """Provenance of a number that the card's gate decided on."""
    verdict = card.verdict
    return Provenance(
        source=verdict.source,
        model=None if verdict.served is None else model_id(card, verdict.served),
        trained_to=card.trained_to,
        baseline=verdict.baseline,
        challenger=verdict.leading,
        skill=verdict.skill,
        baseline_skill=verdict.baseline_skill,
        reasons=verdict.reasons,
    )


def by_rule(rule: str, *reasons: str) -> Provenance:
    """Provenance of what a declared rule makes of measured values: it forecasts nothing."""
    return Provenance(
        source=Source.PROXY,
        model=f"rule/{rule}",
        trained_to=None,
        baseline=None,
        challenger=None,
        skill=None,
        reasons=reasons,
    )


def provenance_of_rate(is_known: bool, why_not: str) -> Provenance:  # noqa: FBT001 - one fact
    """Provenance of a share of resolved forecasts."""
    if not is_known:
        return unavailable(why_not)
    return by_rule("ledger", "counted over what was published and has been resolved")


def by_baseline(card: Card, candidate: str, *reasons: str) -> Provenance:
    """Provenance of a number read off a baseline, whatever the gate decided on its challenger."""
    return Provenance(
        source=Source.BASELINE,
        model=model_id(card, candidate),
        trained_to=card.trained_to,
        baseline=candidate,
        challenger=None,
        skill=None,
        reasons=reasons,
    )


def model_id(card: Card, candidate: str) -> str:
    """``engine/target@cut-off:candidate``."""
    return f"{card.engine}/{card.target}@{card.trained_to.isoformat()}:{candidate}"
