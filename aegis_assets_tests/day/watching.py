"""Those who look at a day from outside: a reader of the published file, and a webhook."""

import json
import threading
from collections.abc import Callable
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Self

from aegis_assets.core.payload import Payload
from aegis_assets.defs.requests import GRACE

_GLANCE_S = 0.05


class Reader:
    """Reads the published file all day long, and remembers all that a reader must never see."""

    def __init__(self, file: Path, now: Callable[[], datetime]) -> None:
        self._file, self._now = file, now
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self.seen: list[Payload] = []
        self.faults: list[str] = []
        self.looks = 0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _read(self) -> None:
        last = b""
        while not self._over.wait(_GLANCE_S):
            self.looks += 1
            try:
                content = self._file.read_bytes()
            except FileNotFoundError:
                if self.seen:
                    self.faults.append("the file was away")
                continue
            if content != last:
                last = content
                self._judge(content)
            self._judge_age()

    def _judge(self, content: bytes) -> None:
        try:
            payload = Payload.model_validate_json(content)
        except ValueError as error:
            self.faults.append(f"torn: {error}")
            return
        now = self._now()
        made = payload.generated_at
        if made is None or not payload.as_of <= made <= now:
            self.faults.append(f"{payload.as_of} was made at {made}, and read at {now}")
        if self.seen and payload.as_of < self.seen[-1].as_of:
            self.faults.append(f"{payload.as_of} came after {self.seen[-1].as_of}")
        self.seen.append(payload)

    def _judge_age(self) -> None:
        """A file may be read until its successor was due, and a little longer."""
        due = self.seen[-1].next_expected if self.seen else None
        if due is not None and self._now() > due + GRACE:
            self.faults.append(f"{self.seen[-1].as_of} was read at {self._now()}, due was {due}")


class Webhook:
    """A place that alerts are sent to, as JSON; several notices may come as one message.

    `taken` are its lines with the moment: a notice's heading is a line, without how grave it is.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.taken: list[tuple[datetime, str]] = []
        taken = self.taken

        class _Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers.get("Content-Length", 0))
                told = json.loads(self.rfile.read(length))
                lines = [told["title"].removeprefix("Aegis: "), *told["message"].splitlines()]
                taken.extend((now(), line.removeprefix("critical: ")) for line in lines)
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Nothing on the terminal."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        """As Apprise writes it."""
        return f"json://127.0.0.1:{self._server.server_port}/"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
