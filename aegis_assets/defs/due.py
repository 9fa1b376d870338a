"""What is due, for whoever asks: the command, a sensor, a pipeline.

Goes in: a world, its assets and what was made of them.  Comes out: partition keys, oldest first.
Each answer is of the moment: ask for the next stage when the one before has run.
"""

from collections.abc import Sequence
from functools import partial

import dagster as dg

from aegis_assets.defs import due_history, due_training
from aegis_assets.defs.candles import DAILY
from aegis_assets.defs.due_records import Records
from aegis_assets.defs.due_scores import due_months, told_months
from aegis_assets.defs.due_served import is_overruled, is_published, made_at, was_late
from aegis_assets.defs.due_sessions import chain_to_read, last_session, session_to_look_at
from aegis_assets.defs.due_training import trained_assets
from aegis_assets.defs.intraday import RAW as MINUTES
from aegis_assets.defs.jobs import (
    DEPLOY_JOB,
    HISTORY_JOB,
    INGEST_JOB,
    INTRADAY_JOB,
    PUBLISH_JOB,
    SCORE_JOB,
    TRAIN_JOB,
    VALIDATE_JOB,
)
from aegis_assets.defs.ledger_checks import OUTCOMES_KEY
from aegis_assets.defs.payload import KEY as PAYLOAD

__all__ = ["Due", "made_at", "trained_assets"]


class Due(Records):
    """What is due of each stage."""

    def bars(self, *, rebuild: bool = False) -> list[str]:
        """Months whose bars are to be looked for; of a live source the newest always is one."""
        return self.keys_of(INGEST_JOB) if rebuild else due_history.months_to_ask_for(self)

    def history(self, *, rebuild: bool = False) -> list[str]:
        """Months of candles, features and labels: from the first that is due to the newest."""
        return self.keys_of(HISTORY_JOB) if rebuild else due_history.due_months(self)

    def week(self) -> list[str]:
        """The training week of the newest slot, if an engine is due at it."""
        week = self.newest_week()
        return [week] if self.engines_due(week) else []

    def engines_due(self, week: str) -> list[str]:
        """Engines that are to be trained at a cut-off, by cadence and by what is stored."""
        return [*due_training.engines_due(self, week)]

    def training_assets(self, engines: Sequence[str], week: str) -> tuple[dg.AssetKey, ...]:
        """What of the training job is made to train these engines."""
        return due_training.training_assets(self, engines, week)

    def validation(self) -> list[str]:
        """The week of the newest slot, if it was trained and not judged since."""
        return self._after(VALIDATE_JOB, TRAIN_JOB)

    def promotion(self) -> list[str]:
        """The week of the newest slot, if it was trained or judged and not deployed since."""
        return self._after(DEPLOY_JOB, TRAIN_JOB, VALIDATE_JOB)

    def session(self) -> list[str]:
        """The session that opened last, unless all of it was made after it had settled."""
        if not self.has(INTRADAY_JOB):
            return []
        is_made = partial(self.is_fresh, INTRADAY_JOB)
        return session_to_look_at(self.world, self.instance, is_made)

    def chain(self) -> list[str]:
        """The session before today, if the option chain of its close is wanted and lacks."""
        if not self.has(INTRADAY_JOB):
            return []
        return chain_to_read(self.world, self.warehouse, self.keys_of(INTRADAY_JOB))

    def scores(self) -> list[str]:
        """Months to settle before the page is drawn; all of them where the code has changed."""
        if self.is_current(self.assets_of(SCORE_JOB)):
            newest = self.world.source.last_session(self.world.market)
            return due_months(self.instance, self.publisher, self.keys_of(SCORE_JOB), newest)
        return self.told_months()

    def told_months(self) -> list[str]:
        """Months in which a claim may have ended."""
        newest = self.world.source.last_session(self.world.market)
        return told_months(self.publisher, self.keys_of(SCORE_JOB), newest)

    def slot(self) -> list[str]:
        """The newest slot, unless its payload stands: it is there, whole, and of what is stored."""
        slot = self.newest_slot()
        if not (self.is_fresh(PUBLISH_JOB, slot) and is_published(self.publisher, slot)):
            return slot
        return slot if self._has_moved_on(slot[0]) else []

    def _has_moved_on(self, slot: str) -> bool:
        """Whether something was made since of which the slot's payload should tell."""
        return (
            self._is_of_another_past(slot)
            or self._was_waited_for(slot)
            or not self._is_as_served(slot)
            or self._is_outscored(slot)
        )

    def _is_of_another_past(self, slot: str) -> bool:
        published = self.first_made(self.assets_of(PUBLISH_JOB), slot)
        return published < made_at(self.instance, DAILY, self.keys_of(HISTORY_JOB)[-1])

    def _was_waited_for(self, slot: str) -> bool:
        """Whether the session was looked at since the payload said that something lacked."""
        if not (self.has(INTRADAY_JOB) and was_late(self.publisher, slot)):
            return False
        looked_at = made_at(self.instance, MINUTES, f"{last_session(self.world)}")
        return looked_at > made_at(self.instance, PAYLOAD, slot)

    def _is_as_served(self, slot: str) -> bool:
        """Whether the slot's payload is of the models that serve it by now."""
        if is_overruled(self.store, self.publisher, slot, self.window_of(slot).end):
            return False
        made = [*self.assets_of(TRAIN_JOB), *self.assets_of(DEPLOY_JOB)]
        trained = self.last_made(made, self.newest_week())
        return trained <= self.first_made(self.assets_of(PUBLISH_JOB), slot)

    def _is_outscored(self, slot: str) -> bool:
        """Whether an archive's ledger has settled claims since the slot told its record."""
        if self.world.source.is_live:
            return False
        settled = (made_at(self.instance, OUTCOMES_KEY, month) for month in self.told_months())
        return max(settled, default=0) > made_at(self.instance, PAYLOAD, slot)

    def _after(self, job: str, *before: str) -> list[str]:
        """The newest week where the job's part is not there, or older than what came before it.

        None where nothing was trained yet.
        """
        week = self.newest_week()
        read = max(self.last_made(self.assets_of(each), week) for each in before)
        if not (self.has(job) and self.last_made(self.assets_of(TRAIN_JOB), week)):
            return []
        is_done = self.is_fresh(job, [week])
        return [] if is_done and self.first_made(self.assets_of(job), week) > read else [week]
