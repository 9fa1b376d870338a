"""Where bars come from: one adapter per source, one line here."""

from datetime import date
from typing import Protocol

import polars as pl

from aegis_assets.adapters.sample import SampleSource
from aegis_assets.core.markets import Market
from aegis_assets.settings import SourceName


class Source(Protocol):
    """A supplier of daily bars."""

    @property
    def name(self) -> str:
        """Name in settings and payloads."""

    @property
    def last_session(self) -> date:
        """The newest session that it can ever give."""

    def bars(self, market: Market, first: date, last: date) -> pl.DataFrame:
        """Bars as quoted, both ends included; raises rather than answer with nothing."""


SOURCES: dict[SourceName, Source] = {SourceName.SAMPLE: SampleSource()}
