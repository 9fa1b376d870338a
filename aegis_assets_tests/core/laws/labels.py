"""What every label keeps."""

import re
from collections.abc import Callable
from itertools import pairwise

import polars as pl

from aegis_assets.core.indicators.indicator import VOLATILITY_INDEX
from aegis_assets.core.labels import Label
from aegis_assets_tests.core import synthetic
from aegis_assets_tests.core.laws.label_study import HOLE, REMOVED, Judged, LabelStudy
from aegis_assets_tests.core.laws.tables import KEYS, assert_same

_SIZABLE = 0.5
_DRIFT = 1e-9


def _rows(table: pl.DataFrame, label: Label) -> pl.DataFrame:
    return table.filter(pl.col("label") == label.name)


def _reads_index(expr: pl.Expr | None) -> bool:
    return expr is not None and VOLATILITY_INDEX in expr.meta.root_names()


def has_one_row_a_session(label: Label, study: LabelStudy) -> None:
    """None is left out and none repeated: shares of classes are as the market made them."""
    for seen in (study.whole, study.gappy):
        rows, expected = _rows(seen.table, label), seen.panel.sort(KEYS)
        assert rows.select(KEYS).equals(expected.select(KEYS)), f"{label.name} has other rows"


def is_null_exactly_for_the_last_horizon_sessions(label: Label, study: LabelStudy) -> None:
    """And where the outcome needs a close of the volatility index that is missing."""
    for seen in (study.whole, study.holed):
        null = pl.col("session") > study.days[-1 - label.horizon]
        if _reads_index(label.outcome):
            null |= pl.col(VOLATILITY_INDEX).is_null()
        index = seen.panel.select(*KEYS, VOLATILITY_INDEX)
        for table, column in ((seen.bare, "outcome"), (seen.table, "known_on")):
            rows = _rows(table, label).join(index, on=KEYS, validate="1:1")
            wrong = rows.filter(pl.col(column).is_null() != null)
            assert wrong.is_empty(), f"{label.name}, {column}: {wrong.head(3)}"


def _counted(label: Label, seen: Judged) -> pl.DataFrame:
    """Whether the outcome counts, by bars of the panel."""
    conditions = [each for each in (label.asked, label.given) if each is not None]
    counts = [each.over("symbol").fill_null(value=False) for each in conditions]
    return seen.panel.sort(KEYS).select(
        *KEYS, counts=pl.all_horizontal(counts) if counts else pl.lit(value=True)
    )


def counts_where_it_is_asked_and_given(label: Label, study: LabelStudy) -> None:
    """Nowhere else, though it is known on the same day; also beside a missing candle or quote."""
    for seen in (study.whole, study.gappy, study.holed):
        rows, bare = _rows(seen.table, label), _rows(seen.bare, label)
        counted = bare.join(_counted(label, seen), on=KEYS, validate="1:1")
        kept = counted.with_columns(outcome=pl.when("counts").then("outcome"))
        assert_same(rows, kept, "outcome")
        assert_same(rows, bare, "known_on")
        share = kept["outcome"].count() / bare["outcome"].count()
        assert (share < 1) == label.is_conditional, f"{label.name} counts on {share:.0%}"


def counts_the_cuts_below_its_outcome(label: Label, study: LabelStudy) -> None:
    """The class is that of the published cuts, null where one is; also beside a missing candle."""
    for seen in (study.whole, study.gappy):
        rows = _rows(seen.table, label).join(seen.known, on=KEYS, validate="1:1")
        for outcome, shown, *edges in rows.select(
            "outcome", "outcome_class", *label.cut_columns
        ).iter_rows():
            known = outcome is not None and edges and None not in edges
            expected = sum(outcome > edge for edge in edges) if known else None
            assert shown == expected, f"{label.name}: class {shown} of {outcome} among {edges}"


