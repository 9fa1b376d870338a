"""Where option chains come from: one adapter per source, one line here."""

from collections.abc import Callable
from datetime import date
from typing import Protocol

import polars as pl

from aegis_assets.adapters.clock import Clock
from aegis_assets.adapters.fo_bhavcopy import FoBhavcopy
from aegis_assets.adapters.nse_chain import NseChain
from aegis_assets.adapters.polite_session import polite_session
from aegis_assets.adapters.raw_archive import RawArchive
from aegis_assets.adapters.request_gate import RequestGate
from aegis_assets.core.errors import SettingsError
from aegis_assets.core.markets import Market
from aegis_assets.settings import OptionChain, Settings


class ChainSource(Protocol):
    """A supplier of option chains.  It raises a `SourceError` rather than answer with nothing."""

    def chain(self, market: Market, session: date) -> pl.DataFrame:
        """The newest chain of the session, with the columns of `core.options.chain.QUOTED`."""


def _nse(settings: Settings, now: Clock) -> ChainSource:
    """NSE through the gate that its quotes pass too: one host, one turn."""
    gate = RequestGate(settings.raw_folder / "nse-gate.sqlite")
    return NseChain(polite_session(gate, RawArchive(settings.raw_folder, now=now), now=now))


def _bhavcopy(settings: Settings, _: Clock) -> ChainSource:
    folder = settings.option_chain_folder
    if folder is None or not folder.is_dir():
        msg = (
            f"AEGIS_OPTION_CHAIN is bhavcopy and AEGIS_OPTION_CHAIN_FOLDER is {folder}, expected "
            "a folder that exists: set it, or set AEGIS_OPTION_CHAIN to off"
        )
        raise SettingsError(msg)
    return FoBhavcopy(folder)


CHAIN_SOURCES: dict[OptionChain, Callable[[Settings, Clock], ChainSource]] = {
    OptionChain.NSE: _nse,
    OptionChain.BHAVCOPY: _bhavcopy,
}
