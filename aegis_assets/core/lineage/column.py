"""A column of a table of the graph, wherever it is stored."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

RAW, CANDLES = "raw/ohlcv", "candles/daily"
RAW_MINUTES, MINUTES = "raw/intraday", "candles/intraday"
SESSION_FEATURES, ACTIVITY = "features/intraday", "features/activity"
CHAIN = "raw/option_chain"
PAYLOAD, FORECASTS = "payload/aegismatrix", "ledger/forecasts"


@dataclass(frozen=True, order=True)
class Column:
    """One column of an asset.

    Of what is not a flat table it is a part that can be named: of models and of long tables a
    target, of the payload a dotted path.
    """

    table: str
    name: str

    def __str__(self) -> str:
        """As a person writes it."""
        return f"{self.table}.{self.name}"

    @classmethod
    def several(cls, table: str, names: Iterable[str]) -> frozenset[Self]:
        """Columns of one table."""
        return frozenset(cls(table, name) for name in names)


Columns = frozenset[Column]
