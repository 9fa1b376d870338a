"""Walk-forward records and models: two assets per engine, one partition per training week."""

from base64 import b64encode
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import dagster as dg
import polars as pl

from aegis_assets.adapters.libraries import library_versions
from aegis_assets.adapters.plots import skill_plot
from aegis_assets.core.card import Artefact
from aegis_assets.core.engines import ENGINES, Engine
from aegis_assets.core.engines.feature_table import as_declared
from aegis_assets.core.engines.volatility import past_scales
from aegis_assets.core.evaluation.dataset import examples, questions
from aegis_assets.core.evaluation.target import Target
from aegis_assets.core.evaluation.training import Training, judged
from aegis_assets.core.evaluation.walk_forward import SCHEMA, walk_forward
from aegis_assets.defs.schemas import OWNERS, table_metadata
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


def _examples(
    engine: Engine, cutoff: date, tables: Mapping[str, pl.DataFrame]
) -> Callable[[Target], pl.DataFrame]:
    """The examples of a target that were known before `cutoff`."""
    core = tables.get("core")
    scales = {} if core is None else past_scales(core)
    known = as_declared(tables["features"], engine).filter(pl.col("session") < cutoff)

    def of(target: Target) -> pl.DataFrame:
        scale = scales.get(target.label.horizon)
        asked = questions(target, known, engine.feature_names(target), scale)
        return examples(target, asked, tables["labels"], cutoff)

    return of


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
        code_version=models_version(engine),
    )
    def record(context: dg.AssetExecutionContext, **tables: pl.DataFrame) -> pl.DataFrame:
        cutoff, _ = span(context)
        rows = _examples(engine, cutoff, tables)

        def walked(target: Target) -> pl.DataFrame:
            names = engine.feature_names(target)
            return walk_forward(target, rows(target), names, world.settings.seed)

        with ThreadPoolExecutor(world.settings.workers) as pool:
            made = pl.concat(pool.map(walked, engine.targets))
        return made.select(pl.lit(cutoff).alias("cutoff"), *SCHEMA)

    return record


def _models(world: World, engine: Engine) -> dg.AssetsDefinition:
    @dg.asset(
        key=["models", engine.name],
        ins=_ins(world, engine) | {"record": dg.AssetIn(["walk_forward", engine.name])},
        partitions_def=world.partitions.weeks,
        io_manager_key="model_store",
        description=f"Models of {engine.title}, one per target, calibrated and judged on the "
        "walk-forward record, then fitted on all that was known at the cut-off.",
        group_name="models",
        kinds={"xgboost", "python"},
        owners=OWNERS,
        code_version=models_version(engine),
    )
    def models(
        context: dg.AssetExecutionContext, record: pl.DataFrame, **tables: pl.DataFrame
    ) -> list[Artefact]:
        cutoff, _ = span(context)
        training = Training(
            market=world.market.name,
            engine=engine.name,
            cutoff=cutoff,
            seed=world.settings.seed,
            code_version=engine.code_version,
            libraries=library_versions(),
        )
        rows = _examples(engine, cutoff, tables)
        asked = [(target, rows(target), engine.feature_names(target)) for target in engine.targets]
        made = judged(asked, record, training)
        context.add_output_metadata(_metadata(made, f"{engine.title}, trained to {cutoff}"))
        return made

    return models


def _metadata(made: list[Artefact], title: str) -> dict[str, dg.MarkdownMetadataValue]:
    """The verdicts as a table and as a plot."""
    plot = b64encode(skill_plot([each.card for each in made], title)).decode()
    return {
        "verdicts": dg.MetadataValue.md(verdict_table(made)),
        "skill": dg.MetadataValue.md(f"![{title}](data:image/png;base64,{plot})"),
    }


def verdict_table(made: list[Artefact]) -> str:
    """The decisions as a Markdown table."""
    lines = [
        "| target | n | base rate | baseline | its skill | challenger's skill | served |",
        "|---|---|---|---|---|---|---|",
    ]
    for card in (each.card for each in made):
        verdict = card.verdict
        cells = (
            card.target,
            str(verdict.skill.n if verdict.skill else 0),
            " / ".join(f"{rate:.3f}" for rate in verdict.base_rates),
            verdict.baseline or "",
            str(verdict.baseline_skill or ""),
            str(verdict.skill or ""),
            f"{verdict.source}: {verdict.served or '; '.join(verdict.reasons)}",
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)
