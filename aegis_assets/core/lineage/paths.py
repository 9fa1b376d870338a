"""The dotted paths of the payload: a leaf of the contract each."""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from functools import lru_cache
from types import NoneType
from typing import Any, get_args, get_origin

from pydantic.fields import FieldInfo

from aegis_assets.core.engines.blocks.breach import CURVE
from aegis_assets.core.engines.blocks.breakout import SESSIONS
from aegis_assets.core.errors import DataError
from aegis_assets.core.frozen import Frozen
from aegis_assets.core.payload import Payload

LENGTHS = {"seller.breach_probabilities": len(CURVE), "buyer.breakout_next": SESSIONS}
"""Lists whose entries differ in where they come from; those of another list are all alike."""
ABOUT = "provenance"
"""What says of the other paths where they come from, and is none of them."""
_SHOWN = 8


@lru_cache(maxsize=1)
def paths() -> tuple[str, ...]:
    """Every leaf of the contract in its order, entries of lists of `LENGTHS` by their number."""
    return (*described(),)


@lru_cache(maxsize=1)
def described() -> Mapping[str, tuple[str, str]]:
    """The same with the type and the meaning that the contract gives."""
    return {path: _told(field) for path, field in _leaves("", Payload)}


def known_path(path: str) -> str:
    """The path itself, or the only one that it is short for; raises `DataError` for another."""
    if path in paths():
        return path
    near = [each for each in paths() if each.endswith(f".{path}")]
    if len(near) == 1:
        return near[0]
    below = [each for each in paths() if each.startswith(f"{path}.")]
    nearest = below or near or get_close_matches(path, paths(), n=_SHOWN, cutoff=0.3)
    shown = ", ".join(nearest[:_SHOWN]) or ", ".join(paths()[:_SHOWN])
    raise DataError(f"{path} is no leaf of the payload, expected one such as {shown}")


def _leaves(above: str, model: type[Frozen]) -> Iterator[tuple[str, FieldInfo]]:
    for name, field in model.model_fields.items():
        path = f"{above}{name}"
        inner = _model_of(field.annotation)
        if path == ABOUT:
            continue
        if inner is None:
            yield path, field
        elif path in LENGTHS:
            for place in range(LENGTHS[path]):
                yield from _leaves(f"{path}.{place}.", inner)
        else:
            yield from _leaves(f"{path}.", inner)


def _told(field: FieldInfo) -> tuple[str, str]:
    kinds = {each.__name__ for each in _kinds(field.annotation) if each is not NoneType}
    return " or ".join(sorted(kinds)), field.description or ""


def _kinds(annotation: Any) -> Iterator[type]:  # noqa: ANN401 - annotations are
    if isinstance(annotation, type) and get_origin(annotation) is None:
        yield annotation
    for each in get_args(annotation):
        yield from _kinds(each)


def _model_of(annotation: Any) -> type[Frozen] | None:  # noqa: ANN401 - annotations are
    """The nested model that an annotation speaks of, through lists and nulls."""
    if isinstance(annotation, type) and get_origin(annotation) is None:
        return annotation if issubclass(annotation, Frozen) else None
    found = (_model_of(each) for each in get_args(annotation))
    return next((each for each in found if each is not None), None)
