"""Webhooks on this machine: one that takes everything, one that refuses, one that never answers."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread

from pydantic import SecretStr


@dataclass
class Hook:
    """A webhook and what it was sent.  `status` is what it answers; none at all while it hangs."""

    port: int = 0
    status: int = 200
    hangs: bool = False
    released: Event = field(default_factory=Event)
    bodies: list[dict[str, str]] = field(default_factory=list)

    @property
    def url(self) -> SecretStr:
        """Its Apprise URL, with a secret in it."""
        return SecretStr(f"json://me:swordfish@127.0.0.1:{self.port}/hush")

    @property
    def titles(self) -> list[str]:
        """Of what it was sent, in order."""
        return [each["title"] for each in self.bodies]


@contextmanager
def hook(**behaviour) -> Iterator[Hook]:
    """A webhook while it runs."""
    here = Hook(**behaviour)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            length = int(self.headers["Content-Length"])
            here.bodies.append(json.loads(self.rfile.read(length)))
            if here.hangs:
                here.released.wait(20)
                return
            self.send_response(here.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    here.port = server.server_address[1]
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        yield here
    finally:
        here.released.set()
        server.shutdown()
        server.server_close()
