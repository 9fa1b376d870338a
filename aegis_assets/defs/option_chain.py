"""The option chain of a session as far as it has gone: an input that may be absent."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

import dagster as dg
import polars as pl

from aegis_assets.adapters.chain_sources import CHAIN_SOURCES, ChainSource
from aegis_assets.adapters.syntax import syntax_version
from aegis_assets.adapters.warehouse import Warehouse, Window
from aegis_assets.core.errors import SourceError
from aegis_assets.core.options.chain import QUOTED, quarantined, validated
from aegis_assets.core.options.view import chain_view, refusal
from aegis_assets.core.sessions import close_of
from aegis_assets.defs.io_managers import table_name
from aegis_assets.defs.raw import POOL
from aegis_assets.defs.schemas import OWNERS, session_partitions, table_metadata
from aegis_assets.defs.windows import span
from aegis_assets.defs.world import World
from aegis_assets.settings import OptionChain

KEY = dg.AssetKey(["raw", "option_chain"])
OLDEST = timedelta(minutes=45)
"""Age at which a chain is stale while the exchange trades: a slot and a half."""
_CLOSED = timedelta(days=7)
REFUSED = "why nothing came"
"""Metadata of a look at the chain."""

_NAME = table_name(KEY)
_VERSION = ("options", "laws", "sessions", "markets")


def has_option_chain(world: World) -> bool:
    """Whether these settings ask for chains, and the source of bars has sessions to ask for."""
    return world.source.is_live and world.settings.option_chain is not OptionChain.OFF


def option_chain_keys(world: World) -> tuple[dg.AssetKey, ...]:
    """What the intraday job makes besides."""
    return (KEY,) if has_option_chain(world) else ()


def oldest_chain(world: World) -> timedelta:
    """Age at which a chain says nothing any more to a slot.

    A bhavcopy is of the last close: a week outlasts every closure of the exchange since 2000.
    """
    return _CLOSED if world.settings.option_chain is OptionChain.BHAVCOPY else OLDEST


def option_chain_assets(world: World) -> list[dg.AssetsDefinition]:
    """``raw/option_chain``, if settings ask for it and the source is live."""
    return [_chain(world)] if has_option_chain(world) else []


def _source(world: World) -> ChainSource:
    return CHAIN_SOURCES[world.settings.option_chain](world.settings, world.source.now)


def _chain(world: World) -> dg.AssetsDefinition:
    @dg.asset(
        key=KEY,
        partitions_def=session_partitions(world),
        io_manager_key="warehouse",
        metadata=table_metadata(QUOTED, "session"),
        group_name=KEY.path[0],
        kinds={"python", "duckdb"},
        owners=OWNERS,
        code_version=syntax_version(*_VERSION),
        pool=POOL,
    )
    def option_chain(
        context: dg.AssetExecutionContext, warehouse_file: dg.ResourceParam[Warehouse]
    ) -> pl.DataFrame:
        """Option chains as quoted: one row per moment, expiry, strike and type."""
        session, after = span(context)
        stored = warehouse_file.found(_NAME, Window("session", session, after))
        known = pl.DataFrame(schema={name: dtype for name, (dtype, _) in QUOTED.items()})
        if stored is not None:
            known = stored.select(*QUOTED)
        return _with_newest(context, known, lambda: _source(world).chain(world.market, session))

    return option_chain


def _with_newest(
    context: dg.AssetExecutionContext, known: pl.DataFrame, newest: Callable[[], pl.DataFrame]
) -> pl.DataFrame:
    """What is known and the newest chain; where none comes, what is known, and why is told."""
    try:
        found = newest()
    except SourceError as error:
        context.add_output_metadata({REFUSED: str(error)})
        context.log.warning(str(error))
        return known
    moments = known["as_of"].unique().implode()
    return pl.concat([known, found.filter(~pl.col("as_of").is_in(moments))])


def option_chain_checks(world: World) -> list[dg.AssetChecksDefinition]:
    """The check of ``raw/option_chain``, where it exists."""
    if not has_option_chain(world):
        return []

    @dg.asset_check(asset=KEY)
    def option_chain_is_usable(
        context: dg.AssetCheckExecutionContext, chain: pl.DataFrame
    ) -> dg.AssetCheckResult:
        """The newest chain of the session may be believed, and tells forward, skew and max pain."""
        session = date.fromisoformat(context.partition_key)
        return usable(world, session, chain.filter(session=session))

    return [option_chain_is_usable]


def usable(world: World, session: date, chain: pl.DataFrame) -> dg.AssetCheckResult:
    """What the check says of the chains of a session; after its close age counts to the close.

    Later than its newest chain could be had, it is judged as of then: its options expire by and by.
    """
    market, close, known = world.market, close_of(world.market, session), chain["known_at"].max()
    now = world.source.now()
    if isinstance(known, datetime):
        now = min(now, max(close, known))
    oldest = OLDEST + max(now - close, timedelta(0))
    view = chain_view(chain, market, now, oldest)
    return dg.AssetCheckResult(
        passed=view is not None and not view.reasons,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={
            "refused": str(refusal(chain, market, now, oldest)),
            "lacking": list(view.reasons) if view else [],
            "expiry": str(view.expiry if view else None),
            "moments": chain["as_of"].n_unique(),
            "newest": str(chain["as_of"].max()),
            "rows": chain.height,
            "quarantined": _counts(quarantined(chain, market)["reason"]),
            "flagged": _counts(validated(chain, market)["flags"].drop_nulls()),
        },
    )


def _counts(codes: pl.Series) -> str:
    return str(codes.value_counts().sort(codes.name).to_dicts())
