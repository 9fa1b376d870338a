"""Where a payload goes, so that readers always find a whole one.

``slots/<slot>.json`` is the history; ``aegismatrix.json`` is the newest slot's payload
and ``aegismatrix.previous.json`` the one that was current before it.
"""

import re
from pathlib import Path

from aegis_assets.adapters.files import locked, refusal, write_atomically
from aegis_assets.core.errors import PublishError, StorageError

CURRENT = "aegismatrix.json"
PREVIOUS = "aegismatrix.previous.json"
_SLOT = re.compile(r"[0-9A-Za-z][0-9A-Za-z:_-]{0,63}")


class FolderPublisher:
    """Payloads in a folder, by slots whose keys sort as time does.

    No file says which slot is current: it is the newest one there is.  So a late rerun
    of an old slot cannot move it back, and a killed `publish` is completed by the next.
    Whoever prunes the slots must leave the newest.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def publish(self, payload: bytes, slot: str) -> Path:
        """Keep `payload` as that of `slot`, and make the newest slot current; its file."""
        path = self._slot_path(slot)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with locked(self._folder, exclusive=True):
                write_atomically(path, payload)
                self._advance()
        except OSError as error:
            raise PublishError(refusal(path, error)) from error
        except StorageError as error:
            raise PublishError(f"slot {slot}: {error}") from error
        return path

    def published(self, slot: str) -> bytes | None:
        """Payload of `slot`, or nothing if it was never published."""
        return _content(self._slot_path(slot))

    def current(self) -> bytes | None:
        """Payload that readers see, or nothing before the first."""
        return _content(self._folder / CURRENT)

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


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise PublishError(f"{path} could not be read ({error}): check that disk") from error
