"""What an asset's page leads to: what trained a model, on what, and where its files lie."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import dagster as dg

from aegis_assets.core.card import Artefact, Card
from aegis_assets.core.engines import Engine
from aegis_assets.core.lineage.column import FORECASTS, PAYLOAD
from aegis_assets.core.payload import Payload

_AT = "@"
SCORECARD = dg.AssetKey(["ledger", "scorecard"])


def training_facts(made: Sequence[Artefact]) -> dict[str, dg.MetadataValue[Any]]:
    """Window, rows, seed, libraries and data of a training, as its cards say."""
    cards = [each.card for each in made]
    spans = [card.span for card in cards if card.span is not None]
    told: dict[str, dg.MetadataValue[Any]] = {
        "seed": dg.MetadataValue.text(", ".join(sorted({str(card.seed) for card in cards}))),
        "libraries": dg.MetadataValue.json(dict(cards[0].libraries) if cards else {}),
        "trained on": dg.MetadataValue.md(_trained_on(cards)),
    }
    if spans:
        told["first session"] = dg.MetadataValue.text(str(min(each.first for each in spans)))
        told["last session"] = dg.MetadataValue.text(str(max(each.last for each in spans)))
        told["examples of the largest"] = dg.MetadataValue.int(max(each.n for each in spans))
    return told


def _trained_on(cards: Sequence[Card]) -> str:
    """Each target's window and the hash of its rows, as a Markdown table."""
    lines = ["| target | from | to | examples | data |", "|---|---|---|---:|---|"]
    for card in cards:
        span = card.span
        window = f"{span.first} | {span.last} | {span.n:,}" if span else "– | – | 0"
        lines.append(f"| `{card.target}` | {window} | `{card.data_version[:12]}` |")
    return "\n".join(lines)


def links_of_models(engine: Engine) -> dict[str, dg.MetadataValue[Any]]:
    """The assets that a model was made of, and those that tell how good it was since."""
    keys = {
        "record": ["walk_forward", engine.name],
        "features": ["features", engine.name],
        "labels": ["labels", engine.name],
        "payload": PAYLOAD.split("/"),
    }
    return {
        **{name: dg.MetadataValue.asset(dg.AssetKey(key)) for name, key in keys.items()},
        "track record": dg.MetadataValue.asset(SCORECARD),
    }


def cards_at(folder: Path, made: Sequence[Artefact]) -> dict[str, dg.MetadataValue[Any]]:
    """Where the card of each target lies, as the model store keeps it."""
    return {
        f"card of {card.target}": dg.MetadataValue.path(
            str(folder / card.engine / card.target / card.trained_to.isoformat() / "card.json")
        )
        for card in (each.card for each in made)
    }


def versions_read(context: dg.OutputContext) -> dict[str, dg.MetadataValue[Any]]:
    """The data version of each asset that the step was given: the tags of its event hold the same.

    Of several partitions it is a hash of theirs; of a hundred or more, Dagster takes the newest's.
    """
    step = context.step_context
    parents = step.job_def.asset_layer.get(context.asset_key).parent_keys
    known = {key: step.maybe_fetch_and_get_input_asset_version_info(key) for key in parents}
    lines = ["| read | data version |", "|---|---|"]
    lines += [
        f"| {'/'.join(key.path)} | `{_short(info.data_version) if info else 'never made'}` |"
        for key, info in sorted(known.items())
    ]
    return {"read": dg.MetadataValue.md("\n".join(lines))}


def _short(version: dg.DataVersion | None) -> str:
    return version.value[:12] if version else "none was recorded"


def links_of_payload(path: Path, payload: Payload) -> dict[str, dg.MetadataValue[Any]]:
    """Files of a publication, and the models that served it: asset and training week.

    `path` is that of the slot's file, beside which its claims lie.
    """
    served = {each.model for each in payload.provenance.values() if _AT in (each.model or "")}
    weeks: dict[str, set[str]] = {}
    for model in filter(None, served):
        place, _, candidate = model.partition(_AT)
        weeks.setdefault(place.partition("/")[0], set()).add(candidate.partition(":")[0])
    models = {
        f"models of {engine}, {', '.join(sorted(weeks[engine]))}": dg.MetadataValue.asset(
            dg.AssetKey(["models", engine])
        )
        for engine in sorted(weeks)
    }
    page = path.resolve().parent.parent / "index.html"
    return {
        **models,
        "claims": dg.MetadataValue.path(str(path.with_suffix(".claims.json"))),
        "page": dg.MetadataValue.url(page.as_uri()),
        "ledger": dg.MetadataValue.asset(dg.AssetKey(FORECASTS.split("/"))),
        "track record": dg.MetadataValue.asset(SCORECARD),
    }
