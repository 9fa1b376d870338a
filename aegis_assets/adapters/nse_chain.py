"""Option chains from the exchange's own page, one answer per expiry.

NSE tells the expiries by `option-chain-contract-info` and the chain of one by `option-chain-v3`;
`option-chain-indices`, which had all in one answer, is gone since December 2025.  Its legs, spelled
otherwise, are read too.  It wants the cookies of the front page, and refuses most networks outside
India and of data centres: expect `TransportError`.
"""

import json
import math
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, TypeGuard
from zoneinfo import ZoneInfo

import polars as pl

from aegis_assets.adapters.polite_session import Fetched, PoliteSession
from aegis_assets.core.errors import ContentError, ShapeError
from aegis_assets.core.markets import Market
from aegis_assets.core.options.chain import CALL, PUT, QUOTED

_NAMES: Final = {"^NSEI": "NIFTY", "^NSEBANK": "BANKNIFTY"}
_EXPIRIES: Final = 2
_CLOCKS_DIFFER: Final = timedelta(minutes=5)
_OK: Final = 200
_MOVED: Final = "see whether its page has moved"
_SIDES: Final = {"CE": CALL, "PE": PUT}
_VALUES: Final = {
    "bid": ("bidprice", "buyPrice1"),
    "ask": ("askPrice", "sellPrice1"),
    "last": ("lastPrice",),
    "open_interest": ("openInterest",),
    "change_in_open_interest": ("changeinOpenInterest",),
    "volume": ("totalTradedVolume",),
    "implied_volatility": ("impliedVolatility",),
    "underlying": ("underlyingValue",),
}
_QUANTITIES: Final = (
    "bidQty", "askQty", "buyQuantity1", "sellQuantity1", "totalBuyQuantity", "totalSellQuantity",
)  # fmt: skip
_FEWEST_QUANTITIES: Final = 12
_ZERO_IS_NONE: Final = ("bid", "ask", "last", "implied_volatility")


class NseChain:
    """Chains through `session`, whose gate must be of this host alone."""

    def __init__(self, session: PoliteSession, *, base: str = "https://www.nseindia.com") -> None:
        self._session = session
        self._base = base
        self._is_warm = False

    def chain(self, market: Market, session: date) -> pl.DataFrame:
        """Columns `QUOTED`: the two nearest expiries as of now, which must be of `session`.

        The moment is that of the older answer.  NSE counts open interest in contracts; here it is
        in units of the underlying, by the lot that every quantity of the answer is a multiple of.
        """
        symbol = market.index.symbol
        if symbol not in _NAMES:
            known = ", ".join(_NAMES)
            raise ContentError("UNKNOWN_INDEX", f"NSE has no chain of {symbol}, ask for {known}")
        if not self._is_warm:
            self._session.fetch(f"{self._base}/", client="nse")
            self._is_warm = True
        name, zone = _NAMES[symbol], ZoneInfo(market.time_zone)
        info = self._asked("option-chain-contract-info", {"symbol": name})
        expiries = _expiries(_page(info))[:_EXPIRIES]
        answers = [
            self._asked("option-chain-v3", {"type": "Indices", "symbol": name, "expiry": expiry})
            for expiry in expiries
        ]
        as_of = _moment([_records(_page(each)) for each in answers], zone)
        _require_now(as_of, session, answers[0].fetched_at, zone)
        rows = [row for each in answers for row in _rows(_records(_page(each)))]
        return (
            _table(rows)
            .with_columns(
                symbol=pl.lit(symbol),
                as_of=pl.lit(as_of.astimezone(UTC)).cast(QUOTED["as_of"][0]),
                known_at=pl.lit(answers[-1].fetched_at.astimezone(UTC)).cast(QUOTED["known_at"][0]),
                session=pl.lit(session),
                settle=pl.lit(None, dtype=pl.Float64),
            )
            .select(*QUOTED)
        )

    def _asked(self, what: str, params: Mapping[str, str]) -> Fetched:
        return self._session.fetch(f"{self._base}/api/{what}", params, client="nse")


def _page(answer: Fetched) -> Mapping[str, Any]:
    """The answer as an object; NSE says `{}` to whom it does not know."""
    if answer.status != _OK:
        raise ShapeError("STATUS", f"NSE answered {answer.status}, expected 200: {_MOVED}")
    try:
        page = json.loads(answer.body)
    except ValueError as error:
        raise ShapeError("NOT_JSON", f"NSE answered no JSON ({error}): {_MOVED}") from error
    if not isinstance(page, dict) or not page:
        raise ShapeError("EMPTY", "NSE answered without content, as it does outside India: wait")
    return page


def _expiries(page: Mapping[str, Any]) -> list[str]:
    told = page.get("expiryDates")
    if not isinstance(told, list) or not told:
        raise ShapeError("NO_EXPIRIES", f"NSE answered no list of expiries: {_MOVED}")
    return sorted(told, key=_day)


