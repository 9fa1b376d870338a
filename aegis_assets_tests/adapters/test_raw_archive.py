"""Bodies are kept whole and once, attempts are logged whole or counted as torn."""

import fcntl
import gzip
import json
from datetime import UTC, date, datetime

import pytest

from aegis_assets.adapters.raw_archive import TORN, Fetch, RawArchive
from aegis_assets.core.errors import StorageError
from aegis_assets_tests.adapters.faults import SERVER, child, completes, refusal, small_disk

AT = datetime(2026, 8, 31, 10, 2, tzinfo=UTC)
URL = "https://query2.finance.yahoo.com/v8/finance/chart/%5ENSEI"
BODY = b'{"chart":{"result":[],"error":null}}'


@pytest.fixture
def archive(tmp_path):
    return RawArchive(tmp_path / "raw", now=lambda: AT)


def fetch(**facts):
    return Fetch(
        **{"at": AT, "url": URL, "client": "direct", "attempt": 1, "verdict": "answered"} | facts
    )


def bodies(archive):
    return sorted(archive.folder.glob("??/*.gz"))


def log_file(archive):
    [path] = archive.folder.glob("fetches-*.jsonl")
    return path


def test_a_body_comes_back_by_its_hash(archive):
    assert archive.body(archive.keep(BODY)) == BODY


def test_the_same_body_twice_is_one_file_that_is_not_written_again(archive):
    archive.keep(BODY)
    [path] = bodies(archive)
    written = path.stat().st_mtime_ns, path.stat().st_ino
    archive.keep(BODY)
    assert [path] == bodies(archive)
    assert (path.stat().st_mtime_ns, path.stat().st_ino) == written


def test_a_body_gives_the_same_file_whenever_it_is_kept(archive, tmp_path):
    other = RawArchive(tmp_path / "other")
    assert archive.keep(BODY) == other.keep(BODY)
    assert bodies(archive)[0].read_bytes() == bodies(other)[0].read_bytes()


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (gzip.compress(b"other"), "holds other bytes"),
        (gzip.compress(BODY)[:-9], "cannot be read"),
        (b"rubbish", "cannot be read"),
    ],
    ids=["other", "cut", "rubbish"],
)
def test_a_body_that_is_not_what_its_name_says_is_refused(archive, content, found):
    sha256 = archive.keep(BODY)
    bodies(archive)[0].write_bytes(content)
    with pytest.raises(StorageError, match=found):
        archive.body(sha256)


@pytest.mark.parametrize("name", ["", "ab", "../" * 20 + "etc/passwd", "G" * 64])
def test_only_a_hash_names_a_body(archive, name):
    with pytest.raises(StorageError, match="64 hexadecimal digits"):
        archive.body(name)


def test_a_body_that_is_gone_is_named(archive):
    with pytest.raises(StorageError, match="not in the archive"):
        archive.body("0" * 64)


def test_a_fetch_is_logged_with_all_it_says(archive):
    archive.log(
        fetch(
            params={"interval": "1d", "period1": 5},
            status=200,
            sha256="ab",
            bytes=3,
            seconds=0.5,
            note="odd",
        )
    )
    [row] = archive.fetches().to_dicts()
    assert row == {
        "at": AT,
        "url": URL,
        "params": '{"interval": "1d", "period1": "5"}',
        "client": "direct",
        "status": 200,
        "attempt": 1,
        "sha256": "ab",
        "bytes": 3,
        "seconds": 0.5,
        "verdict": "answered",
        "note": "odd",
    }


def test_crumbs_and_passwords_are_never_logged(archive):
    archive.log(fetch(url="https://me:secret@host/a?crumb=secret&b=1", params={"crumb": "secret"}))
    assert "secret" not in log_file(archive).read_text()
    [row] = archive.fetches().to_dicts()
    assert (row["url"], row["params"]) == ("https://host/a", '{"b": "1"}')


def test_each_month_has_a_log_and_all_are_read_in_order(archive):
    months = [datetime(2026, month, 1, tzinfo=UTC) for month in (9, 7, 8)]
    for at in months:
        archive.log(fetch(at=at))
    assert archive.fetches("2026-08")["at"].to_list() == [months[2]]
    assert archive.fetches()["at"].to_list() == sorted(months)


def test_an_archive_without_a_log_has_no_fetches(archive):
    assert archive.fetches().is_empty()
    assert archive.fetches().columns == archive.fetches("2026-08").columns


def test_what_became_of_a_body_is_told_apart_from_how_it_came(archive):
    archive.log(fetch(sha256="ab"))
    archive.judge("ab", "^NSEI", "1d", "rejected:WRONG_SYMBOL")
    assert archive.fetches().height == 1
    assert archive.judgements("2026-08").to_dicts() == [
        {
            "at": AT,
            "sha256": "ab",
            "symbol": "^NSEI",
            "interval": "1d",
            "verdict": "rejected:WRONG_SYMBOL",
        }
    ]


