"""The declaration of an indicator, and the table that a set of them makes."""

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add

import polars as pl

VOLATILITY_INDEX, VOLUME = "volatility_index", "volume"
_TRACE = 1e-11


@dataclass(frozen=True, eq=False)
class Indicator:
    """A quantity known at the close of a session: an expression over one symbol's panel.

    `warmup` is how many bars the first value needs: the value is null for the first
    ``warmup - 1`` bars, where a close of the volatility index that it reads is missing, and where
    it reads volume and too little was traded; nowhere else.  `memory` is how many bars settle a
    recursion: on that many, where history began changes the value by less than a billionth.
    Every value is free of scale: prices ten times as high, or volume in other units, change none.

    `source` is who defined it, and which library computes it.  `levels` are the values of a flag
    or of a count; empty for a quantity that may take any.
    """

    name: str
    expr: pl.Expr
    warmup: int
    unit: str
    meaning: str
    source: str
    memory: int = 0
    levels: tuple[float, ...] = ()

    @property
    def reads(self) -> frozenset[str]:
        """Candle columns that the expression reads."""
        return frozenset(self.expr.meta.root_names())

    @property
    def needs_volatility_index(self) -> bool:
        """Whether the value is null where the market's volatility index has no close."""
        return VOLATILITY_INDEX in self.reads

    @property
    def needs_volume(self) -> bool:
        """Whether the value is null for an instrument that has no traded volume."""
        return VOLUME in self.reads

    @property
    def settled(self) -> int:
        """Bars that decide the value to a billionth."""
        return max(self.warmup, self.memory)


def after_warmup(expr: pl.Expr) -> pl.Expr:
    """What a function of TA-Lib gives, null where it says NaN: before its first value."""
    return expr.fill_nan(None)


def bars_to_forget(decay: float) -> int:
    """Bars that leave a hundred-billionth of what a recursion of this decay began with.

    A hundredth of what `Indicator.memory` allows: an average of prices is large beside the
    difference that is made of it.
    """
    return math.ceil(math.log(_TRACE) / math.log(decay))


def ema_memory(window: int) -> int:
    """Bars after which an exponential average of `window` bars has forgotten its start."""
    return window + bars_to_forget((window - 1) / (window + 1))


def wilder_memory(window: int) -> int:
    """Bars after which Wilder's average of `window` bars has forgotten its start."""
    return window + bars_to_forget((window - 1) / window)


def added(terms: Iterable[pl.Expr]) -> pl.Expr:
    """The sum of the terms from the first to the last, null where one is.

    `polars.sum_horizontal` adds in an order that depends on the number of cores, and with it the
    last bit.
    """
    return reduce(add, terms)


def fingerprint(expr: pl.Expr) -> bytes:
    """The expression and its parameters as bytes, wherever its libraries are installed."""
    return json.dumps(_placeless(json.loads(expr.meta.serialize(format="json")))).encode()


def _placeless(node: object) -> object:
    if isinstance(node, list):
        return [_placeless(each) for each in node]
    if isinstance(node, dict):
        return {
            key: str(value).replace("\\", "/").rpartition("/")[2]
            if key == "lib"
            else _placeless(value)
            for key, value in node.items()
        }
    return node


def indicator_table(panel: pl.DataFrame, indicators: Sequence[Indicator]) -> pl.DataFrame:
    """One row per symbol and session of the panel, one column per indicator.

    Each symbol is computed by itself, so none can see another.  The panel is sorted before the
    plan begins: the symbols are then slices of it, and many of them take a third less time.
    """
    return (
        panel.sort("symbol", "session")
        .lazy()
        .group_by("symbol", maintain_order=True)
        .agg("session", *(each.expr.alias(each.name) for each in indicators))
        .explode("session", *(each.name for each in indicators))
        .collect()
    )
