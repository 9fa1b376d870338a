"""What a publication claims: that it is what the payload shows, and what the labels mean."""

import math
from datetime import date

import pytest

from aegis_assets.core.claim import Measure, Role
from aegis_assets.core.engines import DIRECTION, ENGINES
from aegis_assets.core.engines.blocks.direction import direction_block
from aegis_assets.core.frozen import Source
from aegis_assets.core.labels import LABELS
from aegis_assets.core.labels.label import label_table
from aegis_assets.core.ledger.entries import decoded_claims, encoded_claims, refuse
from aegis_assets.core.markets import NIFTY, SP500
from aegis_assets.core.sessions import close_of, sessions_between
from aegis_assets_tests.core import moments, trained
from aegis_assets_tests.core.moments import NOON, running, stored

KEYS = ("t1", "t3", "t5", "t10", "t20", "t40")
AT_CLOSE = {
    *(f"direction.horizons.{key}" for key in KEYS),
    *(f"direction.horizons.{key}.expected_move_points" for key in KEYS),
    *(f"direction.horizons.{key}.interval" for key in KEYS),
    *(f"seller.breach_probabilities.{i}.probability" for i in range(4)),
    *(f"seller.breach_probabilities.{i}.touch_probability" for i in range(4)),
    "seller.safe_range.lower",
    "seller.safe_range.upper",
    "seller.trap",
    "seller.regime",
    *(f"buyer.breakout_next.{i}" for i in range(5)),
    "buyer.spike_direction_bias",
    "buyer.theta_edge",
    "buyer.theta_edge.expected_log_premium",
}
AT_NOON = AT_CLOSE | {"direction.today", "direction.today.interval", "buyer.breakout_today"}


def at_close(source):
    return trained.publication_of(made=trained.forecasters(source))


def at_noon(source):
    return trained.publication_of(
        as_of=NOON,
        made=trained.forecasters(source),
        running=running(985.0),
        session=stored(),
    )


every_source = pytest.mark.parametrize("source", [Source.BASELINE, Source.MODEL])
every_moment = pytest.mark.parametrize("moment", [at_close, at_noon])


@every_source
@every_moment
def test_there_is_one_claim_of_each_forecast_that_is_shown(source, moment):
    paths = [each.path for each in moment(source).claims]

    assert len(paths) == len(set(paths))
    assert set(paths) == (AT_CLOSE if moment is at_close else AT_NOON)


def shown(payload, path):
    found = payload
    for part in path.split("."):
        found = found[int(part)] if part.isdigit() else getattr(found, part)
    return found


def assert_shown(payload, claim, said):
    """The published value at the claim's path is what its served forecast comes to."""
    value = shown(payload, claim.path)
    if claim.path.endswith(("expected_move_points", "safe_range.lower", "safe_range.upper")):
        assert_levels_shown(payload, claim, said, value)
    elif claim.path == "seller.regime":
        assert said.index(max(said)) == ["LOW", "MEDIUM", "HIGH"].index(value)
    elif claim.path.endswith("interval"):
        levels = [claim.reference * math.exp(bound) for bound in said]
        assert levels == pytest.approx([value.lower, value.upper], rel=1e-12)
    elif claim.path.startswith("direction."):
        classes = value.probabilities
        assert (classes.down, classes.neutral, classes.up) == said
    elif claim.path == "buyer.spike_direction_bias":
        assert (value.down_prob, value.up_prob) == said
    elif claim.path.endswith("expected_log_premium"):
        assert (value,) == said
    else:
        assert (value if isinstance(value, float) else value.score) == said[1]


def assert_levels_shown(payload, claim, said, value):
    """A level, or a median size times the lean of the horizon."""
    if claim.path.endswith("lower"):
        assert value == claim.reference * math.exp(-said[0])
    elif claim.path.endswith("upper"):
        assert value == claim.reference * math.exp(said[0])
    else:
        lean = shown(payload, claim.path.rpartition(".")[0]).probabilities
        median = said[claim.levels.index(0.5)]
        assert value == claim.reference * math.expm1(median) * (lean.up - lean.down)


@every_source
@every_moment
def test_what_is_claimed_as_served_is_what_the_payload_shows(source, moment):
    made = moment(source)

    for claim in made.claims:
        served = claim.sayings[0]
        assert served.role is Role.SERVED
        assert_shown(made.payload, claim, served.forecast)


@every_source
@every_moment
def test_a_claim_s_source_is_that_of_the_payload(source, moment):
    made = moment(source)

    for claim in made.claims:
        above = [key for key in made.payload.provenance if f"{claim.path}.".startswith(f"{key}.")]
        told = made.payload.provenance[max(above, key=len)]
        assert told.source == claim.sayings[0].source, claim.path
        assert (told.trained_to, claim.trained_to) == (trained.CUTOFF, trained.CUTOFF)


@every_source
@every_moment
def test_the_baseline_is_asked_beside_whatever_is_served(source, moment):
    """An interval is the core's own, whoever serves the classes: it has no rival."""
    for claim in moment(source).claims:
        roles = {each.role for each in claim.sayings}
        assert (Role.BASELINE in roles) == (not claim.path.endswith("interval")), claim.path


