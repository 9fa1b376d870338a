"""The gate: who leads, who answers, against whom, and what else is said."""

from dataclasses import replace

import numpy as np
import pytest

from aegis_assets.core.evaluation import gate
from aegis_assets.core.evaluation.gate import skills, verdicts
from aegis_assets.core.evaluation.target import Mean
from aegis_assets.core.frozen import Skill, Source
from aegis_assets_tests.core.gate_records import (
    ROWS,
    SEED,
    SESSIONS,
    YEARS,
    better,
    classified,
    evaluated,
    losing,
    named,
    odds,
    quantity,
    record,
    target,
)

FIRM = better()["firm"]


def noise(seed, size=0.02):
    return size * np.random.default_rng(seed).standard_normal(ROWS)


def lost(**shares):
    """Losses by candidate, each a share of the strongest baseline's with noise of its own."""
    made = {name: FIRM * share + noise(i) for i, (name, share) in enumerate(shares.items())}
    return {"plain": FIRM + 0.02, "firm": FIRM} | made


def contest(*challengers, **others):
    return quantity(challengers=challengers, **others)


def verdict(asked, losses):
    asked, rows = losing(asked, losses)
    (made,) = verdicts([asked], [evaluated(asked, rows)], SEED)
    return made


# ── what a verdict states ───────────────────────────────────────────────────────────────


def test_a_clearly_better_challenger_is_served():
    asked, rows = classified(odds())
    (made,) = verdicts([asked], [evaluated(asked, rows)], SEED)

    assert (made.source, made.served, made.leading) == (Source.MODEL, "bold", "bold")
    assert made.reasons == made.trial.reasons == ()
    assert made.skill.lower > 0
    assert (made.folds, made.score, made.baseline) == (YEARS, "Brier", "firm")
    assert [*made.trial.skill_by_year] == list(range(2010, 2019))
    assert sum(made.base_rates) == 1
    assert made.base_rates[1] == pytest.approx(rows["outcome_class"].mean())


def test_a_quantity_has_no_base_rates():
    assert verdict(contest("bold"), lost(bold=0.9)).base_rates == ()


def test_every_candidate_is_listed_with_its_mean_loss_and_how_often_it_answered():
    losses = lost(bold=0.9)
    losses["bold"][:10] = np.nan
    made = verdict(contest("bold"), losses)

    scores = {each.name: (each.loss, each.n) for each in made.candidates}
    assert scores == {
        name: (pytest.approx(np.nanmean(loss)), ROWS - 10 * (name == "bold"))
        for name, loss in losses.items()
    }


def test_the_same_record_gives_the_same_verdict():
    assert verdict(contest("bold"), lost(bold=0.9)) == verdict(contest("bold"), lost(bold=0.9))


def test_a_target_that_was_never_forecast_is_unavailable():
    asked, rows = losing(contest("bold"), lost(bold=0.9))
    silent = target("direction_1")
    made, other = verdicts([silent, asked], [None, evaluated(asked, rows)], SEED)

    assert (made.source, made.served, made.baseline) == (Source.UNAVAILABLE, None, None)
    assert made.reasons == ("not enough data: no forecast could be scored out of sample",)
    assert (made.skill, made.trial, made.folds, made.score) == (None, None, 0, "RPS")
    assert other == verdict(contest("bold"), lost(bold=0.9))


def test_no_targets_have_no_verdicts():
    assert verdicts([], [], SEED) == []


# ── significance over all that was tried ────────────────────────────────────────────────


def test_significance_counts_every_target_that_was_tried(monkeypatch):
    """One p of .02 passes alone, and not beside a target that was tried too."""
    monkeypatch.setattr(gate, "diebold_mariano", lambda *_: 0.02)
    asked, rows = losing(contest("bold"), lost(bold=0.9))
    found = evaluated(asked, rows)

    assert verdict(contest("bold"), lost(bold=0.9)).source is Source.MODEL
    both = verdicts([asked, asked], [found, found], SEED)
    assert [each.reasons for each in both] == [("not significant: p = 0.040 after Holm",)] * 2
    assert [each.trial.p_value for each in both] == [0.04, 0.04]


