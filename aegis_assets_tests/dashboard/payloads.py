"""Whole payloads of the contract, of a made-up afternoon of NIFTY."""

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from aegis_assets.core.frozen import Skill, Source
from aegis_assets.core.payload import SCHEMA_VERSION, Payload
from aegis_assets.core.provenance import Provenance, unavailable
from aegis_assets_tests.dashboard.sections import buyer, direction, market, seller

ZONE = ZoneInfo("Asia/Kolkata")
AS_OF = datetime(2025, 11, 21, 14, 45, tzinfo=ZONE)
WEEK = date(2025, 11, 15)


def payload(**changed: Any) -> Payload:
    """The afternoon's payload, with these fields in place of its own."""
    return Payload.model_validate(parts() | changed)


def without_forecasts() -> Payload:
    """The same moment with every forecast null and a reason for each."""
    nothing = {
        "direction": _null_direction(),
        "seller": dict.fromkeys(seller(), None),
        "buyer": dict.fromkeys(buyer(), None),
        "provenance": {
            "direction": unavailable("the models of this week are not stored yet"),
            "seller": unavailable("no option chain is at hand", "no model is stored yet"),
            "buyer": unavailable("no model of this release answers it"),
            "market.regime": unavailable("fewer than 200 candles are known"),
            "market.trend": unavailable("fewer than 200 candles are known"),
        },
        "market": market(AS_OF)
        | {"regime": None, "trend": None, "vix": None}
        | {"vix_change": None, "vix_change_pct": None},
    }
    return payload(**nothing)


def parts() -> dict[str, Any]:
    """The fields of the afternoon's payload."""
    return {
        "schema_version": SCHEMA_VERSION,
        "generated_at": AS_OF + timedelta(seconds=41),
        "as_of": AS_OF,
        "next_expected": AS_OF + timedelta(minutes=30),
        "market_name": "NIFTY",
        "market": market(AS_OF),
        "direction": direction(AS_OF),
        "seller": seller(),
        "buyer": buyer(),
        "provenance": provenance(),
        "data_quality": data_quality(),
    }


def data_quality() -> dict[str, Any]:
    """Sound data with one remark."""
    return {
        "status": "DEGRADED",
        "reasons": ("the option chain is of the close before",),
        "source": "yahoo",
        "spot": {
            "source": "yahoo: one-minute bar",
            "as_of": AS_OF - timedelta(minutes=1),
            "age_s": 60.0,
        },
        "daily": {
            "last_final_session": date(2025, 11, 20),
            "sessions_behind": 0,
            "data_version": "9f2c4be1d6a87350e1f2a9c0b7d3648835aa01c2fd9e7b614d80c3a5e96f1b27",
        },
        "intraday": {
            "last_bar": AS_OF - timedelta(minutes=1),
            "age_s": 60.0,
            "bars": 329,
            "expected": 330,
        },
        "volatility_index": {"last_session": date(2025, 11, 20), "sessions_behind": 0},
        "option_chain": {
            "as_of": datetime(2025, 11, 20, 15, 30, tzinfo=ZONE),
            "age_s": 83_700.0,
            "expiry": date(2025, 11, 25),
        },
    }


