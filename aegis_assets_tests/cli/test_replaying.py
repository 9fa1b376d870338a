"""A slot is made again by what had been said when it was published, and by nothing said since."""

from datetime import date, timedelta

import pytest

from aegis_assets.adapters.model_store import ModelStore
from aegis_assets.adapters.publishers import FolderPublisher
from aegis_assets.cli.replaying import remade
from aegis_assets.core.engines import DIRECTION, VOLATILITY
from aegis_assets.core.payload import Payload
from aegis_assets_tests.aged import keep_as_of
from aegis_assets_tests.cli.shelves import withdrawn
from aegis_assets_tests.worlds import LAST_SLOT, LAST_WEEK, settings_of

EARLIER = "2018-12-22"
PAIR = (date.fromisoformat(LAST_WEEK), date.fromisoformat(EARLIER))


@pytest.fixture
def told(home):
    """The payload of the last slot, at home with models of the week before too."""
    keep_as_of(home / "models", EARLIER)
    return FolderPublisher(settings_of(home).publish_folder).published(LAST_SLOT)


@pytest.mark.parametrize("engine", [DIRECTION, VOLATILITY], ids=["direction", "volatility"])
def test_a_withdrawal_since_the_slot_was_published_does_not_change_its_replay(
    home, told, tmp_path, engine
):
    made = Payload.model_validate_json(told)
    chosen, since = settings_of(home), made.as_of - timedelta(minutes=30)
    withdrawn(ModelStore(chosen.models_folder), engine, PAIR, since, made.generated_at)

    assert remade(chosen, LAST_SLOT, tmp_path / "again", told, from_source=False) == told


def test_a_withdrawal_from_before_it_was_published_counts_in_its_replay(home, told, tmp_path):
    made = Payload.model_validate_json(told)
    chosen, since = settings_of(home), made.as_of - timedelta(minutes=30)
    before = made.generated_at - timedelta(seconds=1)
    withdrawn(ModelStore(chosen.models_folder), DIRECTION, PAIR, since, before)
    again = remade(chosen, LAST_SLOT, tmp_path / "again", told, from_source=False)
    weeks = {
        each.trained_to
        for path, each in Payload.model_validate_json(again).provenance.items()
        if path.startswith("direction.") and each.trained_to
    }

    assert weeks == {PAIR[1]}
