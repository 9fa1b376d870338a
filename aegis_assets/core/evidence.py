"""The evidence behind a verdict: what a card keeps for whoever doubts it."""

from collections.abc import Mapping
from datetime import date

from pydantic import Field

from aegis_assets.core.evaluation.coverage import Coverage
from aegis_assets.core.evaluation.reliability import Reliability
from aegis_assets.core.evaluation.trading import TradingSummary
from aegis_assets.core.frozen import Frozen


class FoldScore(Frozen):
    """One test block: when it was, what its models had learnt from, what each candidate lost."""

    fold: int
    first: date
    last: date
    n: int = Field(description="scored sessions")
    trained_on: int = Field(description="outcomes known when the block began")
    losses: Mapping[str, float] = Field(description="mean by candidate, where it answered")


class Importances(Frozen):
    """What a contender reads most, by column."""

    gain: Mapping[str, float] = Field(description="share of the loss its splits took off")
    permuted: Mapping[str, float] = Field(
        description="rise of the loss on the newest block when the column is shifted in time"
    )


class Evidence(Frozen):
    """All of it; empty where nothing could be scored."""

    folds: tuple[FoldScore, ...] = ()
    log_loss: Mapping[str, float] = Field(default={}, description="by candidate, of classes only")
    reliability: Mapping[str, Reliability] = {}
    coverage: Mapping[str, tuple[Coverage, ...]] = {}
    importances: Mapping[str, Importances] = {}
    learning_curve: tuple[tuple[float, float], ...] = Field(
        default=(), description="loss in training and in validation by epoch, of a network"
    )
    trading: TradingSummary | None = None
