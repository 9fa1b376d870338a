"""A slot always finds its place in the queue: all that may last goes on one at a time."""

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import yaml

from aegis_assets.definitions import graph
from aegis_assets.defs.freshness import FRESHNESS_JOB
from aegis_assets.defs.jobs import INTRADAY_JOB, PACE, PUBLISH_JOB
from aegis_assets_tests.defs.frozen import frozen_world

ROOT = Path(__file__).parents[2]
_OF_SECONDS = {PUBLISH_JOB, INTRADAY_JOB, FRESHNESS_JOB}


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    moment = datetime(2026, 11, 23, 10, tzinfo=ZoneInfo("America/New_York"))
    home = tmp_path_factory.mktemp("paces")
    return graph(frozen_world(moment, "SP500", home=home)).get_repository_def()


def test_every_job_but_those_of_seconds_is_long(repository):
    named = {name for name in repository.job_names if not name.startswith("__")}
    long = {name for name in named if repository.get_job(name).tags.get(PACE) == "long"}

    assert {"full_pipeline", "housekeeping"} < long
    assert named - long == _OF_SECONDS


def test_the_queue_lets_fewer_long_ones_go_on_than_it_has_places():
    runs = yaml.safe_load((ROOT / "dagster.yaml").read_text())["concurrency"]["runs"]
    (limit,) = [each for each in runs["tag_concurrency_limits"] if each["key"] == PACE]

    assert limit["value"] == "long"
    assert limit["limit"] < runs["max_concurrent_runs"]
