"""`aegis show`: the current payload as tables."""

from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from aegis_assets.adapters.model_store import ModelStore
from aegis_assets.adapters.publishers import FolderPublisher
from aegis_assets.cli.console import console, readable_errors
from aegis_assets.cli.tables import forecast_table, target_table, unavailable_lines
from aegis_assets.core.errors import PublishError
from aegis_assets.core.payload import Payload
from aegis_assets.settings import Settings, settings


def show(
    *, targets: Annotated[bool, typer.Option(help="Only the record of every target.")] = False
) -> None:
    """The current payload as tables."""
    with readable_errors():
        show_current(settings(), only_targets=targets)


def show_current(chosen: Settings, *, only_targets: bool = False) -> None:
    """Print the record of the targets, the forecasts, and where they lie."""
    content = FolderPublisher(chosen.publish_folder).current()
    if content is None:
        msg = f"{chosen.publish_folder} holds no payload: run `aegis run` first"
        raise PublishError(msg)
    payload = parsed(content, chosen.publish_folder / "aegismatrix.json")
    console.print(target_table(ModelStore(chosen.models_folder), payload.as_of))
    if only_targets:
        return
    console.print(forecast_table(payload))
    for line in unavailable_lines(payload):
        console.print(f"not forecast, {line}", style="bright_black", markup=False)
    console.print(f"payload    {chosen.publish_folder / 'aegismatrix.json'}", soft_wrap=True)
    console.print(f"models     {chosen.models_folder}", soft_wrap=True)
    console.print(f"warehouse  {chosen.warehouse_file}", soft_wrap=True)


def parsed(content: bytes, path: Path) -> Payload:
    """The payload; raises `PublishError` where it does not keep the contract."""
    try:
        return Payload.model_validate_json(content)
    except ValidationError as error:
        first = error.errors()[0]
        msg = (
            f"{path} does not keep this release's contract ({first['loc']}: {first['msg']}): "
            "run `aegis run` to publish it anew"
        )
        raise PublishError(msg) from error
