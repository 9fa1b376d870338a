"""The conditions of the gate: what must hold of a contender before it is served.

Goes in: a contender's record.  Comes out: every condition that does not hold, in words.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from aegis_assets.core.estimators.estimator import BoolArray, FloatArray, part
from aegis_assets.core.evaluation.coverage import Sampling, quantile_coverage
from aegis_assets.core.evaluation.evaluation import Evaluation
from aegis_assets.core.evaluation.reliability import BINS, auc, reliability
from aegis_assets.core.evidence import Coverage, Reliability
from aegis_assets.core.frozen import Skill

MINIMUM_FOLDS = 8
MINIMUM_WINDOWS = 60
SIGNIFICANCE = 0.025
YEARS_WON = 0.6
SESSIONS_FOR_A_YEAR = 60
CALIBRATION_ERROR = 0.03
COVERAGE_NEAR, COVERAGE_FAR = 0.015, 0.03
NEAR = 10

Condition = tuple[bool, str]


@dataclass(frozen=True, eq=False)
class Finding:
    """What is known of a contender against the strongest baseline, on the sessions `both` answered.

    `elsewhere` is its skill on a second market, null where none is at hand.
    """

    found: Evaluation
    name: str
    both: BoolArray
    skill: Skill
    p_value: float
    by_year: dict[int, float]
    recent: Skill | None
    elsewhere: Skill | None
    seed: int

    @property
    def folds(self) -> int:
        """Test blocks in which both answered."""
        return len(np.unique(self.found.rows["fold"].to_numpy()[self.both]))

    @property
    def forecast(self) -> FloatArray:
        """Its forecasts on those sessions."""
        return self.found.forecasts[self.name][self.both]

    @cached_property
    def reliability(self) -> Reliability:
        """How far its probabilities are from the shares that came about."""
        happened = part(self.found.happened, self.both)
        horizon = self.found.target.label.horizon
        return reliability(self.forecast, happened.classes, horizon, self.seed)

    @cached_property
    def coverage(self) -> tuple[Coverage, ...]:
        """How often outcomes stayed under its quantiles, by level."""
        happened = part(self.found.happened, self.both)
        years = np.asarray(self.found.years)[self.both].tolist()
        sampling = Sampling(years, happened.horizon, self.seed)
        return quantile_coverage(self.forecast, happened.levels, happened.values, sampling)

    @property
    def judged_years(self) -> dict[int, float]:
        """Skill of the years with enough sessions to speak of a year."""
        years, counts = np.unique(np.asarray(self.found.years)[self.both], return_counts=True)
        whole = set(years[counts >= SESSIONS_FOR_A_YEAR].tolist())
        return {year: value for year, value in self.by_year.items() if year in whole}


def refusals(finding: Finding) -> tuple[str, ...]:
    """Every condition that does not hold, in words."""
    target = finding.found.target
    asked = [*_sample(finding), *_beats(finding), *_over_time(finding)]
    if target.is_classified and finding.skill.n >= BINS:
        asked += _calibrated(finding)
    if target.label.levels:
        asked += _covers(finding)
    refused = tuple(reason for holds, reason in asked if not holds)
    return (*refused, *too_good(finding.found, finding.name))


def _sample(finding: Finding) -> Iterator[Condition]:
    target = finding.found.target
    windows = finding.skill.n / target.label.horizon
    varies = bool(np.ptp(finding.forecast, axis=0).max() > 0)
    yield varies, "the forecasts are constant"
    folds = finding.folds
    yield folds >= MINIMUM_FOLDS, f"not enough data: {folds} folds, needs {MINIMUM_FOLDS}"
    yield (
        windows >= MINIMUM_WINDOWS,
        f"not enough data: {windows:.0f} independent windows, needs {MINIMUM_WINDOWS}",
    )
    known = int(finding.found.rows["trained_on"].to_numpy()[finding.both].max())
    yield (
        known >= target.minimum,
        f"abstains: {known} outcomes to learn from, needs {target.minimum}",
    )


def _beats(finding: Finding) -> Iterator[Condition]:
    lower = finding.skill.lower
    if lower is None:
        yield False, f"not enough data: {finding.skill.n} scored sessions give no interval"
    else:
        yield lower > 0, f"skill may be zero: its interval starts at {lower:+.4f}"
    p_value = finding.p_value
    yield p_value < SIGNIFICANCE, f"not significant: p = {p_value:.3f} after Holm"
    other = finding.elsewhere
    if other is not None and other.n / finding.found.target.label.horizon >= MINIMUM_WINDOWS:
        yield other.value > 0, f"skill {other.value:+.4f} on the second market, needs the same sign"


def _over_time(finding: Finding) -> Iterator[Condition]:
    years = finding.judged_years
    won = float(np.mean([value > 0 for value in years.values()])) if years else 0.0
    yield won >= YEARS_WON, f"skill above zero in only {won:.0%} of the years"
    worst = min(years.values(), default=-np.inf)
    limit = finding.found.target.score.worst_year
    yield worst >= limit, f"worst year {worst:+.3f}, allowed {limit:+.2f}"
    recent = finding.recent
    if recent is not None and recent.upper is not None:
        yield (
            recent.upper >= 0,
            f"has decayed: skill {recent} over the newest {recent.n} sessions",
        )


def too_good(found: Evaluation, name: str) -> tuple[str, ...]:
    """What of a candidate lies above the target's alarms; skill is against the plainest here."""
    target, alarm = found.target, found.target.alarm
    answered = found.answered(name)
    seen: dict[str, tuple[float | None, float | None]] = {}
    if name != found.plainest:
        mine, plain, _ = found.pair(name, found.plainest)
        seen["skill"] = (float(1 - mine.mean() / plain.mean()), alarm.skill)
    if target.is_classified and int(answered.sum()) >= BINS:
        forecast, classes = found.forecasts[name][answered], found.happened.classes[answered]
        right = float((forecast.argmax(axis=1) == classes).mean())
        seen |= {"AUC": (auc(forecast, classes), alarm.auc), "accuracy": (right, alarm.accuracy)}
    return tuple(
        f"too good: {what} {value:.3f} above {limit:.2f}, a leak until shown otherwise"
        for what, (value, limit) in seen.items()
        if value is not None and limit is not None and value > limit
    )


