import re
from collections import Counter
from enum import StrEnum
from typing import get_args

import pytest
from pydantic import BaseModel

from aegis_assets.core.contract.words import SCALES
from aegis_assets.core.dashboard.phrases import WORDS, phrases, scales
from aegis_assets.core.dashboard.tile import Mark, Tab
from aegis_assets.core.dashboard.tiles import TILES, declared
from aegis_assets.core.payload import Payload

NAMES = {f"direction.horizons.t{ahead}.label" for ahead in (1, 3, 5, 10, 20, 40)}
"""Of horizons: their tiles' titles say them."""
SECTIONS = ("market", "direction", "seller", "buyer")
ADVICE = re.compile(
    r"\b(you should|should|must|buy now|sell now|recommend\w*|consider (buying|selling)|"
    r"good time|opportunit\w+|go (long|short)|take profit|stop loss|enter|exit|avoid|wait for)\b",
    re.IGNORECASE,
)


def leaves(model, path):
    """Dotted paths of the numbers and words below a model, lists as a star."""
    for name, field in model.model_fields.items():
        yield from leaves_of(field.annotation, f"{path}.{name}")


def leaves_of(kind, path):
    options = [each for each in get_args(kind) if each not in {type(None), Ellipsis}]
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        yield from leaves(kind, path)
    elif getattr(kind, "__origin__", None) is tuple:
        star = (
            f"{path}.*"
            if isinstance(options[0], type) and issubclass(options[0], BaseModel)
            else path
        )
        yield from leaves_of(options[0], star)
    elif options:
        yield from leaves_of(options[0], path)
    else:
        yield path


CONTRACT = {
    path
    for section in SECTIONS
    for path in leaves_of(Payload.model_fields[section].annotation, section)
}
PLACES = [place for tile in TILES for place in tile.places]
SHOWN = {path for place in PLACES for path in place.paths}


def test_every_value_of_the_contract_is_on_some_tile():
    assert len(CONTRACT) > 80
    assert CONTRACT - SHOWN == NAMES


def test_every_path_of_a_tile_is_in_the_contract():
    assert SHOWN <= CONTRACT


def test_the_tiles_of_the_original_page_are_all_there():
    named = {place.title for place in PLACES}
    horizons = {f"T+{ahead}" for ahead in (1, 3, 5, 10, 20, 40)}

    assert horizons < named
    assert len(TILES) == 24  # 22 of the original, whose hit rates and regimes were one tile each
    assert sum(len(place.tabs) for place in PLACES) == 35


def test_every_place_and_tile_has_a_name_of_its_own():
    for names in ([each.id for each in PLACES], [each.id for each in TILES]):
        assert max(Counter(names).values()) == 1


def test_every_mark_and_every_tab_is_used():
    assert {tile.mark for tile in TILES} == set(Mark)
    assert {tab for place in PLACES for tab in place.tabs} == set(Tab)


@pytest.mark.parametrize("tile", TILES, ids=[each.id for each in TILES])
def test_help_says_what_how_sure_and_how_to_read_without_advice(tile):
    parts = (tile.help.what, tile.help.sure, tile.help.read)

    assert len(set(parts)) == 3
    for text in parts:
        assert 30 < len(text) < 320
        assert text.endswith(".")
        assert not ADVICE.search(text), text


def test_the_words_of_the_page_are_no_advice():
    for word, phrase in phrases().items():
        assert not ADVICE.search(phrase), (word, phrase)


@pytest.mark.parametrize(
    "sold", ["You should sell", "a good time", "Consider buying", "buy now", "Wait for the close"]
)
def test_advice_would_be_found(sold):
    assert ADVICE.search(sold)


def test_every_word_of_the_contract_has_a_phrase():
    said = phrases()
    words = {word for words in words_of(Payload) for word in words}

    assert words <= set(said)
    assert {word for each in WORDS for word in each} == set(said)
    assert all(phrase and "_" not in phrase for phrase in said.values())


def words_of(model):
    """Enums below a model."""
    for field in model.model_fields.values():
        yield from words_within(field.annotation)


def words_within(kind):
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        yield kind
    elif isinstance(kind, type) and issubclass(kind, BaseModel):
        yield from words_of(kind)
    for each in get_args(kind):
        yield from words_within(each)


def test_scales_are_those_of_the_contract():
    assert set(scales()) == {each.name for each in SCALES}
    assert {place.scale for place in PLACES} - {""} <= set(scales())


def test_rows_of_tiles_are_full():
    for tab in Tab:
        widths = [
            each["width"] * (2 if each["tall"] else 1)
            for each in declared()
            if each["tabs"] == (tab,)
        ]
        charts = 16 if tab is Tab.DIRECTION else 0  # the bands by horizon, two rows high
        assert (sum(widths) + charts) % 12 == 0, tab
