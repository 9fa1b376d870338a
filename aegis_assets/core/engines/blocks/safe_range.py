"""The safe range of a seller's position: two edges of the path until an expiry.

The edges are forecast to four horizons.  In units of the core's volatility they change slowly with
the horizon, so those of the expiry are read between them in these units, and beyond the longest
they stay.
"""

import math
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from aegis_assets.core.claim import Claim, Measure, Saying
from aegis_assets.core.contract.seller import SafeRange
from aegis_assets.core.engines.engine import Answer
from aegis_assets.core.engines.moment import Moment
from aegis_assets.core.engines.restating import Settled, made, provenance_at, sayings, unchanged
from aegis_assets.core.engines.section import Part
from aegis_assets.core.errors import DataError
from aegis_assets.core.expiries import ExpiryKind, next_expiry, sessions_to
from aegis_assets.core.frozen import Source
from aegis_assets.core.labels import Label
from aegis_assets.core.labels.path import (
    FALL_1,
    FALL_5,
    FALL_10,
    FALL_20,
    LEVELS,
    RISE_1,
    RISE_5,
    RISE_10,
    RISE_20,
)
from aegis_assets.core.provenance import Provenance, unavailable

COVERAGE = 0.9
_SIDE = LEVELS.index((1 + COVERAGE) / 2)
_STATED = ("horizon_days", "coverage", "expiry")
_RISES, _FALLS = (RISE_1, RISE_5, RISE_10, RISE_20), (FALL_1, FALL_5, FALL_10, FALL_20)
_Pair = tuple[Answer, Answer, float]


def read_safe_range(answers: Mapping[str, Answer], moment: Moment) -> Part[SafeRange | None]:
    """The path's highest rise and deepest fall, each left behind with half of what is left out."""
    try:
        expiry = next_expiry(moment.market, moment.base, ExpiryKind.MONTHLY, after=True).day
        sessions = sessions_to(moment.market, moment.base, expiry)
    except DataError as error:
        return Part(None, {"safe_range": unavailable(str(error))})
    pairs = {
        edge: _around(labels, answers, sessions)
        for edge, labels in (("upper", _RISES), ("lower", _FALLS))
    }
    said = {edge: _edge(*pair, moment, sessions) for edge, pair in pairs.items()}
    silent = [pairs[edge] for edge, each in said.items() if not each]
    if silent:
        return Part(None, {"safe_range": _why_silent(silent[0], moment)})
    return _range(pairs, said, moment, sessions, expiry)


def _range(
    pairs: Mapping[str, _Pair],
    said: Mapping[str, tuple[Saying, ...]],
    moment: Moment,
    sessions: int,
    expiry: date,
) -> Part[SafeRange | None]:
    rise, fall = (said[edge][0].forecast[0] for edge in ("upper", "lower"))
    value = SafeRange(
        lower=moment.spot * math.exp(-fall),
        upper=moment.spot * math.exp(rise),
        horizon_days=sessions,
        coverage=COVERAGE,
        expiry=expiry,
    )
    edges = {f"safe_range.{edge}": _source(pair, moment) for edge, pair in pairs.items()}
    stated = _whole([*edges.values()])
    provenance = edges | {f"safe_range.{field}": stated for field in _STATED}
    claims = tuple(
        _claim(f"safe_range.{edge}", measure, pairs[edge], said[edge], moment, sessions, expiry)
        for edge, measure in (("upper", Measure.RISE), ("lower", Measure.FALL))
    )
    return Part(value, provenance, claims)


def _around(labels: tuple[Label, ...], answers: Mapping[str, Answer], sessions: int) -> _Pair:
    """The answers to the horizons about `sessions`, and the weight of the longer one."""
    horizons = [label.horizon for label in labels]
    place = min(bisect_left(horizons, sessions), len(labels) - 1)
    above = answers[labels[place].name]
    if place == 0 or horizons[place] <= sessions:
        return above, above, 1.0
    below = horizons[place - 1]
    weight = (sessions - below) / (horizons[place] - below)
    return answers[labels[place - 1].name], above, weight


def _edge(
    below: Answer, above: Answer, weight: float, moment: Moment, sessions: int
) -> tuple[Saying, ...]:
    """The edge that each candidate says, the served one first; nothing unless both horizons do."""
    near, far = (sayings(each, unchanged) for each in (below, above))
    roles = {each.role: each for each in near}
    scale = moment.ahead.scale(sessions)
    if not (below.forecast.served and above.forecast.served and below.scale and above.scale):
        return ()
    return tuple(
        replace(
            each,
            candidate=_named(roles[each.role].candidate, each.candidate),
            source=_weaker(roles[each.role].source, each.source),
            forecast=(
                (1 - weight) * roles[each.role].forecast[_SIDE] * (scale / below.scale)
                + weight * each.forecast[_SIDE] * (scale / above.scale),
            ),
        )
        for each in far
        if each.role in roles
    )


def _named(near: str, far: str) -> str:
    return near if near == far else f"{near}+{far}"


def _weaker(near: Source, far: Source) -> Source:
    return far if near is Source.MODEL else near


def _source(pair: _Pair, moment: Moment) -> Provenance:
    """That of the longer horizon; a model's only where the shorter one is a model's too."""
    below, above, weight = pair
    found = provenance_at(above, moment)
    if below is above or found.source is not Source.MODEL:
        return found
    near = provenance_at(below, moment)
    if near.source is Source.MODEL:
        return found
    reason = f"{1 - weight:.0%} of it is the shorter horizon's, where a baseline answers"
    return near.model_copy(update={"reasons": (*near.reasons, reason)})


def _whole(edges: list[Provenance]) -> Provenance:
    """That of the range as a whole: a model's only where both edges are."""
    return next((each for each in edges if each.source is not Source.MODEL), edges[0])


def _why_silent(pair: _Pair, moment: Moment) -> Provenance:
    below, above, _ = pair
    silent = below if below.forecast.served is None else above
    return provenance_at(silent, moment)


def _claim(  # noqa: PLR0913, PLR0917 - an edge has as many facts
    path: str,
    measure: Measure,
    pair: _Pair,
    said: tuple[Saying, ...],
    moment: Moment,
    sessions: int,
    expiry: date,
) -> Claim:
    _, above, _ = pair
    settled = Settled(measure, moment.spot, sessions, expiry, levels=(LEVELS[_SIDE],))
    return made(path, above.forecast.card, said, above.asked, settled, moment)
