"""The one way to the hosts of quotes: through the request gate, kept, logged, never insisting.

Every client sends through it, yfinance included, so that none insists where another was refused.

What an attempt may meet, and what follows, stands in `outcomes`.  A redirection is not followed,
since it leads past the gate, mostly to a consent page.  Charts need neither cookie nor crumb:
Yahoo's are answered here and cost no request.  What does need them (quote, quoteSummary) is out
of reach on purpose.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from http import HTTPStatus
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from aegis_assets.adapters.outcomes import (
    Failure,
    failure_of_network,
    failure_of_status,
    retry_after_s,
)
from aegis_assets.adapters.raw_archive import Fetch, RawArchive
from aegis_assets.adapters.request_gate import RequestGate
from aegis_assets.core.errors import CoolingDownError, RateLimitError, TransportError

if TYPE_CHECKING:
    from curl_cffi.requests import Response, Session

    _Session = Session[Response]
else:
    _Session = object

_TIMEOUTS: Final = 2
_CRUMBLESS: Final = frozenset({"fc.yahoo.com", "guce.yahoo.com", "consent.yahoo.com"})


@dataclass(frozen=True)
class Fetched:
    """An answer as it came; `sha256` names its body in the archive."""

    status: int
    body: bytes
    sha256: str
    fetched_at: datetime
    url: str


@dataclass(frozen=True)
class _Request:
    """What is asked, and by whom."""

    method: str
    url: str
    params: Mapping[str, Any]
    client: str

    @property
    def host(self) -> str:
        """The host, as messages name it."""
        return urlsplit(self.url).hostname or self.url


@dataclass(frozen=True)
class _Answer:
    """A response that is an answer, kept under `sha256`."""

    response: "Response"
    sha256: str
    at: datetime


class PoliteSession(_Session):
    """A curl_cffi session that yfinance accepts; `polite_session` makes it.

    One request is on its way at a time: a host never meets two of a process at once.
    """

    def __init__(
        self,
        gate: RequestGate,
        archive: RawArchive,
        *,
        now: Callable[[], datetime],
        sleep: Callable[[float], None],
        longest_s: float,
        **options: Any,  # noqa: ANN401 - those of curl_cffi
    ) -> None:
        super().__init__(**options)
        self._gate, self._archive = gate, archive
        self._now, self._sleep = now, sleep
        self._longest_s = longest_s
        self._sending = Lock()

    def fetch(
        self, url: str, params: Mapping[str, Any] | None = None, client: str = "direct"
    ) -> Fetched:
        """The answer to a GET, logged as asked by `client`; a `SourceError` if there is none."""
        answer = self._answered(_Request("GET", url, params or {}, client), {})
        response = answer.response
        return Fetched(response.status_code, response.content, answer.sha256, answer.at, url)

    def request(  # type: ignore[override]
        self,
        method: str,
        url: str,
        params: Mapping[str, Any] | None = None,
        **options: Any,  # noqa: ANN401 - those of curl_cffi
    ) -> "Response":
        """The answer to what another client, yfinance that is, asks of this session."""
        if _is_crumbless(url):
            return _empty_answer(url)
        if method not in {"GET", "POST"} or options.get("stream"):
            raise TransportError(f"{method} {url} is refused here: ask for a whole answer by GET")
        asked = {name: value for name, value in dict(params or {}).items() if name != "crumb"}
        return self._answered(_Request(method, url, asked, "yfinance"), options).response

    def _answered(self, request: _Request, options: Mapping[str, Any]) -> _Answer:
        """The answer, after as many attempts as manners allow."""
        waits, timeouts, attempt = self._gate.waits_s, 0, 1
        while True:
            self._enter(request, attempt)
            with self._sending:
                met = self._attempt(request, attempt, options)
            if isinstance(met, _Answer):
                return met
            timeouts += met.verdict == "timeout"
            if met.final or timeouts == _TIMEOUTS or attempt > len(waits):
                raise met.error
            if met.verdict != "429":  # the gate waits for those
                self._sleep(waits[attempt - 1])
            attempt += 1

    def _enter(self, request: _Request, attempt: int) -> None:
        """Pass the gate; if it shut between two attempts the refusal that did it is the news."""
        try:
            self._gate.enter()
        except CoolingDownError as error:
            self._log(request, attempt, "cooling_down")
            if attempt == 1:
                raise
            raise RateLimitError(str(error)) from error

    def _attempt(
        self, request: _Request, attempt: int, options: Mapping[str, Any]
    ) -> _Answer | Failure:
        """What one request met: told to the gate first, then kept, then logged."""
        from curl_cffi.requests import exceptions  # noqa: PLC0415 - 0.2 s

        started = time.monotonic()
        try:
            response = self._send(request, options)
        except exceptions.SessionClosed:
            raise
        except exceptions.RequestException as error:
            failure, seconds = failure_of_network(error, request.host), time.monotonic() - started
            self._log(request, attempt, failure.verdict, seconds=seconds, note=str(error))
            return failure
        seconds, at = time.monotonic() - started, self._now()
        self._tell_gate(response, at)
        sha256 = self._archive.keep(response.content)
        met = failure_of_status(response.status_code, request.host) or _Answer(response, sha256, at)
        verdict = met.verdict if isinstance(met, Failure) else "answered"
        facts = {"status": response.status_code, "sha256": sha256, "bytes": len(response.content)}
        self._log(request, attempt, verdict, seconds=seconds, **facts)
        return met

    def _tell_gate(self, response: "Response", at: datetime) -> None:
        if response.status_code == HTTPStatus.TOO_MANY_REQUESTS:
            self._gate.refused(retry_after_s(response.headers.get("Retry-After"), at))
        else:
            self._gate.answered()

    def _send(self, request: _Request, options: Mapping[str, Any]) -> "Response":
        """Send once; the whole exchange is cut at the longest time, whatever the client allows."""
        asked = options.get("timeout")
        allowed = asked if isinstance(asked, int | float) and asked > 0 else self._longest_s
        forced = {"timeout": min(allowed, self._longest_s), "allow_redirects": False}
        params = dict(request.params)
        return super().request(request.method, request.url, params, **{**options, **forced})  # type: ignore[arg-type]

    def _log(self, request: _Request, attempt: int, verdict: str, **facts: Any) -> None:  # noqa: ANN401 - fields of Fetch
        who = {"url": request.url, "params": request.params, "client": request.client}
        self._archive.log(
            Fetch(**{**who, **facts}, at=self._now(), attempt=attempt, verdict=verdict)
        )


def polite_session(  # noqa: PLR0913 - each is one decision of the caller
    gate: RequestGate,
    archive: RawArchive,
    *,
    now: Callable[[], datetime],
    proxy: str | None = None,
    ca_file: Path | None = None,
    timeout_s: float = 20.0,
    sleep: Callable[[float], None] = time.sleep,
) -> PoliteSession:
    """A session through `gate` that keeps all it gets in `archive`; close it after use.

    It shakes hands as Chrome does, since Yahoo refuses other TLS clients, and sets no header.
    `ca_file` replaces the certificates that are trusted.
    """
    return _session_class()(
        gate,
        archive,
        now=now,
        sleep=sleep,
        longest_s=timeout_s,
        impersonate="chrome",
        use_thread_local_curl=False,  # one handle, which `close` closes
        proxy=proxy,
        verify=str(ca_file) if ca_file else True,
    )


@cache
def _session_class() -> type[PoliteSession]:
    """`PoliteSession` on top of the real session, whose import costs 0.2 s."""
    from curl_cffi.requests import Session  # noqa: PLC0415

    return type("PoliteSession", (PoliteSession, Session), {})


def _is_crumbless(url: str) -> bool:
    """Whether `url` is of a cookie, a consent or a crumb."""
    split = urlsplit(url)
    return split.hostname in _CRUMBLESS or split.path == "/v1/test/getcrumb"


def _empty_answer(url: str) -> "Response":
    """A response made here, with status 200; yfinance takes the empty text for a crumb."""
    from curl_cffi.requests import Response  # noqa: PLC0415

    response = Response()
    response.url = url
    return response
