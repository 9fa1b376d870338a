"""qlib's side of the race, run by the Python of `.venv-peers`, which has no polars and no Aegis.

``python qlib_peer.py PROVIDER KERNELS VALUES < words``: the first run writes its values, so that
they can be compared, and then each word is one run, as `benchmarks.worker` wants it.  The
expressions come as JSON in PROVIDER.  All caches are off, and that of subexpressions, which lives
in memory, is emptied before each run.
"""

import json
import logging
import sys
from pathlib import Path

import pandas as pd
import qlib
from qlib.config import C
from qlib.data import D
from qlib.data.cache import H

_STORED = ["$close", "$high", "$low", "$volume"]


def values(expressions: list[str]) -> pd.DataFrame:
    """One row per instrument and session, one column per expression."""
    H.clear()
    return D.features(D.instruments("all"), expressions, freq="day")


def main(provider: str, kernels: int, target: str) -> None:
    """Compute once and write it, then once per line of the input."""
    qlib.init(
        provider_uri=provider,
        region="us",
        expression_cache=None,
        dataset_cache=None,
        kernels=kernels,
        logging_level=logging.ERROR,
    )
    if C.expression_cache is not None or C.dataset_cache is not None:
        raise RuntimeError("qlib has a cache that was to be off")
    expressions = json.loads((Path(provider) / "expressions.json").read_text())
    values(expressions).reset_index().to_parquet(target)
    print("ready", flush=True)
    for line in sys.stdin:
        values(_STORED if line.strip() == "read" else expressions)
        print(line.strip(), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3])
