"""The fault table as Markdown: `python -m aegis_assets_tests.chain > docs/faults.md`."""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from aegis_assets_tests.chain.situations import BOOK, INDEX, Situations
from aegis_assets_tests.chain.table import document
from aegis_assets_tests.loopback.clock import Clock
from aegis_assets_tests.loopback.server import LoopbackYahoo


def main() -> None:
    clock = Clock(INDEX.moment)
    with TemporaryDirectory() as folder, LoopbackYahoo(BOOK, clock=clock) as yahoo:
        for piece in document(Situations(yahoo, Path(folder))):
            sys.stdout.write(piece)
            sys.stdout.flush()


if __name__ == "__main__":
    main()
