"""What a tile is: where it stands, which paths it shows, how, and what its help says."""

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Tab(StrEnum):
    """The three engines, each a tab of the page."""

    DIRECTION = "direction"
    SELLERS = "sellers"
    BUYERS = "buyers"


class Mark(StrEnum):
    """How a tile draws its values; page.js has one function for each."""

    PRICE = "price"
    INDEX = "index"
    DIAL = "dial"
    TODAY = "today"
    HORIZON = "horizon"
    REGIME = "regime"
    SAFE_RANGE = "safe_range"
    ZONE = "zone"
    STRESS = "stress"
    TRAP = "trap"
    SKEW = "skew"
    CURVE = "curve"
    RATE = "rate"
    FLAG = "flag"
    SPLIT = "split"
    THETA = "theta"
    MAP = "map"
    WINDOWS = "windows"
    LEVELS = "levels"


@dataclass(frozen=True)
class Help:
    """What the values are, how sure they are, and how to read them; never what to do."""

    what: str
    sure: str
    read: str


@dataclass(frozen=True)
class Place:
    """One appearance of a tile.

    `leaves` are paths below `root`, a ``*`` standing for every element of a list.  `width` is in
    twelfths of the page.
    """

    id: str
    title: str
    tabs: tuple[Tab, ...]
    root: str
    leaves: tuple[str, ...]
    width: int
    tall: bool = False
    """Whether it is two rows high."""
    scale: str = ""
    """Name of the scale by which the first leaf is graded; empty where none does."""

    @property
    def paths(self) -> tuple[str, ...]:
        """Dotted paths of the payload that it shows."""
        return tuple(f"{self.root}.{leaf}" for leaf in self.leaves)


@dataclass(frozen=True)
class Tile:
    """A kind of tile, declared once, at each of its places."""

    id: str
    mark: Mark
    help: Help
    places: tuple[Place, ...]

    def told(self) -> list[dict[str, Any]]:
        """Its places as page.js reads them."""
        return [
            {
                **asdict(place),
                "paths": place.paths,
                "tile": self.id,
                "mark": self.mark,
                "help": asdict(self.help),
            }
            for place in self.places
        ]
