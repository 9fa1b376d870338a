"""The files that the page is made of, read from the installed package, and the chart library."""

from functools import lru_cache
from hashlib import sha256
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

from aegis_assets.adapters.files import write_atomically
from aegis_assets.core.dashboard.page import PageAssets

_STYLES = (
    *("tokens.css", "layout.css", "shell.css", "tiles.css", "marks.css"),
    *("record.css", "narrow.css"),
)
_SCRIPTS = (
    *("embedded.js", "format.js", "dom.js", "data.js", "marks.js", "bands.js"),
    *("parts.js", "tiles.js", "frame.js", "chart_rows.js", "hints.js", "charts.js", "record.js"),
    *("age.js", "shell.js", "live.js"),
)
_CHARTS = "window.aegisCharts = vegaEmbed;"


@lru_cache(maxsize=2)
def page_assets(cache: Path | None = None) -> PageAssets:
    """Template, style and script of the page, and Vega-Lite as one script without a network.

    The chart library is made of its package in two seconds, and kept in the folder `cache`, if one
    is given, for the next process.
    """
    folder = files("aegis_assets.core.dashboard") / "page"
    return PageAssets(
        template=(folder / "template.html").read_text("utf-8"),
        style="\n".join((folder / name).read_text("utf-8") for name in _STYLES),
        script=_closed("\n".join((folder / name).read_text("utf-8") for name in _SCRIPTS)),
        library=_library() if cache is None else _kept_library(cache),
    )


def page_version() -> str:
    """sha256 of the page's own files."""
    folder = files("aegis_assets.core.dashboard") / "page"
    digest = sha256()
    for name in ("template.html", *_STYLES, *_SCRIPTS):
        digest.update((folder / name).read_bytes())
    return digest.hexdigest()[:12]


def _kept_library(cache: Path) -> str:
    """The library as it was kept, or else made and kept."""
    kept = cache / f"charts-{version('vl-convert-python')}.js"
    try:
        return kept.read_text("utf-8")
    except FileNotFoundError:
        made = _library()
    cache.mkdir(parents=True, exist_ok=True)
    write_atomically(kept, made.encode())
    return made


def _library() -> str:
    import vl_convert  # noqa: PLC0415 - 33 MB, only where a page is made

    return _closed(vl_convert.javascript_bundle(_CHARTS))


def _closed(script: str) -> str:
    """The script with names of its own."""
    return f"(() => {{\n'use strict';\n{script}\n}})();"
