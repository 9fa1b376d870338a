"""Every forecast of a payload as a line of text, where it has a value."""

from collections.abc import Iterator
from typing import NamedTuple

from aegis_assets.core.contract.buyer import BuyerBlock
from aegis_assets.core.contract.direction import HorizonForecast, Probabilities
from aegis_assets.core.contract.seller import SellerBlock
from aegis_assets.core.payload import Payload


class Line(NamedTuple):
    """One forecast: where its provenance stands in the payload, what it is called, what it says."""

    path: str
    name: str
    answer: str


def lines(payload: Payload) -> Iterator[Line]:
    """What is known, in the order of the sections."""
    yield from _market(payload)
    yield from _direction(payload)
    yield from _seller(payload.seller)
    yield from _selling(payload.seller)
    yield from _buyer(payload.buyer)
    yield from _buying(payload.buyer)


def _market(payload: Payload) -> Iterator[Line]:
    market = payload.market
    if market.regime and market.trend:
        yield Line("market.regime", "market", f"{market.regime}, {market.trend}")


def _direction(payload: Payload) -> Iterator[Line]:
    today = payload.direction.today
    if today.probabilities and today.interval and today.expected_move_points is not None:
        shares = _shares(today.probabilities)
        yield Line("direction.today", "direction today", f"{today.direction} ({shares})")
        span = f"{today.interval.lower:,.0f} to {today.interval.upper:,.0f}"
        move = f"{today.expected_move_points:+.1f} on the close before"
        yield Line("direction.today", "close today", f"{span} (80%), mean {move}")
    for label, horizon in payload.direction.horizons:
        yield from _horizon(label, horizon)
    if payload.direction.risk_score is not None:
        score, grade = payload.direction.risk_score, payload.direction.risk_label
        yield Line("direction.risk_score", "risk", f"{score:.2f} {grade}")


def _horizon(label: str, horizon: HorizonForecast) -> Iterator[Line]:
    path = f"direction.horizons.{label}"
    odds, level, move = horizon.probabilities, horizon.interval, horizon.expected_move_points
    if odds:
        yield Line(path, f"direction {label}", f"{horizon.direction} ({_shares(odds)})")
    if level:
        said = f"{level.lower:,.0f} to {level.upper:,.0f} ({level.coverage:.0%})"
        yield Line(f"{path}.interval", f"close {label}", said)
    if move is not None:
        yield Line(f"{path}.expected_move_points", f"move {label}", f"{move:+.1f} points")


def _shares(odds: Probabilities) -> str:
    return f"up {odds.up:.2f}, neutral {odds.neutral:.2f}, down {odds.down:.2f}"


def _seller(seller: SellerBlock) -> Iterator[Line]:
    safe = seller.safe_range
    if safe:
        side = (1 + safe.coverage) / 2
        for edge, name, level in (("upper", "top", safe.upper), ("lower", "bottom", safe.lower)):
            yield Line(
                f"seller.safe_range.{edge}",
                f"safe range, {name}",
                f"{level:,.0f} until {safe.expiry}, {safe.horizon_days} sessions ({side:.0%})",
            )
    for i, point in enumerate(seller.breach_probabilities or ()):
        path, band = f"seller.breach_probabilities.{i}", f"±{point.distance:.1%}"
        yield Line(f"{path}.touch_probability", f"touches {band}", f"{point.touch_probability:.3f}")
        yield Line(f"{path}.probability", f"ends beyond {band}", f"{point.probability:.3f}")


def _selling(seller: SellerBlock) -> Iterator[Line]:
    if seller.max_pain:
        zone = f"{seller.max_pain.lower:,.0f} to {seller.max_pain.upper:,.0f}"
        yield Line("seller.max_pain", "max pain", f"{zone}, expiry {seller.max_pain.expiry}")
    if seller.trap and seller.trap.score is not None:
        yield Line("seller.trap", "trap", f"{seller.trap.score:.3f} {seller.trap.label}")
    if seller.skew:
        sides = f"puts {seller.skew.put_skew:+.3f}, calls {seller.skew.call_skew:+.3f}"
        yield Line("seller.skew", "skew, a year", sides)
    if seller.expiry_stress and seller.expiry_stress.score is not None:
        stress = seller.expiry_stress
        said = f"{stress.score:.2f} {stress.label}, {stress.days_to_expiry} sessions left"
        yield Line("seller.expiry_stress", "expiry stress", said)
    if seller.regime:
        yield Line("seller.regime", "volatility, 10 sessions", seller.regime)
    if seller.seller_flag:
        reasons = ", ".join(seller.seller_flag.reasons)
        yield Line("seller.seller_flag", "for sellers", f"{seller.seller_flag.label}: {reasons}")
    if seller.hit_rate:
        rate = seller.hit_rate
        said = f"{rate.value:.2f} [{rate.lower:.2f}, {rate.upper:.2f}], n {rate.n}"
        yield Line("seller.hit_rate", "safe ranges that held", said)


def _buyer(buyer: BuyerBlock) -> Iterator[Line]:
    if buyer.breakout_today:
        said = f"{buyer.breakout_today.score:.3f} {buyer.breakout_today.label}"
        yield Line("buyer.breakout_today", "breakout today", said)
    for i, ahead in enumerate(buyer.breakout_next or ()):
        name = f"breakout, session {ahead.day_offset}"
        yield Line(f"buyer.breakout_next.{i}", name, f"{ahead.score:.3f} {ahead.label}")
    levels = buyer.breakout_levels
    if levels:
        answer = f"{levels.lower:,.0f} and {levels.upper:,.0f}"
        yield Line("buyer.breakout_levels", "breakout levels", answer)
    bias = buyer.spike_direction_bias
    if bias:
        said = f"up {bias.up_prob:.2f}, down {bias.down_prob:.2f}"
        yield Line("buyer.spike_direction_bias", "side of a breakout", said)


def _buying(buyer: BuyerBlock) -> Iterator[Line]:
    if buyer.gamma_windows:
        most = max(buyer.gamma_windows, key=lambda each: each.score)
        said = f"{most.window}: {most.score:.0%} of the session's variance"
        yield Line("buyer.gamma_windows", "liveliest half hour", said)
    if buyer.theta_edge:
        said = f"{buyer.theta_edge.score:.3f} {buyer.theta_edge.label}"
        yield Line("buyer.theta_edge", "realised over implied", said)
    if buyer.regime:
        yield Line("buyer.regime", "how returns follow", buyer.regime)
    if buyer.buyer_environment:
        reasons = ", ".join(buyer.buyer_environment.reasons)
        said = f"{buyer.buyer_environment.label}: {reasons}"
        yield Line("buyer.buyer_environment", "for buyers", said)
    if buyer.spike_rate:
        rate = buyer.spike_rate
        said = f"{rate.value:.2f} [{rate.lower:.2f}, {rate.upper:.2f}], n {rate.n}"
        yield Line("buyer.spike_rate", "sessions that broke out", said)
