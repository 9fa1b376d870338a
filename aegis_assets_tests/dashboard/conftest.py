import os
import shutil
from contextlib import ExitStack

import pytest
from playwright.sync_api import sync_playwright

from aegis_assets_tests.dashboard.sites import Site

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def chromium():
    """A browser of this machine; without one the tests are skipped, and on CI they fail."""
    found = next((path for name in _NAMES if (path := shutil.which(name))), None)
    if found is None:
        reason = f"none of {', '.join(_NAMES)} is installed: apt-get install chromium"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return found


@pytest.fixture(scope="package")
def browser():
    path = chromium()
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def afternoon(browser, tmp_path_factory):
    """Opens tabs of the made-up afternoon, each once: to read, not to change."""
    complaints, visits = [], {}
    with Site(tmp_path_factory.mktemp("afternoon")) as served:
        served.show()

        def visit(tab="direction"):
            if tab not in visits:
                visits[tab] = served.visited(browser, complaints, tab=tab)
            return visits[tab]

        yield visit
        for each in visits.values():
            each.context.close()
    assert complaints == []


@pytest.fixture
def site(tmp_path):
    """A publish folder, served as `aegis dashboard` does."""
    with Site(tmp_path) as served:
        yield served


@pytest.fixture
def opened(browser, site):
    """Opens the site's page; at the end no error may have been written to its console."""
    with ExitStack() as contexts:
        complaints = []

        def visit(**options):
            visited = site.visited(browser, complaints, **options)
            contexts.callback(visited.context.close)
            return visited

        yield visit
        assert complaints == site.expected_complaints
