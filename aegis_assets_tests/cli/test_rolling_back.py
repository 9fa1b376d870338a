"""Which week a rollback chooses, from when on it counts, and what it refuses."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

import dagster as dg
import pytest

from aegis_assets.adapters.libraries import library_versions
from aegis_assets.adapters.model_store import ModelStore
from aegis_assets.cli.rolling_back import rolled_back, taken_back
from aegis_assets.core.engines import BUYER
from aegis_assets.core.errors import ArtifactError, SettingsError
from aegis_assets.core.frozen import Source
from aegis_assets_tests.adapters.test_model_store import artefact

WEEKS = tuple(date(2018, 12, day) for day in (15, 22, 29))
SLOT = dg.TimeWindow(
    datetime(2018, 12, 31, 20, 30, tzinfo=UTC), datetime(2018, 12, 31, 21, tzinfo=UTC)
)


@dataclass
class Site:
    """As much of a platform as a rollback looks at, with a clock to set."""

    store: ModelStore
    is_live: bool
    now: datetime = SLOT.end + timedelta(minutes=10)

    @property
    def world(self) -> SimpleNamespace:
        """Its source alone."""
        return SimpleNamespace(source=SimpleNamespace(is_live=self.is_live, now=lambda: self.now))

    def newest_slot(self) -> list[str]:
        """The only one."""
        return ["2018-12-31-15:30"]

    def window_of(self, _: str) -> dg.TimeWindow:
        """Its half hour."""
        return SLOT


def refused_by_the_gate(target, week, code_version=BUYER.code_version):
    """A card that serves nothing, and so needs no weights."""
    verdict = artefact().card.verdict
    nothing = {"source": Source.UNAVAILABLE, "served": None, "trials": (), "leading": None}
    return artefact(
        {},
        engine=BUYER.name,
        target=target,
        trained_to=week,
        weights_of={},
        code_version=code_version,
        libraries=library_versions(),
        verdict=verdict.model_copy(update=nothing),
    )


@pytest.fixture
def store(tmp_path):
    store = ModelStore(tmp_path)
    for target in BUYER.targets:
        for week in WEEKS:
            store.save(refused_by_the_gate(target.name, week))
    return store


@pytest.fixture
def live(store):
    return Site(store, is_live=True)


def serving(site, moment=None):
    return {
        target.name: site.store.week_served(BUYER.name, target.name, str(WEEKS[-1]), moment)
        for target in BUYER.targets
    }


def test_a_rollback_counts_for_slots_that_end_after_it_and_for_none_before(live):
    rolled_back(live, BUYER, "", "it drifts")

    assert set(serving(live, SLOT.end).values()) == {str(WEEKS[2])}
    assert set(serving(live, live.now).values()) == {str(WEEKS[2])}
    assert set(serving(live, live.now + timedelta(seconds=1)).values()) == {str(WEEKS[1])}


def test_of_an_archive_it_counts_for_the_newest_slot_since_no_other_will_come(store):
    archive = Site(store, is_live=False)
    rolled_back(archive, BUYER, "", "it drifts")

    assert set(serving(archive, SLOT.end).values()) == {str(WEEKS[1])}
    assert set(serving(archive, SLOT.start).values()) == {str(WEEKS[2])}
    taken_back(archive, BUYER, "")
    assert set(serving(archive, SLOT.end).values()) == {str(WEEKS[2])}


def test_twice_goes_back_two_weeks_and_each_restore_takes_one_back(live):
    for expected in (1, 0):
        rolled_back(live, BUYER, "", "it drifts")
        assert set(serving(live).values()) == {str(WEEKS[expected])}
    with pytest.raises(ArtifactError, match="no week of buyer before 2018-12-15 can serve"):
        rolled_back(live, BUYER, "", "it drifts")
    for expected in (1, 2):
        taken_back(live, BUYER, "")
        assert set(serving(live).values()) == {str(WEEKS[expected])}
    with pytest.raises(ArtifactError, match="nothing to take back"):
        taken_back(live, BUYER, "")


def test_one_target_goes_back_alone_and_the_engine_then_takes_the_others(live):
    [fact] = rolled_back(live, BUYER, "theta_5", "it drifts")
    others = rolled_back(live, BUYER, "", "so do they")

    assert (fact.target, fact.week, fact.instead) == ("theta_5", WEEKS[2], WEEKS[1])
    assert {each.target for each in others} == {each.name for each in BUYER.targets} - {"theta_5"}
    assert set(serving(live).values()) == {str(WEEKS[1])}


def test_a_week_that_is_torn_or_of_other_code_is_passed_over(live, tmp_path):
    live.store.save(refused_by_the_gate("theta_5", WEEKS[1], code_version="other"))
    facts = rolled_back(live, BUYER, "", "it drifts")
    assert {each.instead for each in facts} == {WEEKS[0]}

    (tmp_path / "buyer" / "theta_5" / str(WEEKS[2]) / "card.json").write_bytes(b"{")
    with pytest.raises(ArtifactError, match="is no card"):
        taken_back(live, BUYER, "")
    assert set(serving(live).values()) == {str(WEEKS[0])}


def test_a_week_of_which_a_target_is_missing_is_no_week_of_the_engine(live, tmp_path):
    for week in WEEKS[:2]:
        (tmp_path / "buyer" / "theta_5" / str(week) / "card.json").unlink()

    with pytest.raises(ArtifactError, match=r"before 2018-12-29 can serve \(stored: 2018-12-29\)"):
        rolled_back(live, BUYER, "", "it drifts")
    assert live.store.withdrawals("buyer") == ()


@pytest.mark.parametrize(
    ("target", "why", "error", "said"),
    [
        ("banana", "it drifts", SettingsError, "found target 'banana' of buyer, expected one of"),
        ("", "  ", SettingsError, "the reason is empty"),
    ],
)
def test_what_is_not_there_and_what_is_not_said_is_refused(live, target, why, error, said):
    with pytest.raises(error, match=said):
        rolled_back(live, BUYER, target, why)


def test_nothing_stored_is_nothing_to_roll_back(tmp_path):
    with pytest.raises(ArtifactError, match="no model of buyer is stored"):
        rolled_back(Site(ModelStore(tmp_path), is_live=True), BUYER, "", "it drifts")
