"""From candles and the ledger's tables to what the page draws of the past.

Goes in: the panel of daily candles, forecasts, outcomes and the scorecard.  Comes out: a `History`.
Stays out: whatever was not known at `as_of`; later rows are not looked at.
"""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from aegis_assets.core.claim import Role
from aegis_assets.core.dashboard.history import (
    Close,
    History,
    MarketFacts,
    MonthlyLoss,
    PublishedRange,
    RatePoint,
    ReliabilityBin,
    ScoreRow,
)
from aegis_assets.core.labels import LABELS
from aegis_assets.core.ledger.entries import counted_editions
from aegis_assets.core.ledger.losses import EDGES, judged
from aegis_assets.core.ledger.record import FEWEST, NEXT_SESSION
from aegis_assets.core.ledger.scorecard import MONTH, TO_DATE, reliability
from aegis_assets.core.markets import Market

LOOK_BACK = 400
"""Days before `as_of` in which the ranges and closes that are drawn were made."""
_CLOSES = 130
_RANGES = 130
_MONTHS = timedelta(days=550)
_BINARY = 2
_PARTS = ("closes", "safe_ranges", "range_rate", "spike_rate", "reliability", "scorecard", "losses")
_UNSETTLED = "no published forecast of this kind has been settled yet"
_FEW = f"fewer than {FEWEST} published forecasts of this kind have been settled"
_REASONS = {
    "closes": "no daily candle is known yet",
    "safe_ranges": "no safe range has been published yet",
    "range_rate": _FEW,
    "spike_rate": _FEW,
}


def history(  # noqa: PLR0913 - each is a table of its own
    market: Market,
    candles: pl.DataFrame,
    forecasts: pl.DataFrame,
    outcomes: pl.DataFrame,
    scorecard: pl.DataFrame,
    *,
    as_of: datetime,
) -> History:
    """What was known at `as_of`; `candles` is a panel, the others are tables of the ledger."""
    today = as_of.astimezone(ZoneInfo(market.time_zone)).date()
    closes = candles.filter(pl.col("session") <= today).tail(_CLOSES)
    said = forecasts.filter(pl.col("as_of") <= as_of.astimezone(UTC))
    newest = today if closes.is_empty() else closes["session"].to_list()[-1]
    settled = outcomes.filter(pl.col("ends_on") <= newest)
    months = scorecard.filter(pl.col("month") <= today)
    parts: dict[str, tuple[Any, ...]] = {
        "closes": _closes(closes),
        "safe_ranges": _safe_ranges(said, settled),
        "range_rate": _rate(_ranges_held(said, settled)),
        "spike_rate": _rate(_broke_out(said, settled)),
        "reliability": _reliability(said, settled),
        "scorecard": _scorecard(months),
        "losses": _losses(months.filter(pl.col("month") >= today - _MONTHS)),
    }
    reasons = {name: _REASONS.get(name, _UNSETTLED) for name in _PARTS if not parts[name]}
    return History(as_of=as_of, market=facts(market), reasons=reasons, **parts)


def facts(market: Market) -> MarketFacts:
    """What the page must know of a market."""
    return MarketFacts(
        name=market.name,
        description=market.description,
        volatility_index=market.volatility_index.symbol,
        time_zone=market.time_zone,
        opens=market.opens,
        closes=market.closes,
    )


def _closes(candles: pl.DataFrame) -> tuple[Close, ...]:
    rows = candles.select("session", "high", "low", "close", "volatility_index")
    return tuple(Close(**row) for row in rows.iter_rows(named=True))


def _last_of_each_session(forecasts: pl.DataFrame, paths: list[str]) -> pl.DataFrame:
    """What the last slot of each session served at these paths, in the edition that counts."""
    served = counted_editions(forecasts).filter(
        pl.col("path").is_in(paths), pl.col("role") == Role.SERVED.value
    )
    return served.filter(pl.col("as_of") == pl.col("as_of").max().over("session", "path"))


