"""Code versions of the assets: what was declared, and the machinery that runs it.

Dagster shows an asset as stale, and `aegis run` makes it again, when its code version changes.  A
comment changes none.  A stored model is refused by its declaration alone, so that a slot of last
year can still be replayed after a change of the machinery.
"""

from aegis_assets.adapters.page_assets import page_version
from aegis_assets.adapters.syntax import syntax_version
from aegis_assets.core.engines import Engine

_BARS = ("bars", "absorption", "vetting", "spot", "laws", "sessions", "universe", "markets")
_CANDLES = ("candles", "intraday", *_BARS)
_TABLES = (*_CANDLES, "indicators", "labels", "engines/engine", "engines/feature_table")
_SESSION = (*_CANDLES, "indicators/volatility", "session_features")
_MODELS = (
    *_TABLES,
    "frozen",
    "card",
    "evidence",
    "estimators",
    "evaluation",
    "engines/volatility",
    "engines/asking",
    "engines/elsewhere",
)
_PAYLOAD = (
    *_MODELS,
    "session_features",
    "expiries",
    "options",
    "contract",
    "claim",
    "engines",
    "provenance",
    "payload",
    "running",
    "quality",
    "ledger",
    "assembly",
)


def candles_version() -> str:
    """Of bars and candles."""
    return syntax_version(*_CANDLES)


def tables_version(engine: Engine) -> str:
    """Of an engine's features and labels."""
    return f"{engine.code_version}-{syntax_version(*_TABLES)}"


def session_features_version() -> str:
    """Of the features of the running session."""
    return syntax_version(*_SESSION)


def models_version(engine: Engine, left_out: frozenset[str] = frozenset()) -> str:
    """Of an engine's walk-forward record and models, less the estimators that are left out."""
    without = "".join(f"-without-{name}" for name in sorted(left_out))
    return f"{engine.code_version}-{syntax_version(*_MODELS)}{without}"


def dashboard_version() -> str:
    """Of the page."""
    return f"{page_version()}-{syntax_version('contract', 'payload', 'ledger', 'dashboard')}"


def payload_version() -> str:
    """Of the payload."""
    return syntax_version(*_PAYLOAD)
