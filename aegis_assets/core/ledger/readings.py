"""What was served slot by slot, read off the ledger's rows or off payloads themselves."""

from collections.abc import Iterator, Sequence
from zoneinfo import ZoneInfo

import polars as pl

from aegis_assets.core.claim import Measure, Role
from aegis_assets.core.frozen import Frozen, Source
from aegis_assets.core.ledger.entries import counted_editions
from aegis_assets.core.markets import MARKETS
from aegis_assets.core.payload import Payload
from aegis_assets.core.provenance import Provenance

READING: dict[str, pl.DataType] = {
    "path": pl.String(),
    "slot": pl.String(),
    "as_of": pl.Datetime("us", "UTC"),
    "session": pl.Date(),
    "trained_to": pl.Date(),
    "candidate": pl.String(),
    "inputs": pl.String(),
    "kind": pl.String(),
    "value": pl.List(pl.Float64()),
}
"""`inputs` differs where what was read differs; `kind` is one of those below."""
CLASSES, SIZES, LEVELS = "CLASSES", "SIZES", "LEVELS"
"""Probabilities; distances of 0 or more; distances from the spot, in logs or shares of it."""
PRICES, OTHER = "PRICES", "OTHER"
"""The levels themselves, of payloads, which may stand still while the spot moves; all else."""

_DIGITS = 9  # a share of the spot beyond them is rounding

_SIZES = [Measure.SIZE, Measure.RISE, Measure.FALL, Measure.EXCURSION, Measure.SESSION_SIZE]
_PAIRS = {"Interval", "SafeRange", "BreakoutLevels"}
_ODDS = {"Probabilities": ("down", "neutral", "up"), "SpikeBias": ("down_prob", "up_prob")}
_SCORES = {"Breakout", "BreakoutAhead", "Theta"}


def readings_of_rows(forecasts: pl.DataFrame) -> pl.DataFrame:
    """Served forecasts of the editions that count (`READING`); of the running session's close none.

    What is said of that close becomes certain as the session ends.
    """
    served = counted_editions(forecasts).filter(
        pl.col("role") == Role.SERVED.value,
        pl.col("source") != Source.UNAVAILABLE.value,
        (pl.col("ends_on") > pl.col("session")).fill_null(value=True),
    )
    pair = (pl.col("measure") == Measure.RETURN.value) & (pl.col("levels").list.len() > 1)
    size = pl.col("measure").is_in([each.value for each in _SIZES])
    kind = (
        pl.when(pl.col("cuts").list.len() > 0)
        .then(pl.lit(CLASSES))
        .when(pair)
        .then(pl.lit(LEVELS))
        .when(size)
        .then(pl.lit(SIZES))
        .otherwise(pl.lit(OTHER))
    )
    return (
        served.with_columns(kind=kind)
        .rename({"feature_hash": "inputs", "forecast": "value"})
        .select(*READING)
    )


def readings_of_payloads(payloads: Sequence[Payload]) -> pl.DataFrame:
    """The same of payloads: probabilities, and the price levels that should hold the spot."""
    rows = [row for each in payloads for row in _rows(each)]
    return pl.DataFrame(rows, schema=READING, orient="row")


def _rows(payload: Payload) -> Iterator[tuple[object, ...]]:
    zone = ZoneInfo(MARKETS[payload.market_name].time_zone)
    moment = payload.as_of.astimezone(zone)
    spot = payload.market.spot
    inputs = f"{moment.date()}|{spot}|{payload.data_quality.daily.data_version}"
    for name in ("direction", "seller", "buyer"):
        for path, kind, value in _numbers(name, getattr(payload, name)):
            found = _provenance(payload, path)
            if found is None or found.source is Source.UNAVAILABLE:
                continue
            candidate = (found.model or "").rpartition(":")[2]
            of_slot = (f"{moment:%Y-%m-%d-%H:%M}", payload.as_of, moment.date(), found.trained_to)
            yield (path, *of_slot, candidate, inputs, kind, list(value))
            if kind == PRICES:
                against = [round(each / spot - 1, _DIGITS) for each in value]
                yield (path, *of_slot, candidate, inputs, LEVELS, against)


def _numbers(path: str, value: object) -> Iterator[tuple[str, str, tuple[float, ...]]]:
    """Path, kind and numbers of every forecast below `path`, but those of the running session."""
    if isinstance(value, tuple):
        for i, each in enumerate(value):
            yield from _numbers(f"{path}.{i}", each)
    if not isinstance(value, Frozen) or path in {"direction.today", "buyer.breakout_today"}:
        return
    name = type(value).__name__
    if name in _PAIRS:
        yield path, PRICES, (value.lower, value.upper)  # type: ignore[attr-defined]
    elif name in _ODDS:
        yield path, CLASSES, tuple(getattr(value, each) for each in _ODDS[name])
    elif name in _SCORES:
        yield path, CLASSES, (1 - value.score, value.score)  # type: ignore[attr-defined]
    elif name == "BreachProbability":
        for field in ("probability", "touch_probability"):
            outside = getattr(value, field)
            yield f"{path}.{field}", CLASSES, (1 - outside, outside)
    else:
        for field in type(value).model_fields:
            yield from _numbers(f"{path}.{field}", getattr(value, field))


def _provenance(payload: Payload, path: str) -> Provenance | None:
    """Of the nearest path above, or else of the first below."""
    above = [key for key in payload.provenance if f"{path}.".startswith(f"{key}.")]
    below = [key for key in payload.provenance if key.startswith(f"{path}.")]
    named = [max(above, key=len)] if above else below[:1]
    return payload.provenance[named[0]] if named else None