@pytest.mark.parametrize("kept", [1, 40])
def test_a_torn_line_is_counted_and_costs_no_other(archive, kept):
    archive.log(fetch(note="first"))
    path = log_file(archive)
    whole = path.read_bytes()
    path.write_bytes(whole + whole[:kept])
    assert archive.fetches()["verdict"].to_list() == ["answered", TORN]

    archive.log(fetch(note="next"))
    assert archive.fetches()["verdict"].to_list() == ["answered", TORN, "answered"]
    assert archive.fetches()["note"].to_list() == ["first", whole[:kept].decode(), "next"]


@pytest.mark.parametrize("rubbish", [b"\x00" * 50, b"\xff\xfe", b"5", b"{}", b'{"at": 1}', b"[]"])
def test_whatever_a_power_cut_left_is_a_torn_line(archive, rubbish):
    archive.log(fetch())
    log_file(archive).write_bytes(rubbish + b"\n" + log_file(archive).read_bytes())
    assert archive.fetches()["verdict"].to_list() == [TORN, "answered"]


def log_many(folder, writer):
    for number in range(200):
        RawArchive(folder).log(fetch(note=f"{writer}:{number}" + "x" * 5000))


def test_lines_of_several_processes_do_not_mix(archive):
    writers = [child(log_many, archive.folder, writer) for writer in range(3)]
    for writer in writers:
        writer.join()
    notes = archive.fetches()["note"].str.strip_chars_end("x").to_list()
    assert sorted(notes) == sorted(
        f"{writer}:{number}" for writer in range(3) for number in range(200)
    )


def log_once(folder, begun):
    begun.set()
    RawArchive(folder).log(fetch())


def test_a_writer_waits_for_another_to_finish_its_line(archive):
    archive.log(fetch())
    with log_file(archive).open("ab") as half_written:
        fcntl.flock(half_written, fcntl.LOCK_EX)
        begun = SERVER.Event()
        writer = child(log_once, archive.folder, begun)
        assert begun.wait(60.0)
        writer.join(0.3)
        assert writer.is_alive()
    writer.join()
    assert archive.fetches().height == 2


def log_for_ever(folder, begun):
    while True:
        RawArchive(folder).log(fetch(note="x" * 100_000))
        begun.set()


def test_a_killed_writer_costs_no_line_of_others(archive):
    for kill in range(5):
        begun = SERVER.Event()
        writer = child(log_for_ever, archive.folder, begun)
        begun.wait()
        writer.kill()
        writer.join()
        archive.log(fetch(note=f"mine {kill}"))
    notes = archive.fetches().filter(verdict="answered", client="direct")["note"]
    assert [note for note in notes if note.startswith("mine")] == [
        f"mine {kill}" for kill in range(5)
    ]


def test_a_kill_while_a_body_is_kept_leaves_it_whole_or_absent(tmp_path):
    step, done = 0, False
    while not done:
        archive = RawArchive(tmp_path / str(step))
        done = completes(step, archive.folder, archive.keep, BODY)
        assert [archive.body(path.stem) for path in bodies(archive)] in ([], [BODY])
        assert archive.body(archive.keep(BODY)) == BODY
        step += 1
    assert step > 2


def log_lines(archive, count):
    for _ in range(count):
        archive.log(fetch(note="x" * 1000))


def test_a_full_disk_keeps_whole_lines_and_says_so(tmp_path):
    with small_disk(tmp_path, 40_960) as limit:
        archive = RawArchive(tmp_path / "raw")
        name, message = refusal(log_lines, archive, 1000, file_limit=limit or None)
        assert name == "StorageError"
        assert "fetches-2026-08.jsonl could not be written" in message
        logged = archive.fetches()
        assert logged.height > 5
        assert logged["verdict"].unique().to_list() == ["answered"]


def test_old_intraday_bodies_may_go_and_daily_ones_stay(archive):
    ages = {
        "old minutes": [("1m", date(2026, 5, 1))],
        "new minutes": [("5m", date(2026, 8, 1))],
        "old days": [("1d", date(2026, 5, 1))],
        "minutes seen again": [("1m", date(2026, 5, 1)), ("1m", date(2026, 8, 1))],
        "front page": [(None, date(2026, 5, 1))],
    }
    for body, fetches in ages.items():
        sha256 = archive.keep(body.encode())
        for interval, day in fetches:
            at = datetime(day.year, day.month, day.day, tzinfo=UTC)
            params = {"interval": interval} if interval else {}
            archive.log(fetch(at=at, sha256=sha256, params=params))

    assert archive.prune(date(2026, 6, 1)) == 1
    assert archive.prune(date(2026, 6, 1)) == 0
    left = {archive.body(path.stem.removesuffix(".gz")).decode() for path in bodies(archive)}
    assert left == ages.keys() - {"old minutes"}


def test_a_log_line_is_json_that_any_tool_reads(archive):
    archive.log(fetch(params={"range": "5d"}))
    [line] = log_file(archive).read_text().splitlines()
    assert json.loads(line)["params"] == {"range": "5d"}


def test_pruning_sweeps_what_a_killed_writer_left(archive):
    sha256 = archive.keep(BODY)
    folder = bodies(archive)[0].parent
    leftover = folder / f".{sha256}.gz.0123456789abcdef.tmp"
    leftover.write_bytes(b"half a bo")
    archive.prune(date(2030, 1, 1))

    assert not leftover.exists()
    assert archive.body(sha256) == BODY
