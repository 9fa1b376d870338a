"""Bars that keep the laws, those that do not, and whether enough of the sessions are there."""

from collections.abc import Collection
from datetime import date

import dagster as dg
import polars as pl

from aegis_assets.adapters.bar_store import BarStore
from aegis_assets.adapters.warehouse import Warehouse
from aegis_assets.core import candles
from aegis_assets.core.sessions import sessions_between
from aegis_assets.defs.partitions import MONTH_FORMAT
from aegis_assets.defs.schemas import WAREHOUSE_POOL, monthly_table
from aegis_assets.defs.versions import candles_version
from aegis_assets.defs.windows import last_day, within
from aegis_assets.defs.world import World

MINIMUM_COMPLETENESS = 0.95
DAILY = dg.AssetKey(["candles", "daily"])
_TABLE = "candles.daily"
_QUARANTINE = candles.SCHEMA | {"reason": (pl.String(), "code of the first law that it breaks")}


def candle_assets(world: World) -> list[dg.AssetsDefinition]:
    """``candles/daily`` and ``candles/quarantine``."""
    return [_daily(world), _quarantine(world)]


def _ins(world: World) -> dict[str, dg.AssetIn]:
    """All bars up to the month: a bar is judged by the last close that was kept, however old."""
    return {"bars": dg.AssetIn(["raw", "ohlcv"], partition_mapping=world.partitions.history)}


def _sessions(world: World, bars: pl.DataFrame, last: date) -> pl.Series:
    first = min(bars["session"].to_list(), default=last)
    return sessions_between(world.market, first, max(bars["session"].to_list(), default=last))


def _daily(world: World) -> dg.AssetsDefinition:
    @monthly_table(
        world,
        candles.SCHEMA,
        key=["candles", "daily"],
        ins=_ins(world),
        pool=WAREHOUSE_POOL,
        kinds={"polars", "duckdb"},
        code_version=candles_version(),
    )
    def daily_candles(context: dg.AssetExecutionContext, bars: pl.DataFrame) -> pl.DataFrame:
        """Validated daily candles of all symbols: one row per symbol and session."""
        sessions = _sessions(world, bars, last_day(context))
        return within(context, candles.validated(bars, world.market.instruments, sessions))

    return daily_candles


def _quarantine(world: World) -> dg.AssetsDefinition:
    @monthly_table(
        world,
        _QUARANTINE,
        key=["candles", "quarantine"],
        ins=_ins(world),
        kinds={"polars", "duckdb"},
        code_version=candles_version(),
    )
    def quarantine(context: dg.AssetExecutionContext, bars: pl.DataFrame) -> pl.DataFrame:
        """Bars that break a law, as quoted, with the law's code: none is lost or mended."""
        sessions = _sessions(world, bars, last_day(context))
        return within(context, candles.quarantined(bars, world.market.instruments, sessions))

    return quarantine


def candle_checks(world: World) -> list[dg.AssetChecksDefinition]:
    """Checks of ``candles/daily``; all but the report of the join block."""
    return [_lawful(world), _complete(world), _following(world), _joined(world)]


def _lawful(world: World) -> dg.AssetChecksDefinition:
    @dg.asset_check(
        asset=DAILY,
        blocking=True,
        additional_ins={
            "quarantine": dg.AssetIn(["candles", "quarantine"]),
            "bars": dg.AssetIn(["raw", "ohlcv"]),
        },
    )
    def candles_keep_their_laws(
        daily: pl.DataFrame, quarantine: pl.DataFrame, bars: pl.DataFrame
    ) -> dg.AssetCheckResult:
        """Every candle keeps every law, and every bar became a candle or lies in quarantine."""
        sessions = sessions_between(world.market, *_ends(daily, world.first))
        broken = candles.violations(daily, world.market.instruments, sessions)
        ledger = candles.drop_ledger(bars, daily, quarantine)
        index = daily.filter(pl.col("symbol") == world.market.index.symbol)
        return dg.AssetCheckResult(
            passed=broken.is_empty() and not index.is_empty(),
            metadata={
                "candles": daily.height,
                "broken": broken.height,
                "quarantined": quarantine.height,
                "drop ledger": dg.MetadataValue.md(_table(ledger)),
            },
        )

    return candles_keep_their_laws