def _edges(forecasts: pl.DataFrame, outcomes: pl.DataFrame) -> pl.DataFrame:
    """Both edges of each session's last range side by side, and whether both held, if known."""
    ends = _last_of_each_session(forecasts, [*EDGES]).join(
        outcomes.select("slot", "path", "outcome", settled_on="ends_on"),
        on=["slot", "path"],
        how="left",
    )
    each = ends.select(
        *("slot", "session", "path", "reference", "outcome"),
        ends_on=pl.coalesce("settled_on", "ends_on"),
        far=pl.col("forecast").list.get(0),
        level=pl.col("levels").list.get(0),
    )
    upper, lower = (each.filter(pl.col("path") == edge) for edge in EDGES)
    both = upper.join(lower, on="slot", suffix="_lower").sort("session")
    holds = pl.col("outcome") <= pl.col("far")
    holds_below = pl.col("outcome_lower") <= pl.col("far_lower")
    known = pl.col("outcome").is_not_null() & pl.col("outcome_lower").is_not_null()
    return both.select(
        "session",
        expiry="ends_on",
        upper=pl.col("reference") * pl.col("far").exp(),
        lower=pl.col("reference_lower") * (-pl.col("far_lower")).exp(),
        coverage=pl.col("level") + pl.col("level_lower") - 1,
        held=pl.when(known).then(holds & holds_below),
    )


def _safe_ranges(forecasts: pl.DataFrame, outcomes: pl.DataFrame) -> tuple[PublishedRange, ...]:
    rows = _edges(forecasts, outcomes).tail(_RANGES)
    return tuple(PublishedRange(**row) for row in rows.iter_rows(named=True))


def _ranges_held(forecasts: pl.DataFrame, outcomes: pl.DataFrame) -> pl.DataFrame:
    """Ranges whose fate is known: the session that settled each, and whether it held."""
    known = _edges(forecasts, outcomes).filter(pl.col("held").is_not_null())
    return known.select("held", session="expiry")


def _broke_out(forecasts: pl.DataFrame, outcomes: pl.DataFrame) -> pl.DataFrame:
    """Sessions ahead whose fate is known, and whether their close was a breakout."""
    asked = _last_of_each_session(forecasts, [NEXT_SESSION])
    known = judged(asked, outcomes).filter(pl.col("outcome_class").is_not_null())
    return known.select(held=pl.col("outcome_class") == 1, session="ends_on")


def _rate(settled: pl.DataFrame) -> tuple[RatePoint, ...]:
    """The share so far after each session that settled any, once there are enough."""
    by_session = settled.group_by("session").agg(n=pl.len(), held=pl.col("held").sum())
    so_far = by_session.sort("session").select(
        "session", pl.col("n").cum_sum(), held=pl.col("held").cum_sum()
    )
    told = so_far.filter(pl.col("n") >= FEWEST).select(
        "session", "n", value=pl.col("held") / pl.col("n")
    )
    return tuple(RatePoint(**row) for row in told.iter_rows(named=True))


def _reliability(forecasts: pl.DataFrame, outcomes: pl.DataFrame) -> tuple[ReliabilityBin, ...]:
    """Bins of every class, of the upper one only where there are two."""
    if outcomes.is_empty():
        return ()
    bins = reliability(forecasts, outcomes)
    return tuple(
        ReliabilityBin(
            engine=row["engine"],
            path=row["path"],
            outcome=classes[row["class"]],
            **{name: row[name] for name in ("mean_probability", "frequency")},
            **{name: row[name] for name in ("lower", "upper", "n")},
        )
        for row in bins.iter_rows(named=True)
        if (classes := _classes(row["target"])) and (len(classes) > _BINARY or row["class"])
    )


def _classes(target: str) -> tuple[str, ...]:
    """Names of the classes, from the lowest; none of a target without a label of its own."""
    return LABELS[target].classes if target in LABELS else ()


def _scorecard(months: pl.DataFrame) -> tuple[ScoreRow, ...]:
    """The newest month's lines to date, a path's published answers first."""
    newest = months.filter(
        pl.col("month") == pl.col("month").max(), pl.col("span") == TO_DATE
    ).rename({"path_kind": "path"})
    order = pl.col("role").replace_strict({each.value: i for i, each in enumerate(Role)})
    rows = newest.sort("engine", "horizon", "path", order, "candidate")
    return tuple(
        ScoreRow(**row) for row in rows.select(*ScoreRow.model_fields).iter_rows(named=True)
    )


def _losses(months: pl.DataFrame) -> tuple[MonthlyLoss, ...]:
    """A month's mean loss of what was served and of its baseline, over all candidates."""
    kept = months.filter(
        pl.col("span") == MONTH,
        pl.col("role").is_in([Role.SERVED.value, Role.BASELINE.value]),
        pl.col("loss").is_not_null(),
    )
    weighted = (pl.col("loss") * pl.col("sessions")).sum() / pl.col("sessions").sum()
    rows = (
        kept.group_by("engine", path="path_kind", month="month", role="role")
        .agg(loss=weighted, n=pl.col("n").sum())
        .sort("engine", "path", "month", "role")
    )
    return tuple(MonthlyLoss(**row) for row in rows.iter_rows(named=True))
