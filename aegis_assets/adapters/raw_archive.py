"""Every answer as it came, named by its hash, and a log of every attempt to get one.

Goes in: bodies and attempts, whatever they are worth.  Stays out: crumbs and cookies.
"""

import errno
import fcntl
import gzip
import hashlib
import json
import os
import re
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit, urlunsplit

import polars as pl

from aegis_assets.adapters.files import refusal, sweep_below, write_atomically
from aegis_assets.core.errors import StorageError

TORN: Final = "torn"
"""Verdict of a line that its writer did not finish: only its text is known."""

_SECRETS: Final = frozenset({"crumb"})
_FETCHES: Final = {
    "at": pl.Datetime("us", "UTC"),
    "url": pl.String(),
    "params": pl.String(),
    "client": pl.String(),
    "status": pl.Int64(),
    "attempt": pl.Int64(),
    "sha256": pl.String(),
    "bytes": pl.Int64(),
    "seconds": pl.Float64(),
    "verdict": pl.String(),
    "note": pl.String(),
}
_JUDGEMENTS: Final = {
    "at": pl.Datetime("us", "UTC"),
    "sha256": pl.String(),
    "symbol": pl.String(),
    "interval": pl.String(),
    "verdict": pl.String(),
}


@dataclass(frozen=True)
class Fetch:
    """One attempt to get an answer, made `at` (aware) by `client`; `sha256` names what came."""

    at: datetime
    url: str
    client: str
    attempt: int
    verdict: str
    params: Mapping[str, Any] = field(default_factory=dict)
    status: int | None = None
    sha256: str | None = None
    bytes: int = 0
    seconds: float = 0.0
    note: str = ""


def _now() -> datetime:
    return datetime.now(UTC)


class RawArchive:
    """Bodies under ``xx/<sha256>.gz`` and monthly logs ``fetches-YYYY-MM.jsonl`` in `folder`."""

    def __init__(self, folder: Path, *, now: Callable[[], datetime] = _now) -> None:
        self.folder = folder
        self._now = now

    def keep(self, body: bytes) -> str:
        """Hash of `body`, which is now in the archive, once."""
        sha256 = hashlib.sha256(body).hexdigest()
        path = self._path(sha256)
        if not path.exists():
            write_atomically(path, gzip.compress(body, mtime=0))
        return sha256

    def body(self, sha256: str) -> bytes:
        """The bytes of that hash; raises rather than give others."""
        path = self._path(sha256)
        try:
            body = gzip.decompress(path.read_bytes())
        except FileNotFoundError as error:
            raise StorageError(f"{path} is not in the archive: it was pruned or moved") from error
        except (OSError, EOFError, zlib.error) as error:
            raise StorageError(f"{path} cannot be read ({error}): fetch it again") from error
        if hashlib.sha256(body).hexdigest() != sha256:
            raise StorageError(f"{path} holds other bytes than its name says: remove it")
        return body

    def log(self, fetch: Fetch) -> None:
        """Append `fetch`, without secrets, to the log of its month."""
        split = urlsplit(fetch.url)
        query = {**dict(parse_qsl(split.query)), **fetch.params}
        public = {name: str(value) for name, value in query.items() if name not in _SECRETS}
        url = urlunsplit((split.scheme, split.netloc.rpartition("@")[2], split.path, "", ""))
        self._append(fetch.at, {"kind": "fetch", **asdict(fetch), "url": url, "params": public})

    def judge(self, sha256: str, symbol: str, interval: str, verdict: str) -> None:
        """Append what became of a body: "accepted", or why not."""
        judgement = {"sha256": sha256, "symbol": symbol, "interval": interval, "verdict": verdict}
        self._append(self._now(), {"kind": "judgement", **judgement})

    def fetches(self, month: str | None = None) -> pl.DataFrame:
        """Attempts of `month` ("2026-08") or of all, as logged; `params` is JSON.

        A line that a killed process left unfinished is a row of verdict `TORN`, text in `note`.
        """
        return self._rows(month, "fetch", _FETCHES)

    def judgements(self, month: str | None = None) -> pl.DataFrame:
        """What became of bodies, judged in `month` or ever, as logged."""
        return self._rows(month, "judgement", _JUDGEMENTS)

    def old(self, before: date) -> list[Path]:
        """Files of the bodies that only intraday requests gave, all before `before` (UTC)."""
        intraday = pl.col("params").str.json_path_match("$.interval").str.contains("[mh]$")
        bodies = self.fetches().filter(pl.col("sha256").is_not_null()).group_by("sha256")
        facts = bodies.agg(pl.max("at"), intraday.fill_null(value=False).all().alias("intraday"))
        midnight = datetime.combine(before, time(), UTC)
        old = facts.filter(pl.col("intraday") & (pl.col("at") < midnight))["sha256"].sort()
        return [path for sha256 in old if (path := self._path(sha256)).exists()]

    def prune(self, before: date) -> int:
        """Bodies removed: those of `old`."""
        there = self.old(before)
        for path in there:
            path.unlink(missing_ok=True)
        sweep_below(self.folder)
        return len(there)

    def _path(self, sha256: str) -> Path:
        if not re.fullmatch("[0-9a-f]{64}", sha256):
            raise StorageError(f"found {sha256!r}, expected 64 hexadecimal digits of a SHA-256")
        return self.folder / sha256[:2] / f"{sha256}.gz"

    def _append(self, at: datetime, record: Mapping[str, object]) -> None:
        """Add one line in one write, on a line of its own even after a torn one; synced."""
        at = at.astimezone(UTC)
        path = self.folder / f"fetches-{at:%Y-%m}.jsonl"
        line = json.dumps({**record, "at": at.isoformat()}).encode() + b"\n"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o666)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX)
                _write_whole(descriptor, line)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise StorageError(refusal(path, error)) from error

    def _rows(
        self, month: str | None, kind: str, schema: Mapping[str, pl.DataType]
    ) -> pl.DataFrame:
        paths = sorted(self.folder.glob(f"fetches-{month or '*'}.jsonl"))
        records = [record for path in paths for record in _records(path) if record["kind"] == kind]
        return pl.DataFrame(
            [{name: record.get(name) for name in schema} for record in records], schema
        )


def _write_whole(descriptor: int, line: bytes) -> None:
    """Write `line` at the end or, where the disk has no room for all of it, nothing."""
    size = os.fstat(descriptor).st_size
    torn = size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
    line = b"\n" * torn + line
    if os.write(descriptor, line) < len(line):
        os.ftruncate(descriptor, size)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    os.fsync(descriptor)


def _records(path: Path) -> Iterator[dict[str, Any]]:
    """Records of a log; one that cannot be read comes as a torn fetch."""
    for line in path.read_bytes().split(b"\n"):
        if not line:
            continue
        try:
            record = json.loads(line)
            record["at"] = datetime.fromisoformat(record["at"])
            record["kind"] = str(record["kind"])
            record["params"] = json.dumps(record.get("params", {}))
        except (ValueError, KeyError, TypeError):
            record = {"kind": "fetch", "verdict": TORN, "note": line.decode(errors="replace")}
        yield record
