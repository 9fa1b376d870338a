"""What is wrong with the tables that nobody else judges: outcomes, records, skills, quarantine.

Goes in: a table as it is stored.  Comes out: faults in words, none where it is sound.
"""

from collections.abc import Iterator
from datetime import date

import polars as pl

from aegis_assets.core.engines.engine import Engine

QUARANTINED = 0.05
"""Share of a run's bars above which a quarantine says more of the source than of single bars."""
_ROUNDING = 1e-6
_OF_A_LABEL = ["symbol", "session", "label"]
_OF_A_FORECAST = ["symbol", "session", "target", "candidate"]


def label_faults(outcomes: pl.DataFrame, engine: Engine) -> list[str]:
    """What is wrong with a table of outcomes, see `labels.label.SCHEMA`."""
    declared = {each.name: len(each.classes) for each in engine.labels}
    found = set(outcomes["label"].unique())
    counts = outcomes.group_by("label").len()["len"]
    classes = outcomes["label"].replace_strict(declared, default=None, return_dtype=pl.Int64)
    rows = outcomes.with_columns(classes=classes)
    known, of_class = pl.col("outcome").is_not_null(), pl.col("outcome_class")
    beyond = (of_class < 0) | (of_class >= pl.col("classes"))
    broken = {
        "an outcome is not finite": known & ~pl.col("outcome").is_finite(),
        "an outcome is known, and not when": known & pl.col("known_on").is_null(),
        "an outcome was known at its own close or before": pl.col("known_on") <= pl.col("session"),
        "a class is told of an outcome that is not known": ~known & of_class.is_not_null(),
        "a class is not one of its label's": beyond,
    }
    return [
        *(
            [f"labels {sorted(found ^ set(declared))} are missing or undeclared"]
            if found ^ set(declared)
            else []
        ),
        *(["some label has more sessions than another"] if counts.n_unique() > 1 else []),
        *(["several outcomes of one session and label"] if _repeats(rows, _OF_A_LABEL) else []),
        *_told(rows, broken),
    ]


def record_faults(record: pl.DataFrame, engine: Engine, cutoff: date) -> list[str]:
    """What is wrong with a walk-forward record, see `evaluation.walk_forward.SCHEMA`.

    An empty one is sound: too little history was there to score anybody.
    """
    declared = {each.name: len(each.label.classes) for each in engine.targets}
    unknown = sorted(set(record["target"].unique()) - set(declared))
    classes = record["target"].replace_strict(declared, default=0, return_dtype=pl.Int64)
    rows = record.with_columns(classes=classes)
    said, is_class = pl.col("forecast"), pl.col("classes") > 0
    broken = {
        "a forecast was made on or after the cut-off": pl.col("session") >= pl.lit(cutoff),
        "an outcome is told that the cut-off cannot know": pl.col("outcome").is_not_null()
        & (pl.col("known_on") >= pl.lit(cutoff)),
        "a forecast lies before its fold": pl.col("session") < pl.col("fold_start"),
        "a forecast is not finite": ~said.list.eval(pl.element().is_finite()).list.all(),
        "probabilities are not as many as classes": is_class
        & (said.list.len() != pl.col("classes")),
        "probabilities do not add up to 1": is_class & ((said.list.sum() - 1).abs() > _ROUNDING),
        "a probability is negative": is_class & (said.list.min() < 0),
    }
    return [
        *([f"targets {unknown} are none of {engine.name}"] if unknown else []),
        *(["a candidate answers twice"] if _repeats(rows, _OF_A_FORECAST) else []),
        *_told(rows, broken),
    ]


def skill_faults(skills: pl.DataFrame) -> list[str]:
    """What is wrong with skills on another market, see `engines.elsewhere.SCHEMA`."""
    value, lower, upper = (pl.col(name) for name in ("value", "lower", "upper"))
    broken = {
        "a skill is not finite": ~value.is_finite(),
        "a skill lies beside its interval": (value < lower) | (value > upper),
        "half an interval is told": lower.is_null() != upper.is_null(),
    }
    repeated = _repeats(skills, ["cutoff", "engine", "target", "contender"])
    return [*(["a contender is there twice"] if repeated else []), *_told(skills, broken)]


def quarantined_share(quarantine: pl.DataFrame, kept: pl.DataFrame) -> float:
    """Share of the bars that became no candle; 0 where there are none at all."""
    bars = quarantine.height + kept.height
    return quarantine.height / bars if bars else 0.0


def _repeats(rows: pl.DataFrame, keys: list[str]) -> bool:
    return bool(rows.select(keys).is_duplicated().any())


def _told(rows: pl.DataFrame, broken: dict[str, pl.Expr]) -> Iterator[str]:
    """Each sentence that holds of some rows, and of how many."""
    counts = rows.select(
        each.fill_null(value=False).sum().alias(text) for text, each in broken.items()
    ).row(0, named=True)
    yield from (f"{text} ({count} rows)" for text, count in counts.items() if count)
