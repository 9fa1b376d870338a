"""The laws of labels have teeth: a table made by a broken rule fails the law beside it."""

from dataclasses import replace

import polars as pl
import pytest

from aegis_assets.core.indicators.returns import log_return
from aegis_assets.core.labels import label_table
from aegis_assets_tests.core.laws import labels as laws
from aegis_assets_tests.core.laws.label_study import LabelStudy
from aegis_assets_tests.core.laws.tables import KEYS
from aegis_assets_tests.core.test_laws_catch_broken_labels import BROKEN, CONDITIONAL, SOUND


def on_own_rows(panel, labels, sessions):  # noqa: ARG001 - the mistake is to ignore the sessions
    """The table of someone who counts a symbol's rows."""
    parts = panel.partition_by("symbol", maintain_order=True)
    return pl.concat(label_table(part, labels, part["session"]) for part in parts)


def on_week_days(panel, labels, sessions):
    """The table of someone who counts days of the week instead of sessions."""
    horizon = labels[0].horizon
    return label_table(panel, labels, sessions).with_columns(
        known_on=pl.when(pl.col("known_on").is_not_null()).then(
            pl.col("session").dt.add_business_days(horizon)
        )
    )


def against_the_other(panel, labels, sessions):
    """The table of someone who compares the symbols of a session."""
    table = label_table(panel, labels, sessions)
    return table.with_columns(pl.col("outcome") - pl.col("outcome").mean().over("session", "label"))


def counted_from_above(panel, labels, sessions):
    """The table of someone who counts the cuts above instead of below."""
    cuts = len(labels[0].cuts)
    return label_table(panel, labels, sessions).with_columns(
        outcome_class=cuts - pl.col("outcome_class")
    )


def cut_on_the_calendar(panel, labels, sessions):
    """The table of someone whose thresholds count a missing candle as a bar."""
    days = pl.DataFrame({"session": sessions}).filter(pl.col("session") <= panel["session"].max())
    grid = panel.select("symbol").unique().join(days, how="cross")
    padded = grid.join(panel, on=KEYS, how="left")
    return label_table(padded, labels, sessions).join(panel.select(KEYS), on=KEYS, how="semi")


def asked_always(panel, labels, sessions):
    """The table of someone who overlooks the conditions."""
    bare = [replace(each, asked=None, given=None) for each in labels]
    return label_table(panel, bare, sessions)


def known_where_it_counts(panel, labels, sessions):
    """The table of someone who knows nothing on the day on which nothing came of it."""
    counts = pl.col("outcome").is_not_null()
    return label_table(panel, labels, sessions).with_columns(pl.when(counts).then("known_on"))


def without_what_does_not_count(panel, labels, sessions):
    """The table of someone who leaves out sessions on which the question is not put."""
    return label_table(panel, labels, sessions).filter(pl.col("outcome").is_not_null())


def rare_class_repeated(panel, labels, sessions):
    """The table of someone who wants as many of one class as of the other."""
    table = label_table(panel, labels, sessions)
    rare = table["outcome_class"].drop_nulls().value_counts().sort("count")["outcome_class"][0]
    return pl.concat([table, table.filter(pl.col("outcome_class") == rare)]).sort(KEYS)


def common_class_thinned(panel, labels, sessions):
    """The table of someone who forgets every second outcome of the commonest class."""
    table = label_table(panel, labels, sessions)
    common = table["outcome_class"].drop_nulls().mode()[0]
    place = pl.int_range(pl.len()).over("outcome_class")
    forgotten = (pl.col("outcome_class") == common) & (place % 2 == 1)
    return table.with_columns(
        pl.when(~forgotten.fill_null(value=False)).then(name).alias(name)
        for name in ("outcome", "outcome_class", "known_on")
    )


NO_CRASH_TODAY = replace(CONDITIONAL, asked=None, given=log_return(1) > -1.0)

BROKEN_TABLES = [
    (on_own_rows, SOUND, "counts_sessions_not_rows"),
    (on_own_rows, SOUND, "is_known_horizon_sessions_later"),
    (on_week_days, SOUND, "is_known_horizon_sessions_later"),
    (on_week_days, CONDITIONAL, "is_known_horizon_sessions_later"),
    (against_the_other, SOUND, "sees_one_symbol"),
    (cut_on_the_calendar, SOUND, "counts_the_cuts_below_its_outcome"),
    (cut_on_the_calendar, NO_CRASH_TODAY, "counts_where_it_is_asked_and_given"),
    (counted_from_above, SOUND, "counts_the_cuts_below_its_outcome"),
    (asked_always, CONDITIONAL, "counts_where_it_is_asked_and_given"),
    (known_where_it_counts, CONDITIONAL, "is_null_exactly_for_the_last_horizon_sessions"),
    (without_what_does_not_count, CONDITIONAL, "has_one_row_a_session"),
    (rare_class_repeated, SOUND, "has_one_row_a_session"),
    (common_class_thinned, SOUND, "is_null_exactly_for_the_last_horizon_sessions"),
]


@pytest.mark.parametrize(("table", "broken", "law"), BROKEN_TABLES)
def test_a_broken_table_of_labels_fails_its_law(table, broken, law):
    with pytest.raises(AssertionError):
        getattr(laws, law)(broken, LabelStudy([broken], table))


def test_every_law_is_broken_by_some_spec():
    broken = {law for _, law in BROKEN.values()} | {law for _, _, law in BROKEN_TABLES}

    assert broken == {law.__name__ for law in laws.LAWS}
