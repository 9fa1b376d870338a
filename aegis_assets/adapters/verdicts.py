"""What becomes of one instrument in one ingestion, in words and numbers."""

from dataclasses import dataclass
from enum import StrEnum

from aegis_assets.core.absorption import Absorption
from aegis_assets.core.bars import DailyAnswer, IntradayAnswer
from aegis_assets.core.errors import SourceError
from aegis_assets.core.universe import Instrument


class Verdict(StrEnum):
    """What became of one instrument in one ingestion."""

    NOT_DUE = "NOT_DUE"
    UNCHANGED = "UNCHANGED"
    UPDATED = "UPDATED"
    RENEWED = "RENEWED"
    KEPT = "KEPT"


@dataclass(frozen=True)
class Outcome:
    """One instrument's part of an ingestion; `reasons` are codes with their sentences.

    `restated` counts final bars that the source itself now tells otherwise, adjustments aside.
    """

    symbol: str
    verdict: Verdict
    reasons: tuple[str, ...] = ()
    source: str = ""
    answers: int = 0
    added: int = 0
    settled: int = 0
    adjusted: int = 0
    restated: int = 0
    refused: int = 0


def outcome(
    answer: DailyAnswer | IntradayAnswer,
    made: Absorption,
    reasons: tuple[str, ...],
    *,
    answers: int = 1,
) -> Outcome:
    """What the absorption of an answer comes to."""
    causes = dict(made.revisions["cause"].value_counts().iter_rows())
    bad = made.refused["reason"].value_counts().sort("reason").iter_rows()
    return Outcome(
        symbol=answer.instrument.symbol,
        verdict=_verdict(made),
        reasons=(*reasons, *(f"{code}: {n} bad bars, the stored ones stay" for code, n in bad)),
        source=answer.origin.source,
        answers=answers,
        added=made.added,
        settled=made.settled,
        adjusted=causes.get("ADJUSTMENT", 0),
        restated=causes.get("RESTATEMENT", 0),
        refused=made.refused.height,
    )


def _verdict(made: Absorption) -> Verdict:
    changed = Verdict.RENEWED if made.renewed else Verdict.UPDATED
    return Verdict.UNCHANGED if made.written.is_empty() else changed


def kept(instrument: Instrument, error: SourceError, *, asked: bool) -> Outcome:
    """Nothing came, so what is stored stays; `asked` tells whether a request was made."""
    said = str(error) if asked else f"not asked, since before: {error}"
    return Outcome(instrument.symbol, Verdict.KEPT, (f"{type(error).__name__}: {said}",))
