"""How an answer joins what is stored: nothing lost, nothing doubled, nothing mended in silence.

Rows come judged: `reason` is the code of the law that a bar breaks, null where it keeps them all.
A bar that breaks one never takes the place of a bar that does not.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

import polars as pl

from aegis_assets.core.bars import STAMPS, Origin
from aegis_assets.core.markets import Market
from aegis_assets.core.sessions import close_of, sessions_between

OLD_EPOCH = "OLD_EPOCH"
"""Fault of a stored bar that a whole new history no longer has: its basis of adjustment is gone."""

_TOLERANCE = 1e-6
_LATE_TICK = timedelta(minutes=15)
_UNSURE = timedelta(days=10)


class Cause(StrEnum):
    """Why a final bar has other values than before."""

    ADJUSTMENT = "ADJUSTMENT"
    RESTATEMENT = "RESTATEMENT"
    MENDED = "MENDED"


@dataclass(frozen=True, eq=False)
class Absorption:
    """All bars of an instrument once an answer has joined them, and what that changed.

    `written` are the keys of rows that are new or other than before; `revisions` the former values
    of final bars; `refused` the answer's bad bars whose stored ones are good.
    """

    bars: pl.DataFrame
    written: pl.DataFrame
    revisions: pl.DataFrame
    refused: pl.DataFrame
    added: int
    settled: int


def stamped(bars: pl.DataFrame, origin: Origin, is_final: pl.Expr) -> pl.DataFrame:
    """The answer's bars with where they come from; epoch and revision are those of a first."""
    stamps = {
        "is_final": is_final,
        "source": pl.lit(origin.source),
        "source_ts": pl.lit(origin.last_trade),
        "fetched_at": pl.lit(origin.fetched_at),
        "raw_sha256": pl.lit(origin.sha256),
        "adj_epoch": pl.lit(0),
        "revision": pl.lit(0),
    }
    return bars.with_columns(
        stamps[name].cast(kind).alias(name) for name, (kind, _) in STAMPS.items()
    )


def final_sessions(market: Market, origin: Origin) -> pl.Expr:
    """Whether the session of a daily bar was over and settled for the source.

    The exchange must have closed `Market.settles` before the answer came, and the answer must know
    a trade of the last quarter of an hour.  An archive holds nothing but finished sessions.
    """
    if origin.fetched_at is None or origin.last_trade is None:
        return pl.lit(value=True)
    today = origin.fetched_at.astimezone(ZoneInfo(market.time_zone)).date()
    unsure = sessions_between(market, today - _UNSURE, today).to_list()
    over = [day for day in unsure if _is_over(market, day, origin.fetched_at, origin.last_trade)]
    session = pl.col("session")
    return session.is_in(over) | (session < today) & ~session.is_in(unsure)


def _is_over(market: Market, session: date, fetched_at: datetime, last_trade: datetime) -> bool:
    close = close_of(market, session)
    return close + market.settles <= fetched_at and close - _LATE_TICK <= last_trade


