"""The page of a payload and its history: one file that needs nothing else.

Goes in: the payload, the history, the files of the page as strings.  Comes out: HTML with both
inlined as JSON.  Stays out: every number; page.js reads them from that JSON, and later from the
files beside the page, by the same code.
"""

import base64
import json
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from jinja2 import DictLoader, Environment, StrictUndefined
from markupsafe import Markup

from aegis_assets.core.contract.words import STRONG_BIAS
from aegis_assets.core.dashboard.charts import charts
from aegis_assets.core.dashboard.history import History
from aegis_assets.core.dashboard.phrases import phrases, scales
from aegis_assets.core.dashboard.tiles import declared
from aegis_assets.core.payload import Payload, encoded

STALE_AFTER_MINUTES = 45
"""In session a payload this much older than its `as_of` is stale."""
READ_EVERY_SECONDS = 60
FRAMED_FROM = 0.65
"""From here a session of the five ahead is framed."""
_UNSAFE = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


@dataclass(frozen=True)
class PageAssets:
    """The page's own files, and the chart library as a script."""

    template: str
    style: str
    script: str
    library: str


def page(payload: Payload, history: History, assets: PageAssets) -> bytes:
    """The page as UTF-8 HTML; equal arguments give equal bytes."""
    environment = Environment(
        loader=DictLoader({"page": assets.template}),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    html = environment.get_template("page").render(
        market=history.market,
        style=Markup(assets.style),  # noqa: S704 - the package's own files
        library=Markup(assets.library),  # noqa: S704 - as above
        script=Markup(assets.script),  # noqa: S704 - as above
        policy=_policy(assets),
        payload=inlined(encoded(payload).decode()),
        history=inlined(history.model_dump_json()),
        declared=inlined(json.dumps(_declared())),
    )
    return html.encode()


def encoded_history(history: History) -> bytes:
    """The history as UTF-8 JSON, as it lies beside the page."""
    return (history.model_dump_json() + "\n").encode()


def inlined(text: str) -> Markup:
    """JSON that no HTML parser can end or open: its meaning is the same."""
    for sign, escape in _UNSAFE.items():
        text = text.replace(sign, escape)
    return Markup(text)  # noqa: S704 - nothing that HTML would see is left


def _declared() -> dict[str, Any]:
    return {
        "places": declared(),
        "phrases": phrases(),
        "scales": scales(),
        "strong_bias": STRONG_BIAS,
        "framed_from": FRAMED_FROM,
        "charts": charts(),
        "stale_after_minutes": STALE_AFTER_MINUTES,
        "read_every_seconds": READ_EVERY_SECONDS,
    }


def _policy(assets: PageAssets) -> str:
    """What the browser may run and reach: these very scripts and styles, and its own origin."""
    scripts = " ".join(map(_hash, (assets.library, assets.script)))
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src {scripts}",
            f"style-src {_hash(assets.style)}",
            "connect-src 'self'",
            "img-src 'self' data:",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(sha256(text.encode()).digest()).decode()}'"
