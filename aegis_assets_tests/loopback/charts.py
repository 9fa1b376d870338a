"""The chart endpoint: windows, limits and words as the true host has them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from math import isnan

import numpy as np

from aegis_assets_tests.loopback.answers import Answer, json_answer, refusal
from aegis_assets_tests.loopback.meta import local, meta, trading_periods
from aegis_assets_tests.loopback.minutes import Bars, joined
from aegis_assets_tests.loopback.view import View

_SECONDS = {"1m": 60, "2m": 120, "5m": 300, "15m": 900, "30m": 1800, "60m": 3600, "1h": 3600}
_REACH = {"1m": 30, "60m": 730, "1h": 730}  # days before now; 60 for the others
_SPAN = {"1m": 8}  # days in one request
_DAY = 24 * 3600
_RANGE = re.compile(r"(?P<count>[1-9]\d{0,3})(?P<unit>d|wk|mo|y)")
_DAYS = {"wk": 7, "mo": 30.5, "y": 365.25}


@dataclass(frozen=True)
class _Ask:
    """What a request asks for: rows that start from `first` on and before `last`."""

    interval: str
    asked: str
    first: int
    last: int
    events: str
    pre_post: bool

    @property
    def seconds(self) -> int:
        return _SECONDS.get(self.interval, _DAY)


def chart(view: View | None, query: dict[str, str]) -> Answer:
    """The answer to a chart request; `view` is null for a symbol that nobody knows."""
    if view is None or not view.count:
        return refusal(404, "Not Found", "No data found, symbol may be delisted")
    ask = _ask(view, query)
    if isinstance(ask, Answer):
        return ask
    refused = _out_of_reach(view, ask)
    if refused:
        return refused
    return _daily(view, ask) if ask.interval == "1d" else _intraday(view, ask)


def _ask(view: View, query: dict[str, str]) -> _Ask | Answer:
    interval, asked = query.get("interval", "1d"), query.get("range", "1d")
    if interval != "1d" and interval not in _SECONDS:
        words = f"Invalid input - interval={interval} is not supported."
        return refusal(422, "Unprocessable Entity", f"{words} Valid intervals: [{_VALID}]")
    if "period1" in query or "period2" in query:
        asked = ""
        first, last = int(query.get("period1", 0)), int(query.get("period2", view.at))
        if first > last:
            words = f"startDate = {first}, endDate = {last}"
            words = f"Invalid input - start date cannot be after end date. {words}"
            return refusal(400, "Bad Request", words)
    else:
        start = _start(view, asked)
        if start is None:
            words = f"Invalid input - range={asked} is not supported."
            return refusal(422, "Unprocessable Entity", words)
        first, last = start, view.at + 1
    pre_post = query.get("includePrePost", "").lower() == "true"
    return _Ask(interval, asked, first, last, query.get("events", ""), pre_post)


_VALID = ", ".join([*_SECONDS, "1d"])


def _start(view: View, asked: str) -> int | None:
    """Where a range begins: `5d` is five sessions, the running one included."""
    opens = view.listing.opens
    parts = _RANGE.fullmatch(asked)
    today = local(view.listing.exchange, view.at).date()
    if asked == "max":
        return int(opens[0])
    if asked == "ytd":
        return _midnight(view, date(today.year, 1, 1))
    if parts is None:
        return None
    count = int(parts["count"])
    if parts["unit"] == "d":
        return int(opens[max(view.count - count, 0)])
    return _midnight(view, today - timedelta(days=round(count * _DAYS[parts["unit"]])))


def _midnight(view: View, day: date) -> int:
    exchange = view.listing.exchange
    return exchange.at(day, exchange.market.opens.replace(hour=0, minute=0))


def _out_of_reach(view: View, ask: _Ask) -> Answer | None:
    if ask.interval == "1d":
        return None
    span, reach = _SPAN.get(ask.interval), _REACH.get(ask.interval, 60)
    words = f"{ask.interval} data not available for startTime={ask.first} and endTime={ask.last}."
    days = _RANGE.fullmatch(ask.asked)
    if ask.asked and days and days["unit"] == "d":  # counted in sessions
        length = int(days["count"])
    else:
        length = -(-(min(ask.last, view.at) - ask.first) // _DAY)
    if span and length > span:
        limit = f"Only {span} days worth of {ask.interval} granularity data"
        words = f"{words} {limit} are allowed to be fetched per request."
    elif ask.asked and length <= reach:
        return None
    elif ask.first < view.at - reach * _DAY:
        words = f"{words} The requested range must be within the last {reach} days."
    else:
        return None
    return refusal(422, "Unprocessable Entity", words)


def _daily(view: View, ask: _Ask) -> Answer:
    rows = _rows(view.daily.start, ask)
    if not rows:
        words = f"Data doesn't exist for startDate = {ask.first}, endDate = {ask.last}"
        return refusal(400, "Bad Request", words)
    window = slice(rows.start, rows.stop)
    indicators = {
        "quote": [_quote(view.daily[window])],
        "adjclose": [{"adjclose": _numbers(view.adjusted_close[window])}],
    }
    block = meta(view, ask.interval, ask.asked, rows.start)
    return _result(block, view.daily.start[window], _events(view, ask), indicators)


def _intraday(view: View, ask: _Ask) -> Answer:
    opens = view.listing.opens[: view.count]
    # A session that began before the window may still reach into it.
    first = int(np.searchsorted(view.listing.closes[: view.count], ask.first, side="right"))
    rows = range(first, max(first, int(np.searchsorted(opens, ask.last))))
    block = meta(view, ask.interval, ask.asked, min(first, view.count - 1))
    if not rows:
        return _result(block, np.array([]), {}, {"quote": [{}]})
    bars = [view.intraday(row, ask.seconds) for row in rows]
    if view.tick_apart and rows.stop == view.count:
        bars.append(view.tick())
    found = joined(bars)
    found = found[(found.start >= ask.first) & (found.start < ask.last)]
    block["tradingPeriods"] = trading_periods(view, rows, pre_post=ask.pre_post)
    return _result(block, found.start, _events(view, ask), {"quote": [_quote(found)]})


def _rows(starts: np.ndarray, ask: _Ask) -> range:
    first, last = np.searchsorted(starts, [ask.first, ask.last])
    return range(int(first), int(last))


def _events(view: View, ask: _Ask) -> dict[str, object]:
    listing, known = view.listing, _rows(view.daily.start, ask)
    found: dict[str, dict[str, object]] = {"dividends": {}, "splits": {}}
    for row in (listing.place(session) for session in (*listing.dividends, *listing.splits)):
        at, session = int(listing.opens[row]), listing.sessions[row]
        if row not in known:
            continue
        if session in listing.dividends and "div" in ask.events:
            amount = listing.dividends[session] * view.factor
            found["dividends"][str(at)] = {"amount": amount, "date": at}
        if session in listing.splits and "split" in ask.events:
            found["splits"][str(at)] = _split(listing.splits[session], at)
    return {kind: events for kind, events in found.items() if events}


def _split(ratio: float, at: int) -> dict[str, object]:
    exact = Fraction(ratio).limit_denominator(10_000)
    new, old = exact.numerator, exact.denominator
    return {"date": at, "numerator": new, "denominator": old, "splitRatio": f"{new}:{old}"}


def _quote(bars: Bars) -> dict[str, object]:
    prices = ("close", "open", "low", "high")
    columns: dict[str, object] = {name: _numbers(getattr(bars, name)) for name in prices}
    volume = [None if each is None else int(each) for each in _numbers(bars.volume)]
    return columns | {"volume": volume}


def _numbers(values: np.ndarray) -> Sequence[float | None]:
    listed: list[float] = values.tolist()
    return [None if isnan(each) else each for each in listed] if np.isnan(values).any() else listed


def _result(
    block: dict[str, object],
    starts: np.ndarray,
    events: dict[str, object],
    indicators: dict[str, object],
) -> Answer:
    """One result in Yahoo's order; without rows there is no `timestamp` at all."""
    result: dict[str, object] = {"meta": block}
    if len(starts):
        result["timestamp"] = starts.tolist()
    if events:
        result["events"] = events
    return json_answer({"chart": {"result": [{**result, "indicators": indicators}], "error": None}})
