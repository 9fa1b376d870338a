"""What every label keeps."""

import re
from collections.abc import Callable
from itertools import pairwise

import polars as pl

from aegis_assets.core.labels import Label
from aegis_assets_tests.core import synthetic
from aegis_assets_tests.core.laws.label_study import REMOVED, LabelStudy
from aegis_assets_tests.core.laws.tables import KEYS, assert_same

_SIZABLE = 0.5
_DRIFT = 1e-9


def _rows(table: pl.DataFrame, label: Label) -> pl.DataFrame:
    return table.filter(pl.col("label") == label.name)


def is_null_exactly_for_the_last_horizon_sessions(label: Label, study: LabelStudy) -> None:
    rows = _rows(study.whole, label)
    open_ended = pl.col("session") > study.days[-1 - label.horizon]
    for column in ("outcome", "known_on"):
        wrong = rows.filter(pl.col(column).is_null() != open_ended)
        assert wrong.is_empty(), f"{label.name}, {column}: {wrong.head(3)}"


def counts_the_cuts_below_its_outcome(label: Label, study: LabelStudy) -> None:
    """The class is that of the published cuts, null where one is; also beside a missing candle."""
    for table, cuts in (
        (study.whole, study.cuts),
        (study.gappy, study.cuts_of(study.gappy_panel)),
    ):
        rows = _rows(table, label).join(cuts, on=KEYS, validate="1:1")
        for outcome, seen, *edges in rows.select(
            "outcome", "outcome_class", *label.cut_columns
        ).iter_rows():
            known = outcome is not None and edges and None not in edges
            expected = sum(outcome > edge for edge in edges) if known else None
            assert seen == expected, f"{label.name}: class {seen} of {outcome} among {edges}"


def is_known_horizon_sessions_later(label: Label, study: LabelStudy) -> None:
    place = {day: i for i, day in enumerate(study.sessions.to_list())}
    for table in (study.whole, study.gappy):
        known = _rows(table, label).filter(pl.col("outcome").is_not_null())
        for day, known_on in known.select("session", "known_on").iter_rows():
            later = place[day] + label.horizon
            assert known_on == study.sessions[later], f"{label.name}: {day} known on {known_on}"


def ignores_bars_beyond_its_horizon(label: Label, study: LabelStudy) -> None:
    for point, table, _ in study.other_futures:
        settled = pl.col("session") <= study.days[point - label.horizon]
        for column in ("outcome", "outcome_class", "known_on"):
            seen, expected = (_rows(each, label).filter(settled) for each in (table, study.whole))
            assert_same(seen, expected, column)


def ignores_bars_before_its_session(label: Label, study: LabelStudy) -> None:
    """Of what is known at t, an outcome reads the close only: the rest would be told beforehand."""
    for point, table in study.other_pasts:
        later = pl.col("session") >= study.days[point]
        seen, expected = (_rows(each, label).filter(later) for each in (table, study.whole))
        assert_same(seen, expected, "outcome", tolerance=_DRIFT)


def _share_moved(label: Label, study: LabelStudy, reach: int) -> float:
    moved = [
        rows.select(*KEYS, moved="outcome")
        .join(_rows(study.whole, label).select(*KEYS, "outcome"), on=KEYS, validate="1:1")
        .select((pl.col("moved") - pl.col("outcome")).abs() > _DRIFT * pl.col("outcome").abs())
        .to_series()
        for rows in (_rows(each, label) for each in study.other_windows(label.horizon, reach))
    ]
    return float(pl.concat(moved).fill_null(value=False).mean() or 0.0)


def follows_the_bars_of_its_window(label: Label, study: LabelStudy) -> None:
    """Other bars in (t, t+h] give another outcome: it is not a tautology."""
    share = _share_moved(label, study, reach=label.horizon)
    assert share >= _SIZABLE, f"{label.name} follows its window at {share:.0%} of points"


def follows_the_last_bar_of_its_window(label: Label, study: LabelStudy) -> None:
    """Another bar t+h alone gives another outcome: its horizon is not shorter than declared."""
    share = _share_moved(label, study, reach=1)
    assert share >= _SIZABLE, f"{label.name} follows bar t+{label.horizon} at {share:.0%} of points"


