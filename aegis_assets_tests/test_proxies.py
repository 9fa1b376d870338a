"""What deploy/proxy puts in front of the page is let in by the page."""

import http.client
import re
import threading
from pathlib import Path

import pytest

from aegis_assets.adapters.page_server import PageServer
from aegis_assets.adapters.publishers import FolderPublisher

PROXIES = Path(__file__).parents[1] / "deploy" / "proxy"
SAID = re.compile(r"(?:header_up|proxy_set_header) Host (\S+?);?$", re.MULTILINE)


def of_page(name):
    """The block of the page, as the proxy has it."""
    content = (PROXIES / name).read_text()
    begun = content[re.search(r"(?:handle_path|location) /page/", content).start() :]
    return begun[: begun.index("\n\n") if "\n\n" in begun else None]


@pytest.mark.parametrize("name", ["Caddyfile", "nginx.conf"])
def test_the_page_answers_to_the_host_that_the_proxy_names(name, tmp_path):
    [host] = SAID.findall(of_page(name))[:1]
    publisher = FolderPublisher(tmp_path)
    publisher.put("index.html", b"<!doctype html>")
    server = PageServer(publisher, 0)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    asked = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=5)
    asked.request("GET", "/", headers={"Host": host.replace("8321", f"{server.server_port}")})
    status = asked.getresponse().status
    asked.close()
    server.shutdown()
    server.server_close()

    assert status == 200
