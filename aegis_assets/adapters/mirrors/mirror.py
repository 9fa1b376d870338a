"""What a mirror is, and how all of them get the same files.

A mirror is a copy for readers elsewhere.  The folder is the source of truth: a mirror that fails
loses nothing and is right again after the next one that does not.
"""

import json
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from aegis_assets.adapters.publishers import CURRENT, PREVIOUS
from aegis_assets.core.errors import AegisError

_CREDENTIALS = re.compile(r"(?<=://)[^/@\s]+@")


@dataclass(frozen=True)
class Mirrored:
    """What became of one mirror.

    `what` is the commit or the URL, `remark` what a person should know although it went well.
    """

    name: str
    changed: bool
    what: str
    seconds: float
    remark: str = ""


@dataclass(frozen=True)
class Failure:
    """Why one mirror does not have the files, as a sentence."""

    name: str
    sentence: str


class Mirror(Protocol):
    """A place that keeps a copy of the current files."""

    @property
    def name(self) -> str:
        """The place as it was set, without credentials."""

    def mirror(self, files: Mapping[str, bytes], message: str) -> Mirrored:
        """Make the place hold `files`, by name; files of other names stay.

        Raises `PublishError` where it cannot; the place is then as before, or is made whole by
        the next that succeeds.
        """


def mirrored(
    mirrors: Sequence[Mirror], files: Mapping[str, bytes], message: str
) -> list[Mirrored | Failure]:
    """What became of each mirror, in their order; one that fails does not stop the others."""
    return [_one_mirrored(each, files, message) for each in mirrors]


def _one_mirrored(mirror: Mirror, files: Mapping[str, bytes], message: str) -> Mirrored | Failure:
    try:
        return mirror.mirror(files, message)
    except AegisError as error:
        return Failure(mirror.name, shown(str(error)))


def is_news(files: Mapping[str, bytes], there: Mapping[str, bytes]) -> bool:
    """Whether a reader of `there` would learn anything from `files`.

    The moment a payload was made is not news: where only `generated_at` differs, in the payload or
    literally in another file, nothing does.  The previous payload is not news either.
    """
    ours, theirs = _stamp(files), _stamp(there)
    return any(
        name not in there or _without(ours, content) != _without(theirs, there[name])
        for name, content in files.items()
        if name != PREVIOUS
    )


def shown(text: str) -> str:
    """`text` without the credentials of any URL in it."""
    return _CREDENTIALS.sub("", text)


def _stamp(files: Mapping[str, bytes]) -> bytes | None:
    """`generated_at` as the current payload has it; nothing where there is none."""
    with suppress(ValueError):
        payload = json.loads(files.get(CURRENT, b""))
        stamp = payload.get("generated_at") if isinstance(payload, dict) else None
        return stamp.encode() if isinstance(stamp, str) and stamp else None
    return None


def _without(stamp: bytes | None, content: bytes) -> bytes:
    return content if stamp is None else content.replace(stamp, b"")
