"""Laws of alerts over any sequence of looks."""

from collections import Counter
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from aegis_assets.core.alerts import Book, Kind, Look, Severity, notices
from aegis_assets.core.markets import NIFTY
from aegis_assets_tests.core.found import AGAIN, DISK, MINUTE, NOON, TOPICS

KEYS = ("disk/a", "disk/b", "slot/c")
FINDINGS = st.builds(
    lambda key, severity: replace(DISK, key=key, severity=severity),
    st.sampled_from(KEYS),
    st.sampled_from(Severity),
)
LOOKS = st.lists(
    st.tuples(
        st.integers(1, 200),  # minutes since the look before
        st.dictionaries(st.sampled_from(KEYS), FINDINGS, max_size=3),
        st.sampled_from([TOPICS, frozenset({"disk"}), frozenset[str]()]),
    ),
    max_size=40,
)


def seen(found, topics):
    """What a look finds among the topics that it can look at."""
    findings = (replace(each, key=key) for key, each in found.items())
    return Look(tuple(each for each in findings if each.topic in topics), topics)


def played(looks):
    """What a sequence of looks tells, and the book at its end."""
    told, book, now = [], Book(), NOON
    for minutes, found, topics in looks:
        now += minutes * MINUTE
        said, book = notices(book, seen(found, topics), NIFTY, now, AGAIN)
        told += said
    return told, book


@given(LOOKS)
def test_no_key_is_told_twice_without_its_end_again_or_a_turn_for_the_worse_between(looks):
    last = {}
    for each in played(looks)[0]:
        before = last.get(each.key)
        if before is not None and each.kind is not Kind.RECOVERY:
            worse = (before.severity, each.severity) == (Severity.WARNING, Severity.CRITICAL)
            assert before.kind is Kind.RECOVERY or each.at - before.at >= AGAIN or worse
        last[each.key] = each


@given(LOOKS)
def test_whatever_was_opened_is_open_or_has_ended_once(looks):
    told, book = played(looks)
    numbers = Counter((each.key, each.kind is Kind.RECOVERY) for each in told)
    opened = Counter(each.key for each in told if each.id.endswith(" 1"))
    for key in KEYS:
        assert opened[key] == numbers[key, True] + (key in book.open)


@given(LOOKS)
def test_no_two_notices_have_the_same_id(looks):
    told, _ = played(looks)
    assert len({each.id for each in told}) == len(told)


@given(LOOKS)
def test_a_look_that_is_repeated_tells_nothing_new(looks):
    _, book = played(looks)
    for _, found, topics in looks[-1:]:
        now = NOON + sum(minutes for minutes, *_ in looks) * MINUTE
        assert notices(book, seen(found, topics), NIFTY, now, AGAIN) == ([], book)
