import http.client

import pytest

from aegis_assets.adapters.page_server import PageServer
from aegis_assets_tests.dashboard.sites import Site


@pytest.fixture
def served(tmp_path):
    with Site(tmp_path) as site:
        site.show()
        yield site


def answered(site, path, **headers):
    connection = http.client.HTTPConnection("127.0.0.1", site.server.server_port, timeout=5)
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer, body


@pytest.mark.parametrize("name", ["index.html", "aegismatrix.json", "history.json"])
def test_published_files_are_served_as_they_are_and_never_cached(served, name):
    answer, body = answered(served, f"/{name}?t=1")

    assert answer.status == 200
    assert body == (served.folder / name).read_bytes()
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_the_page_is_what_the_address_leads_to(served):
    assert answered(served, "/")[1] == (served.folder / "index.html").read_bytes()


def test_each_request_reads_the_file_anew(served):
    served.publisher.put("history.json", b"{}")

    assert answered(served, "/history.json")[1] == b"{}"


@pytest.mark.parametrize(
    "path", ["/slots/", "/../secret.txt", "/%2e%2e/secret.txt", "//etc/passwd", "/secret.txt"]
)
def test_nothing_else_of_the_disk_is_served(served, path):
    (served.folder / "secret.txt").write_text("mine")
    (served.folder.parent / "secret.txt").write_text("mine")
    answer, body = answered(served, path)

    assert answer.status == 404
    assert b"mine" not in body


def test_a_site_that_points_its_name_here_gets_nothing(served):
    answer, body = answered(served, "/aegismatrix.json", Host="quotes.example:80")

    assert answer.status == 403
    assert b"market" not in body


def test_it_is_bound_to_the_loopback_only(served):
    assert served.server.server_address[0] == "127.0.0.1"
    assert PageServer.daemon_threads
