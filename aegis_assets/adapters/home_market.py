"""Whose market a home is of, by what lies in it.

Goes in: stored bars and the published payload.  Stays out: what settings say, which whoever calls
may have from another folder.
"""

import json
from pathlib import Path
from typing import Final

from aegis_assets.adapters.bar_store import DAILY
from aegis_assets.adapters.publishers import FolderPublisher
from aegis_assets.adapters.warehouse import Warehouse
from aegis_assets.core.errors import StorageError
from aegis_assets.core.markets import MARKETS

_REMEDY: Final = "set AEGIS_MARKET and AEGIS_SOURCE as this home's service has them"


def refuse_other_market(warehouse: Path, publish: Path, market: str) -> None:
    """Raise `StorageError` where the payload, or the bars, are of another market than `market`.

    A home that has neither a payload that names its market nor bars of an index tells nothing.
    """
    published = _published(publish)
    if published not in {None, market}:
        raise StorageError(
            f"found a payload of {published} in {publish}, expected one of {market}: {_REMEDY}"
        )
    quoted = _quoted(warehouse)
    if quoted and market not in quoted:
        raise StorageError(
            f"found bars of {', '.join(quoted)} in {warehouse}, expected those of {market}: "
            f"{_REMEDY}"
        )


def _published(folder: Path) -> str | None:
    """The market that the current payload names; null where there is none, or of no contract."""
    try:
        read = json.loads(FolderPublisher(folder).current() or b"null")
    except ValueError:
        return None
    name = read.get("market_name") if isinstance(read, dict) else None
    return name if isinstance(name, str) else None


def _quoted(warehouse: Path) -> list[str]:
    """Markets whose index has stored bars; volatility indices are shared, so they tell nothing."""
    stored = Warehouse(warehouse).found(DAILY.table)
    symbols = set() if stored is None else set(stored["symbol"])
    return [name for name, market in MARKETS.items() if market.index.symbol in symbols]