def _complete(world: World) -> dg.AssetChecksDefinition:
    @dg.asset_check(asset=DAILY, blocking=True, name="sessions_are_there")
    def sessions_are_there(
        daily: pl.DataFrame, warehouse_file: dg.ResourceParam[Warehouse]
    ) -> dg.AssetCheckResult:
        """Each symbol has 95 % of its exchange's sessions: of all, the last 252, and each year."""
        every = warehouse_file.rows(_TABLE)
        last = min(_ends(daily, world.first)[1], world.source.last_session(world.market))
        sessions = sessions_between(world.market, _ends(every, world.first)[0], last)
        seen = every.filter(pl.col("session") <= last)
        found = candles.coverage(seen, world.market.instruments, sessions)
        years = candles.worst_years(seen, world.market.instruments, sessions)
        shares = [*found["share"], *found["trailing_share"], *years["share"]]
        return dg.AssetCheckResult(
            passed=all(share is None or share >= MINIMUM_COMPLETENESS for share in shares),
            metadata={
                "coverage": dg.MetadataValue.md(_table(found)),
                "worst years": dg.MetadataValue.md(_table(years)),
            },
        )

    return sessions_are_there


def _following(world: World) -> dg.AssetChecksDefinition:
    @dg.asset_check(asset=DAILY, blocking=True)
    def candles_follow_their_bars(
        warehouse_file: dg.ResourceParam[Warehouse],
    ) -> dg.AssetCheckResult:
        """No candle of any month differs from what its bar now says.

        A split renews the whole history of bars.  What is built on old candles beside new ones
        would see a jump that never was.
        """
        months = outdated_months(world, warehouse_file)
        told = f"materialize candles/daily from {months[0]} on" if months else "none"
        return dg.AssetCheckResult(
            passed=not months, metadata={"outdated months": len(months), "to do": told}
        )

    return candles_follow_their_bars


def _joined(world: World) -> dg.AssetChecksDefinition:
    @dg.asset_check(asset=DAILY)
    def both_indices_have_the_same_sessions(daily: pl.DataFrame) -> dg.AssetCheckResult:
        """The index and its volatility index have a candle on the same sessions; none is filled."""
        differing = candles.joined_sessions(daily, world.market)
        return dg.AssetCheckResult(
            passed=differing.is_empty(),
            severity=dg.AssetCheckSeverity.WARN,
            metadata={
                "differing": differing.height,
                "sessions": dg.MetadataValue.md(_table(differing.sort("session").tail(50))),
            },
        )

    return both_indices_have_the_same_sessions


def outdated_months(
    world: World, warehouse: Warehouse, materialized: Collection[str] = ()
) -> list[str]:
    """Months whose candles are not those that the stored bars give, the oldest first.

    A month without any candle is not made yet, and so not outdated, unless it was `materialized`:
    before its first session, say.
    """
    made = warehouse.found(_TABLE)
    if made is None:
        return []
    bars = BarStore(warehouse).daily()
    last = max(bars["session"].to_list(), default=world.first)
    right = candles.validated(bars, world.market.instruments, _sessions(world, bars, last))
    month = pl.col("session").dt.strftime(MONTH_FORMAT)
    known = [*made.select(month.unique())["session"], *materialized]
    right = right.filter(month.is_in(known), pl.col("session") >= world.first)
    made = made.filter(pl.col("session") >= world.first)
    differing = pl.concat(
        [
            one.join(other, on=one.columns, how="anti", nulls_equal=True).select(month)
            for one, other in ((right, made), (made, right))
        ]
    )
    return differing["session"].unique().sort().to_list()


def _ends(rows: pl.DataFrame, otherwise: date) -> tuple[date, date]:
    days = rows["session"].to_list()
    return min(days, default=otherwise), max(days, default=otherwise)


def _table(rows: pl.DataFrame) -> str:
    """The rows as a Markdown table."""
    lines = [f"| {' | '.join(rows.columns)} |", f"|{'---|' * rows.width}"]
    return "\n".join(lines + [f"| {' | '.join(map(str, row))} |" for row in rows.iter_rows()])
