"""Last prices of Indian indices from the exchange's own page: the last resort for the spot.

NSE's `allIndices` wants the cookies of the front page, and refuses most networks outside India
and of data centres: expect `TransportError`.  Another host, so a gate file and a session of its
own.
"""

import json
import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from aegis_assets.adapters.polite_session import Fetched, PoliteSession
from aegis_assets.core.bars import Quote
from aegis_assets.core.errors import ContentError, ShapeError
from aegis_assets.core.universe import Instrument

_KOLKATA: Final = ZoneInfo("Asia/Kolkata")
_NAMES: Final = {"^NSEI": "NIFTY 50", "^NSEBANK": "NIFTY BANK", "^INDIAVIX": "INDIA VIX"}
_CLOCKS_DIFFER: Final = timedelta(minutes=5)
_OK: Final = 200
_MOVED: Final = "see whether its page has moved"


class NseQuotes:
    """Quotes through `session`, whose gate must be of this host alone."""

    def __init__(self, session: PoliteSession, *, base: str = "https://www.nseindia.com") -> None:
        self._session = session
        self._base = base
        self._is_warm = False

    def quote(self, instrument: Instrument) -> Quote:
        """The last price of `instrument` and the minute of it; one request, after a first two."""
        if instrument.symbol not in _NAMES:
            known = ", ".join(_NAMES)
            raise ContentError("UNKNOWN_INDEX", f"NSE has no {instrument.symbol}, ask for {known}")
        if not self._is_warm:
            self._session.fetch(f"{self._base}/", client="nse")
            self._is_warm = True
        return _quote(self._session.fetch(f"{self._base}/api/allIndices", client="nse"), instrument)


def _quote(answer: Fetched, instrument: Instrument) -> Quote:
    page = _page(answer)
    price, quoted_at = _price(page, _NAMES[instrument.symbol]), _time(page)
    if quoted_at > answer.fetched_at + _CLOCKS_DIFFER:
        found = f"NSE quotes {quoted_at.isoformat()}, it is {answer.fetched_at.isoformat()}"
        raise ContentError("FUTURE", f"{found}: check the clock of this machine")
    return Quote(instrument.symbol, price, quoted_at, "nse")


def _page(answer: Fetched) -> Mapping[str, Any]:
    """The answer as a page of indices: an object with a list of objects."""
    if answer.status != _OK:
        raise ShapeError("STATUS", f"NSE answered {answer.status}, expected 200: {_MOVED}")
    try:
        page = json.loads(answer.body)
    except ValueError as error:
        raise ShapeError("NOT_JSON", f"NSE answered no JSON ({error}): {_MOVED}") from error
    rows = page.get("data") if isinstance(page, dict) else None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ShapeError("NO_INDICES", f"NSE answered no list of indices: {_MOVED}")
    return {**page, "data": rows}


def _price(page: Mapping[str, Any], name: str) -> float:
    prices = [row.get("last") for row in page["data"] if row.get("index") == name]
    if not prices:
        raise ShapeError("MISSING_INDEX", f"NSE answered without {name}: {_MOVED}")
    price, *others = prices
    if any(other != price for other in others):
        message = f"NSE quotes {name} at {prices}: wait for its next answer"
        raise ContentError("CONFLICTING_PRICES", message)
    if not isinstance(price, int | float) or isinstance(price, bool) or not 0 < price < math.inf:
        raise ContentError("BAD_PRICE", f"NSE quotes {name} at {price!r}: wait for its next answer")
    return float(price)


def _time(page: Mapping[str, Any]) -> datetime:
    """When the page was made: a minute, sometimes with seconds, of the exchange's clock."""
    text = page.get("timestamp")
    for form in ("%d-%b-%Y %H:%M", "%d-%b-%Y %H:%M:%S"):
        try:
            return datetime.strptime(text, form).replace(tzinfo=_KOLKATA)  # type: ignore[arg-type]
        except (ValueError, TypeError):
            continue
    raise ShapeError("BAD_TIME", f"NSE dates its answer {text!r}, expected 21-Nov-2026 15:30")
