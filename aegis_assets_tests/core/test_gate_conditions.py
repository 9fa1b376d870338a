"""Every condition of the gate refuses alone, in words, and a clean record passes them all."""

from dataclasses import replace

import numpy as np
import pytest

from aegis_assets.core.evaluation import conditions
from aegis_assets.core.evaluation.conditions import refusals
from aegis_assets.core.evaluation.gate import verdicts
from aegis_assets.core.evaluation.target import Alarm
from aegis_assets.core.frozen import Skill, Source
from aegis_assets_tests.core.gate_records import (
    LEVELS,
    ROWS,
    SEED,
    SESSIONS,
    better,
    binary,
    by_year,
    classified,
    evaluated,
    finding,
    happened,
    losing,
    odds,
    quantiles,
    quantity,
    record,
    target,
    variance,
)

TRUTH = odds()


def judged(asked, rows, elsewhere=None):
    (made,) = verdicts([asked], [evaluated(asked, rows)], SEED, elsewhere)
    return made


def reasons(asked, rows, elsewhere=None):
    """Why `bold` is refused; a baseline answers then, and the verdict says why."""
    made = judged(asked, rows, elsewhere)
    (trial,) = made.trials
    assert (made.source is Source.MODEL) == (trial.reasons == ())
    assert made.served == "bold" or made.served in {each.name for each in asked.baselines}
    assert made.reasons == (*trial.reasons, *made.remarks)
    return trial.reasons


CLEAN = {
    "a quantity": losing(quantity(), better()),
    "classes": classified(TRUTH),
    "quantiles": quantiles(LEVELS),
}


@pytest.mark.parametrize("kind", CLEAN)
def test_a_clean_record_passes_every_condition(kind):
    asked, rows = CLEAN[kind]

    assert reasons(asked, rows) == ()


@pytest.mark.parametrize("kind", CLEAN)
def test_a_contender_that_is_the_baseline_passes_nothing(kind):
    """The twin of the clean record: the same numbers under another name."""
    asked, rows = CLEAN[kind]
    copied = rows.with_columns(
        forecast=rows["forecast"].gather(
            [i - ROWS if i >= 2 * ROWS else i for i in range(rows.height)]
        )
    )

    found = reasons(asked, copied)
    assert "not significant: p = 1.000 after Holm" in found
    assert "skill may be zero: its interval starts at +0.0000" in found
    assert "skill above zero in only 0% of the years" in found


# ── the sample ──────────────────────────────────────────────────────────────────────────


def steady(bold):
    """Realised variances around one level, which `bold` says and the baselines miss."""
    realised = 0.01 * np.random.default_rng(4).gamma(20.0, 0.05, ROWS)
    said = {"plain": 0.005, "firm": 0.007, "bold": bold}
    forecasts = {name: np.broadcast_to(each, ROWS)[:, None] for name, each in said.items()}
    return variance(), record(variance(), forecasts, realised)


def test_constant_forecasts_are_refused():
    assert reasons(*steady(0.01)) == ("the forecasts are constant",)


def test_forecasts_that_once_move_are_not_constant():
    moving = np.full(ROWS, 0.01)
    moving[7] = 0.0101

    assert reasons(*steady(moving)) == ()


