"""What was fitted for past folds, on disk: forgetting it costs time and nothing else.

A file lies under the hash of everything that decided the fit, in a folder named by the code and
the libraries that made it.  The folders of other code are removed.
"""

import hashlib
import shutil
from collections.abc import Mapping
from pathlib import Path

from aegis_assets.adapters.files import write_atomically
from aegis_assets.adapters.syntax import syntax_version
from aegis_assets.core.errors import StorageError

_DIGEST = 32


class FoldMemory:
    """Bytes by key under ``root/<code and libraries>/``; an altered file counts as forgotten."""

    def __init__(self, root: Path, libraries: Mapping[str, str]) -> None:
        said = f"{syntax_version('estimators', 'errors')}:{sorted(libraries.items())}"
        self._folder = root / hashlib.sha256(said.encode()).hexdigest()[:16]

    def recall(self, key: str) -> bytes | None:
        """What was kept, unless it is gone or torn; `StorageError` where it cannot be read."""
        path = self._path(key)
        try:
            stored = path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StorageError(
                f"{path} could not be read ({error}): check that disk, or remove {self._folder}, "
                "which costs time and nothing else"
            ) from error
        content, digest = stored[:-_DIGEST], stored[-_DIGEST:]
        return content if hashlib.sha256(content).digest() == digest else None

    def keep(self, key: str, content: bytes) -> None:
        """Keep it, whole or not at all; `StorageError` where the disk refuses."""
        stored = content + hashlib.sha256(content).digest()
        try:
            write_atomically(self._path(key), stored)
        except StorageError as error:
            if not isinstance(error.__cause__, FileNotFoundError):
                raise
            write_atomically(self._path(key), stored)  # other code had removed the folder

    def of_other_code(self) -> list[Path]:
        """Folders of what other code or other libraries had fitted."""
        root = self._folder.parent
        folders = sorted(root.iterdir()) if root.is_dir() else []
        return [each for each in folders if each != self._folder and each.is_dir()]

    def forget_other_code(self) -> None:
        """Remove what other code or other libraries had fitted."""
        for folder in self.of_other_code():
            shutil.rmtree(folder, ignore_errors=True)

    def _path(self, key: str) -> Path:
        return self._folder / key[:2] / key
