import json
from itertools import pairwise

import pytest

from aegis_assets.core.dashboard.page import encoded_history
from aegis_assets.core.dashboard.tiles import declared
from aegis_assets.core.payload import encoded
from aegis_assets.core.provenance import unavailable
from aegis_assets_tests.dashboard import pasts, payloads
from aegis_assets_tests.dashboard.reading import FORMATS, MARKS, STRAY, as_told, at

PAYLOAD = json.loads(encoded(payloads.payload()))
HISTORY = json.loads(encoded_history(pasts.history()))


@pytest.fixture(scope="module")
def marks(afternoon):
    return afternoon().evaluate(MARKS)


def expanded(pointer, root=PAYLOAD):
    """Pointers with every list's elements in place of a star."""
    head, star, rest = pointer.partition("/*")
    if not star:
        return [pointer]
    found = at(root, head)
    return [each for i in range(len(found or ())) for each in expanded(f"{head}/{i}{rest}")]


def declared_pointers():
    for place in declared():
        for path in place["paths"]:
            yield from expanded("/" + path.replace(".", "/"))


def value_or_none(pointer):
    """The payload's value; none below a null."""
    try:
        return at(PAYLOAD, pointer)
    except TypeError:
        return None


def test_every_value_on_the_page_is_the_one_in_the_json(marks):
    sources = [(each, PAYLOAD, each["path"]) for each in marks if each["path"]]
    sources += [(each, HISTORY, each["history"]) for each in marks if each["history"]]

    assert len(sources) > 1000
    for mark, root, pointer in sources:
        value = at(root, pointer)
        if isinstance(value, float):
            assert float(mark["value"]) == value, mark
        else:
            assert mark["value"] == as_told(value), mark
        if mark["format"]:
            assert mark["text"] == FORMATS[mark["format"]](value), mark


def test_every_value_that_a_tile_declares_can_be_read_on_it(marks):
    told = {each["path"] for each in marks if each["format"]}
    known = [each for each in declared_pointers() if not_null(each)]

    assert len(known) > 150
    assert set(known) - told == set()


def not_null(pointer):
    value = value_or_none(pointer)
    return value is not None and not isinstance(value, list)


def test_what_is_derived_is_made_of_the_values_it_names(marks):
    how = {"relative": lambda a, b: a / b - 1, "difference": lambda a, b: a - b}
    made = [each for each in marks if each["derived"] in how]

    assert made
    for mark in made:
        value = how[mark["derived"]](*(at(PAYLOAD, each) for each in mark["from"].split()))
        assert float(mark["value"]) == pytest.approx(value, rel=1e-12)
        assert mark["text"] == FORMATS[mark["format"]](float(mark["value"]))


def test_bars_are_as_long_as_their_values(marks):
    sizes = {"reached": "width", "thin-part": "width", "column-part": "height"}
    measured = [(each, sizes[each["kind"]]) for each in marks if each["kind"] in sizes]
    parts = [each for each in marks if each["kind"].startswith("part ")]

    assert len(measured) >= 10
    assert len(parts) == 3 * 7 + 2
    for mark, side in measured:
        assert f"{side}: {float(mark['value']) * 100:.3f}".rstrip("0").rstrip(".") in mark["css"]
    for mark in parts:
        assert float(mark["css"].removeprefix("flex-grow: ").rstrip(";")) == pytest.approx(
            float(mark["value"]), abs=1e-5
        )


def test_no_number_stands_on_the_page_that_is_of_neither_file(afternoon):

    assert afternoon().evaluate(STRAY) == []


def test_every_figure_says_which_values_it_draws(afternoon):
    visit = afternoon()
    figures = visit.locator("figure")

    assert figures.count() > 10
    assert visit.locator("figure:not([data-path]):not([data-history])").count() == 0


def test_columns_of_the_activity_chart_are_as_tall_as_their_shares(afternoon):
    visit = afternoon("buyers")
    tall = visit.locator("[data-chart=windows] .mark-rect path").evaluate_all(
        "(bars) => bars.map((each) => each.getBBox().height)"
    )
    scores = [each["score"] for each in PAYLOAD["buyer"]["gamma_windows"]]

    assert len(tall) == len(scores)
    for height, score in zip(tall, scores, strict=True):
        assert height / max(tall) == pytest.approx(score / max(scores), abs=0.01)


def test_ranges_are_drawn_as_they_ended(afternoon):
    visit = afternoon("sellers")
    drawn = visit.locator("[data-chart=safe_ranges] .mark-symbol").evaluate_all(
        "(groups) => groups.map((each) => each.querySelectorAll('path').length)"
    )
    held = [each["held"] for each in HISTORY["safe_ranges"]]

    assert drawn == [held.count(True), held.count(False), held.count(None)]


def test_the_breach_lines_fall_with_distance(afternoon):
    visit = afternoon("sellers")
    heights = visit.locator("[data-chart=breach] .mark-symbol").evaluate_all(
        "(groups) => groups.map((each) => [...each.querySelectorAll('path')]"
        ".map((point) => point.getBoundingClientRect().y))"
    )

    assert [len(each) for each in heights] == [4, 4]
    assert all(one < other for line in heights for one, other in pairwise(line))


def test_what_is_null_shows_a_reason_and_no_number(site, opened):
    site.show(payloads.without_forecasts(), pasts.empty())
    visit = opened()
    empty = visit.locator("[data-empty=true][data-tile]")

    assert empty.count() == len(declared()) - 1  # the spot is known
    for tile in empty.all():
        assert tile.locator(".badge").first.text_content() == "UNAVAILABLE"
        assert tile.locator(".reason").count() > 0
        assert tile.locator(".tile-body [data-value]").count() == 0


def test_a_score_that_is_null_beside_values_that_are_not_says_why(site, opened):
    found = payloads.parts()
    trap = found["seller"]["trap"] | {"score": None, "label": None}
    why = unavailable("it is asked on calm days only")
    site.show(
        payloads.payload(
            seller=found["seller"] | {"trap": trap},
            provenance=found["provenance"] | {"seller.trap.score": why, "seller.trap.label": why},
        )
    )
    tile = opened(tab="sellers").locator("#tile-trap")

    assert tile.locator(".reason").text_content() == "No score: it is asked on calm days only"
    assert tile.locator(".meter").count() == 0
    assert tile.locator(".tile-body [data-format]").count() == 2


def test_the_skill_of_a_part_is_not_told_as_that_of_the_whole(site, opened):
    known = payloads.provenance()
    silent = known["direction.horizons.t5"].model_copy(update={"baseline": "another"})
    size = known["direction.horizons.t5"]
    site.show(
        payloads.payload(
            provenance=known
            | {"direction.horizons.t5": silent}
            | {"direction.horizons.t5.expected_move_points": size}
        )
    )
    lines = opened().locator("#tile-t5 .skill").all_text_contents()

    assert len(lines) == 1
    assert lines[0].startswith("Expected move points: Skill +0.9%")


def test_a_point_of_a_chart_tells_its_values_under_the_pointer(afternoon):
    visit = afternoon("sellers")
    visit.locator("[data-chart=breach] .mark-symbol path").nth(1).hover()
    far, end, touch = (
        PAYLOAD["seller"]["breach_probabilities"][1][name]
        for name in ("distance", "probability", "touch_probability")
    )

    assert visit.locator("#hint .fact-value").all_text_contents() == [
        FORMATS["percent"](far),
        FORMATS["share"](touch),
        FORMATS["share"](end),
    ]
