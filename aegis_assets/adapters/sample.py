"""The embedded sample: real daily bars that travel inside the `arch` package.

S&P 500 open, high, low, close and volume 1999-2018, and closes of the VIX from 2014 on.  No
network; no intraday bars.
"""

from dataclasses import dataclass
from datetime import date, datetime

import polars as pl

from aegis_assets.adapters.clock import machine_clock
from aegis_assets.core.bars import EVENTS, QUOTES, DailyAnswer, Origin, empty
from aegis_assets.core.candles import panel, validated
from aegis_assets.core.errors import ContentError
from aegis_assets.core.markets import SP500, Market
from aegis_assets.core.sessions import last_final_session, sessions_between
from aegis_assets.core.universe import Instrument

_FIRST, _LAST = date(1999, 1, 4), date(2018, 12, 31)


@dataclass(frozen=True)
class SampleSource:
    """Bars of the S&P 500 and the VIX as `arch` carries them: an archive that ends."""

    name: str = "sample"
    is_live: bool = False

    def now(self) -> datetime:
        """The machine's clock; the sample does not grow with it."""
        return machine_clock()

    def last_session(self, market: Market) -> date:  # noqa: ARG002 - one end for all
        """The last session of the sample."""
        return _LAST

    def settled_at(self, market: Market, moment: datetime) -> date:
        """The newest session that has closed: an archive waits for nothing."""
        return last_final_session(market, moment)

    def daily(self, market: Market, instrument: Instrument, first: date, last: date) -> DailyAnswer:
        """Bars as quoted; a VIX bar has a close only.

        Dates on which the VIX file has no number are left out: they are holidays.
        """
        if market != SP500 or instrument not in SP500.instruments:
            msg = (
                f"the embedded sample holds {SP500.name}, not {instrument.symbol} of "
                f"{market.name}: set AEGIS_MARKET or AEGIS_SOURCE"
            )
            raise ContentError("UNKNOWN_SYMBOL", msg)
        every = _index_bars() if instrument == SP500.index else _volatility_index_bars()
        bars = every.filter(pl.col("session").is_between(first, last)).sort("session")
        return DailyAnswer(instrument, bars, empty(EVENTS), Origin(self.name, None, None, None))

    def judge(self, origin: Origin, symbol: str, interval: str, verdict: str) -> None:
        """Nothing to remember: the answers travel inside a package."""


def sample_panel() -> pl.DataFrame:
    """The panel of all of the sample, its volume as quoted, as if the index itself were traded."""
    source, held = SampleSource(), sessions_between(SP500, _FIRST, _LAST)
    answers = (source.daily(SP500, each, _FIRST, _LAST) for each in SP500.instruments)
    bars = pl.concat(each.bars for each in answers).with_columns(is_final=pl.lit(value=True))
    candles = validated(bars, SP500.instruments, held)
    quoted = candles.filter(symbol=SP500.index.symbol).select("session", "volume")
    return panel(candles, SP500).drop("volume").join(quoted, on="session", how="left")


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
            adj_close="Adj Close",
            volume="Volume",
            fault=pl.lit(None),
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
            adj_close=absent,
            volume=absent,
            fault=absent,
        )
    )


def _in_schema(bars: pl.DataFrame) -> pl.DataFrame:
    return bars.cast({name: dtype for name, (dtype, _) in QUOTES.items()})
