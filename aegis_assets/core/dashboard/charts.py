"""Charts as Vega-Lite specifications, without their rows: page.js gives each its rows.

Colours are the page's own variables, so that a chart follows light and dark by itself.
"""

from typing import Any

Spec = dict[str, Any]

_LINE, _BAND = "var(--series)", "var(--band)"
_SECOND, _INK, _MUTED = "var(--series-2)", "var(--ink)", "var(--muted)"
_GOOD, _BAD = "var(--held)", "var(--broken)"
_SHARE = ".0%"


def _chart(layers: list[Spec], height: int, **rest: Any) -> Spec:  # noqa: ANN401 - parts of a spec
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "width": "container",
        "height": height,
        "autosize": {"type": "fit", "contains": "padding"},
        "data": {"name": "rows"},
        "layer": layers,
        **rest,
    }


def _x(field: str, kind: str, title: str | None, **axis: Any) -> Spec:  # noqa: ANN401 - of a spec
    return {"field": field, "type": kind, "title": title, "axis": axis}


def _y(field: str, title: str | None, *, zero: bool = False, **axis: Any) -> Spec:  # noqa: ANN401
    scale = {"zero": zero, "nice": True}
    return {"field": field, "type": "quantitative", "title": title, "axis": axis, "scale": scale}


def _only(kind: str) -> list[Spec]:
    return [{"filter": {"field": "kind", "equal": kind}}]


def _line(colour: str, **rest: Any) -> Spec:  # noqa: ANN401 - of a mark
    return {"type": "line", "stroke": colour, "strokeWidth": 1.75, **rest}


def _dot(colour: str, size: int = 36, **rest: Any) -> Spec:  # noqa: ANN401 - of a mark
    return {"type": "point", "filled": True, "fill": colour, "size": size, "opacity": 1, **rest}


def fan() -> Spec:
    """Closes so far, and the band of each horizon: rows of kind CLOSE, HORIZON and NOW."""
    x = _x("ahead", "quantitative", "sessions from now", tickCount=9, grid=False)
    close = _y("close", None, format=",.0f", tickCount=6)
    edges = {
        "x": x,
        "y": _y("lower", None, format=",.0f", tickCount=6),
        "y2": {"field": "upper"},
    }
    ahead = [{"filter": "datum.kind != 'CLOSE'"}]
    return _chart(
        [
            {"transform": ahead, "mark": {"type": "area", "fill": _BAND}, "encoding": edges},
            {
                "transform": _only("HORIZON"),
                "mark": {"type": "rule", "stroke": _LINE, "strokeWidth": 1.5},
                "encoding": edges,
            },
            {"transform": _only("CLOSE"), "mark": _line(_INK), "encoding": {"x": x, "y": close}},
            {"transform": _only("NOW"), "mark": _dot(_INK, 48), "encoding": {"x": x, "y": close}},
            *(_edge(side, x) for side in ("lower", "upper")),
        ],
        330,
    )


def _edge(side: str, x: Spec) -> Spec:
    encoding = {"x": x, "y": _y(side, None, format=",.0f", tickCount=6)}
    mark = {"type": "tick", "orient": "horizontal", "stroke": _LINE, "width": 9, "thickness": 1.75}
    return {"transform": _only("HORIZON"), "mark": mark, "encoding": encoding}


def breach() -> Spec:
    """Both breach probabilities over the distance: rows of distance, touch and terminal."""
    x = _x("distance", "quantitative", "distance from spot", format=".1%", tickCount=6)
    x["scale"] = {"zero": True}

    def lines(field: str, mark: Spec, point: Spec) -> list[Spec]:
        encoding = {"x": x, "y": _y(field, None, zero=True, tickCount=5, format=_SHARE)}
        return [{"mark": mark, "encoding": encoding}, {"mark": point, "encoding": encoding}]

    return _chart(
        [
            *lines("touch", _line(_LINE), _dot(_LINE)),
            *lines(
                "terminal", _line(_SECOND, strokeDash=[5, 3]), _dot(_SECOND, 44, shape="square")
            ),
        ],
        300,
    )


def windows() -> Spec:
    """Expected share of each half hour: rows of window, opens, score and whether it is over."""
    x: Spec = {"field": "opens", "type": "nominal", "sort": None, "title": None}
    x["axis"] = {"labelAngle": 0, "labelOverlap": "greedy", "ticks": False}
    y = _y("score", None, zero=True, tickCount=4, format=_SHARE)
    over = {
        "condition": {"test": "datum.state == 'OVER'", "value": "var(--series-soft)"},
        "value": _LINE,
    }
    return _chart(
        [
            {
                "mark": {"type": "bar", "cornerRadiusEnd": 2},
                "encoding": {"x": x, "y": y, "fill": over},
            }
        ],
        170,
    )


