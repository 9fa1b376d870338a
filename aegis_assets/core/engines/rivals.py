"""Candidates that several engines put up for questions of the same kind.

A question about the size of a move has the same rivals whichever engine asks it: frequencies, the
core distribution, the logit on volatility and distance; against them a ridge logit, small trees
and the mean of the three models.
"""

from aegis_assets.core.estimators import (
    BaseRate,
    BoostedTrees,
    CoreDistribution,
    LogisticRegression,
    ScaledQuantiles,
)
from aegis_assets.core.estimators.logistic import VOLATILITY_LOGIT
from aegis_assets.core.evaluation.target import Alarm, Mean, Target
from aegis_assets.core.labels import Label

HISTORICAL_QUANTILES = ScaledQuantiles(scaled=False, window=1_000, name="historical_quantiles")
"""Of four years: in longer ones a crisis stays for good."""
_MEAN = Mean((VOLATILITY_LOGIT.name, "ridge_logit", "boosted_trees"))


def size_target(
    label: Label, gaps: tuple[str, ...], *, auc: float, promised: str = "", stem: str = ""
) -> Target:
    """A yes-or-no question about the size of a move; `gaps` are features that may be missing."""
    core = CoreDistribution()
    return Target(
        label,
        baselines=(BaseRate(), core, VOLATILITY_LOGIT),
        challengers=(LogisticRegression(gaps=gaps), BoostedTrees(gaps=gaps)),
        anchor=core,
        mean=_MEAN,
        alarm=Alarm(auc=auc),
        promised=promised,
        stems={"boosted_trees": stem} if stem else {},
    )
