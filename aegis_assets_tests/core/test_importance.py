"""Importance of an input: what is used is found, what is not is nothing."""

import numpy as np
import polars as pl
import pytest

from aegis_assets.core.errors import DataError, NotEnoughDataError
from aegis_assets.core.evaluation.importance import permutation_importance

N = 2_000


def persistent(seed, n=N, memory=0.95):
    noise = np.random.default_rng(seed).standard_normal(n)
    path = np.zeros(n)
    for i in range(1, n):
        path[i] = memory * path[i - 1] + np.sqrt(1 - memory**2) * noise[i]
    return path


def table(n=N):
    names = ("strong", "weak", "unused")
    return pl.DataFrame({name: persistent(seed, n) for seed, name in enumerate(names)})


def linear(inputs):
    return (2 * inputs["strong"] + inputs["weak"]).to_numpy()[:, None]


def squared(n=N):
    truth = linear(table(n))[:, 0] + np.random.default_rng(9).standard_normal(n)
    return lambda forecast: (truth - forecast[:, 0]) ** 2


def test_it_is_the_extra_loss_of_a_shifted_column():
    """By theory ``2 b**2 var(x)`` over the variance of the noise: 8 and 2 of 1."""
    found = permutation_importance(linear, table(), squared(), seed=1, repeats=5)

    assert found["strong"] == pytest.approx(8.0, rel=0.35)
    assert found["weak"] == pytest.approx(2.0, rel=0.35)
    assert list(found) == ["strong", "weak", "unused"]


def test_a_column_that_is_not_read_is_worth_nothing():
    assert permutation_importance(linear, table(), squared(), seed=1)["unused"] == 0.0


def test_a_model_that_leans_on_noise_would_gain_without_it():
    """Below zero: what fits noise loses more as it is than with another's noise."""
    noise = squared()

    def wrong(inputs):
        return linear(inputs) - 0.5 * (noise(linear(table())) ** 0.5)[:, None] * inputs["flag"][0]

    inputs = table().with_columns(flag=pl.Series(np.arange(N) == 0).cast(pl.Float64))

    assert permutation_importance(wrong, inputs, noise, seed=1)["flag"] < 0


@pytest.mark.parametrize(("n", "repeats", "least"), [(2_000, 100, 250), (100, 25, 25)])
def test_every_shift_is_far_and_keeps_the_order_of_the_column(n, repeats, least):
    seen = []

    def spying(inputs):
        seen.append(inputs["row"].to_numpy())
        return inputs["row"].to_numpy()[:, None]

    rows = pl.DataFrame({"row": np.arange(n)})
    permutation_importance(spying, rows, lambda each: each[:, 0] ** 2.0, seed=2, repeats=repeats)
    shifts = [int(-each[0] % n) for each in seen]

    assert all(
        np.array_equal(each, np.roll(seen[0], by)) for each, by in zip(seen, shifts, strict=True)
    )
    assert shifts[0] == 0
    assert least <= min(shifts[1:]) < 2 * least
    assert n - 2 * least < max(shifts[1:]) <= n - least
    assert len(set(shifts[1:])) == repeats


def test_a_shuffle_would_exaggerate_what_moves_slowly():
    """Why it shifts: a model of changes is thrown off by a shuffled path, not by a shifted one."""
    rng = np.random.default_rng(3)
    inputs = pl.DataFrame({"slow": persistent(5, memory=0.999)})
    truth = rng.standard_normal(N)

    def changes(frame):
        return np.diff(frame["slow"].to_numpy(), prepend=frame["slow"][0])[:, None]

    def loss(forecast):
        return (truth - forecast[:, 0]) ** 2

    shuffled = inputs.select(pl.Series("slow", rng.permutation(inputs["slow"].to_numpy())))
    exaggerated = loss(changes(shuffled)).mean() / loss(changes(inputs)).mean() - 1

    assert permutation_importance(changes, inputs, loss, seed=3)["slow"] < 0.05
    assert exaggerated > 1


def test_the_same_seed_gives_the_same_and_another_another():
    once, again, other = (
        permutation_importance(linear, table(), squared(), seed) for seed in (1, 1, 2)
    )

    assert once == again
    assert once != other


def test_the_order_of_columns_changes_nothing():
    turned = table().select("unused", "weak", "strong")

    assert permutation_importance(linear, turned, squared(), 1) == permutation_importance(
        linear, table(), squared(), 1
    )


def test_a_loss_may_leave_out_rows_without_a_forecast():
    def late(inputs):
        return np.where(np.arange(N)[:, None] < 60, np.nan, linear(inputs))

    found = permutation_importance(late, table(), lambda each: squared()(each)[60:], seed=1)

    assert found["strong"] > found["weak"] > found["unused"] == 0.0
    with pytest.raises(DataError, match="rows without a forecast"):
        permutation_importance(late, table(), squared(), seed=1)


def test_a_perfect_forecast_has_no_loss_to_compare_with():
    with pytest.raises(DataError, match=r"mean loss is 0\.0"):
        permutation_importance(linear, table(), lambda each: 0 * each[:, 0], seed=1)


@pytest.mark.parametrize(("n", "repeats"), [(11, 3), (100, 0)])
def test_too_few_rows_or_shifts_are_refused(n, repeats):
    with pytest.raises(NotEnoughDataError, match=f"found {n} rows for {repeats} shifts"):
        permutation_importance(linear, table(n), squared(n), seed=1, repeats=repeats)


def test_as_many_rows_as_needed_are_enough():
    assert set(permutation_importance(linear, table(12), squared(12), 1)) == set(table().columns)
