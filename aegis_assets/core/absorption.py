"""How an answer joins what is stored: nothing lost, nothing doubled, nothing mended in silence.

Rows come judged: `reason` is the code of the law that a bar breaks, null where it keeps them all.
A bar that breaks one never takes the place of a bar that does not.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

import polars as pl

from aegis_assets.core.bars import STAMPS, Origin
from aegis_assets.core.markets import Market
from aegis_assets.core.sessions import close_of, sessions_between

OLD_EPOCH = "OLD_EPOCH"
"""Fault of a stored bar that a whole new history no longer has: its basis of adjustment is gone."""

_TOLERANCE = 1e-6
_ORIGIN = ("source", "source_ts", "fetched_at", "raw_sha256")
_PRICES = ("open", "high", "low", "close")
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
    of final bars; `refused` the answer's bad bars whose stored ones are, or were, good.  `settled`
    counts bars that became final; `renewed` says that they are of a new epoch.
    """

    bars: pl.DataFrame
    written: pl.DataFrame
    revisions: pl.DataFrame
    refused: pl.DataFrame
    added: int
    settled: int
    renewed: bool


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
    """Whether the session of a daily bar was over and settled for the source (`is_settled`).

    An archive holds nothing but finished sessions.
    """
    if origin.fetched_at is None:
        return pl.lit(value=True)
    today = origin.fetched_at.astimezone(ZoneInfo(market.time_zone)).date()
    unsure = sessions_between(market, today - _UNSURE, today).to_list()
    over = [day for day in unsure if is_settled(market, day, origin)]
    session = pl.col("session")
    return session.is_in(over) | (session < today) & ~session.is_in(unsure)


def is_settled(market: Market, session: date, origin: Origin) -> bool:
    """Whether the session was over when the answer came, as the clock and the answer have it.

    The exchange must have closed `Market.settles` before, and the answer must know a trade of the
    session's last quarter of an hour or a later one.
    """
    if origin.fetched_at is None or origin.last_trade is None:
        return True
    close = close_of(market, session)
    return close + market.settles <= origin.fetched_at and close - _LATE_TICK <= origin.last_trade


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
    both = _compared(stored, fetched, keys)
    joining = pl.col("is_taken") | pl.lit(renewed) & ~pl.col("is_held_off")
    rows = _rows(both.filter(joining), stored, renewed=renewed)
    kept = stored.join(rows, on=keys, how="anti")
    moved = renewed and (scale != 1.0 or _is_readjusted(both))
    outdated = kept.filter(pl.lit(moved) & pl.col("fault").is_null())
    rows = pl.concat([rows, _marked(outdated, fetched)])
    kept = kept.join(outdated, on=keys, how="anti")
    superseded = pl.concat(
        [_causes(both, keys, scale), _abandoned(outdated.filter("is_final"), fetched, keys)]
    )
    return Absorption(
        bars=pl.concat([kept, rows]).drop("reason").sort(keys),
        written=rows.select(keys),
        revisions=stored.drop("reason").join(superseded, on=keys, how="inner").sort(keys),
        refused=both.filter("is_refused").select(*keys, "reason"),
        added=both.filter("is_new").height,
        settled=both.filter("is_taken", "is_final", ~pl.col("is_final_old")).height,
        renewed=renewed and not stored.is_empty(),
    )


