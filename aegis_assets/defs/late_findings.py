"""What is late, stage by stage: one cause makes many assets late, and is told once."""

from collections.abc import Iterator

from aegis_assets.core.alerts import Finding, Severity
from aegis_assets.core.freshness import Stage
from aegis_assets.defs.freshness import Late, lateness
from aegis_assets.defs.freshness_stages import watched
from aegis_assets.defs.watched import Watched

_OF_RUNNING_SESSION = frozenset({Stage.SESSION, Stage.SLOT})
_MUST_BE_THERE = frozenset({Stage.SLOT, Stage.TRAINING})
_REMEDY = (
    "see in the UI whether the daemon is alive and what became of the newest run; `aegis run` "
    "makes what is due"
)


def late(here: Watched) -> Iterator[Finding]:
    """A stage with an asset that is not there although its time is up."""
    stages = {each.key: each.stage for each in watched(here.world)}
    by_stage: dict[Stage, list[Late]] = {}
    for each in lateness(here.world, here.instance, here.publisher, here.models, here.now):
        by_stage.setdefault(stages[each.key], []).append(each)
    for stage, found in by_stage.items():
        first, *others = found
        more = f" So are {len(others)} more of that stage." if others else ""
        yield Finding(
            key=f"late/{stage}",
            severity=Severity.CRITICAL if stage in _MUST_BE_THERE else Severity.WARNING,
            title=f"{first.key.to_user_string()} is late",
            text=f"{first.sentence}.{more}",
            remedy=_REMEDY,
            needs_open_market=stage in _OF_RUNNING_SESSION,
        )
