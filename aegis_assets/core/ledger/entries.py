"""Claims as bytes beside a payload, and as rows of ``ledger.forecasts``."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import polars as pl
from pydantic import ValidationError

from aegis_assets.core.claim import Claim
from aegis_assets.core.errors import DataError
from aegis_assets.core.frozen import Frozen
from aegis_assets.core.ledger.schemas import FORECASTS
from aegis_assets.core.markets import MARKETS
from aegis_assets.core.payload import Payload

_VERSION = 1
_TOLERANCE = 1e-6
LATE = timedelta(days=1)
"""How long after its moment a slot may first be published and still be something people saw."""
_OF_A_CLAIM = (
    "path",
    "engine",
    "target",
    "trained_to",
    "measure",
    "reference",
    "counted_from",
    "ends_on",
    "horizon",
    "only_if_beyond",
    "cuts",
    "levels",
    "feature_hash",
)
_OF_A_SAYING = ("role", "source", "candidate", "forecast")


@dataclass(frozen=True)
class Publication:
    """What is published for one slot: the payload, and all that it claims."""

    payload: Payload
    claims: tuple[Claim, ...]


class _SideCar(Frozen):
    version: int
    claims: tuple[Claim, ...]


def encoded_claims(claims: Sequence[Claim]) -> bytes:
    """The claims as UTF-8 JSON, the same bytes for the same claims; `DataError` on a faulty one."""
    refuse(claims)
    return (_SideCar(version=_VERSION, claims=tuple(claims)).model_dump_json() + "\n").encode()


def decoded_claims(content: bytes) -> tuple[Claim, ...]:
    """The claims that `encoded_claims` wrote; `DataError` where the bytes are no such claims."""
    try:
        found = _SideCar.model_validate_json(content)
    except ValidationError as error:
        msg = f"found {error.errors()[0]['msg']!r}, expected claims: publish the slot again"
        raise DataError(msg) from error
    if found.version != _VERSION:
        msg = f"claims are of version {found.version}, expected {_VERSION}: publish the slot again"
        raise DataError(msg)
    refuse(found.claims)
    return found.claims


def refuse(claims: Sequence[Claim]) -> None:
    """Raise `DataError` unless every claim can be kept and settled, and none is there twice."""
    for claim in claims:
        for fault in _faults(claim):
            msg = f"claim {claim.path} {fault}: mend the block that makes it"
            raise DataError(msg)
    twice = [path for path, n in Counter(each.path for each in claims).items() if n > 1]
    if twice:
        msg = f"claims of {twice} are there twice, expected one a path: mend the block"
        raise DataError(msg)


def _faults(claim: Claim) -> list[str]:
    said = [number for each in claim.sayings for number in each.forecast]
    beyond = () if claim.only_if_beyond is None else (claim.only_if_beyond,)
    numbers = (claim.reference, *beyond, *claim.cuts, *claim.levels, *said)
    roles = [each.role for each in claim.sayings]
    checks = {
        "holds a number that is not finite": not all(map(math.isfinite, numbers)),
        f"is counted from {claim.reference}, expected above 0": claim.reference <= 0,
        "has cuts and levels, expected one of them": bool(claim.cuts and claim.levels),
        "has thresholds out of order": not (_ascends(claim.cuts) and _ascends(claim.levels)),
        f"is said by {roles}, expected each role once": len(set(roles)) < len(roles) or not roles,
        f"ends on {claim.ends_on}, expected after {claim.counted_from}": claim.ends_on is not None
        and claim.ends_on <= claim.counted_from,
        "has a forecast of another shape": not all(
            _fits(claim, each.forecast) for each in claim.sayings
        ),
    }
    return [text for text, is_broken in checks.items() if is_broken]


def _ascends(values: Sequence[float]) -> bool:
    return all(low < high for low, high in pairwise(values))


def _fits(claim: Claim, forecast: Sequence[float]) -> bool:
    """Whether it is probabilities of the claim's classes, quantiles at its levels, or one mean."""
    if not claim.cuts:
        return len(forecast) == (len(claim.levels) or 1)
    whole = abs(sum(forecast) - 1) <= _TOLERANCE and min(forecast) >= 0
    return len(forecast) == len(claim.cuts) + 1 and whole


def forecast_rows(
    slot: str, payload: Payload, claims: Sequence[Claim], code_version: str
) -> pl.DataFrame:
    """The claims of a slot as rows of `FORECASTS`, sorted by path and role.

    Raises `DataError` where the payload does not say when it was made.
    """
    refuse(claims)
    if payload.generated_at is None:
        msg = f"payload of slot {slot} was never published: keep only what was, with its moment"
        raise DataError(msg)
    zone = ZoneInfo(MARKETS[payload.market_name].time_zone)
    of_all = {
        "slot": slot,
        "session": payload.as_of.astimezone(zone).date(),
        "as_of": payload.as_of,
        "published_at": payload.generated_at,
        "market": payload.market_name,
        "code_version": code_version,
    }
    rows = [of_all | row for claim in claims for row in _rows(claim)]
    schema = {name: kind for name, (kind, _) in FORECASTS.items()}
    return pl.DataFrame(rows, schema=schema).sort("path", "role")


def _rows(claim: Claim) -> list[dict[str, object]]:
    known = {each.name: getattr(claim, each.name) for each in fields(claim)}
    of_claim = {name: _stored(known[name]) for name in _OF_A_CLAIM}
    return [
        of_claim | {name: _stored(getattr(said, name)) for name in _OF_A_SAYING}
        for said in claim.sayings
    ]


def _stored(value: object) -> object:
    if isinstance(value, tuple):
        return list(value)
    return str(value) if isinstance(value, str) else value


def counted_editions(forecasts: pl.DataFrame) -> pl.DataFrame:
    """The rows of each slot's edition that counts, one edition a slot.

    That is the first, as people saw it.  Of a slot that was first made more than `LATE` after its
    moment, as a backtest makes them, nobody saw it in time: there the newest counts.  Give all the
    editions of a slot, or the one that was chosen before.
    """
    made = pl.col("published_at")
    first, newest = made.min().over("slot"), made.max().over("slot")
    in_time = first <= pl.col("as_of").min().over("slot") + LATE
    return forecasts.filter(made == pl.when(in_time).then(first).otherwise(newest))
