"""Real chains: what is measured stays near what was once measured, a frozen one is refused."""

from datetime import date, timedelta

import polars as pl
import pytest

from aegis_assets.adapters.nse_chain import _lot
from aegis_assets.core.markets import BANKNIFTY, NIFTY
from aegis_assets.core.options.chain import PRICE, quarantined, validated
from aegis_assets.core.options.max_pain import interest, payouts
from aegis_assets.core.options.view import chain_view, refusal
from aegis_assets_tests.core.options.real_chains import (
    LOTS,
    at_30_days,
    bhavcopy,
    differences,
    legacy,
    readings,
    snapshots,
)

HOLIDAY, FRIDAY = date(2025, 8, 27), date(2025, 8, 29)
SLOT_AND_A_HALF = timedelta(minutes=45)
MARKETS = {"NIFTY": NIFTY, "BANKNIFTY": BANKNIFTY}


@pytest.fixture(scope="module")
def of_2025(market_data):
    return bhavcopy(market_data)


@pytest.fixture(scope="module")
def of_2019(market_data):
    return legacy(market_data)


@pytest.fixture(scope="module")
def read_2025(of_2025):
    return readings(of_2025)


@pytest.fixture(scope="module")
def read_2019(of_2019):
    return readings(of_2019)


@pytest.fixture(scope="module")
def live(market_data):
    """Chains of NIFTY, minute by minute: the frozen one of the holiday and Friday's."""
    return snapshots(market_data)


def codes(rows, column):
    return dict(rows[column].drop_nulls().value_counts().rows())


def test_of_a_bhavcopy_only_what_expires_at_its_close_is_no_row(of_2025, of_2019):
    for chain, expired in ((of_2025, 386), (of_2019, 370)):
        assert codes(quarantined(chain, NIFTY), "reason") == {"EXPIRED": expired}
        odd = codes(validated(chain, NIFTY), "flags")
        assert set(odd) == {"NO_QUOTE", "BELOW_INTRINSIC"}
        assert odd["BELOW_INTRINSIC"] < 0.01 * chain.height


@pytest.mark.parametrize("name", MARKETS)
def test_snapshots_keep_every_law_and_thirds_of_contracts_are_whole_units(market_data, name):
    chain = snapshots(market_data, name)
    assert quarantined(chain, MARKETS[name]).is_empty()
    assert set(codes(validated(chain, MARKETS[name]), "flags")) == {"NO_QUOTE"}


@pytest.mark.parametrize("name", LOTS)
def test_the_lot_is_what_all_quantities_of_an_answer_are_multiples_of(market_data, name):
    table = pl.read_parquet(market_data / "nse_option_chain_snapshots_2025_08.parquet")
    spelled = {"bidQty": "calls_bid_qty", "askQty": "calls_ask_qty"}
    answers = table.filter(symbol=name).partition_by("ts", "expiry")
    ordered = [each.select(**spelled) for each in answers]
    busy = [each for each in ordered if len({*each["bidQty"], *each["askQty"]} - {0.0}) >= 12]
    assert len(busy) >= 40
    assert {_lot(each.to_dicts()) for each in busy} == {LOTS[name]}


def test_the_chain_that_was_frozen_on_a_holiday_is_refused(live):
    frozen = live.filter(pl.col("known_at").dt.date() == HOLIDAY)
    asked = frozen["known_at"].max()
    assert set(frozen["session"]) == {date(2025, 8, 26)}
    assert refusal(frozen, NIFTY, asked, SLOT_AND_A_HALF) == "STALE"
    assert chain_view(frozen, NIFTY, asked, SLOT_AND_A_HALF) is None

    restamped = frozen.with_columns(as_of=pl.col("known_at"), session=pl.lit(HOLIDAY))
    assert refusal(restamped, NIFTY, asked, SLOT_AND_A_HALF) == "CLOSED"


def test_a_live_chain_tells_everything_and_later_ones_change_nothing(live):
    moments = live.filter(session=FRIDAY)["as_of"].unique().sort()
    for moment in moments.gather([0, 10, 20]).to_list():
        asked = moment + SLOT_AND_A_HALF / 3
        known = live.filter(pl.col("known_at") <= asked)
        view = chain_view(live, NIFTY, asked, SLOT_AND_A_HALF)
        assert view == chain_view(known, NIFTY, asked, SLOT_AND_A_HALF)
        assert (view.expiry, view.reasons) == (date(2025, 9, 2), ())
        assert 24_450 < view.forward < 24_650
        assert 0.05 < view.atm_volatility < 0.15


