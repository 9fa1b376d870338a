"""The evidence behind a verdict: what a card keeps for whoever doubts it."""

from collections.abc import Mapping
from datetime import date

from pydantic import Field

from aegis_assets.core.frozen import Frozen


class ReliabilityBin(Frozen):
    """Sessions of about the same forecast."""

    forecast: float = Field(description="mean probability")
    observed: float = Field(description="share in which the class came")
    n: int = Field(description="sessions")


class Slope(Frozen):
    """Recalibration slope of the log-odds: 1 is calibrated, below too bold, above too timid."""

    value: float
    lower: float | None = Field(description="95 % block bootstrap; null where a resample has none")
    upper: float | None


class Reliability(Frozen):
    """Calibration and discrimination of class probabilities, out of sample."""

    n: int = Field(description="forecasts")
    calibration_error: float = Field(description="expected calibration error of the worst class")
    by_chance: float | None = Field(description="what a calibrated forecast would show on average")
    worst_class: int = Field(description="the class of the error and the bins")
    bins: tuple[ReliabilityBin, ...] = Field(description="of equal mass, by ascending forecast")
    slope: Slope | None = Field(description="null where the forecast or the outcome is constant")
    auc: float | None = Field(description="top class against bottom; null where either is absent")
    accuracy: float = Field(description="share in which the likeliest class came")
    majority: float = Field(description="share of the commonest class: the accuracy of a constant")
    confusion: tuple[tuple[int, ...], ...] = Field(description="rows happened, columns likeliest")


class Coverage(Frozen):
    """How often outcomes stayed within a forecast bound, against how often they should."""

    nominal: float
    value: float = Field(description="share of all sessions")
    lower: float | None = Field(description="95 % block bootstrap; null under two blocks")
    upper: float | None
    n: int = Field(description="sessions")
    trailing: float | None = Field(description="share of the last 250; null if there are fewer")
    band_lower: float = Field(description="99 % binomial band of that share if all is well")
    band_upper: float
    worst: float | None = Field(description="least share of any 250 sessions on end")
    by_year: Mapping[int, float]

    @property
    def holds(self) -> bool | None:
        """Whether the last 250 sessions lie in the band; None if there are fewer."""
        if self.trailing is None:
            return None
        return self.band_lower <= self.trailing <= self.band_upper


class RangeCoverage(Frozen):
    """Record of a two-sided range of the path; lengths in log return."""

    coverage: Coverage = Field(description="of both sides together")
    width: float = Field(description="mean of upper plus lower distance")
    score: float = Field(description="mean interval score")


class Performance(Frozen):
    """One series of returns; null where the record is too short or never moves."""

    total_return: float
    annual_return: float | None = Field(description="compounded; null under 252 sessions")
    sharpe: float | None = Field(description="per year; null under 30 sessions or without variance")
    sharpe_error: float | None = Field(description="standard error of that, not normal, per year")
    drawdown: float = Field(description="largest loss from a peak, a fraction in [0, 1]")
    win_rate: float | None = Field(description="share of active sessions with a gain")
    probabilistic_sharpe: float | None = Field(description="probability of a Sharpe ratio over 0")


class TradingSummary(Frozen):
    """A strategy before and after costs, beside the market held throughout."""

    n: int = Field(description="sessions")
    active: int = Field(description="sessions with a position")
    trades: int = Field(description="positions opened, a change of side included")
    turnover: float | None = Field(description="traded per year in multiples of the capital")
    cost: float = Field(description="basis points per unit of turnover")
    trials: int = Field(description="strategies that were tried, this one included")
    gross: Performance
    net: Performance
    hold: Performance = Field(description="long from the first close, one cost")
    deflated_sharpe: float | None = Field(
        description="probability, after costs, of more than the luckiest of the trials"
    )
    informational: bool = Field(description="no claim to earn: deflated Sharpe unknown or < .95")


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
