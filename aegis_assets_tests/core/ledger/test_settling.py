"""What became of claims: as the labels have it, from no later candle, and null with a reason."""

import math

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from aegis_assets.core.claim import Measure
from aegis_assets.core.labels import LABELS, label_table
from aegis_assets.core.ledger.settling import Reason, outcomes
from aegis_assets.core.markets import SP500
from aegis_assets_tests.core import synthetic
from aegis_assets_tests.core.ledger import cases

NO_MINUTES = pl.DataFrame()
SHORT, LONG = 260, 1_150
FITTING = [label for label in LABELS.values() if cases.family(label) in cases.MEASURES]


@pytest.fixture(scope="module")
def panels():
    return {count: cases.candles(count) for count in (SHORT, LONG)}


def asked(label, panels):
    """The label put at every session, on a history that its thresholds need."""
    panel = panels[LONG if label.warmup > SHORT / 2 else SHORT]
    return panel, panel["session"]


def settled(claims, panel, known_to=None):
    return outcomes(claims, panel, NO_MINUTES, SP500, known_to or panel["session"].max())


def beyond(label, claims, panel):
    """The claims of a spike with the threshold that it takes for granted."""
    if label.given is None:
        return claims
    wide = LABELS["breakout_1"]
    cuts = cases.of_label(wide, panel, panel["session"]).select(
        "slot", wide=pl.col("cuts").list.get(0)
    )
    return claims.join(cuts, on="slot").with_columns(only_if_beyond="wide").select(claims.columns)


def of_table(label, panel, sessions):
    table = label_table(panel, [label], sessions).filter(pl.col("known_on").is_not_null())
    return table.select("session", "known_on", told="outcome", told_class="outcome_class")


@pytest.mark.parametrize("label", FITTING, ids=[label.name for label in FITTING])
def test_at_a_final_close_the_outcome_is_the_labels(label, panels):
    panel, sessions = asked(label, panels)
    claims = beyond(label, cases.of_label(label, panel, sessions), panel)
    made = settled(claims, panel)
    told = of_table(label, panel, sessions)
    both = made.join(told, on="session")
    if label.asked is not None:
        both = both.filter(pl.col("told").is_not_null())

    assert made.height == both.height if label.asked is None else both.height > 20
    assert both.height > (20 if label.is_conditional else 100)
    assert both["ends_on"].equals(both["known_on"], check_names=False)
    assert both["outcome"].is_null().equals(both["told"].is_null())
    differs = (both["outcome"] - both["told"]).drop_nulls().abs().max()
    assert differs <= 1e-12 * both["told"].abs().max()
    if label.cuts:
        assert both["outcome_class"].equals(both["told_class"], check_names=False)


def test_what_reads_prices_alone_is_the_labels_bit_for_bit(panels):
    panel = panels[SHORT]
    for name in ("direction_5", "magnitude_10", "rise_20", "fall_20", "touch_1_20"):
        label = LABELS[name]
        made = settled(cases.of_label(label, panel, panel["session"]), panel)
        both = made.join(of_table(label, panel, panel["session"]), on="session")

        assert both["outcome"].to_list() == both["told"].to_list()


def test_a_session_ahead_is_measured_from_the_close_before_it(panels):
    panel = panels[SHORT]
    days = panel["session"].to_list()
    claims = cases.rows(
        [
            cases.of_session(days[i], days[i + 3], measure=Measure.SESSION_SIZE.value)
            for i in range(100)
        ]
    )
    closes = panel["close"].to_list()
    by_hand = [abs(math.log(closes[i + 3] / closes[i + 2])) for i in range(100)]

    assert settled(claims, panel)["outcome"].to_list() == pytest.approx(by_hand)


@pytest.fixture(scope="module")
def mixed(panels):
    """Claims of every measure over five to twenty sessions."""
    panel = panels[SHORT]
    names = (
        "direction_5",
        "magnitude_20",
        "rise_10",
        "fall_10",
        "touch_1_20",
        "premium_5",
        "theta_10",
    )
    return pl.concat([cases.of_label(LABELS[name], panel, panel["session"]) for name in names])


@pytest.mark.parametrize("place", [70, 130, 200])
def test_no_candle_after_the_last_session_changes_an_outcome(mixed, panels, place):
    panel = panels[SHORT]
    day = panel["session"][place]
    other = synthetic.noised(panel, pl.col("session") > day, seed=place)
    ended = mixed.filter(pl.col("ends_on") <= day)

    assert ended.height > 20
    assert_frame_equal(settled(ended, other), settled(ended, panel))


@pytest.mark.parametrize("place", [70, 130, 200])
def test_nothing_after_what_may_be_known_is_looked_at(mixed, panels, place):
    panel = panels[SHORT]
    day = panel["session"][place]
    made = settled(mixed, panel, day)

    assert made["ends_on"].max() == day
    assert_frame_equal(made, settled(mixed, panel.filter(pl.col("session") <= day), day))


def test_a_claim_that_has_not_ended_has_no_row(mixed, panels):
    panel = panels[SHORT]
    late = mixed.filter(pl.col("ends_on").is_null() | (pl.col("ends_on") > panel["session"][100]))

    assert settled(late, panel, panel["session"][100]).is_empty()
    assert settled(mixed.clear(), panel).is_empty()


def test_a_missing_candle_leaves_every_claim_over_it_without_an_outcome(mixed, panels):
    panel = panels[SHORT]
    gone = panel["session"][150]
    made = settled(mixed, panel.filter(pl.col("session") != gone))
    over = (pl.col("session") < gone) & (pl.col("ends_on") >= gone)
    torn, whole = made.filter(over), made.filter(~over, pl.col("session") != gone)

    assert torn.height > 60
    assert torn["reason"].unique().to_list() == [Reason.CANDLE_MISSING.value]
    assert torn["outcome"].null_count() == torn.height == torn["outcome_class"].null_count()
    reads_before = whole.filter(pl.col("reason").is_not_null())
    assert reads_before.is_empty()


def test_a_breakout_that_did_not_come_says_nothing_of_its_side(panels):
    panel = panels[SHORT]
    label = LABELS["spike_1"]
    made = settled(beyond(label, cases.of_label(label, panel, panel["session"]), panel), panel)
    without = made.filter(pl.col("outcome").is_null())

    assert 0.5 < without.height / made.height < 1
    assert without["reason"].unique().to_list() == [Reason.NOT_BEYOND.value]


def test_the_first_edition_is_settled_and_no_other():
    panel = cases.candles(30)
    days = panel["session"].to_list()
    first = cases.rows([cases.of_session(days[5], days[6], reference=100.0)])
    later = first.with_columns(
        reference=pl.lit(200.0), published_at=pl.col("published_at").dt.offset_by("1h")
    )

    both = settled(pl.concat([later, first]), panel)
    assert_frame_equal(both, settled(first, panel))
    assert both.height == 1
