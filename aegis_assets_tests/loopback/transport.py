"""Faults between a client and an honest answer: refusals, broken bodies, silence.

Each is a `TransportFault`, or a function that makes one for a number of seconds; all are in
`TRANSPORT_FAULTS` by name, the latter with seconds that outlast any test's patience.
"""

from collections.abc import Callable
from dataclasses import dataclass

from aegis_assets_tests.loopback.answers import HTML, JSON, TEXT, Answer, Headers, Question
from aegis_assets_tests.loopback.answers import json_answer as _json
from aegis_assets_tests.loopback.pages import CONSENT
from aegis_assets_tests.loopback.pages import consent_page as _consent_page
from aegis_assets_tests.loopback.wire import ESTABLISHED, Plan, Step, encoded, head

_BEAT = 0.1
_LONG = 30.0


@dataclass(frozen=True)
class TransportFault:
    """`plan` is what a request meets instead of its honest answer.

    `on_connect` is what a CONNECT meets, if the fault can strike that early; a client that has
    its tunnel already, or needs none, meets `plan`.
    """

    name: str
    plan: Callable[[Question, Answer], Plan]
    on_connect: Plan | None = None


def _instead(name: str, status: int, kind: str, body: str, headers: Headers = ()) -> TransportFault:
    answer = Answer(status, kind, body.encode(), headers)
    return TransportFault(name, lambda *_: Plan(status, [encoded(answer)]))


def _html(title: str) -> str:
    return f"<!DOCTYPE html><html><head><title>{title}</title></head><body>{title}</body></html>"


def _error(code: str, words: str) -> str:
    answer = _json({"chart": {"result": None, "error": {"code": code, "description": words}}})
    return answer.body.decode()


_EDGE = "Edge: Too Many Requests"
status_429 = _instead("status_429", 429, TEXT, _EDGE)
status_500 = _instead("status_500", 500, HTML, _html("Internal Server Error"))
json_500 = _instead("json_500", 500, JSON, _error("Internal Server Error", "server error"))
status_503_html = _instead("status_503_html", 503, HTML, _html("Service Unavailable"))
status_403_html = _instead("status_403_html", 403, HTML, _html("Access Denied"))
status_401 = _instead("status_401", 401, JSON, _error("Unauthorized", "Invalid Cookie"))
html_200 = _instead("html_200", 200, HTML, _html("Yahoo Finance"))
empty_200 = _instead("empty_200", 200, JSON, "")
will_be_right_back = _instead("will_be_right_back", 200, HTML, _html("Will be right back..."))
json_null = _instead("json_null", 200, JSON, "null")
json_list = _instead("json_list", 200, JSON, "[]")
chart_null = _instead("chart_null", 200, JSON, '{"chart":null}')
empty_result = _instead("empty_result", 200, JSON, '{"chart":{"result":[],"error":null}}')


def status_429_retry_after(seconds: int) -> TransportFault:
    return _instead("status_429_retry_after", 429, TEXT, _EDGE, (("Retry-After", str(seconds)),))


def _consent(question: Question, _: Answer) -> Plan:
    """Yahoo sends its own visitors to the form; others get it where they are."""
    if question.is_to_yahoo and question.host != "consent.yahoo.com":
        return Plan(302, [encoded(Answer(302, HTML, b"", (("Location", CONSENT),)))])
    return Plan(200, [encoded(_consent_page())])


def _broken(
    name: str, status: int | None, steps: Callable[[Answer], list[bytes | float | Step]]
) -> TransportFault:
    return TransportFault(name, lambda _, answer: Plan(status, steps(answer)))


def _half(answer: Answer) -> bytes:
    return answer.body[: len(answer.body) // 2]


def _cut(answer: Answer) -> bytes:
    return head(answer, len(answer.body)) + _half(answer)


consent_page = TransportFault("consent_page", _consent)
truncated_json = _broken(
    "truncated_json", 200, lambda answer: [encoded(Answer(200, JSON, _half(answer)))]
)
body_cut_short = _broken("body_cut_short", 200, lambda answer: [_cut(answer), Step.CLOSE])
reset_before = _broken("reset_before", None, lambda _: [Step.RESET])
reset_mid = _broken("reset_mid", 200, lambda answer: [_cut(answer), _BEAT, Step.RESET])
close_without_answer = _broken("close_without_answer", None, lambda _: [Step.CLOSE])
_bad_gateway = encoded(Answer(502, HTML, _html("Bad Gateway").encode()))
proxy_502 = TransportFault(
    "proxy_502", lambda *_: Plan(502, [_bad_gateway]), Plan(502, [_bad_gateway])
)
tls_reset = TransportFault(
    "tls_reset",
    lambda *_: Plan(None, [Step.RESET]),
    Plan(None, [ESTABLISHED, Step.LISTEN, Step.RESET]),
)


def hang(seconds: float) -> TransportFault:
    """Silence, then the honest answer."""
    return TransportFault("hang", lambda _, answer: Plan(answer.status, [seconds, encoded(answer)]))


def drip(seconds: float) -> TransportFault:
    """The honest answer, in drops over `seconds`."""

    def plan(_: Question, answer: Answer) -> Plan:
        whole, drops = encoded(answer), max(1, round(seconds / _BEAT))
        size = -(-len(whole) // drops)
        steps: list[bytes | float | Step] = []
        for place in range(0, len(whole), size):
            steps += [whole[place : place + size], _BEAT]
        return Plan(answer.status, steps)

    return TransportFault("drip", plan)


TRANSPORT_FAULTS = {
    fault.name: fault
    for fault in (
        status_429,
        status_429_retry_after(7),
        status_500,
        json_500,
        status_503_html,
        status_403_html,
        status_401,
        html_200,
        empty_200,
        consent_page,
        will_be_right_back,
        json_null,
        json_list,
        chart_null,
        empty_result,
        truncated_json,
        body_cut_short,
        reset_before,
        reset_mid,
        close_without_answer,
        hang(_LONG),
        drip(_LONG),
        proxy_502,
        tls_reset,
    )
}
"""Every fault by its name."""
