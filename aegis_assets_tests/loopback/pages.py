"""All that is not a chart: cookie, crumb, consent, quotes, and the front of the NSE."""

from collections.abc import Callable

from aegis_assets_tests.loopback.answers import (
    HTML,
    TEXT,
    Answer,
    Headers,
    Question,
    json_answer,
    refusal,
)
from aegis_assets_tests.loopback.meta import local, meta
from aegis_assets_tests.loopback.view import View

CRUMB = "l00pb4ck.Crumb"
CONSENT = "https://consent.yahoo.com/v2/collectConsent?sessionId=3_cc-session_loopback"
Look = Callable[[str], View | None]

_NSE_NAMES = {"^NSEI": "NIFTY 50", "^NSEBANK": "NIFTY BANK", "^INDIAVIX": "INDIA VIX"}
_YEAR = 365 * 24 * 3600
_NOT_FOUND = b"<html><head><title>Error</title></head><body>Not Found</body></html>"
_DENIED = (
    b"<HTML><HEAD><TITLE>Access Denied</TITLE></HEAD><BODY><H1>Access Denied</H1></BODY></HTML>"
)


def page(question: Question, look: Look) -> Answer:
    """The page asked for; `look` gives what is known of a symbol now."""
    if question.path == "/" and question.host == "fc.yahoo.com":
        return Answer(404, HTML, _NOT_FOUND, _yahoo_cookie())
    makers: dict[str, Callable[[Question, Look], Answer]] = {
        "/": _front_page,
        "/api/allIndices": _all_indices,
        "/consent": lambda _, __: consent_page(),
        "/v2/collectConsent": lambda _, __: Answer(200, HTML, b"", _yahoo_cookie()),
        "/copyConsent": lambda _, __: Answer(200, HTML, b"", _yahoo_cookie()),
        "/v1/test/getcrumb": _crumb,
        "/v7/finance/quote": _quotes,
    }
    if question.path == "/v2/collectConsent" and question.method == "GET":
        return consent_page()
    if question.path.startswith("/v10/finance/quoteSummary/"):
        return _summary(question, look)
    if question.path.startswith("/ws/fundamentals-timeseries/"):
        return json_answer({"timeseries": {"result": [], "error": None}})
    make = makers.get(question.path)
    return make(question, look) if make else Answer(404, HTML, _NOT_FOUND)


def consent_page() -> Answer:
    """The form that stands before Yahoo's pages in Europe."""
    fields = {
        "csrfToken": "loopback",
        "sessionId": "3_cc-session_loopback",
        "originalDoneUrl": "https://finance.yahoo.com/",
        "namespace": "yahoo",
    }
    inputs = "".join(f'<input type="hidden" name="{k}" value="{v}">' for k, v in fields.items())
    button = '<button type="submit" name="agree" value="agree">Accept all</button>'
    form = f'<form method="post" action="{CONSENT}">{inputs}{button}</form>'
    title = "<title>Yahoo is part of the Yahoo family of brands</title>"
    return Answer(200, HTML, f"<html><head>{title}</head><body>{form}</body></html>".encode())


def _yahoo_cookie() -> Headers:
    scope = f"Domain=.yahoo.com; Path=/; Max-Age={_YEAR}; Secure; HttpOnly; SameSite=None"
    return (("Set-Cookie", f"A3=d=AQABBLoopback&S=AQAAAloopback; {scope}"),)


def _has_cookie(question: Question, name: str) -> bool:
    return f"{name}=" in question.headers.get("cookie", "")


def _crumb(question: Question, _: Look) -> Answer:
    if _has_cookie(question, "A3"):
        return Answer(200, TEXT, CRUMB.encode())
    return refusal(401, "Unauthorized", "Invalid Cookie", root="finance")


def _lacks_crumb(question: Question) -> bool:
    return question.query.get("crumb") != CRUMB or not _has_cookie(question, "A3")


