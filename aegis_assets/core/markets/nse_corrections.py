"""Where Bombay's calendar in `exchange_calendars` is wrong about the National Stock Exchange.

The package knows no Muhurat (the hour of Diwali), no weekend session and only today's hours.
Days were found by comparing it with what the exchange published for each day from 2000 on.
Hours are those of continuous trading.  Halts that leave the close where it was are not here.
"""

from datetime import date, time

from aegis_assets.core.markets.market import Correction, EarlierHours, Window

# Of days: what shows that the exchange traded.
_INDEX = "NSE index archive lists the day"
_VIX = "NSE index and India VIX archives list the day"
# Of hours: where they are from.
_CURATED = "hours as curated in pandas_market_calendars PR 481 from announcements and trades"
_PRESS = "hours of the NSE circular in the press"
_DRILL = "Recovery drill: NSE circular in the press; 105 one-minute bars"

_TABLE = (
    ("2000-10-26", "18:30-19:45", f"Muhurat: {_INDEX}; {_CURATED}"),
    ("2001-01-01", "09:55-15:30", f"{_INDEX}; regular hours of that year"),
    ("2001-11-14", "17:00-18:15", f"Muhurat: {_INDEX}; {_CURATED}"),
    ("2002-11-04", "17:00-18:15", f"Muhurat: {_INDEX}; {_CURATED}"),
    ("2003-03-22", "11:00-13:00", f"{_INDEX}; {_CURATED}"),
    ("2003-10-25", "18:10-19:25", f"Muhurat: {_INDEX}; {_CURATED}"),
    ("2003-11-15", "11:00-13:00", f"{_INDEX}; {_CURATED}"),
    ("2004-01-01", "09:55-15:30", f"{_INDEX}; regular hours of that year"),
    ("2004-04-17", "11:00-12:04 12:34-14:00", f"{_INDEX}; {_CURATED}"),
    ("2004-10-09", "11:00-11:25 12:05-14:40", f"{_INDEX}; {_CURATED}"),
    ("2004-11-12", "17:30-18:45", f"Muhurat: {_INDEX}; {_CURATED}"),
    ("2005-06-04", "10:30-13:30", f"{_INDEX}; {_CURATED}"),
    ("2005-11-01", "18:05-19:20", f"Muhurat: {_INDEX}; {_CURATED}"),
    ("2005-11-26", "10:30-13:30", f"{_INDEX}; {_CURATED}"),
    ("2006-04-29", "10:30-13:30", f"{_INDEX}; {_CURATED}"),
    ("2006-06-25", "10:30-11:30", f"{_INDEX}; {_CURATED}"),
    ("2006-10-21", "18:15-19:30", f"Muhurat: {_INDEX}; {_CURATED}"),
    ("2007-11-09", "18:00-19:00", f"Muhurat: {_INDEX}; {_CURATED}"),
    ("2008-10-28", "18:15-19:15", f"Muhurat: {_INDEX}; {_CURATED}"),
    ("2009-10-17", "18:15-19:15", f"Muhurat: {_VIX}; {_CURATED}"),
    ("2010-02-06", "11:00-12:30", f"{_VIX}; {_CURATED}"),
    ("2010-11-05", "18:15-19:15", f"Muhurat: {_VIX}; {_CURATED} (a member wrote 18:00-19:00)"),
    ("2011-10-26", "16:45-18:00", f"Muhurat: {_VIX}; {_PRESS}: NDTV Profit 2012-11"),
    ("2012-01-07", "11:15-12:45", f"{_VIX}; {_CURATED}"),
    ("2012-03-03", "11:15-12:45", f"{_VIX}; {_CURATED}"),
    ("2012-04-28", "11:15-12:45", f"{_VIX}; NSE circular 032/2012"),
    ("2012-09-08", "11:15-12:45", f"{_VIX}; {_CURATED}"),
    ("2012-11-13", "15:45-17:00", f"Muhurat: {_VIX}; {_PRESS}: NDTV Profit 2012-11"),
    ("2013-05-11", "11:15-12:45", f"{_VIX}; {_CURATED}"),
    ("2013-11-03", "18:15-19:30", f"Muhurat: {_VIX}; {_CURATED}"),
    ("2013-11-14", "09:15-15:30", f"Muharram moved to the 15th: {_VIX}; regular hours"),
    (
        "2013-11-15",
        "",
        "Muharram moved from the 14th: NSE index and India VIX archives lack the day",
    ),
    ("2014-03-22", "11:15-12:45", f"{_VIX}; {_CURATED}; BSE announced the same"),
    ("2014-10-23", "18:30-19:30", f"Muhurat: {_VIX}; {_PRESS}: Telugu Investor 2014-10"),
    ("2015-02-28", "09:15-15:30", f"Union Budget: {_VIX}; {_PRESS}: PTI 2024-12-23"),
    ("2015-11-11", "17:45-18:45", f"Muhurat: {_VIX}; {_PRESS}: Hindu BusinessLine 2015-11"),
    ("2016-10-30", "18:30-19:30", f"Muhurat: {_VIX}; {_PRESS}: Zerodha bulletin 53008"),
    ("2017-10-19", "18:30-19:30", f"Muhurat: {_VIX}; {_PRESS}: Business Standard 2017-10-19"),
    ("2018-11-07", "17:30-18:30", f"Muhurat: {_VIX}; {_PRESS}: Mint 2018-11-06"),
    ("2019-10-27", "18:15-19:15", f"Muhurat: {_VIX}; {_PRESS}: Moneycontrol 2019-10-22"),
    ("2020-02-01", "09:15-15:30", f"Union Budget: {_VIX}; {_PRESS}: PTI 2024-12-23"),
    ("2020-11-14", "18:15-19:15", f"Muhurat: {_VIX}; {_PRESS}: NDTV 2020-11-14"),
    ("2021-02-24", "09:15-11:40 15:45-17:00", "Outage, the close moved: SEBI in Mint 2021-02-24"),
    ("2021-11-04", "18:15-19:15", f"Muhurat: {_VIX}; {_PRESS}: Mint 2021-11-03"),
    ("2022-10-24", "18:15-19:15", f"Muhurat: {_VIX}; {_PRESS}: Mint 2022-10-24"),
    ("2023-11-12", "18:15-19:15", f"Muhurat: {_VIX}; {_PRESS}: Business Standard 2023-11-02"),
    (
        "2024-01-20",
        "09:15-15:30",
        "India VIX archive lists the day; a full session: Zee News 2024-02-15",
    ),
    ("2024-03-02", "09:15-10:00 11:30-12:30", _DRILL),
    # Some press had 11:45-12:40 for the second window: 100 minutes, and 105 were traded.
    ("2024-05-18", "09:15-10:00 11:30-12:30", _DRILL),
    ("2024-11-01", "18:00-19:00", f"Muhurat: {_PRESS}: Business Standard 2024-10-20"),
    ("2025-02-01", "09:15-15:30", f"Union Budget: {_PRESS}: PTI 2024-12-23"),
    ("2025-10-21", "13:45-14:45", f"Muhurat: {_PRESS}: PTI 2025-09-22"),
    ("2026-02-01", "09:15-15:30", "Union Budget: NSE/CMTR/72349"),
    # Its hours were not known when this was written: the latest custom stands in, so that no bar
    # of the day is taken for final too early.  Put the hours of NSE's circular here.
    ("2026-11-08", "18:15-19:15", "Muhurat: NSE/CMTR/71775 names the day; usual hour of 2019-2023"),
)


def _window(text: str) -> Window:
    opens, closes = text.split("-")
    return time.fromisoformat(opens), time.fromisoformat(closes)


NSE_CORRECTIONS = tuple(
    Correction(date.fromisoformat(day), tuple(_window(each) for each in hours.split()), source)
    for day, hours, source in _TABLE
)

NSE_EARLIER_HOURS = (
    EarlierHours(
        until=date(2010, 1, 4),
        hours=(time(9, 55), time(15, 30)),
        source="Hindustan Times 2009-12-17; one-minute bars of 2009 start at 09:55",
    ),
    EarlierHours(
        until=date(2010, 10, 18),
        hours=(time(9), time(15, 30)),
        source="Hindustan Times 2009-12-17, put off to 4 January; pre-open auction of 2010-10-18",
    ),
)
