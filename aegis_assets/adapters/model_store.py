"""Fitted models on disk: ``root/<engine>/<target>/<partition>/{weights, card.json}``.

Weights lie under names that contain their hash, so a new model never overwrites the
bytes that the old card speaks of; writing ``card.json`` is what makes the new one count.  Which
of the weeks serve is told by the withdrawals beside them.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path

from pydantic import ValidationError

from aegis_assets.adapters.files import locked, refusal, sync_folder, write_atomically
from aegis_assets.adapters.withdrawals import Withdrawal, Withdrawals, week_served
from aegis_assets.core.card import Artefact, Card
from aegis_assets.core.errors import ArtifactError, StorageError

CARD = "card.json"
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
_SHA256 = re.compile(r"[0-9a-f]{64}")


class ModelStore:
    """Models by engine, target and partition: the day they were trained to.

    A kill at any point leaves the old model or the new one.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._withdrawals = Withdrawals(root)

    def save(self, artefact: Artefact) -> Path:
        """Keep `artefact` in place of the one of its partition; the folder it lies in.

        What was written is read back and checked before the call returns.
        """
        card = artefact.card
        _refuse_mismatch(artefact)
        folder = self._folder(card.engine, card.target, card.trained_to.isoformat())
        with _hold(folder, write=True):
            for name, content in artefact.files.items():
                write_atomically(folder / stored_name(name, card.files[name]), content)
            write_atomically(folder / CARD, card.model_dump_json(indent=2).encode())
            _remove_unreferenced(folder, card)
            if _verified(folder) != artefact:
                raise ArtifactError(f"{folder} does not read back as saved: check that disk")
        return folder

    def load(self, engine: str, target: str, partition: str) -> Artefact:
        """The model as it was saved, or `ArtifactError`: nothing else is ever returned."""
        folder = self._stored(engine, target, partition)
        with _hold(folder, write=False):
            artefact = _verified(folder)
        _refuse_other(folder, artefact.card, (engine, target, partition))
        return artefact

    def card(self, engine: str, target: str, partition: str) -> Card:
        """The card alone, without a look at the weights that it speaks of."""
        folder = self._stored(engine, target, partition)
        with _hold(folder, write=False):
            card = _card(folder)
        _refuse_other(folder, card, (engine, target, partition))
        return card

    def withdrawals(self, engine: str) -> tuple[Withdrawal, ...]:
        """All withdrawals of the engine, in the order in which they were said."""
        return self._withdrawals.facts(_checked(engine))

    def withdraw(self, engine: str, facts: Iterable[Withdrawal]) -> Path:
        """Keep these facts after the others; the file they lie in."""
        return self._withdrawals.add(_checked(engine), facts)

    def week_served(
        self, engine: str, target: str, asked: str, moment: datetime | None = None
    ) -> str:
        """The partition that serves a slot of `asked` that ends at `moment`.

        It is `asked` itself unless that was withdrawn before.  Without a moment, all that was ever
        said counts.
        """
        facts = self.withdrawals(engine)
        return week_served(facts, target, date.fromisoformat(asked), moment).isoformat()

    def partitions(self, engine: str, target: str) -> list[str]:
        """Partitions that have a model, oldest first."""
        folder = self._root / _checked(engine) / _checked(target)
        cards = folder.glob(f"*/{CARD}")
        return sorted(card.parent.name for card in cards if _is_partition(card.parent.name))

    def targets(self, engine: str) -> list[str]:
        """Targets that have a model, by name."""
        folder = self._root / _checked(engine)
        names = {card.parent.parent.name for card in folder.glob(f"*/*/{CARD}")}
        return sorted(name for name in names if _NAME.fullmatch(name))

    def _stored(self, engine: str, target: str, partition: str) -> Path:
        folder = self._folder(engine, target, partition)
        if not (folder / CARD).exists():
            known = ", ".join(self.partitions(engine, target)) or "none"
            raise ArtifactError(
                f"no model {engine}/{target} of {partition} in {self._root} "
                f"(there: {known}): train it first"
            )
        return folder

    def _folder(self, engine: str, target: str, partition: str) -> Path:
        if not _is_partition(partition):
            raise ArtifactError(f"partition {partition!r} is no day: give it as YYYY-MM-DD")
        return self._root / _checked(engine) / _checked(target) / partition


def stored_name(name: str, sha256: str) -> str:
    """Name on disk of the weights `name`: one per content."""
    path = Path(name)
    return f"{path.stem}-{sha256[:12]}{path.suffix}"


@contextmanager
def _hold(folder: Path, *, write: bool) -> Iterator[None]:
    """Keep savers of one partition apart, and loaders from seeing files go."""
    try:
        if write:
            folder.mkdir(parents=True, exist_ok=True)
        with locked(folder, exclusive=write):
            yield
    except OSError as error:
        if write:
            raise StorageError(refusal(folder, error)) from error
        raise ArtifactError(f"{folder} could not be read ({error}): check that disk") from error


def _refuse_other(folder: Path, card: Card, asked: tuple[str, str, str]) -> None:
    if (card.engine, card.target, card.trained_to.isoformat()) != asked:
        engine, target, partition = asked
        raise ArtifactError(
            f"{folder} holds {card.engine}/{card.target} of {card.trained_to}, expected "
            f"{engine}/{target} of {partition}: move it back or retrain it"
        )


def _verified(folder: Path) -> Artefact:
    card = _card(folder)
    return Artefact(
        card=card,
        files={name: _weights(folder, name, sha) for name, sha in card.files.items()},
    )


def _card(folder: Path) -> Card:
    try:
        card = Card.model_validate_json((folder / CARD).read_bytes())
    except ValidationError as error:
        raise ArtifactError(f"{folder / CARD} is no card ({error}): retrain this model") from error
    for name, sha256 in card.files.items():
        if not (_NAME.fullmatch(name) and _SHA256.fullmatch(sha256)):
            raise ArtifactError(
                f"{folder / CARD} names {name!r} with hash {sha256!r}, expected a plain file "
                "name and a sha256: retrain this model"
            )
    return card


def _weights(folder: Path, name: str, sha256: str) -> bytes:
    path = folder / stored_name(name, sha256)
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise ArtifactError(f"{path} is missing: restore it or retrain this model") from error
    if (found := _sha256(content)) != sha256:
        raise ArtifactError(
            f"{path} has sha256 {found[:12]} ({len(content)} bytes), its card says "
            f"{sha256[:12]}: restore it or retrain this model"
        )
    return content


def _refuse_mismatch(artefact: Artefact) -> None:
    found = {name: _sha256(content) for name, content in artefact.files.items()}
    for name in found:
        _checked(name)
    serves_nothing = artefact.card.verdict.served is None
    if found != artefact.card.files or not (found or serves_nothing):
        raise ArtifactError(
            f"the card lists {_listing(artefact.card.files)}, the weights are "
            f"{_listing(found)}: list each file with the sha256 of its bytes"
        )


def _listing(files: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {sha256[:12]}" for name, sha256 in sorted(files.items())) or "nothing"


def _remove_unreferenced(folder: Path, card: Card) -> None:
    """Remove the weights of earlier cards and what killed savers left."""
    kept = {CARD, *(stored_name(name, sha256) for name, sha256 in card.files.items())}
    for path in folder.iterdir():
        if path.name not in kept and not path.is_dir():
            path.unlink()
    sync_folder(folder)


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name) or ".." in name:
        raise ArtifactError(f"{name!r} is no name: use letters, digits and . _ - between them")
    return name


def _is_partition(name: str) -> bool:
    try:
        return date.fromisoformat(name).isoformat() == name
    except ValueError:
        return False
