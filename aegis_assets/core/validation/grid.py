"""Tables of words, before anything decides how they look."""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Grid:
    """A titled table; every cell is text as it is to be read."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


@dataclass(frozen=True)
class Chapter:
    """All tables of one target."""

    title: str
    grids: tuple[Grid, ...]


@dataclass(frozen=True)
class Report:
    """The record of an engine: what matters first, then every target by itself."""

    title: str
    preface: tuple[str, ...]
    summary: tuple[Grid, ...]
    chapters: tuple[Chapter, ...]


def markdown(report: Report) -> str:
    """The report as one Markdown file that needs nothing beside it."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: Report) -> Iterator[str]:
    yield f"# {report.title}"
    yield ""
    for line in report.preface:
        yield f"- {line}"
    for grid in report.summary:
        yield from _table(grid, "##")
    for chapter in report.chapters:
        yield ""
        yield f"## {chapter.title}"
        for grid in chapter.grids:
            yield from _table(grid, "###")


def _table(grid: Grid, heading: str) -> Iterator[str]:
    yield from ("", f"{heading} {grid.title}", "")
    if grid.note:
        yield from (grid.note, "")
    yield _row(grid.columns)
    yield f"|{'---|' * len(grid.columns)}"
    for row in grid.rows:
        yield _row(row)


def _row(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |"
