"""The page of the newest slot, beside its payload."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import dagster as dg
import polars as pl

from aegis_assets.adapters.contents import files_version
from aegis_assets.adapters.ledger_store import LedgerStore
from aegis_assets.adapters.page_assets import page_assets
from aegis_assets.adapters.publishers import FolderPublisher
from aegis_assets.core.candles import panel
from aegis_assets.core.dashboard.histories import LOOK_BACK as PAST
from aegis_assets.core.dashboard.histories import history
from aegis_assets.core.dashboard.page import encoded_history, inlined, page
from aegis_assets.core.markets import MARKETS
from aegis_assets.core.payload import Payload
from aegis_assets.defs.io_managers import LOOK_BACK
from aegis_assets.defs.ledger import by_slot
from aegis_assets.defs.ledger_checks import FORECASTS_KEY
from aegis_assets.defs.payload import KEY as PAYLOAD
from aegis_assets.defs.schemas import OWNERS
from aegis_assets.defs.versions import dashboard_version
from aegis_assets.defs.world import World
from aegis_assets.settings import Settings

KEY = dg.AssetKey(["dashboard"])
PAGE, HISTORY = "index.html", "history.json"


def dashboard_assets(world: World) -> list[dg.AssetsDefinition]:
    """``dashboard``."""

    @dg.asset(
        key=KEY,
        ins={
            "publication": dg.AssetIn(PAYLOAD),
            "candles": dg.AssetIn(["candles", "daily"], metadata={LOOK_BACK: PAST}),
        },
        deps=[FORECASTS_KEY],
        partitions_def=world.partitions.slots,
        backfill_policy=dg.BackfillPolicy.single_run(),
        group_name="payload",
        kinds={"python", "html"},
        owners=OWNERS,
        code_version=dashboard_version(),
    )
    def dashboard(
        context: dg.AssetExecutionContext,
        publication: Any,  # noqa: ANN401 - of a range of slots it is one for each
        candles: pl.DataFrame,
        ledger_store: dg.ResourceParam[LedgerStore],
        publications: dg.ResourceParam[FolderPublisher],
    ) -> dg.MaterializeResult[None]:
        """The page and its history beside `aegismatrix.json`; only of the newest slot."""
        slot, newest = max(by_slot(publication, context).items())
        if publications.slots()[-1:] != [slot]:
            return dg.MaterializeResult(metadata={"slot": slot, "written": False})
        files = page_files(world.settings, newest.payload, candles, ledger_store)
        for name, content in files.items():
            publications.put(name, content)
        return dg.MaterializeResult(
            data_version=dg.DataVersion(files_version(files)),
            metadata={"slot": slot, "written": True, **_told(world, files)},
        )

    return [dashboard]


def page_files(
    chosen: Settings, payload: Payload, candles: pl.DataFrame, ledger: LedgerStore
) -> dict[str, bytes]:
    """The page and its history by file name."""
    market = MARKETS[chosen.market]
    today = payload.as_of.astimezone(ZoneInfo(market.time_zone)).date()
    since = today - timedelta(days=PAST)
    past = history(
        market,
        panel(candles, market),
        ledger.forecasts(since, today),
        ledger.outcomes(since, today),
        ledger.scorecard(until=today),
        as_of=payload.as_of,
    )
    return {
        HISTORY: encoded_history(past),
        PAGE: page(payload, past, page_assets(chosen.cache_folder)),
    }


def _told(world: World, files: Mapping[str, bytes]) -> dict[str, Any]:
    """Where the page lies, and how large its files are."""
    path = (world.settings.publish_folder / PAGE).resolve()
    return {
        "page": dg.MetadataValue.url(path.as_uri()),
        "payload": dg.MetadataValue.asset(PAYLOAD),
        **{f"{name}, bytes": len(content) for name, content in files.items()},
    }


def dashboard_checks() -> list[dg.AssetChecksDefinition]:
    """The check of ``dashboard``; mirrors go on, since the payload beside a wrong page is right."""

    @dg.asset_check(asset=KEY)
    def page_is_of_the_current_payload(
        publications: dg.ResourceParam[FolderPublisher],
    ) -> dg.AssetCheckResult:
        """Page and history lie beside the current payload, and the page holds its very bytes."""
        found = {name: publications.companion(name) for name in (PAGE, HISTORY)}
        faults = page_faults(publications.current(), found)
        sizes = {f"{name}, bytes": len(content or b"") for name, content in found.items()}
        return dg.AssetCheckResult(
            passed=not faults,
            metadata={
                "slot": next(iter(publications.slots()[-1:]), "none"),
                "faults": "; ".join(faults) or "none",
                **sizes,
            },
        )

    return [page_is_of_the_current_payload]


def page_faults(payload: bytes | None, beside: Mapping[str, bytes | None]) -> list[str]:
    """What is wrong with page and history beside the current payload."""
    absent = [f"{name} is missing" for name, content in beside.items() if content is None]
    absent += [] if payload else ["no payload is published"]
    if absent:
        return absent
    said, kept = (
        inlined((content or b"").decode().rstrip("\n")).encode()
        for content in (payload, beside[HISTORY])
    )
    shown = beside[PAGE] or b""
    faults = [] if said in shown else ["the page is of another payload than the current one"]
    return faults + ([] if kept in shown else ["the page is of another history than history.json"])
