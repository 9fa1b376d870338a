"""What goes on after a stage has failed, what it told, and what time was left for."""

from datetime import date
from itertools import count

import dagster as dg
import pytest

from aegis_assets.adapters.run_reports import RunReport, add_report, report_file, reports
from aegis_assets.core.errors import SourceError
from aegis_assets.defs.due_stages import outcomes
from aegis_assets.defs.jobs import (
    DEPLOY_JOB,
    HISTORY_JOB,
    INGEST_JOB,
    PUBLISH_JOB,
    SCORE_JOB,
    TRAIN_JOB,
    VALIDATE_JOB,
)
from aegis_assets.defs.run_summary import faults, line, table
from aegis_assets.defs.stage_runs import Ending, Outcome, Stage, tried
from aegis_assets.defs.world import world
from aegis_assets_tests.adapters.scripted import at
from aegis_assets_tests.defs.histories import SLOT, History
from aegis_assets_tests.worlds import settings_of

JUDGED = {VALIDATE_JOB, DEPLOY_JOB}
ALL = [INGEST_JOB, HISTORY_JOB, TRAIN_JOB, *JUDGED, SCORE_JOB, PUBLISH_JOB]
DONE, FAILED, NOT_TRIED = Ending.DONE, Ending.FAILED, Ending.NOT_TRIED
NOON = at(date(2024, 8, 5), "12:00")


@pytest.fixture
def history(tmp_path):
    chosen = settings_of(tmp_path, date(2018, 9, 1), date(2018, 11, 26))
    with dg.DagsterInstance.ephemeral() as instance:
        yield History.of(world(chosen), instance)


def failing(*jobs):
    """Runs a stage to its end, unless it is one of these jobs."""
    return lambda stage: Outcome(stage, FAILED if stage.job in jobs else DONE)


def endings(history, run, **how):
    return {each.stage.job: each.ending for each in outcomes(history.due, run, **how)}


def test_without_history_and_models_nothing_is_tried_after_bars_that_did_not_come(history):
    found = endings(history, failing(INGEST_JOB))

    assert found == dict.fromkeys(ALL, NOT_TRIED) | {INGEST_JOB: FAILED}


@pytest.mark.parametrize(
    ("failed", "not_tried"),
    [
        (INGEST_JOB, {HISTORY_JOB, TRAIN_JOB, SCORE_JOB} | JUDGED),
        (HISTORY_JOB, {TRAIN_JOB, SCORE_JOB} | JUDGED),
        (TRAIN_JOB, JUDGED),
    ],
    ids=[INGEST_JOB, HISTORY_JOB, TRAIN_JOB],
)
def test_the_slot_is_published_from_what_is_stored_whatever_failed(history, failed, not_tried):
    history.tables()
    history.trained()
    found = endings(history, failing(failed), force=ALL)

    assert found[PUBLISH_JOB] is DONE
    assert {job for job, ending in found.items() if ending is NOT_TRIED} == not_tried
    assert [job for job, ending in found.items() if ending is FAILED] == [failed]


def test_of_a_stage_asked_for_alone_only_what_is_due_is_made_unless_it_is_forced(history):
    history.everything()
    run = failing()

    assert endings(history, run, only=[PUBLISH_JOB]) == {PUBLISH_JOB: Ending.NOTHING_DUE}
    (made,) = outcomes(history.due, run, [PUBLISH_JOB], force=[PUBLISH_JOB])
    assert (made.ending, made.stage.keys) == (DONE, (SLOT,))


def test_forced_bars_are_all_asked_for_again_and_forced_training_is_of_all_engines(history):
    history.everything()
    bars, training = outcomes(
        history.due, failing(), [INGEST_JOB, TRAIN_JOB], force=[INGEST_JOB, TRAIN_JOB]
    )

    assert bars.stage.rebuild
    assert list(bars.stage.keys) == history.due.keys_of(INGEST_JOB)
    assert (training.stage.assets, training.stage.keys) == ((), ("2018-12-29",))


def test_what_is_not_begun_when_time_is_up_is_told_and_what_reads_it_is_not_tried(history):
    history.tables()
    history.trained()
    left = count()
    found = endings(history, failing(), force=ALL, may_begin=lambda: next(left) < 1)

    late = Ending.OUT_OF_TIME
    begun = {INGEST_JOB: DONE, HISTORY_JOB: late, PUBLISH_JOB: late}
    assert found == dict.fromkeys(ALL, NOT_TRIED) | begun


