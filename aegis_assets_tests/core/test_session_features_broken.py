"""The laws of session features have teeth: one broken on purpose fails the law beside it."""

from datetime import timedelta

import polars as pl
import pytest

from aegis_assets.core.session_features import SESSION_FEATURES, SessionFeature
from aegis_assets.core.session_features.feature import every_bar, unbroken
from aegis_assets.core.session_features.panel import (
    earlier,
    session_panel,
    usual_volatility,
)
from aegis_assets.core.sessions import next_session
from aegis_assets_tests.core.laws import session_features as laws
from aegis_assets_tests.core.laws.session_features import SessionStudy

CLOSE, HIGH, LOW = pl.col("close"), pl.col("high"), pl.col("low")


def feature(expr, bars=every_bar, **words):
    told = {"unit": "1", "meaning": "a spec", "null_when": "never", "source": "none"} | words
    return SessionFeature(name="spec", expr=expr, bars=bars, **told)


MOVE = (CLOSE / pl.col("open").first()).log()
BROKEN = {
    "peek at the forming bar": (
        feature((CLOSE.shift(-1) / CLOSE).log()),
        "ignores_another_future",
    ),
    "peek, lived": (feature((CLOSE.shift(-1) / CLOSE).log()), "needs_no_later_bar"),
    "range of the whole day": (
        feature(unbroken((HIGH.max() / LOW.min()).log())),
        "needs_no_later_bar",
    ),
    "range of the whole day, other future": (
        feature(unbroken((HIGH.max() / LOW.min()).log())),
        "ignores_another_future",
    ),
    "price level": (feature(unbroken(CLOSE)), "is_free_of_scale"),
    "hole bridged by a sum": (
        feature((pl.col("log_return") ** 2).cum_sum()),
        "is_null_exactly_where_a_bar_is_absent",
    ),
    "hole bridged by the last price": (
        feature((CLOSE.forward_fill() / CLOSE.first()).log()),
        "is_null_exactly_where_a_bar_is_absent",
    ),
    "warm-up not declared": (
        feature((CLOSE / CLOSE.shift(20)).log(), lambda n: frozenset({n})),
        "is_null_exactly_where_a_bar_is_absent",
    ),
    "bar not declared": (
        feature((CLOSE / pl.col("open").shift(5)).log(), lambda n: frozenset({n})),
        "reads_no_other_bar",
    ),
    "zero without volume": (
        feature(unbroken(pl.col("volume").fill_null(0.0) * MOVE)),
        "is_null_exactly_without_what_it_reads",
    ),
    "zero without yesterday": (
        feature(unbroken((CLOSE / pl.col("previous_close")).log()).fill_null(0.0)),
        "is_null_exactly_without_what_it_reads",
    ),
    "division by no range": (
        feature(unbroken((CLOSE - LOW.cum_min()) / (HIGH.cum_max() - LOW.cum_min()))),
        "is_finite_where_it_is_not_null",
    ),
    "division by no usual move": (
        feature(unbroken(MOVE / pl.col("usual_volatility"))),
        "is_finite_where_it_is_not_null",
    ),
    "without a source": (feature(unbroken(MOVE), source=""), "says_what_it_is"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_feature_broken_on_purpose_fails_the_law_beside_it(case):
    spec, law = BROKEN[case]
    with pytest.raises(AssertionError):
        getattr(laws, law)(spec, SessionStudy([spec]))


@pytest.mark.parametrize("law", laws.LAWS, ids=lambda law: law.__name__)
def test_a_sound_feature_keeps_every_law(law):
    sound = feature(unbroken(MOVE))
    law(sound, SessionStudy([sound]))


def profile_with_today(market, session, candles, daily):
    """The panel with a profile that counts today among the earlier sessions."""
    learned = usual_volatility(earlier(market, next_session(market, session), candles))
    panel = session_panel(market, session, candles, daily).drop("usual_volatility")
    return panel.join(learned, on="bar", how="left").sort("bar")


def profile_of_all(market, session, candles, daily):
    """The panel with a profile of all sessions that are at hand, later ones too."""
    learned = usual_volatility(earlier(market, session + timedelta(days=30), candles))
    panel = session_panel(market, session, candles, daily).drop("usual_volatility")
    return panel.join(learned, on="bar", how="left").sort("bar")


@pytest.mark.parametrize(
    ("panel", "law"),
    [
        (profile_with_today, laws.needs_no_later_bar),
        (profile_of_all, laws.ignores_later_sessions),
    ],
)
def test_a_profile_that_knows_too_much_fails_the_law_beside_it(panel, law):
    relative = SESSION_FEATURES["relative_volatility"]
    with pytest.raises(AssertionError):
        law(relative, SessionStudy([relative], panel))