def test_seven_folds_are_too_few():
    rows = 7 * SESSIONS

    assert reasons(*losing(quantity(), better(rows))) == ("not enough data: 7 folds, needs 8",)
    assert reasons(*losing(quantity(), better(rows), block=SESSIONS // 2)) == ()


def test_fewer_than_sixty_independent_windows_are_too_few():
    assert reasons(*losing(quantity(horizon=40), better())) == (
        "not enough data: 57 independent windows, needs 60",
    )
    assert reasons(*losing(quantity(horizon=37), better())) == ()


def test_below_its_fewest_outcomes_a_contender_abstains():
    """The newest model counts: it knows most."""
    spike = target("spike_1", minimum=600)

    assert reasons(*classified(TRUTH, spike, trained_on=591)) == (
        "abstains: 599 outcomes to learn from, needs 600",
    )
    assert reasons(*classified(TRUTH, spike, trained_on=592)) == ()


# ── better than the baseline, and surely so ─────────────────────────────────────────────


def clean(**changes):
    """The facts of a clean record, some of them changed."""
    return refusals(finding(*CLEAN["a quantity"], **changes))


def test_clean_facts_are_refused_for_nothing():
    assert clean() == ()


def test_without_an_interval_there_is_no_skill():
    bare = Skill(value=0.05, lower=None, upper=None, n=ROWS)

    assert clean(skill=bare) == (f"not enough data: {ROWS} scored sessions give no interval",)


@pytest.mark.parametrize(("lower", "passes"), [(0.0, False), (-0.001, False), (0.0001, True)])
def test_an_interval_that_touches_zero_is_refused(lower, passes):
    unsure = Skill(value=0.05, lower=lower, upper=0.1, n=ROWS)
    refused = (f"skill may be zero: its interval starts at {lower:+.4f}",)

    assert clean(skill=unsure) == (() if passes else refused)


@pytest.mark.parametrize(("p_value", "passes"), [(0.0249, True), (0.025, False), (0.3, False)])
def test_what_may_be_luck_is_refused(p_value, passes):
    refused = (f"not significant: p = {p_value:.3f} after Holm",)

    assert clean(p_value=p_value) == (() if passes else refused)


@pytest.mark.parametrize(("value", "passes"), [(0.001, True), (0.0, False), (-0.02, False)])
def test_another_sign_on_the_second_market_is_refused(value, passes):
    asked, rows = CLEAN["a quantity"]
    there = Skill(value=value, lower=-0.1, upper=0.1, n=400)
    refused = (f"skill {value:+.4f} on the second market, needs the same sign",)

    assert reasons(asked, rows, {(asked.name, "bold"): there}) == (() if passes else refused)
    assert judged(asked, rows, {(asked.name, "bold"): there}).trials[0].second_market == there


def test_the_second_market_of_another_contender_or_target_says_nothing():
    asked, rows = CLEAN["a quantity"]
    bad = Skill(value=-0.1, lower=-0.2, upper=-0.05, n=400)

    assert reasons(asked, rows, {(asked.name, "other"): bad, ("other", "bold"): bad}) == ()


# ── over time ───────────────────────────────────────────────────────────────────────────


def test_skill_in_fewer_than_three_fifths_of_the_years_is_refused():
    assert reasons(*losing(quantity(), by_year([0.2] * 5 + [-0.001] * 3 + [0.0]))) == (
        "skill above zero in only 56% of the years",
    )
    assert reasons(*losing(quantity(), by_year([0.2] * 5 + [-0.001] * 3 + [0.01]))) == ()


@pytest.mark.parametrize(
    ("score", "worst", "passes"),
    [("Brier", -0.031, 0), ("Brier", -0.029, 1), ("QLIKE", -0.101, 0), ("QLIKE", -0.099, 1)],
)
def test_one_bad_year_is_refused(score, worst, passes):
    """Three percent for probabilities, ten for quantities."""
    asked, rows = classified(TRUTH) if score == "Brier" else steady(bumpy())
    assert asked.score.name == score
    years = dict.fromkeys(range(2010, 2018), 0.1) | {2018: worst}
    limit = "-0.03" if score == "Brier" else "-0.10"
    refused = (f"worst year {worst:+.3f}, allowed {limit}",)

    assert refusals(finding(asked, rows, by_year=years)) == (() if passes else refused)


def bumpy():
    """Variances near the level, that move."""
    return 0.01 * np.exp(0.01 * np.random.default_rng(6).standard_normal(ROWS))


def test_the_worst_year_is_measured_on_the_record():
    assert reasons(*losing(quantity(), by_year([-0.101] + [0.2] * 8))) == (
        "worst year -0.101, allowed -0.10",
    )


def test_a_stub_of_a_year_decides_nothing():
    """Fewer than 60 sessions are no year: their skill is shown, not judged."""
    losses = better(ROWS + 59, gain=0.2)
    losses["bold"][-59:] = 1.3 * losses["firm"][-59:]
    made = judged(*losing(quantity(), losses))

    assert made.source is Source.MODEL
    assert made.trials[0].skill_by_year[2019] < -0.2
    assert finding(*losing(quantity(), losses)).judged_years.keys() == {*range(2010, 2019)}


def test_a_record_without_a_whole_year_says_nothing_of_years():
    short = finding(*losing(quantity(), better(59), block=7))

    assert short.judged_years == {}
    assert "skill above zero in only 0% of the years" in refusals(short)
    assert any("worst year -inf" in each for each in refusals(short))


def faded(newest, factor=1.09):
    losses = better(gain=0.2)
    losses["bold"][-newest:] = factor * losses["firm"][-newest:]
    return losing(quantity(), losses)


def test_skill_that_has_turned_over_the_newest_250_sessions_is_refused():
    """Not yet a bad year, and the years before were good."""
    (reason,) = reasons(*faded(250))

    assert reason.startswith("has decayed: skill -0.090 [-0.090, -0.090] over the newest 250")
    assert reasons(*faded(100)) == ()


def test_250_sessions_are_no_newest_part_of_themselves():
    made = judged(*losing(quantity(), better(250), block=25))

    assert made.trials[0].recent is None
    assert judged(*losing(quantity(), better(251), block=25)).trials[0].recent.n == 250


# ── classes ─────────────────────────────────────────────────────────────────────────────


def test_probabilities_that_are_too_high_throughout_are_refused():
    (reason,) = reasons(*classified(TRUTH + 0.35))

    assert reason.startswith("calibration error 0.0")
    assert "allowed 0.03 beyond the 0.0" in reason


def test_as_much_calibration_error_as_chance_makes_is_allowed(monkeypatch):
    """Of a calibrated forecast on overlapping outcomes; without that allowance it is refused."""
    asked, rows = classified(TRUTH)
    known = finding(asked, rows).reliability
    assert 0 < known.calibration_error < known.by_chance + 0.01
    limit = known.calibration_error - known.by_chance / 2
    monkeypatch.setattr(conditions, "CALIBRATION_ERROR", limit)

    assert reasons(asked, rows) == ()
    monkeypatch.setattr(conditions, "CALIBRATION_ERROR", known.calibration_error - 0.001)
    unknown = finding(asked, rows)
    vars(unknown)["reliability"] = known.model_copy(update={"by_chance": None})
    (reason,) = refusals(unknown)
    assert reason.startswith("calibration error")


@pytest.mark.parametrize(("stretch", "slope"), [(1.2, "0.8"), (0.8, "1.2")])
def test_a_slope_that_is_surely_not_one_is_refused(stretch, slope):
    """Too bold, too timid."""
    (reason,) = reasons(*classified(stretch * TRUTH))

    assert reason.startswith(f"calibration slope {slope}")
    assert reason.endswith("should contain 1")


def test_a_slope_that_nobody_can_measure_is_refused():
    """Perfect foresight has no slope: as good as it looks, it is not calibrated by evidence."""
    came = happened(TRUTH)
    sure = (2 * came - 1) * (4.5 + 0.1 * np.abs(odds(seed=3)))
    said = {"plain": binary(0 * TRUTH), "firm": binary(TRUTH / 3), "bold": binary(sure)}
    rows = record(target(), said, np.zeros(ROWS), came)

    assert reasons(target(), rows) == ("not enough data: its calibration slope has no interval",)


def test_too_few_forecasts_for_bins_are_not_judged_by_them():
    """Nine sessions are refused for their number, not for a calibration nobody can see."""
    found = reasons(*classified(odds(9), block=1))

    assert any("give no interval" in each for each in found)
    assert not any("calibration" in each for each in found)


# ── too good to be true ─────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", ["skill", "AUC", "accuracy"])
def test_what_is_too_good_is_presumed_to_leak(name):
    asked, rows = CLEAN["classes"]
    known = finding(asked, rows)
    mine, plain, _ = known.found.pair("bold", known.found.plainest)
    value = {
        "skill": float(1 - mine.mean() / plain.mean()),
        "AUC": known.reliability.auc,
        "accuracy": known.reliability.accuracy,
    }[name]
    below, above = (
        replace(asked, alarm=Alarm(**{name.lower(): value + step})) for step in (-0.01, 0.01)
    )

    assert reasons(below, rows) == (
        f"too good: {name} {value:.3f} above {value - 0.01:.2f}, a leak until shown otherwise",
    )
    assert reasons(above, rows) == ()


def test_a_quantity_has_no_alarm_but_its_skill():
    asked, rows = losing(quantity(alarm=Alarm(auc=0.1, accuracy=0.1)), better())

    assert reasons(asked, rows) == ()
    (reason,) = reasons(replace(asked, alarm=Alarm(skill=0.01)), rows)
    assert reason.startswith("too good: skill 0.")


def test_a_baseline_that_is_too_good_answers_no_more_than_a_contender():
    """A leak in what both read lifts both: none is far above the other, both above the plainest."""
    asked, rows = CLEAN["classes"]
    made = judged(replace(asked, alarm=Alarm(skill=0.0)), rows)

    assert made.baseline != asked.baselines[0].name
    assert made.served == asked.baselines[0].name
    assert any(each.startswith(f"{made.baseline} is too good") for each in made.remarks)


# ── quantiles ───────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("horizon", "off", "passes"),
    [
        (1, 0.013, True),
        (1, 0.018, False),
        (10, 0.018, False),
        (11, 0.018, True),
        (20, 0.027, True),
        (20, 0.033, False),
    ],
)
@pytest.mark.parametrize("side", [-1, 1])
def test_a_quantile_that_covers_too_little_or_too_much_is_refused(horizon, off, passes, side):
    asked = target("magnitude_1", horizon=horizon)
    found = reasons(*quantiles((0.1, 0.5, 0.9 + side * off), asked))
    allowed = 0.015 if horizon <= 10 else 0.03

    assert len(found) == (0 if passes else 1)
    if not passes:
        assert found[0] == f"covers {0.9 + side * off:.3f} at 0.9, allowed {allowed} off"


@pytest.mark.parametrize(("newest", "passes"), [(0.88, True), (0.83, False)])
def test_coverage_that_has_left_its_band_is_refused(newest, passes):
    """Over the newest 250 sessions; over all of them it is still near enough."""
    found = reasons(*quantiles(LEVELS, newest=(0.1, 0.5, newest)))

    assert len(found) == (0 if passes else 1)
    if not passes:
        assert found[0].startswith("covers 0.828 at 0.9 over the newest 250 sessions")
        assert found[0].endswith("by chance 0.848 to 0.944")


def test_all_that_does_not_hold_is_said_at_once():
    asked, rows = classified(1.6 * TRUTH + 0.8, target(minimum=5_000, alarm=Alarm(auc=0.5)))
    found = reasons(asked, rows)

    assert found[0] == "abstains: 1008 outcomes to learn from, needs 5000"
    assert [each.split()[0] for each in found[-3:-1]] == ["calibration", "calibration"]
    assert found[-1].startswith("too good: AUC")
    assert len(found) == len({*found}) >= 4
