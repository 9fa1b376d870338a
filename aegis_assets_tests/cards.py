"""Cards made by hand: a target that a contender won, and its evidence."""

from datetime import date, timedelta

from aegis_assets.core.card import CandidateScore, Card, Trial, Verdict
from aegis_assets.core.evidence import (
    Coverage,
    Evidence,
    FoldScore,
    Importances,
    Reliability,
    ReliabilityBin,
    Slope,
)
from aegis_assets.core.frozen import Skill, Source

WEEK = date(2018, 12, 29)
PLAIN, TREES = "base_rate", "boosted_trees"
LOSSES = {PLAIN: 0.25, TREES: 0.24}
N = 1_500


def trial(**changes: object) -> Trial:
    """A contest that the trees won."""
    won = Trial(
        name=TREES,
        against=PLAIN,
        skill=Skill(value=1 - LOSSES[TREES] / LOSSES[PLAIN], lower=0.01, upper=0.07, n=N),
        p_value=0.001,
        weight=0.8,
        skill_by_year={2017: 0.05, 2018: 0.03},
        recent=None,
        second_market=None,
        reasons=(),
    )
    return won.model_copy(update=changes)


def verdict(**changes: object) -> Verdict:
    """The gate's decision for the trees."""
    decided = Verdict(
        source=Source.MODEL,
        served=TREES,
        leading=TREES,
        baseline=PLAIN,
        score="Brier",
        trials=(trial(),),
        folds=9,
        base_rates=(0.75, 0.25),
        candidates=tuple(
            CandidateScore(name=name, loss=loss, n=N) for name, loss in LOSSES.items()
        ),
        remarks=(),
    )
    return decided.model_copy(update=changes)


def reliability() -> Reliability:
    """A record near the diagonal."""
    bins = [
        ReliabilityBin(forecast=0.1 + 0.05 * i, observed=0.11 + 0.05 * i, n=150) for i in range(10)
    ]
    return Reliability(
        n=N,
        calibration_error=0.0123,
        by_chance=0.01,
        worst_class=1,
        bins=tuple(bins),
        slope=Slope(value=1.1, lower=0.8, upper=1.4),
        auc=0.6173,
        accuracy=0.75,
        majority=0.75,
        confusion=((1_100, 25), (350, 25)),
    )


def coverage(nominal: float) -> Coverage:
    """A quantile that nearly holds."""
    return Coverage(
        nominal=nominal,
        value=nominal - 0.004,
        lower=nominal - 0.02,
        upper=nominal + 0.02,
        n=N,
        trailing=nominal,
        band_lower=nominal - 0.05,
        band_upper=nominal + 0.05,
        worst=nominal - 0.06,
        by_year={2016: nominal - 0.01, 2017: nominal + 0.01, 2018: nominal - 0.02},
    )


def folds(count: int = 9) -> tuple[FoldScore, ...]:
    """Blocks whose models have learnt from ever more, and lose ever less."""
    return tuple(
        FoldScore(
            fold=i,
            first=WEEK - timedelta(days=100 * (count - i)),
            last=WEEK - timedelta(days=100 * (count - i) - 90),
            n=63,
            trained_on=1_000 + 63 * i,
            losses={PLAIN: 0.25, TREES: 0.25 - 0.002 * i},
        )
        for i in range(count)
    )


def evidence(**changes: object) -> Evidence:
    """What is kept of a target of classes that trees answer."""
    gain = {f"feature_{i}": 1 / 2 ** (i + 1) for i in range(14)}
    kept = Evidence(
        folds=folds(),
        reliability={PLAIN: reliability(), TREES: reliability()},
        importances={TREES: Importances(gain=gain, permuted={k: v / 9 for k, v in gain.items()})},
    )
    return kept.model_copy(update=changes)


def card(**changes: object) -> Card:
    """The card of a promoted target."""
    known = Card(
        market="SP500",
        engine="buyer",
        target="breakout_1",
        trained_to=WEEK,
        label="the next session moves far",
        classes=("INSIDE", "BREAKOUT"),
        horizon=1,
        span=None,
        columns=("log_return_1",),
        estimators={name: name for name in LOSSES},
        weights_of={PLAIN: "base_rate.json", TREES: "buyer_breakout.ubj"},
        means={},
        anchor=PLAIN,
        weights={TREES: 0.8},
        seed=7,
        data_version="0" * 64,
        code_version="1",
        libraries={"numpy": "2"},
        verdict=verdict(),
        evidence=evidence(),
        promised="",
        files={"base_rate.json": "0" * 64, "buyer_breakout.ubj": "1" * 64},
    )
    return known.model_copy(update=changes)


def decided(**changes: object) -> Card:
    """The card of another verdict."""
    return card(verdict=verdict(**changes))


def undecided(target: str = "spike_1") -> Card:
    """A target that could not be scored."""
    nothing = verdict(
        source=Source.UNAVAILABLE,
        served=None,
        leading=None,
        baseline=None,
        trials=(),
        base_rates=(),
        candidates=(),
        remarks=("not enough data: no forecast could be scored out of sample",),
    )
    return card(
        target=target, verdict=nothing, evidence=Evidence(), weights_of={}, weights={}, files={}
    )
