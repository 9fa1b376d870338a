"""A process that wants the daily bars of many symbols: `python -m aegis_assets_tests.chain.racer`.

It says "ready", waits for a line, and then asks through its own source; its clock runs fast, so
that waits of seconds pass in a fraction of them.  It ends with the kinds of outcome that it met.
"""

import json
import sys
import time
from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path

from aegis_assets.adapters.bar_store import BarStore
from aegis_assets.adapters.ingestion import Ingestion
from aegis_assets.adapters.warehouse import Warehouse
from aegis_assets.adapters.yahoo import Waiting, YahooSource
from aegis_assets.core.markets import SP500
from aegis_assets.core.universe import Instrument, InstrumentClass
from aegis_assets_tests.chain.situations import code_of


def main() -> None:
    raw, home, proxy, ca_file, moment, since, speed, *symbols = json.loads(sys.argv[1])
    started, begun = datetime.fromisoformat(moment).timestamp(), time.time()

    def seconds() -> float:
        return started + (time.time() - begun) * speed

    source = YahooSource(
        Path(raw),
        lambda: datetime.fromtimestamp(seconds(), UTC),
        proxy=proxy,
        ca_file=Path(ca_file),
        waiting=Waiting(time=seconds, sleep=lambda wait: time.sleep(wait / speed)),
    )
    store = BarStore(Warehouse(Path(home) / "aegis.duckdb"))
    instruments = [Instrument(each, InstrumentClass.EQUITY) for each in symbols]
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    begun = time.time()
    outcomes = Ingestion(source, store, SP500, date.fromisoformat(since)).run(instruments)
    sys.stdout.write(json.dumps(Counter(code_of(each.reasons[0]) for each in outcomes)))


if __name__ == "__main__":
    main()
