"""What the webserver tells of a day: its runs, what they made, and what the checks said."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from aegis_assets_tests.day.platform import Unattended

_RUNS = """{ runsOrError(limit: 500) { ... on Runs { results {
  runId jobName status creationTime startTime endTime tags { key value } } } } }"""
_MADE = """query($key: AssetKeyInput!) { assetOrError(assetKey: $key) { ... on Asset {
  assetMaterializations(limit: 1000) { partition timestamp runId } } } }"""
_PROCESS = """query($run: ID!) { logsForRun(runId: $run, limit: 200) { ... on EventConnection {
  events { __typename ... on EngineEvent { message metadataEntries { label
  ... on TextMetadataEntry { text } ... on IntMetadataEntry { intValue } } } } } } }"""
_BEATS = """{ instance { daemonHealth { allDaemonStatuses { daemonType healthy required } } } }"""
_ASSETS = """{ assetNodes { assetKey { path } internalFreshnessPolicy { __typename }
  hasAssetChecks assetChecksOrError { ... on AssetChecks { checks { name } } } } }"""


_TICKS = """query($name: String!) { scheduleOrError(scheduleSelector: {
  repositoryName: "__repository__", repositoryLocationName: "aegis", scheduleName: $name
}) { ... on Schedule { scheduleState { ticks(limit: 5) { timestamp status } } } } }"""


@dataclass(frozen=True)
class Run:
    """A run as the webserver tells it; moments are of the moved clock."""

    run_id: str
    job: str
    status: str
    created: datetime
    started: datetime | None
    ended: datetime | None
    tags: dict[str, str]

    @property
    def partition(self) -> str:
        """Its partition, or the first of its range."""
        return self.tags.get("dagster/partition") or self.tags.get(
            "dagster/asset_partition_range_start", ""
        )

    @property
    def is_over(self) -> bool:
        return self.status in {"SUCCESS", "FAILURE", "CANCELED"}


def runs(platform: Unattended, job: str = "") -> list[Run]:
    """Runs of a job, or all, the oldest first."""
    told = platform.asked(_RUNS)["runsOrError"]["results"]
    found = [_run(each) for each in reversed(told)]
    return [each for each in found if job in ("", each.job)]


def _run(told: dict[str, Any]) -> Run:
    return Run(
        told["runId"],
        told["jobName"],
        told["status"],
        datetime.fromtimestamp(told["creationTime"], UTC),
        _moment(told["startTime"]),
        _moment(told["endTime"]),
        {each["key"]: each["value"] for each in told["tags"]},
    )


def _moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def made(platform: Unattended, *path: str) -> list[str]:
    """Partitions of an asset, the oldest first; one that was made twice is there twice."""
    told = platform.asked(_MADE, key={"path": list(path)})["assetOrError"]
    return [each["partition"] for each in reversed(told["assetMaterializations"])]


def process_of(platform: Unattended, run: str) -> int | None:
    """Number of the process in which a run goes on, once it is told."""
    for event in platform.asked(_PROCESS, run=run)["logsForRun"]["events"]:
        for entry in event.get("metadataEntries", ()):
            if entry["label"] == "pid":
                return int(entry.get("text") or entry.get("intValue"))
    return None


def unwatched(platform: Unattended) -> list[str]:
    """Assets without a freshness policy or without any check."""
    return [
        "/".join(each["assetKey"]["path"])
        for each in platform.asked(_ASSETS)["assetNodes"]
        if not (each["internalFreshnessPolicy"] and each["hasAssetChecks"])
    ]


def is_healthy(platform: Unattended) -> bool:
    """Whether every daemon that is required sends its heartbeat."""
    told = platform.asked(_BEATS)["instance"]["daemonHealth"]["allDaemonStatuses"]
    return all(each["healthy"] for each in told if each["required"])


def ticked(platform: Unattended, schedule: str, since: datetime) -> bool:
    """Whether the schedule has ticked at that moment or later."""
    state = platform.asked(_TICKS, name=schedule)["scheduleOrError"]["scheduleState"]
    return any(each["timestamp"] >= since.timestamp() for each in state["ticks"])
