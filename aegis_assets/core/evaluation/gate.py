"""The gate: a contender is served only where the evidence says that it beats every baseline.

Goes in: the evaluations of one engine's targets.  Comes out: a verdict per target.  A refusal
always says why, with every condition that does not hold.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np

from aegis_assets.core.card import CandidateScore, Trial, Verdict
from aegis_assets.core.evaluation.conditions import Finding, covers, refusals, too_good
from aegis_assets.core.evaluation.evaluation import Evaluation
from aegis_assets.core.evaluation.skill import diebold_mariano, holm, skill, skill_by_year
from aegis_assets.core.evaluation.target import Target
from aegis_assets.core.frozen import Skill, Source

RECENT = 250
NO_RECORD = "not enough data: no forecast could be scored out of sample"
NO_CONTENDER = "no challenger is trained for it: a baseline answers"

Elsewhere = Mapping[tuple[str, str], Skill]
"""Skill on another market, by target and contender."""


@dataclass(frozen=True, eq=False)
class _Contest:
    """One contender of a target against the strongest baseline, on the sessions both answered."""

    found: Evaluation
    name: str
    skill: Skill
    p_value: float

    @property
    def against(self) -> str:
        return self.found.baselines[0]


def verdicts(
    targets: Sequence[Target],
    evaluations: Sequence[Evaluation | None],
    seed: int,
    elsewhere: Elsewhere | None = None,
) -> list[Verdict]:
    """The decision on each target; the significance is adjusted over all contests together."""
    contests = [_contests(each, seed) for each in evaluations]
    adjusted = iter(holm([each.p_value for each in chain.from_iterable(contests)]))
    judged = [[(each, next(adjusted)) for each in mine] for mine in contests]
    return [
        _undecided(target)
        if found is None
        else _verdict(found, [_trial(*each, seed, elsewhere) for each in mine], seed)
        for target, found, mine in zip(targets, evaluations, judged, strict=True)
    ]


def _contests(found: Evaluation | None, seed: int) -> list[_Contest]:
    if found is None:
        return []
    made = []
    horizon = found.target.label.horizon
    for name in found.contenders:
        mine, theirs, both = found.pair(name, found.baselines[0])
        if both.any():
            p_value = diebold_mariano(mine, theirs, horizon)
            made.append(_Contest(found, name, skill(mine, theirs, horizon, seed), p_value))
    return made


def _trial(contest: _Contest, p_value: float, seed: int, elsewhere: Elsewhere | None) -> Trial:
    """The contest with everything that the conditions look at, and those that do not hold."""
    found, name = contest.found, contest.name
    mine, theirs, both = found.pair(name, contest.against)
    years = [year for year, counts in zip(found.years, both, strict=True) if counts]
    horizon = found.target.label.horizon
    recent = skill(mine[-RECENT:], theirs[-RECENT:], horizon, seed) if len(mine) > RECENT else None
    finding = Finding(
        found=found,
        name=name,
        both=both,
        skill=contest.skill,
        p_value=p_value,
        by_year=skill_by_year(mine, theirs, years),
        recent=recent,
        elsewhere=(elsewhere or {}).get((found.target.name, name)),
        seed=seed,
    )
    return Trial(
        name=name,
        against=contest.against,
        skill=contest.skill,
        p_value=p_value,
        weight=found.weights[name],
        skill_by_year=finding.by_year,
        recent=recent,
        second_market=finding.elsewhere,
        reasons=refusals(finding),
    )


def _undecided(target: Target) -> Verdict:
    return Verdict(
        source=Source.UNAVAILABLE,
        served=None,
        leading=None,
        baseline=None,
        score=target.score.name,
        trials=(),
        folds=0,
        base_rates=(),
        candidates=(),
        remarks=(NO_RECORD,),
    )


def _verdict(found: Evaluation, trials: Sequence[Trial], seed: int) -> Verdict:
    promoted = _promoted(found, trials, seed)
    answering = _answering(found, seed)
    strongest = found.baselines[0]
    return Verdict(
        source=Source.MODEL if promoted else Source.BASELINE,
        served=promoted or answering,
        leading=promoted or _nearest(trials),
        baseline=strongest,
        score=found.target.score.name,
        baseline_skill=_of_baseline(found, strongest, seed),
        trials=tuple(trials),
        folds=found.folds,
        base_rates=_base_rates(found),
        candidates=_scores(found),
        remarks=_remarks(found, None if promoted else answering),
    )


def _promoted(found: Evaluation, trials: Sequence[Trial], seed: int) -> str | None:
    """The simplest contender that passes, or a later one that passes and clearly beats it."""
    passing = [each.name for each in trials if not each.reasons]
    best = passing[0] if passing else None
    for name in passing[1:]:
        mine, theirs, _ = found.pair(name, str(best))
        lower = skill(mine, theirs, found.target.label.horizon, seed).lower
        best = name if lower is not None and lower > 0 else best
    return best


def _nearest(trials: Sequence[Trial]) -> str | None:
    """The refused contender with the best skill."""
    return max(trials, key=lambda each: each.skill.value).name if trials else None


def _answering(found: Evaluation, seed: int) -> str:
    """The strongest baseline that passes, and is not too good to be true.

    Of quantiles it passes if it covers what it says; if none does, the strongest answers.  Of
    anything else it passes if it beats the plainest, or is that.
    """
    credible = [name for name in found.baselines if not too_good(found, name)]
    if found.target.label.levels:
        passing = (name for name in credible if covers(found, name))
        return next(passing, next(iter(credible), found.plainest))
    for name in credible:
        measured = _of_baseline(found, name, seed)
        if measured is None or (measured.lower is not None and measured.lower > 0):
            return name
    return found.plainest


def _of_baseline(found: Evaluation, name: str, seed: int) -> Skill | None:
    """Skill of a baseline against the plainest; null if it is that."""
    if name == found.plainest:
        return None
    mine, theirs, _ = found.pair(name, found.plainest)
    return skill(mine, theirs, found.target.label.horizon, seed)


def _remarks(found: Evaluation, answering: str | None) -> tuple[str, ...]:
    """What the trials do not say."""
    target, strongest = found.target, found.baselines[0]
    untrained = [name for name in target.contenders if name not in found.losses]
    silent = [each.name for each in target.baselines if each.name not in found.baselines]
    other = answering not in {None, strongest}
    uncovered = answering is not None and bool(target.label.levels)
    uncovered = uncovered and not covers(found, str(answering))
    leaks = too_good(found, strongest)
    remarks = (
        (not target.contenders, NO_CONTENDER),
        (bool(untrained), f"not trained, as set: {', '.join(untrained)}"),
        (bool(silent), f"answered on too few sessions to be compared: {', '.join(silent)}"),
        (bool(leaks), f"{strongest} is {'; '.join(leaks)}"),
        (
            other and not leaks and bool(target.label.levels),
            f"{strongest} has the least loss, but does not cover what it says",
        ),
        (
            other and not leaks and not target.label.levels,
            f"{strongest} has the least loss, but may be no better than {found.plainest}",
        ),
        (uncovered, f"{answering} does not cover what it says, and no baseline does"),
    )
    return tuple(text for holds, text in remarks if holds)


def _base_rates(found: Evaluation) -> tuple[float, ...]:
    if not found.target.is_classified:
        return ()
    counts = np.bincount(found.happened.classes, minlength=len(found.target.label.classes))
    return tuple((counts / counts.sum()).tolist())


def _scores(found: Evaluation) -> tuple[CandidateScore, ...]:
    return tuple(
        CandidateScore(name=name, loss=float(np.nanmean(loss)), n=int(np.isfinite(loss).sum()))
        for name, loss in found.losses.items()
        if np.isfinite(loss).any()
    )


def skills(evaluations: Sequence[Evaluation | None], seed: int) -> dict[tuple[str, str], Skill]:
    """Skill of every contender against its strongest baseline: what another market looks at."""
    return {
        (each.found.target.name, each.name): each.skill
        for found in evaluations
        for each in _contests(found, seed)
    }
