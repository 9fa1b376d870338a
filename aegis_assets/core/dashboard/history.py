"""What the page draws beside the payload: closes, and what became of what was published."""

from datetime import date, time

from pydantic import AwareDatetime, Field

from aegis_assets.core.frozen import Frozen


class MarketFacts(Frozen):
    """What the page must know of the market to name it and to tell the time there."""

    name: str
    description: str
    volatility_index: str = Field(description="symbol of the volatility index")
    time_zone: str
    opens: time
    closes: time


class Close(Frozen):
    """A final daily candle, without its open."""

    session: date
    high: float
    low: float
    close: float
    volatility_index: float | None


class PublishedRange(Frozen):
    """The safe range of a session's last slot, and whether it held until its expiry."""

    session: date
    expiry: date | None = Field(description="null beyond what is known of the calendar")
    lower: float
    upper: float
    coverage: float
    held: bool | None = Field(description="null until the expiry is over")


class RatePoint(Frozen):
    """A share among all forecasts that were resolved by the close of a session."""

    session: date
    value: float = Field(ge=0, le=1)
    n: int = Field(gt=0)


class ReliabilityBin(Frozen):
    """Forecasts of like probability, and how often their class came true."""

    engine: str
    path: str
    outcome: str = Field(description="the class that was forecast")
    mean_probability: float
    frequency: float
    lower: float | None = Field(description="interval of the frequency; null where none was made")
    upper: float | None
    n: int = Field(gt=0)


class ScoreRow(Frozen):
    """A line of the scorecard to date: how one role did on one kind of forecast."""

    engine: str
    path: str
    horizon: int
    role: str
    source: str
    candidate: str
    score: str
    n: int
    loss: float | None
    skill: float | None = Field(description="against the baseline on the same rows")
    skill_lower: float | None
    skill_upper: float | None
    coverage: float | None
    nominal: float | None
    calibration_error: float | None


class MonthlyLoss(Frozen):
    """Mean loss of what was published, of its baseline and of its challenger, in a month."""

    month: date
    engine: str
    path: str
    role: str
    loss: float
    n: int


class History(Frozen):
    """All that the page draws and the payload does not hold, as known at `as_of`.

    A part is empty where nothing of it exists yet; `reasons` then says why, by name of the part.
    """

    as_of: AwareDatetime
    market: MarketFacts
    closes: tuple[Close, ...]
    safe_ranges: tuple[PublishedRange, ...]
    range_rate: tuple[RatePoint, ...]
    spike_rate: tuple[RatePoint, ...]
    reliability: tuple[ReliabilityBin, ...]
    scorecard: tuple[ScoreRow, ...]
    losses: tuple[MonthlyLoss, ...]
    reasons: dict[str, str] = Field(description="why a part is empty, by its name")
