"""Walk-forward of an estimator that learns several targets at once, a head for each.

The heads share their inputs and the sessions of their folds.  The purge is per head: of each
target only those outcomes count that were known when the fold began.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from aegis_assets.core.errors import DataError
from aegis_assets.core.estimators import Model, Outcome
from aegis_assets.core.estimators.estimator import BoolArray
from aegis_assets.core.evaluation.dataset import KEYS
from aegis_assets.core.evaluation.fitting import FORGETFUL, Fits, Joint, outcome_of
from aegis_assets.core.evaluation.target import Target
from aegis_assets.core.evaluation.walk_forward import Fold, empty, folds, forecasts

_ANSWERS = ("known_on", "outcome", "outcome_class")


@dataclass(frozen=True, eq=False)
class Asked:
    """A target with its examples and the names of its features."""

    target: Target
    rows: pl.DataFrame
    names: Sequence[str]


def joint_estimators(targets: Sequence[Target]) -> tuple[Joint, ...]:
    """Those that some target lists, each once."""
    listed = (each for target in targets for each in target.challengers)
    return tuple(dict.fromkeys(each for each in listed if isinstance(each, Joint)))


def sharing(asked: Sequence[Asked], estimator: Joint) -> list[Asked]:
    """The targets that list the estimator."""
    return [each for each in asked if estimator in each.target.challengers]


def fitted_together(
    estimator: Joint, asked: Sequence[Asked], rows: Sequence[pl.DataFrame], seed: int, fits: Fits
) -> dict[str, Model]:
    """The model of each target by name; `rows` are of each target what was known."""
    longest = max(rows, key=lambda each: each.height)
    aligned = [_aligned(longest, each, mine) for each, mine in zip(asked, rows, strict=True)]
    inputs = longest.select(estimator.inputs(asked[0].names, 0))
    made = fits.fitted_heads(
        estimator,
        inputs,
        [outcome for outcome, _ in aligned],
        [known for _, known in aligned],
        seed,
    )
    return {each.target.name: model for each, model in zip(asked, made, strict=True)}


def _aligned(longest: pl.DataFrame, asked: Asked, mine: pl.DataFrame) -> tuple[Outcome, BoolArray]:
    """The target's outcomes on the longest table's rows, and where they are known."""
    if mine.join(longest, on=KEYS, how="anti").height:
        msg = f"{asked.target.name} has examples that the other heads lack: rebuild the labels"
        raise DataError(msg)
    answers = longest.select(KEYS).join(
        mine.select(*KEYS, *_ANSWERS), on=KEYS, how="left", maintain_order="left"
    )
    return outcome_of(asked.target, answers), answers["outcome"].is_not_null().to_numpy()


def walk_forward_together(
    estimator: Joint, asked: Sequence[Asked], seed: int, fits: Fits = FORGETFUL
) -> pl.DataFrame:
    """Out-of-sample forecasts of the estimator for all targets that list it."""
    made = []
    for together in _shared_folds(asked):
        models = fitted_together(
            estimator,
            [each for each, _ in together],
            [fold.known for _, fold in together],
            seed,
            fits,
        )
        made += [
            forecasts(each.target, estimator, models[each.target.name], fold)
            for each, fold in together
        ]
    return pl.concat(made) if made else empty()


def _shared_folds(asked: Sequence[Asked]) -> list[list[tuple[Asked, Fold]]]:
    """Folds of the same sessions, by index; a target whose rows end earlier has fewer."""
    by_target = [list(folds(each.rows, block=each.target.block)) for each in asked]
    shared = []
    for index in range(max((len(mine) for mine in by_target), default=0)):
        together = [
            (each, mine[index])
            for each, mine in zip(asked, by_target, strict=True)
            if index < len(mine)
        ]
        starts = {fold.session for _, fold in together}
        if len(starts) > 1:
            msg = f"fold {index} starts on {sorted(map(str, starts))}, expected one session for all"
            raise DataError(msg)
        shared.append(together)
    return shared
