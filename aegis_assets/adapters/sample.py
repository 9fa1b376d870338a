"""The embedded sample: real daily bars that travel inside the `arch` package.

S&P 500 open, high, low, close and volume 1999-2018, and closes of the VIX from 2014 on.  No
network; no intraday bars.
"""

from dataclasses import dataclass
from datetime import date

import polars as pl

from aegis_assets.core.candles import SCHEMA
from aegis_assets.core.errors import DataError
from aegis_assets.core.markets import SP500, Market


@dataclass(frozen=True)
class SampleSource:
    """Bars of the S&P 500 and the VIX as `arch` carries them."""

    name: str = "sample"
    last_session: date = date(2018, 12, 31)

    def bars(self, market: Market, first: date, last: date) -> pl.DataFrame:
        """Bars as quoted (`candles.SCHEMA`) of all the market's instruments, both ends included.

        A VIX bar has a close only.  Dates on which the VIX file has no number are left out: they
        are holidays.
        """
        if market != SP500:
            msg = f"the embedded sample holds {SP500.name}, not {market.name}: set AEGIS_MARKET"
            raise DataError(msg)
        return (
            pl.concat([_index_bars(), _volatility_index_bars()])
            .filter(pl.col("session").is_between(first, last))
            .sort("symbol", "session")
        )


def _index_bars() -> pl.DataFrame:
    from arch.data import sp500  # noqa: PLC0415 - pandas and 2 s, only where bars are read

    return _in_schema(
        pl.from_pandas(sp500.load(), include_index=True).select(
            symbol=pl.lit(SP500.index.symbol),
            session="Date",
            open="Open",
            high="High",
            low="Low",
            close="Close",
            volume="Volume",
        )
    )


def _volatility_index_bars() -> pl.DataFrame:
    from arch.data import vix  # noqa: PLC0415 - as above

    absent = pl.lit(None)
    return _in_schema(
        pl.from_pandas(vix.load().dropna(), include_index=True).select(
            symbol=pl.lit(SP500.volatility_index.symbol),
            session="Date",
            open=absent,
            high=absent,
            low=absent,
            close="vix",
            volume=absent,
        )
    )


def _in_schema(bars: pl.DataFrame) -> pl.DataFrame:
    return bars.cast({name: dtype for name, (dtype, _) in SCHEMA.items()})
