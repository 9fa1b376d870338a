"""Where a payload goes, so that readers always find a whole one.

``slots/<slot>.json`` is the history; ``aegismatrix.json`` is the newest slot's payload
and ``aegismatrix.previous.json`` the one that was current before it.  Beside a slot lie
the claims that were made with it, and beside the current payload the files that go with it.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from aegis_assets.adapters.files import locked, refusal, write_atomically
from aegis_assets.core.errors import PublishError, StorageError

CURRENT = "aegismatrix.json"
PREVIOUS = "aegismatrix.previous.json"
FOR_READERS = (CURRENT, PREVIOUS, "index.html", "history.json")
"""What mirrors get, as far as it is there."""
_NAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]{0,63}(\.[0-9A-Za-z_-]{1,32}){0,3}")
_SLOT = re.compile(r"[0-9A-Za-z][0-9A-Za-z:_-]{0,63}")


class FolderPublisher:
    """Payloads in a folder, by slots whose keys sort as time does.

    No file says which slot is current: it is the newest one there is.  So a late rerun
    of an old slot cannot move it back, and a killed `publish` is completed by the next.
    Whoever prunes the slots must leave the newest.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def publish(self, payload: bytes, slot: str, claims: bytes | None = None) -> Path:
        """Keep `payload` as that of `slot`, and make the newest slot current; its file.

        The claims are kept first, so a payload that is published has those it was published with;
        without any, those of an earlier payload of the slot are gone.
        """
        path, beside = self._slot_path(slot), self._claims_path(slot)
        with self._writing(f"slot {slot}", path):
            path.parent.mkdir(parents=True, exist_ok=True)
            with locked(self._folder, exclusive=True):
                if claims is None:
                    beside.unlink(missing_ok=True)
                else:
                    write_atomically(beside, claims)
                write_atomically(path, payload)
                self._advance()
        return path

    def put(self, name: str, content: bytes) -> None:
        """Keep `content` beside the current payload; what it says already is not written again."""
        path = self._companion_path(name)
        with self._writing(name, path):
            self._folder.mkdir(parents=True, exist_ok=True)
            with locked(self._folder, exclusive=True):
                if _content(path) != content:
                    write_atomically(path, content)

    def published(self, slot: str) -> bytes | None:
        """Payload of `slot`, or nothing if it was never published."""
        return _content(self._slot_path(slot))

    def current(self) -> bytes | None:
        """Payload that readers see, or nothing before the first."""
        return _content(self._folder / CURRENT)

    def companion(self, name: str) -> bytes | None:
        """What was put under `name`, or nothing if nothing was."""
        return _content(self._companion_path(name))

    def claims(self, slot: str) -> bytes | None:
        """Claims that the payload of `slot` was published with, or nothing if with none."""
        return _content(self._claims_path(slot))

    def slots(self) -> list[str]:
        """Slots that have a payload, oldest first."""
        return sorted(path.stem for path in self._slots())

    def files(self) -> dict[str, bytes]:
        """What readers see, by name: the current payload and what lies beside it."""
        if not self._folder.is_dir():
            return {}
        with self._writing("files", self._folder), locked(self._folder, exclusive=False):
            found = {name: _content(self._folder / name) for name in FOR_READERS}
        return {name: content for name, content in found.items() if content is not None}

    def _advance(self) -> None:
        newest = _content(max(self._slots(), key=lambda path: path.stem))
        current = self.current()
        if newest is None or newest == current:
            return
        if current is not None:
            write_atomically(self._folder / PREVIOUS, current)
        write_atomically(self._folder / CURRENT, newest)

    def _slots(self) -> list[Path]:
        files = (self._folder / "slots").glob("*.json")
        return [path for path in files if _SLOT.fullmatch(path.stem)]

    def _slot_path(self, slot: str) -> Path:
        if not _SLOT.fullmatch(slot):
            raise PublishError(f"{slot!r} is no slot key: use letters, digits and : _ -")
        return self._folder / "slots" / f"{slot}.json"

    def _claims_path(self, slot: str) -> Path:
        return self._slot_path(slot).with_name(f"{slot}.claims.json")

    def _companion_path(self, name: str) -> Path:
        if not _NAME.fullmatch(name) or name in {CURRENT, PREVIOUS, "slots"}:
            msg = f"{name!r} cannot lie beside the payload: use a plain file name of its own"
            raise PublishError(msg)
        return self._folder / name

    @contextmanager
    def _writing(self, what: str, path: Path) -> Iterator[None]:
        """Say in one kind of error what the disk refused."""
        try:
            yield
        except PublishError:
            raise
        except OSError as error:
            raise PublishError(refusal(path, error)) from error
        except StorageError as error:
            raise PublishError(f"{what}: {error}") from error


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise PublishError(f"{path} could not be read ({error}): check that disk") from error
