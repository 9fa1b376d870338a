"""The second reader of Yahoo: the real yfinance, for answers whose structure ours does not know.

It asks the same host, so it is called after a `ShapeError` only.  What yfinance hides is undone
here: swallowed exceptions, remembered failures, its own requests for a time zone.  Never
`yfinance.download`, which replaces sessions and cannot raise; never `repair`, which breaks prices.
"""

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from aegis_assets.adapters import files
from aegis_assets.adapters.yahoo_meta import refusal, worded
from aegis_assets.adapters.yfinance_frame import (
    YFinanceFrame,
    daily_answer_of,
    intraday_answer_of,
)
from aegis_assets.core.bars import DailyAnswer, IntradayAnswer
from aegis_assets.core.errors import (
    RateLimitError,
    ShapeError,
    SourceError,
    StorageError,
    TransportError,
)
from aegis_assets.core.universe import Instrument

if TYPE_CHECKING:
    import pandas as pd
    from curl_cffi.requests import Session

_TIMEOUT_S: Final = 20


class YFinanceReader:
    """Bars as yfinance reads them, asked through `session`; its caches lie in `cache_folder`.

    Its session, cookies and remembered answers belong to the process, and its caches break when
    two processes make them at once: reads take turns.
    """

    def __init__(self, session: "Session[Any]", cache_folder: Path) -> None:
        self._session = session
        self._cache_folder = cache_folder

    def daily(
        self, instrument: Instrument, time_zone: str, first: date, last: date, now: datetime
    ) -> DailyAnswer:
        """Daily bars of the sessions from `first` to `last`, raw and adjusted, and events."""
        since, until = (
            datetime.combine(day, time(), ZoneInfo(time_zone))
            for day in (first, last + timedelta(days=1))
        )
        with _turn(self._cache_folder), _honest():
            frame, meta = self._history(instrument, time_zone, "1d", since, until)
            return daily_answer_of(YFinanceFrame(frame, meta, now), instrument, time_zone)

    def intraday(  # noqa: PLR0913, PLR0917 - what is asked, and when
        self,
        instrument: Instrument,
        time_zone: str,
        interval: str,
        since: datetime,
        until: datetime,
        now: datetime,
    ) -> IntradayAnswer:
        """Bars of `interval` that begin from `since` on and before `until`, and the spot."""
        with _turn(self._cache_folder), _honest():
            frame, meta = self._history(instrument, time_zone, interval, since, until)
            read = YFinanceFrame(frame, meta, now)
            return intraday_answer_of(read, instrument, time_zone, interval)

    def _history(
        self,
        instrument: Instrument,
        time_zone: str,
        interval: str,
        since: datetime,
        until: datetime,
    ) -> tuple["pd.DataFrame", Mapping[str, Any]]:
        """What yfinance makes of one request, and the meta of the answer."""
        ticker = self._fresh_ticker(instrument.symbol, time_zone)
        frame = ticker.history(
            start=since,
            end=until,
            interval=interval,
            auto_adjust=False,
            actions=True,
            keepna=True,
            repair=False,
            timeout=_TIMEOUT_S,
        )
        return frame, ticker.get_history_metadata()

    def _fresh_ticker(self, symbol: str, time_zone: str) -> Any:  # noqa: ANN401 - untyped
        """A ticker that remembers nothing but its time zone, which costs a request to find."""
        yf = _yfinance()
        yf.config.debug.hide_exceptions = False
        yf.set_tz_cache_location(str(self._cache_folder))
        yf.cache.get_tz_cache().store(symbol, time_zone)
        yf.data.YfData.cache_get.cache_clear()
        return yf.Ticker(symbol, session=self._session)


def _yfinance() -> Any:  # noqa: ANN401 - untyped
    with warnings.catch_warnings():  # its import sets filters for the whole process
        import yfinance  # type: ignore[import-untyped]  # noqa: PLC0415 - slow, seldom needed
    return yfinance


@contextmanager
def _turn(folder: Path) -> Iterator[None]:
    """The only reader at work in `folder`."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with files.locked(folder, exclusive=True):
            yield
    except OSError as error:  # of the folder: the reader's own have become ours by now
        raise StorageError(files.refusal(folder, error)) from error


@contextmanager
def _honest() -> Iterator[None]:
    """Errors of yfinance as ours, and without its warnings of pandas 4.

    Our own errors, raised in the session, pass whatever yfinance wrapped around them.
    """
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", category=DeprecationWarning, module="yfinance")
            yield
    except Exception as error:  # whatever it is, nothing may be believed
        ours = _ours_within(error)
        if ours is not None:
            raise ours from None
        raise _translated(error) from error


def _ours_within(error: BaseException | None) -> SourceError | None:
    while error is not None and not isinstance(error, SourceError):
        error = error.__cause__ or error.__context__
    return error


def _translated(error: Exception) -> SourceError:
    named = _yfinance().exceptions
    words = f"yfinance met {type(error).__name__}: {worded(str(error))}"
    if isinstance(error, named.YFRateLimitError):
        return RateLimitError(f"{words}: leave Yahoo alone for a while")
    if getattr(error, "yahoo_reason", None):
        return refusal(str(error))
    is_network = isinstance(error, OSError) and not isinstance(error, ValueError)
    if is_network or isinstance(error, named.YFDataException):
        return TransportError(f"{words}: try again later")
    return ShapeError("YFINANCE", f"{words}: look at the stored body")
