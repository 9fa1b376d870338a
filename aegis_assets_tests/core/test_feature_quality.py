import math
from collections import Counter
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from scipy.stats import chi2, spearmanr

from aegis_assets.core.errors import DataError
from aegis_assets.core.feature_quality import (
    ALIKE,
    ENOUGH,
    bin_counts,
    correlation_clusters,
    drift,
    missing_shares,
    stability_index,
)

YEAR = 252
FIRST = date(2010, 1, 1)


def table(symbol="ALPHA", **features):
    """A feature table of one symbol on consecutive dates."""
    rows = len(next(iter(features.values())))
    return pl.DataFrame(features, schema=dict.fromkeys(features, pl.Float64)).select(
        pl.lit(symbol).alias("symbol"),
        pl.Series("session", [FIRST + timedelta(days=i) for i in range(rows)], dtype=pl.Date),
        pl.all(),
    )


def draws(columns=1, rows=2 * YEAR, seed=7):
    return np.random.default_rng(seed).standard_normal((columns, rows))


def drift_of(values):
    return drift(table(feature=values)).row(0, named=True)


def exceeding(features):
    return drift(features).filter(pl.col("psi") > pl.col("threshold"))["feature"].to_list()


def test_missing_shares_are_those_of_the_rows_of_the_year():
    sessions = [date(2019, 12, 30), date(2019, 12, 31), date(2020, 1, 2), date(2020, 1, 3)]
    features = pl.DataFrame(
        {
            "symbol": ["ALPHA"] * 4,
            "session": sessions,
            "late": [None, None, None, 1.0],
            "early": [1.0, None, 0.0, 0.0],
        }
    )

    assert missing_shares(features).rows() == [
        ("late", 2019, 1.0),
        ("late", 2020, 0.5),
        ("early", 2019, 0.5),
        ("early", 2020, 0.0),
    ]


def test_years_ascend_whatever_the_order_of_the_rows():
    features = table(feature=draws(rows=4_000)[0]).reverse()

    assert missing_shares(features)["year"].to_list() == [*range(2010, 2021)]


def test_a_feature_may_have_any_name():
    features = table(**{name: [1.0, None] for name in ("year", "share", "feature", "psi")})

    assert missing_shares(features)["share"].to_list() == [0.5] * 4
    assert drift(features)["feature"].to_list() == ["year", "share", "feature", "psi"]


def test_a_value_that_is_not_finite_is_missing():
    features = table(feature=[1.0, math.nan, math.inf, None])

    assert missing_shares(features)["share"].to_list() == [0.75]


def test_the_stability_index_is_the_one_by_hand():
    # (2 + 1/2) / 5 = 0.5 twice, then 3.5 / 5 = 0.7 and 1.5 / 5 = 0.3
    by_hand = (0.7 - 0.5) * math.log(0.7 / 0.5) + (0.3 - 0.5) * math.log(0.3 / 0.5)

    assert stability_index(np.array([2, 2]), np.array([3, 1])) == pytest.approx(by_hand)


def test_half_a_value_makes_an_empty_bin_finite():
    # 1.5 / 2 and 0.5 / 2, then the other way round: 2 * 0.5 * ln 3
    assert stability_index(np.array([1, 0]), np.array([0, 1])) == pytest.approx(math.log(3))


def test_the_stability_index_takes_no_side():
    one, other = np.random.default_rng(3).integers(0, 40, (2, 10))

    assert stability_index(one, other) == pytest.approx(stability_index(other, one))
    assert stability_index(one, one) == 0.0


def test_the_stability_index_is_too_low_by_as_much_as_is_said():
    before, after = np.full(10, 25.2), np.linspace(15.2, 35.2, 10)
    p, q = before / before.sum(), after / after.sum()

    ratio = stability_index(before, after) / float(((q - p) * np.log(q / p)).sum())

    assert ratio == pytest.approx(1 - 10 / 252, abs=0.005)


def test_the_tenths_are_those_of_the_reference_year():
    reference, recent = draws(2, YEAR)

    before, after = bin_counts(reference, recent + 10)

    assert sorted(before) == [25] * 8 + [26] * 2
    assert after.tolist() == [0] * 9 + [YEAR]


def naive_index(reference, recent):
    """The same index value by value, with dictionaries for bins."""
    tenths = [float(np.quantile(reference, i / 10)) for i in range(1, 10)]
    few = len({*reference, *recent}) <= 10

    def bin_of(value):
        if few or tenths.count(value) > 1:
            return ("value", value)
        return ("below", sum(edge < value for edge in tenths))

    before, after = (Counter(bin_of(value) for value in each) for each in (reference, recent))
    total = 0.0
    bins = before.keys() | after.keys()
    for each in bins:
        p = (before[each] + 0.5) / (len(reference) + len(bins) / 2)
        q = (after[each] + 0.5) / (len(recent) + len(bins) / 2)
        total += (q - p) * math.log(q / p)
    return total, len(bins)


