"""Changes of a chart answer, in place: the vocabulary in which `faults` are told."""

import json
from collections.abc import Callable
from typing import Any

Chart = dict[str, Any]

MIDDLE, DAY = -12, 86_400
OHLC = ("open", "high", "low", "close")


def result(chart: Chart) -> Chart:
    return chart["chart"]["result"][0]


def meta(chart: Chart) -> Chart:
    return result(chart)["meta"]


def columns(chart: Chart) -> dict[str, list]:
    """All columns of the rows, to change in place."""
    answer = result(chart)
    adjusted = answer["indicators"].get("adjclose", [{}])[0]
    return {"timestamp": answer["timestamp"], **answer["indicators"]["quote"][0], **adjusted}


# ── rows ────────────────────────────────────────────────────────────────────────────────


def assigned(value: float | None, names: tuple[str, ...], rows: tuple[int, ...]):
    def change(chart: Chart) -> None:
        for name in names:
            for row in rows:
                columns(chart)[name][row] = value

    return change


def scaled(factor: float, names: tuple[str, ...], rows: slice):
    def change(chart: Chart) -> None:
        for name in names:
            values = columns(chart)[name]
            values[rows] = [value and value * factor for value in values[rows]]

    return change


def kept(rows: Callable[[int], list[int]]):
    """Only the rows whose numbers `rows` gives, in its order."""

    def change(chart: Chart) -> None:
        for values in columns(chart).values():
            values[:] = [values[row] for row in rows(len(values))]

    return change


def repeated(row: int, later: int, factor: float):
    """A second row, `later` seconds after `row`, with other prices."""

    def change(chart: Chart) -> None:
        for name, values in columns(chart).items():
            value = values[row]
            shifted = value + later if name == "timestamp" else value and value * factor
            values.insert(len(values) if row == -1 else row + 1, shifted)

    return change


def high_below_low(chart: Chart) -> None:
    rows = columns(chart)
    high, low = rows["high"][MIDDLE], rows["low"][MIDDLE]
    rows["high"][MIDDLE], rows["low"][MIDDLE] = low * 0.99, high


def negative_low(chart: Chart) -> None:
    low = columns(chart)["low"]
    low[MIDDLE] = -low[MIDDLE]


def unadjusted_split(chart: Chart) -> None:
    """A split of 4 for 1, and prices before it as if there were none."""
    scaled(4, (*OHLC, "adjclose"), slice(None, MIDDLE))(chart)
    stamp = columns(chart)["timestamp"][MIDDLE]
    split = {"date": stamp, "numerator": 4.0, "denominator": 1.0, "splitRatio": "4:1"}
    result(chart).setdefault("events", {})["splits"] = {str(stamp): split}


def late_dividend(chart: Chart) -> None:
    stamp = columns(chart)["timestamp"][-1] + DAY
    dividends = result(chart).setdefault("events", {}).setdefault("dividends", {})
    dividends[str(stamp)] = {"amount": 0.5, "date": stamp}


def no_volume(chart: Chart) -> None:
    volume = columns(chart)["volume"]
    volume[:] = [None] * len(volume)


def text_prices(chart: Chart) -> None:
    for name in OHLC:
        values = columns(chart)[name]
        values[:] = [str(value) for value in values]


def token(value: float):
    """A row with a word that JSON does not know, as JavaScript writes it."""

    def change(chart: Chart) -> bytes:
        columns(chart)["close"][MIDDLE] = value
        return body(chart)

    return change


# ── the answer as a whole ───────────────────────────────────────────────────────────────


def told(**words: object):
    """Other words in the meta."""
    return lambda chart: meta(chart).update(words)


def without(path: str):
    """Without the key at the end of the path below the result."""

    def change(chart: Chart) -> None:
        *above, last = path.split("/")
        holder = result(chart)
        for key in above:
            holder = holder[key] if key not in {"quote", "adjclose"} else holder[key][0]
        holder.pop(last, None)

    return change


def hours_for_minutes(chart: Chart) -> None:
    """Bars of an hour, under a meta that says what was asked."""
    stamps = columns(chart)["timestamp"]
    stamps[:] = [stamps[-1] - 3600 * back for back in range(len(stamps))][::-1]


def milliseconds(chart: Chart) -> None:
    stamps = columns(chart)["timestamp"]
    stamps[:] = [stamp * 1000 for stamp in stamps]


def float_stamps(chart: Chart) -> None:
    stamps = columns(chart)["timestamp"]
    stamps[:] = [float(stamp) for stamp in stamps]


def bare(chart: Chart) -> None:
    """Meta and not one column, as for a window without sessions."""
    without("timestamp")(chart)
    without("indicators/adjclose")(chart)
    result(chart)["indicators"]["quote"] = [{}]


def error(code: str, description: str) -> Callable[[Chart], Chart]:
    """Yahoo's own reason, under HTTP 200."""
    words = {"code": code, "description": description}
    return lambda _: {"chart": {"result": None, "error": words}}


def cut(chart: Chart) -> bytes:
    whole = body(chart)
    return whole[: len(whole) // 2]


def body(answer: Chart | bytes) -> bytes:
    """The bytes that Yahoo would send."""
    return answer if isinstance(answer, bytes) else json.dumps(answer).encode()
