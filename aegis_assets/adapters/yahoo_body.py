"""The envelope of Yahoo's v8 chart answer: the one result in it, or why there is none.

Goes in: the bytes of a body, and its HTTP status.  Stays out: what the result says.
"""

import json
from collections.abc import Mapping
from typing import Any

from aegis_assets.adapters.yahoo_meta import reason, refusal, worded
from aegis_assets.core.errors import ShapeError, SourceError, TransportError

_REFUSES, _TOO_MANY, _ILL = 400, 429, 500
_FORBIDDEN = {401, 403}


def chart_result(body: bytes, status: int) -> Mapping[str, Any]:
    """The one result of the answer, or the reason why there is none."""
    if status == _TOO_MANY:  # whatever the body says: no other reader may try
        raise refusal(f"Too Many Requests (HTTP {status}): {body.decode(errors='replace')}")
    payload = _payload(body, status)
    for envelope in (payload.get("chart"), payload.get("finance")):
        if isinstance(envelope, dict) and envelope.get("error"):
            raise refusal(_words(envelope["error"]))
    if status >= _REFUSES:
        raise _unexplained(body, status)
    chart = payload.get("chart")
    if not isinstance(chart, dict):
        raise misshapen("NO_CHART", f"chart is {worded(chart)}", "an object")
    results = chart.get("result")
    if not (isinstance(results, list) and len(results) == 1 and isinstance(results[0], dict)):
        raise misshapen("NO_RESULT", f"result is {worded(results)}", "a list of one object")
    return results[0]


def _payload(body: bytes, status: int) -> Mapping[str, Any]:
    """The JSON object in the body; what JSON does not know (NaN) becomes a word, no number."""
    if not body.strip():
        raise (
            _unexplained(body, status)
            if status >= _REFUSES
            else misshapen("EMPTY_BODY", "the body is empty", "JSON")
        )
    try:
        payload = json.loads(body.decode(), parse_constant=str)
    except (ValueError, RecursionError) as error:
        raise _not_json(body, status) from error
    if not isinstance(payload, dict):
        raise misshapen("NOT_AN_OBJECT", f"the body is {worded(payload)}", "an object")
    return payload


def _not_json(body: bytes, status: int) -> SourceError:
    """What a body that is no JSON says by itself."""
    text = body.decode(errors="replace")
    if status >= _REFUSES:
        return refusal(text) if reason(text) else _unexplained(body, status)
    if "will be right back" in text.lower():
        return TransportError(f"Yahoo is down, it says {worded(text)}: try again later")
    if not text.lstrip().startswith("<"):
        return misshapen("NOT_JSON", f"the body is {worded(text)}", "JSON")
    code = "CONSENT_PAGE" if "consent" in text.lower() else "HTML_PAGE"
    return misshapen(code, f"the body is {worded(text)}", "JSON")


def _unexplained(body: bytes, status: int) -> SourceError:
    """An HTTP error without a reason of Yahoo's; an ill host is ill for every reader."""
    found = f"HTTP {status} with {worded(body)}"
    if status >= _ILL or status in _FORBIDDEN:
        return TransportError(f"{found}, expected rows: try again later")
    return misshapen("NO_REASON", found, "an error of the chart")


def _words(error: object) -> str:
    if not isinstance(error, dict):
        return str(error)
    return f"{error.get('code')}: {error.get('description')}"


def misshapen(code: str, found: str, expected: str) -> ShapeError:
    """A body that another reader may understand."""
    return ShapeError(code, f"{found}, expected {expected}: look at the stored body")
