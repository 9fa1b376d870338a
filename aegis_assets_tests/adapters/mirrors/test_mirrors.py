"""Every mirror gets the files, whatever becomes of the others; and what news is."""

import subprocess
import sys
from pathlib import Path

import fsspec
import pytest

from aegis_assets.adapters.mirrors import Failure, mirrored, mirrors
from aegis_assets.adapters.mirrors.git_mirror import GitMirror
from aegis_assets.adapters.mirrors.mirror import is_news
from aegis_assets.adapters.mirrors.url_mirror import UrlMirror
from aegis_assets.adapters.publishers import FolderPublisher
from aegis_assets_tests.adapters.mirrors.repositories import (
    PAYLOAD,
    PREVIOUS,
    files,
    payload,
    shown,
)
from aegis_assets_tests.adapters.test_publishers import MORNING


def test_a_mirror_that_fails_stops_no_other_and_loses_nothing(tmp_path, remote, clone):
    publisher = FolderPublisher(tmp_path / "publish")
    publisher.publish(payload(1.0), MORNING)
    publisher.put("index.html", b"page")
    places = [f"git:{tmp_path}/absent", f"memory://{tmp_path}", "s3://bucket/x", f"git:{clone}"]
    done = mirrored(mirrors(places), publisher.files(), f"slot {MORNING}")

    assert [each.name for each in done] == places
    assert [isinstance(each, Failure) for each in done] == [True, False, True, False]
    assert "does not exist" in done[0].sentence
    assert shown(remote, PAYLOAD) == payload(1.0)
    assert fsspec.filesystem("memory").cat_file(f"{tmp_path}/index.html") == b"page"
    assert publisher.current() == payload(1.0)


def test_places_become_mirrors_in_their_order():
    home = mirrors(["git:~/site"])[0]

    assert mirrors(["git:../site?branch=pages&folder=a/b&remote=fork", "memory://x"]) == [
        GitMirror(Path("../site"), "pages", "a/b", "fork"),
        UrlMirror("memory://x"),
    ]
    assert home == GitMirror(Path.home() / "site")
    assert mirrors([]) == []


def test_the_name_of_a_git_mirror_is_the_place_it_was_set_by():
    places = ["git:../site", "git:../site?branch=pages&folder=a/b&remote=fork"]

    assert [each.name for each in mirrors(places)] == places


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        (files(1.0), {}, True),
        (files(1.0), files(1.0), False),
        (files(1.0), files(2.0), True),
        (files(1.0, generated_at="A"), files(1.0, generated_at="B"), False),
        (files(1.0, b"at A", generated_at="A"), files(1.0, b"at B", generated_at="B"), False),
        (files(1.0, b"at A", generated_at="A"), files(1.0, b"at B", generated_at="A"), True),
        (files(1.0), {PAYLOAD: payload(1.0)}, True),
        ({PAYLOAD: payload(1.0)}, files(1.0), False),
        (files(1.0) | {PREVIOUS: b"x"}, files(1.0), False),
        ({PAYLOAD: b"no JSON"}, {PAYLOAD: b"nor this"}, True),
        ({PAYLOAD: b"[1]"}, {PAYLOAD: b"[1]"}, False),
        ({PAYLOAD: b'{"generated_at": null}'}, {PAYLOAD: payload(1.0)}, True),
        ({PAYLOAD: b"\x00"}, {PAYLOAD: b"\x00\x00"}, True),
    ],
)
def test_news_is_what_a_reader_would_see_but_for_when_it_was_made(ours, theirs, expected):
    assert is_news(ours, theirs) is expected


def test_importing_the_mirrors_loads_neither_git_nor_fsspec():
    code = (
        "import sys, aegis_assets.adapters.mirrors; "
        "sys.exit({'git', 'fsspec'} & sys.modules.keys() or 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)  # noqa: S603


def test_where_git_is_not_installed_that_is_said(tmp_path):
    code = (
        "from aegis_assets.adapters.mirrors import mirrored, mirrors\n"
        f"print(mirrored(mirrors(['git:{tmp_path}']), {{}}, 'slot')[0].sentence)"
    )
    told = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code],
        check=True,
        capture_output=True,
        text=True,
        env={"PATH": str(tmp_path)},
    )
    assert told.stdout.startswith("git or GitPython is missing (")
