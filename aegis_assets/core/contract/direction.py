"""The section of AegisCore: direction over the running session and six horizons."""

from pydantic import AwareDatetime, Field

from aegis_assets.core.contract.words import Direction, Level
from aegis_assets.core.frozen import Frozen


class Probabilities(Frozen):
    """Calibrated class probabilities; they sum to one."""

    up: float = Field(ge=0, le=1)
    neutral: float = Field(ge=0, le=1)
    down: float = Field(ge=0, le=1)


class Interval(Frozen):
    """Levels between which the price at the horizon's close lies with probability `coverage`."""

    lower: float = Field(gt=0)
    upper: float = Field(gt=0)
    coverage: float = Field(gt=0, lt=1)


class HorizonForecast(Frozen):
    """Direction from the spot to the close of a session ahead."""

    label: str
    direction: Direction | None = Field(
        description="UP or DOWN only where a model beat every baseline and lifts that side alone "
        "above its base rate; else NEUTRAL"
    )
    expected_move_points: float | None = Field(
        description="median size of the move, times the probability of UP less that of DOWN"
    )
    conviction: float | None = Field(
        description="of the likeliest class: (p_max - 1/3) / (2/3)", ge=0, le=1
    )
    probabilities: Probabilities | None
    interval: Interval | None


class Horizons(Frozen):
    """Forecasts to the close 1, 3, 5, 10, 20 and 40 sessions after the one of `as_of`."""

    t1: HorizonForecast
    t3: HorizonForecast
    t5: HorizonForecast
    t10: HorizonForecast
    t20: HorizonForecast
    t40: HorizonForecast


class Today(Frozen):
    """The running session as a whole: its close against the close before, given the spot by now."""

    direction: Direction | None = Field(
        description="the tail that alone stands above its base rate; else NEUTRAL"
    )
    expected_move_points: float | None = Field(
        description="from the close before to the expected close of this session"
    )
    conviction: float | None = Field(
        description="of the likeliest class: (p_max - 1/3) / (2/3)", ge=0, le=1
    )
    probabilities: Probabilities | None
    interval: Interval | None
    intraday_volatility_score: float | None = Field(
        description="realised volatility since the open over what is usual by this time; 1 is usual"
    )
    last_update: AwareDatetime | None = Field(description="end of the newest bar that was read")


class DirectionBlock(Frozen):
    """The section of AegisCore."""

    today: Today
    horizons: Horizons
    risk_score: float | None = Field(
        description="share of the last 252 sessions that were calmer, by EWMA volatility",
        ge=0,
        le=1,
    )
    risk_label: Level | None
