"""The files that the page is made of, read from the installed package, and the chart library."""

from functools import lru_cache
from importlib.resources import files

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


@lru_cache(maxsize=1)
def page_assets() -> PageAssets:
    """Template, style and script of the page, and Vega-Lite as one script without a network."""
    folder = files("aegis_assets.core.dashboard") / "page"
    return PageAssets(
        template=(folder / "template.html").read_text("utf-8"),
        style="\n".join((folder / name).read_text("utf-8") for name in _STYLES),
        script=_closed("\n".join((folder / name).read_text("utf-8") for name in _SCRIPTS)),
        library=_library(),
    )


def _library() -> str:
    import vl_convert  # noqa: PLC0415 - 33 MB, only where a page is made

    return _closed(vl_convert.javascript_bundle(_CHARTS))


def _closed(script: str) -> str:
    """The script with names of its own."""
    return f"(() => {{\n'use strict';\n{script}\n}})();"
