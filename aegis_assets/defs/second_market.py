"""The same contenders on a second market, whose sign a promotion must share.

The embedded S&P 500 is always at hand, so it is the second market of every other one.  It has none
itself, and the cards say so.
"""

from hashlib import sha256
from io import BytesIO

import dagster as dg
import polars as pl

from aegis_assets.adapters.fitting import memory, workers
from aegis_assets.adapters.sample import sample_panel
from aegis_assets.core.engines import ENGINES, Engine
from aegis_assets.core.engines.elsewhere import SCHEMA, skills_elsewhere
from aegis_assets.core.evaluation.dataset import data_version
from aegis_assets.core.evaluation.fitting import Fits
from aegis_assets.core.evaluation.gate import Elsewhere
from aegis_assets.core.frozen import Skill
from aegis_assets.core.markets import SP500
from aegis_assets.defs.schemas import OWNERS, table_metadata
from aegis_assets.defs.versions import models_version
from aegis_assets.defs.windows import span
from aegis_assets.defs.world import World

SECOND_MARKET = dg.AssetKey(["walk_forward", "second_market"])
_COLUMNS = {
    "engine": "engine that asks",
    "target": "label that is forecast",
    "contender": "who forecasts",
    "value": "skill against the strongest baseline there",
    "lower": "lower 95 % bound; null where too few sessions were scored",
    "upper": "upper 95 % bound",
    "n": "scored sessions",
}
_TABLE = {"cutoff": (pl.Date(), "training week")} | {
    name: (SCHEMA[name], meaning) for name, meaning in _COLUMNS.items()
}


def has_second_market(world: World) -> bool:
    """Whether the embedded market is another than the world's, and shall be looked at."""
    return world.settings.second_market and world.market != SP500


def second_market_assets(world: World) -> list[dg.AssetsDefinition]:
    """``walk_forward/second_market``, unless the world's market is the embedded one."""
    return [_skills(world)] if has_second_market(world) else []


def elsewhere_of(table: pl.DataFrame, engine: Engine) -> Elsewhere:
    """The engine's rows as the gate reads them."""
    rows = table.filter(pl.col("engine") == engine.name)
    return {
        (row["target"], row["contender"]): Skill(
            value=row["value"], lower=row["lower"], upper=row["upper"], n=row["n"]
        )
        for row in rows.iter_rows(named=True)
    }


def _skills(world: World) -> dg.AssetsDefinition:
    @dg.asset(
        key=SECOND_MARKET,
        partitions_def=world.partitions.weeks,
        io_manager_key="warehouse",
        metadata=table_metadata(_TABLE, "cutoff"),
        description="Skill of the same contenders on the embedded S&P 500 of 1999-2018: a "
        "promotion elsewhere needs the same sign here.",
        group_name="walk_forward",
        kinds={"polars", "xgboost", "duckdb"},
        owners=OWNERS,
        code_version="-".join(models_version(engine, world.left_out) for engine in ENGINES),
    )
    def second_market(context: dg.AssetExecutionContext) -> pl.DataFrame:
        cutoff, _ = span(context)
        known = sample_panel().filter(pl.col("session") < cutoff)
        made = _remembered(world, known, context)
        return made.select(pl.lit(cutoff).alias("cutoff"), *SCHEMA)

    return second_market


def _remembered(
    world: World, panel: pl.DataFrame, context: dg.AssetExecutionContext
) -> pl.DataFrame:
    """The table, computed once: neither its candles nor the code change from week to week."""
    kept_before = memory(world.settings)
    versions = [models_version(engine, world.left_out) for engine in ENGINES]
    said = f"second market:{data_version(panel)}:{versions}:{world.settings.seed}"
    key = sha256(said.encode()).hexdigest()
    kept = kept_before.recall(key)
    if kept is not None:
        return pl.read_ipc(BytesIO(kept))
    with workers(world.settings) as pool:
        made = skills_elsewhere(
            panel,
            world.settings.seed,
            pool,
            Fits(kept_before),
            left_out=world.left_out,
            told=context.log.info,
        )
    content = BytesIO()
    made.write_ipc(content)
    kept_before.keep(key, content.getvalue())
    return made
