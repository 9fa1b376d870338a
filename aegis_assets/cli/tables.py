"""What people read on a terminal: the payload and the record of every target."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime

from rich import box
from rich.table import Table
from rich.text import Text

from aegis_assets.adapters.model_store import ModelStore
from aegis_assets.cli.forecast_lines import lines
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
    for line in lines(payload):
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
