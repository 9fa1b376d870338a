"""What each path of the payload reads: the one declaration that no other could be derived from.

A block is a function of answers and a moment, so which of them end in which field is nowhere
declared.  It is said here once, by label and name, and `test_lineage_is_true.py` changes each
answer, feature and price in turn: exactly the paths that say so may move.
"""

from collections.abc import Mapping
from functools import lru_cache
from itertools import chain

from aegis_assets.core import candles
from aegis_assets.core.engines import ENGINES
from aegis_assets.core.engines.blocks.breach import CURVE
from aegis_assets.core.engines.blocks.breakout import SESSIONS
from aegis_assets.core.engines.blocks.direction import LABELS
from aegis_assets.core.engines.direction import DIRECTION
from aegis_assets.core.errors import DataError
from aegis_assets.core.labels.breakout import BREAKOUT_1
from aegis_assets.core.labels.direction import DIRECTION_1
from aegis_assets.core.labels.magnitude import (
    MAGNITUDE_1,
    MAGNITUDE_3,
    MAGNITUDE_5,
    MAGNITUDE_10,
    MAGNITUDE_20,
    MAGNITUDE_40,
)
from aegis_assets.core.labels.path import (
    FALL_1,
    FALL_5,
    FALL_10,
    FALL_20,
    RISE_1,
    RISE_5,
    RISE_10,
    RISE_20,
)
from aegis_assets.core.labels.regime import REGIME_10
from aegis_assets.core.labels.spike import SPIKE_1
from aegis_assets.core.labels.theta import PREMIUM_5, THETA_5
from aegis_assets.core.labels.trap import TRAP_5
from aegis_assets.core.lineage.column import (
    ACTIVITY,
    CANDLES,
    CHAIN,
    FORECASTS,
    MINUTES,
    PAYLOAD,
    SESSION_FEATURES,
    Column,
    Columns,
)
from aegis_assets.core.lineage.models import (
    ahead,
    answer,
    answers,
    law,
    next_session,
    placed,
    session_alone,
)
from aegis_assets.core.lineage.paths import known_path, paths

UNTIL_EXPIRY = (1, 2, 3, 5, 10, 20, 25)
"""Sessions that a seller may have to wait for an expiry: between them every horizon is read."""
NOTHING: Columns = frozenset()
_SIZES = (MAGNITUDE_1, MAGNITUDE_3, MAGNITUDE_5, MAGNITUDE_10, MAGNITUDE_20, MAGNITUDE_40)
_RISES, _FALLS = (RISE_1, RISE_5, RISE_10, RISE_20), (FALL_1, FALL_5, FALL_10, FALL_20)


def daily(*names: str) -> Columns:
    """Columns of the daily candles."""
    return Column.several(CANDLES, names)


def minutes(*names: str) -> Columns:
    """Columns of the intraday candles."""
    return Column.several(MINUTES, names)


def state(*names: str) -> Columns:
    """Features that rules read of the moment: of the last engine that has each."""
    held = {name: each.name for each in ENGINES for name in each.columns}
    return frozenset(Column(f"features/{held[name]}", name) for name in names)


def of_direction(*names: str) -> Columns:
    """Features that the state of the market is told by."""
    return Column.several(f"features/{DIRECTION.name}", names)


def path(*names: str) -> Columns:
    """Other paths of the payload."""
    return Column.several(PAYLOAD, (known_path(name) for name in names))


def to_come() -> Columns:
    """What tells the variance that the running session still holds."""
    return (
        daily("open", "high", "low", "close")
        | next_session()
        | Column.several(SESSION_FEATURES, ["realised_volatility"])
        | Column.several(ACTIVITY, ["prior_share", "opens", "closes"])
    )


@lru_cache(maxsize=1)
def reads() -> Mapping[str, Columns]:
    """By path, the columns that it is made of; each leaf of the contract is there."""
    told = _market() | _direction() | _seller() | _buyer() | _quality()
    known = dict.fromkeys(paths(), NOTHING)
    for name, columns in told.items():
        below = [each for each in known if each == name or each.startswith(f"{name}.")]
        if not below:
            msg = f"lineage tells of {name}, which the payload has not: mend core/lineage/reads.py"
            raise DataError(msg)
        known |= {each: known[each] | columns for each in below}
    return known


def _market() -> dict[str, Columns]:
    spot, implied = daily("close") | minutes("close"), daily("close") | minutes("close")
    trend = of_direction("ema_gap_50", "ewma_volatility")
    return {
        **dict.fromkeys(("market.spot", "market.spot_change", "market.spot_change_pct"), spot),
        **dict.fromkeys(("market.vix", "market.vix_change", "market.vix_change_pct"), implied),
        **dict.fromkeys(("market.regime", "market.trend"), trend),
    }


