"""Walk-forward records and models: two assets per engine, one partition per training week."""

from datetime import date
from time import perf_counter

import dagster as dg
import polars as pl

from aegis_assets.adapters.fitting import fitting
from aegis_assets.adapters.libraries import fitting_versions
from aegis_assets.core.card import Artefact
from aegis_assets.core.engines import ENGINES, Engine
from aegis_assets.core.engines.asking import asked
from aegis_assets.core.evaluation.gate import Elsewhere
from aegis_assets.core.evaluation.record import record
from aegis_assets.core.evaluation.training import Training, judged
from aegis_assets.core.evaluation.walk_forward import SCHEMA
from aegis_assets.defs.asset_links import cards_at, links_of_models, training_facts
from aegis_assets.defs.lineage import COLUMN_LINEAGE, by_target, column_lineage, models_metadata
from aegis_assets.defs.model_metadata import page_of
from aegis_assets.defs.schemas import OWNERS, table_metadata
from aegis_assets.defs.second_market import SECOND_MARKET, elsewhere_of, has_second_market
from aegis_assets.defs.versions import models_version
from aegis_assets.defs.windows import span
from aegis_assets.defs.world import World

_RECORD = {"cutoff": (pl.Date(), "training week: nothing on or after it was known")} | SCHEMA


def model_assets(world: World) -> list[dg.AssetsDefinition]:
    """``walk_forward/<engine>`` and ``models/<engine>``."""
    return [
        asset
        for engine in ENGINES
        for asset in (_walk_forward(world, engine), _models(world, engine))
    ]


def _ins(world: World, engine: Engine) -> dict[str, dg.AssetIn]:
    """History up to the cut-off's month, and the same week's record of the engine consumed."""
    past = {
        stage: dg.AssetIn([stage, engine.name], partition_mapping=world.partitions.week_history)
        for stage in ("features", "labels")
    }
    if engine.consumes is None:
        return past
    return past | {"core": dg.AssetIn(["walk_forward", engine.consumes.name])}


def _walk_forward(world: World, engine: Engine) -> dg.AssetsDefinition:
    @dg.asset(
        key=["walk_forward", engine.name],
        ins=_ins(world, engine),
        partitions_def=world.partitions.weeks,
        io_manager_key="warehouse",
        metadata=table_metadata(_RECORD, "cutoff"),
        description=f"Out-of-sample forecasts of every candidate of {engine.title}: one row per "
        "session, target and candidate, from models that could have existed then.",
        group_name="walk_forward",
        kinds={"polars", "xgboost", "duckdb"},
        owners=OWNERS,
        code_version=models_version(engine, world.left_out),
    )
    def walked(context: dg.AssetExecutionContext, **tables: pl.DataFrame) -> pl.DataFrame:
        cutoff, _ = span(context)
        put = asked(engine, tables["features"], tables["labels"], cutoff, tables.get("core"))
        with fitting(world.settings) as (pool, fits):
            made = record(
                put,
                world.settings.seed,
                pool,
                fits,
                left_out=world.left_out,
                told=context.log.info,
            )
        lineage = column_lineage(f"walk_forward/{engine.name}")
        context.add_output_metadata({COLUMN_LINEAGE: lineage})
        return made.select(pl.lit(cutoff).alias("cutoff"), *SCHEMA)

    return walked


def _models(world: World, engine: Engine) -> dg.AssetsDefinition:
    another = {"another": dg.AssetIn(SECOND_MARKET)} if has_second_market(world) else {}

    @dg.asset(
        key=["models", engine.name],
        ins=_ins(world, engine) | {"walked": dg.AssetIn(["walk_forward", engine.name])} | another,
        partitions_def=world.partitions.weeks,
        io_manager_key="model_store",
        metadata={**models_metadata(engine), **by_target(engine)},
        description=f"Models of {engine.title}, one per target, calibrated and judged on the "
        "walk-forward record, then fitted on all that was known at the cut-off.",
        group_name="models",
        kinds={"xgboost", "python"},
        owners=OWNERS,
        code_version=models_version(engine, world.left_out),
    )
    def models(
        context: dg.AssetExecutionContext, walked: pl.DataFrame, **tables: pl.DataFrame
    ) -> list[Artefact]:
        begun = perf_counter()
        cutoff, _ = span(context)
        elsewhere = elsewhere_of(tables["another"], engine) if another else None
        training = _training(world, engine, cutoff, elsewhere)
        put = asked(engine, tables["features"], tables["labels"], cutoff, tables.get("core"))
        with fitting(world.settings) as (pool, fits):
            made = judged(put, walked, training, pool, fits)
        seconds = perf_counter() - begun
        context.add_output_metadata(page_of(made, f"{engine.title}, trained to {cutoff}", seconds))
        context.add_output_metadata(
            training_facts(made)
            | links_of_models(engine)
            | cards_at(world.settings.models_folder, made)
            | {COLUMN_LINEAGE: column_lineage(f"models/{engine.name}")}
        )
        return made

    return models


def _training(world: World, engine: Engine, cutoff: date, elsewhere: Elsewhere | None) -> Training:
    """What the cards say of how a week was trained."""
    return Training(
        market=world.market.name,
        engine=engine.name,
        cutoff=cutoff,
        seed=world.settings.seed,
        code_version=engine.code_version,
        libraries=fitting_versions(deep=world.settings.deep),
        elsewhere=elsewhere,
    )
