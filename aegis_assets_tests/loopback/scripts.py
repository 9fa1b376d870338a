"""Which request meets which fault."""

import json
from dataclasses import dataclass, field
from threading import Lock
from typing import Protocol

from aegis_assets_tests.loopback.answers import Answer, Question, json_answer
from aegis_assets_tests.loopback.transport import TRANSPORT_FAULTS, TransportFault
from aegis_assets_tests.loopback.wire import Plan, encoded


class ContentFault(Protocol):
    """A lie in an answer that is whole; gets and gives `{"chart": {...}}`, or bytes to send."""

    @property
    def name(self) -> str: ...

    def change(self, chart: dict[str, object]) -> dict[str, object] | bytes: ...


Fault = TransportFault | ContentFault


@dataclass
class Script:
    """A fault for the next `times` requests that match, or for ever."""

    fault: Fault
    host: str | None = None
    path: str | None = None
    symbol: str | None = None
    interval: str | None = None
    times: int | None = None

    def matches(self, question: Question, answer: Answer | None) -> bool:
        """Whether it is meant; a CONNECT has no answer yet, and says no more than its host."""
        if self.times == 0 or self.host not in (None, question.host):
            return False
        if answer is None:
            is_early = isinstance(self.fault, TransportFault) and self.fault.on_connect is not None
            return is_early and not (self.path or self.symbol or self.interval)
        changes_charts = not isinstance(self.fault, TransportFault)
        if changes_charts and not (question.is_chart and answer.status == 200):
            return False
        return (
            question.path.startswith(self.path or "")
            and (self.symbol is None or self.symbol in question.symbols)
            and self.interval in (None, question.query.get("interval"))
        )


@dataclass
class Scripts:
    """The scripts of a server, the first one that matches wins."""

    _scripts: list[Script] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    def add(self, script: Script) -> None:
        with self._lock:
            self._scripts.append(script)

    def clear(self) -> None:
        with self._lock:
            self._scripts.clear()

    def plan(self, question: Question, answer: Answer) -> Plan:
        """What the request meets: its honest answer, or a fault."""
        fault = self._taken(question, answer)
        if fault is None:
            return Plan(answer.status, [encoded(answer)])
        if isinstance(fault, TransportFault):
            return fault.plan(question, answer)
        changed = fault.change(json.loads(answer.body))
        body = changed if isinstance(changed, bytes) else json_answer(changed).body
        return Plan(200, [encoded(Answer(200, answer.content_type, body))])

    def connect_plan(self, question: Question) -> Plan | None:
        """What a CONNECT meets, null if nothing stands in its way."""
        fault = self._taken(question, None)
        return fault.on_connect if isinstance(fault, TransportFault) else None

    def _taken(self, question: Question, answer: Answer | None) -> Fault | None:
        with self._lock:
            script = next((each for each in self._scripts if each.matches(question, answer)), None)
            if script is None:
                return None
            if script.times is not None:
                script.times -= 1
            return script.fault


def named(fault: Fault | str) -> Fault:
    return TRANSPORT_FAULTS[fault] if isinstance(fault, str) else fault
