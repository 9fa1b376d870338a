"""Claims and payloads made by hand, and claims of registered labels on synthetic candles."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl

from aegis_assets.core.claim import Claim, Measure, Role, Saying
from aegis_assets.core.contract.buyer import BuyerBlock
from aegis_assets.core.contract.direction import (
    DirectionBlock,
    HorizonForecast,
    Horizons,
    Interval,
    Probabilities,
    Today,
)
from aegis_assets.core.contract.market import (
    DailyQuality,
    DataQuality,
    MarketBlock,
    SpotQuality,
    VolatilityIndexQuality,
)
from aegis_assets.core.contract.seller import SafeRange, SellerBlock
from aegis_assets.core.contract.words import SessionState, Status
from aegis_assets.core.frozen import Source
from aegis_assets.core.labels import Label, cut_table
from aegis_assets.core.ledger.schemas import FORECASTS
from aegis_assets.core.markets import SP500
from aegis_assets.core.payload import Payload
from aegis_assets.core.provenance import Provenance, unavailable
from aegis_assets.core.sessions import close_of
from aegis_assets_tests.core import synthetic

SCHEMA = {name: kind for name, (kind, _) in FORECASTS.items()}
ZONE = ZoneInfo(SP500.time_zone)


def candles(count=400, seed=11):
    """The index of SP500 on so many sessions from 2013 on, with its volatility index."""
    days = synthetic.exchange_sessions(count)
    return synthetic.one_symbol(SP500.index.symbol, days, seed, index_starts=0)


def claim(**other):
    """A claim of two classes; any fact may be another."""
    facts = {
        "path": "buyer.breakout_next.0",
        "engine": "buyer",
        "target": "breakout_1",
        "trained_to": date(2018, 11, 3),
        "measure": Measure.SIZE,
        "reference": 2723.06,
        "counted_from": date(2018, 11, 2),
        "ends_on": date(2018, 11, 5),
        "horizon": 1,
        "sayings": (Saying(Role.SERVED, "core", Source.BASELINE, (0.85, 0.15)),),
        "feature_hash": "a" * 64,
        "cuts": (0.012,),
    }
    return Claim(**facts | other)


def rows(made, **other):
    """Rows of `FORECASTS`, each a dict of what differs from one slot of one session."""
    of_all = {
        "slot": "2018-11-02-15:30",
        "session": date(2018, 11, 2),
        "as_of": datetime(2018, 11, 2, 20, 0, tzinfo=UTC),
        "published_at": datetime(2018, 11, 2, 20, 1, tzinfo=UTC),
        "market": "SP500",
        "path": "buyer.breakout_next.0",
        "engine": "buyer",
        "target": "breakout_1",
        "trained_to": date(2018, 10, 27),
        "role": "SERVED",
        "source": "BASELINE",
        "candidate": "core",
        "measure": "SIZE",
        "reference": 100.0,
        "counted_from": date(2018, 11, 2),
        "ends_on": date(2018, 11, 5),
        "horizon": 1,
        "only_if_beyond": None,
        "cuts": [],
        "levels": [],
        "forecast": [0.01],
        "feature_hash": "h",
        "code_version": "v",
    }
    return pl.DataFrame([of_all | other | each for each in made], schema=SCHEMA)


def moment(session, market=SP500):
    """The close of a session."""
    return close_of(market, session).astimezone(UTC)


def of_session(session, ends_on=None, **other):
    """What a claim at a session's close says of itself."""
    at = moment(session)
    return {
        "slot": f"{session}-15:30",
        "session": session,
        "as_of": at,
        "published_at": at + timedelta(minutes=1),
        "counted_from": session,
        "ends_on": ends_on,
    } | other


MEASURES = {
    "direction": Measure.RETURN,
    "spike": Measure.RETURN,
    "magnitude": Measure.SIZE,
    "terminal": Measure.SIZE,
    "implied_terminal": Measure.SIZE,
    "breakout": Measure.SIZE,
    "implied_breakout": Measure.SIZE,
    "touch": Measure.EXCURSION,
    "implied_touch": Measure.EXCURSION,
    "trap": Measure.EXCURSION,
    "rise": Measure.RISE,
    "fall": Measure.FALL,
    "regime": Measure.VOLATILITY,
    "premium": Measure.VOLATILITY,
    "theta": Measure.LOG_PREMIUM,
}
"""What the outcome of a family of labels is, as claims measure it; a variance is no claim."""


