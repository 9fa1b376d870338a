"""`aegis dashboard`: the page made anew from what is stored, and served on this machine."""

import time
from datetime import timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from pydantic import ValidationError

from aegis_assets.adapters.ledger_store import LedgerStore
from aegis_assets.adapters.page_server import PageServer
from aegis_assets.adapters.publishers import FolderPublisher
from aegis_assets.adapters.warehouse import Warehouse, Window
from aegis_assets.cli.console import readable_errors, say
from aegis_assets.core.dashboard.histories import LOOK_BACK
from aegis_assets.core.errors import PublishError
from aegis_assets.core.markets import MARKETS
from aegis_assets.core.payload import Payload
from aegis_assets.defs.dashboard import PAGE, page_files
from aegis_assets.settings import Settings, settings

LOOK_EVERY_S = 3.0
"""Between looks for a first payload."""


def dashboard(
    *,
    serve: Annotated[bool, typer.Option(help="Serve it too, until interrupted.")] = False,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 for any that is free.")] = 8321,
) -> None:
    """Make the page anew from what is stored, and serve it on 127.0.0.1.

    To be served, a first payload is waited for.
    """
    with readable_errors():
        chosen = settings()
        publisher = FolderPublisher(chosen.publish_folder)
        try:
            if serve:
                wait_for_payload(publisher)
            draw(chosen, publisher)
            say(f"page       {(chosen.publish_folder / PAGE).resolve()}")
            if serve:
                _serve(publisher, port)
        except KeyboardInterrupt:
            say("stopped")


def wait_for_payload(publisher: FolderPublisher, look_every_s: float = LOOK_EVERY_S) -> None:
    """Go on once something is published; that it is waited for is said once."""
    if publisher.current() is not None:
        return
    say("waiting    nothing is published yet: the page follows the first payload")
    while publisher.current() is None:
        time.sleep(look_every_s)


def draw(chosen: Settings, publisher: FolderPublisher) -> None:
    """Put the page of the current payload and its history beside it."""
    for name, content in _made(chosen, publisher).items():
        publisher.put(name, content)


def _made(chosen: Settings, publisher: FolderPublisher) -> dict[str, bytes]:
    """The page and its history, of the current payload."""
    payload = _current(publisher)
    market = MARKETS[chosen.market]
    today = payload.as_of.astimezone(ZoneInfo(market.time_zone)).date()
    warehouse = Warehouse(chosen.warehouse_file)
    window = Window("session", today - timedelta(days=LOOK_BACK), today + timedelta(days=1))
    candles = warehouse.rows("candles.daily", window)
    return page_files(chosen, payload, candles, LedgerStore(warehouse))


def _current(publisher: FolderPublisher) -> Payload:
    content = publisher.current()
    if content is None:
        raise PublishError("nothing is published yet: run `aegis run` first")
    try:
        return Payload.model_validate_json(content)
    except ValidationError as error:
        first = error.errors()[0]
        raise PublishError(
            f"the current payload does not keep this release's contract ({first['loc']}: "
            f"{first['msg']}): run `aegis run` to publish it anew"
        ) from error


def _serve(publisher: FolderPublisher, port: int) -> None:
    try:
        server = PageServer(publisher, port)
    except OSError as error:
        raise PublishError(
            f"port {port} is not to be had ({error.strerror}): choose another with --port"
        ) from error
    with server:
        say(f"dashboard  {server.address}")
        server.serve_forever()
