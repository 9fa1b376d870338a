"""The gate: every reason of refusal alone, a clear winner served, broken records refused."""

from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from aegis_assets.core.frozen import Source
from aegis_assets.core.errors import DataError
from aegis_assets.core.evaluation import gate
from aegis_assets.core.evaluation.gate import Evaluation, evaluation, score_name, verdicts
from aegis_assets.core.evaluation.target import Target
from aegis_assets.core.labels import LABELS

SEED = 1
YEARS = 9
SESSIONS = 252


@dataclass(frozen=True)
class Named:
    """A candidate of which the gate needs the name only."""

    name: str


def target(label="breakout_1", baselines=("plain", "anchor")):
    return Target(LABELS[label], Named("bold"), tuple(Named(each) for each in baselines))


def calendar(rows):
    return [date(2010 + i // SESSIONS, 1, 1) + timedelta(days=i % SESSIONS) for i in range(rows)]


def judged(target, rows, losses, varies=True):
    """An evaluation made by hand: nine years and folds, losses per candidate."""
    table = pl.DataFrame(
        {
            "session": calendar(rows),
            "fold": [i // SESSIONS for i in range(rows)],
            "outcome_class": [i % max(len(target.label.classes), 1) for i in range(rows)],
        }
    )
    return Evaluation(target, table, losses, varies, 0.5)


def better(rows=YEARS * SESSIONS, gain=0.05, seed=3):
    """Losses of a challenger that is clearly better than both baselines."""
    anchor = np.random.default_rng(seed).gamma(2.0, 0.1, rows)
    noise = 0.02 * np.random.default_rng(seed + 1).standard_normal(rows)
    return {"plain": anchor + 0.02, "anchor": anchor, "bold": anchor * (1 - gain) + noise}


def verdict(found):
    (made,) = verdicts([found.target], [found], SEED)
    return made


def reasons(found):
    made = verdict(found)
    assert made.source is Source.BASELINE
    assert made.served == made.baseline
    return made.reasons


def test_a_clearly_better_challenger_is_served():
    made = verdict(judged(target(), YEARS * SESSIONS, better()))

    assert (made.source, made.served, made.reasons) == (Source.MODEL, "bold", ())
    assert made.skill.lower > 0
    assert made.folds == YEARS
    assert [*made.skill_by_year] == list(range(2010, 2019))
    assert made.base_rates == (0.5, 0.5)
    assert made.score == "Brier"


def test_constant_forecasts_are_refused():
    (reason,) = reasons(judged(target(), YEARS * SESSIONS, better(), varies=False))

    assert reason == "the forecasts are constant"


def test_seven_folds_are_too_few():
    (reason,) = reasons(judged(target(), 7 * SESSIONS, better(7 * SESSIONS)))

    assert reason == "not enough data: 7 folds, needs 8"


def test_fewer_than_sixty_independent_windows_are_too_few():
    found = judged(target("direction_40"), YEARS * SESSIONS, better())
    (reason,) = reasons(found)

    assert reason == "not enough data: 57 independent windows, needs 60"


def test_an_interval_that_touches_zero_is_refused(monkeypatch):
    monkeypatch.setattr(gate, "diebold_mariano", lambda *_: 0.0)
    losses = better(gain=0.001)
    found = judged(target(), YEARS * SESSIONS, losses)
    monkeypatch.setattr(gate, "skill_by_year", lambda *_: dict.fromkeys(range(2010, 2019), 0.01))
    (reason,) = reasons(found)

    assert reason.startswith("skill may be zero: its interval starts at -0.00")


def test_significance_counts_every_target_that_was_tried(monkeypatch):
    """One p of .02 passes alone, and not beside a target that was tried too."""
    monkeypatch.setattr(gate, "diebold_mariano", lambda *_: 0.02)
    found = judged(target(), YEARS * SESSIONS, better())
    other = judged(target("implied_breakout_1"), YEARS * SESSIONS, better(seed=9))

    assert verdict(found).source is Source.MODEL
    both = verdicts([found.target, other.target], [found, other], SEED)
    assert [each.reasons for each in both] == [("not significant: p = 0.040 after Holm",)] * 2
    assert [each.p_value for each in both] == [0.04, 0.04]


def by_year(gains):
    """Losses with this share gained in each year."""
    losses = better()
    factor = np.repeat([1 - gain for gain in gains], SESSIONS)
    return losses | {"bold": losses["anchor"] * factor}


def test_skill_in_fewer_than_three_fifths_of_the_years_is_refused():
    (reason,) = reasons(judged(target(), YEARS * SESSIONS, by_year([0.2] * 5 + [-0.001] * 4)))

    assert reason == "skill above zero in only 56% of the years"


@pytest.mark.parametrize(
    ("label", "worst", "allowed"),
    [
        ("breakout_1", -0.031, False),
        ("breakout_1", -0.029, True),
        ("variance_1", -0.101, False),
        ("variance_1", -0.099, True),
    ],
)
def test_one_bad_year_is_refused(label, worst, allowed):
    """Three percent for probabilities, ten for volatility."""
    found = judged(target(label), YEARS * SESSIONS, by_year([0.2] * 8 + [worst]))
    made = verdict(found)

    assert (made.source is Source.MODEL) == allowed
    limit = "-0.03" if label == "breakout_1" else "-0.10"
    assert made.reasons == (() if allowed else (f"worst year {worst:+.3f}, allowed {limit}",))


def test_a_stub_of_a_year_decides_nothing():
    """Fewer than 60 sessions are no year: their skill is shown, not judged."""
    rows = YEARS * SESSIONS + 59
    losses = better(rows)
    losses["bold"][-59:] = 1.5 * losses["anchor"][-59:]
    made = verdict(judged(target(), rows, losses))

    assert made.source is Source.MODEL
    assert made.skill_by_year[2019] < -0.4


def test_a_target_that_was_never_forecast_is_unavailable():
    found = judged(target(), YEARS * SESSIONS, better())
    silent = target("direction_1")
    made, other = verdicts([silent, found.target], [None, found], SEED)

    assert (made.source, made.served, made.baseline) == (Source.UNAVAILABLE, None, None)
    assert made.reasons == ("not enough data: no forecast could be scored out of sample",)
    assert (made.skill, made.p_value, made.folds) == (None, None, 0)
    assert other == verdict(found)


def test_no_targets_have_no_verdicts():
    assert verdicts([], [], SEED) == []


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("candidate", ["plain", "anchor", "bold"])
def test_a_loss_that_is_not_finite_is_a_broken_record(candidate, bad):
    losses = better()
    losses[candidate][100] = bad

    with pytest.raises(DataError, match=r"breakout_1.*finite"):
        verdict(judged(target(), YEARS * SESSIONS, losses))


@pytest.mark.parametrize("strongest", ["plain", "anchor"])
def test_the_strongest_baseline_is_the_one_with_the_least_mean_loss(strongest):
    losses = better()
    losses[strongest] = losses[strongest] - 0.05
    found = judged(target(), YEARS * SESSIONS, losses)

    assert found.baseline == strongest
    assert verdict(found).baseline == strongest
    means = {each.name: each.loss for each in verdict(found).candidates}
    assert means == {name: pytest.approx(loss.mean()) for name, loss in losses.items()}


def test_the_same_record_gives_the_same_verdict():
    found = judged(target(), YEARS * SESSIONS, better())

    assert verdict(found) == verdict(replace(found))


@pytest.mark.parametrize(
    ("label", "score"),
    [("variance_5", "QLIKE"), ("breakout_1", "Brier"), ("direction_5", "RPS")],
)
def test_the_score_is_named_by_the_number_of_classes(label, score):
    assert score_name(target(label)) == score


def recorded(name, forecast, folds=3, block=4, label="breakout_1"):
    """A walk-forward record of one candidate."""
    rows = folds * block
    days = calendar(rows)
    return pl.DataFrame(
        {
            "symbol": ["^GSPC"] * rows,
            "session": days,
            "target": [label] * rows,
            "fold": [i // block for i in range(rows)],
            "fold_start": [days[i - i % block] for i in range(rows)],
            "known_on": [each + timedelta(days=1) for each in days],
            "outcome": [0.01 * (1 + i % 3) for i in range(rows)],
            "outcome_class": pl.Series([i % 2 for i in range(rows)], dtype=pl.Int64),
            "candidate": [name] * rows,
            "forecast": [list(forecast)] * rows,
        }
    )


def record(bold=(0.4, 0.6), plain=(0.5, 0.5), anchor=(0.3, 0.7), **kinds):
    said = {"plain": plain, "anchor": anchor, "bold": bold}
    return pl.concat(recorded(name, forecast, **kinds) for name, forecast in said.items())


def test_candidates_on_different_sessions_are_a_broken_record():
    holed = record().filter(~((pl.col("candidate") == "anchor") & (pl.col("fold") == 2)))

    with pytest.raises(DataError, match="anchor and bold forecast different sessions"):
        evaluation(target(), holed)


def test_a_target_without_a_record_has_no_evaluation():
    assert evaluation(target("direction_1"), record()) is None


def test_a_single_fold_calibrates_and_scores_nobody():
    assert evaluation(target(), record(folds=1)) is None


def test_the_first_fold_of_classes_is_scored_for_nobody():
    found = evaluation(target(), record())

    assert found.folds == 2
    assert {len(loss) for loss in found.losses.values()} == {8}
    assert found.losses["plain"] == pytest.approx(np.full(8, 0.25))


def test_quantities_are_scored_on_every_fold_as_they_came():
    found = evaluation(target("variance_5"), record((0.02,), (0.01,), (0.03,), label="variance_5"))
    ratio = 0.01 * (1 + np.arange(12) % 3) / 0.02

    assert (found.folds, found.shrinkage) == (3, 1.0)
    assert found.losses["bold"] == pytest.approx(ratio - np.log(ratio) - 1)


def test_forecasts_that_never_change_are_seen():
    assert not evaluation(target(), record()).varies
    moving = record().with_columns(
        forecast=pl.when(pl.col("candidate") == "bold")
        .then(pl.concat_list(0.4 + 0.01 * pl.col("outcome"), 0.6 - 0.01 * pl.col("outcome")))
        .otherwise("forecast")
    )
    assert evaluation(target("variance_5"), moving.with_columns(target=pl.lit("variance_5"))).varies


def test_the_order_of_the_record_does_not_matter():
    found, again = (evaluation(target(), each) for each in (record(), record().reverse()))

    assert all((found.losses[name] == again.losses[name]).all() for name in found.losses)
