"""Every registered market agrees with its exchange's calendar."""

import sys

import exchange_calendars
import pytest

from aegis_assets.core import markets
from aegis_assets.core.markets import MARKETS, Market
from aegis_assets.core.universe import InstrumentClass
from aegis_assets_tests.core.laws.tables import unregistered

every_market = pytest.mark.parametrize("market", MARKETS.values(), ids=MARKETS)


@every_market
def test_its_calendar_is_known(market):
    assert market.calendar in exchange_calendars.get_calendar_names()


@every_market
def test_its_hours_are_those_of_the_calendar(market):
    calendar = exchange_calendars.get_calendar(market.calendar)

    assert calendar.tz.key == market.time_zone
    assert calendar.open_times[-1][1] == market.opens
    assert calendar.close_times[-1][1] == market.closes
    assert market.opens < market.closes


@every_market
def test_its_instruments_are_an_index_and_a_volatility_index(market):
    assert market.index.instrument_class is InstrumentClass.INDEX
    assert market.volatility_index.instrument_class is InstrumentClass.VOLATILITY_INDEX
    assert market.instruments == (market.index, market.volatility_index)
    assert market.index.symbol != market.volatility_index.symbol


def test_markets_are_known_by_their_names():
    assert [*MARKETS] == [market.name for market in MARKETS.values()]


def test_every_file_of_markets_is_registered():
    assert unregistered(markets, Market, MARKETS, besides={"market"}) == []


def test_a_file_of_a_market_without_its_line_is_found(tmp_path, monkeypatch):
    (tmp_path / "stray.py").write_text(
        "from dataclasses import replace\n"
        "from aegis_assets.core.markets.sp500 import SP500\n"
        "STRAY = replace(SP500, name='STRAY')\n"
    )
    monkeypatch.setattr(markets, "__path__", [*markets.__path__, str(tmp_path)])
    monkeypatch.setattr(markets, "stray", None, raising=False)
    monkeypatch.setitem(sys.modules, "aegis_assets.core.markets.stray", None)
    del sys.modules["aegis_assets.core.markets.stray"]

    assert unregistered(markets, Market, MARKETS, besides={"market"}) == ["stray"]
