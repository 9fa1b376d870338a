"""Every fault of Yahoo becomes what `docs/faults.md` says, at the cost that it says."""

from pathlib import Path

import pytest

import aegis_assets
from aegis_assets_tests.chain.situations import BARS, INDEX, SINCE
from aegis_assets_tests.chain.table import (
    HARMLESS,
    SECTIONS,
    UNSEEN,
    document,
    is_harmless,
    is_told,
    line,
    row,
)

STORED = (Path(aegis_assets.__file__).parents[1] / "docs" / "faults.md").read_text()
CASES = [(section, name) for section, faults in SECTIONS.items() for name in faults]
ANEW = "write it anew with `python -m aegis_assets_tests.chain > docs/faults.md`"


def case_id(case):
    section, name = case
    return f"{section.split()[0]}-{name}"


@pytest.mark.parametrize("case", CASES, ids=case_id)
def test_a_fault_becomes_what_the_table_says(situations, case):
    section, name = case
    found = row(situations, SECTIONS[section][name])
    believed = found.slot is not None and not is_told(found.slot)

    assert line(name, found) in part(section), ANEW
    assert all(is_told(each) for each in found.found if each is not found.slot)
    assert believed <= (is_harmless(name, found.slot) or name in UNSEEN)
    assert not any(each.changed for each in found.found) or name in UNSEEN
    assert (name in UNSEEN) <= believed


def part(section):
    """The section of the stored table."""
    return STORED.partition(f"## {section}\n")[2].partition("\n## ")[0]


class Nothing:
    """Situations of a table whose lines do not matter."""

    def __getattr__(self, _):
        return lambda *_: None


def test_the_table_has_each_fault_once_and_todays_words():
    def words(text):
        return [each for each in text.splitlines() if not each.startswith("| `")]

    listed = [each.split("`")[1] for each in STORED.splitlines() if each.startswith("| `")]

    assert listed == [name for _, name in CASES]
    assert words(STORED) == words("".join(document(Nothing()))), ANEW
    assert {*HARMLESS, *UNSEEN} <= set(listed)


RECOVERS = ("last_3_x100", "second_last_row", "stale_5", "volume_null", "wrong_symbol", "html")


@pytest.mark.parametrize("name", [*RECOVERS, "status_429", "reset_mid"])
def test_what_a_fault_left_out_or_spoilt_is_mended_by_the_next_tail(situations, name):
    fault = {**SECTIONS[CASES[0][0]], **SECTIONS[CASES[-1][0]]}[name]
    home, instruments, later = situations.behind(INDEX), [INDEX.instrument], INDEX.next
    situations.bench(home, INDEX.moment, fault).fetch(INDEX.market, instruments, SINCE)

    mended = situations.bench(home, later)
    mended.fetch(INDEX.market, instruments, SINCE)
    asked = mended.asked
    fresh = situations.bench(situations.home(), later)
    fresh.fetch(INDEX.market, instruments, SINCE)

    bars = [each.store.daily(INDEX.instrument.symbol).select(BARS) for each in (mended, fresh)]
    assert bars[0].equals(bars[1])
    assert mended.put_away(INDEX.market, INDEX.instrument).is_empty()
    assert list(asked.values()) == [1]