def is_known_horizon_sessions_later(label: Label, study: LabelStudy) -> None:
    """Whether or not the outcome counts."""
    place = {day: i for i, day in enumerate(study.sessions.to_list())}
    for seen in (study.whole, study.gappy):
        known = _rows(seen.table, label).filter(pl.col("known_on").is_not_null())
        for day, known_on in known.select("session", "known_on").iter_rows():
            later = place[day] + label.horizon
            assert known_on == study.sessions[later], f"{label.name}: {day} known on {known_on}"


def ignores_bars_beyond_its_horizon(label: Label, study: LabelStudy) -> None:
    for point, table, _ in study.other_futures:
        settled = pl.col("session") <= study.days[point - label.horizon]
        for column in ("outcome", "outcome_class", "known_on"):
            seen, expected = (
                _rows(each, label).filter(settled) for each in (table, study.whole.table)
            )
            assert_same(seen, expected, column)


def ignores_bars_before_its_session(label: Label, study: LabelStudy) -> None:
    """Of what is known at t, an outcome reads the close, and that of the volatility index.

    All else would be told beforehand.
    """
    for point, table in study.other_pasts:
        later = pl.col("session") >= study.days[point]
        seen, expected = (_rows(each, label).filter(later) for each in (table, study.whole.bare))
        assert_same(seen, expected, "outcome", tolerance=_DRIFT)


