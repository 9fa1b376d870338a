"""The published payload: its contract, and that nothing later than its slot is in it."""

import json
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from pydantic import ValidationError

from aegis_assets.core.assembly import payload
from aegis_assets.core.engines import ENGINES
from aegis_assets.core.engines.feature_table import feature_table
from aegis_assets.core.errors import ArtifactError, DataError
from aegis_assets.core.evaluation.dataset import data_version
from aegis_assets.core.frozen import Source
from aegis_assets.core.markets import SP500
from aegis_assets.core.payload import Payload, encoded
from aegis_assets.core.sessions import close_of
from aegis_assets_tests.core import synthetic, trained

NEW_YORK = ZoneInfo(SP500.time_zone)


@pytest.fixture(scope="session")
def made():
    return trained.published()


@pytest.fixture(scope="session")
def said(made):
    return json.loads(encoded(made))


def at(said, path):
    for part in path.split("."):
        said = said[int(part) if part.isdigit() else part]
    return said


def changed(said, path, value):
    """A copy with another value at a dotted path, a new key included."""
    copy = json.loads(json.dumps(said))
    parent, _, key = path.rpartition(".")
    place = at(copy, parent) if parent else copy
    place[int(key) if key.isdigit() else key] = value
    return copy


def without(said, *paths):
    """A copy without some entries of the provenance."""
    copy = json.loads(json.dumps(said))
    for path in paths:
        del copy["provenance"][path]
    return copy


def assert_refused(said, match):
    with pytest.raises(ValidationError, match=match):
        Payload.model_validate_json(json.dumps(said))


def test_a_round_trip_keeps_every_byte(made):
    content = encoded(made)

    assert encoded(Payload.model_validate_json(content)) == content
    assert content.endswith(b"}\n")


def test_the_same_inputs_give_the_same_bytes(made):
    assert encoded(trained.published()) == encoded(made)


def test_the_slot_states_when_and_of_what_it_speaks(said):
    assert said["as_of"] == "2015-11-09T16:30:00-05:00"
    assert (said["market_name"], said["schema_version"]) == ("SP500", "1.0")
    assert said["generated_at"] is None


def test_rows_after_the_last_final_session_are_not_looked_at():
    """At noon of the last session its own candle is the future too."""
    panel = trained.panel()
    noon = datetime.combine(trained.last_session(), datetime.min.time(), NEW_YORK).replace(hour=12)
    known = panel.head(panel.height - 1)
    noised = synthetic.noised(panel, pl.col("session") == trained.last_session(), seed=8)

    expected = encoded(trained.published(known, noon))
    assert encoded(trained.published(panel, noon)) == expected
    assert encoded(trained.published(noised, noon)) == expected


def test_noise_in_the_past_changes_the_payload(made):
    noised = synthetic.noised(trained.panel(), pl.col("session") < trained.last_session(), seed=8)

    assert encoded(trained.published(noised)) != encoded(made)


@pytest.mark.parametrize(
    "path", ["alien", "market.alien", "direction.horizons.t1.alien", "seller.safe_range.alien"]
)
def test_a_key_that_is_not_in_the_contract_is_refused(said, path):
    assert_refused(changed(said, path, 1.0), "Extra inputs")


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
@pytest.mark.parametrize(
    "path",
    [
        "market.spot",
        "direction.horizons.t3.conviction",
        "buyer.breakout_next.0.score",
        "seller.safe_range.lower",
    ],
)
def test_a_number_that_is_not_finite_is_refused(said, path, bad):
    with pytest.raises(ValidationError, match="finite"):
        Payload.model_validate(changed(said, path, bad), strict=False)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("direction.horizons.t1.probabilities.up", 1.1),
        ("buyer.breakout_next.0.score", -0.1),
        ("market.spot", 0.0),
        ("data_quality.spot.age_s", -1.0),
        ("direction.horizons.t1.direction", "SIDEWAYS"),
        ("as_of", "2015-11-09T16:30:00"),
    ],
)
def test_a_value_out_of_its_range_is_refused(said, path, value):
    assert_refused(changed(said, path, value), path.rsplit(".", maxsplit=1)[-1])


