"""A home is of the market that its bars and its payload name, whoever backs it up."""

import polars as pl
import pytest

from aegis_assets.adapters.backups import backed_up
from aegis_assets.adapters.home_market import refuse_other_market
from aegis_assets.adapters.publishers import FolderPublisher
from aegis_assets.adapters.warehouse import Warehouse
from aegis_assets.core.errors import StorageError
from aegis_assets.core.markets import MARKETS
from aegis_assets_tests.adapters.homes import ORIGIN, furnished, silence
from aegis_assets_tests.adapters.test_publishers import EVENING
from aegis_assets_tests.adapters.test_warehouse import JANUARY, candles

PAIRS = [(kept, asked) for kept in MARKETS for asked in MARKETS]


@pytest.fixture
def home(tmp_path):
    """A tables' file and a folder of payloads, both not there yet."""
    return tmp_path / "aegis.duckdb", tmp_path / "publish"


def stored(path, *symbols):
    bars = pl.concat([candles(JANUARY).with_columns(symbol=pl.lit(each)) for each in symbols])
    Warehouse(path).replace("raw.ohlcv", bars, JANUARY)


@pytest.mark.parametrize(("kept", "asked"), PAIRS)
def test_a_payload_or_bars_of_another_market_are_refused_and_its_own_are_not(home, kept, asked):
    warehouse, publish = home
    refuse_other_market(warehouse, publish, asked)
    stored(warehouse, *(each.symbol for each in MARKETS[kept].instruments))
    for step in ("bars", "payload"):
        if step == "payload":
            FolderPublisher(publish).publish(f'{{"market_name": "{kept}"}}'.encode(), EVENING)
        if kept == asked:
            refuse_other_market(warehouse, publish, asked)
        else:
            said = f"found .*{step}.* {kept} .*, expected .* {asked}: set AEGIS_MARKET"
            with pytest.raises(StorageError, match=said):
                refuse_other_market(warehouse, publish, asked)


@pytest.mark.parametrize("content", [b"torn", b"[]", b"{}", b'{"market_name": 1}', b"\xff"])
def test_a_payload_that_names_no_market_tells_nothing(home, content):
    FolderPublisher(home[1]).publish(content, EVENING)

    refuse_other_market(*home, "NIFTY")


def test_a_volatility_index_that_markets_share_tells_nothing(home):
    stored(home[0], MARKETS["NIFTY"].volatility_index.symbol)

    refuse_other_market(*home, "SP500")


def test_a_backup_of_another_market_than_the_settings_say_leaves_nothing(tmp_path):
    home = furnished(tmp_path / "home")
    publisher = FolderPublisher(home.root / "warehouse" / "publish")
    publisher.publish(b'{"market_name": "SP500"}', "2019-01-02-15:30")

    with pytest.raises(StorageError, match=f"payload of SP500 .* expected one of {ORIGIN.market}"):
        backed_up(home, tmp_path / "kept" / "one", ORIGIN, silence, with_raw=True)

    assert not (tmp_path / "kept").exists()
    assert home.newest_backup() is None
