"""Checks of the stages that have none of their own kind: quarantine, outcomes, records, skills."""

from datetime import date

import dagster as dg
import polars as pl

from aegis_assets.core.engines import ENGINES, Engine
from aegis_assets.core.laws import FORMING
from aegis_assets.core.soundness import (
    QUARANTINED,
    label_faults,
    quarantined_share,
    record_faults,
    skill_faults,
)
from aegis_assets.defs.candles import DAILY
from aegis_assets.defs.intraday import CANDLES, QUARANTINE
from aegis_assets.defs.ledger_checks import markdown
from aegis_assets.defs.second_market import SECOND_MARKET, has_second_market
from aegis_assets.defs.world import World

_NEWEST = 20
_RUNNING = (FORMING.code, "OFF_GRID")
"""Laws that a bar breaks only as long as it runs: the next look at it brings a whole one."""


def stage_checks(world: World) -> list[dg.AssetChecksDefinition]:
    """One check per quarantine, table of outcomes, record, and of the second market's skills."""
    return [
        *(_outcomes(engine) for engine in ENGINES),
        *(_record(engine) for engine in ENGINES),
        *([_skills()] if has_second_market(world) else []),
        _daily_quarantine(),
        *([_intraday_quarantine()] if world.source.is_live else []),
    ]


def _outcomes(engine: Engine) -> dg.AssetChecksDefinition:
    @dg.asset_check(
        asset=["labels", engine.name], name="outcomes_lie_ahead_and_are_declared", blocking=True
    )
    def outcomes_lie_ahead_and_are_declared(outcomes: pl.DataFrame) -> dg.AssetCheckResult:
        """Every label is there on each session, known after it, in a class of its own."""
        found = label_faults(outcomes, engine)
        counts = outcomes.group_by("label").agg(
            sessions=pl.len(),
            known=pl.col("outcome").count(),
            highest_class=pl.col("outcome_class").max(),
        )
        return _verdict(found, outcomes, counts.sort("label"))

    return outcomes_lie_ahead_and_are_declared


def _record(engine: Engine) -> dg.AssetChecksDefinition:
    @dg.asset_check(
        asset=["walk_forward", engine.name], name="forecasts_are_out_of_sample", blocking=True
    )
    def forecasts_are_out_of_sample(
        context: dg.AssetCheckExecutionContext, record: pl.DataFrame
    ) -> dg.AssetCheckResult:
        """Nothing in the record is of the cut-off or later, and every forecast is one.

        Without enough history there is none, and nothing is served.
        """
        cutoff = date.fromisoformat(context.partition_key)
        record = record.filter(pl.col("cutoff") == cutoff)  # a check is given earlier weeks, too
        found = record_faults(record, engine, cutoff)
        counts = record.group_by("target").agg(
            folds=pl.col("fold").n_unique(),
            candidates=pl.col("candidate").n_unique(),
            sessions=pl.col("session").n_unique(),
            unanswered=pl.col("forecast").null_count(),
            last=pl.col("session").max(),
        )
        return _verdict(found, record, counts.sort("target"), may_be_empty=True)

    return forecasts_are_out_of_sample


def _skills() -> dg.AssetChecksDefinition:
    @dg.asset_check(asset=SECOND_MARKET)
    def skills_are_finite(skills: pl.DataFrame) -> dg.AssetCheckResult:
        """Each contender has one finite skill there, within its interval; it warns."""
        counts = skills.group_by("engine").agg(
            contenders=pl.len(),
            without_an_interval=pl.col("lower").null_count(),
            skilled=(pl.col("value") > 0).sum(),
        )
        warn = dg.AssetCheckSeverity.WARN
        return _verdict(skill_faults(skills), skills, counts.sort("engine"), severity=warn)

    return skills_are_finite


def _verdict(
    faults: list[str],
    rows: pl.DataFrame,
    counts: pl.DataFrame,
    *,
    may_be_empty: bool = False,
    severity: dg.AssetCheckSeverity = dg.AssetCheckSeverity.ERROR,
) -> dg.AssetCheckResult:
    """What is wrong, and what the table holds."""
    return dg.AssetCheckResult(
        passed=not faults and (may_be_empty or not rows.is_empty()),
        severity=severity,
        metadata={
            "rows": rows.height,
            "faults": "; ".join(faults) or "none",
            "held": dg.MetadataValue.md(markdown(counts) if rows.height else "nothing"),
        },
    )


def _daily_quarantine() -> dg.AssetChecksDefinition:
    @dg.asset_check(
        asset=["candles", "quarantine"],
        name="few_bars_are_refused",
        additional_ins={"kept": dg.AssetIn(DAILY)},
    )
    def few_bars_are_refused(quarantine: pl.DataFrame, kept: pl.DataFrame) -> dg.AssetCheckResult:
        """At most 5 % of the bars of the run break a law; which, and which law."""
        return few(quarantine, kept, "session")

    return few_bars_are_refused


def _intraday_quarantine() -> dg.AssetChecksDefinition:
    @dg.asset_check(
        asset=QUARANTINE,
        name="few_bars_are_refused",
        additional_ins={"kept": dg.AssetIn(CANDLES)},
    )
    def few_bars_are_refused(
        context: dg.AssetCheckExecutionContext, quarantine: pl.DataFrame, kept: pl.DataFrame
    ) -> dg.AssetCheckResult:
        """At most 5 % of the session's bars break a law, those that still run aside."""
        session = date.fromisoformat(context.partition_key)
        ours = quarantine.filter(session=session)  # a check is given the sessions before, too
        return few(ours, kept.filter(session=session), "start")

    return few_bars_are_refused


def few(quarantine: pl.DataFrame, kept: pl.DataFrame, dated: str) -> dg.AssetCheckResult:
    """What the check says of these bars and candles; it warns."""
    over = quarantine.filter(~pl.col("reason").is_in(_RUNNING))
    share = quarantined_share(over, kept)
    reasons = quarantine.group_by("reason").len().sort("reason")
    newest = over.sort(dated).tail(_NEWEST).select("symbol", dated, "close", "reason")
    return dg.AssetCheckResult(
        passed=share <= QUARANTINED,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={
            "refused": over.height,
            "share": share,
            "by reason": dg.MetadataValue.md(markdown(reasons) if reasons.height else "none"),
            "newest": dg.MetadataValue.md(markdown(newest) if newest.height else "none"),
        },
    )