def absorbed(
    stored: pl.DataFrame,
    fetched: pl.DataFrame,
    keys: Sequence[str],
    *,
    renewed: bool = False,
    scale: float = 1.0,
) -> Absorption:
    """`stored` (bars and `reason`) after `fetched` (stamped bars and `reason`) joined it.

    Values that differ by less than 1e-6 are the same.  A bar that is not final never replaces one
    that is.  `renewed` says that `fetched` is a whole history: its bars begin a new epoch, prices
    `scale` times the stored ones are an adjustment, and stored bars that it lacks are marked
    `OLD_EPOCH` where the adjustment moved.
    """
    both = _paired(stored, fetched, keys)
    values = [name for name in fetched.columns if name not in {*keys, *STAMPS, "reason"}]
    same = pl.all_horizontal(_same(name, both.schema[name]) for name in values)
    known = pl.col("revision_old").is_not_null()
    refused = known & pl.col("reason").is_not_null() & pl.col("reason_old").is_null()
    late = known & pl.col("is_final_old") & ~pl.col("is_final")
    changed = known & ~same
    both = both.with_columns(
        is_new=~known,
        is_refused=refused,
        is_late=late,
        is_taken=~known
        | ~(refused | late) & (changed | (pl.col("is_final") != pl.col("is_final_old"))),
        is_revised=changed & pl.col("is_final") & pl.col("is_final_old") & ~refused,
    )
    taken = both.filter(
        pl.col("is_taken") | pl.lit(renewed) & ~(pl.col("is_refused") | pl.col("is_late"))
    )
    rows = _rows(taken, fetched.columns, _epoch(stored, renewed=renewed))
    kept = stored.join(taken, on=keys, how="anti")
    if renewed and (scale != 1.0 or _is_readjusted(taken)):
        kept = kept.with_columns(fault=pl.coalesce("fault", pl.lit(OLD_EPOCH)))
        rows = pl.concat([rows, kept])
        kept = kept.clear()
    return Absorption(
        bars=pl.concat([kept, rows]).drop("reason").sort(keys),
        written=rows.select(keys),
        revisions=_revisions(both.filter("is_revised"), stored, keys, values, scale),
        refused=both.filter("is_refused").select(*keys, "reason"),
        added=int(both["is_new"].sum()),
        settled=both.filter("is_taken", ~pl.col("is_new"), ~pl.col("is_revised")).height,
    )


def _paired(stored: pl.DataFrame, fetched: pl.DataFrame, keys: Sequence[str]) -> pl.DataFrame:
    return fetched.join(stored, on=keys, how="left", suffix="_old")


def _same(name: str, kind: pl.DataType) -> pl.Expr:
    new, old = pl.col(name), pl.col(f"{name}_old")
    if not kind.is_float():
        return new.eq_missing(old)
    close = (new - old).abs() <= _TOLERANCE * pl.max_horizontal(new.abs(), old.abs())
    return close.fill_null(new.is_null() & old.is_null())


def _epoch(stored: pl.DataFrame, *, renewed: bool) -> int:
    newest = stored["adj_epoch"].max()
    current = int(newest) if isinstance(newest, int) else 0
    return current + 1 if renewed and not stored.is_empty() else current


def _rows(taken: pl.DataFrame, columns: Sequence[str], epoch: int) -> pl.DataFrame:
    """The rows to store; unchanged values keep the answer that first gave them."""
    fresh = pl.col("is_taken")
    origin = ("source", "source_ts", "fetched_at", "raw_sha256")
    return taken.with_columns(
        *(
            pl.when(fresh).then(pl.col(name)).otherwise(pl.col(f"{name}_old")).alias(name)
            for name in origin
        ),
        adj_epoch=pl.lit(epoch, dtype=pl.Int32),
        revision=(pl.col("revision_old").fill_null(0) + pl.col("is_revised")).cast(pl.Int32),
    ).select(columns)


def _is_readjusted(taken: pl.DataFrame) -> bool:
    """Whether the oldest common bar has another adjusted close: then all of the past has."""
    if "adj_close" not in taken.columns:
        return False
    oldest = taken.filter(~pl.col("is_new")).sort("session").head(1)
    return not oldest.filter(~_same("adj_close", taken.schema["adj_close"])).is_empty()


def _revisions(
    revised: pl.DataFrame,
    stored: pl.DataFrame,
    keys: Sequence[str],
    values: Sequence[str],
    scale: float,
) -> pl.DataFrame:
    prices = [name for name in ("open", "high", "low", "close") if name in values]
    moved = pl.all_horizontal(
        ((pl.col(name) / pl.col(f"{name}_old") / scale - 1).abs() <= _TOLERANCE).fill_null(
            value=True
        )
        for name in prices
    )
    only_volume = pl.all_horizontal(
        _same(name, revised.schema[name]) for name in values if name != "volume"
    )
    cause = (
        pl.when(pl.col("reason_old").is_not_null())
        .then(pl.lit(Cause.MENDED.value))
        .when(moved & ~only_volume)
        .then(pl.lit(Cause.ADJUSTMENT.value))
        .otherwise(pl.lit(Cause.RESTATEMENT.value))
    )
    marks = revised.select(*keys, superseded_at="fetched_at", cause=cause)
    return stored.drop("reason").join(marks, on=keys, how="inner").sort(keys)
