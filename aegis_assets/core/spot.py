"""The price of now: the first link of a chain that is fresh, else the newest, told as stale."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from aegis_assets.core.bars import Quote
from aegis_assets.core.markets import Market
from aegis_assets.core.sessions import is_trading, last_opened_session, open_of

OLDEST_FRESH = timedelta(minutes=20)
"""Age that a delayed feed explains while the exchange trades."""

_SKEW = timedelta(minutes=1)

Link = Callable[[], Quote | None]


def spot(
    market: Market, now: datetime, links: Iterable[Link], stored: Quote | None
) -> Quote | None:
    """The first quote of the chain that is fresh; a later link is not asked once one is.

    While the exchange trades, fresh is no older than `OLDEST_FRESH` and of the running session;
    else it is of the session that opened last.  Without a fresh one, the newest of that session is
    told as stale, and without any the `stored` close, always stale.  Null if there is none at all.
    """
    opened = open_of(market, last_opened_session(market, now))
    oldest = max(opened, now - OLDEST_FRESH) if is_trading(market, now) else opened
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
