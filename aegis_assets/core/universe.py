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

    @property
    def has_volume(self) -> bool:
        """Whether its volume is that of trades in it.

        An index does not trade: what sources quote is its members' volume, on some days, or zero.
        """
        return self.instrument_class == InstrumentClass.EQUITY