def test_significance_counts_every_contender_of_a_target(monkeypatch):
    monkeypatch.setattr(gate, "diebold_mariano", lambda *_: 0.01)
    made = verdict(contest("bold", "bolder", "boldest"), lost(bold=0.9, bolder=0.9, boldest=0.9))

    assert [each.p_value for each in made.trials] == [pytest.approx(0.03)] * 3
    assert made.source is Source.BASELINE


# ── which contender ─────────────────────────────────────────────────────────────────────


def test_of_two_that_pass_the_simpler_is_kept_where_the_other_is_hardly_better():
    losses = lost(simple=0.9)
    made = verdict(contest("simple", "complex"), losses | {"complex": losses["simple"] + noise(9)})

    assert [each.reasons for each in made.trials] == [(), ()]
    assert made.served == made.leading == "simple"


def test_a_later_one_that_clearly_beats_the_simpler_is_preferred():
    made = verdict(contest("simple", "complex"), lost(simple=0.9, complex=0.8))

    assert made.served == made.leading == made.trial.name == "complex"
    assert made.skill == made.trials[1].skill


def test_a_better_one_that_is_refused_does_not_displace_one_that_passes():
    losses = lost(simple=0.9, complex=0.7)
    losses["complex"][:SESSIONS] = 1.2 * FIRM[:SESSIONS]
    made = verdict(contest("simple", "complex"), losses)

    assert made.served == "simple"
    assert made.reasons == ()
    assert [len(each.reasons) for each in made.trials] == [0, 1]
    assert made.trials[1].skill.value > made.trials[0].skill.value


def test_the_third_must_beat_the_one_that_leads_not_the_first():
    losses = lost(simple=0.9, complex=0.8)
    losses["most"] = 0.5 * (losses["simple"] + losses["complex"])
    made = verdict(contest("simple", "complex", "most"), losses)

    assert made.served == "complex"


def test_among_the_refused_the_nearest_leads_and_gives_its_reasons():
    made = verdict(contest("worse", "bad", "worst"), lost(worse=1.1, bad=1.02, worst=1.3))

    assert made.source is Source.BASELINE
    assert made.leading == "bad"
    assert made.reasons == made.trials[1].reasons
    assert made.reasons != made.trials[2].reasons
    assert made.skill == made.trials[1].skill


def test_the_mean_is_a_contender_after_all_others():
    mean = Mean(("simple", "complex"))
    asked = contest("simple", "complex", mean=mean)
    rng = np.random.default_rng(2)
    values = rng.standard_normal(ROWS)
    off = {name: rng.standard_normal(ROWS) for name in ("simple", "complex")}
    firm = rng.standard_normal(ROWS) * 1.3
    said = {"plain": firm * 1.1, "firm": firm} | off
    forecasts = {name: (values + each)[:, None] for name, each in said.items()}
    rows = record(asked, forecasts, values)
    (made,) = verdicts([asked], [evaluated(asked, rows)], SEED)

    assert [each.name for each in made.trials] == ["simple", "complex", "mean"]
    assert made.served == "mean"


# ── which baseline ──────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("strongest", ["plain", "firm", "third"])
def test_the_strongest_baseline_is_the_one_with_the_least_mean_loss(strongest):
    asked = contest("bold", baselines=("plain", "firm", "third"))
    losses = lost(bold=0.9) | {"third": FIRM + 0.03}
    losses[strongest] = losses[strongest] - 0.1
    made = verdict(asked, losses)

    assert made.baseline == made.trial.against == strongest
    assert made.trial.skill.value == pytest.approx(
        1 - losses["bold"].mean() / losses[strongest].mean()
    )


def test_the_strongest_baseline_answers_where_it_surely_beats_the_plainest():
    made = verdict(contest("bold"), lost(bold=1.1))

    assert (made.source, made.served, made.remarks) == (Source.BASELINE, "firm", ())
    assert made.baseline_skill.lower > 0


def test_the_plainest_answers_where_no_other_surely_beats_it():
    losses = lost(bold=1.1)
    losses["plain"] = FIRM + noise(4, size=0.05) + 0.0005
    made = verdict(contest("bold"), losses)

    assert (made.served, made.baseline) == ("plain", "firm")
    assert made.baseline_skill.lower < 0 < made.baseline_skill.value
    assert made.remarks == ("firm has the least loss, but may be no better than plain",)
    assert made.reasons == (*made.trial.reasons, *made.remarks)


