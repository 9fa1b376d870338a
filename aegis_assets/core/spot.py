"""The price of now: the first link of a chain that is fresh, else the newest, told as stale."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from aegis_assets.core.bars import Quote
from aegis_assets.core.markets import Market
from aegis_assets.core.sessions import hours_of, last_opened_session

OLDEST_FRESH = timedelta(minutes=20)
"""Age that a delayed feed explains."""

_SKEW = timedelta(minutes=1)

Link = Callable[[], Quote | None]


def spot(
    market: Market, now: datetime, links: Iterable[Link], stored: Quote | None
) -> Quote | None:
    """The first quote of the chain that is fresh; a later link is not asked once one is.

    Fresh is of the session that opened last, and no older than `OLDEST_FRESH` when the exchange
    last traded: now, or at the last close before.  Without a fresh one, the newest of that session
    is told as stale, and without any the `stored` close, always stale.  Null if there is none.
    """
    windows = hours_of(market, last_opened_session(market, now))
    opened = windows[0][0]
    traded = max(min(now, closes) for opens, closes in windows if opens <= now)
    oldest = max(opened, traded - OLDEST_FRESH)
    late: list[Quote] = []
    for link in links:
        quote = link()
        if quote is None or not opened <= quote.quoted_at <= now + _SKEW:
            continue
        if quote.quoted_at >= oldest:
            return replace(quote, stale=False)
        late.append(quote)
    newest = max(late, key=lambda quote: quote.quoted_at, default=stored)
    return None if newest is None else replace(newest, stale=True)