def test_a_world_without_slots_fails_in_a_sentence_where_one_is_needed(tmp_path):
    chosen = settings_of(tmp_path, date(2018, 9, 1), date(2019, 1, 2))
    with dg.DagsterInstance.ephemeral() as instance:
        due = History.of(world(chosen), instance).due
        (publish,) = outcomes(due, failing(), [PUBLISH_JOB])

    assert (publish.ending, publish.error) == (FAILED, "SettingsError")
    assert publish.why.startswith("no slot since AEGIS_SLOTS_START (2019-01-02)")


# ── one stage ───────────────────────────────────────────────────────────────────────────


def run_of(fails):
    """What came of a job of one asset."""

    @dg.asset(check_specs=[dg.AssetCheckSpec("sound", asset="made")], name="made")
    def made():
        fails()
        found = dg.AssetCheckResult(
            passed=False, severity=dg.AssetCheckSeverity.WARN, metadata={"gaps": 3}
        )
        return dg.MaterializeResult(check_results=[found])

    job = dg.Definitions(assets=[made], jobs=[dg.define_asset_job("job", [made])])
    with dg.DagsterInstance.ephemeral() as instance:
        stage = Stage("job", "made", ("",))
        return tried(job.resolve_job_def("job"), instance, stage, {"by": "test"})


def test_a_check_that_warns_ends_no_stage_and_is_told():
    found = run_of(lambda: None)

    assert (found.ending, faults([found])) == (DONE, [])
    assert found.warnings == ("made: sound did not pass (gaps 3)",)
    assert found.told == "done, 1 told: made: sound did not pass (gaps 3)"


def test_an_error_raised_on_purpose_is_told_in_its_sentence_without_its_cause():
    def refused():
        msg = "Yahoo is ill: wait"
        raise SourceError(msg) from OSError("reset by peer")

    found = run_of(refused)

    assert (found.ending, found.error, found.why) == (FAILED, "SourceError", "Yahoo is ill: wait")
    assert found.trace == ""


def test_a_bug_is_told_with_its_trace():
    found = run_of(lambda: {}["nowhere"])

    assert (found.ending, found.error, found.why) == (FAILED, "KeyError", "'nowhere'")
    assert "Stack Trace" in found.trace


# ── the report ──────────────────────────────────────────────────────────────────────────

FOUND = [
    Outcome(Stage("ingest", "bars", ("2018-11", "2018-12")), DONE, 1.25, warnings=("a | b",)),
    Outcome(Stage("train", "training", ("2018-12-29",)), FAILED, 2.0, "SourceError", "ill"),
    Outcome(Stage("publish", "publish", ()), Ending.NOTHING_DUE),
]


def report(**changes):
    return line(FOUND, at=NOON, by="aegis run", asked=(), seconds=3.3, **changes)


def test_a_run_is_a_line_of_json_with_each_stage_its_seconds_and_its_ending(tmp_path):
    add_report(tmp_path, report())
    add_report(tmp_path, report(interrupted=True))
    first, second = reports(tmp_path)

    assert (first.ending, second.ending) == ("failed", "interrupted")
    assert [(each.stage, each.partitions, each.seconds, each.ending) for each in first.stages] == [
        ("bars", 2, 1.25, "done"),
        ("training", 1, 2.0, "failed"),
        ("publish", 0, 0.0, "nothing due"),
    ]
    assert (first.stages[0].first, first.stages[0].last) == ("2018-11", "2018-12")
    assert {"aegis", "python", "dagster", "polars", "xgboost"} <= first.versions.keys()
    assert first.at == NOON


def test_a_line_torn_by_a_kill_costs_no_other(tmp_path):
    add_report(tmp_path, report())
    path = report_file(tmp_path)
    path.write_bytes(path.read_bytes() + path.read_bytes()[:100])
    add_report(tmp_path, report())

    assert list(reports(tmp_path)) == [report()] * 2
    assert RunReport.model_validate_json(path.read_bytes().splitlines()[-1]) == report()


def test_the_table_has_a_row_for_each_stage_and_no_bar_too_many():
    header, _, *rows = table(FOUND).splitlines()

    assert header == "| stage | partitions | seconds | outcome |"
    assert rows[0] == "| bars | 2018-11 .. 2018-12 | 1.2 | done, 1 told: a \\| b |"
    assert rows[1] == "| training | 2018-12-29 | 2.0 | failed: SourceError: ill |"
    assert len(rows) == len(FOUND)
