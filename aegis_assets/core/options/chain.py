"""An option chain: its columns, which rows may be believed, and what is odd with those that may.

Goes in: chains as a source quoted them, one or several moments of one symbol.  Stays out: how they
were fetched, what they imply, and any repair.
"""

from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import polars as pl

from aegis_assets.core.errors import DataError
from aegis_assets.core.laws import Law, first_broken, require_columns
from aegis_assets.core.markets import Market
from aegis_assets.core.sessions import close_of, is_session, open_of

CALL, PUT = "CALL", "PUT"

_KEYS: dict[str, tuple[pl.DataType, str]] = {
    "symbol": (pl.String(), "symbol of the index, as Yahoo spells it"),
    "as_of": (pl.Datetime("us", "UTC"), "the moment that the chain is of"),
    "known_at": (pl.Datetime("us", "UTC"), "when it could be had: never before it is of"),
    "session": (pl.Date(), "exchange-local date of that moment"),
    "expiry": (pl.Date(), "exchange-local date on which the option expires"),
    "strike": (pl.Float64(), "strike, index points"),
    "option_type": (pl.String(), "CALL or PUT, both European"),
}
_VALUES: dict[str, tuple[pl.DataType, str]] = {
    "bid": (pl.Float64(), "best bid, index points; null where there is none or none is told"),
    "ask": (pl.Float64(), "best offer, index points; null where there is none or none is told"),
    "last": (pl.Float64(), "last or closing price, index points; no quote where nothing traded"),
    "settle": (pl.Float64(), "settlement price, index points; null where none is told"),
    "open_interest": (pl.Float64(), "open positions in units of the underlying: contracts * lot"),
    "change_in_open_interest": (pl.Float64(), "its change since the session before, same units"),
    "volume": (pl.Float64(), "contracts traded in the session so far"),
    "implied_volatility": (pl.Float64(), "as the source tells it, a year, a fraction; or null"),
    "underlying": (pl.Float64(), "the index as the source tells it; null where it does not"),
}
QUOTED = _KEYS | _VALUES | {"fault": (pl.String(), "code of what the parser found; or null")}
"""Columns of a chain as a source quoted it."""

SCHEMA = _KEYS | _VALUES | {"flags": (pl.String(), "codes of what is odd, comma between; or null")}
"""Columns of a chain of which every row keeps every law, and may still be odd."""

_YEAR = timedelta(days=365)
_NOISE, _CARRY = 0.002, 0.10
_PRICES = ("bid", "ask", "last", "settle")

_mid = pl.when(pl.col("bid") > 0, pl.col("ask") >= pl.col("bid")).then(
    (pl.col("bid") + pl.col("ask")) / 2
)
_traded = pl.when(pl.col("volume") > 0).then(
    pl.coalesce(pl.when(pl.col(name) > 0).then(name) for name in ("last", "settle"))
)
PRICE: pl.Expr = pl.coalesce(_mid, _traded)
"""What the option cost: the middle of bid and offer, else what was paid; null if nobody traded."""

_intrinsic = (
    pl.when(pl.col("option_type") == CALL)
    .then(pl.col("underlying") - pl.col("strike"))
    .otherwise(pl.col("strike") - pl.col("underlying"))
)


LAWS: tuple[Law, ...] = (
    Law(
        "NOT_AN_OPTION",
        "it is a call or a put and has an expiry",
        ~pl.col("option_type").is_in([CALL, PUT]).fill_null(value=False)
        | pl.col("expiry").is_null(),
    ),
    Law(
        "OFF_GRID",
        "its strike is one that the market lists",
        ~((pl.col("strike") > 0) & (pl.col("strike") % pl.col("step") == 0)).fill_null(value=False),
    ),
    Law(
        "CLOSED",
        "the exchange traded at the moment that it is of, or had just closed",
        ~pl.col("is_open").fill_null(value=False),
    ),
    Law("EXPIRED", "it settles after that moment", pl.col("years").fill_null(1.0) <= 0),
    Law(
        "NO_INTEREST",
        "its open interest is told and not negative",
        ~(pl.col("open_interest").is_finite() & (pl.col("open_interest") >= 0)).fill_null(
            value=False
        ),
    ),
    Law(
        "NOT_A_PRICE",
        "what is told of prices is finite and not negative",
        ~pl.all_horizontal(
            (pl.col(name).is_finite() & (pl.col(name) >= 0)).fill_null(value=True)
            for name in _PRICES
        ),
    ),
    Law(
        "CROSSED",
        "nobody bids more than another offers for",
        ((pl.col("bid") > pl.col("ask")) & (pl.col("ask") > 0)).fill_null(value=False),
    ),
    Law(
        "DUPLICATE",
        "a moment has one row per expiry, strike and type",
        pl.len().over("symbol", "as_of", "expiry", "strike", "option_type") > 1,
    ),
    Law(
        "FROZEN",
        "the chain does not repeat the one before it under a later time",
        pl.col("is_frozen"),
    ),
)
"""What every row of a chain keeps, in order of precedence; one that does not is quarantined."""

