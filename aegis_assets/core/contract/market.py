"""The market and the state of its data at `as_of`."""

from datetime import date

from pydantic import AwareDatetime, Field

from aegis_assets.core.contract.words import Regime, SessionState, Status, Trend
from aegis_assets.core.frozen import Frozen


class MarketBlock(Frozen):
    """The index and its volatility index at `as_of`, against the session before."""

    spot: float = Field(description="index points", gt=0)
    spot_change: float | None = Field(description="points since the previous close")
    spot_change_pct: float | None = Field(description="fraction of the previous close")
    vix: float | None = Field(description="volatility index, percent a year")
    vix_change: float | None = Field(description="since the previous close")
    vix_change_pct: float | None = Field(description="fraction of the previous close")
    regime: Regime | None = Field(description="by rule, at the last final close")
    trend: Trend | None = Field(description="the regime without its volatility")
    session: SessionState


class SpotQuality(Frozen):
    """Which quote the spot is, and how old at `as_of`."""

    source: str
    as_of: AwareDatetime
    age_s: float = Field(ge=0)


class DailyQuality(Frozen):
    """State of the daily candles."""

    last_final_session: date
    sessions_behind: int = Field(description="sessions that should be there and are not", ge=0)
    data_version: str = Field(description="sha256 of the candles that were read")


class IntradayQuality(Frozen):
    """State of the intraday bars."""

    last_bar: AwareDatetime
    age_s: float
    bars: int
    expected: int


class VolatilityIndexQuality(Frozen):
    """State of the volatility index."""

    last_session: date | None
    sessions_behind: int | None = Field(description="null where it never had a close")


class ChainQuality(Frozen):
    """State of the option chain."""

    as_of: AwareDatetime
    age_s: float
    expiry: date


class DataQuality(Frozen):
    """What the forecasts rest on."""

    status: Status
    reasons: tuple[str, ...]
    source: str = Field(description="where the bars come from: sample or yahoo")
    spot: SpotQuality
    daily: DailyQuality
    intraday: IntradayQuality | None
    volatility_index: VolatilityIndexQuality
    option_chain: ChainQuality | None = Field(description="null where none is at hand")
