"""From a source to the store: what is asked for, whether it may come in, what becomes of it.

An outage costs freshness and nothing else: what is stored stays, and the outcome says why.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

import polars as pl

from aegis_assets.adapters.bar_store import BarStore
from aegis_assets.adapters.sources import Source
from aegis_assets.core.absorption import Absorption, absorbed, final_sessions, stamped
from aegis_assets.core.bars import DailyAnswer, IntradayAnswer
from aegis_assets.core.candles import quarantined
from aegis_assets.core.errors import (
    AnswerError,
    CoolingDownError,
    RateLimitError,
    SourceError,
    TransportError,
)
from aegis_assets.core.laws import FORMING
from aegis_assets.core.markets import Market
from aegis_assets.core.sessions import session_before, sessions_between
from aegis_assets.core.universe import Instrument
from aegis_assets.core.vetting import Overlap, missing_sessions, overlap, scale

OVERLAP_SESSIONS = 10
_ILL = 2


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


@dataclass(frozen=True)
class Ingestion:
    """Daily bars of instruments that share a market's sessions, from one source into one store.

    A source is asked once `patience` finished sessions are missing, for those and the ten before;
    where the ten differ from what is stored, it is asked once more, for all since `history_start`.
    """

    source: Source
    store: BarStore
    market: Market
    history_start: date
    patience: int = 1

    def run(self, instruments: Sequence[Instrument], *, rebuild: bool = False) -> list[Outcome]:
        """Ask for what is due, one instrument after the other, and leave an ill host alone."""
        outcomes: list[Outcome] = []
        stopped: SourceError | None = None
        ill = 0
        for instrument in instruments:
            if stopped is not None:
                outcomes.append(kept(instrument, stopped, asked=False))
                continue
            try:
                outcomes.append(self._one(instrument, rebuild=rebuild))
                ill = 0
            except SourceError as error:
                outcomes.append(kept(instrument, error, asked=True))
                ill = ill + 1 if isinstance(error, TransportError) else 0
                if isinstance(error, RateLimitError | CoolingDownError) or ill == _ILL:
                    stopped = error
        return outcomes

    def _one(self, instrument: Instrument, *, rebuild: bool) -> Outcome:
        stored = self._judged(self.store.daily(instrument.symbol), instrument)
        last = self.source.last_session(self.market)
        first = self.history_start if rebuild else self._asked_from(stored, last)
        if first is None:
            return Outcome(instrument.symbol, Verdict.NOT_DUE)
        answer = self.source.daily(self.market, instrument, first, last)
        try:
            return self._taken(instrument, stored, answer, (first, last), rebuild=rebuild)
        except AnswerError as error:
            self._judge(answer, f"rejected:{error.code}")
            raise

    def _taken(
        self,
        instrument: Instrument,
        stored: pl.DataFrame,
        answer: DailyAnswer,
        asked: tuple[date, date],
        *,
        rebuild: bool,
    ) -> Outcome:
        reasons = self._vetted(answer, *asked)
        fetched = self._stamped(answer, stored)
        found = overlap(stored, fetched)
        whole = rebuild or asked[0] == self.history_start
        if whole or stored.is_empty() or found is Overlap.SAME:
            renewed = rebuild and not stored.is_empty()
            factor = scale(stored, fetched, answer, trusted=True) if renewed else 1.0
            return self._absorbed(
                answer, fetched, reasons, answers=1, renewed=renewed, factor=factor
            )
        self._judge(answer, f"superseded:{found}")
        everything = self.source.daily(self.market, instrument, self.history_start, asked[1])
        try:
            reasons = self._vetted(everything, self.history_start, asked[1])
            fetched = self._stamped(everything, stored.clear())
            factor = scale(stored, fetched, everything)
        except AnswerError as error:
            self._judge(everything, f"rejected:{error.code}")
            raise
        why = f"{found}: the overlap with what was stored differed, so all was asked for again"
        renewed = overlap(stored, fetched) is not Overlap.SAME
        return self._absorbed(
            everything, fetched, (why, *reasons), answers=2, renewed=renewed, factor=factor
        )

    def _asked_from(self, stored: pl.DataFrame, last: date) -> date | None:
        """First session to ask for, or nothing while fewer than `patience` are missing."""
        good = stored.filter(pl.col("reason").is_null() & pl.col("is_final"))["session"]
        newest = good.max()
        if not isinstance(newest, date):
            return self.history_start
        if len(sessions_between(self.market, newest, last)) - 1 < self.patience:
            return None
        return max(self.history_start, session_before(self.market, newest, OVERLAP_SESSIONS - 1))

    def _vetted(self, answer: DailyAnswer, first: date, last: date) -> tuple[str, ...]:
        """What was odd with the answer; raises where it must not come in.

        An archive is what it is: its holes are counted once the candles are made.
        """
        if answer.origin.fetched_at is None:
            return answer.findings
        since = max(first, answer.first_trade or first)
        absent = missing_sessions(answer, sessions_between(self.market, since, last))
        newest = [f"NEWEST_SESSION_MISSING: no usable bar for {last}"] if last in absent else []
        older = [day for day in absent if day != last]
        gaps = [f"SESSIONS_MISSING: {len(older)}, the last {older[-1]}"] if older else []
        return (*answer.findings, *newest, *gaps)

    def _absorbed(
        self,
        answer: DailyAnswer,
        fetched: pl.DataFrame,
        reasons: tuple[str, ...],
        *,
        answers: int,
        renewed: bool,
        factor: float,
    ) -> Outcome:
        instrument = answer.instrument

        def change(stored: pl.DataFrame) -> Absorption:
            judged = self._judged(stored, instrument)
            return absorbed(judged, fetched, ["symbol", "session"], renewed=renewed, scale=factor)

        made = self.store.change_daily(instrument.symbol, change)
        self._judge(answer, "accepted")
        return outcome(answer, made, reasons, answers=answers, renewed=renewed)

    def _stamped(self, answer: DailyAnswer, stored: pl.DataFrame) -> pl.DataFrame:
        """The answer's bars, judged after the stored good ones that lie before them."""
        is_final = final_sessions(self.market, answer.origin)
        fetched = stamped(answer.bars, answer.origin, is_final)
        first = fetched["session"].min()
        before = stored.filter(pl.col("reason").is_null() & (pl.col("session") < first))
        both = pl.concat([before.drop("reason"), fetched])
        return self._judged(both, answer.instrument).filter(pl.col("session") >= first)

    def _judged(self, bars: pl.DataFrame, instrument: Instrument) -> pl.DataFrame:
        """The bars with the code of the law that each breaks; a forming bar breaks none."""
        if bars.is_empty():
            return bars.with_columns(reason=pl.lit(None, dtype=pl.String))
        days = bars["session"].to_list()
        held = sessions_between(self.market, min(days), max(days))
        bad = quarantined(bars, [instrument], held).filter(pl.col("reason") != FORMING.code)
        return bars.join(bad.select("symbol", "session", "reason"), ["symbol", "session"], "left")

    def _judge(self, answer: DailyAnswer, verdict: str) -> None:
        self.source.judge(answer.origin, answer.instrument.symbol, "1d", verdict)