def test_the_forward_of_options_is_the_future_of_the_same_expiry(market_data, read_2025, read_2019):
    table = pl.read_parquet(market_data / "nse_fo_nifty_bhavcopy.parquet")
    fo = table.filter(instrument="IDF").select("expiry", session="date", future="settle")
    daily = pl.read_parquet(market_data / "nse_index_futures_daily.parquet")
    old = daily.filter(symbol="NIFTY").select("expiry", session="date", future="close")
    for told, futures, count, farthest in ((read_2025, fo, 24, 10), (read_2019, old, 39, 5)):
        both = told.join(futures, on=["session", "expiry"])
        assert both.height == count
        assert (both["forward"] - both["future"]).abs().mean() < farthest  # points


def test_volatility_at_the_money_goes_with_india_vix_and_lies_below_it(market_data, read_2019):
    """The index weighs the dear wings too, so it is above what the money alone costs."""
    official = pl.read_parquet(market_data / "nse_index_daily_official.parquet")
    vix = official.filter(symbol="^INDIAVIX").select(session="date", vix=pl.col("close") / 100)
    both = read_2019.filter(pl.col("days") >= 15).join(vix, on="session")
    gap = both["volatility"] - both["vix"]
    assert both.height == 20
    assert -0.03 < gap.mean() < 0
    assert gap.std() < 0.01
    assert both.select(pl.corr("volatility", "vix")).item() > 0.8


def test_volatility_of_30_days_lies_between_those_of_the_expiries_around_it(read_2025):
    whole = at_30_days(read_2025)
    assert whole.height == 8
    assert whole["volatility"].is_between(0.12, 0.18).all()


def test_falls_cost_more_than_rises_on_most_days(read_2025, read_2019):
    wings = pl.concat([read_2025, read_2019]).filter(pl.col("days").is_between(2, 40))["net_skew"]
    assert wings.len() == 70
    assert wings.null_count() < 0.1 * wings.len()
    assert (wings.drop_nulls() > 0).mean() > 0.9


def test_payouts_of_a_real_chain_are_those_of_the_double_loop(of_2025):
    near = validated(of_2025, NIFTY).filter(session=date(2025, 1, 6), expiry=date(2025, 1, 9))
    held = interest(near)
    naive = [
        sum(
            calls * max(settled - strike, 0.0) + puts * max(strike - settled, 0.0)
            for strike, calls, puts in held.rows()
        )
        for settled in held["strike"]
    ]
    assert held.height > 60
    assert payouts(held).to_list() == naive


def test_max_pain_is_farther_from_the_settlement_than_the_index_is_already(
    market_data, read_2025, read_2019
):
    """A statistic of positions and no forecast: over these four expiries spot tells more."""
    official = pl.read_parquet(market_data / "nse_index_daily_official.parquet")
    of_files = pl.read_parquet(market_data / "nse_fo_nifty_bhavcopy.parquet")
    closes = pl.concat(
        [
            official.filter(pl.col("date") < date(2025, 1, 1), symbol="^NSEI").select(
                "date", "close"
            ),
            of_files.group_by("date").agg(close=pl.col("underlying").first()),
        ]
    )
    told = pl.concat([read_2025, read_2019])
    whole = (
        told.join(closes, left_on="expiry", right_on="date")
        .join(closes, left_on="session", right_on="date", suffix="_now")
        .drop_nulls("pain")
    )
    pain, spot = ((whole[name] / whole["close"] - 1).abs().mean() for name in ("pain", "close_now"))
    assert (whole.height, whole["expiry"].n_unique()) == (46, 4)
    assert 0.01 < spot < pain < 0.03


@pytest.mark.parametrize("name", MARKETS)
def test_volatilities_are_those_that_the_exchange_tells_but_for_its_rate(market_data, name):
    """NSE prices off the spot at a rate of its own: its puts are dearer, its calls cheaper."""
    chain = snapshots(market_data, name).filter(session=FRIDAY)
    moments = chain["as_of"].unique().sort().gather_every(8)
    some = chain.filter(pl.col("as_of").is_in(moments.implode()))
    both = differences(some, MARKETS[name], longest=62)
    gap = (both["ours"] - both["theirs"]).abs()
    assert both.height > 400
    assert gap.median() < 0.01
    assert both.select(pl.corr("ours", "theirs")).item() > 0.98


def test_a_middle_of_bid_and_offer_is_there_for_most_near_strikes(live):
    near = live.filter(session=FRIDAY, expiry=date(2025, 9, 2), strike=24_500.0)
    assert near.select(PRICE.is_not_null().mean()).item() == 1.0
    assert (near["bid"] <= near["ask"]).all()
