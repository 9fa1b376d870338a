"""GARCH against arch, a naive loop, and parameters planted in simulated returns."""

import json
from dataclasses import asdict, dataclass, replace
from functools import cached_property, lru_cache

import numpy as np
import polars as pl
import pytest
from threadpoolctl import threadpool_limits

from aegis_assets.core.errors import ArtifactError, TrainingError
from aegis_assets.core.estimators import Outcome
from aegis_assets.core.estimators.garch import Garch, GarchModel, GjrGarch, Recursion
from aegis_assets_tests.core.estimator_cases import SEED, Case
from aegis_assets_tests.core.estimator_laws import LAWS

COLUMN = "log_return_1"
PLAIN = Recursion(mu=4e-4, omega=2e-6, alpha=0.09, gamma=0.0, beta=0.89, start=1e-4)
SKEWED = Recursion(mu=3e-4, omega=2e-6, alpha=0.03, gamma=0.12, beta=0.89, start=1e-4)
EVERY = [Garch(), GjrGarch()]
TRUTH = {"garch": PLAIN, "gjr_garch": SKEWED}
every = pytest.mark.parametrize("estimator", EVERY, ids=lambda each: each.name)
planted = pytest.mark.parametrize("truth", [PLAIN, SKEWED], ids=["plain", "skewed"])


@lru_cache(maxsize=8)
def simulated(truth, rows, seed, degrees=6.0):
    """Returns that obey the recursion; Student's t where it is asymmetric, else normal."""
    rng = np.random.default_rng(seed)
    heavy = rng.standard_t(degrees, rows) * np.sqrt((degrees - 2) / degrees)
    shocks = heavy if truth.gamma else rng.standard_normal(rows)
    variance, returns = truth.start, []
    for shock in shocks:
        error = np.sqrt(variance) * shock
        returns.append(truth.mu + error)
        push = (truth.alpha + truth.gamma * (error < 0)) * error**2
        variance = truth.omega + push + truth.beta * variance
    return np.array(returns)


def table(returns):
    return pl.DataFrame({COLUMN: returns})


def quantity(values, horizon=1):
    return Outcome(values, np.zeros(len(values), dtype=np.int64), 0, horizon=horizon)


@lru_cache(maxsize=8)
def trained(estimator, horizon=5, rows=1_500):
    """A model of simulated returns, whose outcomes are half their forward squares."""
    returns = simulated(TRUTH[estimator.name], rows + horizon, seed=3)
    ahead = np.lib.stride_tricks.sliding_window_view(returns[1:] ** 2, horizon).sum(axis=1)
    outcome = quantity(0.5 * ahead[:rows], horizon)
    return estimator.fit(table(returns[:rows]), outcome, seed=0)


def naive(truth, returns, context):
    """One row at a time, one step at a time."""
    found = []
    for row in range(len(returns)):
        variance = truth.start
        for each in returns[max(row - context, 0) : row + 1]:
            error = each - truth.mu
            push = (truth.alpha + (truth.gamma if error < 0 else 0.0)) * error * error
            variance = truth.omega + push + truth.beta * variance
        found.append(variance)
    return found


def arch_result(truth, returns):
    from arch.univariate import GARCH, ConstantMean  # noqa: PLC0415 - 1.4 s

    model = ConstantMean(100 * returns, volatility=GARCH(p=1, o=1, q=1), rescale=False)
    return model.fix([100 * truth.mu, 1e4 * truth.omega, truth.alpha, truth.gamma, truth.beta])


@dataclass(frozen=True, eq=False)
class Returns(Case):
    """Rows that have volatility to learn."""

    @cached_property
    def inputs(self):
        return table(simulated(TRUTH[self.estimator.name], self.rows, self.seed))

    def other(self, seed):
        return Returns(self.estimator, self.asked, seed)


@every
@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
def test_garch_keeps_every_law(law, estimator):
    law(Returns(estimator))


