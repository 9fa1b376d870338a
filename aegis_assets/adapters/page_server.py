"""The published files over HTTP, for this machine's own browser."""

from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import urlsplit

from aegis_assets.adapters.publishers import FolderPublisher

HOST: Final = "127.0.0.1"
_KINDS: Final = {"html": "text/html; charset=utf-8", "json": "application/json"}
_PAGE: Final = "index.html"


class PageServer(ThreadingHTTPServer):
    """Serves what readers see of a publisher on the loopback, newly read for every request."""

    daemon_threads = True

    def __init__(self, publisher: FolderPublisher, port: int) -> None:
        super().__init__((HOST, port), _Handler)
        self.publisher = publisher

    @property
    def address(self) -> str:
        """Where the page is."""
        return f"http://{HOST}:{self.server_port}/"


class _Handler(BaseHTTPRequestHandler):
    server: PageServer

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002, ANN401 - as its base
        """Silence: a page asks twice a minute."""

    def do_GET(self) -> None:
        """A published file, never from a cache; nothing to other sites."""
        if self.headers.get("Host") not in self._hosts():
            self.send_error(HTTPStatus.FORBIDDEN, "ask by the address that was printed")
            return
        name = urlsplit(self.path).path.lstrip("/") or _PAGE
        content = self.server.publisher.files().get(name)
        if content is None:
            self.send_error(HTTPStatus.NOT_FOUND, "nothing of that name is published")
            return
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", _KINDS[name.rpartition(".")[2]])
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Content-Security-Policy", "frame-ancestors 'none'")
        self.end_headers()
        self.wfile.write(content)

    def _hosts(self) -> set[str]:
        port = self.server.server_port
        return {f"{HOST}:{port}", f"localhost:{port}"}
