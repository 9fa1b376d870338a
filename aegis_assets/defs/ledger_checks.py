"""Whether the ledger's forecasts are alive, its due claims settled, its ranges as good as said."""

from collections.abc import Sequence
from datetime import date, timedelta

import dagster as dg
import polars as pl

from aegis_assets.adapters.ledger_store import LedgerStore
from aegis_assets.core.ledger.detector import Finding, findings
from aegis_assets.core.ledger.ends import with_ends
from aegis_assets.core.ledger.promises import Promise, promises
from aegis_assets.core.ledger.settling import Reason
from aegis_assets.core.markets import Market
from aegis_assets.defs.windows import days_of
from aegis_assets.defs.world import World

FORECASTS_KEY = dg.AssetKey(["ledger", "forecasts"])
OUTCOMES_KEY = dg.AssetKey(["ledger", "outcomes"])
SCORECARD_KEY = dg.AssetKey(["ledger", "scorecard"])
_SILENT = "no slot of these days claims anything: nothing that serves has an answer"
_SEEN = timedelta(days=60)
"""History in which a frozen forecast is looked for: eight trainings, forty sessions."""


def ledger_checks(world: World) -> list[dg.AssetChecksDefinition]:
    """Checks of the ledger; they warn, since nobody is helped by a ledger that stops."""
    return [_alive(), _settled(world), _as_stated()]


def _days(context: dg.AssetCheckExecutionContext) -> tuple[date, date]:
    """First and last day of the partition or range that the check is about."""
    first, after = days_of(context.op_execution_context.partition_time_window)
    return first, after - timedelta(days=1)


def _alive() -> dg.AssetChecksDefinition:
    @dg.asset_check(asset=FORECASTS_KEY)
    def outputs_are_not_frozen(
        context: dg.AssetCheckExecutionContext, ledger_store: dg.ResourceParam[LedgerStore]
    ) -> dg.AssetCheckResult:
        """No forecast has stood still while its inputs moved, at a limit, or beside the price."""
        last = _days(context)[1]
        seen = ledger_store.forecasts(last - _SEEN, last)
        found = findings(seen)
        return dg.AssetCheckResult(
            passed=not found and not seen.is_empty(),
            severity=dg.AssetCheckSeverity.WARN,
            metadata={
                "slots": seen["slot"].n_unique(),
                "forecasts": seen["path"].n_unique(),
                "findings": dg.MetadataValue.md(_SILENT if seen.is_empty() else _findings(found)),
            },
        )

    return outputs_are_not_frozen


def _settled(world: World) -> dg.AssetChecksDefinition:
    @dg.asset_check(asset=OUTCOMES_KEY)
    def due_outcomes_are_settled(
        context: dg.AssetCheckExecutionContext, ledger_store: dg.ResourceParam[LedgerStore]
    ) -> dg.AssetCheckResult:
        """Every claim that is over has its outcome, and no candle of the partition is missing.

        A day that became no session is counted by reason, and is no fault of the ledger.
        """
        first, last = _days(context)
        known_to = min(last, world.source.last_session(world.market))
        claims = _claims(ledger_store.forecasts(until=known_to), world.market)
        due = claims.filter(pl.col("ends_on") <= known_to)
        made = ledger_store.outcomes(until=known_to)
        absent = due.join(made, on=["slot", "path"], how="anti")
        torn = made.filter(pl.col("reason") == Reason.CANDLE_MISSING.value)
        here = torn.filter(pl.col("ends_on") >= first)
        reasons = made.group_by("reason").len().sort("reason")
        return dg.AssetCheckResult(
            passed=absent.is_empty() and here.is_empty(),
            severity=dg.AssetCheckSeverity.WARN,
            metadata={
                "due": due.height,
                "not settled": absent.height,
                "without a candle": here.height,
                "without a candle, ever": torn.height,
                "without a known end": claims["ends_on"].null_count(),
                "to do": _to_do(absent),
                "by reason": dg.MetadataValue.md(markdown(reasons)),
            },
        )

    return due_outcomes_are_settled


def _claims(forecasts: pl.DataFrame, market: Market) -> pl.DataFrame:
    """What was claimed in each slot, and when it ends, as far as the calendar knows."""
    return with_ends(forecasts, market).select("slot", "path", "ends_on").unique()


def _to_do(absent: pl.DataFrame) -> str:
    months = absent["ends_on"].dt.strftime("%Y-%m").unique().sort().to_list()
    return f"materialize ledger/outcomes of {', '.join(months)}" if months else "nothing"


def _as_stated() -> dg.AssetChecksDefinition:
    @dg.asset_check(asset=SCORECARD_KEY)
    def coverage_is_as_stated(
        context: dg.AssetCheckExecutionContext, ledger_store: dg.ResourceParam[LedgerStore]
    ) -> dg.AssetCheckResult:
        """The safe range has held as often as it says, within what chance allows."""
        found = promises(ledger_store.scorecard(until=_days(context)[1]))
        broken = [each for each in found if each.decides and each.holds is False]
        return dg.AssetCheckResult(
            passed=not broken,
            severity=dg.AssetCheckSeverity.WARN,
            metadata={"ranges": len(found), "coverage": dg.MetadataValue.md(_promises(found))},
        )

    return coverage_is_as_stated


def _findings(found: Sequence[Finding]) -> str:
    rows = [
        {"path": each.path, "code": each.code.value, "slots": each.slots, "what": each.text}
        for each in found
    ]
    return markdown(pl.DataFrame(rows)) if rows else "none"


def _promises(found: Sequence[Promise]) -> str:
    words = {True: "yes", False: "no", None: "too few to tell"}
    rows = [
        {
            "range": each.path,
            "stated": each.nominal,
            "held": round(each.coverage, 4),
            "sessions": each.sessions,
            "by chance from": round(each.lower, 3),
            "to": round(each.upper, 3),
            "as stated": words[each.holds],
        }
        for each in found
    ]
    return markdown(pl.DataFrame(rows)) if rows else "no range is settled yet"


def markdown(rows: pl.DataFrame) -> str:
    """The rows as a Markdown table; numbers to four digits, nothing for null."""
    lines = [f"| {' | '.join(rows.columns)} |", f"|{'---|' * rows.width}"]
    lines += [f"| {' | '.join(map(_cell, row))} |" for row in rows.iter_rows()]
    return "\n".join(lines)


def _cell(value: object) -> str:
    if value is None:
        return ""
    return f"{value:.4g}" if isinstance(value, float) else str(value)
