from aegis_assets.adapters.alert_book import JOURNAL, AlertBook
from aegis_assets.adapters.journals import PREVIOUS, rotate
from aegis_assets_tests.worlds import files_of


def journal(folder, lines):
    book = AlertBook(folder)
    folder.mkdir(exist_ok=True)
    (folder / JOURNAL).write_text("{}\n" * lines)
    return book


def test_a_short_log_and_none_stay_as_they_are(tmp_path):
    assert not rotate(AlertBook(tmp_path / "none"))
    book = journal(tmp_path / "alerts", 10)
    before = files_of(tmp_path / "alerts")

    assert not rotate(book, longest=30)
    assert files_of(tmp_path / "alerts") == before


def test_a_long_log_becomes_the_previous_one_in_place_of_the_one_before(tmp_path):
    for lines in (11, 12):
        assert rotate(journal(tmp_path, lines), longest=30)

    assert (tmp_path / PREVIOUS).read_text() == "{}\n" * 12
    assert not (tmp_path / JOURNAL).exists()


def test_while_somebody_sends_the_log_is_theirs(tmp_path):
    book = journal(tmp_path, 11)
    with book.sending() as may:
        assert may
        assert not rotate(book, longest=30)

    assert rotate(book, longest=30)
