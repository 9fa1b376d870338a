"""The meta block of a chart answer, in the shape and order Yahoo gives it."""

from datetime import UTC, date, datetime

import numpy as np

from aegis_assets_tests.loopback.listings import Exchange, Listing
from aegis_assets_tests.loopback.view import View

VALID_RANGES = ["1d", "5d", "1mo", "3mo", "6mo", "1y", "2y", "5y", "10y", "ytd", "max"]
_YEAR = 252


def local(exchange: Exchange, at: int) -> datetime:
    return datetime.fromtimestamp(at, UTC).astimezone(exchange.zone)


def number(value: float) -> float | None:
    """A quote as JSON has it: null where there is none."""
    return None if np.isnan(value) else float(value)


def meta(view: View, interval: str, asked: str, first_row: int) -> dict[str, object]:
    """The meta block of an answer whose first row is of session `first_row`."""
    listing, daily = view.listing, view.daily
    before = daily.close[first_row - 1] if first_row else np.nan
    volume = daily.volume[-1]
    year = daily[-_YEAR:]
    block: dict[str, object] = {
        **_identity(view),
        "regularMarketPrice": number(daily.close[-1]),
        "fiftyTwoWeekHigh": number(np.nanmax(year.high)),
        "fiftyTwoWeekLow": number(np.nanmin(year.low)),
        "regularMarketDayHigh": number(daily.high[-1]),
        "regularMarketDayLow": number(daily.low[-1]),
        "regularMarketVolume": None if np.isnan(volume) else int(volume),
        "longName": listing.name or listing.symbol,
        "shortName": listing.name or listing.symbol,
        "chartPreviousClose": number(before),
    }
    if interval.endswith(("m", "h")):
        block |= {"previousClose": number(daily.close[-2:][0]), "scale": 3}
    periods = _periods(listing, _current_session(view), view.at)
    block |= {"priceHint": 2, "currentTradingPeriod": periods}
    return block | {"dataGranularity": interval, "range": asked, "validRanges": VALID_RANGES}


def _identity(view: View) -> dict[str, object]:
    listing, exchange = view.listing, view.listing.exchange
    zone, offset = _zone(exchange, view.at)
    return {
        "currency": listing.currency,
        "symbol": listing.symbol,
        "exchangeName": exchange.code,
        "fullExchangeName": exchange.name,
        "instrumentType": listing.kind,
        "firstTradeDate": int(listing.opens[0]),
        "regularMarketTime": view.last_trade,
        "hasPrePostMarketData": exchange.has_pre_post and listing.kind == "EQUITY",
        "gmtoffset": offset,
        "timezone": zone,
        "exchangeTimezoneName": exchange.market.time_zone,
    }


def _current_session(view: View) -> date:
    """Today if it is a session, even before its open; else the last one."""
    today = local(view.listing.exchange, view.at).date()
    sessions = view.listing.sessions
    coming = sessions[view.count : view.count + 1]
    return today if coming == [today] else sessions[view.count - 1]


def _zone(exchange: Exchange, at: int) -> tuple[str | None, int]:
    """Short name and offset in seconds of the exchange's zone."""
    now = local(exchange, at)
    offset = now.utcoffset()
    return now.tzname(), int(offset.total_seconds()) if offset else 0


def _periods(listing: Listing, session: date, at: int) -> dict[str, dict[str, object]]:
    windows, exchange = listing.windows(session), listing.exchange
    opens, closes = windows[0][0], windows[-1][1]
    pre, post = opens, closes
    if exchange.has_pre_post:
        pre = exchange.at(session, exchange.pre_opens)
        post = exchange.at(session, exchange.post_closes)
    zone, offset = _zone(exchange, at)
    spans = {"pre": (pre, opens), "regular": (opens, closes), "post": (closes, post)}
    return {
        name: {"timezone": zone, "start": start, "end": end, "gmtoffset": offset}
        for name, (start, end) in spans.items()
    }


def trading_periods(
    view: View, rows: range, *, pre_post: bool
) -> list[list[object]] | dict[str, list[list[object]]]:
    """The hours of each session of an intraday answer: the regular ones, or all of the day."""
    sessions = view.listing.sessions[rows.start : rows.stop]
    days = [_periods(view.listing, session, view.at) for session in sessions]
    if pre_post:
        return {name: [[day[name]] for day in days] for name in ("pre", "post", "regular")}
    return [[day["regular"]] for day in days]