@pytest.mark.parametrize(
    ("estimator", "tolerance"), [(Garch(), 0.015), (GjrGarch(), 0.025)], ids=["garch", "gjr"]
)
def test_planted_parameters_are_recovered(estimator, tolerance):
    truth = TRUTH[estimator.name]
    returns = simulated(truth, 12_000, seed=21)
    found = estimator.fit(table(returns), quantity(returns**2), seed=0).recursion

    assert found.alpha == pytest.approx(truth.alpha, abs=tolerance)
    assert found.gamma == pytest.approx(truth.gamma, abs=tolerance)
    assert found.beta == pytest.approx(truth.beta, abs=tolerance)
    assert found.omega == pytest.approx(truth.omega, rel=0.3)
    assert found.mu == pytest.approx(truth.mu, abs=3e-4)
    assert found.start == pytest.approx(returns.var(), rel=0.01)


def test_gjr_finds_that_falls_weigh_more_and_garch_cannot():
    calm = np.zeros(300)
    fall, rise = np.append(calm, -0.04), np.append(calm, 0.04)
    after = {
        each.name: [trained(each).forecast(table(path))[-1, 0] for path in (fall, rise)]
        for each in EVERY
    }

    assert after["gjr_garch"][0] > 1.5 * after["gjr_garch"][1]
    assert after["garch"][0] == pytest.approx(after["garch"][1], rel=0.1)


@planted
@pytest.mark.parametrize("context", [0, 7, 60])
def test_each_row_runs_its_own_recursion(truth, context):
    returns = simulated(truth, 90, seed=5)

    seen = truth.next_variance(returns, context)

    assert seen == pytest.approx(naive(truth, returns, context), rel=1e-13)


@planted
def test_the_variance_of_the_next_session_is_that_of_arch(truth):
    returns = simulated(truth, 2_000, seed=6)
    theirs = (arch_result(truth, returns).conditional_volatility / 100) ** 2

    ours = truth.next_variance(returns, context=500)

    assert ours[500:-1] == pytest.approx(theirs[501:], rel=1e-9)


@planted
@pytest.mark.parametrize("horizon", [1, 2, 5, 40])
def test_the_variance_to_a_horizon_is_the_analytic_forecast_of_arch(truth, horizon):
    returns = simulated(truth, 900, seed=7)
    theirs = arch_result(truth, returns).forecast(horizon=horizon, start=600).variance / 1e4

    ours = truth.to_horizon(truth.next_variance(returns, context=500), horizon)

    assert ours[600:] == pytest.approx(theirs.to_numpy().sum(axis=1), rel=1e-9)


def test_a_deviation_that_never_fades_is_carried_to_the_horizon():
    endless = replace(PLAIN, alpha=0.1, beta=0.9)

    assert endless.persistence == 1.0
    assert endless.to_horizon(np.array([1e-4]), 10) == pytest.approx(1e-3 + 45 * endless.omega)


@every
def test_what_stands_before_the_context_changes_no_bit(estimator):
    model = trained(estimator)
    returns = simulated(TRUTH[estimator.name], 2_001, seed=8)
    long, short = (model.forecast(table(each)) for each in (returns, returns[-501:]))

    assert long[-1].tobytes() == short[-1].tobytes()


@every
def test_the_context_is_long_enough_to_forget_the_start(estimator):
    """With realistic parameters; a tenth of it is not."""
    truth = TRUTH[estimator.name]
    returns = simulated(truth, 2_001, seed=8)
    whole, context, tenth = (truth.next_variance(returns, each)[-1] for each in (2_000, 500, 50))

    assert context == pytest.approx(whole, rel=1e-9)
    assert tenth != pytest.approx(whole, rel=1e-4)


@every
def test_threads_change_no_bit(estimator):
    returns = simulated(TRUTH[estimator.name], 1_000, seed=11)
    models = []
    for threads in (1, 2, 4):
        with threadpool_limits(limits=threads):
            models.append(estimator.fit(table(returns), quantity(returns**2), seed=0).dump())

    assert models[0] == models[1] == models[2]


class Peeking(Recursion):
    """Starts at the variance of all that it is given, the future too."""

    def next_variance(self, returns, context):
        started = replace(PLAIN, start=float(np.var(returns)))
        return started.next_variance(returns, context)


