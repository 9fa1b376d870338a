"""A session as far as it has gone: its bars, the price of now, and the candles among them."""

from collections.abc import Iterator
from datetime import date, datetime

import dagster as dg
import polars as pl

from aegis_assets.adapters.bar_store import SPOT, BarStore, Columns
from aegis_assets.adapters.intraday_ingestion import Gathered, IntradayIngestion
from aegis_assets.adapters.verdicts import Verdict
from aegis_assets.core import intraday
from aegis_assets.core.bars import INTRADAY_BARS
from aegis_assets.core.sessions import is_trading
from aegis_assets.defs.raw import POOL, outcome_table
from aegis_assets.defs.schemas import (
    OWNERS,
    session_partitions,
    session_table,
    table_metadata,
)
from aegis_assets.defs.versions import candles_version
from aegis_assets.defs.windows import span
from aegis_assets.defs.world import World

RAW = dg.AssetKey(["raw", "intraday"])
SPOT_KEY = dg.AssetKey(["raw", "spot"])
CANDLES = dg.AssetKey(["candles", "intraday"])
QUARANTINE = dg.AssetKey(["candles", "intraday_quarantine"])
INTRADAY_KEYS = (RAW, SPOT_KEY, CANDLES, QUARANTINE)
ENOUGH = 0.95
ASKED_AT, COMPLETE, NEWEST = "asked at", "all answered", "newest"
"""Metadata of a look at a session; the newest is the start of the index's last bar."""

_QUARANTINE = intraday.SCHEMA | {"reason": (pl.String(), "code of the first law that it breaks")}
_BARS_ARE = "Intraday bars as quoted: one row per symbol, interval and start."
_SPOT_IS = "Prices of the moment: one row per symbol and distinct quote."
_INS = {"bars": dg.AssetIn(RAW)}
_ANSWERED = dg.AssetCheckSpec(
    "source_answered", asset=RAW, description="Every request of the session was answered."
)
_FRESH = dg.AssetCheckSpec(
    "spot_is_fresh",
    asset=SPOT_KEY,
    description="While the exchange trades, each instrument has a price of the last 20 minutes.",
)


def intraday_assets(world: World) -> list[dg.AssetsDefinition]:
    """``raw/intraday``, ``raw/spot``, ``candles/intraday``, its quarantine; of a live source."""
    if not world.source.is_live:
        return []
    return [_gathered(world), _candles(world), _quarantine(world)]


def _raw_table(world: World, key: dg.AssetKey, what: str, columns: Columns) -> dg.AssetSpec:
    """One of the two tables that a look at the session writes through the bar store."""
    return dg.AssetSpec(
        key,
        description=what,
        metadata=table_metadata(columns, "session"),
        group_name="raw",
        kinds={"python", "duckdb"},
        owners=OWNERS,
        code_version=candles_version(),
        partitions_def=session_partitions(world),
    ).with_io_manager_key("warehouse")


def _gathered(world: World) -> dg.AssetsDefinition:
    @dg.multi_asset(
        name="raw_intraday",
        specs=[
            _raw_table(world, RAW, _BARS_ARE, INTRADAY_BARS),
            _raw_table(world, SPOT_KEY, _SPOT_IS, SPOT),
        ],
        check_specs=[_ANSWERED, _FRESH],
        pool=POOL,
    )
    def gathered(
        context: dg.AssetExecutionContext, bar_store: dg.ResourceParam[BarStore]
    ) -> Iterator[dg.MaterializeResult[None]]:
        session, _ = span(context)
        bar_store.make_tables()
        found = IntradayIngestion(world.intraday_source, bar_store, world.market).run(session)
        rows = [bar_store.intraday(each.symbol, session) for each in world.market.instruments]
        yield _bars_told(found, sum(each.height for each in rows), rows[0]["start"].max())
        yield _spot_told(found, bar_store.quotes(session).height, world)

    return gathered


def _bars_told(found: Gathered, rows: int, newest: object) -> dg.MaterializeResult[None]:
    return dg.MaterializeResult(
        asset_key=RAW,
        metadata={
            "dagster/row_count": rows,
            "outcomes": dg.MetadataValue.md(outcome_table(found.outcomes)),
            ASKED_AT: found.asked_at.isoformat(),
            COMPLETE: all(each.verdict is not Verdict.KEPT for each in found.outcomes),
            NEWEST: str(newest),
        },
        check_results=[_answered(found)],
    )