def outcome(
    answer: DailyAnswer | IntradayAnswer,
    made: Absorption,
    reasons: tuple[str, ...],
    *,
    answers: int,
    renewed: bool,
) -> Outcome:
    """What the absorption of an answer comes to."""
    causes = dict(made.revisions["cause"].value_counts().iter_rows())
    changed = not made.written.is_empty()
    bad = made.refused["reason"].value_counts().sort("reason").iter_rows()
    return Outcome(
        symbol=answer.instrument.symbol,
        verdict=Verdict.RENEWED if renewed else Verdict.UPDATED if changed else Verdict.UNCHANGED,
        reasons=(*reasons, *(f"{code}: {n} bad bars, the stored ones stay" for code, n in bad)),
        source=answer.origin.source,
        answers=answers,
        added=made.added,
        settled=made.settled,
        adjusted=causes.get("ADJUSTMENT", 0),
        restated=causes.get("RESTATEMENT", 0),
        refused=made.refused.height,
    )


def kept(instrument: Instrument, error: SourceError, *, asked: bool) -> Outcome:
    """Nothing came, so what is stored stays; `asked` tells whether a request was made."""
    said = str(error) if asked else f"not asked, since before: {error}"
    return Outcome(instrument.symbol, Verdict.KEPT, (f"{type(error).__name__}: {said}",))
