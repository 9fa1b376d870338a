"""Clients of the loopback Yahoo for tests: plain questions, and the real yfinance."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from curl_cffi import requests

from aegis_assets_tests.loopback.server import LoopbackYahoo

CHARTS = "/v8/finance/chart"
Call = tuple[str, Mapping[str, str]]

_READER = """
import json, sys, warnings
import yfinance as yf
from yfinance import cache
warnings.simplefilter("ignore")
folder, proxy, bundle, zones, calls = json.loads(sys.argv[1])
yf.set_tz_cache_location(folder)
yf.config.debug.hide_exceptions = False
for symbol, zone in zones.items():
    cache.get_tz_cache().store(symbol, zone)
session = None
if proxy:
    from curl_cffi import requests
    session = requests.Session(impersonate="chrome", proxy=proxy, verify=bundle)
answers = []
for symbol, options in calls:
    try:
        bars = yf.Ticker(symbol, session=session).history(auto_adjust=False, **options)
    except Exception as error:
        answers.append(type(error).__name__)
        continue
    starts = [int(start.timestamp()) for start in bars.index]
    answers.append([starts, bars[["Open", "High", "Low", "Close", "Volume"]].values.T.tolist()])
print(json.dumps(answers))
"""


def histories(
    yahoo: LoopbackYahoo,
    folder: Path,
    calls: Sequence[Call],
    *,
    by_session: bool = False,
    zones: Mapping[str, str] | None = None,
) -> list[Any]:
    """What yfinance gives for each call: start and columns of its bars, or the error's name.

    In a process of its own, since yfinance remembers too much for two tests to share one.  It is
    told where to go by its environment alone, or by the session it is given.  `folder` is where
    it keeps cookies and time zones; it knows `zones` already.
    """
    route = [yahoo.url, str(yahoo.ca_file)] if by_session else [None, None]
    told = {} if by_session else yahoo.environment
    order = json.dumps([str(folder), *route, zones or {}, calls])
    done = subprocess.run(  # noqa: S603 - our own interpreter and script
        [sys.executable, "-c", _READER, order],
        env={**os.environ, **told},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    answers: list[Any] = json.loads(done.stdout)
    return answers


def asked(yahoo: LoopbackYahoo, symbol: str, **query: object) -> tuple[int, Any]:
    """Status and `chart` of an answer, without proxy or TLS."""
    asks = {"events": "div,splits", **query}
    answer = requests.get(f"{yahoo.url}{CHARTS}/{symbol}", params=asks)
    return answer.status_code, answer.json()["chart"]


def charted(yahoo: LoopbackYahoo, symbol: str, **query: object) -> Any:
    """The one result of a chart request that succeeds."""
    status, chart = asked(yahoo, symbol, **query)
    assert status == 200, chart
    return chart["result"][0]


def columns(result: Any) -> list[list[Any]]:
    """Open, high, low, close and volume."""
    quote = result["indicators"]["quote"][0]
    return [quote[name] for name in ("open", "high", "low", "close", "volume")]
