r"""What a feature table looks like: its gaps, how it moved within a year, what repeats what.

Goes in: one row per symbol and session, then features.  Comes out: tables for people.  All of it
is descriptive: it reads the whole table, hindsight included, so nothing here may feed a model,
choose a feature or stop a run.

A value that is NaN or infinite counts as missing.  Several symbols are pooled: features are free
of scale, and one table is one picture.

References
----------
Siddiqi (2006), "Credit Risk Scorecards", Wiley: the index, and the customary 0.1 and 0.25.
Yurdakul (2018), "Statistical Properties of Population Stability Index", Western Michigan
University: its distribution where nothing drifts.  Spearman (1904), "The Proof and Measurement of
Association between Two Things", American Journal of Psychology 15(1).  Sokal and Michener (1958),
"A Statistical Method for Evaluating Systematic Relationships", University of Kansas Science
Bulletin 38: average linkage.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from aegis_assets.core.errors import DataError

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

BINS = 10
ENOUGH = 100  # values of a sample: ten to expect in each bin, 0.1 of standard error in rho
SIGNIFICANCE = 0.01
ALIKE = 0.95

_KEYS = ("symbol", "session")
_MISSING = {"feature": pl.String, "year": pl.Int32, "share": pl.Float64}
_DRIFT = {
    "feature": pl.String,
    "psi": pl.Float64,
    "threshold": pl.Float64,
    "reference_n": pl.Int64,
    "recent_n": pl.Int64,
}


@dataclass(frozen=True, eq=False)
class Clusters:
    """Rank correlations `rho` (k, k) of `names` (k), neighbours side by side.

    `alike` are the groups of two and more whose ``|rho|`` is `ALIKE` on average, in the order of
    `names`; `duplicates` those that hold the same number on each of the `rows` compared.
    `left_out` says of every other column asked for why it has no correlation.
    """

    names: tuple[str, ...]
    rho: FloatArray
    alike: tuple[tuple[str, ...], ...]
    duplicates: tuple[tuple[str, ...], ...]
    left_out: dict[str, str]
    rows: int


def missing_shares(features: pl.DataFrame) -> pl.DataFrame:
    """Share of rows without a value, one row per feature and calendar year.

    Features in the order of the table, years ascending.  Descriptive only.
    """
    names = _feature_names(features)
    year = pl.col("session").dt.year()
    by_year = features.group_by(year).agg(_known(names).is_null().mean()).sort("session")
    shares = [(name, *row) for name in names for row in by_year.select("session", name).iter_rows()]
    return pl.DataFrame(shares, schema=_MISSING, orient="row")


def drift(features: pl.DataFrame, window: int = 252) -> pl.DataFrame:
    r"""How far the newest `window` rows of each symbol moved from the `window` rows before them.

    `psi` is the population stability index over bins of the reference year, see `stability_index`
    and `bin_counts`; missing values are no bin of it.  `threshold` is what it exceeds in one case
    of a hundred where both years are independent draws of one distribution,

    .. math:: (1/N + 1/M) \, \chi^2_{B-1}(0.99)

    with N and M values and B bins: 0 with a single bin.  **Features that move slowly exceed it
    without any drift**, for their values are far from independent, and so do several symbols that
    move together: it says what would be rare by chance at best, not what is broken.

    A symbol without `window` rows on both sides counts on neither, or its listing would look like
    drift.  Both numbers are null with fewer than `ENOUGH` values on a side; `reference_n` and
    `recent_n` are always known.  Features in the order of the table.  Descriptive only.
    """
    names = _feature_names(features)
    ordered = features.sort(*_KEYS)
    age = pl.int_range(pl.len()).reverse().over("symbol")
    newest = ordered.select(
        recent=age < window, read=(age < 2 * window) & (pl.len().over("symbol") >= 2 * window)
    )
    recent = ordered.filter(newest["read"] & newest["recent"]).select(_known(names))
    reference = ordered.filter(newest["read"] & ~newest["recent"]).select(_known(names))
    measured = [(name, *_moved(_values(reference, name), _values(recent, name))) for name in names]
    return pl.DataFrame(measured, schema=_DRIFT, orient="row")


def _moved(
    reference: FloatArray, recent: FloatArray
) -> tuple[float | None, float | None, int, int]:
    n, m = len(reference), len(recent)
    if min(n, m) < ENOUGH:
        return None, None, n, m
    before, after = bin_counts(reference, recent)
    return stability_index(before, after), _threshold(len(before), n, m), n, m


def bin_counts(reference: FloatArray, recent: FloatArray) -> tuple[IntArray, IntArray]:
    """Values in each bin (b,) of the two samples, without bins that are empty in both.

    Up to `BINS` different values in both together: one bin each, so flags and counts are compared
    by their values.  Otherwise the bins end at the tenths of `reference`, each with its upper
    edge; a value on which several tenths fall has a bin of its own.
    """
    values = np.unique(np.concatenate([reference, recent]))
    if len(values) <= BINS:
        edges, heavy = values, values[:0]
    else:
        tenths = np.quantile(reference, np.arange(1, BINS) / BINS)
        edges, times = np.unique(tenths, return_counts=True)
        heavy = edges[times > 1]
    before, after = (
        np.bincount(
            np.searchsorted(edges, sample, "left") + np.searchsorted(heavy, sample, "right"),
            minlength=2 * BINS,
        )
        for sample in (reference, recent)
    )
    seen = before + after > 0
    return before[seen], after[seen]


def stability_index(reference: IntArray, recent: IntArray) -> float:
    r"""Population stability index of two samples counted (b,) in the same bins; 0 if equal.

    .. math:: \sum_b (q_b - p_b) \ln (q_b / p_b), \quad p_b = (n_b + 1/2) / (N + B/2)

    Half a value is added to every bin of both samples, so that an empty one is finite.  That
    draws the shares together: the index is too low, by about ``B / N`` of itself where bins are
    filled (4 % with ten bins and 252 values), and by more where one side of a bin is empty, which
    without it were infinite.
    """
    p, q = ((counts + 0.5) / (counts.sum() + 0.5 * len(counts)) for counts in (reference, recent))
    return float(((q - p) * np.log(q / p)).sum())


def _threshold(bins: int, reference: int, recent: int) -> float:
    """What the index exceeds with probability `SIGNIFICANCE` under no drift."""
    from scipy.special import chdtri  # noqa: PLC0415 - 0.1 s, where drift is measured only

    if bins == 1:
        return 0.0
    return float((1 / reference + 1 / recent) * chdtri(bins - 1, SIGNIFICANCE))


def correlation_clusters(features: pl.DataFrame, names: Sequence[str]) -> Clusters:
    """Which of the columns `names` say the same: rank correlations, clustered.

    Spearman's rho on the rows where every column has a value, except columns that never have one.
    Average linkage on ``1 - |rho|``.  `left_out` are columns that are null everywhere or constant
    on those rows, and all of them where fewer than `ENOUGH` rows are complete: `rows` tells how
    many, and the column that starts last decides it.  Descriptive only.
    """
    unknown = sorted(set(names) - set(features.columns))
    if unknown:
        msg = f"the feature table has no {', '.join(unknown)}: ask for columns that it has"
        raise DataError(msg)
    known = features.select(_known(names))
    filled = [name for name in names if known[name].null_count() < known.height]
    complete = known.select(filled).drop_nulls()
    short = complete.height < ENOUGH
    reasons = {name: "null everywhere" for name in names if name not in filled}
    for name in filled:
        if short:
            reasons[name] = f"{complete.height} complete rows, needs {ENOUGH}"
        elif complete[name].n_unique() == 1:
            reasons[name] = "constant"
    compared = complete.select(name for name in filled if name not in reasons)
    return _clustered(compared, reasons, complete.height)


def _clustered(compared: pl.DataFrame, left_out: dict[str, str], rows: int) -> Clusters:
    rho = _rank_correlations(compared)
    order, cluster = _linkage(1 - np.abs(rho))
    names = tuple(compared.columns[i] for i in order)
    return Clusters(
        names=names,
        rho=rho[np.ix_(order, order)],
        alike=_groups((int(cluster[i]), compared.columns[i]) for i in order),
        duplicates=_groups(((_values(compared, name) + 0.0).tobytes(), name) for name in names),
        left_out=left_out,
        rows=rows,
    )


def _rank_correlations(compared: pl.DataFrame) -> FloatArray:
    """Spearman's rho (k, k); ties share their mean rank."""
    if not compared.width:
        return np.empty((0, 0))
    ranks = compared.select(pl.all().rank("average")).to_numpy()
    rho: FloatArray = np.corrcoef(ranks, rowvar=False).reshape(compared.width, -1)
    return rho.clip(-1.0, 1.0)