def looks_back_only(model, returns):
    """Later returns change no bit of earlier forecasts."""
    whole = model.forecast(table(returns))
    wild = np.append(returns[:700], 0.3 * np.random.default_rng(1).standard_normal(200))

    assert model.forecast(table(returns[:700])).tobytes() == whole[:700].tobytes()
    assert model.forecast(table(wild))[:700].tobytes() == whole[:700].tobytes()
    assert (model.forecast(table(wild))[700:] != whole[700:]).all()


@every
def test_forecasts_look_back_only(estimator):
    looks_back_only(trained(estimator), simulated(TRUTH[estimator.name], 900, seed=9))


def test_a_recursion_that_peeks_is_caught():
    peeking = replace(trained(Garch()), recursion=Peeking(**asdict(PLAIN)))

    with pytest.raises(AssertionError):
        looks_back_only(peeking, simulated(PLAIN, 900, seed=9))


@every
@pytest.mark.parametrize("horizon", [1, 5, 20])
def test_forecasts_have_the_level_of_the_outcomes(estimator, horizon):
    model = trained(estimator, horizon)
    returns = simulated(TRUTH[estimator.name], 1_500 + horizon, seed=3)
    ahead = np.lib.stride_tricks.sliding_window_view(returns[1:] ** 2, horizon).sum(axis=1)

    assert model.horizon == horizon
    assert model.forecast(table(returns[:1_500])).mean() == pytest.approx(
        0.5 * ahead[:1_500].mean()
    )
    assert 0.35 < model.scale < 0.65


@every
def test_the_far_future_is_nearer_the_mean_than_the_next_session(estimator):
    rows = table(simulated(TRUTH[estimator.name], 800, seed=10))
    spread = [
        np.log(trained(estimator, horizon).forecast(rows)[:, 0]).std() for horizon in (1, 5, 20)
    ]

    assert spread[0] > spread[1] > spread[2]


def silent(model):
    asked = table(simulated(PLAIN, 30, seed=2))
    revived = Garch().load(model.dump())
    assert revived.dump() == model.dump()
    return all(
        each.forecast(asked).shape == (30, 1) and np.isnan(each.forecast(asked)).all()
        for each in (model, revived)
    )


@pytest.mark.parametrize(
    ("returns", "fault"),
    [
        (np.full(400, 0.01), "never move"),
        (simulated(PLAIN, 249, seed=1), "needs 250"),
        (1e-9 * simulated(PLAIN, 400, seed=1), "status 4"),
    ],
    ids=["still", "short", "flat"],
)
def test_returns_without_an_optimum_make_a_model_that_says_why_and_nothing_else(returns, fault):
    model = Garch().fit(table(returns), quantity(np.full(len(returns), 1e-4)), seed=0)
    stored = json.loads(model.dump())

    assert not stored["converged"]
    assert fault in stored["fault"]
    assert stored["scale"] is None
    assert silent(model)


@pytest.mark.parametrize(
    ("parameters", "status"),
    [([0.1, 0.1, 0.8], 9), ([np.nan, 0.1, 0.8], 0), ([0.1, np.inf, 0.8], 0)],
)
def test_a_search_that_fails_is_no_fit(monkeypatch, parameters, status):
    monkeypatch.setattr(Garch, "_most_likely", lambda *_: (np.array(parameters), status))
    returns = simulated(PLAIN, 400, seed=1)
    model = Garch().fit(table(returns), quantity(returns**2), seed=0)

    assert f"status {status}" in model.fault
    assert silent(model)


def test_a_model_says_that_it_converged():
    assert json.loads(trained(Garch()).dump())["converged"]
    assert trained(Garch()).fault == ""


def test_the_two_do_not_load_each_other():
    for estimator, other in (EVERY, EVERY[::-1]):
        with pytest.raises(ArtifactError, match=estimator.name):
            other.load(trained(estimator).dump())


def test_outcomes_that_have_no_mean_stop_the_training():
    returns = simulated(PLAIN, 400, seed=1)

    with np.errstate(over="ignore"), pytest.raises(TrainingError, match="mean outcome"):
        Garch().fit(table(returns), quantity(np.full(400, 1e308)), seed=SEED)


def test_a_silent_model_needs_no_recursion():
    assert silent(GarchModel("garch", horizon=1, context=500, recursion=None, fault="none"))
