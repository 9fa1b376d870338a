"""Published files at a URL are whole, new only where there is news, and the previous is kept."""

import fsspec
import pytest
from fsspec.implementations.dirfs import DirFileSystem

from aegis_assets.adapters.mirrors.url_mirror import UrlMirror
from aegis_assets.core.errors import PublishError
from aegis_assets_tests.adapters.mirrors.repositories import (
    PAYLOAD,
    PREVIOUS,
    files,
    payload,
)


class Server(DirFileSystem):
    """A folder behind a protocol of its own, neither local nor an object store."""

    protocol = "server"
    root = ""

    def __init__(self, **_):
        super().__init__(path=self.root, fs=fsspec.filesystem("file"))

    @classmethod
    def _strip_protocol(cls, path):
        return path.removeprefix("server://").rstrip("/")


class FullServer(Server):
    """One that takes other files, and half of the payload."""

    protocol = "full"

    @classmethod
    def _strip_protocol(cls, path):
        return path.removeprefix("full://").rstrip("/")

    def pipe_file(self, path, value, **options):
        if f".{PAYLOAD}." not in path:
            super().pipe_file(path, value, **options)
            return
        super().pipe_file(path, value[: len(value) // 2], **options)
        raise OSError(28, "No space left on device")


@pytest.fixture
def servers(tmp_path, monkeypatch):
    for each in (Server, FullServer):
        fsspec.register_implementation(each.protocol, each, clobber=True)
        monkeypatch.setattr(each, "root", str(tmp_path))
    monkeypatch.setattr(Server, "cachable", False)
    return tmp_path


@pytest.fixture(params=["memory", "file", "server"])
def place(request, servers):
    """A URL and a function that reads all files there."""
    root = f"/{servers.name}/site" if request.param == "memory" else f"{servers}/site"
    url = "server://site" if request.param == "server" else f"{request.param}://{root}"
    system = fsspec.filesystem("memory" if request.param == "memory" else "file")

    def content():
        return {path.rpartition("/")[2]: system.cat_file(path) for path in system.find(root)}

    return url, content


def test_files_are_there_and_the_ones_before_are_kept(place):
    url, content = place
    first = UrlMirror(url).mirror(files(1.0, b"one"), "slot")
    assert (first.changed, first.what) == (True, url)
    assert content() == files(1.0, b"one")

    assert UrlMirror(url + "/").mirror(files(2.0, b"two"), "slot").changed
    assert content() == files(2.0, b"two") | {
        PREVIOUS: payload(1.0),
        "index.previous.html": b"one",
    }


def test_the_previous_payload_that_is_given_is_the_one_kept(place):
    url, content = place
    UrlMirror(url).mirror({PAYLOAD: payload(1.0)}, "slot")
    UrlMirror(url).mirror({PAYLOAD: payload(3.0), PREVIOUS: payload(2.0)}, "slot")

    assert content() == {PAYLOAD: payload(3.0), PREVIOUS: payload(2.0)}


def test_without_news_nothing_is_written(place):
    url, content = place
    UrlMirror(url).mirror(files(1.0, generated_at="A"), "slot")
    before = content()
    later = files(1.0, generated_at="B") | {PREVIOUS: payload(1.0, "A")}

    assert not UrlMirror(url).mirror(later, "slot").changed
    assert content() == before


def test_files_of_other_names_stay(place):
    url, content = place
    UrlMirror(url).mirror({"robots.txt": b"all"}, "by hand")
    UrlMirror(url).mirror(files(1.0), "slot")

    assert content() == files(1.0) | {"robots.txt": b"all"}


def test_a_failed_write_leaves_the_payload_that_was_there_and_the_next_completes(servers):
    def found():
        return {path.name: path.read_bytes() for path in (servers / "site").iterdir()}

    new = files(2.0, b"new page")
    UrlMirror("server://site").mirror(files(1.0, b"page"), "slot")
    with pytest.raises(PublishError, match=r"full://site could not be written .*No space left"):
        UrlMirror("full://site").mirror(new, "slot")
    before = {"index.previous.html": b"page", PREVIOUS: payload(1.0)}
    assert found() == files(1.0, b"new page") | before

    assert UrlMirror("server://site").mirror(new, "slot").changed
    assert found() == new | before


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("s3://bucket/aegis", r"s3:// is not installed: pip install s3fs"),
        ("moon://crater", r"ValueError: Protocol not known: moon"),
    ],
)
def test_a_protocol_that_cannot_be_spoken_is_said_so(url, said):
    with pytest.raises(PublishError, match=said):
        UrlMirror(url).mirror(files(1.0), "slot")


def test_a_folder_that_cannot_be_made_is_said_so(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(PublishError, match="could not be written"):
        UrlMirror(f"file://{tmp_path}/file/site").mirror(files(1.0), "slot")


def test_a_password_is_not_part_of_the_name():
    assert UrlMirror("ftp://me:secret@host/site").name == "ftp://host/site"
