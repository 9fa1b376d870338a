"""What must hold of a stored model: its card, its bytes, what it says of a probe."""

import re
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from aegis_assets.core.engines import BUYER
from aegis_assets.core.errors import ArtifactError
from aegis_assets.core.estimators import BaseRate, Outcome
from aegis_assets.core.evaluation.conditions import too_good
from aegis_assets.core.evaluation.evaluation import Evaluation
from aegis_assets.core.evaluation.probe import PROBED, proven, said
from aegis_assets.core.evaluation.standing import (
    ALARM,
    alarms,
    change,
    faults,
    members,
    unsound,
)
from aegis_assets.core.evaluation.target import Alarm
from aegis_assets.core.frozen import Skill, Source
from aegis_assets_tests import cards

TARGET = BUYER.targets[0]


LOSSES = {"plain": np.full(900, 0.2), "bold": np.full(900, 0.14)}
"""Skill of .3 against the plainest."""


@pytest.mark.parametrize(("limit", "trips"), [(0.2, True), (0.4, False)])
def test_the_check_knows_the_gate_s_alarms_by_their_words(limit, trips):
    plain = replace(BaseRate(), name="plain")
    target = replace(TARGET, baselines=(plain,), mean=None, alarm=Alarm(skill=limit))
    happened = Outcome(np.zeros(900), np.zeros(900, dtype=np.int64), 2)
    forecasts = dict.fromkeys(LOSSES, np.tile([0.8, 0.2], (900, 1)))
    found = Evaluation(target, pl.DataFrame(), happened, forecasts, LOSSES, {"bold": 1.0})
    refused = too_good(found, "bold")
    card = cards.card(verdict=cards.verdict(trials=(cards.trial(reasons=refused),)))

    assert bool(alarms(card)) == bool(refused) == trips
    assert all(text.startswith(ALARM) for text in refused)


FAULTS = {
    "baseline as model": (cards.decided(served=cards.PLAIN), "serves base_rate as MODEL, expected"),
    "model as baseline": (
        cards.decided(source=Source.BASELINE),
        "serves boosted_trees as BASELINE",
    ),
    "nothing as baseline": (
        cards.decided(source=Source.BASELINE, served=None),
        "serves None as BASELINE",
    ),
    "something as nothing": (cards.decided(source=Source.UNAVAILABLE), "expected None"),
    "proxy": (cards.decided(source=Source.PROXY), "as PROXY, expected MODEL or BASELINE"),
    "untried": (cards.decided(trials=()), "serves boosted_trees as MODEL without a trial"),
    "refused": (
        cards.decided(trials=(cards.trial(reasons=("has decayed",)),)),
        "serves boosted_trees as MODEL, refused: has decayed",
    ),
    "skill may be zero": (
        cards.decided(
            trials=(cards.trial(skill=Skill(value=0.04, lower=-0.01, upper=0.1, n=cards.N)),)
        ),
        r"its skill \+0.040 \[-0.010",
    ),
    "no interval": (
        cards.decided(
            trials=(cards.trial(skill=Skill(value=0.04, lower=None, upper=None, n=cards.N)),)
        ),
        r"its skill \+0.040 \[too few",
    ),
    "skill without losses": (cards.decided(candidates=()), "no mean loss of boosted_trees is kept"),
    "skill beyond losses": (
        cards.decided(
            trials=(cards.trial(skill=Skill(value=0.05, lower=0.01, upper=0.1, n=cards.N)),)
        ),
        r"is \+0.0500, its losses say \+0.0400",
    ),
    "no weights": (cards.card(weights_of={}, files={}), r"without weights of \['boosted_trees'"),
    "file without a hash": (
        cards.card(files={"base_rate.json": "0" * 64}),
        r"name different files: \['buyer_breakout.ubj'\]",
    ),
}


@pytest.mark.parametrize(("card", "words"), FAULTS.values(), ids=FAULTS)
def test_a_card_that_contradicts_itself_is_found_out(card, words):
    assert any(re.search(words, text) for text in faults(card, TARGET)), faults(card, TARGET)


