"""What was known at each close, and what came of it: two assets per engine."""

import dagster as dg
import polars as pl

from aegis_assets.core import labels
from aegis_assets.core.candles import panel
from aegis_assets.core.engines import ENGINES, Engine
from aegis_assets.core.engines.feature_table import (
    as_declared,
    feature_faults,
    feature_ledger,
    feature_table,
    refuse_market,
)
from aegis_assets.core.labels.label import SCHEMA as LABEL_SCHEMA
from aegis_assets.core.sessions import sessions_between
from aegis_assets.defs.feature_metadata import (
    CANDLES,
    COLUMN_LINEAGE,
    column_lineage,
    ledger_table,
    pictures,
)
from aegis_assets.defs.schemas import feature_schema, monthly_table
from aegis_assets.defs.versions import tables_version
from aegis_assets.defs.windows import within
from aegis_assets.defs.world import World


def feature_assets(world: World) -> list[dg.AssetsDefinition]:
    """``features/<engine>`` and ``labels/<engine>``.

    Raises `FeatureError` where an engine reads what the market's index has not.
    """
    for engine in ENGINES:
        refuse_market(engine, world.market)
    return [
        asset for engine in ENGINES for asset in (_features(world, engine), _labels(world, engine))
    ]


def _features(world: World, engine: Engine) -> dg.AssetsDefinition:
    @monthly_table(
        world,
        feature_schema(engine),
        key=["features", engine.name],
        ins={"candles": dg.AssetIn(CANDLES, partition_mapping=world.partitions.history)},
        description=f"Features of {engine.title} and the thresholds of its labels: one row per "
        f"session of the index, known at its close. {engine.question}",
        kinds={"polars", "duckdb"},
        code_version=tables_version(engine),
    )
    def features(context: dg.AssetExecutionContext, candles: pl.DataFrame) -> pl.DataFrame:
        index = panel(candles, world.market)
        known = as_declared(feature_table(index, engine), engine)
        rows = within(context, known)
        ledger = feature_ledger(rows, index, engine)
        context.add_asset_metadata({"whole rows": ledger_table(ledger)})
        # A range writes an event per month: what is large goes to the newest alone.
        context.add_asset_metadata(
            pictures(known, engine) | {COLUMN_LINEAGE: column_lineage(engine)},
            partition_key=context.partition_key_range.end,
        )
        return rows

    return features


def _labels(world: World, engine: Engine) -> dg.AssetsDefinition:
    @monthly_table(
        world,
        LABEL_SCHEMA,
        key=["labels", engine.name],
        ins={"candles": dg.AssetIn(CANDLES, partition_mapping=world.partitions.outcomes)},
        description=f"Outcomes that {engine.title} forecasts: one row per session and label, null "
        "until known. The only table that looks ahead; every row says when it was known.",
        kinds={"polars", "duckdb"},
        code_version=tables_version(engine),
    )
    def outcomes(context: dg.AssetExecutionContext, candles: pl.DataFrame) -> pl.DataFrame:
        index = panel(candles, world.market)
        held = sessions_between(world.market, index["session"][0], index["session"][-1])
        return within(context, labels.label_table(index, engine.labels, held))

    return outcomes


def feature_checks() -> list[dg.AssetChecksDefinition]:
    """One blocking check per feature table."""
    return [_finite(engine) for engine in ENGINES]


def _finite(engine: Engine) -> dg.AssetChecksDefinition:
    @dg.asset_check(asset=["features", engine.name], name="finite_and_declared", blocking=True)
    def finite_and_declared(features: pl.DataFrame) -> dg.AssetCheckResult:
        """What is stored has the declared columns, finite wherever not null, and is not empty."""
        faults = feature_faults(features, engine)
        return dg.AssetCheckResult(
            passed=not faults and not features.is_empty(),
            metadata={"rows": features.height, "columns": features.width, "faults": str(faults)},
        )

    return finite_and_declared
