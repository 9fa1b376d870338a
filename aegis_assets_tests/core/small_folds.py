"""Folds of other sizes than production's, wherever they are cut."""

from collections.abc import Iterator
from contextlib import contextmanager

import polars as pl
import pytest

from aegis_assets.core.evaluation import evidence, heads, walk_forward
from aegis_assets.core.evaluation.walk_forward import Fold, folds

CUT_IN = (walk_forward, heads, evidence)


@contextmanager
def sized(first_test: int, block: int) -> Iterator[None]:
    """Test blocks of this length after that many rows, whatever a target declares."""

    def small(rows: pl.DataFrame, **_: int) -> Iterator[Fold]:
        return folds(rows, first_test, block)

    with pytest.MonkeyPatch.context() as patch:
        for module in CUT_IN:
            patch.setattr(module, "folds", small)
        yield