def test_a_challenger_that_was_refused_is_asked_too():
    claim = next(
        each for each in at_noon(Source.BASELINE).claims if each.path == "direction.horizons.t5"
    )
    said = {each.role: each for each in claim.sayings}

    assert said[Role.SERVED].candidate == said[Role.BASELINE].candidate == "core_distribution"
    assert said[Role.CHALLENGER].candidate == "boosted_trees"
    assert said[Role.CHALLENGER].forecast != said[Role.SERVED].forecast


@every_source
@every_moment
def test_claims_can_be_kept_and_read_back(source, moment):
    made = moment(source).claims
    refuse(made)

    assert decoded_claims(encoded_claims(made)) == made


def test_what_nobody_serves_is_not_claimed():
    assert trained.publication_of(made=trained.forecasters(Source.UNAVAILABLE)).claims == ()


@every_moment
def test_claims_count_from_the_last_final_close_and_from_the_spot(moment):
    made = moment(Source.BASELINE)
    by_close = {
        "buyer.theta_edge",
        "seller.regime",
        "direction.today",
        "direction.today.interval",
        "buyer.breakout_today",
    }
    for claim in made.claims:
        assert claim.counted_from == trained.last_session()
        if claim.measure is Measure.LOG_PREMIUM:
            continue
        close = trained.panel()["close"][-1]
        expected = close if claim.path in by_close else made.payload.market.spot
        assert claim.reference == expected, claim.path


def settled(claim, candles, place):
    """What the claim measures, by hand from the candles after row `place`."""
    end = candles.with_row_index().filter(session=claim.ends_on)["index"][0]
    ahead, known = candles[place + 1 : end + 1], candles[place : end + 1]
    out = math.log(candles["close"][end] / claim.reference)
    rise = max(0.0, math.log(ahead["high"].max() / claim.reference))
    fall = max(0.0, math.log(claim.reference / ahead["low"].min()))
    pairs = zip(known.rows(named=True)[1:], known["close"], strict=False)
    variance = math.fsum(
        max(math.log(max(row["high"], c) / min(row["low"], c)) ** 2 / (4 * math.log(2)), 1e-8)
        for row, c in pairs
    )
    return {
        Measure.RETURN: out,
        Measure.SIZE: abs(out),
        Measure.RISE: rise,
        Measure.FALL: fall,
        Measure.EXCURSION: max(rise, fall),
        Measure.VOLATILITY: math.sqrt(variance),
        Measure.LOG_PREMIUM: math.log(variance / claim.reference),
        Measure.SESSION_RETURN: math.log(candles["close"][end] / candles["close"][end - 1]),
        Measure.SESSION_SIZE: abs(math.log(candles["close"][end] / candles["close"][end - 1])),
    }[claim.measure]


BY_NAME = {label.name: label for label in LABELS.values()}


def labelled(session):
    """Outcome and class of every label of that session, by name."""
    rows = label_table(trained.panel(), tuple(BY_NAME.values()), trained.panel()["session"])
    return {row["label"]: row for row in rows.filter(session=session).to_dicts()}


def test_at_a_close_an_outcome_is_the_label_s_own():
    """Settled by hand from the candles, a claim comes to what the model was taught."""
    candles = trained.panel()
    for place in (1_290, 1_310, 1_325):
        session = candles["session"][place]
        made = trained.publication_of(candles.head(place + 1), close_of(SP500, session))
        outcomes = labelled(session)
        compared = [each for each in made.claims if counts(each, session)]
        assert len(compared) >= 25
        for claim in compared:
            label, found = outcomes[claim.target], settled(claim, candles, place)
            if label["outcome"] is None:  # a spike that was none
                assert abs(found) <= claim.only_if_beyond
                continue
            assert found == pytest.approx(label["outcome"], rel=1e-9, abs=1e-12), claim.path
            if claim.cuts:
                assert sum(found > cut for cut in claim.cuts) == label["outcome_class"], claim.path


def counts(claim, session):
    """Whether it asks what its target's label asks: of as many sessions, after this one."""
    ahead = sessions_between(SP500, session, claim.ends_on).len() - 1
    label = BY_NAME[claim.target]
    return ahead == label.horizon == claim.horizon


def test_every_claim_names_a_target_of_its_engine():
    targets = {(engine.name, target.name) for engine in ENGINES for target in engine.targets}

    assert {(each.engine, each.target) for each in at_noon(Source.MODEL).claims} <= targets


def test_the_row_that_was_asked_is_told_apart_from_another():
    candles = trained.panel()
    before = trained.publication_of(candles.head(-1), close_of(SP500, candles["session"][-2]))
    now = at_close(Source.BASELINE)
    hashes = [{each.path: each.feature_hash for each in made.claims} for made in (before, now)]

    assert all(len(each) == 64 for found in hashes for each in found.values())
    assert all(hashes[0][path] != each for path, each in hashes[1].items() if path in hashes[0])


def test_beyond_the_calendar_a_claim_s_end_is_not_known():
    eve = moments.at_close(market=NIFTY, session=date(2026, 12, 30))
    section = direction_block(moments.answered(DIRECTION), eve)
    ends = {each.horizon: each.ends_on for each in section.claims}

    assert ends[1] == date(2026, 12, 31)
    assert {ends[horizon] for horizon in (3, 5, 10, 20, 40)} == {None}