def provenance() -> dict[str, Provenance]:
    """Who answers what."""
    law = "core_distribution"
    by_law = _by("direction/direction_1", law, law, 0.0061, 0.0044, 0.0087, 2718)
    rule = Provenance(
        source=Source.BASELINE,
        model=None,
        trained_to=None,
        baseline=None,
        challenger=None,
        skill=None,
        reasons=("a declared rule on past prices",),
    )
    chain = rule.model_copy(
        update={"source": Source.PROXY, "reasons": ("open interest of the close before",)}
    )
    few = unavailable("too few forecasts of its kind have been resolved")
    model = _served("seller/rise_1", "conformal_core", "conformal_ewma", 0.198, 0.119, 0.262)
    return {
        "market.regime": rule,
        "market.trend": rule,
        "direction.today": by_law,
        "direction.risk_score": rule,
        "direction.risk_label": rule,
        **{f"direction.horizons.t{ahead}": _horizon(ahead) for ahead in (1, 3, 5, 10, 20, 40)},
        "seller.safe_range": rule.model_copy(update={"reasons": ("declared: 90 % coverage",)}),
        "seller.safe_range.upper": model,
        "seller.safe_range.lower": _by(
            "seller/fall_1", "conformal_ewma", "conformal_ewma", 0.085, -0.026, 0.153, 2950
        ),
        "seller.max_pain": chain,
        "seller.skew": chain,
        "seller.trap": _by("seller/trap_5", "base_rate", "base_rate", 0.0, None, None, 1237),
        "seller.expiry_stress": rule,
        "seller.breach_probabilities": _by(
            "seller/touch_1_20", law, law, 0.102, 0.040, 0.167, 2699
        ),
        "seller.regime": _by("seller/regime_10", law, law, 0.399, 0.336, 0.464, 3892),
        "seller.seller_flag": rule,
        "seller.historical_hit_rate": rule,
        "seller.hit_rate": rule,
        "buyer": few,
        "buyer.breakout_today": _by("buyer/breakout_1", law, law, 0.019, 0.003, 0.034, 3901),
        "buyer.breakout_next": _by("buyer/breakout_1", law, law, 0.019, 0.003, 0.034, 3901),
        "buyer.breakout_levels": rule,
        "buyer.spike_direction_bias": _by("buyer/spike_1", "even_rate", "even_rate", None),
        "buyer.gamma_windows": rule,
        "buyer.theta_edge": _served("buyer/theta_5", "core_premium", "mean_outcome", 0.111),
        "buyer.regime": rule,
        "buyer.buyer_environment": rule,
    }


def _horizon(ahead: int) -> Provenance:
    law = "core_distribution"
    return _by(f"direction/direction_{ahead}", law, law, 0.009, 0.005, 0.013, 2720 - ahead)


def _skill(value: float, lower: float | None, upper: float | None, n: int) -> Skill:
    return Skill(value=value, lower=lower, upper=upper, n=n)


def _by(  # noqa: PLR0917 - a line of a table
    asked: str,
    candidate: str,
    baseline: str,
    value: float | None,
    lower: float | None = None,
    upper: float | None = None,
    n: int = 509,
) -> Provenance:
    """A baseline answers; its challenger was refused."""
    return Provenance(
        source=Source.BASELINE,
        model=f"{asked}@{WEEK}:{candidate}",
        trained_to=WEEK,
        baseline=baseline,
        challenger="boosted_trees",
        skill=_skill(0.0008, -0.0021, 0.0043, n),
        baseline_skill=None if value is None else _skill(value, lower, upper, n),
        reasons=("skill may be zero: its interval starts at -0.0021",),
    )


def _served(  # noqa: PLR0917 - a line of a table
    asked: str,
    candidate: str,
    baseline: str,
    value: float,
    lower: float = 0.057,
    upper: float = 0.163,
) -> Provenance:
    """A model answers."""
    return Provenance(
        source=Source.MODEL,
        model=f"{asked}@{WEEK}:{candidate}",
        trained_to=WEEK,
        baseline=baseline,
        challenger=candidate,
        skill=_skill(value, lower, upper, 2914),
        baseline_skill=_skill(0.01, None, None, 2914),
        reasons=("it beats every baseline",),
    )


def _null_direction() -> dict[str, Any]:
    """The section with its shape and no value."""
    found = direction(AS_OF)
    horizons = {
        name: dict.fromkeys(each, None) | {"label": each["label"]}
        for name, each in found["horizons"].items()
    }
    return {
        "today": dict.fromkeys(found["today"], None),
        "horizons": horizons,
        "risk_score": None,
        "risk_label": None,
    }
