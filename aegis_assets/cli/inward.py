"""What a run needs of this machine: settings, disk, and whatever earlier runs have stored."""

from datetime import date, timedelta
from typing import Final

import polars as pl
from pydantic import ValidationError

from aegis_assets.adapters.bar_store import BarStore
from aegis_assets.adapters.health import refuse_unwritable, used_bytes
from aegis_assets.adapters.libraries import library_versions
from aegis_assets.adapters.model_store import ModelStore
from aegis_assets.adapters.publishers import FolderPublisher
from aegis_assets.cli.findings import Finding, Installation, failure, failure_of, warning, well
from aegis_assets.cli.sizes import told_bytes
from aegis_assets.core.engines import ENGINES
from aegis_assets.core.errors import ArtifactError
from aegis_assets.core.evaluation.forecaster import forecaster
from aegis_assets.core.markets import Market
from aegis_assets.core.payload import Payload
from aegis_assets.core.sessions import sessions_between
from aegis_assets.core.timetable import SLOT
from aegis_assets.defs.world import world

_GB: Final = 10**9
_SCARCE, _FULL = 5 * _GB, _GB // 2
_USABLE_SESSIONS: Final = 3  # as long as stored bars may serve in place of an answer
_WEEK_AND_A_DAY: Final = timedelta(days=8)
_PUBLISHING: Final = timedelta(minutes=5)
_RUN: Final = "run `aegis run`"


def choices(site: Installation) -> Finding:
    """Whether the settings agree with each other, and their folders can be written."""
    chosen = site.settings
    for folder in (chosen.warehouse_file.parent, chosen.models_folder):
        refuse_unwritable(folder)
    since = world(chosen, site.source).first
    return well(
        f"source {site.source.name}, market {site.market.name} since {since}, "
        f"home {chosen.home.absolute()} is writable"
    )


def disk(site: Installation) -> Finding:
    """Whether there is room to write, and how much of its budget the home has taken."""
    chosen = site.settings
    runs = site.folder / ".dagster"
    folders = (chosen.warehouse_file.parent, chosen.models_folder, runs)
    free = min(site.free(folder) for folder in folders)
    parts = {
        "raw answers": chosen.raw_folder,
        "warehouse": chosen.warehouse_file,
        "models": chosen.models_folder,
        "published": chosen.publish_folder,
        "runs": runs,
    }
    used = ", ".join(f"{name} {told_bytes(used_bytes(path))}" for name, path in parts.items())
    taken, budget = sum(map(used_bytes, folders)), round(chosen.disk_budget_gb * _GB)
    found = f"{told_bytes(free)} free, {told_bytes(taken)} of {told_bytes(budget)} taken; {used}"
    if free < _SCARCE:
        remedy = f"free space: a run needs {told_bytes(_FULL)}, months {told_bytes(_SCARCE)}"
        return (failure if free < _FULL else warning)(found, remedy)
    if taken > budget:
        return warning(found, "see `aegis prune --dry-run`, or raise AEGIS_DISK_BUDGET_GB")
    return well(found)


def warehouse(site: Installation) -> Finding:
    """Whether it opens, and nobody else holds it."""
    path = site.settings.warehouse_file
    if not path.exists():
        return warning(f"{path} does not exist yet", _RUN)
    tables = site.warehouse.tables()
    size = told_bytes(used_bytes(path))
    return well(f"opens, {len(tables)} tables, {sum(tables.values()):,} rows, {size}")


def bars(site: Installation) -> Finding:
    """How many sessions the newest final bars lag behind the last that has settled."""
    stored = BarStore(site.warehouse).daily()
    if stored.is_empty():
        return warning("no bar is stored yet", _RUN)
    due = site.source.last_session(site.market)
    symbols = [each.symbol for each in site.market.instruments]
    lags = {symbol: _lag(site.market, stored, symbol, due) for symbol in symbols}
    faulty = stored["fault"].is_not_null().sum()
    refused = site.warehouse.found("candles.quarantine")
    quarantined = "no quarantine yet" if refused is None else f"{refused.height} in quarantine"
    found = (
        f"{', '.join(_lagging(symbol, *lag) for symbol, lag in lags.items())}; "
        f"{'last settled session' if site.source.is_live else 'the archive ends on'} {due}; "
        f"{faulty} faulty, {quarantined}"
    )
    worst = max(behind for _, behind in lags.values())
    if worst == 0:
        return well(found)
    return (failure if worst > _USABLE_SESSIONS else warning)(found, _RUN)


def models(site: Installation) -> Finding:
    """Whether every target of the newest training week, or what stands in, can be served."""
    store = ModelStore(site.settings.models_folder)
    targets = [(engine, target) for engine in ENGINES for target in engine.targets]
    weeks = {
        week for engine, target in targets for week in store.partitions(engine.name, target.name)
    }
    if not weeks:
        return warning("no model is stored yet", _RUN)
    week, running = max(weeks), library_versions()
    faults, withdrawn = [], 0
    for engine, target in targets:
        try:
            served = store.week_served(engine.name, target.name, week)
            withdrawn += served != week
            stored = store.load(engine.name, target.name, served)
            forecaster(stored, target, engine.code_version, running)
        except ArtifactError as error:
            faults.append(error)
    if faults:
        first = failure_of(faults[0], f"{_RUN}: training is due")
        return failure(f"{len(faults)} of {len(targets)} refused: {first.found}", first.remedy)
    found = f"{len(targets)} targets trained to {week}, all load"
    found += f", {withdrawn} withdrawn for an earlier week" if withdrawn else ""
    if site.source.is_live and site.today - date.fromisoformat(week) > _WEEK_AND_A_DAY:
        return warning(f"{found}; expected within 8 days", _RUN)
    return well(found)


def payload(site: Installation) -> Finding:
    """Whether readers see a payload of this contract, and of the newest slot."""
    path = site.settings.publish_folder / "aegismatrix.json"
    content = FolderPublisher(site.settings.publish_folder).current()
    if content is None:
        return warning(f"{path} does not exist yet", _RUN)
    try:
        read = Payload.model_validate_json(content)
    except ValidationError as error:
        first = error.errors()[0]
        found = f"{path} does not keep this release's contract ({first['loc']}: {first['msg']})"
        return failure(found, _RUN)
    quality = read.data_quality
    found = f"{read.market_name} as of {read.as_of:%Y-%m-%d %H:%M %z}, {quality.status}"
    if read.market_name != site.market.name:
        return warning(f"{found}, expected {site.market.name}", _RUN)
    due = site.newest_trading(site.now - SLOT - _PUBLISHING)
    if site.source.is_live and read.as_of < due:
        return warning(
            f"{found}; expected one since {due:%Y-%m-%d %H:%M}",
            f"{_RUN}, or see what keeps the schedules",
        )
    return well(found)


def _lag(market: Market, stored: pl.DataFrame, symbol: str, due: date) -> tuple[date | None, int]:
    """Newest good final session of the symbol, and how many have settled since."""
    good = pl.col("fault").is_null() & pl.col("is_final") & (pl.col("symbol") == symbol)
    newest = stored.filter(good)["session"].max()
    if not isinstance(newest, date):
        return None, len(sessions_between(market, market.quoted_since, due))
    return newest, 0 if newest >= due else len(sessions_between(market, newest, due)) - 1


def _lagging(symbol: str, newest: date | None, behind: int) -> str:
    return f"{symbol} to {newest}" + (f", {behind} sessions behind" if behind else "")