def _calibrated(finding: Finding) -> Iterator[Condition]:
    """Binned errors of overlapping outcomes are large by chance alone: that much is allowed too."""
    found = finding.reliability
    chance = found.by_chance or 0.0
    yield (
        found.calibration_error <= CALIBRATION_ERROR + chance,
        (
            f"calibration error {found.calibration_error:.3f}, allowed {CALIBRATION_ERROR} "
            f"beyond the {chance:.3f} of chance"
        ),
    )
    slope = found.slope
    if slope is None or slope.lower is None or slope.upper is None:
        yield False, "not enough data: its calibration slope has no interval"
    else:
        yield (
            slope.lower <= 1 <= slope.upper,
            (
                f"calibration slope {slope.value:.2f} [{slope.lower:.2f}, {slope.upper:.2f}], "
                "should contain 1"
            ),
        )


def coverage_allowed(horizon: int) -> float:
    """How far a share may be from its level."""
    return COVERAGE_NEAR if horizon <= NEAR else COVERAGE_FAR


def covers(found: Evaluation, name: str) -> bool:
    """Whether the quantiles of a candidate left as much above them as they say, at every level."""
    answered = found.answered(name)
    outcomes = found.happened.values[answered]
    shares = (outcomes[:, None] <= found.forecasts[name][answered]).mean(axis=0)
    misses = np.abs(shares - np.asarray(found.happened.levels))
    return bool(misses.max() <= coverage_allowed(found.target.label.horizon))


def _covers(finding: Finding) -> Iterator[Condition]:
    allowed = coverage_allowed(finding.found.target.label.horizon)
    for each in finding.coverage:
        yield (
            abs(each.value - each.nominal) <= allowed,
            f"covers {each.value:.3f} at {each.nominal}, allowed {allowed} off",
        )
        yield (
            each.holds is not False,
            (
                f"covers {each.trailing} at {each.nominal} over the newest 250 sessions, by chance "
                f"{each.band_lower:.3f} to {each.band_upper:.3f}"
            ),
        )
