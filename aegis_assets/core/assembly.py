"""From candles, features and models to the payload of one slot, and what it claims."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime

import polars as pl

from aegis_assets.core.claim import Claim
from aegis_assets.core.contract.market import DataQuality
from aegis_assets.core.contract.reasons import NO_PRICE
from aegis_assets.core.engines import ENGINES, Engine
from aegis_assets.core.engines.ahead import Ahead
from aegis_assets.core.engines.direction import DIRECTION
from aegis_assets.core.engines.engine import Answers, answers
from aegis_assets.core.engines.feature_table import as_declared
from aegis_assets.core.engines.moment import Moment, Record, Today
from aegis_assets.core.engines.running_day import Session, running_day
from aegis_assets.core.engines.section import Section
from aegis_assets.core.engines.state import RULE, MarketState, market_state
from aegis_assets.core.engines.volatility import VOLATILITY, core_variances, present_scales
from aegis_assets.core.errors import DataError
from aegis_assets.core.evaluation.forecaster import Forecaster
from aegis_assets.core.ledger.entries import Publication
from aegis_assets.core.markets import Market
from aegis_assets.core.options.view import ChainView
from aegis_assets.core.payload import SCHEMA_VERSION, Payload
from aegis_assets.core.provenance import Provenance, by_rule, unavailable
from aegis_assets.core.quality import data_quality, fresh, market_block
from aegis_assets.core.running import Running
from aegis_assets.core.sessions import last_final_session, last_opened_session, next_session


@dataclass(frozen=True, eq=False)
class Facts:
    """What one slot knew beside its tables and models.

    `due` is the newest session whose candle the source could have had by then; `running` what a
    live source knew of the session at `as_of`, `session` what was computed of it.
    """

    as_of: datetime
    source: str
    due: date | None = None
    next_expected: datetime | None = None
    running: Running | None = None
    session: Session | None = None
    chain: ChainView | None = None
    record: Record = field(default_factory=Record)


def publication(
    market: Market,
    candles: pl.DataFrame,
    features: Mapping[str, pl.DataFrame],
    forecasters: Mapping[str, Mapping[str, Forecaster]],
    facts: Facts,
) -> Publication:
    """The payload of the slot that ends at `facts.as_of`, with its claims.

    `candles` is a panel; `features` and `forecasters` are by engine, the latter then by target.
    Rows after `facts.due`, or else after the newest session that had closed, are not looked at.
    """
    due = facts.due or last_final_session(market, facts.as_of)
    seen = candles.filter(pl.col("session") <= due)
    if seen.is_empty():
        msg = f"no candle up to {due}, expected at least one: materialize candles/daily first"
        raise DataError(msg)
    session = seen["session"][-1]
    known = {each.name: _known(each, features[each.name], session) for each in ENGINES}
    core = answers(VOLATILITY, known[VOLATILITY.name], forecasters[VOLATILITY.name], {})
    facts = replace(facts, running=_counting(market, session, facts))
    quality = data_quality(
        market, seen, due, facts.as_of, facts.source, running=facts.running, chain=facts.chain
    )
    state = market_state(known[DIRECTION.name])
    moment = _moment(market, seen, known, core, state, quality, facts)
    sections = _sections(known, forecasters, core, moment)
    payload = Payload.model_validate(
        {
            "schema_version": SCHEMA_VERSION,
            "generated_at": None,
            "as_of": facts.as_of,
            "next_expected": facts.next_expected,
            "market_name": market.name,
            "market": market_block(market, seen, facts.as_of, facts.running, state),
            **{name: section.block for name, section in sections.items()},
            "provenance": _of_state(state) | _provenance(sections),
            "data_quality": quality,
        }
    )
    return Publication(payload, _claims(sections))


def _known(engine: Engine, features: pl.DataFrame, session: date) -> pl.DataFrame:
    """The rows up to the session, whose own must be there."""
    rows = as_declared(features, engine).filter(pl.col("session") <= session)
    if rows.is_empty() or rows["session"][-1] != session:
        msg = (
            f"features/{engine.name} has no row for session {session}, expected one: "
            "materialize the features of its month"
        )
        raise DataError(msg)
    return rows


def _counting(market: Market, session: date, facts: Facts) -> Running | None:
    """What is known of the session after the last final one; no price of another is looked at.

    Else the spot would be of now and every level about it of a close sessions ago.
    """
    known, opened = facts.running, last_opened_session(market, facts.as_of)
    if known is None or (opened > session and next_session(market, session) == opened):
        return known
    return replace(known, spot=None, volatility_index=None)


def _moment(  # noqa: PLR0913, PLR0917 - each is a fact of its own
    market: Market,
    seen: pl.DataFrame,
    known: Mapping[str, pl.DataFrame],
    core: Answers,
    state: MarketState,
    quality: DataQuality,
    facts: Facts,
) -> Moment:
    """Where the slot stands: at the last final close, or in the session that has begun since."""
    close, ahead = seen["close"][-1], Ahead(core_variances(core))
    today = _today(market, seen, ahead, facts)
    spot = close
    quote = fresh(facts.running.spot) if facts.running else None
    if isinstance(today, Today) and quote is not None:
        spot = quote.price
        ahead = replace(ahead, begun=1, rest=today.rest)
    return Moment(
        market=market,
        as_of=facts.as_of,
        session=seen["session"][-1],
        close=close,
        spot=spot,
        ahead=ahead,
        state=_state_values(known),
        status=quality.status,
        today=today if isinstance(today, Today) else None,
        why_no_today=today if isinstance(today, str) else "",
        buyer_regime=state.buyer_regime,
        risk=state.risk,
        realised_percentile=state.realised_percentile,
        chain=facts.chain,
        record=facts.record,
    )


def _today(market: Market, seen: pl.DataFrame, ahead: Ahead, facts: Facts) -> Today | str:
    """The running session, or why there is nothing to say of it."""
    quote = fresh(facts.running.spot) if facts.running else None
    found = running_day(
        market,
        seen,
        facts.session,
        last_final=seen["session"][-1],
        running=last_opened_session(market, facts.as_of) if facts.running else seen["session"][-1],
        as_of=facts.as_of,
        variance=ahead.session_scale(1) ** 2,
        last_bar=None if quote is None else quote.quoted_at,
    )
    return NO_PRICE if isinstance(found, Today) and quote is None else found


def _state_values(known: Mapping[str, pl.DataFrame]) -> dict[str, float | None]:
    """The newest value of every feature, whichever engine's table holds it."""
    values: dict[str, float | None] = {}
    for rows in known.values():
        values |= rows.drop("symbol", "session").row(-1, named=True)
    return values


def _sections(
    known: Mapping[str, pl.DataFrame],
    forecasters: Mapping[str, Mapping[str, Forecaster]],
    core: Answers,
    moment: Moment,
) -> dict[str, Section]:
    """The section of every engine that has one."""
    scales = present_scales(known[VOLATILITY.name], core)
    return {
        engine.name: engine.block(
            answers(engine, known[engine.name], forecasters[engine.name], scales), moment
        )
        for engine in ENGINES
        if engine.block is not None
    }


def _provenance(sections: Mapping[str, Section]) -> dict[str, Provenance]:
    return {
        f"{name}.{path}": each
        for name, section in sections.items()
        for path, each in section.provenance.items()
    }


def _claims(sections: Mapping[str, Section]) -> tuple[Claim, ...]:
    return tuple(
        replace(claim, path=f"{name}.{claim.path}")
        for name, section in sections.items()
        for claim in section.claims
    )


def _of_state(state: MarketState) -> dict[str, Provenance]:
    """Provenance of the two words on the market."""
    few = unavailable("less than two years of sessions have every feature that the rule reads")
    told = {"market.regime": state.regime, "market.trend": state.trend}
    return {path: few if word is None else by_rule("regime", RULE) for path, word in told.items()}
