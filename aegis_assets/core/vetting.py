"""Whether an answer may join what is stored, and what its overlap with it tells.

Purely by comparison: with the exchange's sessions, and with the bars already there.
"""

from collections.abc import Sequence
from datetime import date
from enum import StrEnum

import polars as pl

from aegis_assets.core.bars import DailyAnswer
from aegis_assets.core.errors import ContentError
from aegis_assets.core.universe import InstrumentClass

_TOLERANCE = 1e-6
_ROUNDING = 1e-3
_FEW_SESSIONS = 3
_FEW_ROWS = 10
_SMALL_SHARE = 0.05
_PRICES = ("open", "high", "low", "close")


class Overlap(StrEnum):
    """What the bars that are both stored and answered say of each other."""

    SAME = "SAME"
    NONE = "NONE"
    ADJUSTED = "ADJUSTED"
    RESTATED = "RESTATED"


def missing_sessions(answer: DailyAnswer, expected: pl.Series) -> list[date]:
    """Sessions of the exchange for which the answer has no usable bar, the oldest first.

    Raises `ContentError` if they are more than three and more than 5 % of what was expected.
    """
    present = answer.bars.filter(pl.col("fault").is_null())["session"]
    absent = sorted(set(expected) - set(present))
    if len(absent) > max(_FEW_SESSIONS, _SMALL_SHARE * len(expected)):
        raise ContentError(
            "MISSING_SESSIONS",
            f"{answer.instrument.symbol} has bars for {len(expected) - len(absent)} of "
            f"{len(expected)} sessions since {expected[0]}, newest absent {absent[-1]}: "
            "what is stored stays; ask again later",
        )
    return absent


def overlap(stored: pl.DataFrame, fetched: pl.DataFrame) -> Overlap:
    """How good final bars of the answer differ from the stored ones of their sessions.

    A constant ratio of raw or adjusted closes that is not 1 is an adjustment; anything else that
    moved a price beyond 1e-6 is a restatement.  `reason` marks bad bars in both.
    """
    common = _common(stored, fetched)
    if common.is_empty():
        return Overlap.NONE
    differing = common.filter(pl.any_horizontal(_moved(name) for name in (*_PRICES, "adj_close")))
    if differing.is_empty():
        return Overlap.SAME
    return Overlap.ADJUSTED if _is_rescaled(common) else Overlap.RESTATED


def scale(
    stored: pl.DataFrame, whole: pl.DataFrame, answer: DailyAnswer, *, trusted: bool = False
) -> float:
    """Ratio of the new raw prices to the stored ones, 1 unless the instrument was split.

    Unless `trusted`, raises `ContentError` if a whole history is on another scale without a split
    of an equity that explains it, or if more than 5 % of its closes disagree with the stored ones.
    """
    common = _common(stored, whole)
    ratios = common["close"] / common["close_old"]
    middle = ratios.median()
    if not isinstance(middle, float):
        return 1.0
    found = 1.0 if abs(middle - 1) <= _TOLERANCE else middle
    if trusted:
        return found
    symbol = answer.instrument.symbol
    if found != 1.0 and not _is_split(found, answer):
        raise ContentError(
            "SCALE_CHANGED",
            f"closes of {symbol} are {found:.6g} times the stored ones and no split explains it: "
            "what is stored stays; look at the source, then `aegis run --rebuild` if it is right",
        )
    _refuse_disagreement(symbol, common, found)
    return found


def refuse_disagreement(
    symbol: str, stored: pl.DataFrame, fetched: pl.DataFrame, keys: Sequence[str]
) -> None:
    """Raise `ContentError` if more than 5 % of an answer's closes disagree with the stored ones.

    Ten may always: a source mends a few bars, but it does not tell another story.
    """
    _refuse_disagreement(symbol, _common(stored, fetched, keys), 1.0)


def _refuse_disagreement(symbol: str, common: pl.DataFrame, factor: float) -> None:
    ratios = common["close"] / common["close_old"]
    disagreeing = int(((ratios / factor - 1).abs() > _TOLERANCE).sum())
    if disagreeing > max(_FEW_ROWS, _SMALL_SHARE * common.height):
        raise ContentError(
            "HISTORY_DISAGREES",
            f"{disagreeing} of {common.height} closes of {symbol} differ from the stored ones: "
            "what is stored stays; look at the source, then `aegis run --rebuild` if it is right",
        )


def _common(
    stored: pl.DataFrame, fetched: pl.DataFrame, keys: Sequence[str] = ("session",)
) -> pl.DataFrame:
    good = pl.col("reason").is_null() & pl.col("is_final")
    return fetched.filter(good).join(stored.filter(good), on=keys, suffix="_old")


def _moved(name: str) -> pl.Expr:
    new, old = pl.col(name), pl.col(f"{name}_old")
    same = (new - old).abs() <= _TOLERANCE * pl.max_horizontal(new.abs(), old.abs())
    return ~same.fill_null(new.is_null() & old.is_null())


def _is_rescaled(common: pl.DataFrame) -> bool:
    """Whether each kind of close has one ratio to the stored one, and not both have 1."""
    ratios = common.select(
        pl.col("close") / pl.col("close_old"), pl.col("adj_close") / pl.col("adj_close_old")
    )
    spread = ratios.select((pl.all().max() / pl.all().min() - 1).abs().fill_null(0.0))
    moved = common.select(_moved("close").any() | _moved("adj_close").any()).item()
    return bool(moved) and max(spread.row(0)) <= _TOLERANCE


def _is_split(found: float, answer: DailyAnswer) -> bool:
    """Whether the latest splits of an equity, one or more of them, give this ratio."""
    if answer.instrument.instrument_class is not InstrumentClass.EQUITY:
        return False
    splits = answer.events.filter(kind="split").sort("session", descending=True)["value"]
    return any(abs(found * ratio - 1) <= _ROUNDING for ratio in splits.cum_prod())
