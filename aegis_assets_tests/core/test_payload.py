"""The published payload: what it says of a close, and that nothing later than its slot is in it."""

import json
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from aegis_assets.core.assembly import Facts, publication
from aegis_assets.core.errors import ArtifactError, DataError
from aegis_assets.core.evaluation.dataset import data_version
from aegis_assets.core.frozen import Source
from aegis_assets.core.markets import SP500
from aegis_assets.core.payload import SCHEMA_VERSION, Payload, encoded
from aegis_assets.core.sessions import close_of
from aegis_assets_tests.core import synthetic, trained
from aegis_assets_tests.core.moments import NEW_YORK, chain


@pytest.fixture(scope="session")
def made():
    return trained.published()


def test_a_round_trip_keeps_every_byte(made):
    content = encoded(made)

    assert encoded(Payload.model_validate_json(content)) == content
    assert content.endswith(b"}\n")


def test_the_same_inputs_give_the_same_bytes(made):
    assert encoded(trained.published()) == encoded(made)


def test_the_slot_states_when_and_of_what_it_speaks(made):
    said = json.loads(encoded(made))

    assert said["as_of"] == "2015-11-09T16:30:00-05:00"
    assert (said["market_name"], said["schema_version"]) == ("SP500", SCHEMA_VERSION)
    assert (said["generated_at"], said["next_expected"]) == (None, None)


def test_the_next_slot_is_told_where_there_is_one():
    after = datetime(2015, 11, 10, 10, 0, tzinfo=NEW_YORK)

    assert trained.published(next_expected=after).next_expected == after


def test_rows_after_the_last_final_session_are_not_looked_at():
    """At noon of the last session its own candle is the future too."""
    panel = trained.panel()
    noon = datetime.combine(trained.last_session(), datetime.min.time(), NEW_YORK).replace(hour=12)
    known = panel.head(panel.height - 1)
    noised = synthetic.noised(panel, pl.col("session") == trained.last_session(), seed=8)

    expected = encoded(trained.published(known, noon))
    assert encoded(trained.published(panel, noon)) == expected
    assert encoded(trained.published(noised, noon)) == expected


def test_a_candle_that_was_not_due_yet_is_not_looked_at():
    """Half an hour after the close the source has not told the session's candle."""
    before = trained.panel()["session"][-2]
    known = trained.published(trained.panel().head(-1), due=before)

    assert encoded(trained.published(due=before)) == encoded(known)
    assert known.data_quality.status == "OK"
    assert known.data_quality.daily.last_final_session == before


def test_noise_in_the_past_changes_the_payload(made):
    noised = synthetic.noised(trained.panel(), pl.col("session") < trained.last_session(), seed=8)

    assert encoded(trained.published(noised)) != encoded(made)


def test_every_forecast_of_unavailable_targets_is_null_with_the_gate_s_reason():
    mute = trained.published(made=trained.forecasters(Source.UNAVAILABLE))

    assert mute.direction.horizons.t1.probabilities is None
    assert mute.seller.safe_range is None
    assert mute.provenance["buyer.breakout_next"].reasons == (trained.REFUSED,)
    assert mute.seller.max_pain is not None
    assert mute.market.regime is not None


def test_spot_and_changes_are_those_of_the_last_closes(made):
    before, last = trained.panel().tail(2).select("close", "volatility_index").rows()

    assert made.market.spot == last[0]
    assert made.market.spot_change == last[0] - before[0]
    assert made.market.spot_change_pct == pytest.approx(last[0] / before[0] - 1)
    assert made.market.vix == last[1]
    assert made.market.vix_change == last[1] - before[1]
    assert made.market.vix_change_pct == pytest.approx(last[1] / before[1] - 1)


def test_fresh_candles_are_ok(made):
    quality = made.data_quality

    assert (quality.status, quality.source) == ("OK", "sample")
    assert quality.daily.last_final_session == trained.last_session()
    assert (quality.daily.sessions_behind, quality.volatility_index.sessions_behind) == (0, 0)
    assert quality.daily.data_version == data_version(trained.panel())
    assert quality.spot.as_of == close_of(SP500, trained.last_session())
    assert quality.spot.age_s == 1_800
    assert (quality.intraday, quality.option_chain) == (None, None)


def test_candles_that_stopped_are_stale_and_the_flags_say_so():
    candles = trained.panel()
    stale = trained.published(candles.head(candles.height - 3))

    quality = stale.data_quality
    assert quality.status == "STALE"
    assert quality.daily.sessions_behind == 3
    assert quality.daily.last_final_session == candles["session"][-4]
    assert "daily candles end 3 sessions before 2015-11-09" in quality.reasons
    assert stale.market.spot == candles["close"][-4]
    for flag, worst in (
        (stale.seller.seller_flag, "HOSTILE"),
        (stale.buyer.buyer_environment, "UNFAVOURABLE"),
    ):
        assert (flag.label, flag.color, flag.reasons[0]) == (worst, "RED", "DATA_NOT_SOUND")


