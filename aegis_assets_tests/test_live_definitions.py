"""The graph of a live source as Dagster sees it; nothing is fetched to draw it."""

from datetime import date

import dagster as dg
import pytest

from aegis_assets.core.markets import MARKETS
from aegis_assets.definitions import graph
from aegis_assets.defs.freshness_stages import CHECK, watched
from aegis_assets.defs.intraday import INTRADAY_KEYS
from aegis_assets.defs.jobs import HISTORY_JOB, INGEST_JOB, INTRADAY_JOB, TRAIN_JOB
from aegis_assets.defs.raw import POOL
from aegis_assets.defs.session_features import SESSION_FEATURE_KEYS
from aegis_assets.defs.world import world
from aegis_assets.settings import Settings, SourceName
from aegis_assets_tests.test_definitions import EDGES

SECOND_MARKET = "walk_forward/second_market"
SESSION_KEYS = {*INTRADAY_KEYS, *SESSION_FEATURE_KEYS}
LIVE_EDGES = EDGES | {
    "raw/intraday": set(),
    "raw/spot": set(),
    "candles/intraday": {"raw/intraday"},
    "candles/intraday_quarantine": {"raw/intraday"},
    "features/intraday": {"candles/intraday", "candles/daily"},
    "features/activity": {"candles/intraday"},
    "payload/aegismatrix": EDGES["payload/aegismatrix"]
    | {"candles/intraday", "features/intraday", "features/activity"},
    "ledger/outcomes": EDGES["ledger/outcomes"] | {"candles/intraday"},
}


def live_edges(market):
    """As drawn; a market other than the embedded one has that as its second."""
    if market == "SP500":
        return LIVE_EDGES
    models = {key: read | {SECOND_MARKET} for key, read in EDGES.items() if key[:7] == "models/"}
    return LIVE_EDGES | models | {SECOND_MARKET: set()}


@pytest.fixture(scope="module", params=MARKETS)
def market(request):
    return request.param


@pytest.fixture(scope="module")
def here(market, tmp_path_factory):
    """The world of a market, live, in an empty home."""
    chosen = Settings(
        source=SourceName.YAHOO,
        market=market,
        history_start=date(2019, 1, 1),
        home=tmp_path_factory.mktemp(market),
    )
    return world(chosen)


@pytest.fixture(scope="module")
def live(here):
    """Its graph."""
    made = graph(here)
    assert not list(here.settings.home.iterdir())  # to draw it asks nobody and stores nothing
    return made


def test_the_live_graph_is_as_drawn(live, market):
    assets = live.resolve_asset_graph()
    drawn = {
        key.to_user_string(): {each.to_user_string() for each in assets.get(key).parent_keys}
        for key in assets.get_all_asset_keys()
    }

    assert drawn == live_edges(market)


def test_every_asset_has_its_place_in_the_calendar(live, here):
    assets = live.resolve_asset_graph()

    assert {each.key for each in watched(here)} == set(assets.get_all_asset_keys())
    assert all(assets.get(key).freshness_policy for key in assets.get_all_asset_keys())


@pytest.mark.parametrize("job", [INGEST_JOB, HISTORY_JOB, INTRADAY_JOB, TRAIN_JOB])
def test_a_live_job_asks_whether_what_it_made_is_there_on_time(live, job):
    layer = live.resolve_job_def(job).asset_layer
    asked = {key.asset_key for key in layer.asset_graph.asset_check_keys if key.name == CHECK}

    assert asked == set(layer.executable_asset_keys)


def test_the_second_market_is_walked_with_the_training_week(live, market):
    keys = live.resolve_job_def(TRAIN_JOB).asset_layer.executable_asset_keys
    has_one = SECOND_MARKET in {key.to_user_string() for key in keys}

    assert has_one == (market != "SP500")


def test_whatever_asks_the_source_takes_its_turn(live):
    ops = {
        node.definition.pool
        for job in (INGEST_JOB, INTRADAY_JOB)
        for node in live.resolve_job_def(job).nodes
        if node.name in {"raw__ohlcv", "raw_intraday"}
    }

    assert ops == {POOL}


def test_nothing_retries_but_the_session(live):
    jobs = [live.resolve_job_def(name) for name in (INGEST_JOB, INTRADAY_JOB)]

    assert all(node.definition.retry_policy is None for job in jobs for node in job.nodes)
    assert all(job.op_retry_policy is None for job in jobs)


def test_intraday_is_a_job_of_its_own(live):
    def keys(job):
        return set(live.resolve_job_def(job).asset_layer.executable_asset_keys)

    assert keys(INTRADAY_JOB) == SESSION_KEYS
    assert not keys(HISTORY_JOB) & SESSION_KEYS


@pytest.mark.parametrize("key", sorted(key.to_user_string() for key in SESSION_KEYS))
def test_an_intraday_asset_says_what_it_is_and_whose(live, key):
    node = live.resolve_asset_graph().get(dg.AssetKey(key.split("/")))

    assert len(node.description) > 20
    assert node.owners
    assert node.kinds
    assert node.group_name == key.split("/")[0]
    assert node.code_version
    assert node.metadata["dagster/column_schema"].columns