def _share_moved(label: Label, study: LabelStudy, reach: int) -> float:
    bare = _rows(study.whole.bare, label).select(*KEYS, "outcome")
    moved = [
        rows.select(*KEYS, moved="outcome")
        .join(bare, on=KEYS, validate="1:1")
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
    rows = _rows(study.whole.table, label)
    outcomes, classes = (rows[name].drop_nulls() for name in ("outcome", "outcome_class"))
    assert outcomes.is_finite().all(), f"{label.name} is not finite"
    assert outcomes.n_unique() > 0.5 * len(outcomes), f"{label.name} hardly changes"
    assert len(classes) == 0 or classes.n_unique() >= 2, f"{label.name} has one class only"
    assert bool(label.cuts) == (len(classes) > 0), f"{label.name} is never sorted into a class"


def needs_no_later_bar_to_be_asked(label: Label, study: LabelStudy) -> None:
    """Its cuts and `asked` at t are to the bit those of a panel cut after t, or noised there."""
    known = study.whole.known
    lived = known.join(study.lived.select(KEYS), on=KEYS, how="semi")
    for name in label.known_now:
        assert lived[name].count() > 0, f"{name} is null wherever a panel was cut"
        assert_same(study.lived, lived, name)
        for point, _, other in study.other_futures:
            past = pl.col("session") <= study.days[point]
            assert_same(other.filter(past), known.filter(past), name)


def knows_what_it_asks_from_its_warm_up(label: Label, study: LabelStudy) -> None:
    """After so many bars, of the volatility index too, no cut and no `asked` is null."""
    place = pl.int_range(pl.len()).over("symbol")
    since_start = pl.col(VOLATILITY_INDEX).is_not_null().cum_sum().over("symbol")
    seen = study.whole.panel.sort(KEYS).select(*KEYS, bars=place + 1, quotes=since_start)
    known = study.whole.known.join(seen, on=KEYS, validate="1:1")
    for name, expr in label.known_now.items():
        bars = "quotes" if _reads_index(expr) else "bars"
        settled = known.filter(pl.col(bars) >= label.warmup)
        assert settled[name].null_count() == 0 < settled.height, f"{name} after {label.warmup} bars"


def has_ascending_cuts(label: Label, study: LabelStudy) -> None:
    for lower, upper in pairwise(label.cut_columns):
        wrong = study.whole.known.filter(pl.col(lower) >= pl.col(upper))
        assert wrong.is_empty(), f"{label.name}: {wrong.select(*KEYS, lower, upper).head(3)}"


def is_null_where_its_index_is_missing(label: Label, study: LabelStudy) -> None:
    """What reads the volatility index is null at a hole, not false or a guess; nothing else is."""
    day = pl.col("session") == study.days[HOLE]
    reading = {name for name, known in label.known_now.items() if _reads_index(known)}
    known = study.holed.known.filter(day).select(*label.known_now)
    hidden = {name for name in known.columns if known[name].null_count()}
    assert hidden == reading, f"{label.name}: null at a hole are {hidden}, not {reading}"
    never = study.whole.known.filter(pl.col("session") < study.days[synthetic.INDEX_STARTS])
    for name in reading:
        assert never[name].count() == 0, f"{name} is known before the index starts"
    outcome = _rows(study.holed.bare, label).filter(day)["outcome"]
    needs = bool(hidden) or outcome.null_count() > 0 or _reads_index(label.given)
    assert label.needs_volatility_index == needs, f"{label.name} needs the index: {needs}"


def names_a_class_between_cuts(label: Label, study: LabelStudy) -> None:  # noqa: ARG001 - one signature
    expected = len(label.cuts) + 1 if label.cuts else 0
    assert len(set(label.classes)) == len(label.classes) == expected, f"{label.name}"


def has_ascending_levels_instead_of_cuts(label: Label, study: LabelStudy) -> None:  # noqa: ARG001 - one signature
    """Quantiles are forecast of what has no classes, at levels between 0 and 1."""
    assert not (label.levels and label.cuts), f"{label.name} has both levels and cuts"
    for lower, upper in pairwise((0.0, *label.levels, 1.0)):
        assert lower < upper, f"{label.name}: {label.levels}"


def counts_sessions_not_rows(label: Label, study: LabelStudy) -> None:
    """Without one candle, outcomes that need it are null and all others what they were."""
    days, symbol = study.days, pl.col("symbol") == synthetic.SYMBOLS[0]
    needs_it = symbol & pl.col("session").is_between(
        days[REMOVED - label.horizon], days[REMOVED], closed="left"
    )
    for column, tolerance in (("outcome", _DRIFT), ("known_on", 0.0)):
        seen, whole = (_rows(each.bare, label) for each in (study.gappy, study.whole))
        whole = whole.join(seen.select(KEYS), on=KEYS, how="semi")
        assert seen.filter(needs_it)[column].is_null().all(), f"{label.name} skips a candle"
        assert_same(seen.filter(~needs_it), whole.filter(~needs_it), column, tolerance)


def sees_one_symbol(label: Label, study: LabelStudy) -> None:
    whole = study.whole.table
    first = whole.filter(pl.col("symbol") == synthetic.SYMBOLS[0])
    for column in ("outcome", "outcome_class", "known_on"):
        assert_same(_rows(study.alone, label), _rows(whole, label), column)
        assert_same(_rows(study.other_neighbour, label), _rows(first, label), column)


def is_well_named(label: Label, study: LabelStudy) -> None:
    """The name is its own, in snake case, and ends in the horizon; unit and definition are said."""
    assert [each.name for each in study.labels].count(label.name) == 1, f"two are {label.name}"
    assert re.fullmatch(r"[a-z][a-z0-9_]*_" + str(label.horizon), label.name), label.name
    assert label.unit.strip(), f"{label.name} has no unit"
    assert label.definition.strip(), f"{label.name} has no definition"


LAWS: tuple[Callable[[Label, LabelStudy], None], ...] = (
    has_one_row_a_session,
    is_null_exactly_for_the_last_horizon_sessions,
    counts_where_it_is_asked_and_given,
    counts_the_cuts_below_its_outcome,
    is_known_horizon_sessions_later,
    ignores_bars_beyond_its_horizon,
    ignores_bars_before_its_session,
    follows_the_bars_of_its_window,
    follows_the_last_bar_of_its_window,
    varies,
    needs_no_later_bar_to_be_asked,
    knows_what_it_asks_from_its_warm_up,
    has_ascending_cuts,
    is_null_where_its_index_is_missing,
    names_a_class_between_cuts,
    has_ascending_levels_instead_of_cuts,
    counts_sessions_not_rows,
    sees_one_symbol,
    is_well_named,
)
