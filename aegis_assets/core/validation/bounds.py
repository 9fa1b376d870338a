"""Whether what serves a target keeps the bounds that the gate sets to contenders.

A contender that serves has kept them when it was judged.  A baseline that serves was asked for
less, and no verdict looks at the newest sessions by themselves.
"""

from collections.abc import Iterator

from aegis_assets.core.card import Card
from aegis_assets.core.evaluation.conditions import CALIBRATION_ERROR, coverage_allowed
from aegis_assets.core.evidence import Coverage, Reliability
from aegis_assets.core.frozen import Source
from aegis_assets.core.validation.figures import slope_told


def out_of_bounds(card: Card) -> tuple[str, ...]:
    """What of the served forecast's record lies outside, in words; nothing where nothing serves."""
    served = card.verdict.served
    if served is None:
        return ()
    reliable = card.evidence.reliability.get(served)
    calibration = () if reliable is None else _calibration(reliable, slopes=_is_told_apart(card))
    quantiles = card.evidence.coverage.get(served, ())
    found = [*calibration, *(text for each in quantiles for text in _coverage(each, card.horizon))]
    return tuple(f"{served}: {text}" for text in found)


def _is_told_apart(card: Card) -> bool:
    """Whether it beats the plainest, which hardly moves, so that its own slope says nothing."""
    verdict = card.verdict
    is_strongest = verdict.served == verdict.baseline and verdict.baseline_skill is not None
    return verdict.source is Source.MODEL or is_strongest


def _calibration(found: Reliability, *, slopes: bool) -> Iterator[str]:
    chance = found.by_chance or 0.0
    if found.calibration_error > CALIBRATION_ERROR + chance:
        yield (
            f"calibration error {found.calibration_error:.3f}, at most {CALIBRATION_ERROR} beyond "
            f"the {chance:.3f} of chance"
        )
    slope = found.slope
    if not slopes or slope is None or slope.lower is None or slope.upper is None:
        return
    if not slope.lower <= 1 <= slope.upper:
        yield f"calibration slope {slope_told(slope)} does not contain 1"


def _coverage(found: Coverage, horizon: int) -> Iterator[str]:
    allowed = coverage_allowed(horizon)
    if abs(found.value - found.nominal) > allowed:
        yield f"covers {found.value:.3f} at {found.nominal:g}, at most {allowed:g} off"
    if found.holds is False:
        yield (
            f"covers {found.trailing:.3f} of the last 250 sessions at {found.nominal:g}, by chance "
            f"[{found.band_lower:.3f}, {found.band_upper:.3f}]"
        )
