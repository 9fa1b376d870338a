"""The report of a week as an asset: the file of `aegis validate`, its tables, and its bounds."""

import shutil

import pytest

from aegis_assets.core.card import Card
from aegis_assets.core.engines import ENGINES, VOLATILITY
from aegis_assets.core.evidence import Evidence
from aegis_assets.defs.validation import validation_assets, validation_checks, validation_key
from aegis_assets_tests import cards
from aegis_assets_tests.defs import shelf
from aegis_assets_tests.defs.shelf import CANDIDATE, TARGET, WEEKS
from aegis_assets_tests.worlds import made_once

OLD, NEW = WEEKS[1:]


@pytest.fixture(scope="module")
def furnished(shared):
    return made_once(shared / "shelf", shelf.furnish)


@pytest.fixture
def site(furnished, tmp_path):
    return shelf.Site(shutil.copytree(furnished, tmp_path / "home"))


def told(made, engine=VOLATILITY):
    """Metadata of the engine's report."""
    events = made.asset_materializations_for_node(f"validation__{engine.name}")
    return {name: value.value for name, value in events[0].metadata.items()}


def test_every_engine_has_its_report_as_a_file_and_on_its_page(site):
    made = site.run(validation_assets, checks=validation_checks()).made
    reports = site.home / "warehouse" / "reports"

    assert made.success
    assert sorted(path.name for path in reports.iterdir()) == sorted(
        f"{engine.name}-{NEW}.md" for engine in ENGINES
    )
    metadata = told(made)
    assert metadata["report"] == str(reports / f"volatility-{NEW}.md")
    assert metadata["trained to"] == NEW
    assert (metadata["served as BASELINE"], metadata["not served"]) == (1, 5)
    assert f"| `{TARGET}` | **BASELINE** {CANDIDATE} |" in metadata["verdicts"]
    assert (reports / f"volatility-{NEW}.md").read_text().startswith(metadata["summary"].strip())
    assert all(each.passed for each in made.get_asset_check_evaluations())
    assert len(made.get_asset_check_evaluations()) == len(ENGINES)


def test_a_report_made_twice_has_the_same_bytes(site):
    site.run(validation_assets)
    path = site.home / "warehouse" / "reports" / f"volatility-{NEW}.md"
    before = path.read_bytes()
    path.write_bytes(b"torn")
    site.run(validation_assets)

    assert path.read_bytes() == before


def test_an_engine_that_was_not_trained_with_the_week_is_told_of_the_week_before(site):
    for target in VOLATILITY.targets:
        shutil.rmtree(site.folder(NEW, target.name))

    assert told(site.run(validation_assets).made)["trained to"] == OLD


def test_a_week_before_any_training_has_no_report(site):
    made = site.run(validation_assets, "2018-12-08").made

    assert not made.success
    assert not (site.home / "warehouse" / "reports").exists()


def test_what_serves_outside_its_bounds_is_told_and_stops_nobody(site):
    stored = shelf.answering(NEW)
    low = cards.coverage(0.9).model_copy(update={"value": 0.8})
    evidence = Evidence(coverage={CANDIDATE: (low,)})
    card = Card.model_validate(stored.card.model_copy(update={"evidence": evidence}))
    site.store.save(stored.model_copy(update={"card": card}))
    made = site.run(validation_assets, checks=validation_checks()).made
    failed = [each for each in made.get_asset_check_evaluations() if not each.passed]

    assert made.success
    assert [each.asset_key for each in failed] == [validation_key(VOLATILITY)]
    assert failed[0].metadata["outside"].value == (
        f"- {TARGET}: {CANDIDATE}: covers 0.800 at 0.9, at most 0.015 off"
    )
    assert failed[0].severity.value == "WARN"
