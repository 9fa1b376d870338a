"""The gate: a challenger is served only where the evidence says that it beats every baseline.

Goes in: out-of-sample forecasts of one engine's targets.  Comes out: a verdict per target, and
the weight with which a served challenger is shrunk.  A refusal always says why.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from aegis_assets.core.card import CandidateScore, Skill, Source, Verdict
from aegis_assets.core.errors import DataError
from aegis_assets.core.estimators.estimator import FloatArray
from aegis_assets.core.evaluation.calibration import calibrated, shrinkage
from aegis_assets.core.evaluation.scores import quasi_likelihood, ranked_probability
from aegis_assets.core.evaluation.skill import diebold_mariano, holm, skill, skill_by_year
from aegis_assets.core.evaluation.target import Target

MINIMUM_FOLDS = 8
MINIMUM_WINDOWS = 60
SIGNIFICANCE = 0.025
YEARS_WON = 0.6
WORST_YEAR_PROBABILITY = -0.03
WORST_YEAR_VOLATILITY = -0.10
SESSIONS_FOR_A_YEAR = 60


@dataclass(frozen=True, eq=False)
class Evaluation:
    """Losses (n,) of every candidate of a target on the same out-of-sample sessions.

    `shrinkage` is the weight that all of them together give the challenger from now on.
    """

    target: Target
    rows: pl.DataFrame
    losses: dict[str, FloatArray]
    varies: bool
    shrinkage: float

    @property
    def folds(self) -> int:
        """Test blocks that were scored."""
        return self.rows["fold"].n_unique()

    @property
    def baseline(self) -> str:
        """The strongest baseline: the least mean loss."""
        return min((each.name for each in self.target.baselines), key=self._mean)

    @property
    def challenger_loss(self) -> FloatArray:
        """Losses of the challenger."""
        return self.losses[self.target.challenger.name]

    @property
    def baseline_loss(self) -> FloatArray:
        """Losses of the strongest baseline."""
        return self.losses[self.baseline]

    def _mean(self, name: str) -> float:
        return float(self.losses[name].mean())


def evaluation(target: Target, forecasts: pl.DataFrame) -> Evaluation | None:
    """The target's record in a walk-forward table; None if it was never forecast.

    A challenger of classes is first calibrated on earlier folds; the first fold only calibrates
    and is scored for nobody.
    """
    mine = forecasts.filter(pl.col("target") == target.name)
    made = {
        each.name: mine.filter(pl.col("candidate") == each.name).sort("symbol", "session")
        for each in target.candidates
    }
    rows = made[target.challenger.name]
    if rows.is_empty():
        return None
    for name, table in made.items():
        if not table.select("symbol", "session").equals(rows.select("symbol", "session")):
            msg = (
                f"{target.name}: {name} and {target.challenger.name} forecast different sessions, "
                "expected the same: materialize the walk-forward partition again"
            )
            raise DataError(msg)
    arrays = {name: _matrix(table) for name, table in made.items()}
    return _scored(target, rows, arrays)


def _scored(target: Target, rows: pl.DataFrame, arrays: dict[str, FloatArray]) -> Evaluation | None:
    challenger, anchor = target.challenger.name, target.anchor.name
    weight = 1.0
    kept = pl.Series([True] * rows.height)
    if target.is_classified:
        classes = rows["outcome_class"].to_numpy()
        weight = shrinkage(arrays[challenger], arrays[anchor], classes)
        arrays = arrays | {challenger: calibrated(arrays[challenger], arrays[anchor], rows)}
        kept = rows["fold"] > rows["fold"].min()
    rows = rows.filter(kept)
    if rows.is_empty():
        return None
    score = _losses(target, rows)
    mask = kept.to_numpy()
    losses = {name: score(matrix[mask]) for name, matrix in arrays.items()}
    varies = bool(np.ptp(arrays[challenger][mask], axis=0).max() > 0)
    return Evaluation(target, rows, losses, varies, weight)


def _matrix(table: pl.DataFrame) -> FloatArray:
    return np.asarray(table["forecast"].to_list(), dtype=np.float64)


def _losses(target: Target, rows: pl.DataFrame) -> Callable[[FloatArray], FloatArray]:
    if target.is_classified:
        classes = rows["outcome_class"].to_numpy()
        return lambda forecast: ranked_probability(forecast, classes)
    realised = rows["outcome"].to_numpy()
    return lambda forecast: quasi_likelihood(forecast[:, 0], realised)


def score_name(target: Target) -> str:
    """Name of the proper score that decides for this target."""
    if not target.is_classified:
        return "QLIKE"
    return "Brier" if len(target.label.classes) == 2 else "RPS"  # noqa: PLR2004


def verdicts(
    targets: Sequence[Target], evaluations: Sequence[Evaluation | None], seed: int
) -> list[Verdict]:
    """The decision on each target; the significance is adjusted over all of them together."""
    scored = [each for each in evaluations if each is not None]
    for each in scored:
        if not all(np.isfinite(loss).all() for loss in each.losses.values()):
            msg = f"{each.target.name}: a loss is not finite: mend its forecasts before the gate"
            raise DataError(msg)
    horizon = {each.target.name: each.target.label.horizon for each in scored}
    adjusted = dict(
        zip(
            (each.target.name for each in scored),
            holm(
                [
                    diebold_mariano(
                        each.challenger_loss, each.baseline_loss, horizon[each.target.name]
                    )
                    for each in scored
                ]
            ),
            strict=True,
        )
    )
    return [
        _undecided(target) if each is None else _verdict(each, adjusted[target.name], seed)
        for target, each in zip(targets, evaluations, strict=True)
    ]


def _undecided(target: Target) -> Verdict:
    return Verdict(
        source=Source.UNAVAILABLE,
        served=None,
        challenger=target.challenger.name,
        baseline=None,
        score=score_name(target),
        skill=None,
        p_value=None,
        folds=0,
        base_rates=(),
        candidates=(),
        skill_by_year={},
        reasons=("not enough data: no forecast could be scored out of sample",),
    )


def _verdict(found: Evaluation, p_value: float, seed: int) -> Verdict:
    target = found.target
    measured = skill(found.challenger_loss, found.baseline_loss, target.label.horizon, seed)
    plainest = target.baselines[0].name
    by_year = skill_by_year(
        found.challenger_loss, found.baseline_loss, found.rows["session"].dt.year().to_list()
    )
    refusals = tuple(_refusals(found, measured, p_value, by_year))
    return Verdict(
        source=Source.BASELINE if refusals else Source.MODEL,
        served=found.baseline if refusals else target.challenger.name,
        challenger=target.challenger.name,
        baseline=found.baseline,
        score=score_name(target),
        skill=measured,
        baseline_skill=skill(
            found.baseline_loss, found.losses[plainest], target.label.horizon, seed
        )
        if found.baseline != plainest
        else None,
        p_value=p_value,
        folds=found.folds,
        base_rates=_base_rates(found),
        candidates=tuple(
            CandidateScore(name=name, loss=float(loss.mean()))
            for name, loss in found.losses.items()
        ),
        skill_by_year=by_year,
        reasons=refusals,
    )


def _base_rates(found: Evaluation) -> tuple[float, ...]:
    if not found.target.is_classified:
        return ()
    counts = np.bincount(
        found.rows["outcome_class"].to_numpy(), minlength=len(found.target.label.classes)
    )
    return tuple((counts / counts.sum()).tolist())


def _refusals(
    found: Evaluation, measured: Skill, p_value: float, by_year: dict[int, float]
) -> list[str]:
    """Every condition of the gate that does not hold, in words."""
    windows = measured.n / found.target.label.horizon
    sizes = found.rows.group_by(pl.col("session").dt.year().alias("year")).len()
    whole = set(sizes.filter(pl.col("len") >= SESSIONS_FOR_A_YEAR)["year"])
    years = {year: value for year, value in by_year.items() if year in whole}
    won = float(np.mean([value > 0 for value in years.values()])) if years else 0.0
    worst = min(years.values(), default=-np.inf)
    limit = WORST_YEAR_PROBABILITY if found.target.is_classified else WORST_YEAR_VOLATILITY
    conditions = (
        (found.varies, "the forecasts are constant"),
        (
            found.folds >= MINIMUM_FOLDS,
            f"not enough data: {found.folds} folds, needs {MINIMUM_FOLDS}",
        ),
        (
            windows >= MINIMUM_WINDOWS,
            f"not enough data: {windows:.0f} independent windows, needs {MINIMUM_WINDOWS}",
        ),
        (measured.lower > 0, f"skill may be zero: its interval starts at {measured.lower:+.4f}"),
        (p_value < SIGNIFICANCE, f"not significant: p = {p_value:.3f} after Holm"),
        (won >= YEARS_WON, f"skill above zero in only {won:.0%} of the years"),
        (worst >= limit, f"worst year {worst:+.3f}, allowed {limit:+.2f}"),
    )
    return [reason for holds, reason in conditions if not holds]
