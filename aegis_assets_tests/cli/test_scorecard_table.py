"""The scorecard on a terminal."""

from datetime import date
from io import StringIO

from rich.console import Console

from aegis_assets.cli.scorecard import scorecard_table
from aegis_assets.core.bars import empty
from aegis_assets.core.ledger.schemas import SCORECARD
from aegis_assets.core.ledger.scorecard import MONTH, scorecard
from aegis_assets_tests.core.ledger.test_scorecard import record


def printed(table):
    page = StringIO()
    Console(file=page, width=200).print(table)
    return page.getvalue()


def test_each_candidate_stands_beside_its_baseline_with_its_skill():
    made, outcome = record()
    card = scorecard(made, outcome, [date(2013, 5, 1), date(2013, 6, 1)])
    row = card.filter(role="SERVED", span="TO_DATE", month=date(2013, 6, 1)).row(0, named=True)
    text = printed(scorecard_table(card))

    assert "settled to the end of 2013-06" in text
    assert "breakout 0 (1)" in text
    assert text.index(" served ") < text.index(" baseline ", text.index("Claims") + 100)
    assert f"{row['skill']:+.3f} [{row['skill_lower']:+.3f}, {row['skill_upper']:+.3f}]" in text


def test_a_month_of_few_says_so():
    made, outcome = record(8)
    text = printed(scorecard_table(scorecard(made, outcome, [date(2013, 1, 1)]), MONTH))

    assert "settled of 2013-01" in text
    assert "[too few for an interval]" in text


def test_an_empty_scorecard_is_an_empty_table():
    assert "no month" in printed(scorecard_table(empty(SCORECARD)))
