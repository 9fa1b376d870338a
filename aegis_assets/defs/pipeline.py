"""`full_pipeline`: everything that is due, stage after stage, each as a run of its own job."""

import time
from collections.abc import Callable

import dagster as dg

from aegis_assets.adapters.run_reports import add_report
from aegis_assets.defs.due import Due
from aegis_assets.defs.due_stages import PARTS, outcomes
from aegis_assets.defs.jobs import PACE
from aegis_assets.defs.leftovers import UNDER_WAY, bury
from aegis_assets.defs.run_summary import faults, line, table
from aegis_assets.defs.stage_runs import Ending, Outcome, Stage, tried
from aegis_assets.defs.world import World

PIPELINE = "full_pipeline"
PARENT = "aegis/parent"
"""Tag of the runs that a pipeline made: the id of its own."""
_MINUTES = 60.0


class Budget(dg.Config):
    """How long the pipeline may go on beginning stages; what has begun is let finish."""

    budget_minutes: float = _MINUTES


def full_pipeline(world: World) -> dg.JobDefinition:
    """The job: ingest, history, train, validate, deploy, intraday, score, publish, as far as due.

    Where a stage fails, those that read it are not tried and the others go on, so that the newest
    slot is published from what is stored.  The run then fails with the table of its stages, as it
    does where the budget was spent before the last.
    """

    @dg.op(name="everything_due", description="What is due, each stage as a run of its own.")
    def everything_due(context: dg.OpExecutionContext, config: Budget) -> None:
        begun, at = time.monotonic(), world.source.now()
        _bury_orphans(context.instance)
        found = _absent(context)
        try:
            for each in outcomes(
                Due(world, context.repository_def.asset_graph, context.instance),
                _running(context),
                may_begin=lambda: time.monotonic() - begun < 60 * config.budget_minutes,
            ):
                _log(context, each)
                found.append(each)
        finally:
            _bury_orphans(context.instance, context.run_id)
            spent = time.monotonic() - begun
            told = line(found, at=at, by=context.run_id, asked=(), seconds=spent)
            add_report(world.settings.home, told)
        _end(context, found, config)

    @dg.job(
        name=PIPELINE,
        executor_def=dg.in_process_executor,
        description="Everything that is due, in order, each stage as a run of its own job.",
        tags={PACE: "long"},
    )
    def pipeline() -> None:
        everything_due()

    return pipeline


def _running(context: dg.OpExecutionContext) -> Callable[[Stage], Outcome]:
    """Runs a stage as a child of this run."""

    def run(stage: Stage) -> Outcome:
        context.log.info("%s %s begins%s", stage.title, stage.span, stage.why and f": {stage.why}")
        job = context.repository_def.get_job(stage.job)
        return tried(job, context.instance, stage, {PARENT: context.run_id})

    return run


def _absent(context: dg.OpExecutionContext) -> list[Outcome]:
    """Stages of which the graph has no job: told, and no fault."""
    there = context.repository_def.job_names
    lacking = dict.fromkeys(part.job for part in PARTS if part.job not in there)
    why = "the graph of these settings has no such job"
    found = [Outcome(Stage(job, job, ()), Ending.SKIPPED, why=why) for job in lacking]
    for each in found:
        _log(context, each)
    return found


def _log(context: dg.OpExecutionContext, found: Outcome) -> None:
    """The milestone; what failed is an error of this run's log too."""
    tell = context.log.error if faults([found]) else context.log.info
    tell("%s %s: %s in %.1f s", found.stage.title, found.stage.span, found.told, found.seconds)
    if found.trace:
        context.log.error(found.trace)
    for each in found.warnings:
        context.log.warning(each)


def _end(context: dg.OpExecutionContext, found: list[Outcome], config: Budget) -> None:
    """The summary; raises `dg.Failure` with it where a stage was not brought to its end."""
    metadata = {"stages": dg.MetadataValue.md(table(found))}
    lost = faults(found)
    if not lost:
        context.add_output_metadata(metadata)
        return
    late = [each.stage.title for each in lost if each.ending is Ending.OUT_OF_TIME]
    said = [f"{each.stage.title} {each.told}" for each in lost if each.stage.title not in late]
    if late:
        said.append(
            f"the budget of {config.budget_minutes:g} minutes was spent before {', '.join(late)}: "
            "run it again, or give budget_minutes more"
        )
    raise dg.Failure("; ".join(said), metadata=metadata, allow_retries=False)


def _bury_orphans(instance: dg.DagsterInstance, parent: str = "") -> None:
    """Mark the children of pipelines that ended, or of this one, as failed if they still go on."""
    going = instance.get_runs(dg.RunsFilter(statuses=UNDER_WAY))
    mine = [run for run in going if PARENT in run.tags]
    bury(instance, [run for run in mine if _is_over(instance, run.tags[PARENT], parent)])


def _is_over(instance: dg.DagsterInstance, run_id: str, parent: str) -> bool:
    run = instance.get_run_by_id(run_id)
    return run_id == parent or run is None or run.is_finished
