"""Leaning with the direction claims: by hand, from the wealth that it makes."""

import numpy as np
import polars as pl
import pytest

from aegis_assets.core.ledger.trading import NEXT_CLOSE, trading
from aegis_assets_tests.core import synthetic
from aegis_assets_tests.core.ledger import cases
from aegis_assets_tests.core.ledger.test_scorecard import came

DAYS = synthetic.exchange_sessions(400).to_list()


def claims(odds, slot="15:30", hour=0):
    made = []
    for day, end, each in zip(DAYS, DAYS[1:], odds, strict=False):
        of = cases.of_session(day, end)
        at = of["as_of"].replace(hour=of["as_of"].hour - hour)
        made.append(
            of
            | {
                "slot": f"{day}-{slot}",
                "as_of": at,
                "path": NEXT_CLOSE,
                "measure": "RETURN",
                "cuts": [-0.004, 0.004],
                "forecast": list(each),
            }
        )
    return cases.rows(made)


def with_returns(made, returns):
    slots = made["slot"].to_list()
    return came(
        made, outcome=dict(zip(slots, np.log1p(returns).tolist(), strict=True)), outcome_class=1
    )


@pytest.fixture(scope="module")
def market():
    return 0.0004 + 0.01 * np.random.default_rng(3).standard_normal(300)


@pytest.fixture(scope="module")
def odds():
    return np.random.default_rng(4).dirichlet([3, 3, 4], 300)


def test_the_position_is_the_lean_and_the_measures_are_the_librarys(market, odds):
    made = claims(odds)
    found = trading(made, with_returns(made, market), cost=0.0)
    earned = (odds[:, 2] - odds[:, 0]) * market

    assert found.n == 300
    for mine, returns in ((found.net, earned), (found.hold, market)):
        wealth = np.concatenate([[1.0], np.cumprod(1 + returns)])
        lost = 1 - wealth / np.maximum.accumulate(wealth)
        assert mine.total_return == pytest.approx(wealth[-1] - 1)
        assert mine.annual_return == pytest.approx(wealth[-1] ** (252 / len(returns)) - 1)
        sharpe = returns.mean() / returns.std(ddof=1) * np.sqrt(252)
        assert mine.sharpe == pytest.approx(sharpe)
        assert mine.drawdown == pytest.approx(lost.max())
        assert mine.win_rate == pytest.approx((returns > 0).mean())


def test_costs_and_trials_only_take_away(market, odds):
    made = claims(odds)
    outcome = with_returns(made, market)
    free, dear = (trading(made, outcome, cost=cost) for cost in (0.0, 20.0))
    many = trading(made, outcome, cost=0.0, trials=50)

    assert dear.net.total_return < free.net.total_return == free.gross.total_return
    assert many.deflated_sharpe < free.deflated_sharpe
    assert many.net == free.net


def test_only_the_last_slot_of_a_session_is_traded(market, odds):
    last, early = claims(odds), claims(odds[::-1], "09:30", hour=6)
    both = pl.concat([early, last])
    outcome = pl.concat([with_returns(early, market), with_returns(last, market)])

    assert trading(both, outcome) == trading(last, with_returns(last, market))


def test_without_a_settled_claim_there_is_no_summary(market, odds):
    made = claims(odds)
    unknown = with_returns(made, market).clear()

    assert trading(made, unknown) is None
