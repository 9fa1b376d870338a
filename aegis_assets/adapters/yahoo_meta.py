"""What Yahoo says about an answer of its own: whose it is, how old, and why there is none.

Goes in: the meta block and the error block, already parsed.  Stays out: rows, JSON, requests.
"""

import reprlib
import sys
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from aegis_assets.core.bars import Quote
from aegis_assets.core.errors import ContentError, ShapeError
from aegis_assets.core.universe import Instrument

CLOCK_SKEW = timedelta(minutes=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FAR = 10_000_000_000

_LARGEST = sys.float_info.max
_short = reprlib.Repr()
_short.maxstring = _short.maxother = 200

_IDENTITY = {
    "symbol": "WRONG_SYMBOL",
    "currency": "WRONG_CURRENCY",
    "exchangeTimezoneName": "WRONG_TIME_ZONE",
    "dataGranularity": "WRONG_INTERVAL",
}

_REASONS = {
    "too many requests": "TOO_MANY_REQUESTS",
    "doesn't exist for startdate": "EMPTY_WINDOW",
    "no data found": "UNKNOWN_SYMBOL",
    "data not available for": "OUT_OF_RANGE",
    "requested range": "OUT_OF_RANGE",
    "not found": "UNKNOWN_SYMBOL",
    "unauthorized": "UNAUTHORISED",
}
"""What Yahoo's words mean, the most telling first."""


def worded(found: object) -> str:
    """`found` as a message may quote it: printable, and not a whole page."""
    return _short.repr(found)


def reason(words: str) -> str | None:
    """The code of Yahoo's words, null where they are none that we know."""
    lowered = words.lower()
    return next((code for part, code in _REASONS.items() if part in lowered), None)


def refusal(words: str) -> ContentError:
    """Yahoo's own reason for giving no rows."""
    code = reason(words) or "YAHOO_ERROR"
    return ContentError(code, f"Yahoo says {worded(words)}, expected rows: ask for what it has")


def require_identity(meta: Mapping[str, object]) -> None:
    """Refuse a meta block that does not say whose rows these are."""
    missing = sorted(set(_IDENTITY) - set(meta))
    if missing:
        msg = f"meta lacks {missing}, expected {sorted(_IDENTITY)}: look at the stored body"
        raise ShapeError("NO_META", msg)


def check_identity(
    meta: Mapping[str, object], instrument: Instrument, time_zone: str, interval: str
) -> None:
    """Refuse rows of another symbol, currency, exchange or interval, as far as the meta tells."""
    asked = (instrument.symbol, instrument.currency, time_zone, interval)
    for (key, code), expected in zip(_IDENTITY.items(), asked, strict=True):
        if key in meta and meta[key] != expected:
            msg = f"{key} is {worded(meta[key])}, expected {expected!r}: use none of its rows"
            raise ContentError(code, msg)


def last_trade(meta: Mapping[str, object], fetched_at: datetime) -> datetime:
    """The newest trade that the answer knows of: what tells a forming bar from a final one."""
    stamp = meta.get("regularMarketTime")
    newest = int((fetched_at + CLOCK_SKEW).timestamp())
    if type(stamp) is not int or not 0 < stamp <= newest:
        msg = (
            f"regularMarketTime is {worded(stamp)}, expected seconds up to {newest}: "
            "without it no bar is known to be final"
        )
        raise ContentError("NO_LAST_TRADE", msg)
    return datetime.fromtimestamp(stamp, UTC)


def first_trade(meta: Mapping[str, object], time_zone: str) -> date | None:
    """The first session that the source has at all, which may lie before 1970."""
    stamp = meta.get("firstTradeDate")
    if type(stamp) is not int or abs(stamp) > _FAR:
        return None
    return (_EPOCH + timedelta(seconds=stamp)).astimezone(ZoneInfo(time_zone)).date()


def spot(meta: Mapping[str, object], symbol: str, quoted_at: datetime, source: str) -> Quote | None:
    """The price of the newest trade; null where the answer has none above zero."""
    price = meta.get("regularMarketPrice")
    if price is None:
        return None
    (found,) = numbers([price], "regularMarketPrice")
    return Quote(symbol, found, quoted_at, source) if found and found > 0 else None


def numbers(values: Iterable[object], name: str) -> list[float | None]:
    """The values as finite floats, null where they are null; anything else refuses the answer.

    Nothing is cast: a string that looks like a number is a fault, and so is a boolean.
    """
    return [_number(value, name) for value in values]


def _number(value: object, name: str) -> float | None:
    if value is None:
        return None
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= _LARGEST:
        return float(value)
    msg = f"{name} holds {worded(value)}, expected finite numbers or null: use none of its rows"
    raise ContentError("NOT_A_NUMBER", msg)
