"""Drift is found where it was planted, and stationary features that persist are let alone."""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from aegis_assets.core.drift import LIMIT, WINDOW, feature_drift
from aegis_assets.core.feature_quality import BINS, stability_index

YEARS = 12
ROWS = YEARS * WINDOW
FIRST = date(2010, 1, 1)


def persistent(columns=12, rows=ROWS, memory=0.97, seed=3):
    """Stationary autoregressions that share half of their noise; unit variance."""
    draw = np.random.default_rng(seed).standard_normal
    noise = np.sqrt(0.5) * (draw((rows + 500, 1)) + draw((rows + 500, columns)))
    values = np.zeros_like(noise)
    for t in range(1, len(noise)):
        values[t] = memory * values[t - 1] + np.sqrt(1 - memory**2) * noise[t]
    return values[500:]


def table(values, **others):
    columns = {f"feature_{i}": values[:, i] for i in range(values.shape[1])} | others
    days = [FIRST + timedelta(days=i) for i in range(len(values))]
    return pl.DataFrame(columns).select(
        pl.lit("INDEX").alias("symbol"), pl.Series("session", days), pl.all()
    )


def moved(features):
    return set(feature_drift("any", features).findings.filter("moved")["feature"])


def test_stationary_features_that_persist_are_let_alone_though_their_index_is_above_the_limit():
    seeds = range(8)
    found = [feature_drift("any", table(persistent(seed=seed))) for seed in seeds]
    above = np.mean([(each.findings["psi"] > LIMIT).mean() for each in found])

    assert sum(bool(each.reasons) for each in found) <= 1
    assert above > 0.5


@pytest.mark.parametrize("memory", [0.0, 0.9, 0.97])
def test_a_feature_that_jumped_a_year_ago_has_moved_and_no_other(memory):
    values = persistent(memory=memory)
    values[-WINDOW:, 4] += 6.0

    assert moved(table(values)) == {"feature_4"}


def test_a_level_that_came_before_is_no_drift():
    values = persistent(memory=0.9)
    values[-WINDOW:] += 6.0
    values[4 * WINDOW : 5 * WINDOW] += 6.0

    assert not moved(table(values))


def test_the_reason_names_the_feature_its_index_and_the_largest_of_its_past():
    values = persistent(memory=0.9)
    values[-WINDOW:, 4] += 6.0
    found = feature_drift("buyer", table(values))
    first = found.findings.row(0, named=True)

    assert found.engine == "buyer"
    assert first["factor"] == pytest.approx(first["psi"] / first["earlier"])
    [reason] = found.reasons
    assert reason.startswith(f"feature_4: stability index {first['psi']:.2f} ")
    assert reason.endswith(f" in no earlier year above {first['earlier']:.2f}")


def test_the_index_is_that_of_counts_in_tenths_of_all_ranks():
    values = persistent(columns=1, memory=0.9)
    edges = np.quantile(values[:, 0], np.arange(1, BINS) / BINS, method="hazen")
    tenths = np.searchsorted(edges, values[:, 0])
    counts = [np.bincount(part, minlength=BINS) for part in (tenths[:-WINDOW], tenths[-WINDOW:])]

    found = feature_drift("any", table(values)).findings["psi"].item()
    assert found == pytest.approx(stability_index(*counts))


def test_rows_in_another_order_say_the_same():
    features = table(persistent())

    one, other = (feature_drift("any", each).findings for each in (features, features.reverse()))
    assert one.equals(other)


def test_a_flag_that_is_now_always_up_has_moved():
    flag = np.random.default_rng(1).integers(0, 2, ROWS).astype(float)
    flag[-WINDOW:] = 1.0

    assert moved(table(persistent(), flag=flag)) == {"flag"}


def test_a_constant_has_not_moved():
    still = table(persistent(), still=np.ones(ROWS))

    assert feature_drift("any", still).findings.filter(feature="still")["psi"].item() == 0
    assert not moved(still)


@pytest.mark.parametrize("missing", [None, float("nan"), float("inf")])
def test_a_value_that_is_no_number_is_in_no_bin(missing):
    values = persistent(columns=1)
    part = np.arange(ROWS) % 3 == 0
    gappy = pl.Series(values[:, 0]).set(pl.Series(part), missing)
    shorter = table(values[~part])

    found = feature_drift("any", table(values).with_columns(feature_0=gappy)).findings
    assert found["psi"].is_finite().all()
    assert found["psi"].item() != feature_drift("any", shorter).findings["psi"].item()


def test_what_cannot_be_told_says_why():
    values = persistent()
    late, gone = values[:, 0].copy(), values[:, 1].copy()
    late[: 6 * WINDOW] = np.nan
    gone[-WINDOW + 50 :] = np.nan
    found = feature_drift("any", table(values, late=late, gone=gone)).findings
    reasons = dict(found.select("feature", "reason").iter_rows())

    assert reasons["late"] == "fewer than 8 earlier years"
    assert reasons["gone"] == "fewer than 100 values in the newest window"
    assert found.filter(pl.col("reason").is_null())["factor"].null_count() == 0


@pytest.mark.parametrize("rows", [0, 100, WINDOW, 3 * WINDOW])
def test_of_a_short_history_nothing_is_told(rows):
    found = feature_drift("any", table(persistent()).head(rows))

    assert not found.reasons
    assert found.findings["reason"].null_count() == 0
    assert found.findings.height == 12
