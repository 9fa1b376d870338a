"""Instruments and the classes whose bars obey the same laws."""

from dataclasses import dataclass
from enum import StrEnum


class InstrumentClass(StrEnum):
    """What kind of thing is quoted: it decides which laws a candle must keep."""

    INDEX = "index"
    VOLATILITY_INDEX = "volatility_index"
    EQUITY = "equity"


@dataclass(frozen=True)
class Instrument:
    """A quoted symbol, spelled as Yahoo spells it, with the ISO 4217 code of its quotes."""

    symbol: str
    instrument_class: InstrumentClass
    currency: str = "USD"
