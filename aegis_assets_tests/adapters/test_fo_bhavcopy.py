"""NSE's daily F&O files: both formats tell the same chain; any other file is refused."""

import io
import zipfile
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from aegis_assets.adapters.fo_bhavcopy import FoBhavcopy
from aegis_assets.core.errors import ContentError, ShapeError, SourceError, TransportError
from aegis_assets.core.markets import BANKNIFTY, NIFTY, SP500
from aegis_assets.core.options.chain import QUOTED, quarantined

DAY = date(2024, 8, 5)
CLOSE = datetime(2024, 8, 5, 15, 30, tzinfo=ZoneInfo("Asia/Kolkata"))
NEW = "BhavCopy_NSE_FO_0_0_0_20240805_F_0000.csv"
OLD = "fo05AUG2024bhav.csv"
NEW_HEAD = (
    "TradDt,BizDt,Sgmt,Src,FinInstrmTp,FinInstrmId,ISIN,TckrSymb,SctySrs,XpryDt,FininstrmActlXpryDt,"
    "StrkPric,OptnTp,FinInstrmNm,OpnPric,HghPric,LwPric,ClsPric,LastPric,PrvsClsgPric,UndrlygPric,"
    "SttlmPric,OpnIntrst,ChngInOpnIntrst,TtlTradgVol,TtlTrfVal,TtlNbOfTxsExctd,SsnId,NewBrdLotQty,"
    "Rmks,Rsvd1,Rsvd2,Rsvd3,Rsvd4"
)
OLD_HEAD = (
    "INSTRUMENT,SYMBOL,EXPIRY_DT,STRIKE_PR,OPTION_TYP,OPEN,HIGH,LOW,CLOSE,SETTLE_PR,CONTRACTS,"
    "VAL_INLAKH,OPEN_INT,CHG_IN_OI,TIMESTAMP,"
)
OPTIONS = [
    ("NIFTY", date(2024, 8, 29), 24000.0, "CE", 412.5, 413.0, 1_234_500, -75, 5_120),
    ("NIFTY", date(2024, 8, 29), 24000.0, "PE", 301.05, 301.05, 987_600, 150, 6_001),
    ("NIFTY", date(2024, 8, 29), 20000.0, "CE", 4_000.0, 4_101.5, 0, 0, 0),
    ("BANKNIFTY", date(2024, 8, 28), 50000.0, "CE", 800.0, 800.0, 30_000, 15, 90),
]


def new_line(name, expiry, strike, kind, *numbers):
    close, settle, held, change, volume = numbers
    return (
        f"2024-08-05,2024-08-05,FO,NSE,IDO,47000,,{name},,{expiry},{expiry},{strike:.2f},{kind},X,"
        f"1.00,2.00,0.50,{close},{close},1.00,24055.6,{settle},{held},{change},{volume},1.00,1,F1,"
        "25,,,,,"
    )


def old_line(name, expiry, strike, kind, *numbers):
    close, settle, held, change, volume = numbers
    return (
        f"OPTIDX,{name},{expiry:%d-%b-%Y},{strike:g},{kind},1,2,0.5,{close},{settle},{volume},1.5,"
        f"{held},{change},05-AUG-2024,"
    )


NEW_FUTURE = (
    "2024-08-05,2024-08-05,FO,NSE,IDF,35000,,NIFTY,,2024-08-29,2024-08-29,,,X,1,2,1,1,1,1,24055.6,"
    "24100,1,1,1,1,1,F1,25,,,,,"
)
OLD_FUTURE = "FUTIDX,NIFTY,29-Aug-2024,0,XX,1,2,0.5,1,1,1,1,1,1,05-AUG-2024,"
NEW_TEXT = "\n".join([NEW_HEAD, NEW_FUTURE, *(new_line(*each) for each in OPTIONS), ""])
OLD_TEXT = "\n".join([OLD_HEAD, OLD_FUTURE, *(old_line(*each) for each in OPTIONS), ""])


def zipped(text, name="inside.csv"):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr(name, text)
    return content.getvalue()


