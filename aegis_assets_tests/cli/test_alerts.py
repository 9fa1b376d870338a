"""`aegis alerts`: what is open, whom it did not reach, and a try of every place."""

import json

import pytest
import typer
from typer.testing import CliRunner

from aegis_assets.adapters.alert_book import AlertBook, State
from aegis_assets.adapters.notifiers import delivered, place_name, places_of
from aegis_assets.cli.alerts import alerts
from aegis_assets.core.alerts import posted
from aegis_assets.settings import settings
from aegis_assets_tests.adapters.hooks import hook
from aegis_assets_tests.core.found import DISK, MINUTE, NOON, SLOT, run


@pytest.fixture
def aegis(monkeypatch, tmp_path):
    """The command in an empty home, with these places of alerts."""
    app = typer.Typer()
    app.command()(alerts)

    def ran(*arguments, to=()):
        chosen = {"AEGIS_SOURCE": "yahoo", "AEGIS_MARKET": "NIFTY", "AEGIS_HOME": str(tmp_path)}
        chosen["AEGIS_ALERT_TO"] = " ".join(each.get_secret_value() for each in to)
        for name, value in chosen.items():
            monkeypatch.setenv(name, value)
        settings.cache_clear()
        return CliRunner().invoke(app, arguments)

    yield ran
    settings.cache_clear()


@pytest.fixture
def book(tmp_path):
    return AlertBook(tmp_path / "warehouse" / "alerts")


def find(book, places, *findings):
    """Looks that found these, and what came of telling it."""
    told, open_ = run([(NOON, *findings)])
    book.change(lambda state: State(open_, posted(state.outbox, told, ("log", *places))))
    delivered(book, places, lambda *_: None, NOON, trading=True)


def test_a_home_in_which_nobody_looks_says_so(aegis):
    said = aegis()
    assert said.exit_code == 0
    assert "no alert is open" in said.output
    assert "never: the sensor watch has not run" in said.output


def test_open_alerts_are_shown_with_when_they_were_told_and_what_to_do(aegis, book):
    find(book, {}, DISK, SLOT)
    shown = " ".join(aegis().output.split())
    assert "disk nearly full" in shown
    assert "a slot is late" in shown
    assert "last look 2024-12-10 12:00" in shown
    assert "place log last took one 2024-12-10 12:00" in shown


def test_machines_read_the_open_alerts_as_json(aegis, book):
    find(book, {}, DISK)
    assert json.loads(aegis("--json").output) == [
        {
            "key": "disk/scarce",
            "severity": "warning",
            "title": "disk nearly full",
            "text": "1 GB free.",
            "remedy": "free some",
            "opened_at": NOON.isoformat(),
            "last_told_at": NOON.isoformat(),
            "times_told": 1,
        }
    ]


def test_a_place_that_failed_is_shown_with_what_waits_for_it(aegis, book):
    with hook(status=500) as ill:
        find(book, places_of([ill.url]), DISK, SLOT)
        shown = aegis(to=[ill.url]).output
    assert f"{place_name(ill.url)}  2 wait, 1 failures in a row" in shown
    assert "swordfish" not in shown


def test_a_try_says_of_each_place_whether_it_took_it(aegis, book):
    with hook() as good, hook(status=500) as ill:
        said = aegis("--test", to=[good.url, ill.url])
        assert said.exit_code == 1
        assert f"{place_name(good.url)}  took it" in said.output
        assert f"{place_name(ill.url)}  it refused, or could not be reached" in said.output
        assert aegis("--test", to=[good.url]).exit_code == 0
        assert good.titles == ["Aegis: this is a test"] * 2
    assert "swordfish" not in said.output
    assert book.state() == State()


def test_without_a_place_a_try_says_where_alerts_go(aegis):
    said = aegis("--test")
    assert said.exit_code == 0
    assert "AEGIS_ALERT_TO names no place" in said.output


def test_a_torn_book_is_told_in_a_sentence(aegis, book):
    book.change(lambda _: State(run([(NOON, DISK), (NOON + MINUTE, DISK)])[1]))
    (book.folder / "book.json").write_bytes(b'{"book"')
    said = aegis()
    assert said.exit_code == 1
    assert "is no book of alerts" in said.output
    assert "Traceback" not in said.output
