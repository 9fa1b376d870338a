"""Labels by file; a file is registered by one line in `_FILES`."""

from aegis_assets.core.labels import (
    breach,
    breakout,
    direction,
    magnitude,
    path,
    regime,
    spike,
    theta,
    trap,
    variance,
)
from aegis_assets.core.labels.label import Label, cut_table, label_table

_FILES = (
    breach,
    breakout,
    direction,
    magnitude,
    path,
    regime,
    spike,
    theta,
    trap,
    variance,
)

LABELS: dict[str, Label] = {
    each.name: each for file in _FILES for each in vars(file).values() if isinstance(each, Label)
}

__all__ = ["LABELS", "Label", "cut_table", "label_table"]