def test_a_weaker_baseline_answers_if_it_is_the_strongest_that_surely_beats_the_plainest():
    """The least loss, owed to one stretch of sessions, may be luck and is passed over."""
    plain = np.where(np.arange(ROWS) < 40, 30 * FIRM, FIRM)
    losses = {
        "plain": plain,
        "firm": 0.95 * plain,
        "lucky": np.where(np.arange(ROWS) < 40, FIRM, 1.1 * FIRM),
        "bold": 2 * plain,
    }
    made = verdict(contest("bold", baselines=("plain", "firm", "lucky")), losses)

    assert (made.baseline, made.served) == ("lucky", "firm")
    assert made.baseline_skill.value > 0.05
    assert made.baseline_skill.lower < 0
    assert made.remarks == ("lucky has the least loss, but may be no better than plain",)


def test_where_the_plainest_is_the_strongest_it_answers_and_has_no_skill_of_its_own():
    losses = lost(bold=1.1)
    made = verdict(contest("bold"), losses | {"plain": FIRM - 0.05})

    assert (made.served, made.baseline, made.baseline_skill) == ("plain", "plain", None)
    assert made.remarks == ()


def ranges(**held):
    """Quantiles of a known scale, of which each baseline holds the shares that it is told."""
    asked = target("magnitude_1", ("plain", *held), ())
    rng = np.random.default_rng(31)
    scale, shocks = rng.gamma(8.0, 0.125, ROWS), rng.standard_normal(ROWS)
    said = {"plain": np.tile([-4.0, 0.7, 4.0], (ROWS, 1))} | {
        name: scale[:, None] * np.quantile(shocks, shares) for name, shares in held.items()
    }
    (made,) = verdicts([asked], [evaluated(asked, record(asked, said, scale * shocks))], SEED)
    return made


def test_of_quantiles_the_strongest_answers_that_covers_what_it_says():
    """A range may not be near on average only: it is bought for its coverage."""
    made = ranges(near=(0.12, 0.5, 0.88), far=(0.1, 0.53, 0.9), exact=(0.1, 0.49, 0.9))

    assert (made.baseline, made.served) == ("exact", "exact")
    narrow = ranges(near=(0.117, 0.5, 0.883), skewed=(0.1, 0.485, 0.89))
    assert narrow.served == "skewed"


def test_where_the_least_loss_does_not_cover_another_answers_and_it_is_said():
    made = ranges(near=(0.1, 0.5, 0.884), off=(0.114, 0.486, 0.888))

    assert (made.baseline, made.served) == ("near", "off")
    assert "near has the least loss, but does not cover what it says" in made.remarks


def test_where_no_quantiles_cover_the_strongest_answers():
    made = ranges(near=(0.13, 0.5, 0.87), off=(0.2, 0.5, 0.8))

    assert (made.baseline, made.served) == ("near", "near")
    assert made.remarks == (
        "no challenger is trained for it: a baseline answers",
        "near does not cover what it says, and no baseline does",
    )


def test_a_model_that_answers_needs_no_word_on_baselines():
    losses = lost(bold=0.8)
    losses["plain"] = FIRM + noise(4, size=0.05) + 0.0005

    made = verdict(contest("bold"), losses)
    assert (made.source, made.remarks) == (Source.MODEL, ())


def half_silent(silent):
    losses = lost(bold=0.9)
    losses["firm"] = FIRM - 0.1
    losses["firm"][:silent] = np.nan
    return losses