def _spot_told(found: Gathered, rows: int, world: World) -> dg.MaterializeResult[None]:
    return dg.MaterializeResult(
        asset_key=SPOT_KEY,
        metadata={
            "dagster/row_count": rows,
            "quotes": dg.MetadataValue.md(_quote_table(found)),
        },
        check_results=[_fresh(found, world)],
    )


def _answered(found: Gathered) -> dg.AssetCheckResult:
    silent = [each for each in found.outcomes if each.verdict is Verdict.KEPT]
    return dg.AssetCheckResult(
        check_name=_ANSWERED.name,
        asset_key=RAW,
        passed=not silent,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"reasons": [reason for each in found.outcomes for reason in each.reasons]},
    )


def _fresh(found: Gathered, world: World) -> dg.AssetCheckResult:
    now = found.asked_at
    stale = [quote.symbol for quote in found.quotes if quote.stale]
    missing = {each.symbol for each in world.market.instruments} - {q.symbol for q in found.quotes}
    late = [*stale, *sorted(missing)]
    ages = {each.symbol: (now - each.quoted_at).total_seconds() for each in found.quotes}
    return dg.AssetCheckResult(
        check_name=_FRESH.name,
        asset_key=SPOT_KEY,
        passed=not (late and is_trading(world.market, now)) and not missing,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"stale or missing": late, "asked at": now.isoformat(), "age, s": ages},
    )


def _quote_table(found: Gathered) -> str:
    lines = ["| symbol | price | quoted at | source | stale |", "|---|---|---|---|---|"]
    for each in found.quotes:
        cells = (each.symbol, each.price, each.quoted_at.isoformat(), each.source, each.stale)
        lines.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join(lines)


def _candles(world: World) -> dg.AssetsDefinition:
    @session_table(world, intraday.SCHEMA, key=CANDLES, ins=_INS, code_version=candles_version())
    def intraday_candles(context: dg.AssetExecutionContext, bars: pl.DataFrame) -> pl.DataFrame:
        """Validated intraday candles, finished ones only: a row per symbol, interval and start."""
        session, _ = span(context)
        return intraday.validated(bars, world.market.instruments, world.market, session)

    return intraday_candles


def _quarantine(world: World) -> dg.AssetsDefinition:
    @session_table(world, _QUARANTINE, key=QUARANTINE, ins=_INS, code_version=candles_version())
    def intraday_quarantine(context: dg.AssetExecutionContext, bars: pl.DataFrame) -> pl.DataFrame:
        """Intraday bars that are no candle of the session, as quoted, with the reason."""
        session, _ = span(context)
        return intraday.quarantined(bars, world.market.instruments, world.market, session)

    return intraday_quarantine


def _expected(world: World, bars: pl.DataFrame) -> int:
    """How many one-minute bars were over at the newest trade that the answers knew of."""
    session, reached = bars["session"].max(), bars["source_ts"].max()
    if not isinstance(session, date) or not isinstance(reached, datetime):
        return 0
    return intraday.expected_bars(world.market, session, "1m", reached)


def intraday_checks(world: World) -> list[dg.AssetChecksDefinition]:
    """The check of ``candles/intraday``, if the source is live."""
    if not world.source.is_live:
        return []

    @dg.asset_check(
        asset=CANDLES,
        additional_ins={"bars": dg.AssetIn(RAW), "quarantine": dg.AssetIn(QUARANTINE)},
    )
    def finished_bars_are_there(
        context: dg.AssetCheckExecutionContext,
        candles: pl.DataFrame,
        bars: pl.DataFrame,
        quarantine: pl.DataFrame,
    ) -> dg.AssetCheckResult:
        """95 % of the index's one-minute bars are there, as far as the answer reached."""
        session = date.fromisoformat(context.partition_key)
        candles, bars, quarantine = (  # a check is given the sessions before, too
            rows.filter(session=session) for rows in (candles, bars, quarantine)
        )
        one = (pl.col("symbol") == world.market.index.symbol) & (pl.col("interval") == "1m")
        expected = _expected(world, bars.filter(one))
        found = candles.filter(one).height
        return dg.AssetCheckResult(
            passed=found >= ENOUGH * expected and bars.height == candles.height + quarantine.height,
            severity=dg.AssetCheckSeverity.WARN,
            metadata={
                "bars": found,
                "expected": expected,
                "quarantined": str(quarantine["reason"].value_counts().sort("reason").to_dicts()),
            },
        )

    return [finished_bars_are_there]