def varies(label: Label, study: LabelStudy) -> None:
    rows = _rows(study.whole, label)
    outcomes, classes = (rows[name].drop_nulls() for name in ("outcome", "outcome_class"))
    assert outcomes.is_finite().all(), f"{label.name} is not finite"
    assert outcomes.n_unique() > 0.5 * len(outcomes), f"{label.name} hardly changes"
    assert not label.cuts or classes.n_unique() >= 2, f"{label.name} has one class only"


def has_cuts_that_need_no_later_bar(label: Label, study: LabelStudy) -> None:
    """A cut at t is to the bit the same on a panel cut after t, and under any other future."""
    lived = study.cuts.join(study.live_cuts.select(KEYS), on=KEYS, how="semi")
    for name in label.cut_columns:
        assert_same(study.live_cuts, lived, name)
        for point, _, cuts in study.other_futures:
            past = pl.col("session") <= study.days[point]
            assert_same(cuts.filter(past), study.cuts.filter(past), name)


def has_ascending_cuts(label: Label, study: LabelStudy) -> None:
    for lower, upper in pairwise(label.cut_columns):
        wrong = study.cuts.filter(pl.col(lower) >= pl.col(upper))
        assert wrong.is_empty(), f"{label.name}: {wrong.select(*KEYS, lower, upper).head(3)}"


def has_cuts_only_where_its_index_is(label: Label, study: LabelStudy) -> None:
    """Before the volatility index starts, a cut is null if it is said to need it, else known."""
    day = study.days[synthetic.INDEX_STARTS - 1]
    for cuts in study.cuts.filter(pl.col("session") == day).select(label.cut_columns).rows():
        assert (None in cuts) == label.needs_volatility_index, f"{label.name}: {cuts} on {day}"


def names_a_class_between_cuts(label: Label, study: LabelStudy) -> None:  # noqa: ARG001 - one signature
    expected = len(label.cuts) + 1 if label.cuts else 0
    assert len(set(label.classes)) == len(label.classes) == expected, f"{label.name}"


def counts_sessions_not_rows(label: Label, study: LabelStudy) -> None:
    """Without one candle, outcomes that need it are null and all others what they were."""
    days, symbol = study.days, pl.col("symbol") == synthetic.SYMBOLS[0]
    needs_it = symbol & pl.col("session").is_between(
        days[REMOVED - label.horizon], days[REMOVED], closed="left"
    )
    seen = _rows(study.gappy, label)
    whole = _rows(study.whole, label).join(seen.select(KEYS), on=KEYS, how="semi")
    assert seen.filter(needs_it)["outcome"].is_null().all(), f"{label.name} skips a missing candle"
    assert seen.filter(needs_it)["known_on"].is_null().all(), f"{label.name} is known too early"
    for column, tolerance in (("outcome", _DRIFT), ("known_on", 0.0)):
        assert_same(seen.filter(~needs_it), whole.filter(~needs_it), column, tolerance)


def sees_one_symbol(label: Label, study: LabelStudy) -> None:
    first = study.whole.filter(pl.col("symbol") == synthetic.SYMBOLS[0])
    for column in ("outcome", "outcome_class", "known_on"):
        assert_same(_rows(study.alone, label), _rows(study.whole, label), column)
        assert_same(_rows(study.other_neighbour, label), _rows(first, label), column)


def is_well_named(label: Label, study: LabelStudy) -> None:
    """The name is its own, in snake case, and ends in the horizon; unit and definition are said."""
    assert [each.name for each in study.labels].count(label.name) == 1, f"two are {label.name}"
    assert re.fullmatch(r"[a-z][a-z0-9_]*_" + str(label.horizon), label.name), label.name
    assert label.unit.strip(), f"{label.name} has no unit"
    assert label.definition.strip(), f"{label.name} has no definition"


LAWS: tuple[Callable[[Label, LabelStudy], None], ...] = (
    is_null_exactly_for_the_last_horizon_sessions,
    counts_the_cuts_below_its_outcome,
    is_known_horizon_sessions_later,
    ignores_bars_beyond_its_horizon,
    ignores_bars_before_its_session,
    follows_the_bars_of_its_window,
    follows_the_last_bar_of_its_window,
    varies,
    has_cuts_that_need_no_later_bar,
    has_ascending_cuts,
    has_cuts_only_where_its_index_is,
    names_a_class_between_cuts,
    counts_sessions_not_rows,
    sees_one_symbol,
    is_well_named,
)
