"""Real data through the whole chain: known defects are told, and nothing genuine is put away."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from aegis_assets.core import intraday
from aegis_assets.core.markets import NIFTY, SP500
from aegis_assets.core.universe import Instrument, InstrumentClass
from aegis_assets_tests.chain.bench import Bench
from aegis_assets_tests.loopback.books import parquet_book
from aegis_assets_tests.loopback.clock import Clock
from aegis_assets_tests.loopback.server import LoopbackYahoo

INDIA, NEW_YORK = ZoneInfo("Asia/Kolkata"), ZoneInfo("America/New_York")
END = datetime(2024, 12, 31, 17, tzinfo=NEW_YORK)
QUOTES = ["session", "open", "high", "low", "close", "volume"]
SHARES = tuple(
    Instrument(each, InstrumentClass.EQUITY) for each in ("AAPL", "META", "NVDA", "UNH", "WMT")
)


@pytest.fixture(scope="module")
def yahoo(market_data):
    with LoopbackYahoo(parquet_book(market_data), clock=Clock(END)) as running:
        yield running


@pytest.fixture(scope="module")
def years(yahoo, tmp_path_factory):
    """A home with all that Yahoo has of both markets and of some shares, and the outcomes."""
    bench = Bench(yahoo, tmp_path_factory.mktemp("years"))
    yahoo.clock.set(END)
    yahoo.forget()
    outcomes = [
        *bench.fetch(NIFTY, NIFTY.instruments, NIFTY.quoted_since),
        *bench.fetch(SP500, [*SP500.instruments, *SHARES], date(2010, 1, 4)),
    ]
    return bench, {each.symbol: each for each in outcomes}


@pytest.fixture(scope="module")
def recorded(market_data):
    """What the file itself has of a symbol."""
    daily = pl.read_parquet(market_data / "yahoo_index_daily.parquet").rename({"date": "session"})
    return lambda symbol: daily.filter(symbol=symbol).select(QUOTES).sort("session")


def test_nine_instruments_of_seventeen_years_cost_nine_requests(years):
    bench, outcomes = years

    assert len(outcomes) == 9
    assert sum(each.answers for each in outcomes.values()) == 9
    assert bench.asked == {"query2.finance.yahoo.com": 9}


@pytest.mark.parametrize("symbol", ["^NSEI", "^INDIAVIX", "^GSPC", "^VIX"])
def test_every_bar_of_the_file_is_stored_as_it_is(years, recorded, symbol):
    bench, _ = years
    expected = recorded(symbol).with_columns(pl.col("volume").cast(pl.Float64))
    stored = bench.store.daily(symbol).filter(pl.col("session") <= date(2024, 12, 31))

    assert stored.select(QUOTES).equals(expected)
    assert stored["fault"].null_count() == stored.height


def test_the_missing_sessions_of_the_manifest_are_told(years):
    _, outcomes = years

    assert outcomes["^NSEI"].reasons == ("SESSIONS_MISSING: 45, the last 2024-05-18",)
    assert outcomes["^INDIAVIX"].reasons == ("SESSIONS_MISSING: 23, the last 2024-05-18",)
    assert not any(outcomes[each.symbol].reasons for each in (*SP500.instruments, *SHARES)), (
        outcomes
    )


def test_no_spike_of_a_volatility_index_and_no_crash_of_a_share_is_put_away(years):
    bench, _ = years
    spikes = bench.candles(SP500, SP500.volatility_index).with_columns(
        move=pl.col("close").pct_change()
    )
    top = spikes.drop_nulls("move").sort(pl.col("move").abs(), descending=True).head(3)

    for each in (*SP500.instruments, *SHARES):
        assert bench.put_away(SP500, each).is_empty()
    for each in NIFTY.instruments:
        assert bench.put_away(NIFTY, each).is_empty()
    assert top["session"].to_list() == [date(2018, 2, 5), date(2024, 12, 18), date(2024, 8, 5)]


def test_the_adjusted_closes_are_those_of_the_file(years, market_data):
    """Up to the last session of which the file knows the dividends; later ones lower all before."""
    bench, _ = years
    file = pl.read_parquet(market_data / "us20_daily_raw_adj.parquet").rename({"date": "session"})
    known = file.filter(pl.col("session") <= date(2024, 12, 6)).drop_nulls("adj_close")
    for each in SHARES:
        ours = bench.store.daily(each.symbol)
        both = known.filter(symbol=each.symbol).join(ours, on="session", suffix="_ours")
        ratio = both["adj_close_ours"] / both["adj_close"]
        assert both.height > 3100
        assert ratio.max() / ratio.min() == pytest.approx(1, abs=1e-4), each.symbol


STRAYS = [
    # session; one-minute bars put away, and why; candles
    (date(2009, 3, 20), {}, 335),
    (date(2016, 9, 12), {"AFTER_CLOSE": 1, "BEFORE_OPEN": 8}, 375),
    (date(2016, 10, 5), {"BEFORE_OPEN": 8}, 375),
]


@pytest.mark.parametrize(
    ("session", "reasons", "kept"), STRAYS, ids=[str(day) for day, *_ in STRAYS]
)
def test_minutes_before_the_open_and_after_the_close_become_no_candles(
    yahoo, tmp_path, session, reasons, kept
):
    yahoo.clock.set(datetime.combine(session, NIFTY.closes, INDIA).replace(hour=21))
    bench = Bench(yahoo, tmp_path)
    one, *_ = bench.gather(NIFTY, session).outcomes
    bars = bench.store.intraday("^NSEI", session).filter(interval="1m")
    away = intraday.quarantined(bars, [NIFTY.index], NIFTY, session)

    assert one.reasons == ("LIVE_TICK",)  # the bar that begins with the close, at the last trade
    assert dict(away["reason"].value_counts().iter_rows()) == reasons
    assert bars.height - away.height == kept


def test_the_bar_that_was_forming_when_it_was_recorded_is_no_candle(yahoo, tmp_path):
    """The file of India VIX ends at 13:09:31; here it is asked at that moment."""
    moment = datetime(2025, 11, 28, 13, 9, 31, tzinfo=INDIA)
    yahoo.clock.set(moment)
    bench = Bench(yahoo, tmp_path)
    gathered = bench.gather(NIFTY, moment.date())
    bars = bench.store.intraday("^INDIAVIX", moment.date())
    away = intraday.quarantined(bars, NIFTY.instruments, NIFTY, moment.date())

    assert away.select("start", "reason").rows() == [
        (moment.replace(second=0).astimezone(ZoneInfo("UTC")), "FORMING")
    ]
    (quote,) = [each for each in gathered.quotes if each.symbol == "^INDIAVIX"]
    assert (quote.quoted_at, quote.stale) == (moment, False)


def test_no_request_for_daily_bars_reaches_into_a_session_that_has_not_settled(yahoo, tmp_path):
    moment = datetime(2024, 12, 18, 11, 32, 27, tzinfo=INDIA)
    yahoo.clock.set(moment)
    yahoo.forget()
    bench = Bench(yahoo, tmp_path)
    bench.fetch(NIFTY, NIFTY.instruments, date(2024, 1, 1))
    midnight = moment.replace(hour=0, minute=0, second=0).timestamp()

    assert [int(each.query["period2"]) for each in yahoo.requests] == [midnight] * 2
    assert bench.store.daily("^NSEI")["session"].max() == date(2024, 12, 17)
