"""What a server says: status, headers and body, not yet on any wire."""

import json
from dataclasses import dataclass, field

JSON = "application/json;charset=utf-8"
HTML = "text/html; charset=utf-8"
TEXT = "text/plain;charset=utf-8"

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Question:
    """A request as it came in; `host` is the one that the client meant to reach."""

    host: str
    method: str
    path: str
    query: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def is_chart(self) -> bool:
        return self.path.startswith("/v8/finance/chart/")

    @property
    def symbols(self) -> tuple[str, ...]:
        """The symbols asked for, in the path or in the query."""
        if self.path.startswith(("/v8/finance/chart/", "/v10/finance/quoteSummary/")):
            return (self.path.rpartition("/")[2],)
        named = self.query.get("symbols") or self.query.get("symbol") or ""
        return tuple(named.split(",")) if named else ()

    @property
    def is_to_yahoo(self) -> bool:
        return self.host.endswith("yahoo.com")


@dataclass(frozen=True)
class Answer:
    status: int
    content_type: str
    body: bytes
    headers: Headers = ()


def json_answer(content: object, status: int = 200, headers: Headers = ()) -> Answer:
    """`content` as Yahoo encodes it; NaN and infinities pass, for faults that need them."""
    return Answer(status, JSON, json.dumps(content, separators=(",", ":")).encode(), headers)


def refusal(status: int, code: str, words: str, root: str = "chart") -> Answer:
    """An error of Yahoo's own, in its own words."""
    error = {"code": code, "description": words}
    return json_answer({root: {"result": None, "error": error}}, status)
