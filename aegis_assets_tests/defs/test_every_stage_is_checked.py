"""No stage goes unchecked: an asset without a check fails here until it has one."""

from datetime import date

import dagster as dg
import pytest

from aegis_assets.definitions import graph
from aegis_assets.defs.world import world
from aegis_assets.settings import OptionChain, Settings, SourceName

PLACES, CLONES = ("s3://bucket/folder",), ("git:/srv/models",)
EXCEPTIONS: dict[str, str] = {}
"""Assets without a check, and why none would say anything."""
BLOCKING = {
    "candles/daily",
    "features/activity",
    "features/intraday",
    *(
        f"{stage}/{engine}"
        for stage in ("features", "labels", "walk_forward", "models")
        for engine in ("volatility", "direction", "seller", "buyer")
    ),
    "payload/aegismatrix",
}
"""Stages whose faults stop what is made of them."""


def archive(home):
    return Settings(
        source=SourceName.SAMPLE,
        market="SP500",
        home=home,
        publish_to=PLACES,
        publish_models_to=CLONES,
    )


def live(home):
    return Settings(
        source=SourceName.YAHOO,
        market="NIFTY",
        history_start=date(2019, 1, 1),
        home=home,
        option_chain=OptionChain.NSE,
        publish_to=PLACES,
        publish_models_to=CLONES,
    )


@pytest.fixture(scope="module", params=[archive, live], ids=["archive", "live"])
def assets(request, tmp_path_factory):
    return graph(world(request.param(tmp_path_factory.mktemp("home")))).resolve_asset_graph()


def checked(assets):
    """Checks by asset."""
    made = {key: [] for key in assets.get_all_asset_keys() if assets.get(key).is_materializable}
    for check in assets.asset_check_keys:
        made[check.asset_key].append(check)
    return {key.to_user_string(): checks for key, checks in made.items()}


def without_a_check(assets):
    return {name for name, checks in checked(assets).items() if not checks}


def test_every_stage_has_a_check(assets):
    assert without_a_check(assets) == set(EXCEPTIONS) & set(checked(assets))


def test_every_check_says_what_it_holds_to(assets):
    silent = [key for key in assets.asset_check_keys if not assets.get(key).description]

    assert silent == []


def test_what_is_broken_stops_what_is_made_of_it(assets):
    found = checked(assets)
    stopping = {
        name for name, checks in found.items() if any(assets.get(each).blocking for each in checks)
    }

    assert stopping >= BLOCKING & set(found)


def test_an_asset_without_a_check_would_be_found(tmp_path):
    @dg.asset
    def unchecked():
        return None

    more = dg.Definitions.merge(graph(world(archive(tmp_path))), dg.Definitions([unchecked]))

    assert "unchecked" in without_a_check(more.resolve_asset_graph())