@pytest.fixture
def chain_of(tmp_path):
    """The chain of a session from a folder that holds one file."""

    def read(name, content, market=NIFTY, session=DAY):
        (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        return FoBhavcopy(tmp_path).chain(market, session)

    return read


def test_a_chain_is_that_of_the_close_known_three_hours_later(chain_of):
    found = chain_of(NEW, NEW_TEXT)
    assert found.schema == {name: dtype for name, (dtype, _) in QUOTED.items()}
    assert found["as_of"].unique().to_list() == [CLOSE.astimezone(UTC)]
    assert found["known_at"].unique().to_list() == [CLOSE + timedelta(hours=3)]
    assert found.row(0, named=True) == {
        "symbol": "^NSEI",
        "as_of": CLOSE,
        "known_at": CLOSE + timedelta(hours=3),
        "session": DAY,
        "expiry": date(2024, 8, 29),
        "strike": 24000.0,
        "option_type": "CALL",
        "bid": None,
        "ask": None,
        "last": 412.5,
        "settle": 413.0,
        "open_interest": 1_234_500.0,
        "change_in_open_interest": -75.0,
        "volume": 5_120.0,
        "implied_volatility": None,
        "underlying": 24055.6,
        "fault": None,
    }
    assert found["option_type"].to_list() == ["CALL", "PUT", "CALL"]
    assert quarantined(found, NIFTY).is_empty()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (NEW, NEW_TEXT),
        (f"{NEW}.zip", zipped(NEW_TEXT, NEW)),
        (OLD, OLD_TEXT),
        (f"{OLD}.zip", zipped(OLD_TEXT, OLD)),
        (NEW, NEW_TEXT.replace("\n", "\r\n")),
        (OLD, OLD_TEXT.replace("NIFTY,", "NIFTY ,")),
    ],
    ids=["new", "new zip", "old", "old zip", "lines of Windows", "padded"],
)
def test_both_formats_and_zips_of_them_tell_the_same_chain(chain_of, name, content):
    found = chain_of(name, content)
    expected = [(each[1], each[2], *each[4:]) for each in OPTIONS if each[0] == "NIFTY"]
    interest = ("open_interest", "change_in_open_interest")
    told = found.select("expiry", "strike", "last", "settle", *interest, "volume")
    assert told.rows() == expected


def test_each_market_gets_its_own_options(chain_of):
    found = chain_of(NEW, NEW_TEXT, market=BANKNIFTY)
    assert found.select("symbol", "strike").rows() == [("^NSEBANK", 50000.0)]


def test_what_is_no_number_is_marked_and_what_is_not_told_is_null(chain_of):
    odd = NEW_TEXT.replace("412.5,412.5", "-,-")
    empty = NEW_TEXT.replace(",24055.6,413.0,", ",,413.0,")
    assert chain_of(NEW, odd)["fault"].to_list() == ["NOT_A_NUMBER", None, None]
    assert chain_of(NEW, empty)["underlying"].to_list() == [None, 24055.6, 24055.6]
    assert chain_of(NEW, empty)["fault"].null_count() == 3


FRIDAY = ("2024-08-05", "2024-08-02")
REFUSED = {
    "torn zip": (f"{NEW}.zip", zipped(NEW_TEXT)[:-40], ShapeError, "TORN"),
    "zip of nothing": (f"{NEW}.zip", zipped("", "readme.txt"), ShapeError, "NOT_ONE_FILE"),
    "page": (f"{NEW}.zip", b"<html>Access Denied</html>", ShapeError, "TORN"),
    "page as csv": (NEW, "<html>Access Denied</html>\n", ShapeError, "COLUMNS"),
    "empty": (NEW, "", ShapeError, "NOT_CSV"),
    "not text": (NEW, b"\xff\xfe\x00\x81" * 9, ShapeError, "COLUMNS"),
    "head alone": (NEW, NEW_HEAD + "\n", ContentError, "NO_ROWS"),
    "shares": (NEW, NEW_TEXT.replace("IDO", "STK"), ContentError, "NO_ROWS"),
    "another day": (NEW, NEW_TEXT.replace(*FRIDAY), ContentError, "OTHER_SESSION"),
    "two days": (NEW, NEW_TEXT.replace(*FRIDAY, 3), ContentError, "OTHER_SESSION"),
    "expiry of no form": (NEW, NEW_TEXT.replace("2024-08-29", "29/08/24"), ContentError, "TORN"),
    "columns gone": (OLD, OLD_TEXT.replace("OPEN_INT", "OI"), ShapeError, "COLUMNS"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_that_is_no_chain_of_the_session_is_refused_with_its_reason(chain_of, name):
    file, content, error, code = REFUSED[name]
    with pytest.raises(SourceError) as caught:
        chain_of(file, content)
    assert (caught.type, caught.value.code) == (error, code)
    assert file.partition(".")[0] in str(caught.value)


@pytest.mark.parametrize(
    ("name", "text", "behind"), [(NEW, NEW_TEXT, ",25,,,,,\n"), (OLD, OLD_TEXT, "-2024,\n")]
)
def test_a_file_torn_anywhere_within_an_option_s_line_is_refused(chain_of, name, text, behind):
    line = text.index("\n", text.index(",CE,")) + 1
    named = text.index(",NIFTY,", line) + len(",NIFTY,")
    for end in range(named, text.index(behind, line) + 1):
        with pytest.raises(ContentError) as caught:
            chain_of(name, text[:end])
        assert caught.value.code == "TORN"


def test_a_file_that_is_not_there_is_named(chain_of):
    chain_of(NEW, NEW_TEXT)
    with pytest.raises(TransportError, match=r"2024-08-06.*_20240806_F_0000.csv.zip"):
        chain_of(NEW, NEW_TEXT, session=date(2024, 8, 6))


def test_an_index_without_options_there_is_refused(chain_of):
    with pytest.raises(ContentError, match=r"no options on \^GSPC"):
        chain_of(NEW, NEW_TEXT, market=SP500)
