"""Training, stage by stage, over 5, 10 and 20 years; and against the straightforward way.

Stages are timed once: each takes seconds, and the first and the remembered walk-forward differ by
what they find.  The race is over ten years of the direction engine.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from time import perf_counter

import polars as pl

from aegis_assets.adapters.sample import sample_panel
from aegis_assets.core.card import Artefact
from aegis_assets.core.engines import ENGINES, VOLATILITY
from aegis_assets.core.engines.asking import asked
from aegis_assets.core.engines.engine import Engine, answers
from aegis_assets.core.engines.feature_table import feature_table
from aegis_assets.core.engines.volatility import present_scales
from aegis_assets.core.evaluation.fitting import Fits
from aegis_assets.core.evaluation.forecaster import Forecaster, forecaster
from aegis_assets.core.evaluation.heads import Asked
from aegis_assets.core.evaluation.record import record
from aegis_assets.core.evaluation.training import Training, final_fits, judged
from aegis_assets.core.evaluation.walk_forward import FIRST_TEST
from aegis_assets.core.labels import label_table
from benchmarks.timing import raced
from benchmarks.training_peer import Race

SPANS = {"5 years": date(2014, 1, 1), "10 years": date(2009, 1, 1), "20 years": date(1999, 1, 1)}
_NETWORK = frozenset({"bilstm"})
_SEED = 1
_WORKERS = 2


class Remembered(dict[str, bytes]):
    """A memory that ends with the process."""

    def recall(self, key: str) -> bytes | None:
        """What was kept."""
        return self.get(key)

    def keep(self, key: str, content: bytes) -> None:
        """Keep it."""
        self[key] = content


@dataclass
class Clock:
    """Seconds by stage, in the order in which they were first spent."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def on(self, stage: str) -> Iterator[None]:
        """Count what happens within to the stage."""
        begun = perf_counter()
        yield
        self.seconds[stage] = self.seconds.get(stage, 0.0) + perf_counter() - begun


@dataclass(frozen=True)
class Trained:
    """What one span came to."""

    artefacts: dict[str, list[Artefact]]
    features: dict[str, pl.DataFrame]
    asked: dict[str, list[Asked]]


def trained(since: date, clock: Clock) -> Trained:
    """All engines trained on the sample's candles of these years, each stage on the clock."""
    panel = sample_panel().filter(pl.col("session") >= since)
    cutoff = panel["session"].to_list()[-1] + timedelta(days=1)
    fits, found = Fits(Remembered()), Trained({}, {}, {})
    core: pl.DataFrame | None = None
    for engine in ENGINES:
        with clock.on("features, labels, examples"):
            found.features[engine.name] = feature_table(panel, engine)
            labels = label_table(panel, engine.labels, panel["session"])
            consumed = None if engine.consumes is None else core
            put = asked(engine, found.features[engine.name], labels, cutoff, consumed)
            found.asked[engine.name] = put
        with ThreadPoolExecutor(_WORKERS) as pool:
            with clock.on("walk-forward, the first time"):
                made = record(put, _SEED, pool, fits, left_out=_NETWORK)
            with clock.on("  the network, the first time"):
                full = record(put, _SEED, pool, fits)
            with clock.on("walk-forward, past folds remembered"):
                record(put, _SEED, pool, fits)
            with clock.on("final fits without the network"):
                final_fits(put, _all(put, without=_NETWORK), _SEED, pool)
            with clock.on("final fits with it"):
                final_fits(put, _all(put), _SEED, pool)
            with clock.on("evaluation, calibration, verdicts, final fits, cards"):
                found.artefacts[engine.name] = judged(put, full, _circumstances(engine), pool, fits)
        core = made if engine is VOLATILITY else core
    return found


def _all(put: list[Asked], without: frozenset[str] = frozenset()) -> dict[str, frozenset[str]]:
    """Every candidate that has rows to learn from; the network wants a first fold's worth."""
    return {
        each.target.name: frozenset(
            candidate.name
            for candidate in each.target.candidates
            if each.rows["outcome"].is_not_null().any()
            and (each.rows.height > FIRST_TEST or candidate.name not in _NETWORK)
        )
        - without
        for each in put
    }


def _circumstances(engine: Engine) -> Training:
    return Training(
        market="SP500",
        engine=engine.name,
        cutoff=date(2019, 1, 1),
        seed=_SEED,
        code_version=engine.code_version,
        libraries={},
    )


def _loaded(found: Trained) -> dict[str, dict[str, Forecaster]]:
    return {
        engine.name: {
            target.name: forecaster(stored, target, engine.code_version, {})
            for target, stored in zip(engine.targets, found.artefacts[engine.name], strict=True)
        }
        for engine in ENGINES
    }


def _answered(found: Trained, ready: dict[str, dict[str, Forecaster]]) -> None:
    """Every candidate of every target answers for the last session."""
    scales: dict[int, pl.DataFrame] = {}
    for engine in ENGINES:
        features = found.features[engine.name].tail(600)
        made = answers(engine, features, ready[engine.name], scales)
        scales = present_scales(features, made) if engine is VOLATILITY else scales


def _stages(name: str, since: date) -> Trained:
    clock = Clock()
    found = trained(since, clock)
    targets = sum(len(each) for each in found.artefacts.values())
    rows = max(each.rows.height for each in found.asked["direction"])
    print(f"training, {name}: {targets} targets, {rows:,} examples of direction, 2 workers")
    for stage, seconds in clock.seconds.items():
        print(f"  {stage:<54} {seconds:7.1f} s")
    return found


def report() -> None:
    """Print the stages of each span, then serving, then the race."""
    for name, since in SPANS.items():
        found = _stages(name, since)
    ready = _loaded(found)
    timings = raced(
        {"load": lambda: _loaded(found), "answer": lambda: _answered(found, ready)}, rounds=5
    )
    print(f"  all models from bytes    {timings['load']}")
    print(f"  all models, one slot     {timings['answer']}")
    race = Race.over(SPANS["10 years"], _SEED)
    mine, theirs = (raced({"": run}, rounds=1)[""].best for run in (race.ours, race.theirs))
    print(f"direction over 10 years, {race.folds} folds, six horizons, one process:")
    print(f"  aegis, one network for all horizons                    {mine:7.1f} s")
    print(f"  a network a horizon, scikit-learn's defaults a fold    {theirs:7.1f} s")
    print(f"  straightforward / aegis = {theirs / mine:.1f}")


if __name__ == "__main__":
    report()