def _direction() -> dict[str, Columns]:
    spot, now = path("market.spot"), to_come()
    risk = of_direction("ewma_volatility")
    told = {"direction.risk_score": risk, "direction.risk_label": risk}
    today = answer(DIRECTION_1) | now | spot
    for field in ("direction", "expected_move_points", "conviction", "probabilities"):
        told[f"direction.today.{field}"] = today
    told |= dict.fromkeys(_edges("direction.today.interval"), today)
    told["direction.today.intraday_volatility_score"] = Column.several(
        SESSION_FEATURES, ["relative_volatility"]
    )
    told["direction.today.last_update"] = minutes("start", "interval")
    for label, size in zip(LABELS, _SIZES, strict=True):
        above = f"direction.horizons.t{label.horizon}"
        whole = answer(label) | ahead(label.horizon) | now
        told |= {f"{above}.{name}": whole for name in ("direction", "conviction", "probabilities")}
        told |= dict.fromkeys(_edges(f"{above}.interval"), whole | spot)
        told[f"{above}.expected_move_points"] = whole | answer(size) | spot
    return told


def _edges(above: str) -> tuple[str, str]:
    return f"{above}.lower", f"{above}.upper"


def _seller() -> dict[str, Columns]:
    spot, now = path("market.spot"), to_come()
    curve = answers(chain.from_iterable(CURVE)) | ahead(20) | now
    until, chained = ahead(*UNTIL_EXPIRY) | now, Column.several
    ranks = of_direction("realised_volatility_20")
    trap, strain = answer(TRAP_5) | ahead(5) | now, state("implied_volatility") | until
    record = Column.several(FORECASTS, ["forecast"]) | daily("close", "high", "low")
    pain = chained(CHAIN, ["strike", "option_type", "open_interest", "expiry"])
    quoted = chained(CHAIN, ["strike", "option_type", "bid", "ask", "last", "settle", "expiry"])
    flag = (
        path("seller.breach_probabilities.1.touch_probability", "seller.trap.label")
        | path("seller.expiry_stress.label", "seller.regime", "data_quality.status")
        | state("implied_realised_ratio")
    )
    told = {
        "seller.safe_range.upper": answers(_RISES) | until | spot,
        "seller.safe_range.lower": answers(_FALLS) | until | spot,
        **dict.fromkeys(_edges("seller.max_pain"), spot | pain),
        "seller.max_pain.confidence": pain,
        "seller.max_pain.expiry": chained(CHAIN, ["expiry", "open_interest"]),
        **dict.fromkeys(("seller.trap.score", "seller.trap.label"), trap),
        "seller.trap.iv_percentile": state("implied_percentile_252"),
        "seller.trap.rv_percentile": ranks,
        "seller.skew": quoted | state("downside_tail_20", "upside_tail_20"),
        **dict.fromkeys(("seller.expiry_stress.score", "seller.expiry_stress.label"), strain),
        "seller.regime": answer(REGIME_10),
        "seller.seller_flag": flag,
        **dict.fromkeys(("seller.historical_hit_rate", "seller.hit_rate"), record),
    }
    for place, (touch, _) in enumerate(CURVE):
        above = f"seller.breach_probabilities.{place}"
        told |= dict.fromkeys((f"{above}.probability", f"{above}.touch_probability"), curve)
        engine, _ = placed(touch)
        cut = Column.several(f"features/{engine.name}", touch.cut_columns[:1])
        told[f"{above}.distance"] = cut
    return told


def _buyer() -> dict[str, Columns]:
    spot, now = path("market.spot"), to_come()
    record = Column.several(FORECASTS, ["forecast", "cuts"]) | daily("close")
    friendly = (
        path("buyer.breakout_today.score", "buyer.breakout_next.0.score", "buyer.theta_edge.label")
        | path("data_quality.status")
        | Column.several(SESSION_FEATURES, ["range_used"])
    )
    told = {
        "buyer.breakout_today": answer(BREAKOUT_1) | now | spot,
        "buyer.breakout_levels": spot | state(*BREAKOUT_1.cut_columns),
        "buyer.spike_direction_bias": answer(SPIKE_1),
        "buyer.gamma_windows.window": Column.several(ACTIVITY, ["window"]),
        "buyer.gamma_windows.score": Column.several(ACTIVITY, ["score"]),
        "buyer.theta_edge.score": answer(PREMIUM_5),
        "buyer.theta_edge.label": answer(PREMIUM_5),
        "buyer.theta_edge.expected_log_premium": answer(THETA_5),
        "buyer.regime": of_direction("autocorrelation_20"),
        "buyer.buyer_environment": friendly,
        **dict.fromkeys(("buyer.historical_spike_rate", "buyer.spike_rate"), record),
    }
    for place in range(SESSIONS):
        asked = law(BREAKOUT_1) if place else answer(BREAKOUT_1)
        term = asked | session_alone(place + 1)
        told |= {f"buyer.breakout_next.{place}.{name}": term for name in ("score", "label")}
    return told


def _quality() -> dict[str, Columns]:
    index, bars = daily("session", "close"), minutes("start", "interval")
    return {
        "data_quality.status": index | bars,
        "data_quality.reasons": index | bars,
        "data_quality.spot": daily("session") | bars,
        "data_quality.daily": daily("session"),
        "data_quality.daily.data_version": daily(*candles.SCHEMA),
        "data_quality.intraday": bars | minutes("session"),
        "data_quality.volatility_index": index,
        "data_quality.option_chain": Column.several(CHAIN, ["as_of", "expiry"]),
    }
