"""Option chains at the close, from NSE's daily F&O files that a person puts into a folder.

Two formats: UDiFF since July 2024, and the one before it.  Both count open interest in units of the
underlying and volume in contracts; UDiFF's own turnover says so.  Files keep NSE's names, zipped
or not.
"""

import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, timedelta
from pathlib import Path
from typing import Final

import polars as pl

from aegis_assets.core.errors import ContentError, ShapeError, TransportError
from aegis_assets.core.markets import Market
from aegis_assets.core.options.chain import CALL, PUT, QUOTED
from aegis_assets.core.sessions import close_of

_NAMES: Final = {"^NSEI": "NIFTY", "^NSEBANK": "BANKNIFTY"}
_PUBLISHED: Final = timedelta(hours=3)
_TYPES: Final = {"CE": CALL, "PE": PUT}
_WHOLE: Final = ("day", "expiry", "option_type", "end")
_AGAIN: Final = "download it again"


@dataclass(frozen=True)
class _Format:
    """How one of the two formats spells what a chain holds; `end` stands behind all of it."""

    columns: Mapping[str, str]
    numbers: Mapping[str, str]
    index_option: str
    dates: str
    end: str


_UDIFF: Final = _Format(
    columns={
        "instrument": "FinInstrmTp",
        "name": "TckrSymb",
        "day": "TradDt",
        "expiry": "XpryDt",
        "option_type": "OptnTp",
    },
    numbers={
        "strike": "StrkPric",
        "last": "ClsPric",
        "settle": "SttlmPric",
        "open_interest": "OpnIntrst",
        "change_in_open_interest": "ChngInOpnIntrst",
        "volume": "TtlTradgVol",
        "underlying": "UndrlygPric",
    },
    index_option="IDO",
    dates="%Y-%m-%d",
    end="NewBrdLotQty",
)
_OLD: Final = _Format(
    columns={
        "instrument": "INSTRUMENT",
        "name": "SYMBOL",
        "day": "TIMESTAMP",
        "expiry": "EXPIRY_DT",
        "option_type": "OPTION_TYP",
    },
    numbers={
        "strike": "STRIKE_PR",
        "last": "CLOSE",
        "settle": "SETTLE_PR",
        "open_interest": "OPEN_INT",
        "change_in_open_interest": "CHG_IN_OI",
        "volume": "CONTRACTS",
    },
    index_option="OPTIDX",
    dates="%d-%b-%Y",
    end="TIMESTAMP",
)


@dataclass(frozen=True)
class FoBhavcopy:
    """Chains from the files in `folder`."""

    folder: Path

    def chain(self, market: Market, session: date) -> pl.DataFrame:
        """Columns `QUOTED`: every expiry at the close of `session`, known three hours later."""
        symbol = market.index.symbol
        if symbol not in _NAMES:
            known = ", ".join(_NAMES)
            raise ContentError("UNKNOWN_INDEX", f"NSE has no options on {symbol}: ask for {known}")
        path = self._file(session)
        rows = _options(_lines(path), _NAMES[symbol], session, path.name)
        close = close_of(market, session).astimezone(UTC)
        none = pl.lit(None, dtype=pl.Float64)
        return rows.with_columns(
            symbol=pl.lit(symbol),
            as_of=pl.lit(close).cast(QUOTED["as_of"][0]),
            known_at=pl.lit(close + _PUBLISHED).cast(QUOTED["known_at"][0]),
            session=pl.lit(session),
            bid=none,
            ask=none,
            implied_volatility=none,
        ).select(*QUOTED)

    def _file(self, session: date) -> Path:
        stems = (f"BhavCopy_NSE_FO_0_0_0_{session:%Y%m%d}_F_0000", _old_stem(session))
        names = [f"{stem}{suffix}" for stem in stems for suffix in (".csv", ".csv.zip")]
        for name in names:
            if (self.folder / name).is_file():
                return self.folder / name
        raise TransportError(
            f"{self.folder} has no F&O bhavcopy of {session}: download it from NSE and put it "
            f"there as {names[1]}"
        )


