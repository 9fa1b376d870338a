"""Every registered market agrees with its exchange's calendar."""

import sys
from datetime import date, timedelta
from functools import cache
from itertools import pairwise

import exchange_calendars
import pytest

from aegis_assets.core import markets
from aegis_assets.core.markets import MARKETS, Market
from aegis_assets.core.universe import InstrumentClass
from aegis_assets_tests.core.laws.tables import unregistered

BESIDES = {"market", "nse_corrections", "nse_expiries", "us_expiries"}

every_market = pytest.mark.parametrize("market", MARKETS.values(), ids=MARKETS)


@cache
def package(market):
    """The calendar package's own word: sessions with their hours, before any correction."""
    calendar = exchange_calendars.get_calendar(
        market.calendar, start=f"{market.first_year}-01-01", end="2026-12-31"
    )
    opens = calendar.opens.dt.tz_convert(market.time_zone).dt.time
    closes = calendar.closes.dt.tz_convert(market.time_zone).dt.time
    return {day: ((opens.iloc[i], closes.iloc[i]),) for i, day in enumerate(calendar.sessions.date)}


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


@every_market
def test_each_correction_corrects_something(market):
    said = package(market)

    assert [each for each in market.corrections if said.get(each.day, ()) == each.hours] == []


@every_market
def test_its_corrections_are_in_order_and_each_day_has_one(market):
    days = [each.day for each in market.corrections]

    assert days == sorted(set(days))
    assert all(day.year >= market.first_year for day in days)


@every_market
def test_the_windows_of_a_correction_follow_one_another(market):
    for each in market.corrections:
        moments = [moment for window in each.hours for moment in window]
        assert moments == sorted(set(moments)), each


@every_market
def test_every_correction_and_earlier_hour_has_a_source(market):
    assert [each for each in (*market.corrections, *market.earlier_hours) if not each.source] == []


@every_market
def test_earlier_hours_are_in_order_and_other_than_their_successors(market):
    eras = [(each.until, each.hours) for each in market.earlier_hours]
    eras.append((date.max, (market.opens, market.closes)))

    for (until, hours), (later, successors) in pairwise(eras):
        assert until < later
        assert hours != successors


@every_market
def test_its_daily_bar_settles_before_the_next_day(market):
    longest = timedelta(hours=4)  # an evening session closes before 20:00

    assert timedelta(0) < market.settles <= longest


@every_market
def test_it_is_described_in_one_line(market):
    assert market.description.strip() == market.description != ""
    assert len(market.description.splitlines()) == 1


def test_bank_nifty_does_not_hide_that_its_volatility_index_is_another_s():
    assert "proxy" in MARKETS["BANKNIFTY"].description


def test_markets_are_known_by_their_names():
    assert [*MARKETS] == [market.name for market in MARKETS.values()]


def test_every_file_of_markets_is_registered():
    assert unregistered(markets, Market, MARKETS, besides=BESIDES) == []


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

    assert unregistered(markets, Market, MARKETS, besides=BESIDES) == ["stray"]
