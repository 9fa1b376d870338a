"""A span of the past made slot by slot: its slots, the models that serve them, and the runs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import cached_property

from aegis_assets.cli.stages import Platform, Stage
from aegis_assets.core.errors import SettingsError
from aegis_assets.core.sessions import close_of
from aegis_assets.defs.jobs import HISTORY_JOB, PUBLISH_JOB, TRAIN_JOB
from aegis_assets.defs.ledger_checks import FORECASTS_KEY, OUTCOMES_KEY, SCORECARD_KEY
from aegis_assets.defs.payload import KEY as PAYLOAD

ALL_ASSETS = "__ASSET_JOB"
"""Dagster's own job, of which any assets can be selected."""
OF_A_SLOT = (PAYLOAD, FORECASTS_KEY)
"""What is made of each slot: nobody looks at a page of the past."""
OF_A_MONTH = (OUTCOMES_KEY, SCORECARD_KEY)
_DAY = timedelta(days=1)
_MATURING = timedelta(days=92)  # the longest horizon


class Cadence(StrEnum):
    """How often models are trained anew over the span."""

    QUARTER = "quarter"
    MONTH = "month"
    WEEK = "week"


@dataclass(frozen=True)
class Backtest:
    """The slots of the sessions from one day to another, and how often models are trained."""

    platform: Platform
    first: date
    last: date
    cadence: Cadence

    @classmethod
    def of(cls, platform: Platform, first: date, last: date | None, cadence: Cadence) -> "Backtest":
        """The backtest of a span that these settings know of; without `last` up to the newest slot.

        Raises `SettingsError` where the span ends before it begins, reaches beyond the slots or
        the history of these settings, or holds no session that is over.
        """
        newest = date.fromisoformat(platform.newest_slot()[0][:10])
        made = cls(platform, first, newest if last is None else last, cadence)
        _refuse(platform, made.first, made.last, newest)
        if not made.slots:
            msg = (
                f"no session from {made.first} to {made.last} is over: expected one at least, so "
                "begin earlier or end later"
            )
            raise SettingsError(msg)
        return made

    @cached_property
    def slots(self) -> list[str]:
        """The last slot of each session that is over, oldest first.

        Those before it could not be told from it without the session's own bars.
        """
        keys = [key for key in self._keys if f"{self.first}" <= key[:10] <= f"{self.last}"]
        last_of_session = {key[:10]: key for key in keys}
        return [key for key in last_of_session.values() if self._ends_its_session(key)]

    @cached_property
    def weeks(self) -> list[str]:
        """The training weeks: for each slot one whose models saw nothing of its period.

        A period is served by the last week that begins before it, or by the first that there is.
        """
        known = self.platform.keys_of(TRAIN_JOB)
        eves = dict.fromkeys(self._eve(date.fromisoformat(key[:10])) for key in self.slots)
        newest = (max((w for w in known if w <= f"{eve}"), default=known[0]) for eve in eves)
        return [*dict.fromkeys(newest)]

    def chunks(self, slots: Sequence[str]) -> Iterator[Stage]:
        """Runs of neighbouring slots, at most a month in one: what a kill can cost."""
        place = {key: i for i, key in enumerate(self._keys)}
        run: list[str] = []
        for key in slots:
            if run and (key[:7] != run[-1][:7] or place[key] != place[run[-1]] + 1):
                yield _chunk(run)
                run = []
            run.append(key)
        if run:
            yield _chunk(run)

    def settling(self) -> Stage:
        """What became of the slots and how good they were, by the month in which that was known."""
        months = self.platform.keys_of(HISTORY_JOB)
        first, last = self.slots[0][:7], f"{self.last + _MATURING}"[:7]
        keys = tuple(key for key in months if first <= key <= last)
        return Stage(ALL_ASSETS, "ledger", keys, 2 * len(keys) * len(OF_A_MONTH), assets=OF_A_MONTH)

    @cached_property
    def _keys(self) -> list[str]:
        """All slots that there are."""
        return self.platform.keys_of(PUBLISH_JOB)

    def _ends_its_session(self, slot: str) -> bool:
        window = self.platform.window_of(slot)
        return window.end >= close_of(self.platform.world.market, window.start.date())

    def _eve(self, day: date) -> date:
        """The day before the quarter or month that `day` lies in; of weeks, the day itself."""
        if self.cadence is Cadence.WEEK:
            return day
        month = day.month if self.cadence is Cadence.MONTH else 3 * ((day.month - 1) // 3) + 1
        return day.replace(month=month, day=1) - _DAY


def _chunk(slots: Sequence[str]) -> Stage:
    return Stage(ALL_ASSETS, "slots", tuple(slots), len(slots), assets=OF_A_SLOT)


def _refuse(platform: Platform, first: date, last: date, newest: date) -> None:
    here = platform.world
    if last < first:
        msg = f"--to is {last}, which is before --from {first}: expected a day on or after it"
        raise SettingsError(msg)
    if last > newest:
        msg = f"--to is {last}, and the newest slot of {here.source.name} is of {newest}: end there"
        raise SettingsError(msg)
    if first < here.first:
        msg = (
            f"--from is {first}, and the history of {here.source.name} begins on {here.first}: "
            "begin later, by the years that the models are to learn from, or set "
            "AEGIS_HISTORY_START to an earlier month if the source has it"
        )
        raise SettingsError(msg)
    if first < here.first_slot:
        msg = (
            f"--from is {first}, and slots begin on {here.first_slot}: set AEGIS_SLOTS_START to "
            f"{first} or earlier"
        )
        raise SettingsError(msg)