def _old_stem(session: date) -> str:
    return f"fo{session:%d%b%Y}bhav".replace(f"{session:%b}", f"{session:%b}".upper())


def _lines(path: Path) -> pl.DataFrame:
    """The table as it stands in the file, all text."""
    try:
        content = path.read_bytes()
        if path.suffix == ".zip":
            content = _unzipped(content, path.name)
        table = pl.read_csv(io.BytesIO(content), infer_schema=False, truncate_ragged_lines=True)
    except OSError as error:
        raise TransportError(f"{path} cannot be read ({error}): make it readable") from error
    except (pl.exceptions.PolarsError, UnicodeDecodeError) as error:
        raise ShapeError("NOT_CSV", f"{path.name} is no table ({error}): {_AGAIN}") from error
    return table.rename(str.strip)


def _unzipped(content: bytes, name: str) -> bytes:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = [each for each in archive.namelist() if each.lower().endswith(".csv")]
            if len(members) != 1:
                message = f"{name} holds {archive.namelist()}, expected one csv: {_AGAIN}"
                raise ShapeError("NOT_ONE_FILE", message)
            return archive.read(members[0])
    except (zipfile.BadZipFile, EOFError) as error:
        raise ShapeError("TORN", f"{name} is no whole zip file ({error}): {_AGAIN}") from error


def _options(lines: pl.DataFrame, name: str, session: date, file: str) -> pl.DataFrame:
    """The options on the index of that name; raises on a file of another day or segment."""
    spelled = _format_of(lines, file)
    instrument, ticker = spelled.columns["instrument"], spelled.columns["name"]
    mine = lines.filter(
        pl.col(instrument).str.strip_chars() == spelled.index_option,
        pl.col(ticker).str.strip_chars() == name,
    )
    if mine.is_empty():
        found = lines[instrument].unique().sort().to_list()
        message = f"{file} holds {found} and no {spelled.index_option} of {name}: {_AGAIN}"
        raise ContentError("NO_ROWS", message)
    read = mine.select(*_read(spelled), *_numbers(spelled))
    if read.select(pl.any_horizontal(pl.col(*_WHOLE).is_null()).any()).item():
        raise ContentError("TORN", f"{file} has unfinished lines of {name}: {_AGAIN}")
    days = read["day"].unique().sort().to_list()
    if days != [session]:
        message = f"{file} tells of {days}, expected {session}: give each file its own name back"
        raise ContentError("OTHER_SESSION", message)
    return read


def _format_of(lines: pl.DataFrame, file: str) -> _Format:
    for each in (_UDIFF, _OLD):
        if {*each.columns.values(), *each.numbers.values(), each.end} <= set(lines.columns):
            return each
    message = f"{file} has columns {lines.columns[:6]} ..., expected an F&O bhavcopy: {_AGAIN}"
    raise ShapeError("COLUMNS", message)


def _read(spelled: _Format) -> list[pl.Expr]:
    def text(name: str) -> pl.Expr:
        return pl.col(spelled.columns[name]).str.strip_chars()

    return [
        text("day").str.to_date(spelled.dates, strict=False).alias("day"),
        text("expiry").str.to_date(spelled.dates, strict=False).alias("expiry"),
        text("option_type").replace_strict(_TYPES, default=None).alias("option_type"),
        pl.col(spelled.end).alias("end"),
    ]


def _numbers(spelled: _Format) -> list[pl.Expr]:
    """The numbers, null where none stands there; `fault` where something else does."""
    texts = {name: pl.col(column).str.strip_chars() for name, column in spelled.numbers.items()}
    values = {name: each.cast(pl.Float64, strict=False) for name, each in texts.items()}
    odd = pl.any_horizontal(
        values[name].is_null() & (texts[name].fill_null("") != "") for name in values
    )
    if "underlying" not in values:
        values["underlying"] = pl.lit(None, dtype=pl.Float64)
    fault = pl.when(odd).then(pl.lit("NOT_A_NUMBER")).alias("fault")
    return [*(each.alias(name) for name, each in values.items()), fault]
