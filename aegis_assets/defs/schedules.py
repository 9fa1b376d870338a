"""What the clock starts: a look at each slot, the bars of each session, the training of each week.

A tick asks the exchange's calendar: a holiday launches nothing, and a Sunday or an evening on which
the exchange trades launches what any session does.  Of the ticks that a stopped daemon missed only
the newest is caught up; the others say what to do about them.  An archive has no schedule, since
nothing in it becomes due.
"""

from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

import dagster as dg

from aegis_assets.core.markets import Market
from aegis_assets.core.sessions import calendar_end, close_of, last_final_session
from aegis_assets.core.timetable import SLOT, cutoff_before, newest_slot, slots_between
from aegis_assets.defs.due import trained_assets
from aegis_assets.defs.jobs import INGEST_JOB, INTRADAY_JOB, TRAIN_JOB
from aegis_assets.defs.partitions import MONTH_FORMAT, SESSION_FORMAT
from aegis_assets.defs.requests import LONGEST_WAIT, SLOT_TAG, due_tags, of_partitions, slot_key
from aegis_assets.defs.world import World

CLOSES = timedelta(minutes=1)
"""After a slot's end until its last bar is over at the source."""
_TICK = timedelta(minutes=1)
_RUNNING = dg.DefaultScheduleStatus.RUNNING
_SHIFTED = "AEGIS_CLOCK_SHIFT is set, and schedules tick by the machine's clock: say `aegis run`"


def schedules(world: World) -> list[dg.ScheduleDefinition]:
    """The schedules of a live source; none of an archive."""
    return [_slots(world), _bars(world), _training(world)] if world.source.is_live else []


def _slots(world: World) -> dg.ScheduleDefinition:
    market = world.market

    @dg.schedule(
        name="look_at_each_slot",
        job_name=INTRADAY_JOB,
        cron_schedule=crons({start + SLOT + CLOSES for start in _starts(world)}),
        execution_timezone=market.time_zone,
        default_status=_RUNNING,
        description="A minute after each half hour of trading: bars, spot and features of the "
        "session. The sensor `publish_each_slot` then publishes.",
    )
    def look_at_each_slot(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        tick = context.scheduled_execution_time
        if world.settings.clock_shift:
            return dg.SkipReason(_SHIFTED)
        slot = newest_slot(market, tick)
        if tick - (slot + SLOT + CLOSES) >= _TICK:
            return dg.SkipReason(f"no slot of {market.name} ended then")
        now = max(tick, world.source.now())
        newest = newest_slot(market, now)
        if newest != slot:
            return dg.SkipReason(_missed(slot_key(slot), slot_key(newest)))
        key, session = slot_key(slot), slot.strftime(SESSION_FORMAT)
        tags = due_tags(slot + SLOT, now, f"slot {key} is over") | {SLOT_TAG: key}
        return of_partitions(INTRADAY_JOB, [session], key, tags)

    return look_at_each_slot


def _missed(slot: str, newest: str) -> str:
    return (
        f"{slot} was missed and {newest} is due by now: backfill {slot} of payload/aegismatrix "
        "if its record is wanted; it will be marked late"
    )


def _bars(world: World) -> dg.ScheduleDefinition:
    market = world.market
    closes = {close_of(market, day) for day in {start.date() for start in _starts(world)}}

    @dg.schedule(
        name="ask_for_daily_bars",
        job_name=INGEST_JOB,
        cron_schedule=crons({close + market.settles for close in closes}),
        execution_timezone=market.time_zone,
        default_status=_RUNNING,
        description="Once the close of each session has settled: its daily bars. The sensor "
        "`daily_chain` asks again where they did not come, and goes on with candles and features.",
    )
    def ask_for_daily_bars(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        tick = context.scheduled_execution_time
        if world.settings.clock_shift:
            return dg.SkipReason(_SHIFTED)
        session = last_final_session(market, tick, market.settles)
        due = close_of(market, session) + market.settles
        if tick - due >= _TICK:
            return dg.SkipReason(f"no session of {market.name} settled then")
        now = max(tick, world.source.now())
        newest = last_final_session(market, now, market.settles)
        if newest != session:
            return dg.SkipReason(f"{session} was missed: the bars of {newest} bring it too")
        month = session.strftime(MONTH_FORMAT)
        tags = due_tags(due, now, f"the close of {session} has settled")
        return of_partitions(INGEST_JOB, [month], f"{session}", tags)

    return ask_for_daily_bars


def _training(world: World) -> dg.ScheduleDefinition:
    market = world.market
    zone = training_zone(market, world.source.now())

    @dg.schedule(
        name="train_each_week",
        job_name=TRAIN_JOB,
        cron_schedule="0 0 * * 6",
        execution_timezone=zone,
        default_status=_RUNNING,
        description="On Saturday, when the cut-off has passed at the exchange and in UTC: the "
        "engines whose cadence has come. The sensor `model_chain` then validates and deploys.",
    )
    def train_each_week(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        tick = context.scheduled_execution_time
        if world.settings.clock_shift:
            return dg.SkipReason(_SHIFTED)
        now = max(tick, world.source.now())
        week, newest = (cutoff_before(market, moment) for moment in (tick, now))
        if newest != week:
            return dg.SkipReason(f"{week} was missed and {newest} is due by now")
        if now - tick >= LONGEST_WAIT:
            return dg.SkipReason(
                f"{week} was missed: model_chain trains it, once its bars are there"
            )
        engines = world.trained_at(week)
        if not engines:
            return dg.SkipReason(f"AEGIS_CADENCE trains no engine at the cut-off {week}")
        tags = due_tags(tick, now, f"cut-off {week}: {', '.join(engines)}")
        assets = trained_assets(world, engines)
        return of_partitions(TRAIN_JOB, [f"{week}"], f"{week}", tags, assets)

    return train_each_week


def training_zone(market: Market, moment: datetime) -> str:
    """The time zone in which Saturday begins later: the exchange's, or UTC."""
    ahead = moment.astimezone(ZoneInfo(market.time_zone)).utcoffset()
    return "UTC" if ahead is not None and ahead > timedelta(0) else market.time_zone


def trains_at(market: Market, cutoff: date) -> datetime:
    """When the training of a cut-off starts: Saturday has begun at the exchange and in UTC."""
    midnights = (
        datetime.combine(cutoff, time(), ZoneInfo(zone)) for zone in (market.time_zone, "UTC")
    )
    return max(midnights)


def crons(moments: set[datetime]) -> list[str]:
    """Cron strings that tick daily at the times of day of these moments."""
    times = sorted({(each.minute, each.hour) for each in moments})
    by_minute = groupby(times, key=lambda each: each[0])
    return [
        f"{minute} {','.join(str(hour) for _, hour in each)} * * *" for minute, each in by_minute
    ]


def _starts(world: World) -> list[datetime]:
    """All slots since the first, as far as the calendar knows, to the end of next year."""
    today = world.source.now().astimezone(UTC).date()
    last = min(calendar_end(world.market), date(today.year + 1, 12, 31))
    return slots_between(world.market, world.first_slot, last)
