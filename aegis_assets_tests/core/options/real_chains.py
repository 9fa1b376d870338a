"""Real chains in the columns of a quoted chain, from files that are no part of the project."""

from datetime import UTC

import polars as pl

from aegis_assets.core.markets import NIFTY
from aegis_assets.core.options.black76 import parity_forward
from aegis_assets.core.options.chain import validated, year_fraction
from aegis_assets.core.options.max_pain import max_pain
from aegis_assets.core.options.skew import skew, smile
from aegis_assets.core.sessions import close_of
from aegis_assets_tests.core.options.chains import typed

LOTS = {"NIFTY": 75, "BANKNIFTY": 35}
SYMBOLS = {"NIFTY": "^NSEI", "BANKNIFTY": "^NSEBANK"}
_KINDS = {"CE": "CALL", "PE": "PUT"}
_NONE = pl.lit(None)


def _closes(days):
    closes = [close_of(NIFTY, day).astimezone(UTC) for day in days]
    return pl.DataFrame({"date": days, "as_of": closes})


def _daily(table):
    """Rows of a bhavcopy, each at the close of its session."""
    dated = table.join(_closes(table["date"].unique().sort().to_list()), on="date")
    named = dated.with_columns(
        symbol=pl.lit(NIFTY.index.symbol),
        known_at=pl.col("as_of"),
        session=pl.col("date"),
        option_type=pl.col("option_type").replace_strict(_KINDS),
        last=pl.col("close"),
        change_in_open_interest=pl.col("chg_oi"),
    )
    return typed(named.with_columns(bid=_NONE, ask=_NONE, implied_volatility=_NONE, fault=_NONE))


def bhavcopy(folder):
    """Every session of January 2025 that the file has."""
    table = pl.read_parquet(folder / "nse_fo_nifty_bhavcopy.parquet")
    return _daily(table.filter(instrument="IDO"))


def legacy(folder):
    """January and March 2019, one monthly expiry each."""
    table = pl.read_parquet(folder / "nifty_options_legacy_2019_2021.parquet")
    return _daily(table.with_columns(volume=pl.col("contracts")))


def snapshots(folder, name="NIFTY"):
    """Chains of two mornings of August 2025; the repeated ones once, known when first collected."""
    table = pl.read_parquet(folder / "nse_option_chain_snapshots_2025_08.parquet")
    mine = table.filter(symbol=name).sort("collected_at")
    mine = mine.unique(["ts", "expiry", "strike"], keep="first", maintain_order=True)
    return pl.concat(_side(mine, kind, LOTS[name]) for kind in ("calls", "puts"))


def _side(table, kind, lot):
    def told(name):
        return pl.col(f"{kind}_{name}")

    def or_none(each):
        return pl.when(each != 0).then(each)

    named = table.with_columns(
        symbol=pl.col("symbol").replace_strict(SYMBOLS),
        as_of=pl.col("ts").dt.convert_time_zone("UTC"),
        known_at=pl.col("collected_at").dt.convert_time_zone("UTC"),
        session=pl.col("ts").dt.date(),
        option_type=pl.lit("CALL" if kind == "calls" else "PUT"),
        bid=or_none(told("bid_price")),
        ask=or_none(told("ask_price")),
        last=or_none(told("ltp")),
        open_interest=(told("oi") * lot).round(3),
        change_in_open_interest=(told("chng_in_oi") * lot).round(3),
        volume=told("volume"),
        implied_volatility=or_none(told("iv")) / 100,
    )
    return typed(named.with_columns(settle=_NONE, underlying=_NONE, fault=_NONE))


def readings(chain):
    """What the chain says: a row per moment and expiry that has a forward."""
    found = []
    for (as_of, expiry), rows in validated(chain, NIFTY).group_by("as_of", "expiry"):
        forward = parity_forward(rows)
        if forward is None:
            continue
        years = rows.select(year_fraction(NIFTY))[0, 0]
        quotes = smile(rows, forward, years)
        wings, pain = skew(quotes), max_pain(rows)
        found.append(
            {
                "session": rows["session"][0],
                "as_of": as_of,
                "expiry": expiry,
                "days": years * 365,
                "forward": forward,
                "spot": rows["underlying"].drop_nulls().first(),
                "volatility": quotes.at_the_money,
                "net_skew": wings.net_skew if wings else None,
                "pain": pain.strike if pain else None,
                "width": pain.upper - pain.lower if pain else None,
                "confidence": pain.confidence if pain else None,
            }
        )
    return pl.DataFrame(found, infer_schema_length=None).sort("as_of", "expiry")


def at_30_days(told):
    """Volatility of 30 days by session: linear in total variance between the expiries around it."""
    days, variance = pl.col("days"), pl.col("volatility") ** 2 * pl.col("days")
    whole = told.drop_nulls("volatility")
    near = whole.filter(days <= 30).group_by("session").agg(pl.all().sort_by("days").last())
    far = whole.filter(days > 30).group_by("session").agg(pl.all().sort_by("days").first())
    both = near.join(far, on="session", suffix="_far").sort("session")
    share = (30 - days) / (pl.col("days_far") - days)
    later = pl.col("volatility_far") ** 2 * pl.col("days_far")
    return both.select("session", volatility=((variance + share * (later - variance)) / 30).sqrt())


def differences(chain, market, longest):
    """Our volatility less the source's, out of the money, of expiries up to `longest` days away."""
    found = []
    for _, rows in validated(chain, market).group_by("as_of", "expiry"):
        forward, years = parity_forward(rows), rows.select(year_fraction(market))[0, 0]
        if forward is None or years * 365 > longest:
            continue
        quotes = smile(rows, forward, years)
        ours = pl.DataFrame(
            [
                (kind, point.strike, point.volatility)
                for kind, side in (("CALL", quotes.calls), ("PUT", quotes.puts))
                for point in side
            ],
            schema={"option_type": pl.String, "strike": pl.Float64, "ours": pl.Float64},
            orient="row",
        )
        theirs = rows.select("option_type", "strike", theirs="implied_volatility")
        found.append(ours.join(theirs, on=["option_type", "strike"]).drop_nulls())
    return pl.concat(found)
