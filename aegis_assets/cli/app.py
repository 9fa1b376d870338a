"""Commands of `aegis`: those of one function are here, the others in modules of their own."""

import difflib
import json
import sys
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from aegis_assets.adapters.publishers import FolderPublisher
from aegis_assets.adapters.sample import sample_panel
from aegis_assets.cli.alerts import alerts
from aegis_assets.cli.backtest import backtest
from aegis_assets.cli.backup import backup, restore
from aegis_assets.cli.console import console, errors, instance_of, readable_errors
from aegis_assets.cli.dashboard import dashboard
from aegis_assets.cli.doctor import as_json, examination, summary, told
from aegis_assets.cli.findings import Level
from aegis_assets.cli.lineage import lineage
from aegis_assets.cli.models import models_app
from aegis_assets.cli.prune import bury, prune
from aegis_assets.cli.replaying import remade
from aegis_assets.cli.running import run
from aegis_assets.cli.showing import parsed, show
from aegis_assets.cli.training import train
from aegis_assets.cli.validation import validate
from aegis_assets.core.catalogue import catalogue
from aegis_assets.core.errors import PublishError
from aegis_assets.core.feature_quality import correlation_clusters
from aegis_assets.core.handbook import handbook
from aegis_assets.core.indicators import INDICATORS, indicator_table
from aegis_assets.core.payload import Payload
from aegis_assets.settings import settings

app = typer.Typer(
    help="Forecasts for option traders, each with its source and its record.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.add_typer(models_app, name="models")
app.command()(run)
app.command()(show)
app.command()(train)
app.command()(validate)
app.command()(backtest)
app.command()(dashboard)
app.command()(lineage)
app.command()(alerts)
app.command()(backup)
app.command()(restore)
app.command()(prune)
app.command()(bury)


@app.command()
def schema() -> None:
    """The JSON schema of the payload, as docs/payload.schema.json holds it."""
    sys.stdout.write(json.dumps(Payload.model_json_schema(), indent=2) + "\n")


@app.command()
def contract() -> None:
    """The payload in words, as docs/payload.md holds them: Markdown."""
    sys.stdout.write(handbook())


@app.command()
def indicators() -> None:
    """Every indicator in words, as docs/indicators.md holds them: Markdown."""
    seen = indicator_table(sample_panel(), [*INDICATORS.values()])
    sys.stdout.write(catalogue(correlation_clusters(seen, [*INDICATORS]).alike))


@app.command()
def doctor(
    *, for_machines: Annotated[bool, typer.Option("--json", help="The lines as JSON.")] = False
) -> None:
    """Whether all that a run needs is there: one line each, with the remedy."""
    found = []
    for line in examination(instance_of):
        found.append(line)
        if not for_machines:
            console.print(told(line), soft_wrap=True)
    if for_machines:
        sys.stdout.write(as_json(found) + "\n")
    else:
        console.print(summary(found))
    if any(line.finding.level is Level.FAIL for line in found):
        raise typer.Exit(1)


@app.command()
def replay(
    slot: Annotated[str, typer.Argument(help="Slot key, such as 2018-12-31-15:30.")],
    *,
    from_source: Annotated[
        bool, typer.Option(help="Make bars, features, labels and models again too.")
    ] = False,
) -> None:
    """Make a past slot again and say whether it is byte-identical to what was published."""
    with readable_errors():
        chosen = settings()
        published = FolderPublisher(chosen.publish_folder).published(slot)
        if published is None:
            msg = f"slot {slot} was never published: materialize its partition first"
            raise PublishError(msg)
        parsed(published, chosen.publish_folder / "slots" / f"{slot}.json")
        with TemporaryDirectory() as folder:
            made = remade(chosen, slot, Path(folder), published, from_source=from_source)
        if made != published:
            errors.print(f"slot {slot} differs from what was published:", style="bold red")
            _difference(published, made)
            raise typer.Exit(1)
        how = "from source, models retrained" if from_source else "from stored models"
        console.print(
            f"slot {slot} made again {how}: byte-identical to what was published "
            f"({len(made):,} bytes, sha256 {sha256(made).hexdigest()[:12]}; generated_at aside)"
        )


def _difference(published: bytes, made: bytes) -> None:
    lines = difflib.unified_diff(
        published.decode().splitlines(),
        made.decode().splitlines(),
        "published",
        "made again",
        lineterm="",
    )
    sys.stderr.writelines(f"{line}\n" for line in lines)