def without_index(last):
    """Candles whose volatility index misses its last closes."""
    count = trained.panel().height
    return trained.panel().with_columns(
        volatility_index=pl.when(pl.int_range(count) < count - last).then("volatility_index")
    )


def test_a_missing_volatility_index_degrades_and_silences_what_needs_it():
    made = trained.published(without_index(2))
    quality = made.data_quality

    assert quality.status == "DEGRADED"
    assert quality.volatility_index.sessions_behind == 2
    assert quality.volatility_index.last_session == trained.panel()["session"][-3]
    assert "the volatility index has no close for the last session" in quality.reasons
    assert made.buyer.theta_edge is None
    assert made.seller.expiry_stress.score is None
    assert made.seller.seller_flag.reasons[-1] == "PREMIUM_UNKNOWN"


def test_without_any_volatility_index_the_price_answers_alone():
    alone = trained.published(without_index(10_000))

    assert alone.data_quality.status == "DEGRADED"
    assert alone.data_quality.volatility_index.sessions_behind is None
    assert "the volatility index is missing" in alone.data_quality.reasons
    assert (alone.market.vix, alone.market.vix_change) == (None, None)
    assert alone.direction.horizons.t1.probabilities is not None


def test_a_chain_gives_max_pain_and_skew_and_its_age(made):
    seen = chain(as_of=trained.after_close() - timedelta(minutes=7))
    live = trained.published(chain=seen)

    assert (live.seller.max_pain.lower, live.seller.max_pain.confidence) == (980.0, 0.4)
    assert live.seller.skew.put_skew == 0.05
    assert live.provenance["seller.skew"].model == "rule/chain_skew"
    assert live.data_quality.option_chain.age_s == 420
    assert live.data_quality.option_chain.expiry == seen.expiry
    assert live.direction == made.direction
    assert live.buyer == made.buyer


@pytest.mark.parametrize(
    ("moment", "state"),
    [
        (datetime(2015, 11, 9, 9, 29, tzinfo=NEW_YORK), "PRE_OPEN"),
        (datetime(2015, 11, 9, 9, 30, tzinfo=NEW_YORK), "OPEN"),
        (datetime(2015, 11, 9, 15, 59, tzinfo=NEW_YORK), "OPEN"),
        (datetime(2015, 11, 9, 16, 0, tzinfo=NEW_YORK), "CLOSED"),
        (datetime(2015, 11, 8, 12, 0, tzinfo=NEW_YORK), "HOLIDAY"),
        (datetime(2015, 11, 26, 12, 0, tzinfo=NEW_YORK), "HOLIDAY"),
        (datetime(2015, 11, 27, 13, 0, tzinfo=NEW_YORK), "CLOSED"),
        (datetime(2015, 11, 9, 14, 0, tzinfo=ZoneInfo("UTC")), "PRE_OPEN"),
        (datetime(2015, 11, 10, 1, 0, tzinfo=ZoneInfo("UTC")), "CLOSED"),
        (datetime(2015, 11, 9, 21, 0, tzinfo=ZoneInfo("Asia/Kolkata")), "OPEN"),
    ],
    ids=str,
)
def test_the_session_s_state_is_that_of_the_exchange_s_clock(moment, state):
    assert trained.published(as_of=moment).market.session == state


def test_the_moment_of_another_time_zone_gives_the_same_forecasts(made):
    utc = trained.published(as_of=trained.after_close().astimezone(ZoneInfo("UTC")))

    assert utc == made


def test_a_first_candle_is_too_little_to_speak():
    first = trained.panel().head(1)
    as_of = close_of(SP500, first["session"][0]) + timedelta(minutes=5)

    with pytest.raises(ArtifactError, match="volatility_core"):
        trained.published(first, as_of)


def test_no_candles_are_no_payload():
    with pytest.raises(DataError, match="candles/daily"):
        trained.published(trained.panel(), datetime(2010, 1, 4, 17, tzinfo=NEW_YORK))


def test_a_feature_table_without_the_session_is_refused():
    late = {**trained.features(), "buyer": trained.features()["buyer"].head(-1)}
    facts = Facts(trained.after_close(), "sample")

    with pytest.raises(DataError, match="features/buyer has no row for session 2015-11-09"):
        publication(SP500, trained.panel(), late, trained.forecasters(), facts)


def test_the_last_session_of_the_fixture_is_a_monday():
    assert trained.last_session() == date(2015, 11, 9)