@pytest.mark.parametrize(
    "card",
    [
        cards.card(),
        cards.undecided(),
        cards.decided(
            source=Source.BASELINE, served=cards.PLAIN, trials=(cards.trial(reasons=("no",)),)
        ),
    ],
    ids=["model", "undecided", "baseline"],
)
def test_a_sound_card_has_no_fault(card):
    assert faults(card, TARGET) == []


def test_a_served_mean_stands_on_its_members_and_its_anchor():
    card = cards.card(means={"mean": ("a", "b")}, weights={"mean": 0.4}, anchor="core")

    assert members(card, "mean") == ("a", "b", "core")
    assert members(card.model_copy(update={"weights": {}}), "a") == ("a",)


FINE = np.array([[0.2, 0.8], [0.3, 0.7], [0.4, 0.6]])
NAN = float("nan")


def spoilt(*row):
    return np.vstack([FINE, [row]])


@pytest.mark.parametrize(
    ("forecast", "is_sound", "is_sound_if_silent"),
    [
        (FINE, True, True),
        (spoilt(NAN, NAN), False, True),
        (spoilt(NAN, 0.5), False, False),
        (spoilt(float("inf"), 0.5), False, False),
        (np.full((3, 2), NAN), False, False),
        (FINE[:0], False, False),
    ],
    ids=["finite", "one silent", "half a row", "infinite", "all silent", "none"],
)
def test_what_is_not_finite_is_found(forecast, is_sound, is_sound_if_silent):
    always = cards.card()
    scores = [
        each.model_copy(update={"n": each.n - 100 * (each.name == cards.TREES)})
        for each in always.verdict.candidates
    ]
    sometimes = cards.decided(candidates=tuple(scores))

    assert (unsound(always, {cards.TREES: forecast}) == []) == is_sound
    assert (unsound(sometimes, {cards.TREES: forecast}) == []) == is_sound_if_silent


@pytest.mark.parametrize(
    ("before", "words"),
    [
        (cards.card(), ""),
        (cards.undecided(), "promoted: UNAVAILABLE -> MODEL boosted_trees"),
        (
            cards.decided(source=Source.BASELINE, served=cards.PLAIN),
            "promoted: BASELINE base_rate -> MODEL boosted_trees",
        ),
        (cards.decided(served="mean"), "replaced: MODEL mean -> MODEL boosted_trees"),
    ],
)
def test_what_changed_since_the_week_before_is_said_in_words(before, words):
    assert change(cards.card(), before) == words


def test_a_model_that_answers_no_longer_was_demoted():
    now = cards.decided(source=Source.BASELINE, served=cards.PLAIN)

    assert change(now, cards.card()) == "demoted: MODEL boosted_trees -> BASELINE base_rate"


class Forgetful(BaseRate):
    """A base rate whose bytes lose a thousandth of what it knows."""

    def load(self, content):
        model = super().load(content)
        return replace(model, probabilities=model.probabilities + 1e-3)


@pytest.fixture
def fitted():
    rows = pl.DataFrame({"cut_0": np.linspace(0.01, 0.02, 90)})
    classes = (np.arange(90) % 3 == 0).astype(np.int64)
    outcome = Outcome(classes.astype(np.float64), classes, 2)
    return BaseRate().fit(rows, outcome, seed=1), rows


def test_a_model_is_turned_into_bytes_that_answer_as_it_does(fitted):
    model, rows = fitted

    silent = replace(model, probabilities=np.full(2, NAN))
    assert proven(BaseRate(), model, rows) == model.dump()
    assert proven(BaseRate(), silent, rows) == silent.dump()
    assert said(model, 0, rows).shape == (PROBED, 2)
    assert said(model, 0, rows.head(5)).shape == (5, 2)


def test_a_model_that_its_own_bytes_forget_is_refused(fitted):
    with pytest.raises(ArtifactError, match=r"64 of 64 forecasts differ after dump and load"):
        proven(Forgetful(), *fitted)
