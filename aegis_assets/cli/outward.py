"""What a run needs of the world: network, Yahoo, clock, calendar, and leave to ask."""

from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import polars as pl

from aegis_assets.adapters.health import Probe, way_to_yahoo
from aegis_assets.adapters.raw_archive import TORN
from aegis_assets.adapters.request_gate import GateState, RequestGate
from aegis_assets.cli.findings import Finding, Installation, failure, failure_of, warning, well
from aegis_assets.core.errors import AegisError, AnswerError, CoolingDownError
from aegis_assets.core.sessions import calendar_end, hours_of, next_session, session_before
from aegis_assets.defs.calendar_findings import DAYS, FEWEST_DAYS, chore
from aegis_assets.defs.io_managers import table_name
from aegis_assets.defs.option_chain import KEY as CHAIN
from aegis_assets.settings import OptionChain

_LATE: Final = timedelta(minutes=30)
_QUIET_END: Final = timedelta(minutes=20)  # the closing auction, in which the index stands still
_NO_TIME: Final = timedelta(0)
_OF_THE_CLOCK: Final = frozenset({"NO_LAST_TRADE", "FUTURE_ROW"})
_REFUSALS: Final = ("429", "refused")
_CHAIN_REMEDY: Final = {
    OptionChain.NSE: "look at the run of raw/option_chain: NSE answers in India only",
    OptionChain.BHAVCOPY: "put the newest file into AEGIS_OPTION_CHAIN_FOLDER",
}


def network(site: Installation) -> Finding:
    """Whether a connection to the source's host can be opened; nothing is asked through it."""
    return site.not_needed if site.yahoo is None else well(way_to_yahoo(site.yahoo))


def yahoo(site: Installation) -> Finding:
    """Whether it answers one request with bars that are true."""
    met = site.probe
    if site.yahoo is None or met is None:
        return site.not_needed
    if isinstance(met, CoolingDownError):
        state = site.yahoo.gate.state()
        found = f"closed until {_closed_until(state, site)} after {state.refusals} refusals"
        return failure(f"{found}, so nothing was asked", "wait; what is stored serves meanwhile")
    if isinstance(met, AnswerError):
        return failure(f"its answer is not believed, {met}", "look at it in the raw archive")
    if isinstance(met, AegisError):
        return failure_of(met)
    good = met.answer.bars.filter(pl.col("fault").is_null())["session"].to_list()
    newest = max(good, default=date.min)
    due = site.source.last_session(site.market)
    found = (
        f"{site.market.index.symbol} to {newest}, last trade {_local(_last_trade(met), site)}, "
        f"one request, {met.seconds:.2f} s"
    )
    if newest < due:
        return warning(f"{found}; session {due} is over and not there", "look again in an hour")
    return well(found)


def clock(site: Installation) -> Finding:
    """Whether the machine knows the time: Yahoo's newest trade is the only witness."""
    zone, shift = site.market.time_zone, site.settings.clock_shift
    try:
        ZoneInfo(zone)
    except ZoneInfoNotFoundError:
        return failure(f"no time zone {zone} on this machine", "install the tzdata package")
    found = f"{site.now:%Y-%m-%d %H:%M:%S} {zone}"
    if shift != _NO_TIME:
        found = f"{found}, moved by {shift}"
    met = site.probe
    if isinstance(met, AnswerError) and met.code in _OF_THE_CLOCK:
        return failure(f"{found}, but Yahoo's answer is of later: {met}", "set the machine's clock")
    if isinstance(met, Probe):
        last = _last_trade(met)
        due = site.newest_trading(site.now - _LATE) - _QUIET_END
        found = f"{found}; Yahoo's last trade {_local(last, site)}"
        if last < due:
            remedy = "set the machine's clock, or wait for Yahoo"
            return warning(f"{found}, expected one since {due:%Y-%m-%d %H:%M}", remedy)
    else:
        found = f"{found}; compared with nothing, for want of an answer"
        if site.yahoo is not None:
            return warning(found, "see what yahoo lacks")
    if shift != _NO_TIME:
        return warning(found, "unset AEGIS_CLOCK_SHIFT, unless this is a demonstration")
    return well(found)


def calendar(site: Installation) -> Finding:
    """Whether it is known which of the coming days trade."""
    end = calendar_end(site.market)
    covered = (end - site.today).days
    found = f"sessions of {site.market.name} known to {end}, {min(covered, DAYS)} of {DAYS} days"
    remedy = chore(site.market)
    if covered < FEWEST_DAYS:
        return failure(found, remedy)
    following = next_session(site.market, site.today)
    windows = hours_of(site.market, following)
    hours = ", ".join(f"{opens:%H:%M}-{closes:%H:%M}" for opens, closes in windows)
    found = f"{found}; next {following:%a %Y-%m-%d} {hours}"
    return warning(found, remedy) if covered < DAYS else well(found)


def option_chain(site: Installation) -> Finding:
    """Whether option chains are wanted, and how old the newest that is stored is."""
    wanted = site.settings.option_chain
    if wanted is OptionChain.OFF:
        return well("off: what is read from open interest and skew is unavailable or a proxy")
    stored = site.warehouse.found(table_name(CHAIN))
    newest = None if stored is None else stored["as_of"].max()
    if not isinstance(newest, datetime):
        return warning(f"from {wanted.value}, none is stored yet", "run `aegis run`")
    found = f"from {wanted.value}, the newest is of {_local(newest, site)}"
    due = session_before(site.market, site.today)
    if newest.astimezone(site.now.tzinfo).date() < due:
        return warning(f"{found}; expected one of {due} or later", _CHAIN_REMEDY[wanted])
    return well(found)


def gate(site: Installation) -> Finding:
    """What was asked today, what was refused, and whether the log of it is whole."""
    if site.yahoo is None:
        return site.not_needed
    month = f"{site.source.now():%Y-%m}"
    fetches = site.yahoo.archive.fetches(month)
    refused = fetches.filter(pl.col("verdict").is_in(_REFUSALS))["at"].max()
    torn = fetches.filter(pl.col("verdict") == TORN).height
    last = f"last refusal {_local(refused, site)}" if isinstance(refused, datetime) else ""
    paths = sorted(site.yahoo.folder.glob("*-gate.sqlite"))
    states = {path.name.removesuffix("-gate.sqlite"): RequestGate(path).state() for path in paths}
    granted = [f"{name} granted {each.requests_granted_today}" for name, each in states.items()]
    asked = f"{fetches.height} attempts logged in {month}"
    counts = ", ".join((*granted, asked, last or "no refusal in it"))
    shut = {name: each for name, each in states.items() if each.closed_until or each.refusals}
    if shut:
        (name, state), *_ = shut.items()
        what = f"closed until {_closed_until(state, site)}" if state.closed_until else "refused"
        return warning(f"{name} {what}, {state.refusals} refusals in a row; {counts}", "wait")
    if torn:
        remedy = "none of a killed process; check the disk if it goes on"
        return warning(f"{torn} torn lines; {counts}", remedy)
    return well(f"today {counts}")


def _last_trade(met: Probe) -> datetime:
    found = met.answer.origin.last_trade
    if found is None:  # the parser raises before this
        raise AnswerError("NO_LAST_TRADE", "the answer tells of no trade: look at its body")
    return found


def _closed_until(state: GateState, site: Installation) -> str:
    moment = datetime.fromtimestamp(state.closed_until or state.not_before, site.now.tzinfo)
    return f"{moment:%Y-%m-%d %H:%M %z}"


def _local(moment: datetime, site: Installation) -> str:
    return f"{moment.astimezone(site.now.tzinfo):%Y-%m-%d %H:%M}"
