"""What a slot knows beside the answers of the models: spot, clock, calendar, chain and record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from aegis_assets.core.contract.buyer import GammaWindow
from aegis_assets.core.contract.seller import HitRate
from aegis_assets.core.contract.words import BuyerRegime, Status
from aegis_assets.core.engines.ahead import Ahead
from aegis_assets.core.errors import DataError
from aegis_assets.core.markets import Market
from aegis_assets.core.options.view import ChainView
from aegis_assets.core.sessions import session_after


@dataclass(frozen=True)
class Today:
    """The session that runs, or has closed and is not final yet: the first after the last final.

    `rest` is the variance still to come until its close, 0 once it is over; `usual` says in words
    what that rests on.  `features` are those of `core.session_features` at the newest half hour
    that is over.
    """

    session: date
    rest: float
    usual: str
    features: Mapping[str, float | None]
    last_bar: datetime | None
    windows: tuple[GammaWindow, ...] | None
    why_no_windows: str


@dataclass(frozen=True)
class Record:
    """What became of the forecasts published so far; null where too few of them are resolved."""

    safe_range: HitRate | None = None
    spike: HitRate | None = None


@dataclass(frozen=True, eq=False)
class Moment:
    """A moment at which forecasts are made.

    `close` is that of `session`, the last final one, from which the models' answers count.  `state`
    holds the newest value of each feature, `buyer_regime` and `risk` what rules make of them.
    """

    market: Market
    as_of: datetime
    session: date
    close: float
    spot: float
    ahead: Ahead
    state: Mapping[str, float | None]
    status: Status = Status.OK
    today: Today | None = None
    why_no_today: str = ""
    buyer_regime: BuyerRegime | None = None
    risk: float | None = None
    realised_percentile: float | None = None
    chain: ChainView | None = None
    record: Record = field(default_factory=Record)

    @property
    def base(self) -> date:
        """The session that horizons are counted from: the running one, or else the last final."""
        return self.today.session if self.today else self.session

    @property
    def is_restated(self) -> bool:
        """Whether the spot has moved on since the close from which the answers count."""
        return self.today is not None

    @property
    def is_over(self) -> bool:
        """Whether the session of `base` has closed, and with it what expired on it."""
        return self.today is None or self.today.rest <= 0

    def end_of(self, sessions: int) -> date | None:
        """The session that many after `base`; null beyond what is known of the calendar."""
        return self._session_after(self.base, sessions)

    def end_after_close(self, sessions: int) -> date | None:
        """The session that many after the last final one; null as of `end_of`."""
        return self._session_after(self.session, sessions)

    def _session_after(self, session: date, count: int) -> date | None:
        try:
            return session_after(self.market, session, count)
        except DataError:
            return None
