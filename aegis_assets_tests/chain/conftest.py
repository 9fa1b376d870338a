import pytest

from aegis_assets_tests.chain.situations import BOOK, INDEX, Situations
from aegis_assets_tests.loopback.clock import Clock
from aegis_assets_tests.loopback.server import LoopbackYahoo


@pytest.fixture(scope="session")
def situations(tmp_path_factory):
    """A Yahoo of three symbols and homes to meet it in."""
    with LoopbackYahoo(BOOK, clock=Clock(INDEX.moment)) as yahoo:
        yield Situations(yahoo, tmp_path_factory.mktemp("homes"))
