"""Validation: what a training week's models are worth, as a report for people to read."""

from dataclasses import replace

import dagster as dg

from aegis_assets.adapters.model_store import ModelStore
from aegis_assets.adapters.syntax import syntax_version
from aegis_assets.adapters.validation_reports import (
    cards_of,
    keep_report,
    newest_whole_week,
    validated,
)
from aegis_assets.adapters.warehouse import Warehouse
from aegis_assets.core.engines import ENGINES, Engine
from aegis_assets.core.validation import markdown
from aegis_assets.core.validation.bounds import out_of_bounds
from aegis_assets.defs.model_metadata import counts, verdict_table
from aegis_assets.defs.schemas import OWNERS
from aegis_assets.defs.world import World

GROUP = "validation"


def validation_key(engine: Engine) -> dg.AssetKey:
    """``validation/<engine>``."""
    return dg.AssetKey([GROUP, engine.name])


def validation_assets(world: World) -> list[dg.AssetsDefinition]:
    """``validation/<engine>``."""
    return [_validation(world, engine) for engine in ENGINES]


def _validation(world: World, engine: Engine) -> dg.AssetsDefinition:
    @dg.asset(
        key=validation_key(engine),
        deps=[["models", engine.name], ["walk_forward", engine.name]],
        partitions_def=world.partitions.weeks,
        description=f"The record of every target of {engine.title} and why it is served or "
        "refused: the report of `aegis validate`, a Markdown file.  Of an engine that was not "
        "trained with the week, it is that of the newest one before.",
        group_name=GROUP,
        kinds={"python"},
        owners=OWNERS,
        code_version=syntax_version("validation", "card", "evidence", "evaluation"),
    )
    def reported(
        context: dg.AssetExecutionContext,
        stored_models: dg.ResourceParam[ModelStore],
        warehouse_file: dg.ResourceParam[Warehouse],
    ) -> dg.MaterializeResult[None]:
        week = newest_whole_week(stored_models, engine, context.partition_key)
        cards = cards_of(stored_models, engine, week)
        made = validated(warehouse_file, engine, cards)
        path = keep_report(warehouse_file, engine, week, made)
        return dg.MaterializeResult(
            metadata={
                "trained to": week,
                **counts(cards),
                "verdicts": dg.MetadataValue.md(verdict_table(cards)),
                "summary": dg.MetadataValue.md(markdown(replace(made, chapters=()))),
                "report": dg.MetadataValue.path(str(path)),
            }
        )

    return reported


def validation_checks() -> list[dg.AssetChecksDefinition]:
    """One check per engine; it warns, since what serves is the best there is."""
    return [_bounded(engine) for engine in ENGINES]


def _bounded(engine: Engine) -> dg.AssetChecksDefinition:
    @dg.asset_check(asset=validation_key(engine), name="what_serves_keeps_its_bounds")
    def what_serves_keeps_its_bounds(
        context: dg.AssetCheckExecutionContext, stored_models: dg.ResourceParam[ModelStore]
    ) -> dg.AssetCheckResult:
        """Calibration and coverage of what serves are as near as the gate asks of contenders.

        Baselines that serve are held to it too, and the last 250 sessions by themselves.
        """
        week = newest_whole_week(stored_models, engine, context.partition_key)
        cards = cards_of(stored_models, engine, week)
        outside = [f"{card.target}: {text}" for card in cards for text in out_of_bounds(card)]
        told = "\n".join(f"- {each}" for each in outside) or "nothing"
        return dg.AssetCheckResult(
            passed=not outside,
            severity=dg.AssetCheckSeverity.WARN,
            metadata={
                "targets": len(cards),
                "served": sum(card.verdict.served is not None for card in cards),
                "outside": dg.MetadataValue.md(told),
            },
        )

    return what_serves_keeps_its_bounds
