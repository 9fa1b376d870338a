"""The log of notices, kept from growing for ever."""

from pathlib import Path
from typing import Final

from aegis_assets.adapters.alert_book import JOURNAL, AlertBook
from aegis_assets.adapters.files import refusal
from aegis_assets.core.errors import StorageError

PREVIOUS: Final = "alerts.previous.jsonl"
LONGEST: Final = 1_000_000
"""Bytes of a log of notices: some 5,000 of them."""


def is_long(book: AlertBook, longest: int = LONGEST) -> bool:
    """Whether the log is to be begun anew."""
    path = _journal(book)
    return path.exists() and path.stat().st_size > longest


def rotate(book: AlertBook, longest: int = LONGEST) -> bool:
    """Begin a long log anew and keep the one before; whether that was done.

    While somebody sends, the log is theirs: it is rotated the next time.
    """
    with book.sending() as may:
        if not may or not is_long(book, longest):
            return False
        try:
            _journal(book).replace(book.folder / PREVIOUS)
        except OSError as error:
            raise StorageError(refusal(_journal(book), error)) from error
        return True


def _journal(book: AlertBook) -> Path:
    return book.folder / JOURNAL
