"""What an attempt to get an answer may meet, what it is called in the log, and what follows.

===============================  ===================================================  ========
an attempt met                   then                                                 attempts
===============================  ===================================================  ========
2xx, or a 4xx not named below    it is an answer: returned                            1
429                              the gate makes all wait; `RateLimitError` at last    4
5xx                              waits 2, 4, 8 s; `TransportError` at last            4
no connection, reset, TLS        the same                                             4
time-out                         the same, once: no symbol is worth 80 s              2
401, 403, redirection            `TransportError`: no other client fares better       1
a shut gate                      `CoolingDownError`; `RateLimitError` if it shut      0
                                 between two attempts
===============================  ===================================================  ========
"""

from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from aegis_assets.core.errors import RateLimitError, SourceError, TransportError


@dataclass(frozen=True)
class Failure:
    """An attempt that brought no answer; after a final one nothing follows."""

    verdict: str
    error: SourceError
    final: bool = False


def failure_of_network(error: Exception, host: str) -> Failure:
    """What a failure of the network is called."""
    from curl_cffi.requests import exceptions  # noqa: PLC0415

    names = {
        exceptions.Timeout: "timeout",
        exceptions.ProxyError: "proxy",
        exceptions.SSLError: "tls",
        exceptions.DNSError: "dns",
    }
    verdict = next((name for kind, name in names.items() if isinstance(error, kind)), "reset")
    if "CONNECT tunnel failed" in str(error):  # curl calls it a failure to connect
        verdict = "proxy"
    found, _, _ = str(error).partition(". See https:")
    advice = "check the network or proxy, then run again"
    return Failure(verdict, TransportError(f"{host} gave no answer ({found}): {advice}"))


def failure_of_status(status: int, host: str) -> Failure | None:
    """Why an answer of `status` is none."""
    found = f"{host} answered {status}"
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        advice = "too many requests, leave it alone and use what is stored"
        return Failure("429", RateLimitError(f"{found}: {advice}"))
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Failure("5xx", TransportError(f"{found}: it is ill, run again later"))
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        advice = "it refuses this network or client, try from another network"
        return Failure("refused", TransportError(f"{found}: {advice}"), final=True)
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        advice = "it leads elsewhere, mostly to a consent page; try from another network"
        return Failure("redirected", TransportError(f"{found}: {advice}"), final=True)
    return None


def retry_after_s(header: str | None, now: datetime) -> float | None:
    """Seconds asked for in either form of Retry-After; none for what cannot be read."""
    try:
        if header is None or header.strip().isdigit():
            return float(header) if header else None
        return max(0.0, (parsedate_to_datetime(header) - now).total_seconds())
    except (ValueError, TypeError):
        return None
