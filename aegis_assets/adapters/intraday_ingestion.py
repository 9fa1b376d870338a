"""The running session: bars of one minute and of five, and the price that comes with them.

Three requests in all: both lengths of the index, one minute of the volatility index.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial

import polars as pl

from aegis_assets.adapters.bar_store import BarStore
from aegis_assets.adapters.ingestion import judged
from aegis_assets.adapters.sources import IntradaySource
from aegis_assets.adapters.verdicts import Outcome, kept, outcome
from aegis_assets.core import intraday
from aegis_assets.core.absorption import Absorption, absorbed, is_settled, stamped
from aegis_assets.core.bars import IntradayAnswer, Quote
from aegis_assets.core.errors import (
    AnswerError,
    CoolingDownError,
    RateLimitError,
    SourceError,
    TransportError,
)
from aegis_assets.core.laws import FORMING
from aegis_assets.core.markets import Market
from aegis_assets.core.sessions import close_of
from aegis_assets.core.spot import Link, spot
from aegis_assets.core.universe import Instrument
from aegis_assets.core.vetting import refuse_disagreement

_KEYS = ["symbol", "interval", "start"]
_LENGTHS = {"1m": timedelta(minutes=1), "5m": timedelta(minutes=5)}

Answers = Mapping[tuple[str, str], IntradayAnswer]


@dataclass(frozen=True)
class Gathered:
    """What one look at a session gave: an outcome per request, and a price per instrument."""

    asked_at: datetime
    outcomes: list[Outcome]
    quotes: list[Quote]


@dataclass(frozen=True)
class IntradayIngestion:
    """Intraday bars and spot of a market's session, from one source into one store."""

    source: IntradaySource
    store: BarStore
    market: Market

    def run(self, session: date) -> Gathered:
        """Ask for the session's bars as far as it has gone, and for the price of now."""
        asked_at = self.source.now()
        outcomes: list[Outcome] = []
        answers: dict[tuple[str, str], IntradayAnswer] = {}
        stopped: SourceError | None = None
        for instrument, interval in self._asked():
            if stopped is not None:
                outcomes.append(kept(instrument, stopped, asked=False))
                continue
            try:
                answer = self.source.intraday(self.market, instrument, interval, session)
                outcomes.append(self._absorbed(answer, session))
                answers[instrument.symbol, interval] = answer
            except SourceError as error:
                outcomes.append(kept(instrument, error, asked=True))
                if isinstance(error, RateLimitError | CoolingDownError | TransportError):
                    stopped = error
        return Gathered(asked_at, outcomes, list(self._quotes(answers, session)))

    def _asked(self) -> list[tuple[Instrument, str]]:
        index, implied = self.market.index, self.market.volatility_index
        return [(index, "1m"), (index, "5m"), (implied, "1m")]

    def _absorbed(self, answer: IntradayAnswer, session: date) -> Outcome:
        instrument = answer.instrument
        local = pl.col("start").dt.convert_time_zone(self.market.time_zone).dt.date()
        today = answer.bars.with_columns(session=local).filter(pl.col("session") == session)
        is_final = self._is_final(answer, session)
        fetched = self._judged(stamped(today, answer.origin, is_final), instrument, session)

        def change(stored: pl.DataFrame) -> Absorption:
            known = self._judged(stored, instrument, session)
            refuse_disagreement(instrument.symbol, known, fetched, _KEYS)
            return absorbed(known, fetched, _KEYS)

        try:
            made = self.store.change_intraday(instrument.symbol, session, change)
        except AnswerError as error:
            self._judge(answer, f"rejected:{error.code}")
            raise
        self._judge(answer, "accepted")
        return outcome(answer, made, (*answer.findings, *self._missing(made, answer, session)))

    def _missing(self, made: Absorption, answer: IntradayAnswer, session: date) -> list[str]:
        """How many finished bars are not there, as far as the answer's newest trade reaches."""
        if answer.origin.last_trade is None:
            return []
        interval, reached = answer.interval, answer.origin.last_trade
        expected = intraday.expected_bars(self.market, session, interval, reached)
        bars = made.bars.filter(interval=interval)
        found = intraday.validated(bars, [answer.instrument], self.market, session).height
        return [f"BARS_MISSING: {expected - found} of {expected}"] if found < expected else []

    def _judge(self, answer: IntradayAnswer, verdict: str) -> None:
        self.source.judge(answer.origin, answer.instrument.symbol, answer.interval, verdict)

    def _is_final(self, answer: IntradayAnswer, session: date) -> pl.Expr:
        """Whether a bar was over: a later trade is known, or the session has closed and settled."""
        if is_settled(self.market, session, answer.origin):
            return pl.lit(value=True)
        last_trade = pl.lit(answer.origin.last_trade).cast(pl.Datetime("us", "UTC"))
        return pl.col("start") + _LENGTHS[answer.interval] <= last_trade

    def _judged(self, bars: pl.DataFrame, instrument: Instrument, session: date) -> pl.DataFrame:
        bad = intraday.quarantined(bars, [instrument], self.market, session)
        reasons = bad.filter(pl.col("reason") != FORMING.code).select(*_KEYS, "reason")
        return bars.join(reasons.unique(_KEYS), _KEYS, "left", maintain_order="left")

    def _quotes(self, answers: Answers, session: date) -> Iterator[Quote]:
        now = self.source.now()
        for instrument in self.market.instruments:
            found = spot(
                self.market,
                now,
                self._links(instrument, answers, session),
                self._stored(instrument),
            )
            if found is not None:
                self.store.keep_quote(found, session, now)
                yield found

    def _links(self, instrument: Instrument, answers: Answers, session: date) -> Iterator[Link]:
        one = answers.get((instrument.symbol, "1m"))
        yield lambda: one.spot if one else None
        for interval in _LENGTHS:
            yield partial(self._last_bar, instrument, interval, session)
        yield lambda: self._official(instrument)

    def _last_bar(self, instrument: Instrument, interval: str, session: date) -> Quote | None:
        stored = self.store.intraday(instrument.symbol, session).filter(interval=interval)
        candles = intraday.validated(stored, [instrument], self.market, session)
        last = intraday.last_closed(candles, self.source.now())
        if last is None:
            return None
        return Quote(instrument.symbol, last.price, last.moment, f"{interval} bar")

    def _official(self, instrument: Instrument) -> Quote | None:
        """NSE's price; that it did not answer either costs nothing but this link."""
        try:
            return self.source.official_quote(instrument)
        except SourceError:
            return None

    def _stored(self, instrument: Instrument) -> Quote | None:
        good = pl.col("is_final") & pl.col("reason").is_null()
        stored = judged(self.store.daily(instrument.symbol), instrument, self.market)
        last = stored.filter(good).sort("session").tail(1)
        if last.is_empty():
            return None
        close: float = last["close"][0]
        at: datetime = close_of(self.market, last["session"][0])
        return Quote(instrument.symbol, close, at, "stored close", stale=True)
