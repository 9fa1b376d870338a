"""The safe range until the next monthly expiry, read between the horizons that are forecast."""

import math
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aegis_assets.core.claim import Measure
from aegis_assets.core.engines import SELLER
from aegis_assets.core.engines.ahead import Ahead
from aegis_assets.core.engines.blocks.safe_range import read_safe_range
from aegis_assets.core.expiries import ExpiryKind, next_expiry, sessions_to
from aegis_assets.core.frozen import Source
from aegis_assets.core.labels.path import LEVELS
from aegis_assets.core.markets import NIFTY, SP500
from aegis_assets.core.sessions import session_before
from aegis_assets_tests.core import trained
from aegis_assets_tests.core.moments import answered, at_close, at_noon, saying, variances

SIDE = LEVELS.index(0.95)
EXPIRY = date(2015, 11, 20)
AFTER = date(2015, 12, 18)
FEBRUARY = date(2016, 2, 19)


@pytest.fixture(scope="module")
def made():
    return answered(SELLER)


def before(sessions, expiry=EXPIRY, market=SP500):
    """A close that many sessions before an expiry."""
    return at_close(market=market, session=session_before(market, expiry, sessions))


def edge(made, name):
    return made[name].forecast.served[SIDE]


@pytest.mark.parametrize("source", [Source.BASELINE, Source.MODEL])
@pytest.mark.parametrize("sessions", [1, 5, 10, 20])
def test_at_a_horizon_of_the_models_its_edges_are_theirs_bit_for_bit(sessions, source):
    made, moment = answered(SELLER, source), before(sessions, EXPIRY if sessions < 20 else FEBRUARY)
    part = read_safe_range(made, moment)

    assert part.value.upper == moment.spot * math.exp(edge(made, f"rise_{sessions}"))
    assert part.value.lower == moment.spot * math.exp(-edge(made, f"fall_{sessions}"))
    assert part.value.horizon_days == sessions


@pytest.mark.parametrize(("sessions", "near", "far"), [(3, 1, 5), (7, 5, 10), (14, 10, 20)])
def test_between_two_horizons_the_edge_is_read_in_units_of_the_core(made, sessions, near, far):
    expiry = EXPIRY if sessions < 10 else AFTER
    moment, weight = before(sessions, expiry), (sessions - near) / (far - near)
    units = [edge(made, f"rise_{each}") / math.sqrt(variances()[each]) for each in (near, far)]
    rise = Ahead(variances()).scale(sessions) * ((1 - weight) * units[0] + weight * units[1])

    found = read_safe_range(made, moment).value
    assert found.upper == pytest.approx(moment.spot * math.exp(rise))
    assert (found.horizon_days, found.expiry) == (sessions, expiry)


def test_beyond_the_longest_horizon_its_edge_stays_in_units_of_the_core(made):
    """After the expiry of 2016-01-15 there are 23 sessions to that of 2016-02-19."""
    moment = at_close(session=date(2016, 1, 15))
    scale = Ahead(variances()).scale(23) / math.sqrt(variances()[20])

    found = read_safe_range(made, moment).value
    assert (found.horizon_days, found.expiry) == (23, FEBRUARY)
    assert found.lower == pytest.approx(moment.spot * math.exp(-scale * edge(made, "fall_20")))


def test_on_the_day_of_an_expiry_it_is_that_of_the_next_month(made):
    found = read_safe_range(made, at_close(session=EXPIRY)).value

    assert found.expiry == AFTER
    assert found.horizon_days == sessions_to(SP500, EXPIRY, AFTER) == 19


def test_a_running_session_is_where_the_sessions_are_counted_from(made):
    at_the_close, now = (read_safe_range(made, each).value for each in (at_close(), at_noon()))

    assert (at_the_close.horizon_days, now.horizon_days) == (9, 8)
    assert at_the_close.expiry == now.expiry == EXPIRY


def test_within_a_session_it_has_the_variance_left_and_of_the_sessions_after_it(made):
    moment = at_noon(0.01, left=0.25)
    since = Ahead(variances())
    scale = math.sqrt(0.25 * variances()[1] + since.scale(9) ** 2 - variances()[1])
    units = [edge(made, f"fall_{each}") / math.sqrt(variances()[each]) for each in (5, 10)]

    found = read_safe_range(made, moment).value
    assert found.lower == pytest.approx(
        moment.spot * math.exp(-scale * (0.4 * units[0] + 0.6 * units[1]))
    )