def _linkage(distance: FloatArray) -> tuple[IntArray, IntArray]:
    """Order of display (k,) and flat cluster of each column (k,)."""
    k = len(distance)
    if k < 2:  # noqa: PLR2004 - nothing to link
        return np.arange(k), np.arange(k)
    from scipy.cluster.hierarchy import fcluster, leaves_list, linkage  # noqa: PLC0415 - 0.3 s

    tree = linkage(distance[np.triu_indices(k, 1)], "average", optimal_ordering=True)
    return leaves_list(tree), fcluster(tree, 1 - ALIKE, "distance")


def _groups(keyed: Iterable[tuple[object, str]]) -> tuple[tuple[str, ...], ...]:
    """Names that share their key, where more than one does."""
    found: dict[object, list[str]] = {}
    for key, name in keyed:
        found.setdefault(key, []).append(name)
    return tuple(tuple(group) for group in found.values() if len(group) > 1)


def _feature_names(features: pl.DataFrame) -> list[str]:
    return [name for name in features.columns if name not in _KEYS]


def _known(names: Sequence[str]) -> pl.Expr:
    """The columns as numbers, null where there is none."""
    numbers = pl.col(names).cast(pl.Float64)
    return pl.when(numbers.is_finite()).then(numbers)


def _values(table: pl.DataFrame, name: str) -> FloatArray:
    return table[name].drop_nulls().to_numpy()