def safe_ranges() -> Spec:
    """Ranges as published with the closes, and which held: rows of a session each."""
    x = _x("session", "temporal", None, format="%d %b", tickCount=7, grid=False)
    x["scale"] = {"type": "utc"}
    band = {
        "x": x,
        "y": _y("lower", None, format=",.0f", tickCount=6),
        "y2": {"field": "upper"},
    }
    close = {"x": x, "y": _y("close", None, format=",.0f", tickCount=6)}
    edges = [
        {
            "mark": _line(_LINE, strokeWidth=1, interpolate="step-after"),
            "encoding": {"x": x, "y": _y(side, None, format=",.0f", tickCount=6)},
        }
        for side in ("lower", "upper")
    ]
    return _chart(
        [
            {
                "mark": {"type": "area", "fill": _BAND, "interpolate": "step-after"},
                "encoding": band,
            },
            *edges,
            {"mark": _line(_INK), "encoding": close},
            _fate("HELD", _dot(_GOOD, 30), close),
            _fate("BROKEN", _dot(_BAD, 58, shape="cross", angle=45), close),
            _fate("OPEN", {"type": "point", "stroke": _MUTED, "size": 26}, close),
        ],
        250,
    )


def _fate(fate: str, mark: Spec, encoding: Spec) -> Spec:
    return {
        "transform": [{"filter": {"field": "fate", "equal": fate}}],
        "mark": mark,
        "encoding": encoding,
    }


def reliability() -> Spec:
    """How often what was forecast came true: rows of bins, and two of kind DIAGONAL."""
    x = _x("forecast", "quantitative", "forecast probability", tickCount=5, format=_SHARE)
    y = _y("frequency", "came true", zero=True, tickCount=5, format=_SHARE)
    x["scale"] = y["scale"] = {"domain": [0, 1]}
    bins = _only("BIN")
    size = {"field": "n", "type": "quantitative", "legend": None, "scale": {"range": [24, 180]}}
    return _chart(
        [
            {
                "transform": _only("DIAGONAL"),
                "mark": _line(_MUTED, strokeDash=[4, 4], strokeWidth=1),
                "encoding": {"x": x, "y": y},
            },
            {
                "transform": bins,
                "mark": {"type": "rule", "stroke": _LINE, "strokeWidth": 1.25},
                "encoding": {
                    "x": x,
                    "y": {**y, "field": "lower"},
                    "y2": {"field": "upper"},
                },
            },
            {"transform": bins, "mark": _dot(_LINE), "encoding": {"x": x, "y": y, "size": size}},
        ],
        240,
    )


def hit_rate() -> Spec:
    """The share that held so far over time, and what was stated: rows of a session each."""
    x = _x("session", "temporal", None, format="%d %b", tickCount=6, grid=False)
    x["scale"] = {"type": "utc"}
    y = _y("value", None, tickCount=5, format=_SHARE)
    stated = {"x": x, "y": _y("stated", None, tickCount=5, format=_SHARE)}
    return _chart(
        [
            {"mark": _line(_MUTED, strokeDash=[4, 4], strokeWidth=1), "encoding": stated},
            {"mark": _line(_LINE), "encoding": {"x": x, "y": y}},
            {"mark": _dot(_LINE, 14), "encoding": {"x": x, "y": y}},
        ],
        200,
    )


def losses() -> Spec:
    """Mean loss by month of what was published and of its baseline: rows of month and role."""
    x = _x("month", "temporal", None, format="%b %Y", tickCount="month", grid=False)
    x["scale"] = {"type": "utc"}
    encoding = {"x": x, "y": _y("loss", None, tickCount=5)}
    drawn = (
        ("BASELINE", _line(_SECOND, strokeDash=[5, 3]), _dot(_SECOND, 32, shape="square")),
        ("SERVED", _line(_LINE), _dot(_LINE, 32)),
    )
    return _chart(
        [
            {
                "transform": [{"filter": {"field": "role", "equal": role}}],
                "mark": mark,
                "encoding": encoding,
            }
            for role, *marks in drawn
            for mark in marks
        ],
        200,
    )


def charts() -> dict[str, Spec]:
    """Every chart of the page by name."""
    made = (fan, breach, windows, safe_ranges, reliability, hit_rate, losses)
    return {each.__name__: each() for each in made}
