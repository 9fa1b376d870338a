"""Daily bars as a source quotes them, stamped and judged, with few words: no network, no disk."""

from datetime import UTC, datetime, timedelta

import polars as pl
from hypothesis import strategies as st

from aegis_assets.core.absorption import absorbed, stamped
from aegis_assets.core.bars import DAILY_BARS, EVENTS, QUOTES, DailyAnswer, Origin, empty
from aegis_assets.core.markets import NIFTY
from aegis_assets.core.sessions import sessions_between
from aegis_assets.core.universe import Instrument, InstrumentClass

KEYS = ["symbol", "session"]
EQUITY = Instrument("NVDA", InstrumentClass.EQUITY)
NOON = datetime(2024, 6, 3, 12, tzinfo=UTC)
DAYS = sessions_between(NIFTY, NOON.date() - timedelta(days=400), NOON.date()).to_list()
TYPES = {name: kind for name, (kind, _) in QUOTES.items()}
PRICES = ("open", "high", "low", "close")


def quotes(sessions, closes, symbol=EQUITY.symbol, **other):
    """Sound bars around these closes; `other` values replace columns."""
    rows = [
        {
            "symbol": symbol,
            "session": session,
            "open": close,
            "high": close and close * 1.01,
            "low": close and close * 0.99,
            "close": close,
            "adj_close": close,
            "volume": 1000.0,
            "fault": None if close else "NULL_ROW",
        }
        | other
        for session, close in zip(sessions, closes, strict=True)
    ]
    return pl.DataFrame(rows, schema=TYPES)


def walk(sessions, level=100.0):
    """Closes that differ from session to session, the same for a session whenever asked."""
    return [level * (1 + day.toordinal() % 17 / 1000) for day in sessions]


def known(bars, hour=0, *, final=True, reason=None):
    """The bars as the answer of an hour brought them, with the code of what is wrong with each."""
    moment = NOON + timedelta(hours=hour)
    origin = Origin("yahoo", moment, moment, f"body {hour}")
    is_final = final if isinstance(final, pl.Expr) else pl.lit(final)
    broken = pl.coalesce("fault", pl.lit(reason, pl.String))
    return stamped(bars, origin, is_final).with_columns(reason=broken)


def nothing():
    """A store that holds nothing yet."""
    return empty(DAILY_BARS).with_columns(reason=pl.lit(None, pl.String))


def again(made):
    """What an absorption left, as the next one finds it."""
    return made.bars.with_columns(reason="fault")


def scaled(bars, factor):
    return bars.with_columns(pl.col(*PRICES, "adj_close") * factor)


def answer(bars, *events, instrument=EQUITY, **other):
    """An answer with these bars, and `events` of session, kind and value."""
    rows = [(instrument.symbol, *event) for event in events]
    told = pl.DataFrame(rows, schema=empty(EVENTS).schema, orient="row")
    return DailyAnswer(instrument, bars, told, Origin("yahoo", NOON, NOON, "body"), **other)


_CLOSE = st.sampled_from([100.0, 100.00000001, 101.0, 25.0, None])
_BAR = st.tuples(_CLOSE, st.booleans())
_ANSWER = st.tuples(
    st.dictionaries(st.sampled_from(DAYS[:5]), _BAR, min_size=1),
    st.booleans(),
    st.sampled_from([1.0, 0.25]),
    st.floats(0.9, 1.0),
)
ANSWERS = st.lists(_ANSWER, min_size=1, max_size=6)
"""Answers in order: bars by session (close, whether final), whether a whole history, its scale."""


def absorbed_in_turn(answers):
    """Each answer as it came (stamped, judged), and what was made of it."""
    stored = nothing()
    for hour, (bars, renewed, scale, adjusting) in enumerate(answers):
        days = sorted(bars)
        told = quotes(days, [bars[day][0] for day in days])
        told = told.with_columns(pl.col("adj_close") * (adjusting if renewed else 1.0))
        final = pl.col("session").is_in([day for day in days if bars[day][1]])
        fetched = known(told, hour, final=final)
        made = absorbed(stored, fetched, KEYS, renewed=renewed, scale=scale)
        yield stored, fetched, made
        stored = again(made)
