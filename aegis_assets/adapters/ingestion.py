"""From a source to the store: what is asked for, whether it may come in, what becomes of it.

An outage costs freshness and nothing else: what is stored stays, and the outcome says why.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial

import polars as pl

from aegis_assets.adapters.bar_store import BarStore
from aegis_assets.adapters.sources import Source
from aegis_assets.adapters.verdicts import Outcome, Verdict, kept, outcome
from aegis_assets.core.absorption import Absorption, absorbed, final_sessions, stamped
from aegis_assets.core.bars import DailyAnswer
from aegis_assets.core.candles import quarantined
from aegis_assets.core.errors import (
    AnswerError,
    ContentError,
    CoolingDownError,
    RateLimitError,
    SourceError,
    TransportError,
)
from aegis_assets.core.laws import FORMING
from aegis_assets.core.markets import Market
from aegis_assets.core.sessions import sessions_between
from aegis_assets.core.universe import Instrument
from aegis_assets.core.vetting import Overlap, missing_sessions, overlap, scale

OVERLAP_SESSIONS = 10
_ILL = 2
_OF_THE_PAST = {"MISSING_SESSIONS", "SCALE_CHANGED", "HISTORY_DISAGREES"}
"""Why a whole history may be refused and its newest sessions be right."""
_WHY = {
    Overlap.NONE: "no bar of the overlap could be compared with a stored one",
    Overlap.ADJUSTED: "the bars of the overlap are the stored ones on another basis",
    Overlap.RESTATED: "bars of the overlap differ from the stored ones",
}
_KEYS = ["symbol", "session"]

Join = Callable[[pl.DataFrame, DailyAnswer], Absorption]


@dataclass(frozen=True)
class Ingestion:
    """Daily bars of instruments that share a market's sessions, from one source into one store.

    A source is asked once `patience` finished sessions are missing, for those and the ten before;
    where the ten differ from what is stored, it is asked once more, for all since `history_start`.
    Once in `renewal` the first request is for all.
    """

    source: Source
    store: BarStore
    market: Market
    history_start: date
    patience: int = 1
    renewal: timedelta = timedelta(days=7)

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
                ill = ill if outcomes[-1].verdict is Verdict.NOT_DUE else 0
            except SourceError as error:
                outcomes.append(kept(instrument, error, asked=True))
                ill = ill + 1 if isinstance(error, TransportError) else 0
                if isinstance(error, RateLimitError | CoolingDownError) or ill == _ILL:
                    stopped = error
        return outcomes

    def _one(self, instrument: Instrument, *, rebuild: bool) -> Outcome:
        stored = judged(self.store.daily(instrument.symbol), instrument, self.market)
        last = self.source.last_session(self.market)
        tail = self.history_start if rebuild else self._asked_from(stored, last)
        if tail == self.history_start:
            return self._whole(instrument, last, trusted=rebuild)
        refused: ContentError | None = None
        if self._is_whole_due(instrument, stored, is_asked=tail is not None):
            try:
                return self._whole(instrument, last)
            except ContentError as error:
                if error.code not in _OF_THE_PAST:
                    raise
                # Tried again after the next `renewal`; what is missing at the end comes meanwhile.
                self._note_asked(instrument)
                refused = error
        if tail is None:
            return Outcome(instrument.symbol, Verdict.NOT_DUE)
        return self._tail(instrument, stored, (tail, last), refused)

    def _tail(
        self,
        instrument: Instrument,
        stored: pl.DataFrame,
        asked: tuple[date, date],
        refused: ContentError | None,
    ) -> Outcome:
        """The sessions that are missing and the ten before; all, if those differ.

        After a whole history was `refused`, a tail comes in only where it agrees with the stored.
        """
        answer = self.source.daily(self.market, instrument, *asked)
        reasons = self._vetted(answer, *asked)
        found = self._overlap(stored, answer)
        if found is Overlap.SAME:
            told = [f"{refused} (the newest sessions agree)"] if refused else []
            return self._absorbed(answer, (*told, *reasons), self._joined, answers=1 + len(told))
        if refused is not None:
            raise refused
        self._judge(answer, f"superseded:{found}")
        why = f"{found}: {_WHY[found]}, so all was asked for again"
        return self._whole(instrument, asked[1], why)

    def _is_whole_due(
        self, instrument: Instrument, stored: pl.DataFrame, *, is_asked: bool
    ) -> bool:
        """Whether all is to be asked for: more than ever before, or a request is due and it is old.

        So a bar that was put away for a fault is mended, however old, once the source has it right.
        """
        if stored.is_empty():
            return False
        asked = self.store.asked(instrument.symbol)
        if asked is None:
            return True
        since, moment = asked
        is_old = moment is not None and self.source.now() - moment >= self.renewal
        return self.history_start < since or (is_asked and is_old)

    def _note_asked(self, instrument: Instrument) -> None:
        """All was asked for; an archive never gets old, and so has no moment."""
        moment = self.source.now() if self.source.is_live else None
        self.store.note_asked(instrument.symbol, self.history_start, moment)

    def _asked_from(self, stored: pl.DataFrame, last: date) -> date | None:
        """First session to ask for, or nothing while fewer than `patience` are missing."""
        newest = stored.filter(pl.col("reason").is_null() & pl.col("is_final"))["session"].max()
        if not isinstance(newest, date):
            return self.history_start
        if len(sessions_between(self.market, newest, last)) - 1 < self.patience:
            return None
        before = sessions_between(self.market, self.history_start, newest)
        if len(before) <= OVERLAP_SESSIONS:
            return self.history_start
        first: date = before[-OVERLAP_SESSIONS]
        return first

    def _vetted(self, answer: DailyAnswer, first: date, last: date) -> tuple[str, ...]:
        """What was odd with the answer; raises where it must not come in.

        An archive is what it is: its holes are counted once the candles are made.
        """
        if answer.origin.fetched_at is None:
            return answer.findings
        since = max(first, answer.first_trade or first)
        with self._refusing(answer):
            absent = missing_sessions(answer, sessions_between(self.market, since, last))
        newest = [f"NEWEST_SESSION_MISSING: no usable bar for {last}"] if last in absent else []
        older = [day for day in absent if day != last]
        gaps = [f"SESSIONS_MISSING: {len(older)}, the last {older[-1]}"] if older else []
        return (*answer.findings, *newest, *gaps)

    def _overlap(self, stored: pl.DataFrame, answer: DailyAnswer) -> Overlap:
        """How a tail differs; by itself where, after what is stored, every bar is too far off."""
        found = overlap(stored, self._stamped(answer, stored))
        if found is Overlap.NONE:
            found = overlap(stored, self._stamped(answer, stored.clear()))
        return found

    def _whole(
        self, instrument: Instrument, last: date, *why: str, trusted: bool = False
    ) -> Outcome:
        """Everything since `history_start`; `why`, if it was not what was asked for first."""
        answer = self.source.daily(self.market, instrument, self.history_start, last)
        reasons = self._vetted(answer, self.history_start, last)
        join = partial(self._replaced, trusted=trusted)
        made = self._absorbed(answer, (*why, *reasons), join, answers=1 + len(why))
        self._note_asked(instrument)
        return made

    def _absorbed(
        self, answer: DailyAnswer, reasons: tuple[str, ...], join: Join, answers: int = 1
    ) -> Outcome:
        instrument = answer.instrument

        def change(stored: pl.DataFrame) -> Absorption:
            return join(judged(stored, instrument, self.market), answer)

        with self._refusing(answer):
            made = self.store.change_daily(instrument.symbol, change)
        self._judge(answer, "accepted")
        return outcome(answer, made, reasons, answers=answers)

    def _joined(self, stored: pl.DataFrame, answer: DailyAnswer) -> Absorption:
        return absorbed(stored, self._stamped(answer, stored), _KEYS)

    def _replaced(self, stored: pl.DataFrame, answer: DailyAnswer, *, trusted: bool) -> Absorption:
        """A whole history is judged by itself, and is a new epoch if any price is another."""
        fetched = self._stamped(answer, stored.clear())
        factor = scale(stored, fetched, answer, trusted=trusted)
        renewed = trusted or overlap(stored, fetched) in {Overlap.ADJUSTED, Overlap.RESTATED}
        return absorbed(stored, fetched, _KEYS, renewed=renewed, scale=factor)

    def _stamped(self, answer: DailyAnswer, stored: pl.DataFrame) -> pl.DataFrame:
        """The answer's bars, judged after the stored good ones that lie before them."""
        is_final = final_sessions(self.market, answer.origin)
        fetched = stamped(answer.bars, answer.origin, is_final)
        earlier = pl.col("session") < pl.lit(fetched["session"].min(), pl.Date)
        before = stored.filter(pl.col("reason").is_null() & earlier).drop("reason")
        both = judged(pl.concat([before, fetched]), answer.instrument, self.market)
        return both.join(fetched, on=_KEYS, how="semi")

    @contextmanager
    def _refusing(self, answer: DailyAnswer) -> Iterator[None]:
        """Write beside an answer why it may not come in, if it may not."""
        try:
            yield
        except AnswerError as error:
            self._judge(answer, f"rejected:{error.code}")
            raise

    def _judge(self, answer: DailyAnswer, verdict: str) -> None:
        self.source.judge(answer.origin, answer.instrument.symbol, "1d", verdict)


def judged(bars: pl.DataFrame, instrument: Instrument, market: Market) -> pl.DataFrame:
    """Daily bars with the `reason`: the law that each breaks; a forming bar breaks none."""
    if bars.is_empty():
        return bars.with_columns(reason=pl.lit(None, dtype=pl.String))
    days = bars["session"].to_list()
    held = sessions_between(market, min(days), max(days))
    bad = quarantined(bars, [instrument], held).filter(pl.col("reason") != FORMING.code)
    return bars.join(bad.select(*_KEYS, "reason"), on=_KEYS, how="left")
