"""What data is, as a hash: equal values have equal versions, whenever and however they came."""

from collections.abc import Mapping, Sequence
from hashlib import sha256

import polars as pl
import polars.selectors as cs

from aegis_assets.core.bars import STAMPS
from aegis_assets.core.card import Artefact
from aegis_assets.core.ledger.entries import Publication, encoded_claims
from aegis_assets.core.payload import encoded

_OF_THE_FETCH = {*STAMPS} - {"is_final"} | {"published_at"}
"""Columns that tell when and how a value came, and not what it is."""
_LISTS = cs.by_dtype(pl.List)
_KINDS: tuple[tuple[pl.Expr, pl.DataType, float | str], ...] = (
    (cs.float(), pl.Float64(), 0.0),
    (cs.integer() | cs.temporal() | cs.boolean(), pl.Int64(), 0),
    (cs.string(), pl.String(), ""),
)
"""Kinds of columns, what their values are written as, and what stands for a null."""


def rows_version(rows: pl.DataFrame) -> str:
    """sha256 of a table's columns and values; neither order nor what tells of a fetch counts."""
    known = rows.select(pl.exclude(*_OF_THE_FETCH)) if rows.width else rows
    keys = [name for name, dtype in known.schema.items() if not dtype.is_nested()]
    return _of_values(known.sort(keys, nulls_last=True, maintain_order=True))


def _of_values(rows: pl.DataFrame) -> str:
    """Of rows in an order of their own: columns of one kind together, since each call costs."""
    digest = sha256(f"{rows.schema}:{rows.height};".encode())
    digest.update(rows.select(pl.all().is_null()).to_numpy(order="c").tobytes())
    plain = rows.with_columns(_LISTS.list.eval(pl.element().cast(pl.String)).list.join(","))
    for kind, dtype, blank in _KINDS:
        told = plain.select(kind).cast(dtype).fill_null(blank)
        digest.update("\0".join(told.columns).encode())
        values = told.to_numpy(order="c")
        digest.update(
            "\0".join(values.ravel()).encode() if dtype == pl.String else values.tobytes()
        )
    return digest.hexdigest()


def models_version(made: Sequence[Artefact]) -> str:
    """sha256 of the cards, which hold the hash of every weight; the order of targets is none."""
    cards = {each.card.target: each.card.model_dump_json() for each in made}
    return _hash(*(cards[name] for name in sorted(cards)))


def publications_version(made: Mapping[str, Publication]) -> str:
    """sha256 of slots, payloads and claims; when they were made is none."""
    bare = {"generated_at": None}
    return _hash(
        *(
            part
            for slot, each in made.items()
            for part in (
                slot,
                encoded(each.payload.model_copy(update=bare)).decode(),
                encoded_claims(each.claims).decode(),
            )
        )
    )


def files_version(files: Mapping[str, bytes]) -> str:
    """sha256 of files by name."""
    return _hash(*(f"{name}:{sha256(files[name]).hexdigest()}" for name in sorted(files)))


def _hash(*parts: str) -> str:
    digest = sha256()
    for part in parts:
        digest.update(f"{len(part)}:{part}".encode())
    return digest.hexdigest()
