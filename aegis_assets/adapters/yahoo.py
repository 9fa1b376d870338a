"""Bars and prices from Yahoo: the chart request, then another reader of the same host.

The second reader, yfinance through the same session, is asked only where our own did not
understand an answer.  After a refusal, a network failure or a false answer it would meet the same.
"""

import time as clock
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from zoneinfo import ZoneInfo

from aegis_assets.adapters.clock import Clock, shifted
from aegis_assets.adapters.nse import NseQuotes
from aegis_assets.adapters.polite_session import polite_session
from aegis_assets.adapters.raw_archive import RawArchive
from aegis_assets.adapters.request_gate import RequestGate
from aegis_assets.adapters.yahoo_chart import (
    chart_params,
    chart_url,
    daily_answer,
    intraday_answer,
)
from aegis_assets.adapters.yfinance_reader import YFinanceReader
from aegis_assets.core.bars import DailyAnswer, IntradayAnswer, Origin, Quote
from aegis_assets.core.errors import AnswerError, ShapeError
from aegis_assets.core.markets import Market
from aegis_assets.core.sessions import last_final_session, open_of, session_before
from aegis_assets.core.universe import Instrument
from aegis_assets.settings import Settings

if TYPE_CHECKING:
    from aegis_assets.adapters.polite_session import PoliteSession

_DAY = timedelta(days=1)
_Answer = TypeVar("_Answer", DailyAnswer, IntradayAnswer)


@dataclass(frozen=True)
class Waiting:
    """How long one answer may take, and by whose clock the waits between requests are spent."""

    timeout_s: float = 20.0
    time: Callable[[], float] = clock.time
    sleep: Callable[[float], None] = clock.sleep


@dataclass(frozen=True)
class YahooSource:
    """Yahoo through one polite session; `folder` holds the gate, raw answers and the fetch log.

    `proxy` and `ca_file` lead to a stand-in of Yahoo; without them the environment decides.
    """

    folder: Path
    now: Clock
    asks_nse: bool = False
    proxy: str | None = None
    ca_file: Path | None = None
    waiting: Waiting = Waiting()
    name: str = "yahoo"
    is_live: bool = True

    @cached_property
    def archive(self) -> RawArchive:
        """Raw answers by hash, and what was asked for."""
        return RawArchive(self.folder, now=self.now)

    @cached_property
    def gate(self) -> RequestGate:
        """The turn that every process takes before a request to Yahoo."""
        return self._gate_of("yahoo")

    def last_session(self, market: Market) -> date:
        """The newest session that has closed and settled."""
        return self.settled_at(market, self.now())

    def settled_at(self, market: Market, moment: datetime) -> date:
        """The newest session that had closed and settled at `moment`."""
        return last_final_session(market, moment, market.settles)

    def daily(self, market: Market, instrument: Instrument, first: date, last: date) -> DailyAnswer:
        """Daily bars, raw and adjusted, and the corporate actions among them."""

        def read(body: bytes, status: int, fetched_at: datetime, sha256: str) -> DailyAnswer:
            return daily_answer(
                body,
                status,
                instrument,
                market.time_zone,
                source=self.name,
                fetched_at=fetched_at,
                sha256=sha256,
            )

        return self._asked(
            instrument,
            chart_params("1d", first, last + _DAY, market.time_zone),
            read,
            lambda: self._reader.daily(instrument, market.time_zone, first, last, self.now()),
        )

    def intraday(
        self, market: Market, instrument: Instrument, interval: str, session: date
    ) -> IntradayAnswer:
        """Bars of the session and of the one before: a window of no bar looks like no symbol."""
        since = open_of(market, session_before(market, session))
        until = datetime.combine(session + _DAY, time(), ZoneInfo(market.time_zone))

        def read(body: bytes, status: int, fetched_at: datetime, sha256: str) -> IntradayAnswer:
            return intraday_answer(
                body,
                status,
                instrument,
                market.time_zone,
                interval,
                source=self.name,
                fetched_at=fetched_at,
                sha256=sha256,
            )

        return self._asked(
            instrument,
            chart_params(interval, since, until, market.time_zone),
            read,
            lambda: self._reader.intraday(
                instrument, market.time_zone, interval, since, until, self.now()
            ),
        )

    def official_quote(self, instrument: Instrument) -> Quote | None:
        """NSE's own last price, where `AEGIS_NSE_SPOT` allows to ask for it."""
        return self._nse.quote(instrument) if self.asks_nse else None

    def judge(self, origin: Origin, symbol: str, interval: str, verdict: str) -> None:
        """Write beside the raw answer what became of it."""
        if origin.sha256 is not None:
            self.archive.judge(origin.sha256, symbol, interval, verdict)

    def _asked(
        self,
        instrument: Instrument,
        params: dict[str, str],
        read: Callable[[bytes, int, datetime, str], _Answer],
        second: Callable[[], _Answer],
    ) -> _Answer:
        fetched = self._session.fetch(chart_url(instrument.symbol), params)
        try:
            return read(fetched.body, fetched.status, fetched.fetched_at, fetched.sha256)
        except AnswerError as error:
            verdict = f"rejected:{error.code}"
            self.archive.judge(fetched.sha256, instrument.symbol, params["interval"], verdict)
            if not isinstance(error, ShapeError):
                raise
            return _answered_by(second, error)

    @cached_property
    def _session(self) -> "PoliteSession":
        return self._session_through(self.gate)

    @cached_property
    def _reader(self) -> YFinanceReader:
        return YFinanceReader(self._session, self.folder / "yfinance")

    @cached_property
    def _nse(self) -> NseQuotes:
        return NseQuotes(self._session_through(self._gate_of("nse")))

    def _gate_of(self, host: str) -> RequestGate:
        path = self.folder / f"{host}-gate.sqlite"
        return RequestGate(path, time=self.waiting.time, sleep=self.waiting.sleep)

    def _session_through(self, gate: RequestGate) -> "PoliteSession":
        return polite_session(
            gate,
            self.archive,
            now=self.now,
            proxy=self.proxy,
            ca_file=self.ca_file,
            timeout_s=self.waiting.timeout_s,
            sleep=self.waiting.sleep,
        )


def _answered_by(second: Callable[[], _Answer], first: ShapeError) -> _Answer:
    """What the second reader makes of it, and why it was asked; if it fails too, both are told."""
    try:
        answer: _Answer = second()
    except AnswerError as error:
        words = str(first).removeprefix(f"{first.code}: ")
        raise ShapeError(first.code, f"{words}; and yfinance: {error}") from error
    return replace(answer, findings=(first.code, *answer.findings))


def yahoo_source(settings: Settings) -> YahooSource:
    """Yahoo as these settings want it."""
    return YahooSource(
        settings.raw_folder, shifted(settings.clock_shift), asks_nse=settings.nse_spot
    )
