"""Places that settings name: clones of git and URLs, as people write them."""

import re
from pathlib import Path, PurePosixPath
from urllib.parse import parse_qsl

from pydantic_core import from_json

_GIT_OPTIONS = ("branch", "folder", "remote")
_WRITABLE_URL = re.compile(r"(?!https?:)[a-z][a-z0-9+.-]*://\S.*")


def is_git_place(place: str) -> bool:
    """Whether `place` names a git clone and not a URL."""
    return place.startswith("git:")


def git_place(place: str) -> tuple[Path, dict[str, str]]:
    """Clone and options of ``git:/path/to/clone?branch=main&folder=public``.

    Raises `ValueError` where it cannot be understood.
    """
    path, _, query = place.removeprefix("git:").partition("?")
    options = dict(parse_qsl(query, keep_blank_values=True))
    unknown = sorted(options.keys() - set(_GIT_OPTIONS))
    if not path or path.startswith("//"):
        msg = f"found git:{path}, expected git: and the path of a clone on this disk"
        raise ValueError(msg)
    if unknown or not all(options.values()) or (query and not options):
        msg = f"found ?{query} after git:{path}, expected values of {', '.join(_GIT_OPTIONS)}"
        raise ValueError(msg)
    parts = PurePosixPath(options.get("folder", ".")).parts
    if {"..", "/", ".git"} & set(parts):
        msg = f"found folder {options['folder']!r}, expected one within the clone"
        raise ValueError(msg)
    return Path(path), options


def listed(given: object) -> object:
    """Places with spaces between, or a JSON list where a path has spaces itself."""
    if not isinstance(given, str):
        return given
    return from_json(given) if given.lstrip().startswith("[") else given.split()


def refuse_place(place: str) -> None:
    """Raise `ValueError` unless `place` is a clone or a URL that can be written to."""
    if is_git_place(place):
        git_place(place)
    elif not _WRITABLE_URL.fullmatch(place):
        scheme = place.partition("://")[0] if "://" in place else place
        msg = f"found {scheme!r}, expected git:/path/to/clone or a writable URL: s3://bucket/x"
        raise ValueError(msg)


def refuse_no_clone(place: str) -> None:
    """Raise `ValueError` unless `place` is a clone."""
    if not is_git_place(place):
        msg = f"found {place.partition(':')[0]!r}, expected git:/path/to/clone"
        raise ValueError(msg)
    git_place(place)
