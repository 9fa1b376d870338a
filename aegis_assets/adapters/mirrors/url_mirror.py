"""Files at any URL that fsspec can write: a folder, a bucket, a server.

In an object store a file is put whole or not at all.  Elsewhere it is written beside and renamed.
"""

import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from aegis_assets.adapters.files import write_atomically
from aegis_assets.adapters.mirrors.mirror import Mirrored, is_news, shown
from aegis_assets.adapters.publishers import CURRENT
from aegis_assets.core.errors import PublishError

_PUTS_WHOLE = frozenset(
    "abfs abfss adl az gcs gs hf memory oci oss r2 s3 s3a tos tosfs".split()  # noqa: SIM905 - a list of words
)
_PACKAGES = {"s3": "s3fs", "s3a": "s3fs", "gs": "gcsfs", "gcs": "gcsfs", "az": "adlfs"}
_PACKAGES |= {"abfs": "adlfs", "abfss": "adlfs", "oss": "ossfs", "oci": "ocifs"}
_PACKAGES |= {"sftp": "paramiko", "ssh": "paramiko", "smb": "smbprotocol", "webdav": "webdav4"}


@dataclass(frozen=True)
class UrlMirror:
    """A folder at `url`; credentials are those that fsspec's file system finds by itself."""

    url: str

    @property
    def name(self) -> str:
        """The URL without credentials."""
        return shown(self.url)

    def mirror(self, files: Mapping[str, bytes], message: str) -> Mirrored:  # noqa: ARG002 - of git
        """Write `files` if they are news, the payload last; what was there becomes the previous."""
        start = time.perf_counter()
        with self._refusing():
            place = _Place.at(self.url)
            there = {name: found for name in files if (found := place.content(name)) is not None}
            changed = is_news(files, there)
            for name in _in_order(files) if changed else []:
                if there.get(name) != files[name]:
                    _keep_previous(place, name, files, there)
                    place.write(name, files[name])
        return Mirrored(self.name, changed, self.name, time.perf_counter() - start)

    @contextmanager
    def _refusing(self) -> Iterator[None]:
        """Tell in a sentence what the file system raises; of which kind that is only it knows."""
        protocol = self.url.partition("://")[0]
        try:
            yield
        except ImportError as error:
            package = _PACKAGES.get(protocol)
            what = f"pip install {package}" if package else str(error)
            msg = f"{self.name}: the package that reaches {protocol}:// is not installed: {what}"
            raise PublishError(msg) from error
        except Exception as error:
            said = shown(f"{type(error).__name__}: {error}")
            msg = f"{self.name} could not be written ({said}): mend it; the folder has the payload"
            raise PublishError(msg) from error


@dataclass(frozen=True)
class _Place:
    system: Any
    root: str
    is_local: bool
    puts_whole: bool

    @classmethod
    def at(cls, url: str) -> "_Place":
        from fsspec.core import url_to_fs  # noqa: PLC0415 - no run without such a mirror loads it

        system, root = url_to_fs(url, use_listings_cache=False)
        spoken = system.protocol if isinstance(system.protocol, tuple) else (system.protocol,)
        puts_whole = bool(_PUTS_WHOLE.intersection(spoken))
        return cls(system, root.rstrip("/"), "file" in spoken, puts_whole)

    def content(self, name: str) -> bytes | None:
        """The file's bytes, or nothing where there is none."""
        try:
            return bytes(self.system.cat_file(f"{self.root}/{name}"))
        except FileNotFoundError:
            return None

    def write(self, name: str, content: bytes) -> None:
        """Make `content` the whole of the file."""
        path = f"{self.root}/{name}"
        if self.is_local:
            write_atomically(Path(path), content)
            return
        self.system.makedirs(self.root, exist_ok=True)
        if self.puts_whole:
            self.system.pipe_file(path, content)
            return
        beside = f"{self.root}/.{name}.{secrets.token_hex(8)}.tmp"
        try:
            self.system.pipe_file(beside, content)
            self.system.mv(beside, path)
        except BaseException:
            with suppress(Exception):
                self.system.rm_file(beside)
            raise


def _in_order(files: Mapping[str, bytes]) -> list[str]:
    """Names with the payload last: who is killed before it is seen to be unfinished."""
    return sorted(files, key=lambda name: name == CURRENT)


def _keep_previous(
    place: _Place, name: str, files: Mapping[str, bytes], there: Mapping[str, bytes]
) -> None:
    """Keep what `name` held as its previous, unless that is among the files itself."""
    path = PurePosixPath(name)
    previous = f"{path.stem}.previous{path.suffix}"
    if name in there and previous not in files and not path.stem.endswith(".previous"):
        place.write(previous, there[name])
