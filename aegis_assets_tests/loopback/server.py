"""The loopback Yahoo: one port that is proxy, TLS end and plain HTTP host at once."""

import ssl
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from socket import socket
from tempfile import TemporaryDirectory
from threading import Lock
from types import TracebackType
from typing import Self

from aegis_assets_tests.loopback.answers import HTML, Answer, Question
from aegis_assets_tests.loopback.charts import chart
from aegis_assets_tests.loopback.clock import Clock
from aegis_assets_tests.loopback.connections import Port
from aegis_assets_tests.loopback.listings import Book
from aegis_assets_tests.loopback.pages import page
from aegis_assets_tests.loopback.scripts import Fault, Script, Scripts, named
from aegis_assets_tests.loopback.view import View
from aegis_assets_tests.loopback.wire import (
    ESTABLISHED,
    NAMES,
    Plan,
    carry_out,
    encoded,
    question_from,
    server_context,
    write_authority,
)

_KEPT_ANSWERS = 256
_STRANGER = Plan(502, [encoded(Answer(502, HTML, b"The loopback Yahoo leads to no such host"))])


@dataclass(frozen=True)
class Request:
    """A request as it was met; `status` is null if no head of an answer was sent.

    A CONNECT is a request only if it failed: otherwise the request inside it is.
    """

    host: str
    method: str
    path: str
    query: dict[str, str]
    status: int | None
    at: datetime

    @property
    def is_chart(self) -> bool:
        return self.path.startswith("/v8/finance/chart/")

    @property
    def symbol(self) -> str:
        return self.path.rpartition("/")[2]


class LoopbackYahoo:
    """Serves `book` as of `clock`; `delay` is how late the exchanges' prices are.

    With a delay the last trade of an intraday answer is a row of its own (`View.tick_apart`).
    """

    def __init__(
        self,
        book: Book,
        *,
        clock: Clock,
        delay: timedelta = timedelta(0),
        tick_apart: bool | None = None,
        port: int = 0,
    ) -> None:
        self.clock = clock
        self._book, self._delay = book, delay
        self._tick_apart = bool(delay) if tick_apart is None else tick_apart
        self._wanted_port = port
        self._lock = Lock()
        self._requests: list[Request] = []
        self._answers: dict[object, Answer] = {}
        self._scripts = Scripts()

    def __enter__(self) -> Self:
        self._folder = TemporaryDirectory(prefix="loopback-yahoo-")
        self.ca_file = Path(self._folder.name) / "ca.pem"
        write_authority(self.ca_file)
        self._context = server_context()
        self._port = Port(self._talk, self._wanted_port)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._port.close()
        self._folder.cleanup()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port.number}"

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs in its environment to meet this Yahoo instead of the true one."""
        bundle = str(self.ca_file)
        return {"HTTPS_PROXY": self.url, "CURL_CA_BUNDLE": bundle, "REQUESTS_CA_BUNDLE": bundle}

    @property
    def requests(self) -> list[Request]:
        with self._lock:
            return list(self._requests)

    @property
    def charts(self) -> list[Request]:
        return [request for request in self.requests if request.is_chart]

    def forget(self) -> None:
        """Empty the request log."""
        with self._lock:
            self._requests.clear()

    def script(
        self,
        fault: Fault | str,
        *,
        host: str | None = None,
        path: str | None = None,
        symbol: str | None = None,
        interval: str | None = None,
        times: int | None = None,
    ) -> None:
        """Let the next `times` requests that match meet `fault`; for ever if null.

        `path` is how the path begins.  A transport fault without conditions meets every request
        to every host; a content fault meets charts only.
        """
        self._scripts.add(Script(named(fault), host, path, symbol, interval, times))

    def heal(self) -> None:
        """Forget all scripts."""
        self._scripts.clear()

    def _talk(self, connection: socket) -> None:
        with connection.makefile("rb") as stream:
            while question := question_from(stream, None):
                if question.method == "CONNECT":
                    break
                if not self._meet(question, connection):
                    return
        if question is None:
            return
        if self._connect(question, connection):
            with closing(self._context.wrap_socket(connection.dup(), server_side=True)) as tunnel:
                self._talk_inside(question.host, tunnel)

    def _talk_inside(self, host: str, tunnel: ssl.SSLSocket) -> None:
        with tunnel.makefile("rb") as stream:
            while question := question_from(stream, host):
                if not self._meet(question, tunnel):
                    return

    def _connect(self, question: Question, connection: socket) -> bool:
        """Whether a tunnel to the host stands."""
        known = any(question.host.endswith(name.lstrip("*")) for name in NAMES)
        plan = self._scripts.connect_plan(question) if known else _STRANGER
        if plan is None:
            connection.sendall(ESTABLISHED)
            return True
        self._note(question, plan)
        carry_out(plan, connection, self._port.stopping)
        return False

    def _meet(self, question: Question, connection: socket) -> bool:
        plan = self._scripts.plan(question, self._answer(question))
        self._note(question, plan)
        return carry_out(plan, connection, self._port.stopping)

    def _note(self, question: Question, plan: Plan) -> None:
        asked = (question.host, question.method, question.path, question.query)
        with self._lock:
            self._requests.append(Request(*asked, plan.status, self.clock.now))

    def _answer(self, question: Question) -> Answer:
        at = int((self.clock.now - self._delay).timestamp())
        if not question.is_chart:
            return page(question, lambda symbol: self._view(symbol, at))
        (symbol,) = question.symbols
        asked = {name: value for name, value in question.query.items() if name != "crumb"}
        key = (symbol, at, *sorted(asked.items()))
        with self._lock:
            kept = self._answers.get(key)
        if kept is None:
            kept = chart(self._view(symbol, at), asked)
            with self._lock:
                if len(self._answers) >= _KEPT_ANSWERS:
                    self._answers.clear()
                self._answers[key] = kept
        return kept

    def _view(self, symbol: str, at: int) -> View | None:
        """What is known of a symbol, null before its first session."""
        listing = self._book.get(symbol)
        view = View(listing, at, self._tick_apart) if listing else None
        return view if view and view.count else None
