"""The payload in words, as Markdown: every field, every word, every grade, every tile.

It is made of the contract that the payload is checked by, and of nothing else.
"""

from collections.abc import Iterator
from datetime import date
from enum import StrEnum
from inspect import getdoc
from types import NoneType
from typing import Any, get_args, get_origin

from pydantic import AwareDatetime
from pydantic.fields import FieldInfo

from aegis_assets.core.contract.words import SCALES
from aegis_assets.core.dashboard.phrases import WORDS, phrases
from aegis_assets.core.dashboard.tiles import TILES
from aegis_assets.core.frozen import Frozen
from aegis_assets.core.payload import SCHEMA_VERSION, Payload

_INTRODUCTION = f"""# The payload

`aegismatrix.json`, contract {SCHEMA_VERSION}. Fractions are fractions, moves are signed points,
times have an offset. `null` is never silent: `provenance` says at the field's path, or above it,
why. This page is made by `aegis contract` from what the payload is checked by;
[the schema](payload.schema.json) is the same for machines."""

_NAMED: dict[object, str] = {
    AwareDatetime: "time",
    date: "day",
    str: "text",
    float: "number",
    int: "whole number",
}


def handbook() -> str:
    """The whole page."""
    parts = (_INTRODUCTION, *_fields(), *_words(), *_scales(), *_tiles())
    return "\n\n".join(parts) + "\n"


def _fields() -> Iterator[str]:
    yield "## Fields"
    for name, field in Payload.model_fields.items():
        inner = _model_of(field.annotation)
        if inner is None:
            yield f"**`{name}`** {_type(field.annotation)}. {field.description or ''}".strip()
            continue
        yield f"### `{name}`"
        yield _first_line(inner)
        rows = "\n".join(_rows("", inner, {}))
        yield f"| field | type | meaning |\n|---|---|---|\n{rows}"


def _rows(above: str, model: type[Frozen], shown: dict[type[Frozen], str]) -> Iterator[str]:
    """A row per field, those of nested values after their own; a type is unfolded once."""
    for name, field in model.model_fields.items():
        inner = _model_of(field.annotation)
        many = "[]" if inner is not None and "[]" in _type(field.annotation) else ""
        path = f"{above}{name}{many}"
        known = shown.get(inner) if inner is not None else None
        again = f" Fields as of `{known}`." if known else ""
        yield f"| `{path}` | {_type(field.annotation)} | {_meaning(field, inner)}{again} |"
        if inner is not None and not known:
            shown[inner] = path
            yield from _rows(f"{path}.", inner, shown)


def _meaning(field: FieldInfo, inner: type[Frozen] | None) -> str:
    return field.description or ("" if inner is None else _first_line(inner))


def _first_line(of: type) -> str:
    return (getdoc(of) or "").partition("\n")[0]


def _model_of(annotation: Any) -> type[Frozen] | None:  # noqa: ANN401 - annotations are
    """The nested model that an annotation speaks of, through lists and nulls."""
    if isinstance(annotation, type) and issubclass(annotation, Frozen):
        return annotation
    found = (_model_of(each) for each in get_args(annotation))
    return next((each for each in found if each is not None), None)


def _type(annotation: Any) -> str:  # noqa: ANN401 - annotations are
    """The type as people write it."""
    inner = [each for each in get_args(annotation) if each not in {NoneType, Ellipsis}]
    if get_origin(annotation) is tuple:
        return f"{_type(inner[0])}[]"
    if NoneType in get_args(annotation):
        return f"{_type(inner[0])}, nullable"
    if get_origin(annotation) is not None and inner:
        return "object" if len(inner) > 1 and inner[0] is str else _type(inner[0])
    if isinstance(annotation, type) and issubclass(annotation, Frozen):
        return "object"
    return _NAMED.get(annotation) or str(annotation.__name__)


def _words() -> Iterator[str]:
    yield "## Words"
    said = phrases()
    for words in WORDS:
        rows = "\n".join(f"| `{word}` | {said[word]} |" for word in words)
        head = f"### {words.__name__}\n\n{_first_line(words)}"
        yield f"{head}\n\n| word | said as |\n|---|---|\n{rows}"


def _scales() -> Iterator[str]:
    yield "## Grades"
    rows = "\n".join(
        f"| {scale.name} | {_grades(scale.grades, scale.starts)} |" for scale in SCALES
    )
    yield f"| of | grades |\n|---|---|\n{rows}"


def _grades(grades: tuple[StrEnum, ...], starts: tuple[float, ...]) -> str:
    first, *rest = grades
    above = (f"`{grade}` from {start:g}" for grade, start in zip(rest, starts, strict=True))
    return ", ".join((f"`{first}`", *above))


def _tiles() -> Iterator[str]:
    yield "## Tiles of the page"
    for tile in TILES:
        places = ", ".join(f"`{path}`" for place in tile.places for path in place.paths)
        title = tile.places[0].title if len(tile.places) == 1 else tile.id.replace("_", " ")
        said = f"{tile.help.what} {tile.help.sure} {tile.help.read}"
        yield f"### {title}\n\n{said}\n\nShows {places}."
