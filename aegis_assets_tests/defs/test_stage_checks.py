"""Checks of quarantine, outcomes, records and the page: what they stop, what they only tell."""

from datetime import date, timedelta

import dagster as dg
import polars as pl
import pytest

from aegis_assets.core.dashboard.page import inlined
from aegis_assets.core.engines import DIRECTION
from aegis_assets.core.labels import label_table
from aegis_assets.core.laws import FORMING
from aegis_assets.defs.dashboard import HISTORY, PAGE, page_faults
from aegis_assets.defs.stage_checks import few, stage_checks
from aegis_assets.defs.world import world
from aegis_assets_tests.core import synthetic
from aegis_assets_tests.core.test_soundness import CUTOFF, record
from aegis_assets_tests.worlds import settings_of

OUTCOMES, RECORD = ["labels", DIRECTION.name], ["walk_forward", DIRECTION.name]
QUARANTINE, KEPT = ["candles", "quarantine"], ["candles", "daily"]
SEVERITY = dg.AssetCheckSeverity


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    return world(settings_of(tmp_path_factory.mktemp("home")))


def judged(here, key, rows, **beside):
    """What the check of an asset says of these rows, and whether the run went on."""
    partitions = here.partitions.weeks if key == RECORD else here.partitions.months
    tables = {tuple(key): rows} | beside.get("others", {})

    def stub(path, table):
        @dg.asset(key=[*path], partitions_def=partitions)
        def stored():
            return table

        return stored

    definitions = dg.Definitions(
        [stub(path, table) for path, table in tables.items()],
        asset_checks=[
            each
            for each in stage_checks(here)
            if dg.AssetKey(key) in {check.asset_key for check in each.check_keys}
        ],
        jobs=[dg.define_asset_job("look", dg.AssetSelection.all())],
        resources={"io_manager": dg.mem_io_manager},
    )
    partition = f"{CUTOFF}" if key == RECORD else "2018-12"
    with dg.DagsterInstance.ephemeral() as instance:
        ran = definitions.resolve_job_def("look").execute_in_process(
            partition_key=partition, instance=instance, raise_on_error=False
        )
    [said] = ran.get_asset_check_evaluations()
    return said, ran.success


@pytest.fixture(scope="module")
def outcomes():
    days = synthetic.exchange_sessions(150)
    panel = synthetic.one_symbol("^GSPC", days, 11, index_starts=0)
    return label_table(panel, DIRECTION.labels, days)


def test_sound_outcomes_pass_with_their_counts(here, outcomes):
    said, went_on = judged(here, OUTCOMES, outcomes)

    assert said.passed
    assert went_on
    assert all(
        f"| {label.name} | 150 |" in said.metadata["held"].value for label in DIRECTION.labels
    )


@pytest.mark.parametrize(
    "broken",
    [
        lambda table: table.with_columns(outcome=pl.lit(float("inf"))),
        lambda table: table.with_columns(known_on=pl.col("session")),
        lambda table: table.clear(),
    ],
    ids=["infinite", "known at once", "empty"],
)
def test_outcomes_that_cannot_be_stop_the_run(here, outcomes, broken):
    said, went_on = judged(here, OUTCOMES, broken(outcomes))

    assert not said.passed
    assert said.severity is SEVERITY.ERROR
    assert not went_on


def of_week(rows, cutoff=CUTOFF):
    """A record as it is stored."""
    return rows.with_columns(cutoff=pl.lit(cutoff))


def test_a_record_before_its_cut_off_and_none_at_all_pass(here):
    assert judged(here, RECORD, of_week(record()))[0].passed
    assert judged(here, RECORD, of_week(record()).clear())[0].passed


def test_the_same_forecasts_in_the_record_of_an_earlier_week_are_no_fault(here):
    earlier = of_week(record(), CUTOFF - timedelta(days=7))

    assert judged(here, RECORD, pl.concat([earlier, of_week(record())]))[0].passed


def test_a_record_that_has_seen_its_cut_off_stops_the_run(here):
    said, went_on = judged(here, RECORD, of_week(record(known_on=CUTOFF)))

    assert not said.passed
    assert not went_on
    assert "that the cut-off cannot know (1 rows)" in said.metadata["faults"].value


def bars(count, reason=None):
    rows = {
        "symbol": ["^GSPC"] * count,
        "session": [date(2018, 12, 3)] * count,
        "close": [1.0] * count,
        "reason": [reason] * count,
    }
    return pl.DataFrame(rows, schema_overrides={"reason": pl.String})


@pytest.mark.parametrize(("refused", "passed"), [(0, True), (5, True), (6, False)])
def test_more_than_one_bar_in_twenty_is_told(here, refused, passed):
    others = {tuple(KEPT): bars(100 - refused)}
    said, went_on = judged(here, QUARANTINE, bars(refused, "HIGH_BELOW_BODY"), others=others)

    assert said.passed is passed
    assert said.severity is SEVERITY.WARN
    assert went_on
    assert said.metadata["share"].value == pytest.approx(refused / 100)
    assert ("HIGH_BELOW_BODY" in said.metadata["by reason"].value) is bool(refused)


def test_a_bar_that_still_runs_is_refused_and_counts_for_nothing():
    said = few(bars(50, FORMING.code), bars(50), "session")

    assert said.passed
    assert FORMING.code in said.metadata["by reason"].value


PAYLOAD, PAST = '{"spot": "<1>"}', '{"closes": [2]}'
SHOWN = f"<script>{inlined(PAYLOAD)}</script><script>{inlined(PAST)}</script>".encode()
BESIDE = {PAGE: SHOWN, HISTORY: f"{PAST}\n".encode()}


@pytest.mark.parametrize(
    ("payload", "beside", "faults"),
    [
        (PAYLOAD, BESIDE, []),
        (None, BESIDE, ["no payload is published"]),
        (PAYLOAD, BESIDE | {PAGE: None}, ["index.html is missing"]),
        ('{"spot": 2}', BESIDE, ["the page is of another payload than the current one"]),
        (PAYLOAD, BESIDE | {HISTORY: b"{}"}, ["the page is of another history than history.json"]),
    ],
    ids=["right", "none", "no page", "another payload", "another history"],
)
def test_a_page_is_right_if_it_holds_the_bytes_beside_it(payload, beside, faults):
    assert page_faults(None if payload is None else f"{payload}\n".encode(), beside) == faults
