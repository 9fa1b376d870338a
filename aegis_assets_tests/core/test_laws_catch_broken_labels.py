"""The laws of labels have teeth: a spec broken on purpose fails the law beside it."""

import polars as pl
import pytest

from aegis_assets.core.indicators.returns import log_return
from aegis_assets.core.indicators.volatility import ewma_volatility, realised_volatility
from aegis_assets.core.labels import Label, label_table
from aegis_assets.core.labels.paths import band, forward_excursion, forward_return
from aegis_assets_tests.core.laws import labels as laws
from aegis_assets_tests.core.laws.label_study import LabelStudy
from aegis_assets_tests.core.laws.tables import KEYS


def label(outcome, horizon=5, cuts=(), classes=(), name=None):
    return Label(
        name=name or f"spec_{horizon}",
        horizon=horizon,
        outcome=outcome,
        cuts=cuts,
        classes=classes,
        unit="log return",
        definition="a spec",
    )


EDGE = band(ewma_volatility(), 5, 1.0)
SOUND = label(forward_return(5), cuts=(-EDGE, EDGE), classes=("DOWN", "NEUTRAL", "UP"))


@pytest.mark.parametrize("law", laws.LAWS, ids=lambda law: law.__name__)
def test_a_sound_label_keeps_every_law(law):
    law(SOUND, LabelStudy([SOUND]))


def until_known(horizon, outcome):
    """The outcome, null for the last sessions as an honest one would be."""
    return pl.when(forward_return(horizon).is_not_null()).then(outcome)


TWO = ("BELOW", "ABOVE")
ABSOLUTE = forward_return(5).abs()

BROKEN = {
    "same day": (
        label(until_known(5, (pl.col("close") / pl.col("open")).log())),
        "follows_the_bars_of_its_window",
    ),
    "volatility of today": (
        label(until_known(5, ewma_volatility())),
        "follows_the_bars_of_its_window",
    ),
    "deviation over twenty bars of which one is new": (
        label(until_known(1, realised_volatility(20).shift(-1)), horizon=1),
        "ignores_bars_before_its_session",
    ),
    "change of a trailing deviation": (
        label(until_known(5, realised_volatility(20).shift(-5) - realised_volatility(20))),
        "ignores_bars_before_its_session",
    ),
    "today's high within the window": (
        label(until_known(5, (pl.col("high").rolling_max(6).shift(-5) / pl.col("close")).log())),
        "ignores_bars_before_its_session",
    ),
    "whole-sample threshold": (
        label(ABSOLUTE, cuts=(0.0 * pl.col("close") + log_return(1).std(),), classes=TWO),
        "has_cuts_that_need_no_later_bar",
    ),
    "whole-sample median of the outcome": (
        label(ABSOLUTE, cuts=(0.0 * pl.col("close") + ABSOLUTE.median(),), classes=TWO),
        "has_cuts_that_need_no_later_bar",
    ),
    "band of future volatility": (
        label(ABSOLUTE, cuts=(realised_volatility(20).shift(-5),), classes=TWO),
        "has_cuts_that_need_no_later_bar",
    ),
    "rows instead of sessions": (
        label((pl.col("close").shift(-5) / pl.col("close")).log()),
        "counts_sessions_not_rows",
    ),
    "missing candles skipped": (
        label((pl.col("close").backward_fill().shift(-5) / pl.col("close")).log()),
        "counts_sessions_not_rows",
    ),
    "reads ten, declares five": (
        label(forward_return(10)),
        "ignores_bars_beyond_its_horizon",
    ),
    "reads ten, declares five, null for ten": (
        label(forward_return(10)),
        "is_null_exactly_for_the_last_horizon_sessions",
    ),
    "reads five, declares ten": (
        label(forward_return(5), horizon=10),
        "is_null_exactly_for_the_last_horizon_sessions",
    ),
    "reads five, declares ten, null for ten": (
        label(until_known(10, forward_excursion(5)), horizon=10),
        "follows_the_last_bar_of_its_window",
    ),
    "unknown filled": (
        label(forward_return(5).fill_null(0.0)),
        "is_null_exactly_for_the_last_horizon_sessions",
    ),
    "one class": (
        label(ABSOLUTE, cuts=(pl.col("close"),), classes=TWO),
        "varies",
    ),
    "outcome of two values": (
        label((forward_return(5) > 0).cast(pl.Float64)),
        "varies",
    ),
    "cuts in disorder": (
        label(forward_return(5), cuts=(EDGE, -EDGE), classes=("DOWN", "NEUTRAL", "UP")),
        "has_ascending_cuts",
    ),
    "threshold of an index that is not there": (
        label(
            ABSOLUTE,
            cuts=(pl.col("volatility_index").fill_null(20.0) / 1000,),
            classes=TWO,
        ),
        "has_cuts_only_where_its_index_is",
    ),
    "a class too few": (
        label(forward_return(5), cuts=(-EDGE, EDGE), classes=TWO),
        "names_a_class_between_cuts",
    ),
    "classes without cuts": (label(forward_return(5), classes=TWO), "names_a_class_between_cuts"),
    "horizon not in the name": (label(forward_return(5), name="return_10"), "is_well_named"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_label_fails_its_law(case):
    broken, law = BROKEN[case]

    with pytest.raises(AssertionError):
        getattr(laws, law)(broken, LabelStudy([broken]))


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


BROKEN_TABLES = [
    (on_own_rows, "counts_sessions_not_rows"),
    (on_own_rows, "is_known_horizon_sessions_later"),
    (on_week_days, "is_known_horizon_sessions_later"),
    (against_the_other, "sees_one_symbol"),
    (cut_on_the_calendar, "counts_the_cuts_below_its_outcome"),
    (counted_from_above, "counts_the_cuts_below_its_outcome"),
]


@pytest.mark.parametrize(("table", "law"), BROKEN_TABLES)
def test_a_broken_table_of_labels_fails_its_law(table, law):
    with pytest.raises(AssertionError):
        getattr(laws, law)(SOUND, LabelStudy([SOUND], table))


def test_every_law_is_broken_by_some_spec():
    broken = {law for _, law in BROKEN.values()} | {law for _, law in BROKEN_TABLES}

    assert broken == {law.__name__ for law in laws.LAWS}
