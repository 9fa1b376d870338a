"""What may be wrong with a chart answer of HTTP 200, as pure changes of a good one.

The 27 `silent` ones pass through yfinance without exception and without log.  `expected` is the
code that must come of each: of the parser (an error, a fault of a row or a finding), a law of
`core.candles`, or of the comparison with the calendar.  Laws on moves need an index or an equity.
The `intraday` ones mean something in an answer of minutes only.
"""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from aegis_assets_tests.loopback.mutations import (
    DAY,
    MIDDLE,
    OHLC,
    Chart,
    assigned,
    bare,
    columns,
    cut,
    error,
    float_stamps,
    high_below_low,
    hours_for_minutes,
    kept,
    late_dividend,
    milliseconds,
    negative_low,
    no_volume,
    repeated,
    result,
    scaled,
    text_prices,
    token,
    told,
    unadjusted_split,
    without,
)

Change = Callable[[Chart], Chart | bytes]


@dataclass(frozen=True)
class Fault:
    """A change of a good answer (25 daily rows or more), and the code that must come of it."""

    name: str
    change: Change
    expected: str
    silent: bool = False
    intraday: bool = False


def _pure(change: Callable[[Chart], Any]) -> Change:
    """`change` on a copy: altered in place, unless it gives something else instead."""

    def changed(chart: Chart) -> Chart | bytes:
        copy = deepcopy(chart)
        instead = change(copy)
        return copy if instead is None else instead

    return changed


_PAGE = b"<!DOCTYPE html><html><body><h1>Sorry</h1></body></html>"
_CONSENT = b'<!DOCTYPE html><html><form action="/v2/collectConsent?sessionId=1"></form></html>'

_SILENT = (
    ("null_rows", assigned(None, (*OHLC, "adjclose", "volume"), (-9, -12, -15)), "NULL_ROW"),
    ("last_day_null", assigned(None, (*OHLC, "adjclose", "volume"), (-1,)), "NULL_ROW"),
    ("last_close_null", assigned(None, ("close",), (-1,)), "PARTIAL_ROW"),
    ("adjclose_null", assigned(None, ("adjclose",), (MIDDLE,)), "NO_ADJUSTED_CLOSE_ROW"),
    ("volume_only", assigned(None, (*OHLC, "adjclose"), (-1,)), "NULL_ROW"),
    ("zero_row", assigned(0, (*OHLC, "adjclose", "volume"), (MIDDLE,)), "CLOSE_MISSING"),
    ("zero_close", assigned(0, ("close",), (MIDDLE,)), "CLOSE_MISSING"),
    ("negative_low", negative_low, "NOT_A_PRICE"),
    ("high_below_low", high_below_low, "HIGH_BELOW_BODY"),
    ("spike_x10", scaled(10, (*OHLC, "adjclose"), slice(MIDDLE, MIDDLE + 1)), "MOVE_TOO_LARGE"),
    ("last_3_x100", scaled(100, (*OHLC, "adjclose"), slice(-3, None)), "MOVE_TOO_LARGE"),
    ("duplicate", repeated(MIDDLE, 0, 1.01), "DUPLICATE"),
    ("second_last_row", repeated(-1, 3600, 1.01), "DUPLICATE"),
    ("unsorted", kept(lambda n: [*range(1, n), 0]), "UNSORTED"),
    ("gap_of_10", kept(lambda n: [*range(n - 20), *range(n - 10, n)]), "MISSING_SESSIONS"),
    ("stale_5", kept(lambda n: [*range(n - 5)]), "NEWEST_SESSION_MISSING"),
    ("only_20", kept(lambda n: [*range(n - 20, n)]), "MISSING_SESSIONS"),
    ("one_row", kept(lambda n: [n - 1]), "MISSING_SESSIONS"),
    ("future_row", repeated(-1, 7 * DAY, 1.01), "FUTURE_ROW"),
    ("adjclose_absent", without("indicators/adjclose"), "NO_ADJUSTED_CLOSE"),
    ("wrong_symbol", told(symbol="ZZZZ", currency="XXX"), "WRONG_SYMBOL"),
    ("text_prices", text_prices, "NOT_A_NUMBER"),
    ("nan", token(float("nan")), "NOT_A_NUMBER"),
    ("infinity", token(float("inf")), "NOT_A_NUMBER"),
    ("unadjusted_split", unadjusted_split, "MOVE_TOO_LARGE"),
    ("volume_null", no_volume, "VOLUME_NULL"),
    ("late_dividend", late_dividend, "EVENT_WITHOUT_BAR"),
)

_LOUD = (
    ("wrong_currency", told(currency="XXX"), "WRONG_CURRENCY"),
    ("wrong_time_zone", told(exchangeTimezoneName="Pacific/Apia"), "WRONG_TIME_ZONE"),
    ("wrong_granularity", told(dataGranularity="1h"), "WRONG_INTERVAL"),
    ("no_last_trade", without("meta/regularMarketTime"), "NO_LAST_TRADE"),
    ("future_last_trade", told(regularMarketTime=4_000_000_000), "NO_LAST_TRADE"),
    ("no_meta", without("meta"), "NO_META"),
    ("no_time_zone", without("meta/exchangeTimezoneName"), "NO_META"),
    ("no_timestamps", without("timestamp"), "NO_TIMESTAMPS"),
    ("empty_window", bare, "NO_ROWS"),
    ("no_indicators", without("indicators"), "NO_COLUMNS"),
    ("missing_column", without("indicators/quote/high"), "NO_COLUMNS"),
    ("unequal_lengths", lambda chart: columns(chart)["open"].pop() and None, "UNEQUAL_LENGTHS"),
    ("milliseconds", milliseconds, "MILLISECONDS"),
    ("float_timestamps", float_stamps, "BAD_TIMESTAMP"),
    ("bad_events", lambda chart: result(chart).update(events={"splits": ["4:1"]}), "BAD_EVENTS"),
    ("empty_result", lambda _: {"chart": {"result": [], "error": None}}, "NO_RESULT"),
    ("null_chart", lambda _: {"chart": None}, "NO_CHART"),
    ("null", lambda _: b"null", "NOT_AN_OBJECT"),
    ("list", lambda _: b"[]", "NOT_AN_OBJECT"),
    ("empty_body", lambda _: b"", "EMPTY_BODY"),
    ("html", lambda _: _PAGE, "HTML_PAGE"),
    ("consent_page", lambda _: _CONSENT, "CONSENT_PAGE"),
    ("truncated", cut, "NOT_JSON"),
    ("not_found", error("Not Found", "No data found, symbol may be delisted"), "UNKNOWN_SYMBOL"),
    ("server_error", error("Internal Server Error", "java.lang.Exception"), "YAHOO_ERROR"),
)

_INTRADAY = (
    ("hours_for_minutes", hours_for_minutes, "WRONG_INTERVAL"),
    ("no_trading_periods", without("meta/tradingPeriods"), ""),
)

FAULTS: dict[str, Fault] = {
    name: Fault(name, _pure(change), expected, faults is _SILENT, faults is _INTRADAY)
    for faults in (_SILENT, _LOUD, _INTRADAY)
    for name, change, expected in faults
}
"""All faults by name; one that expects no code at all does no harm to us."""
