"""What people read on a terminal: the payload and the record of every target."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from rich import box
from rich.table import Table
from rich.text import Text

from aegis_assets.adapters.model_store import ModelStore
from aegis_assets.core.card import Card
from aegis_assets.core.engines import ENGINES
from aegis_assets.core.errors import ArtifactError
from aegis_assets.core.frozen import Source
from aegis_assets.core.payload import Payload
from aegis_assets.core.validation.summary import reason, scored

COLOURS = {
    Source.MODEL: "green",
    Source.BASELINE: "cyan",
    Source.PROXY: "yellow",
    Source.UNAVAILABLE: "bright_black",
}


class Line(NamedTuple):
    """One forecast: where it stands in the payload, what it is called, what it says."""

    path: str
    name: str
    answer: str


def forecast_table(payload: Payload) -> Table:
    """Every forecast that has a value, with its source and the record of what answered."""
    quality = payload.data_quality
    table = _table(
        f"{payload.market_name} as of {payload.as_of:%Y-%m-%d %H:%M %z} · {_market(payload)}",
        ("forecast", "answer", "source", "by", "its skill"),
    )
    table.caption = (
        f"source {quality.source} · {quality.status} · last session "
        f"{quality.daily.last_final_session} · {'; '.join(quality.reasons)}"
    )
    for line in _lines(payload):
        found = payload.provenance[line.path]
        by = (found.model or "").rpartition(":")[2]
        its_own = found.skill if found.source is Source.MODEL else None
        if found.source is Source.BASELINE and by == found.baseline:
            its_own = found.baseline_skill
        table.add_row(
            line.name,
            line.answer,
            Text(found.source, style=COLOURS[found.source]),
            by,
            str(its_own or ""),
        )
    return table


def unavailable_lines(payload: Payload) -> Iterator[str]:
    """What is not forecast, by reason."""
    paths = defaultdict(list)
    for path, each in payload.provenance.items():
        if each.source is Source.UNAVAILABLE:
            paths["; ".join(each.reasons)].append(path)
    for why, missing in paths.items():
        yield f"{why}: {', '.join(missing)}"


def target_table(store: ModelStore, moment: datetime) -> Table:
    """The verdict on every target of the training week that serves a slot that ends at `moment`."""
    weeks = [key for key in _weeks(store) if key <= moment.date().isoformat()]
    if not weeks:
        msg = f"the model store holds no complete training week up to {moment}: run `aegis run`"
        raise ArtifactError(msg)
    week = max(weeks)
    table = _table(
        f"Targets trained to {week}; skill with its 95 % interval, the baseline's against the "
        "plainest one, the challenger's against the baseline",
        ("target", "base rate", "baseline", "challenger", "served"),
    )
    for engine in ENGINES:
        for target in engine.targets:
            served = store.week_served(engine.name, target.name, week, moment)
            row = _verdict(store.card(engine.name, target.name, served))
            table.add_row(*row if served == week else (f"{row[0]}\nof {served}", *row[1:]))
        table.add_section()
    return table


def _weeks(store: ModelStore) -> set[str]:
    """Training weeks of which every target is stored."""
    stored = (
        set(store.partitions(engine.name, target.name))
        for engine in ENGINES
        for target in engine.targets
    )
    return set.intersection(*stored)


def _table(title: str, columns: tuple[str, ...]) -> Table:
    table = Table(title=title, title_justify="left", caption_justify="left", box=box.SIMPLE_HEAD)
    for column in columns:
        table.add_column(column, no_wrap=column in {"target", "baseline", "challenger"})
    return table


def _verdict(card: Card) -> tuple[str | Text, ...]:
    verdict = card.verdict
    served = Text(verdict.served or "nothing", style=COLOURS[verdict.source])
    return (
        f"{card.target}\n{verdict.score}, n {scored(card)}",
        "\n".join(f"{rate:.3f}" for rate in verdict.base_rates),
        f"{verdict.baseline or ''}\n{verdict.baseline_skill or ''}",
        f"{verdict.leading or ''}\n{verdict.skill or ''}",
        served.append(f"\n{reason(card)}"),
    )


def _market(payload: Payload) -> str:
    market = payload.market
    vix = "" if market.vix is None else f" · volatility index {market.vix:.2f}"
    return f"spot {market.spot:,.2f}{vix}"


def _lines(payload: Payload) -> Iterator[Line]:
    yield from _direction(payload)
    yield from _seller(payload)
    yield from _buyer(payload)


def _direction(payload: Payload) -> Iterator[Line]:
    for label, horizon in payload.direction.horizons:
        path = f"direction.horizons.{label}"
        odds, level, move = horizon.probabilities, horizon.interval, horizon.expected_move_points
        if odds is None or level is None or move is None:
            continue
        shares = f"up {odds.up:.2f}, neutral {odds.neutral:.2f}, down {odds.down:.2f}"
        yield Line(path, f"direction {label}", f"{horizon.direction} ({shares})")
        yield Line(
            f"{path}.interval",
            f"close {label}",
            f"{level.lower:,.0f} to {level.upper:,.0f} ({level.coverage:.0%}), mean {move:+.1f}",
        )


def _seller(payload: Payload) -> Iterator[Line]:
    safe = payload.seller.safe_range
    if safe:
        side = (1 + safe.coverage) / 2
        for edge, name, level in (("upper", "top", safe.upper), ("lower", "bottom", safe.lower)):
            yield Line(
                f"seller.safe_range.{edge}",
                f"safe range, {name}",
                f"{level:,.0f} within {safe.horizon_days} sessions ({side:.0%})",
            )
    for i, point in enumerate(payload.seller.breach_probabilities or ()):
        path, band = f"seller.breach_probabilities.{i}", f"±{point.distance:.1%}"
        yield Line(f"{path}.touch_probability", f"touches {band}", f"{point.touch_probability:.3f}")
        yield Line(f"{path}.probability", f"ends beyond {band}", f"{point.probability:.3f}")


def _buyer(payload: Payload) -> Iterator[Line]:
    for i, ahead in enumerate(payload.buyer.breakout_next or ()):
        name = f"breakout, session {ahead.day_offset}"
        yield Line(f"buyer.breakout_next.{i}", name, f"{ahead.score:.3f} {ahead.label}")
    levels = payload.buyer.breakout_levels
    if levels:
        answer = f"{levels.lower:,.0f} and {levels.upper:,.0f}"
        yield Line("buyer.breakout_levels", "breakout levels", answer)
