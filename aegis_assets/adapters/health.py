"""What can be measured of a machine and of the host of quotes, without changing what is stored.

Goes in: folders, hosts, one request.  Stays out: whether what was measured is good.
"""

import base64
import os
import shutil
import tempfile
import time
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from socket import create_connection
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit
from urllib.request import getproxies_environment, proxy_bypass

from aegis_assets.adapters.files import refusal
from aegis_assets.adapters.polite_session import polite_session
from aegis_assets.adapters.request_gate import RequestGate
from aegis_assets.adapters.yahoo import YahooSource
from aegis_assets.adapters.yahoo_chart import HOST, chart_params, chart_url, daily_answer
from aegis_assets.core.bars import DailyAnswer
from aegis_assets.core.errors import AnswerError, StorageError, TransportError
from aegis_assets.core.markets import Market
from aegis_assets.core.sessions import last_opened_session, session_before

_CLIENT: Final = "doctor"
_SESSIONS: Final = 10
_TLS: Final = 443
_PROXY_PORTS: Final = {"https": _TLS}
_CURLS_PROXY_PORT: Final = 1080


@dataclass(frozen=True, eq=False)
class Probe:
    """An answer of Yahoo that is not stored among the bars, and the seconds it took."""

    answer: DailyAnswer
    seconds: float


@dataclass(frozen=True)
class _OneTry(RequestGate):
    """The turn at `shared` of a client that makes one attempt: nothing follows a failure."""

    waits_s: tuple[float, ...] = ()
    shared: RequestGate = field(kw_only=True)

    def enter(self) -> None:
        self.shared.enter()

    def refused(self, retry_after_s: float | None = None) -> None:
        self.shared.refused(retry_after_s)

    def answered(self) -> None:
        self.shared.answered()


def probe(source: YahooSource, market: Market, *, timeout_s: float = 10.0) -> Probe:
    """The newest daily bars of the index for at most one request, whatever becomes of it.

    A `SourceError` tells why there are none.  Another reader is not asked, and nothing again.
    """
    last = last_opened_session(market, source.now())
    first = session_before(market, last, _SESSIONS - 1)
    params = chart_params("1d", first, last + timedelta(days=1), market.time_zone)
    started = time.monotonic()
    with polite_session(
        _OneTry(source.gate.path, shared=source.gate),
        source.archive,
        now=source.now,
        proxy=source.proxy,
        ca_file=source.ca_file,
        timeout_s=timeout_s,
    ) as session:
        came = session.fetch(chart_url(market.index.symbol), params, _CLIENT)
    seconds = time.monotonic() - started
    verdict = f"seen:{_CLIENT}"
    try:
        answer = daily_answer(
            came.body,
            came.status,
            market.index,
            market.time_zone,
            source=source.name,
            fetched_at=came.fetched_at,
            sha256=came.sha256,
        )
    except AnswerError as error:
        verdict = f"rejected:{error.code}"
        raise
    finally:
        source.archive.judge(came.sha256, market.index.symbol, params["interval"], verdict)
    return Probe(answer, seconds)


def way_to_yahoo(source: YahooSource, *, timeout_s: float = 5.0) -> str:
    """How a connection to Yahoo's host was opened; `TransportError` if none could be.

    It is closed at once: no question is asked through it.
    """
    host = urlsplit(HOST).hostname or HOST
    proxy = source.proxy or _proxy_of_environment(host)
    if proxy is None:
        _connect(host, _TLS, timeout_s)
        return f"{host} takes connections"
    way = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
    try:
        port = way.port or _PROXY_PORTS.get(way.scheme, _CURLS_PROXY_PORT)
    except ValueError as error:
        raise TransportError(f"the proxy has no port number ({error}): mend HTTPS_PROXY") from error
    if way.scheme != "http":
        _connect(way.hostname or "", port, timeout_s)
        return f"the {way.scheme} proxy {way.hostname}:{port} takes connections"
    _tunnel(host, way, port, timeout_s)
    return f"the proxy {way.hostname}:{port} leads to {host}"


def _proxy_of_environment(host: str) -> str | None:
    """The proxy that the HTTP client finds by itself."""
    known = getproxies_environment()
    return None if proxy_bypass(host) else known.get("https") or known.get("all")


def _connect(host: str, port: int, timeout_s: float) -> None:
    try:
        create_connection((host, port), timeout=timeout_s).close()
    except (OSError, UnicodeError) as error:
        found = f"{host}:{port} cannot be reached ({error})"
        raise TransportError(f"{found}: check network, name server and firewall") from error


def _tunnel(host: str, way: SplitResult, port: int, timeout_s: float) -> None:
    """Open a way through an HTTP proxy and leave it."""
    secret = f"{unquote(way.username or '')}:{unquote(way.password or '')}".encode()
    known = {"Proxy-Authorization": f"Basic {base64.b64encode(secret).decode()}"}
    try:
        with closing(HTTPConnection(way.hostname or "", port, timeout=timeout_s)) as connection:
            connection.set_tunnel(host, _TLS, known if way.username else {})
            connection.connect()
    except (OSError, HTTPException, UnicodeError) as error:
        found = f"the proxy {way.hostname}:{port} does not lead to {host} ({error})"
        raise TransportError(f"{found}: start it, or mend HTTPS_PROXY") from error


def refuse_unwritable(folder: Path) -> None:
    """Raise `StorageError` unless a file can be made in `folder`, or where it would be made."""
    there = existing(folder)
    try:
        with tempfile.TemporaryFile(dir=there):
            pass
    except OSError as error:
        raise StorageError(refusal(there, error)) from error


def free_bytes(folder: Path) -> int:
    """Bytes that a person may still write on the disk of `folder`."""
    return shutil.disk_usage(existing(folder)).free


def used_bytes(path: Path) -> int:
    """Bytes of a file, or of all files below a folder; none where nothing is."""
    if not path.is_dir():
        return path.stat().st_size if path.exists() else 0
    return sum(_size(Path(folder, name)) for folder, _, names in os.walk(path) for name in names)


def existing(path: Path) -> Path:
    """`path`, or the nearest folder above it that is there."""
    return next(each for each in (path, *path.absolute().parents) if each.exists())


def _size(path: Path) -> int:
    """Bytes of a file; none of one that has gone since it was listed."""
    try:
        return path.lstat().st_size
    except FileNotFoundError:
        return 0