@settings(deadline=None, max_examples=50)
@given(
    moved=st.floats(-0.2, 0.2),
    left=st.floats(0, 1),
    day=st.dates(date(2015, 9, 1), date(2016, 6, 1)),
)
def test_the_spot_is_always_inside(made, moved, left, day):
    session = session_before(SP500, day + timedelta(days=7))
    for moment in (at_close(session=session), at_noon(moved, left)):
        found = read_safe_range(made, moment).value

        assert found.lower < moment.spot < found.upper
        assert found.coverage == 0.9


def test_each_edge_has_its_own_source(made):
    served = made["rise_10"].forecast.served
    other = {
        name: saying(made[name], *served, source=Source.MODEL, trials=())
        for name in ("rise_5", "rise_10")
    }
    part = read_safe_range(made | other, at_close())

    assert part.provenance["safe_range.upper"].source is Source.MODEL
    assert part.provenance["safe_range.lower"].source is Source.BASELINE
    assert "rise_10" in part.provenance["safe_range.upper"].model
    assert "fall_10" in part.provenance["safe_range.lower"].model
    assert part.provenance["safe_range.coverage"] == part.provenance["safe_range.lower"]


@pytest.mark.parametrize(
    ("near", "far", "source"),
    [
        (Source.MODEL, Source.MODEL, Source.MODEL),
        (Source.MODEL, Source.BASELINE, Source.BASELINE),
        (Source.BASELINE, Source.MODEL, Source.BASELINE),
    ],
)
def test_between_a_model_and_a_baseline_the_weaker_source_is_told(made, near, far, source):
    """Nine sessions are a fifth of five's and four of ten's."""
    other = {
        name: replace(
            made[name],
            forecast=saying(made[name], *made[name].forecast.served, source=each).forecast,
        )
        for name, each in (("rise_5", near), ("rise_10", far))
    }
    part = read_safe_range(made | other, at_close())
    found, claim = part.provenance["safe_range.upper"], part.claims[0]

    assert found.source is source
    assert claim.sayings[0].source is source
    if (near, far) == (Source.BASELINE, Source.MODEL):
        assert "20% of it is the shorter horizon's, where a baseline answers" in found.reasons


@pytest.mark.parametrize("silent", ["rise_5", "rise_10", "fall_5", "fall_10"])
def test_without_one_of_its_answers_there_is_no_range(silent):
    part = read_safe_range(answered(SELLER, **{silent: Source.UNAVAILABLE}), at_close())

    assert (part.value, part.claims) == (None, ())
    assert part.provenance["safe_range"].source is Source.UNAVAILABLE
    assert part.provenance["safe_range"].reasons == (trained.REFUSED,)


@pytest.mark.parametrize("silent", ["rise_1", "rise_20", "fall_20"])
def test_a_horizon_that_it_is_not_read_from_may_be_silent(silent):
    mute = answered(SELLER, **{silent: Source.UNAVAILABLE})

    assert read_safe_range(mute, at_close()).value is not None


def test_at_the_calendar_s_end_it_is_unavailable_and_says_why(made):
    """The calendar of the NSE ends with 2026, and so do the expiries that are known."""
    last = next_expiry(NIFTY, date(2026, 12, 1), ExpiryKind.MONTHLY).day
    known = read_safe_range(made, at_close(market=NIFTY, session=date(2026, 12, 1)))
    part = read_safe_range(made, at_close(market=NIFTY, session=last))

    assert known.value.expiry == last
    assert part.value is None
    assert part.provenance["safe_range"].source is Source.UNAVAILABLE
    assert "2026-12-31" in part.provenance["safe_range"].reasons[0]


def test_its_edges_are_claims_of_the_path_until_the_expiry(made):
    part = read_safe_range(made, at_close())
    upper, lower = part.claims

    assert (upper.measure, lower.measure) == (Measure.RISE, Measure.FALL)
    for each in part.claims:
        assert (each.ends_on, each.horizon, each.levels) == (EXPIRY, 9, (0.95,))
    spot = at_close().spot
    assert spot * math.exp(upper.sayings[0].forecast[0]) == part.value.upper
    assert spot * math.exp(-lower.sayings[0].forecast[0]) == part.value.lower