def test_a_baseline_that_answered_on_fewer_than_half_of_the_sessions_is_not_compared():
    made = verdict(contest("bold"), half_silent(ROWS // 2 + 1))

    assert made.baseline == made.trial.against == "plain"
    assert made.remarks == ("answered on too few sessions to be compared: firm",)
    assert verdict(contest("bold"), half_silent(ROWS // 2)).baseline == "firm"


def test_where_nobody_surely_beats_a_plainest_that_is_often_silent_it_stands_all_the_same():
    losses = lost(bold=1.1)
    losses["plain"] = FIRM + noise(4, size=0.05)
    losses["plain"][: ROWS // 2 + 1] = np.nan
    made = verdict(contest("bold"), losses)

    assert (made.baseline, made.served) == ("firm", "plain")
    assert "answered on too few sessions to be compared: plain" in made.remarks


def test_baselines_of_different_sessions_are_ordered_by_what_they_make_of_the_plainest():
    """One that only answered in easy times has small losses, and is no stronger for it."""
    easy = np.arange(ROWS) < 0.6 * ROWS
    hard = np.where(easy, 0.5, 3.0)
    losses = {name: loss * hard for name, loss in lost(bold=0.9).items()}
    losses["third"] = np.where(easy, 0.99 * losses["plain"], np.nan)
    made = verdict(contest("bold", baselines=("plain", "third", "firm")), losses)

    assert np.nanmean(losses["third"]) < losses["firm"].mean()
    assert made.baseline == "firm"


# ── what was not there ──────────────────────────────────────────────────────────────────


def test_a_target_without_challengers_is_a_baseline_and_says_so():
    losses = lost()
    made = verdict(contest(), losses)

    assert (made.source, made.served, made.leading) == (Source.BASELINE, "firm", None)
    assert made.reasons == made.remarks == ("no challenger is trained for it: a baseline answers",)
    assert (made.trials, made.trial, made.skill) == ((), None, None)


def test_a_contender_that_was_not_trained_is_named():
    made = verdict(contest("bold", "network", "other"), lost(bold=0.9))

    assert (made.source, made.served) == (Source.MODEL, "bold")
    assert made.remarks == ("not trained, as set: network, other",)
    assert [each.name for each in made.trials] == ["bold"]


def test_a_mean_of_which_a_member_was_not_trained_was_not_either():
    made = verdict(contest("bold", "network", mean=Mean(("bold", "network"))), lost(bold=0.9))

    assert made.remarks == ("not trained, as set: network, mean",)


def test_a_contender_that_never_answered_has_no_trial_and_no_score():
    losses = lost(bold=0.9) | {"mute": np.full(ROWS, np.nan)}
    made = verdict(contest("bold", "mute"), losses)

    assert [each.name for each in made.trials] == ["bold"]
    assert "mute" not in {each.name for each in made.candidates}


def test_a_contender_is_compared_on_the_sessions_that_both_answered():
    """Silence is nobody's loss: the baseline's bad sessions do not count for who was mute."""
    losses = lost(bold=0.9)
    losses["firm"] = losses["firm"] + np.where(np.arange(ROWS) < 500, 0.01, 0.0)
    losses["bold"][:500] = np.nan
    made = verdict(contest("bold"), losses)

    assert made.skill.n == ROWS - 500
    assert made.skill.value == pytest.approx(
        1 - losses["bold"][500:].mean() / losses["firm"][500:].mean()
    )
    assert min(made.trial.skill_by_year) == 2011


# ── another market ──────────────────────────────────────────────────────────────────────


def test_skills_are_those_of_the_trials():
    asked, rows = losing(contest("simple", "complex"), lost(simple=0.9, complex=0.8))
    found = evaluated(asked, rows)
    (made,) = verdicts([asked], [found], SEED)

    assert skills([None, found], SEED) == {
        (asked.name, each.name): each.skill for each in made.trials
    }


def test_where_another_market_disagrees_with_one_contender_the_other_may_answer():
    asked, rows = losing(contest("simple", "complex"), lost(simple=0.9, complex=0.8))
    there = {(asked.name, "complex"): Skill(value=-0.01, lower=-0.02, upper=0.0, n=3_000)}
    (made,) = verdicts([asked], [evaluated(asked, rows)], SEED, there)

    assert made.served == "simple"
    assert made.trials[0].second_market is None
    assert made.trials[1].reasons == ("skill -0.0100 on the second market, needs the same sign",)


def test_a_target_keeps_its_verdict_beside_others_that_were_never_forecast():
    asked, rows = losing(contest("bold"), lost(bold=0.9))
    others = [replace(asked, challengers=named("x")), replace(asked, challengers=named("y"))]
    made = verdicts([others[0], asked, others[1]], [None, evaluated(asked, rows), None], SEED)

    assert made[1] == verdict(contest("bold"), lost(bold=0.9))
