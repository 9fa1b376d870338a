"""What following a forecast would have earned, beside holding the market throughout."""

from collections.abc import Iterator, Sequence

from aegis_assets.core.card import Card
from aegis_assets.core.evidence import Performance
from aegis_assets.core.validation.figures import fraction, percent
from aegis_assets.core.validation.grid import Grid


def trading(cards: Sequence[Card]) -> Grid:
    """What following the forecast would have earned, beside holding the market."""
    return Grid(
        "Trading on the sign of the forecast",
        ("target", "who", "return a year", "Sharpe (error)", "deepest loss", "sessions won"),
        tuple(row for card in cards for row in _performances(card)),
        note=" ".join(_trading_notes(cards)),
    )


def _performances(card: Card) -> Iterator[tuple[str, ...]]:
    made = card.evidence.trading
    if made is None:
        return
    named = (("before costs", made.gross), ("after costs", made.net), ("buy and hold", made.hold))
    for name, found in named:
        yield (card.target, name, *_performance(found))


def _performance(found: Performance) -> tuple[str, ...]:
    return (
        percent(found.annual_return),
        f"{fraction(found.sharpe, 2)} ({fraction(found.sharpe_error, 2)})",
        percent(found.drawdown),
        percent(found.win_rate),
    )


def _trading_notes(cards: Sequence[Card]) -> Iterator[str]:
    for card in cards:
        made = card.evidence.trading
        if made is not None:
            claim = "informational: no claim to earn" if made.informational else "a claim to earn"
            yield (
                f"{card.target}, {card.verdict.leading}: {made.n} sessions, {made.trades} trades, "
                f"{made.cost:g} basis points each way, turnover {fraction(made.turnover, 1)} a "
                f"year; deflated Sharpe {fraction(made.deflated_sharpe)} over {made.trials} "
                f"trials, {claim}."
            )
