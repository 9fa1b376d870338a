"""The pipeline: each stage a run of its own job, and one that fails costs no other."""

from datetime import date

import dagster as dg
import pytest
from dagster._core.definitions.reconstruct import ReconstructableRepository

from aegis_assets.adapters.run_reports import reports
from aegis_assets.defs.jobs import (
    DEPLOY_JOB,
    HISTORY_JOB,
    INGEST_JOB,
    PUBLISH_JOB,
    TRAIN_JOB,
    VALIDATE_JOB,
)
from aegis_assets.defs.pipeline import PARENT, PIPELINE
from aegis_assets.settings import settings
from aegis_assets_tests.cli.conftest import variables
from aegis_assets_tests.worlds import LAST_WEEK, settings_of

FAILURE, SUCCESS = dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.SUCCESS


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("pipeline")


@pytest.fixture(scope="module")
def instance():
    with dg.DagsterInstance.ephemeral() as found:
        yield found


@pytest.fixture(scope="module")
def run_pipeline(home, instance):
    """Runs the pipeline of a home of two months, of which models can be made that serve nothing."""
    chosen = settings_of(home, date(2018, 11, 1)).model_copy(update={"seed": 8})

    def ran(**config):
        repository = ReconstructableRepository.for_module(
            "aegis_assets_tests.defs.with_pipeline", "defs"
        )
        given = {"ops": {"everything_due": {"config": config}}}
        with pytest.MonkeyPatch.context() as patch:
            for name, value in variables(chosen).items():
                patch.setenv(name, value)
            settings.cache_clear()
            job = repository.get_reconstructable_job(PIPELINE)
            with dg.execute_job(job, instance, run_config=given) as result:
                pass
        settings.cache_clear()
        return result

    return ran


def failure_of(result):
    (step,) = [event for event in result.all_events if event.is_step_failure]
    return step.step_failure_data.user_failure_data


def children(instance, result):
    """Job, ending and partitions of the runs that a pipeline made, the oldest first."""
    made = instance.get_runs(dg.RunsFilter(tags={PARENT: result.run_id}))
    return [(run.job_name, run.status, run.tags.get("dagster/partition")) for run in reversed(made)]


@pytest.fixture(scope="module")
def first(run_pipeline):
    return run_pipeline()


def test_each_stage_that_is_due_is_a_run_of_its_own_job_in_order(first, instance):
    assert children(instance, first) == [
        (INGEST_JOB, SUCCESS, None),
        (HISTORY_JOB, SUCCESS, None),
        (TRAIN_JOB, SUCCESS, LAST_WEEK),
        (VALIDATE_JOB, SUCCESS, LAST_WEEK),
        (DEPLOY_JOB, SUCCESS, LAST_WEEK),
        (PUBLISH_JOB, FAILURE, "2018-12-31-15:30"),
    ]


def test_a_stage_that_failed_fails_the_run_in_its_sentence_with_the_table_of_all(first):
    told = failure_of(first)
    rows = told.metadata["stages"].value.splitlines()[2:]
    stages = {row.split(" | ")[0].removeprefix("| "): row for row in rows}

    assert not first.success
    assert told.description.startswith("publish failed: ArtifactError: volatility/variance_1")
    assert stages["bars"].startswith("| bars | 2018-11 .. 2018-12 | ")
    assert stages["training"].endswith(" | done |")
    assert stages["ledger"].endswith(" | nothing due |")
    assert "skipped: the graph of these settings has no such job" in stages["intraday"]


def test_the_report_has_the_line_of_the_pipeline(first, home):
    told = next(each for each in reports(home) if each.by == first.run_id)
    endings = {each.stage: each.ending for each in told.stages}

    assert (told.ending, endings["history"], endings["publish"]) == ("failed", "done", "failed")


@pytest.mark.usefixtures("first")
def test_the_next_one_makes_only_what_failed_and_nothing_once_the_budget_is_spent(
    run_pipeline, instance
):
    again, hasty = run_pipeline(), run_pipeline(budget_minutes=0.0)

    assert [job for job, *_ in children(instance, again)] == [PUBLISH_JOB]
    assert children(instance, hasty) == []
    assert failure_of(hasty).description == (
        "the budget of 0 minutes was spent before publish: run it again, or give budget_minutes "
        "more"
    )


def test_the_child_of_a_pipeline_that_was_killed_is_told_to_have_failed(
    first, run_pipeline, instance
):
    orphan = instance.create_run_for_job(
        dg.Definitions(jobs=[dg.job(name=INGEST_JOB)(lambda: None)]).resolve_job_def(INGEST_JOB),
        status=dg.DagsterRunStatus.STARTED,
        tags={PARENT: first.run_id},
    )
    run_pipeline(budget_minutes=0.0)

    assert instance.get_run_by_id(orphan.run_id).status is FAILURE
