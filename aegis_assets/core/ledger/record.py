"""Hit rates of what was published before: the record that a payload tells of itself."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl

from aegis_assets.core.claim import Role
from aegis_assets.core.contract.seller import HitRate
from aegis_assets.core.engines.moment import Record
from aegis_assets.core.ledger.ends import with_ends
from aegis_assets.core.ledger.losses import EDGES, judged
from aegis_assets.core.ledger.resampling import share
from aegis_assets.core.ledger.settling import outcomes
from aegis_assets.core.markets import Market

NEXT_SESSION = "buyer.breakout_next.0"
PATHS = (*EDGES, NEXT_SESSION)
PAST = timedelta(days=365)
"""How far back the record looks."""
FEWEST = 30
_SEED = 0


def record(
    forecasts: pl.DataFrame,
    daily: pl.DataFrame,
    minutes: pl.DataFrame,
    market: Market,
    as_of: datetime,
) -> Record:
    """What became of the claims of the year before that ended before the session of `as_of`.

    Only one slot a session counts, its last: those before it are about the same stretch of price
    and would only inflate n.  `safe_range` is the share of ranges that held on both edges, `spike`
    that of sessions with a breakout, both of settled claims.  Null under `FEWEST` of them, or
    under two blocks of sessions, of which no interval can be drawn.

    A slot counts by the moment it is about.  One that was made later than that, as a backfill
    does, was still asked nothing that was not known at its moment.
    """
    session = as_of.astimezone(ZoneInfo(market.time_zone)).date()
    mine = with_ends(forecasts, market).filter(
        pl.col("path").is_in(PATHS),
        pl.col("session") > session - PAST,
        pl.col("role") == Role.SERVED.value,
        pl.col("as_of") < as_of,
        pl.col("ends_on") < session,
    )
    last = mine.filter(pl.col("as_of") == pl.col("as_of").max().over("session", "path"))
    settled = judged(last, _outcomes(last, daily, minutes, market, session))
    return Record(safe_range=_held(settled), spike=_broke_out(settled))


def _outcomes(
    claims: pl.DataFrame, daily: pl.DataFrame, minutes: pl.DataFrame, market: Market, session: date
) -> pl.DataFrame:
    return outcomes(claims, daily, minutes, market, session - timedelta(days=1))


def _held(settled: pl.DataFrame) -> HitRate | None:
    """Share of ranges of which neither edge was left."""
    upper, lower = (settled.filter(pl.col("path") == edge) for edge in EDGES)
    both = upper.join(lower, on="slot", suffix="_lower").select(
        "session",
        horizon=pl.max_horizontal("horizon", "horizon_lower"),
        held=(pl.col("outcome") <= pl.col("forecast").list.get(0))
        & (pl.col("outcome_lower") <= pl.col("forecast_lower").list.get(0)),
    )
    return _rate(both)


def _broke_out(settled: pl.DataFrame) -> HitRate | None:
    """Share of sessions whose close was beyond the threshold of its claim."""
    asked = settled.filter(pl.col("path") == NEXT_SESSION)
    return _rate(asked.select("session", "horizon", held=pl.col("outcome_class") == 1))


def _rate(rows: pl.DataFrame) -> HitRate | None:
    if rows.height < FEWEST:
        return None
    held = rows.sort("session")["held"].cast(pl.Float64).to_numpy()
    found = share(held, max(int(rows["horizon"].to_numpy().max()), 1), _SEED)
    if found is None:
        return None
    value, lower, upper = found
    return HitRate(value=value, lower=lower, upper=upper, n=rows.height)
