"""Whether published ranges hold as often as they say, as far as chance lets one tell."""

from dataclasses import dataclass

import polars as pl

from aegis_assets.core.claim import Role
from aegis_assets.core.evaluation.coverage import BAND
from aegis_assets.core.ledger.losses import RANGE
from aegis_assets.core.ledger.scorecard import TO_DATE

FEWEST_WINDOWS = 5
"""Stretches of the claims' own length under which a share says nothing."""
_DIGITS = 9
"""Digits of what is stated; .95 - .05 and .9 are one promise."""


@dataclass(frozen=True)
class Promise:
    """Coverage of a published range beside what it states, with its 99 % binomial band.

    Claims of `horizon` sessions overlap, so only so many `windows` of them count as independent.
    `holds` is None under `FEWEST_WINDOWS`.
    """

    path: str
    nominal: float
    coverage: float
    sessions: int
    windows: int
    lower: float
    upper: float

    @property
    def holds(self) -> bool | None:
        """Whether the coverage lies in its band."""
        if self.windows < FEWEST_WINDOWS:
            return None
        return self.lower <= self.coverage <= self.upper

    @property
    def decides(self) -> bool:
        """Whether it is the safe range, which the check is about; the others are told."""
        return self.path == RANGE


def promises(scorecard: pl.DataFrame) -> list[Promise]:
    """Every range that was served, to date of the newest month of the scorecard."""
    newest = scorecard.filter(
        pl.col("month") == pl.col("month").max(),
        pl.col("span") == TO_DATE,
        pl.col("role") == Role.SERVED.value,
        pl.col("coverage").is_not_null(),
    )
    rounded = newest.with_columns(pl.col("nominal").round(_DIGITS))
    parts = rounded.partition_by("path_kind", "nominal", maintain_order=True)
    return [_promise(each) for each in parts]


def _promise(rows: pl.DataFrame) -> Promise:
    """The record of all that served a path, together."""
    from scipy.stats import binom  # noqa: PLC0415 - 0.3 s, and only where there is a record

    sessions = int(rows["sessions"].sum())
    windows = sessions // max(int(rows["horizon"].to_numpy().max()), 1)
    nominal = float(rows["nominal"][0])
    lower, upper = binom.interval(BAND, max(windows, 1), nominal)
    weighted = (pl.col("coverage") * pl.col("sessions")).sum() / pl.col("sessions").sum()
    return Promise(
        path=rows["path_kind"][0],
        nominal=nominal,
        coverage=float(rows.select(weighted).item()),
        sessions=sessions,
        windows=windows,
        lower=float(lower) / max(windows, 1),
        upper=float(upper) / max(windows, 1),
    )
