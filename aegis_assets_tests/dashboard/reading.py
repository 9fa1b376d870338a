"""Values of a page as a reader sees them, and as they should read: written anew, not taken over."""

from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from zoneinfo import ZoneInfo

from aegis_assets.core.dashboard.phrases import phrases

ZONE = ZoneInfo("Asia/Kolkata")
_LONGEST = 320

MARKS = """() => [...document.querySelectorAll("[data-value]")].map((each) => ({
  path: each.getAttribute("data-path"), history: each.getAttribute("data-history"),
  derived: each.getAttribute("data-derived"), from: each.getAttribute("data-from"),
  value: each.getAttribute("data-value"), format: each.getAttribute("data-format"),
  text: each.textContent, tile: each.closest("[data-tile]")?.id ?? null,
  css: each.getAttribute("style"), kind: each.getAttribute("class") ?? "",
}))"""

STRAY = """() => {
  const known = "[data-path],[data-history],[data-derived],[data-age],[data-static]," +
    ".chart,script,dialog,footer";
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  while (walker.nextNode()) {
    const node = walker.currentNode;
    if (/\\d/.test(node.data) && !node.parentElement.closest(known)) found.push(node.data);
  }
  return found;
}"""


def at(root: Any, pointer: str) -> Any:
    """What a JSON pointer names."""
    for key in pointer.split("/")[1:]:
        plain = key.replace("~1", "/").replace("~0", "~")
        root = root[int(plain)] if isinstance(root, list) else root[plain]
    return root


def as_told(value: Any) -> str:
    """A JSON value as the page keeps it beside its text."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)


def _rounded(value: float, digits: int) -> Decimal:
    return Decimal(value).quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)


def _plain(value: float, digits: int) -> str:
    return f"{_rounded(value, digits):,}".replace("-", "\u2212")


def _signed(value: float, digits: int) -> str:
    shown = _rounded(value, digits)
    return f"{abs(shown):,}" if shown == 0 else f"{shown:+,}".replace("-", "\u2212")


def _share(value: float) -> str:
    percent = value * 100
    if 0 < percent < 0.1:
        return "<0.1%"
    near = percent not in {0, 100} and (percent < 10 or percent > 90)
    return f"{_plain(percent, 1 if near else 0)}%"


def _moment(text: str) -> str:
    at_exchange = datetime.fromisoformat(text).astimezone(ZONE)
    return f"{at_exchange.day} {at_exchange:%b %Y, %H:%M} +05:30"


def _day(text: str) -> str:
    found = date.fromisoformat(text)
    return f"{found.day} {found:%b %Y}"


def _text(text: str) -> str:
    if len(text) <= _LONGEST:
        return text
    return f"{text[:_LONGEST]}\u2026 ({len(text)} characters)"


def _path(text: str) -> str:
    parts = [str(int(each) + 1) if each.isdigit() else each for each in text.split(".")[1:]]
    words = " ".join(parts).replace("_", " ")
    return words[:1].upper() + words[1:]


FORMATS = {
    "points": lambda value: _plain(value, 2),
    "level": lambda value: _plain(value, 0),
    "move": lambda value: _signed(value, 1),
    "change": lambda value: _signed(value, 2),
    "percent_change": lambda value: f"{_signed(value * 100, 2)}%",
    "distance": lambda value: f"{_signed(value * 100, 1)}%",
    "percent": lambda value: f"{_plain(value * 100, 1)}%",
    "skill": lambda value: f"{_signed(value * 100, 1)}%",
    "share": _share,
    "number": lambda value: _plain(value, 2),
    "loss": lambda value: _plain(value, 4),
    "integer": lambda value: _plain(value, 0),
    "word": lambda value: phrases().get(value, value),
    "text": _text,
    "path": _path,
    "moment": _moment,
    "day": _day,
}