@pytest.mark.parametrize(
    "path",
    [
        "seller.safe_range",
        "seller.breach_probabilities",
        "buyer.breakout_levels",
        "direction.horizons.t5.probabilities",
        "direction.horizons.t5.interval",
        "direction.horizons.t40.direction",
        "buyer.breakout_next",
    ],
)
def test_a_null_that_is_not_said_to_be_unavailable_is_refused(said, path):
    assert_refused(changed(said, path, None), f"{path} is null but its provenance is")


def test_a_null_without_a_reason_is_refused(said):
    assert_refused(
        changed(
            said,
            "provenance",
            said["provenance"]
            | {"seller.max_pain": said["provenance"]["seller.max_pain"] | {"reasons": []}},
        ),
        "seller.max_pain is null",
    )


@pytest.mark.parametrize(
    ("key", "path"),
    [
        ("seller.safe_range.lower", "seller.safe_range.lower"),
        ("seller.safe_range.upper", "seller.safe_range.upper"),
        ("seller.regime", "seller.regime"),
        ("seller.max_pain", "seller.max_pain"),
        ("direction.horizons.t5", "direction.horizons.t5.label"),
        ("direction.today", "direction.today.direction"),
        ("seller.breach_probabilities.2.probability", "seller.breach_probabilities.2.probability"),
        ("buyer.breakout_next.0", "buyer.breakout_next.0.score"),
    ],
)
def test_a_part_without_provenance_is_refused(said, key, path):
    assert_refused(without(said, key), f"{path} has no provenance")


def test_every_forecast_of_unavailable_targets_is_null_with_the_gate_s_reason():
    mute = trained.published(made=trained.forecasters(Source.UNAVAILABLE))

    assert mute.direction.horizons.t1.probabilities is None
    assert mute.seller.safe_range is None
    assert mute.provenance["buyer.breakout_next.0"].reasons == (trained.REFUSED,)
    assert encoded(Payload.model_validate_json(encoded(mute))) == encoded(mute)


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
    assert quality.intraday is None


def test_candles_that_stopped_are_stale():
    candles = trained.panel()
    stale = trained.published(candles.head(candles.height - 3))

    quality = stale.data_quality
    assert quality.status == "STALE"
    assert quality.daily.sessions_behind == 3
    assert quality.daily.last_final_session == candles["session"][-4]
    assert "daily candles end 3 sessions before 2015-11-09" in quality.reasons
    assert stale.market.spot == candles["close"][-4]


def without_index(last):
    """Candles whose volatility index misses its last closes."""
    count = trained.panel().height
    return trained.panel().with_columns(
        volatility_index=pl.when(pl.int_range(count) < count - last).then("volatility_index")
    )


def test_a_missing_volatility_index_degrades_and_silences_what_needs_it():
    quality = trained.published(without_index(2)).data_quality

    assert quality.status == "DEGRADED"
    assert quality.volatility_index.sessions_behind == 2
    assert quality.volatility_index.last_session == trained.panel()["session"][-3]
    assert "the volatility index has no close for the last session" in quality.reasons


def test_without_any_volatility_index_the_price_answers_alone():
    alone = trained.published(without_index(10_000))

    assert alone.data_quality.status == "DEGRADED"
    assert alone.data_quality.volatility_index.sessions_behind is None
    assert "the volatility index is missing" in alone.data_quality.reasons
    assert (alone.market.vix, alone.market.vix_change) == (None, None)
    assert alone.direction.horizons.t1.probabilities is not None


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
    tables = {each.name: feature_table(trained.panel(), each) for each in ENGINES}
    late = tables | {"buyer": tables["buyer"].head(-1)}

    with pytest.raises(DataError, match="features/buyer has no row for session 2015-11-09"):
        payload(
            SP500,
            trained.panel(),
            late,
            trained.forecasters(),
            as_of=trained.after_close(),
            source="sample",
        )


def test_the_last_session_of_the_fixture_is_a_monday():
    assert trained.last_session() == date(2015, 11, 9)
