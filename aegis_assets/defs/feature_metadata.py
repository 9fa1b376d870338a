"""What the page of a feature table shows: whole rows, pictures, where each column comes from."""

from base64 import b64encode
from collections.abc import Mapping

import dagster as dg
import polars as pl

from aegis_assets.adapters.feature_plots import cluster_plot, drift_plot, missingness_plot
from aegis_assets.core.engines import Engine
from aegis_assets.core.engines.feature_table import REASONS, WHOLE
from aegis_assets.core.evaluation.dataset import KEYS
from aegis_assets.core.feature_quality import correlation_clusters, drift, missing_shares
from aegis_assets.defs import lineage

CANDLES = dg.AssetKey(["candles", "daily"])
COLUMN_LINEAGE = lineage.COLUMN_LINEAGE


def ledger_table(ledger: Mapping[str, Mapping[str, int]]) -> dg.MarkdownMetadataValue:
    """On how many rows of the run each target can be asked, and why not on the others."""
    heads = ("target", "rows of this run", WHOLE, *REASONS)
    lines = ["| " + " | ".join(heads) + " |", "|---|" + "---:|" * (len(heads) - 1)]
    lines += [
        f"| {target} | {' | '.join(map(str, counts.values()))} |"
        for target, counts in ledger.items()
    ]
    told = "; ".join(f"{name}: {why}" for name, why in REASONS.items())
    return dg.MetadataValue.md("\n".join([*lines, "", told]))


def pictures(known: pl.DataFrame, engine: Engine) -> dict[str, dg.MarkdownMetadataValue]:
    """Gaps, drift and correlations of the features in `known`, as far as history reached."""
    names = [each.name for each in engine.features]
    features, last = known.select(*KEYS, *names), known.select(pl.col("session").max()).item()
    drawn = {
        "missing": missingness_plot(
            missing_shares(features), f"{engine.title}: rows without a value, to {last}"
        ),
        "drift": drift_plot(
            drift(features), f"{engine.title}: the last 252 sessions to {last} against 252 before"
        ),
        "correlations": cluster_plot(
            correlation_clusters(features, names), f"{engine.title}: what says the same, to {last}"
        ),
    }
    return {name: _image(name, picture) for name, picture in drawn.items()}


def _image(name: str, picture: bytes) -> dg.MarkdownMetadataValue:
    return dg.MetadataValue.md(f"![{name}](data:image/png;base64,{b64encode(picture).decode()})")


def column_lineage(engine: Engine) -> dg.TableColumnLineage:
    """From each column of the feature table back to the columns of the candles it reads."""
    return lineage.column_lineage(f"features/{engine.name}")