SHAPES = {
    "normal": lambda x: x,
    "widening": lambda x: x * np.linspace(1, 2, len(x)),
    "often_zero": lambda x: np.maximum(x, 0.0),
    "capped_on_both_sides": lambda x: x.clip(-0.7, 0.7),
    "constant_then_not": lambda x: np.where(np.arange(len(x)) < YEAR, 0.0, x),
    "flag": lambda x: (x > np.linspace(0, 1, len(x))).astype(float),
    "count_of_few": lambda x: np.round(2 * x).clip(-3, 3),
    "count_with_rare_values": lambda x: np.floor(1.2 * np.abs(x)),
    "count_of_many": lambda x: np.round(9 * x),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_drift_is_the_naive_loops(shape):
    values = SHAPES[shape](draws()[0])
    index, bins = naive_index(values[:YEAR].tolist(), values[YEAR:].tolist())

    found = drift_of(values)

    assert found["psi"] == pytest.approx(index)
    assert found["threshold"] == pytest.approx(2 / YEAR * chi2.ppf(0.99, bins - 1))


def test_independent_draws_exceed_the_threshold_once_in_a_hundred():
    columns = {f"feature_{i}": values for i, values in enumerate(draws(300))}

    assert 1 <= len(exceeding(table(**columns))) <= 9


def test_slow_features_exceed_it_without_any_drift():
    shocks = draws(50)
    for t in range(1, shocks.shape[1]):
        shocks[:, t] += 0.98 * shocks[:, t - 1]
    columns = {f"feature_{i}": values for i, values in enumerate(shocks)}

    assert len(exceeding(table(**columns))) > 40


def test_planted_drift_is_found():
    still, moved, wider, flag = draws(4)
    moved[YEAR:] += 1.0
    wider[YEAR:] *= 2.0
    flag = (flag > np.where(np.arange(2 * YEAR) < YEAR, 0.0, 1.0)).astype(float)

    assert exceeding(table(still=still, moved=moved, wider=wider, flag=flag)) == [
        "moved",
        "wider",
        "flag",
    ]


def test_a_value_that_was_never_seen_is_drift():
    flag = np.zeros(2 * YEAR)
    flag[-40:] = 1.0

    assert exceeding(table(flag=flag)) == ["flag"]


def test_a_constant_has_not_drifted():
    found = drift_of(np.ones(2 * YEAR))

    assert (found["psi"], found["threshold"]) == (0.0, 0.0)


def test_rows_before_both_years_do_not_matter():
    values = draws(rows=3 * YEAR)[0]
    values[:YEAR] += 100

    assert drift_of(values) == drift_of(values[YEAR:])


def test_rows_in_any_order_drift_alike():
    features = table(feature=draws()[0])

    assert drift(features.sample(fraction=1, shuffle=True, seed=1)).equals(drift(features))


def test_drift_is_null_with_one_value_too_few():
    values = draws()[0].tolist()
    enough = [None] * (YEAR - ENOUGH) + values[YEAR - ENOUGH :]
    short = [None] * (YEAR - ENOUGH + 1) + values[YEAR - ENOUGH + 1 :]

    assert drift_of(enough)["psi"] > 0
    assert drift_of(short) == {
        "feature": "feature",
        "psi": None,
        "threshold": None,
        "reference_n": ENOUGH - 1,
        "recent_n": YEAR,
    }


def test_symbols_are_pooled_each_with_its_own_years():
    first, second = draws(2, 3 * YEAR)
    pooled = drift(pl.concat([table(feature=first), table("BETA", feature=second[: 2 * YEAR])]))
    joined = [[*first[YEAR : 2 * YEAR], *second[:YEAR]], [*first[-YEAR:], *second[YEAR : 2 * YEAR]]]

    assert pooled["psi"][0] == pytest.approx(naive_index(*joined)[0])
    assert pooled.select("reference_n", "recent_n").row(0) == (2 * YEAR, 2 * YEAR)


def test_a_symbol_without_two_years_counts_on_neither_side():
    listed = table(feature=draws()[0])
    late = table("BETA", feature=draws(rows=2 * YEAR - 1)[0] + 100)

    assert drift(pl.concat([listed, late])).equals(drift(listed))


def test_rank_correlations_are_scipys():
    one, two, three = draws(3, 300)
    columns = {"one": one, "tied": np.round(one + two), "other": three - one}
    columns = {name: [None] * 9 + values[9:].tolist() for name, values in columns.items()}
    columns["one"][50] = None

    found = correlation_clusters(table(**columns), [*columns])

    complete = pl.DataFrame(columns).drop_nulls()
    theirs = spearmanr(complete.select(found.names).to_numpy()).statistic
    assert found.rows == complete.height == 290
    assert found.rho == pytest.approx(theirs)


def planted():
    """Independent columns, and four ways to say `one` again."""
    one, two, three, noise = draws(4, 400)
    return table(
        one=one,
        two=two,
        minus=-one,
        three=three,
        late=[None] * 60 + one[60:].tolist(),
        bent=np.exp(one),
        near=one + 0.1 * noise,
    )


def test_what_says_the_same_is_one_cluster():
    features = planted()

    found = correlation_clusters(features, features.columns[2:])

    assert [set(group) for group in found.alike] == [{"one", "minus", "late", "bent", "near"}]
    assert [set(group) for group in found.duplicates] == [{"one", "late"}]
    assert (found.rows, found.left_out) == (340, {})


def test_neighbours_in_a_cluster_are_side_by_side():
    features = planted()
    found = correlation_clusters(features, features.columns[2:])
    first = found.names.index(found.alike[0][0])

    block = found.rho[first : first + 5, first : first + 5]

    assert found.names[first : first + 5] == found.alike[0]
    assert np.abs(block).mean() >= ALIKE
    assert sorted(found.names) == sorted(features.columns[2:])


def test_a_group_begins_at_the_stated_correlation():
    one, other = draws(2, 400)
    found = [
        correlation_clusters(table(one=one, two=one + noise * other), ["one", "two"])
        for noise in np.linspace(0.1, 0.6, 26)
    ]

    grouped = [bool(each.alike) for each in found]
    assert grouped == [abs(each.rho[0, 1]) >= ALIKE for each in found]
    assert {*grouped} == {True, False}


def test_a_chain_of_likes_is_no_group():
    middle, left, right = draws(3, 2_000)
    ends = {"left": 0.965 * middle + 0.262 * left, "right": 0.965 * middle + 0.262 * right}

    found = correlation_clusters(table(middle=middle, **ends), ["middle", *ends])

    neighbours = np.abs(found.rho[found.names.index("middle")])
    assert neighbours.min() >= ALIKE
    assert [len(group) for group in found.alike] == [2]


def test_zeros_of_either_sign_are_equal_numbers():
    (one,) = draws(rows=200)
    signed = table(one=np.where(one > 0, one, 0.0), two=np.where(one > 0, one, -0.0))

    assert len(correlation_clusters(signed, ["one", "two"]).duplicates) == 1


def test_only_the_columns_asked_for_are_compared():
    found = correlation_clusters(planted(), ["two", "three"])

    assert sorted(found.names) == ["three", "two"]
    assert (found.rows, found.alike) == (400, ())


def test_columns_that_cannot_be_compared_are_left_out_with_their_reason():
    features = planted().with_columns(
        absent=pl.lit(None, pl.Float64),
        flat=pl.lit(3.0),
        broken=pl.lit(math.inf),
        early=pl.when(pl.int_range(pl.len()) < 60).then(1.0).otherwise(2.0),
    )

    found = correlation_clusters(features, features.columns[2:])

    assert found.left_out == {
        "absent": "null everywhere",
        "broken": "null everywhere",
        "flat": "constant",
        "early": "constant",  # where `late` has a value
    }
    assert found.rows == 340


def test_too_few_complete_rows_leave_every_column_out():
    one, two = draws(2, ENOUGH + 1)
    enough = table(one=one, two=[None, *two[1:]])
    short = table(one=one, two=[None, None, *two[2:]])

    found = correlation_clusters(short, ["one", "two"])

    assert correlation_clusters(enough, ["one", "two"]).left_out == {}
    assert found.names == ()
    assert found.left_out == dict.fromkeys(["one", "two"], f"{ENOUGH - 1} complete rows, needs 100")


def test_a_column_that_the_table_lacks_is_refused():
    with pytest.raises(DataError, match="has no four: ask for"):
        correlation_clusters(planted(), ["one", "four"])


NOTHING = {
    "no rows": table(feature=draws()[0]).clear(),
    "one row": table(feature=[1.0]),
    "no features": table(feature=draws()[0]).drop("feature"),
    "all null": table(feature=[None] * 2 * YEAR),
}


@pytest.mark.parametrize("case", NOTHING)
def test_a_table_with_nothing_in_it_has_no_drift_and_no_clusters(case):
    features = NOTHING[case]
    names = features.columns[2:]

    clusters = correlation_clusters(features, names)

    assert drift(features).select("feature", "psi").rows() == [(name, None) for name in names]
    assert clusters.rho.shape == (0, 0)
    assert [*clusters.left_out] == names


@pytest.mark.parametrize(
    ("case", "shares"),
    [("no rows", []), ("one row", [0.0]), ("no features", []), ("all null", [1.0, 1.0])],
)
def test_a_table_with_nothing_in_it_has_shares_of_its_years_only(case, shares):
    found = missing_shares(NOTHING[case])

    assert found["share"].to_list() == shares
    assert found.schema == {"feature": pl.String, "year": pl.Int32, "share": pl.Float64}


def test_one_feature_is_a_cluster_of_nothing_else():
    found = correlation_clusters(table(one=draws()[0]), ["one"])

    assert (found.names, found.rho.tolist(), found.alike) == (("one",), [[1.0]], ())