def family(label: Label) -> str:
    """Its name without width and horizon."""
    return "_".join(part for part in label.name.split("_") if not part.isdigit())


def of_label(label: Label, panel: pl.DataFrame, sessions: pl.Series) -> pl.DataFrame:
    """A claim of the label at each session's close at which its thresholds are known."""
    days = sessions.to_list()
    known = panel.join(cut_table(panel, [label]), on=["symbol", "session"])
    made = []
    for row in known.iter_rows(named=True):
        cuts = [row[name] for name in label.cut_columns]
        place = days.index(row["session"])
        implied = row["volatility_index"]
        if None in cuts or (family(label) == "theta" and implied is None):
            continue
        daily_variance = None if implied is None else (implied / 100) ** 2 / 252
        of_theta = family(label) == "theta"
        end = days[place + label.horizon] if place + label.horizon < len(days) else None
        made.append(
            of_session(row["session"], end)
            | {
                "path": label.name,
                "measure": MEASURES[family(label)].value,
                "reference": label.horizon * daily_variance if of_theta else row["close"],
                "horizon": label.horizon,
                "cuts": cuts,
            }
        )
    return rows(made)


def payload(as_of, spot=100.0, *, safe=None, interval=None, odds=None, trained_to=None):
    """A payload whose only forecasts are a safe range, and odds and interval of the next close."""
    no = unavailable("not of this test")
    said = Provenance(
        source=Source.MODEL,
        model=f"direction/direction_1@{trained_to}:logistic",
        trained_to=trained_to or date(2018, 10, 27),
        baseline="core",
        challenger="logistic",
        skill=None,
        reasons=(),
    )
    session = as_of.astimezone(ZONE).date()
    silent = {"direction": None, "expected_move_points": None, "conviction": None}
    nothing = dict.fromkeys(BuyerBlock.model_fields)
    return Payload(
        schema_version="2.0",
        generated_at=as_of + timedelta(minutes=1),
        as_of=as_of,
        next_expected=None,
        market_name="SP500",
        market=MarketBlock(
            spot=spot,
            **dict.fromkeys(set(MarketBlock.model_fields) - {"spot", "session"}),
            session=SessionState.CLOSED,
        ),
        direction=DirectionBlock(
            today=Today(**dict.fromkeys(Today.model_fields)),
            horizons=Horizons(
                **{
                    name: HorizonForecast(
                        label=name,
                        **silent,
                        probabilities=odds
                        and Probabilities(down=odds[0], neutral=odds[1], up=odds[2]),
                        interval=interval
                        and Interval(lower=interval[0], upper=interval[1], coverage=0.8),
                    )
                    for name in Horizons.model_fields
                }
            ),
            risk_score=None,
            risk_label=None,
        ),
        seller=SellerBlock(
            **dict.fromkeys(set(SellerBlock.model_fields) - {"safe_range"}),
            safe_range=safe
            and SafeRange(
                lower=safe[0], upper=safe[1], horizon_days=10, coverage=0.9, expiry=session
            ),
        ),
        buyer=BuyerBlock(**nothing),
        provenance={
            "market": no,
            "direction": no,
            "seller": no,
            "buyer": no,
            **({"seller.safe_range": said} if safe else {}),
            **{
                f"direction.horizons.{name}.{part}": said
                for name in Horizons.model_fields
                for part, value in (("probabilities", odds), ("interval", interval))
                if value
            },
        },
        data_quality=DataQuality(
            status=Status.OK,
            reasons=(),
            source="sample",
            spot=SpotQuality(source="close", as_of=as_of, age_s=0.0),
            daily=DailyQuality(last_final_session=session, sessions_behind=0, data_version="d"),
            intraday=None,
            volatility_index=VolatilityIndexQuality(last_session=None, sessions_behind=None),
            option_chain=None,
        ),
    )