def _records(page: Mapping[str, Any]) -> Mapping[str, Any]:
    records = page.get("records")
    rows = records.get("data") if isinstance(records, dict) else None
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        raise ShapeError("NO_STRIKES", f"NSE answered no list of strikes: {_MOVED}")
    return {**records, "data": rows}  # type: ignore[dict-item]


def _day(text: object) -> date:
    try:
        return datetime.strptime(text, "%d-%b-%Y").replace(tzinfo=UTC).date()  # type: ignore[arg-type]
    except (ValueError, TypeError) as error:
        message = f"NSE names an expiry {text!r}, expected 24-Nov-2026"
        raise ShapeError("BAD_EXPIRY", message) from error


def _moment(pages: Sequence[Mapping[str, Any]], zone: ZoneInfo) -> datetime:
    """When the older of the answers was made; answers too far apart are no chain."""
    told = [_time(page.get("timestamp"), zone) for page in pages]
    if max(told) - min(told) > _CLOCKS_DIFFER:
        message = f"NSE tells one chain of {min(told)} and of {max(told)}: wait for its next answer"
        raise ContentError("TWO_MOMENTS", message)
    return min(told)


def _time(text: object, zone: ZoneInfo) -> datetime:
    try:
        return datetime.strptime(text, "%d-%b-%Y %H:%M:%S").replace(tzinfo=zone)  # type: ignore[arg-type]
    except (ValueError, TypeError) as error:
        message = f"NSE dates its answer {text!r}, expected 20-Nov-2026 15:30:00"
        raise ShapeError("BAD_TIME", message) from error


def _require_now(as_of: datetime, session: date, fetched_at: datetime, zone: ZoneInfo) -> None:
    """Raises on a chain of another day, which NSE shows until trading opens, and of the future."""
    if as_of.astimezone(zone).date() != session:
        message = f"NSE tells the chain of {as_of}, expected {session}: ask while it trades"
        raise ContentError("OTHER_SESSION", message)
    if as_of > fetched_at + _CLOCKS_DIFFER:
        found = f"NSE tells the chain of {as_of}, it is {fetched_at}"
        raise ContentError("FUTURE", f"{found}: check the clock of this machine")


def _rows(records: Mapping[str, Any]) -> list[dict[str, object]]:
    """The legs of one answer, open interest in units."""
    legs = [
        (row, kind, row[side])
        for row in records["data"]
        for side, kind in _SIDES.items()
        if isinstance(row.get(side), dict)
    ]
    lot = _lot([leg for _, _, leg in legs])
    return [_row(row, kind, leg, lot) for row, kind, leg in legs]


def _lot(legs: Sequence[Mapping[str, Any]]) -> int:
    """What all quantities ordered are multiples of: one contract, in units.

    Of twelve different ones at least: market makers repeat one size where nobody else orders.
    """
    told = [leg.get(name) for leg in legs for name in _QUANTITIES]
    ordered = {int(each) for each in told if _is_number(each) and each > 0}
    if len(ordered) < _FEWEST_QUANTITIES:
        found = (
            f"NSE tells {len(ordered)} quantities, expected {_FEWEST_QUANTITIES} to know its lot"
        )
        raise ContentError("NO_LOT", f"{found}: ask while it trades")
    return math.gcd(*ordered)


def _row(row: Mapping[str, Any], kind: str, leg: Mapping[str, Any], lot: int) -> dict[str, object]:
    told = {name: _told(leg, spellings) for name, spellings in _VALUES.items()}
    strike = row.get("strikePrice")
    fault = None if all(map(_is_number, [strike, *told.values()])) else "NOT_A_NUMBER"
    values = {name: float(each) if _is_number(each) else None for name, each in told.items()}
    for name in _ZERO_IS_NONE:
        values[name] = values[name] or None
    for name in ("open_interest", "change_in_open_interest"):
        counted = values[name]  # a fraction of a contract, where the lot was smaller once
        values[name] = None if counted is None else round(counted * lot, 3)
    volatility = values["implied_volatility"]
    values["implied_volatility"] = None if volatility is None else volatility / 100
    expiry = _day(row.get("expiryDates", row.get("expiryDate")))
    known = {"expiry": expiry, "strike": strike if _is_number(strike) else None}
    return {**known, "option_type": kind, **values, "fault": fault}


def _told(leg: Mapping[str, Any], spellings: Sequence[str]) -> Any:  # noqa: ANN401 - JSON
    for name in spellings:
        if name in leg:
            return leg[name]
    raise ShapeError("NO_FIELD", f"NSE answered a leg without {spellings[-1]}: {_MOVED}")


def _is_number(value: Any) -> TypeGuard[int | float]:  # noqa: ANN401 - JSON
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _table(rows: Sequence[Mapping[str, object]]) -> pl.DataFrame:
    told = ("expiry", "strike", "option_type", *_VALUES, "fault")
    return pl.DataFrame(rows, schema={name: QUOTED[name][0] for name in told})