def _compared(stored: pl.DataFrame, fetched: pl.DataFrame, keys: Sequence[str]) -> pl.DataFrame:
    """The answer's rows, each beside the stored one (`_old`), and what is to become of it.

    A volume that the answer does not know stays as it was known.
    """
    both = fetched.join(stored, on=keys, how="left", suffix="_old").with_columns(
        pl.coalesce("volume", "volume_old")
    )
    values = [name for name in fetched.columns if name not in {*keys, *STAMPS, "reason"}]
    same = {name: _same(name, both.schema[name]) for name in values}
    known = pl.col("revision_old").is_not_null()
    changed = known & ~pl.all_horizontal(same.values())
    settles = known & (pl.col("is_final") != pl.col("is_final_old"))
    was_good = pl.col("reason_old").is_null() | (pl.col("fault_old") == OLD_EPOCH)
    refused = known & pl.col("reason").is_not_null() & was_good.fill_null(value=False)
    late = known & pl.col("is_final_old") & ~pl.col("is_final")
    free = ~(refused | late)
    return both.with_columns(
        is_new=~known,
        is_refused=refused,
        is_held_off=~free,
        is_taken=~known | free & (changed | settles),
        is_revised=free & changed & pl.col("is_final") & pl.col("is_final_old"),
        is_readjusted=known & ~same.get("adj_close", pl.lit(value=True)),
    )


def _same(name: str, kind: pl.DataType) -> pl.Expr:
    new, old = pl.col(name), pl.col(f"{name}_old")
    return _near(new, old) if kind.is_float() else new.eq_missing(old)


def _near(new: pl.Expr, old: pl.Expr) -> pl.Expr:
    near = (new - old).abs() <= _TOLERANCE * pl.max_horizontal(new.abs(), old.abs())
    return near.fill_null(new.is_null() & old.is_null())


def _rows(taken: pl.DataFrame, stored: pl.DataFrame, *, renewed: bool) -> pl.DataFrame:
    """The rows to store; unchanged values keep the answer that first gave them."""
    newest = stored["adj_epoch"].max()
    epoch = newest + renewed if isinstance(newest, int) else 0
    origin = (
        pl.when("is_taken").then(pl.col(name)).otherwise(pl.col(f"{name}_old")).alias(name)
        for name in _ORIGIN
    )
    return taken.with_columns(
        *origin,
        adj_epoch=pl.lit(epoch, dtype=pl.Int32),
        revision=(pl.col("revision_old").fill_null(0) + pl.col("is_revised")).cast(pl.Int32),
    ).select(stored.columns)


def _is_readjusted(both: pl.DataFrame) -> bool:
    """Whether the oldest bar whose close stayed is adjusted otherwise: then all before it is."""
    good = pl.col("reason").is_null() & pl.col("reason_old").is_null() & ~pl.col("is_new")
    stayed = good & _near(pl.col("close"), pl.col("close_old"))
    return bool(both.filter(stayed).sort("session").head(1)["is_readjusted"].any())


def _marked(outdated: pl.DataFrame, fetched: pl.DataFrame) -> pl.DataFrame:
    """Bars that are there no longer, on the word of the answer that lacks them."""
    return (
        outdated.drop(_ORIGIN)
        .join(fetched.select(_ORIGIN).head(1), how="cross")
        .with_columns(
            fault=pl.lit(OLD_EPOCH),
            revision=(pl.col("revision") + pl.col("is_final")).cast(pl.Int32),
        )
        .select(outdated.columns)
    )


def _abandoned(outdated: pl.DataFrame, fetched: pl.DataFrame, keys: Sequence[str]) -> pl.DataFrame:
    moment = fetched.select(superseded_at="fetched_at").head(1)
    cause = pl.lit(Cause.ADJUSTMENT.value)
    return outdated.select(keys).join(moment, how="cross").with_columns(cause=cause)


def _causes(both: pl.DataFrame, keys: Sequence[str], scale: float) -> pl.DataFrame:
    """When and why the values of final bars gave way, by key."""
    moved = pl.all_horizontal(
        _near(pl.col(name), pl.col(f"{name}_old") * scale) for name in _PRICES
    )
    cause = (
        pl.when(pl.col("reason_old").is_not_null() & pl.col("reason").is_null())
        .then(pl.lit(Cause.MENDED.value))
        .when(moved & (pl.lit(scale != 1.0) | pl.col("is_readjusted")))
        .then(pl.lit(Cause.ADJUSTMENT.value))
        .otherwise(pl.lit(Cause.RESTATEMENT.value))
    )
    return both.filter("is_revised").select(*keys, superseded_at="fetched_at", cause=cause)
