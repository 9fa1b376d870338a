"""Publish folders with a page, served by the platform's own server, and visits to them."""

import threading
from datetime import timedelta

from aegis_assets.adapters.page_assets import page_assets
from aegis_assets.adapters.page_server import PageServer
from aegis_assets.adapters.publishers import FolderPublisher
from aegis_assets.core.dashboard.page import encoded_history, page
from aegis_assets.core.payload import encoded
from aegis_assets_tests.dashboard import pasts, payloads

NOW = payloads.AS_OF + timedelta(minutes=12)
_SETTLED = """() =>
  (location.protocol === "file:" || "readings" in document.documentElement.dataset) &&
  [...document.querySelectorAll(".chart")].every(
    (each) => each.clientWidth === 0 || each.dataset.drawn === "done")"""
WIDE, PHONE = (1440, 1100), (360, 740)


class Site:
    """One folder: `show` publishes, `visited` opens its page in a browser at a moment."""

    def __init__(self, folder):
        self.folder = folder
        self.publisher = FolderPublisher(folder)
        self.server = PageServer(self.publisher, 0)
        self.expected_complaints = []
        self._slots = 0

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def show(self, payload=None, history=None):
        """Publish as a new slot: payload, history and page."""
        payload, history = payload or payloads.payload(), history or pasts.history()
        self._slots += 1
        self.publisher.publish(encoded(payload), f"2025-11-21-{self._slots:04d}")
        self.publisher.put("history.json", encoded_history(history))
        self.publisher.put("index.html", page(payload, history, page_assets()))

    def visited(self, browser, complaints, tab="direction", **options):
        """The page in a context of its own, its clock at `now` and every request kept."""
        width, height = options.pop("size", WIDE)
        now, url = options.pop("now", NOW), options.pop("url", self.server.address)
        context = browser.new_context(viewport={"width": width, "height": height}, **options)
        visit = context.new_page()
        visit.requested = []
        visit.on("request", lambda request: visit.requested.append(request.url))
        visit.on("pageerror", lambda error: complaints.append(str(error)))
        visit.on("console", lambda said: _keep(said, complaints))
        visit.on("dialog", lambda dialog: complaints.append(dialog.message))
        visit.clock.install(time=now)
        visit.goto(f"{url}#{tab}")
        settle(visit)
        return visit


def _keep(said, complaints):
    if said.type in {"error", "warning"}:
        complaints.append(said.text)


def settle(visit, patience=1500):
    """Wait until the files beside the page are read and every chart that has room is drawn.

    Asked from outside again and again: the page's policy lets nothing be evaluated inside it.
    """
    for _ in range(patience):
        if visit.evaluate(_SETTLED):
            return
        visit.wait_for_timeout(20)
    msg = "the page did not settle"
    raise TimeoutError(msg)


def let_pass(visit, minutes):
    """Let time go by, timers and all."""
    visit.clock.run_for(minutes * 60_000)
