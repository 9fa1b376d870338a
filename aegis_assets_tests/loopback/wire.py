"""HTTP/1.1 on a socket: questions read, answers written, and ways to break off."""

import socket
import ssl
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from functools import lru_cache
from http import HTTPStatus
from pathlib import Path
from threading import Event
from typing import BinaryIO
from urllib.parse import parse_qsl, unquote, urlsplit

import trustme

from aegis_assets_tests.loopback.answers import Answer, Question

ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"
NAMES = ("*.yahoo.com", "*.finance.yahoo.com", "yahoo.com", "*.nseindia.com", "nseindia.com")
_AT_ONCE = struct.pack("ii", 1, 0)
_LONGEST = 65536


class Step(Enum):
    """What can be done on a wire besides sending bytes and waiting for seconds."""

    LISTEN = auto()
    CLOSE = auto()
    RESET = auto()


@dataclass(frozen=True)
class Plan:
    """What goes over the wire, in order; `status` is null if no whole head of an answer does."""

    status: int | None
    steps: Sequence[bytes | float | Step]


@lru_cache(maxsize=1)
def authority() -> trustme.CA:
    """The throw-away authority of this process."""
    return trustme.CA(organization_name="Loopback Yahoo", organization_unit_name="tests")


def server_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority().issue_cert(*NAMES).configure_cert(context)
    context.set_alpn_protocols(["http/1.1"])
    return context


def write_authority(path: Path) -> None:
    authority().cert_pem.write_to_path(path)


def head(answer: Answer, length: int) -> bytes:
    reason = HTTPStatus(answer.status).phrase
    lines = [
        f"HTTP/1.1 {answer.status} {reason}",
        f"Content-Type: {answer.content_type}",
        f"Content-Length: {length}",
        "Cache-Control: no-store",
        *(f"{name}: {value}" for name, value in answer.headers),
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def encoded(answer: Answer) -> bytes:
    return head(answer, len(answer.body)) + answer.body


def question_from(stream: BinaryIO, tunnel: str | None) -> Question | None:
    """The next request, or null when the client has left; `tunnel` names the host it leads to."""
    words = stream.readline(_LONGEST).decode("latin-1").split()
    if len(words) != 3:
        return None
    method, target, _ = words
    headers = _headers(stream)
    stream.read(int(headers.get("content-length", 0)))
    if method == "CONNECT":
        return Question(target.rpartition(":")[0], method, "", {}, headers)
    parts = urlsplit(target)
    host = tunnel or parts.hostname or headers.get("host", "").partition(":")[0]
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    return Question(host, method, unquote(parts.path) or "/", query, headers)


def _headers(stream: BinaryIO) -> dict[str, str]:
    headers = {}
    while line := stream.readline(_LONGEST).strip():
        name, _, value = line.decode("latin-1").partition(":")
        headers[name.strip().lower()] = value.strip()
    return headers


def carry_out(plan: Plan, connection: socket.socket, stopping: Event) -> bool:
    """Do what is planned; whether the connection goes on afterwards."""
    for step in plan.steps:
        if isinstance(step, bytes):
            connection.sendall(step)
        elif isinstance(step, Step):
            if step is not Step.LISTEN:
                if step is Step.RESET:
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
                return False
            connection.recv(_LONGEST)
        elif stopping.wait(step):
            return False
    return True