FLAGS: tuple[Law, ...] = (
    Law(
        "BELOW_INTRINSIC",
        "it costs what it is worth on the index of now, up to a carry of 10 % a year",
        _intrinsic - pl.col("strike") * (_NOISE + _CARRY * pl.col("years")) > PRICE,
    ),
    Law(
        "FRACTIONAL_INTEREST",
        "its open interest is a whole number of units",
        (pl.col("open_interest") - pl.col("open_interest").round()).abs() > _NOISE,
    ),
    Law("NO_QUOTE", "it has a bid and an offer, or was traded in the session", PRICE.is_null()),
)
"""What is told of a row that stays."""


def settlement(market: Market) -> pl.Expr:
    """When each option settles, UTC: at the regular close of its expiry.

    Read from no calendar, which ends before the last expiry does; an expiry is no half day.
    """
    local = pl.col("expiry").dt.combine(market.closes).dt.replace_time_zone(market.time_zone)
    return local.dt.convert_time_zone("UTC")


def year_fraction(market: Market) -> pl.Expr:
    """Calendar time from the chain's moment to settlement in years of 365 days."""
    left = settlement(market) - pl.col("as_of")
    return left.dt.total_microseconds() / (_YEAR / timedelta(microseconds=1))


def is_open(market: Market, moment: datetime) -> bool:
    """Whether a chain of that moment is one of trading, or of a close that is settling."""
    day = moment.astimezone(ZoneInfo(market.time_zone)).date()
    return is_session(market, day) and (
        open_of(market, day) <= moment <= close_of(market, day) + market.settles
    )


def frozen(rows: pl.DataFrame) -> list[datetime]:
    """Moments at which every value is that of the moment before; of one symbol."""
    told = ["expiry", "strike", "option_type", *_VALUES]
    moments = rows.select("as_of", *told).sort("as_of", *told).partition_by("as_of", as_dict=True)
    return [
        moment[0]
        for (_, earlier), (moment, later) in pairwise(moments.items())
        if earlier.drop("as_of").equals(later.drop("as_of"))
    ]


def _judged(rows: pl.DataFrame, market: Market) -> pl.DataFrame:
    """The rows with what the laws read, and the code of the first one that each breaks."""
    require_columns(rows, list(QUOTED))
    if rows["symbol"].n_unique() > 1 or rows["as_of"].has_nulls():
        symbols = rows["symbol"].unique().sort().to_list()
        msg = f"chains of {symbols} found, expected dated ones of one symbol: choose one"
        raise DataError(msg)
    moments = rows["as_of"].unique().to_list()
    traded = [moment for moment in moments if is_open(market, moment)]
    dtype = QUOTED["as_of"][0]
    return rows.with_columns(
        step=pl.lit(market.strike_step),
        years=year_fraction(market),
        is_open=pl.col("as_of").is_in(pl.Series(traded, dtype=dtype).implode()),
        is_frozen=pl.col("as_of").is_in(pl.Series(frozen(rows), dtype=dtype).implode()),
    ).with_columns(reason=first_broken(LAWS))


def validated(rows: pl.DataFrame, market: Market) -> pl.DataFrame:
    """The rows that keep every law, with flags: sorted by moment, expiry, strike and type.

    A moment is judged against earlier ones alone: later rows change nothing.
    """
    codes = [pl.when(flag.broken).then(pl.lit(flag.code)) for flag in FLAGS]
    told = pl.concat_str(codes, separator=",", ignore_nulls=True)
    return (
        _judged(rows, market)
        .filter(pl.col("reason").is_null())
        .with_columns(flags=pl.when(told != "").then(told))
        .select(*SCHEMA)
        .sort("as_of", "expiry", "strike", "option_type")
    )


def quarantined(rows: pl.DataFrame, market: Market) -> pl.DataFrame:
    """The rows that break a law, as quoted, with the reason; none is mended."""
    broken = _judged(rows, market).filter(pl.col("reason").is_not_null())
    return broken.select(*QUOTED, "reason").sort("as_of", "expiry", "strike", "option_type")
