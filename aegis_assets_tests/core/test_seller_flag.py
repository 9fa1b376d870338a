"""The flag for sellers: every threshold flips it, and every reason can occur."""

import math
from datetime import date

import pytest

from aegis_assets.core.contract.reasons import SellerReason
from aegis_assets.core.contract.seller import ExpiryStress, Trap
from aegis_assets.core.contract.words import Colour, Favour, Level, Status, Stress
from aegis_assets.core.engines.blocks.seller_state import read_flag
from aegis_assets_tests.core.moments import at_close

FRIDAY = date(2015, 11, 13)
RICH, FAIR = math.log(1.2), 0.0


def flag(status=Status.OK, ratio=RICH, lift=1.0, trap=Level.LOW, stress=Stress.CALM, **others):
    moment = at_close(status=status, state={"implied_realised_ratio": ratio})
    return read_flag(
        moment,
        lift,
        Trap(score=0.1, label=trap, iv_percentile=None, rv_percentile=None),
        ExpiryStress(score=0.1, label=stress, days_to_expiry=3, expiry=FRIDAY),
        others.get("regime", Level.LOW),
    ).value


NO, YES = (Favour.CAUTION, Colour.AMBER), (Favour.FAVOURABLE, Colour.GREEN)
NEVER = (Favour.HOSTILE, Colour.RED)


@pytest.mark.parametrize(
    ("facts", "state", "reasons"),
    [
        ({}, YES, ["VOLATILITY_RICH"]),
        ({"ratio": math.log(1.15) + 1e-9}, YES, ["VOLATILITY_RICH"]),
        ({"ratio": math.log(1.15)}, NO, ["VOLATILITY_FAIR"]),
        ({"ratio": math.log(0.9)}, NO, ["VOLATILITY_FAIR"]),
        ({"ratio": math.log(0.9) - 1e-9}, NO, ["VOLATILITY_CHEAP"]),
        ({"ratio": None}, NO, ["PREMIUM_UNKNOWN"]),
        ({"lift": 1.249}, YES, ["VOLATILITY_RICH"]),
        ({"lift": 1.25}, NO, ["BREACH_LIKELY", "VOLATILITY_RICH"]),
        ({"trap": Level.MEDIUM}, YES, ["VOLATILITY_RICH"]),
        ({"trap": Level.HIGH}, NO, ["TRAP_LIKELY", "VOLATILITY_RICH"]),
        ({"stress": Stress.CAUTION}, YES, ["VOLATILITY_RICH"]),
        ({"stress": Stress.HOSTILE}, NO, ["EXPIRY_NEAR", "VOLATILITY_RICH"]),
        ({"regime": Level.MEDIUM}, YES, ["VOLATILITY_RICH"]),
        ({"regime": Level.HIGH}, NO, ["REGIME_HIGH", "VOLATILITY_RICH"]),
        (
            {"regime": Level.HIGH, "trap": Level.HIGH},
            NEVER,
            ["REGIME_HIGH", "TRAP_LIKELY", "VOLATILITY_RICH"],
        ),
        ({"status": Status.DEGRADED}, YES, ["VOLATILITY_RICH"]),
        ({"status": Status.STALE}, NEVER, ["DATA_NOT_SOUND", "VOLATILITY_RICH"]),
    ],
    ids=str,
)
def test_the_flag_follows_its_declared_thresholds(facts, state, reasons):
    found = flag(**facts)

    assert ((found.label, found.color), list(found.reasons)) == (state, reasons)


def test_every_reason_of_the_flag_occurs():
    told = {
        code
        for ratio in (RICH, FAIR, -1.0, None)
        for code in flag(
            Status.STALE, ratio, 1.5, Level.HIGH, Stress.HOSTILE, regime=Level.HIGH
        ).reasons
    }

    assert told == {each.value for each in SellerReason}


def test_silent_parts_speak_neither_for_nor_against():
    found = read_flag(at_close(state={"implied_realised_ratio": RICH}), None, None, None, None)

    assert found.value.label is Favour.FAVOURABLE
