"""`aegis backtest`: a span of the past made slot by slot, and the record of it."""

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich import box
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from aegis_assets.adapters.ledger_store import LedgerStore
from aegis_assets.adapters.roster import Roster
from aegis_assets.cli.backtesting import Backtest, Cadence
from aegis_assets.cli.console import console, instance_of, readable_errors
from aegis_assets.cli.dashboard import draw
from aegis_assets.cli.hearing import silence
from aegis_assets.cli.remaining import due_slots, due_weeks
from aegis_assets.cli.scorecard import scorecard_table
from aegis_assets.cli.stages import Platform, Stage
from aegis_assets.cli.turns import turn
from aegis_assets.core.engines import DIRECTION
from aegis_assets.core.evidence import TradingSummary
from aegis_assets.core.ledger.trading import trading
from aegis_assets.core.validation.figures import fraction, percent
from aegis_assets.definitions import graph
from aegis_assets.defs.jobs import TRAIN_JOB
from aegis_assets.defs.payload import MADE
from aegis_assets.defs.world import world
from aegis_assets.settings import settings

_SPEED_OVER_S = 600


def backtest(
    *,
    first: Annotated[
        datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="First day of the span.")
    ],
    last: Annotated[
        datetime | None,
        typer.Option("--to", formats=["%Y-%m-%d"], help="Last day; else that of the newest slot."),
    ] = None,
    train_every: Annotated[
        Cadence, typer.Option(help="How often models are trained over the span.")
    ] = Cadence.QUARTER,
    train: Annotated[
        bool, typer.Option(help="Train the weeks that are due, or serve what is stored.")
    ] = True,
) -> None:
    """Make the closing slots of a span as they would have been made then, and judge them.

    What a killed backtest had made is not made again.
    """
    with readable_errors():
        chosen = settings()
        here = world(chosen)
        platform = Platform(here, graph(here), instance_of(chosen))
        span = Backtest.of(platform, first.date(), last and last.date(), train_every)
        with turn(Path.cwd(), platform.instance), _bars() as bars:
            _bring_up(span, bars, train=train)
            _make(span, bars)
        for told in _record(span):
            console.print(told)
        draw(chosen, platform.publisher)


def _bars() -> Progress:
    return Progress(
        TextColumn("{task.fields[stage]:<9}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        TextColumn("{task.description}"),
        console=console,
        speed_estimate_period=_SPEED_OVER_S,
    )


def _bring_up(span: Backtest, bars: Progress, *, train: bool) -> None:
    """Bars, history and models, as far as they are due."""
    for stage in span.platform.past_due():
        if stage.keys:
            task = _task(bars, stage.title, stage.events, f"{stage.keys[0]} .. {stage.keys[-1]}")
            span.platform.run(stage, _advancing(bars, task))
            bars.update(task, completed=stage.events)
    if train:
        _train(span, bars)


def _train(span: Backtest, bars: Progress) -> None:
    weeks, due = span.weeks, due_weeks(span)
    task = _task(bars, "training", len(weeks), "", completed=len(weeks) - len(due))

    def told(week: str, asset: str) -> None:
        bars.update(task, description=f"{week} · {asset}")

    for week in due:
        bars.update(task, description=week)
        span.platform.run(Stage(TRAIN_JOB, "training", (week,), 0), partial(told, week))
        bars.update(task, advance=1, description=week)


def _make(span: Backtest, bars: Progress) -> None:
    """The slots that are due, and what became of them."""
    due = due_slots(span)
    task = _task(bars, "slots", len(span.slots), "", completed=len(span.slots) - len(due))

    def logged(line: str) -> None:
        if slot := MADE.fullmatch(line):
            bars.update(task, advance=1, description=slot[1])

    for stage in span.chunks(due):
        span.platform.run(stage, silence, logged)
    stage = span.settling()
    task = _task(bars, stage.title, stage.events, f"{stage.keys[0]} .. {stage.keys[-1]}")
    span.platform.run(stage, _advancing(bars, task))


def _advancing(bars: Progress, task: TaskID) -> Callable[[str], None]:
    return lambda _: bars.advance(task)


def _task(bars: Progress, stage: str, total: int, description: str, completed: int = 0) -> TaskID:
    return bars.add_task(description, total=total, completed=completed, stage=stage)


def _record(span: Backtest) -> Iterator[Table | str]:
    """The scorecard of all that is settled, and what following the forecasts would have earned."""
    store = LedgerStore(span.platform.warehouse)
    yield scorecard_table(store.scorecard())
    found = trading(store.forecasts(), store.outcomes(), trials=tried(span))
    if found is None:
        yield "no direction of a next close is settled yet: nothing to trade on"
    else:
        yield from _earned(found)


def tried(span: Backtest) -> int:
    """How many candidates were judged on the next close, of all models that serve the span."""
    store, target = span.platform.store, DIRECTION.targets[0].name
    roster = Roster.of(store, DIRECTION.name, [each.name for each in DIRECTION.targets])
    known = span.platform.keys_of(TRAIN_JOB)
    weeks = {
        roster.serving(
            target,
            max(week for week in known if week <= slot),
            span.platform.window_of(slot).end,
        )
        for slot in span.slots
    }
    verdicts = [store.card(DIRECTION.name, target, week).verdict for week in weeks]
    return len({each.name for verdict in verdicts for each in verdict.candidates})


def _earned(found: TradingSummary) -> Iterator[Table | str]:
    table = Table(
        title="Leaning with the direction of the next close",
        title_justify="left",
        box=box.SIMPLE_HEAD,
    )
    for name in ("", "return a year", "Sharpe (error)", "deepest loss", "sessions won"):
        table.add_column(name, justify="right" if name else "left")
    series = (("before costs", found.gross), ("after costs", found.net), ("held", found.hold))
    for name, made in series:
        sharpe = f"{fraction(made.sharpe, 2)} ({fraction(made.sharpe_error, 2)})"
        returns = (percent(made.annual_return), sharpe)
        table.add_row(name, *returns, percent(made.drawdown), percent(made.win_rate))
    yield table
    yield (
        f"{found.n} sessions, {found.trades} trades, {found.cost:g} basis points each way, "
        f"turnover {fraction(found.turnover, 1)} a year, deflated Sharpe "
        f"{fraction(found.deflated_sharpe)} over {found.trials} trials: "
        + ("no claim to earn" if found.informational else "a claim to earn")
    )
