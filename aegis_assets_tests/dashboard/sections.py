"""Sections of a made-up payload as plain values."""

import math
from datetime import date, datetime, timedelta
from typing import Any

SPOT, BEFORE = 26068.15, 26192.15
EXPIRY, MONTHLY = date(2025, 11, 25), date(2025, 12, 30)
_SIGMA = 0.0072
_Z = 1.2816


def market(as_of: datetime) -> dict[str, Any]:
    """An index that has lost half a percent by the afternoon."""
    del as_of
    return {
        "spot": SPOT,
        "spot_change": SPOT - BEFORE,
        "spot_change_pct": SPOT / BEFORE - 1,
        "vix": 13.63,
        "vix_change": 1.49,
        "vix_change_pct": 0.1227,
        "regime": "LOW_VOL_BULL",
        "trend": "BULLISH",
        "session": "OPEN",
    }


def _forecast(ahead: float, up: float, down: float) -> dict[str, Any]:
    wide = _Z * _SIGMA * math.sqrt(ahead)
    neutral = 1 - up - down
    return {
        "direction": "NEUTRAL",
        "expected_move_points": 0.6 * SPOT * wide * (up - down),
        "conviction": max(0.0, (max(up, neutral, down) - 1 / 3) * 1.5),
        "probabilities": {"up": up, "neutral": neutral, "down": down},
        "interval": {
            "lower": SPOT * math.exp(-wide),
            "upper": SPOT * math.exp(wide),
            "coverage": 0.8,
        },
    }


def direction(as_of: datetime) -> dict[str, Any]:
    """A session that leans down, horizons that lean by drift alone."""
    sides = {1: (0.318, 0.262), 3: (0.352, 0.271), 5: (0.371, 0.252), 10: (0.389, 0.241)}
    sides |= {20: (0.437, 0.218), 40: (0.482, 0.187)}
    return {
        "today": _forecast(0.22, 0.041, 0.643)
        | {
            "direction": "DOWN",
            "expected_move_points": -118.4,
            "intraday_volatility_score": 1.08,
            "last_update": as_of - timedelta(minutes=1),
        },
        "horizons": {
            f"t{ahead}": _forecast(ahead, *each) | {"label": f"t{ahead}"}
            for ahead, each in sides.items()
        },
        "risk_score": 0.4127,
        "risk_label": "MEDIUM",
    }


def seller() -> dict[str, Any]:
    """A month to the expiry of the range, four days to the next one."""
    curve = ((0.016, 0.512, 0.781), (0.032, 0.271, 0.467), (0.048, 0.109, 0.214))
    curve = (*curve, (0.064, 0.038, 0.092))
    return {
        "safe_range": {
            "lower": 24712.4,
            "upper": 27236.9,
            "horizon_days": 26,
            "coverage": 0.9,
            "expiry": MONTHLY,
        },
        "max_pain": {"lower": 25950.0, "upper": 26150.0, "confidence": 0.314, "expiry": EXPIRY},
        "trap": {"score": 0.172, "label": "LOW", "iv_percentile": 0.34, "rv_percentile": 0.21},
        "skew": {"put_skew": 0.0312, "call_skew": -0.0064, "net_skew": 0.0376},
        "expiry_stress": {
            "score": 0.447,
            "label": "CAUTION",
            "days_to_expiry": 2,
            "expiry": EXPIRY,
        },
        "breach_probabilities": tuple(
            {"distance": far, "probability": end, "touch_probability": touch}
            for far, end, touch in curve
        ),
        "regime": "LOW",
        "seller_flag": {
            "label": "CAUTION",
            "color": "AMBER",
            "reasons": ("VOLATILITY_RICH", "EXPIRY_NEAR"),
        },
        "historical_hit_rate": 0.873,
        "hit_rate": {"value": 0.873, "lower": 0.781, "upper": 0.944, "n": 118},
    }


_SHARES = (0.182, 0.094, 0.071, 0.062, 0.055, 0.049, 0.047, 0.05, 0.058, 0.069, 0.081, 0.099, 0.083)


def buyer() -> dict[str, Any]:
    """Breakouts are unlikely; the ledger is too young for a spike rate."""
    opens = datetime(2025, 11, 21, 9, 15)  # noqa: DTZ001 - a wall clock
    half = timedelta(minutes=30)
    windows = tuple(
        {"window": f"{opens + i * half:%H:%M}-{_end(opens + i * half)}", "score": score}
        for i, score in enumerate(_SHARES)
    )
    ahead = (0.094, 0.127, 0.131, 0.134, 0.133)
    return {
        "breakout_today": {"score": 0.058, "label": "LOW"},
        "breakout_next": tuple(
            {"score": score, "label": "LOW", "day_offset": i} for i, score in enumerate(ahead, 1)
        ),
        "breakout_levels": {"upper": SPOT * 1.0108, "lower": SPOT / 1.0108},
        "spike_direction_bias": {"up_prob": 0.5, "down_prob": 0.5},
        "gamma_windows": windows,
        "theta_edge": {
            "score": 0.238,
            "label": "DONT_WASTE_PREMIUM",
            "expected_log_premium": -0.614,
        },
        "regime": "MEAN_REVERT",
        "buyer_environment": {
            "label": "UNFAVOURABLE",
            "color": "RED",
            "reasons": ("BREAKOUT_UNLIKELY", "PREMIUM_RICH"),
        },
        "historical_spike_rate": None,
        "spike_rate": None,
    }


def _end(opens: datetime) -> str:
    closes = opens.replace(hour=15, minute=30)
    return f"{min(opens + timedelta(minutes=30), closes):%H:%M}"