def _quote(view: View) -> dict[str, object]:
    block = meta(view, "1d", "1d", view.count - 1)
    taken = ("currency", "symbol", "regularMarketPrice", "regularMarketTime", "shortName")
    price, before = view.daily.close[-1], view.daily.close[-2:][0]
    return {
        **{name: block[name] for name in taken},
        "quoteType": block["instrumentType"],
        "exchange": block["exchangeName"],
        "exchangeTimezoneName": block["exchangeTimezoneName"],
        "marketState": "REGULAR" if view.is_forming else "CLOSED",
        "regularMarketPreviousClose": float(before),
        "regularMarketChange": float(price - before),
        "regularMarketChangePercent": float(100 * (price / before - 1)),
        "regularMarketDayHigh": block["regularMarketDayHigh"],
        "regularMarketDayLow": block["regularMarketDayLow"],
        "regularMarketVolume": block["regularMarketVolume"],
    }


def _quotes(question: Question, look: Look) -> Answer:
    if _lacks_crumb(question):
        return refusal(401, "Unauthorized", "Invalid Crumb", root="finance")
    views = [view for view in map(look, question.symbols) if view]
    return json_answer(
        {"quoteResponse": {"result": [_quote(view) for view in views], "error": None}}
    )


def _summary(question: Question, look: Look) -> Answer:
    if _lacks_crumb(question):
        return refusal(401, "Unauthorized", "Invalid Crumb", root="finance")
    (symbol,) = question.symbols
    view = look(symbol)
    if view is None:
        return refusal(404, "Not Found", f"Quote not found for symbol: {symbol}", "quoteSummary")
    quote = _quote(view)
    kind = {name: quote[name] for name in ("symbol", "quoteType", "exchange", "shortName")}
    detail = {
        "previousClose": quote["regularMarketPreviousClose"],
        "currency": quote["currency"],
    }
    modules = {"quoteType": kind, "price": quote, "summaryDetail": detail}
    return json_answer({"quoteSummary": {"result": [modules], "error": None}})


def _front_page(question: Question, _: Look) -> Answer:
    """The NSE's front page, which gives the cookies that its interface asks for."""
    if question.is_to_yahoo:
        return Answer(200, HTML, b"<html><body>Yahoo Finance</body></html>", _yahoo_cookie())
    cookies = ("nsit=loopback; Path=/; Max-Age=86400", "nseappid=loopback; Path=/; Max-Age=3600")
    body = b"<html><head><title>NSE - National Stock Exchange of India</title></head></html>"
    return Answer(200, HTML, body, tuple(("Set-Cookie", cookie) for cookie in cookies))


def _all_indices(question: Question, look: Look) -> Answer:
    if not (_has_cookie(question, "nsit") and _has_cookie(question, "nseappid")):
        return Answer(403, HTML, _DENIED)
    views = [view for view in map(look, _NSE_NAMES) if view]
    if not views:
        return Answer(404, HTML, _NOT_FOUND)
    newest = max(local(view.listing.exchange, view.last_trade) for view in views)
    rows = [_index_row(view) for view in views]
    return json_answer({"data": rows, "timestamp": newest.strftime("%d-%b-%Y %H:%M")})


def _index_row(view: View) -> dict[str, object]:
    daily, name = view.daily, _NSE_NAMES[view.listing.symbol]
    last, before = daily.close[-1], daily.close[-2:][0]
    return {
        "key": "INDICES ELIGIBLE IN DERIVATIVES",
        "index": name,
        "indexSymbol": name,
        "last": round(float(last), 2),
        "variation": round(float(last - before), 2),
        "percentChange": round(float(100 * (last / before - 1)), 2),
        "open": round(float(daily.open[-1]), 2),
        "high": round(float(daily.high[-1]), 2),
        "low": round(float(daily.low[-1]), 2),
        "previousClose": round(float(before), 2),
    }
