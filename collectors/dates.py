"""When an entry says it was published → an instant, or None. Pure.

Own reader, since the general ones are wrong where it hurts here: `15:00 PKT` read as UTC is five hours late, KST nine; epoch seconds
become the year 1793. It reads RFC 822 (with zone names), ISO 8601, epoch seconds and milliseconds, `2 November 2026` in the feeds' languages.
"""

import re
import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

FUTURE_LEEWAY: Final = timedelta(minutes=10)
_EARLIEST: Final = datetime(1995, 1, 1, tzinfo=UTC)  # no feed is older than feeds
_AS_TYPED_AHEAD: Final = timedelta(days=400)  # further ahead it is a mistake, not a clock or an embargo
_LIMIT: Final = 100


def _minutes(table: str) -> dict[str, int]:
    """Return the minutes east of Greenwich by name, from words in pairs."""
    words = table.split()
    return dict(zip(words[::2], map(int, words[1::2]), strict=True))


_ZONES: Final = _minutes(
    # Names that mean one thing to nearly all feeds that use them.
    """
    utc 0 ut 0 gmt 0 z 0 wet 0 uct 0 bst 60 cet 60 west 60 met 60 mez 60 cest 120 mesz 120 eet 120 sast 120 eest 180 msk 180 trt 180
    eat 180 ast 180 gst 240 azt 240 pkt 300 uzt 300 almt 300 ist 330 npt 345 bdt 360 wib 420 ict 420 hkt 480 myt 480 sgt 480 pht 480
    wita 480 awst 480 kst 540 jst 540 wit 540 aest 600 aedt 660 nzst 720 nzdt 780 brt -180 edt -240 est -300 cdt -300 cst -360 mdt -360
    mst -420 pdt -420 pst -480 akst -540 hst -600
    """
)
_ZONES_OF_COUNTRY: Final = _minutes(
    # What they mean to the feeds of one country.
    """
    cst/CN 480 cst/TW 480 cst/HK 480 cst/MO 480 cst/CU -300 ist/IE 60 ist/IL 120 bst/BD 360 gst/GS -120 pst/PH 480 pst/PK 300
    ast/CA -240 ast/US -240 ast/BM -240 ast/PR -240 est/AU 600 est/EG 120 wst/AU 480 wst/WS 780 mst/MY 480 mst/MM 390 sst/SG 480 bdt/BN 480
    """
)
_LOCAL: Final = _minutes(
    # Where a date has a time and no zone, it is the outlet's own: only countries of one zone without summer time.
    """
    PK 300 IN 330 BD 360 NP 345 LK 330 AE 240 SA 180 QA 180 KW 180 BH 180 OM 240 TR 180 AZ 240 UZ 300 CN 480 HK 480 TW 480 JP 540 KR 540
    SG 480 MY 480 TH 420 VN 420 PH 480 KZ 300 KG 360 TJ 300 TM 300 IR 210 AF 270 KE 180 NG 60 ZA 120
    """
)

_FOLDED: Final = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹يك", "01234567890123456789یک")


def _fold(written: str) -> str:
    """Return the text in lower case, without accents, with Western digits and plain spaces."""
    if written.isascii():
        return " ".join(written[:_LIMIT].lower().split())
    text = unicodedata.normalize("NFKD", written[:_LIMIT].strip().casefold())
    text = "".join(" " if c.isspace() or c == "،" else c for c in text if not unicodedata.combining(c)).replace("ı", "i")
    return " ".join(unicodedata.normalize("NFC", text).translate(_FOLDED).split())


_MONTHS: Final[dict[str, int]] = {
    _fold(name): number
    for names in (
        "jan feb mar apr may jun jul aug sep oct nov dec",
        "january february march april may june july august september october november december",
        "janv fevr mars avr mai juin juil aout sept oct nov dec",
        "janvier fevrier mars avril mai juin juillet aout septembre octobre novembre decembre",
        "januar februar marz april mai juni juli august september oktober november dezember",
        "jan feb mrz apr mai jun jul aug sep okt nov dez",
        "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
        "ocak subat mart nisan mayis haziran temmuz agustos eylul ekim kasim aralik",
        "января февраля марта апреля мая июня июля августа сентября октября ноября декабря",
        "янв фев мар апр май июн июл авг сен окт ноя дек",
        "يناير فبراير مارس ابريل مايو يونيو يوليو اغسطس سبتمبر اكتوبر نوفمبر ديسمبر",
        "جنوری فروری مارچ اپریل مئی جون جولائی اگست ستمبر اکتوبر نومبر دسمبر",
        "januari februari maret april mei juni juli agustus september oktober november desember",
    )
    for number, name in enumerate(names.split(), 1)
}

_ISO: Final = re.compile(
    r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[t ]\s?(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d{1,9})?)?\s?(am|pm)?\s?([a-z]{1,5}|[+-]\d{2}:?\d{0,2})?)?\.?"
)
_COMPACT: Final = re.compile(r"(\d{4})(\d{2})(\d{2})(?:t?(\d{2})(\d{2})(\d{2})?(z|[+-]\d{2}:?\d{2})?)?")
_EPOCH: Final = re.compile(r"(\d{9,10})(\d{3})?(?:\.\d{1,6})?")
_DAY_FIRST: Final = re.compile(
    r"(?:[^\W\d_.]{1,12}\.?,?\s)?(\d{1,2})(?:st|nd|rd|th|er|\.)?[\s-](?:de\s)?([^\W\d_]{3,12})\.?,?[\s-](?:de\s)?(\d{4}|\d{2}),?(?:\s(.{1,40}))?"
)
_MONTH_FIRST: Final = re.compile(r"(?:[^\W\d_.]{1,12}\.?,?\s)?([^\W\d_]{3,12})\.?\s(\d{1,2})(?:st|nd|rd|th)?,?\s(\d{4})(?:,?\s(.{1,40}))?")
_ASCTIME: Final = re.compile(r"(?:[a-z]{3},?\s)?([a-z]{3})\s(\d{1,2})\s(\d{1,2}:\d{2}:\d{2})\s(?:([a-z]{2,5})\s)?(\d{4})")
_DAY_MONTH_YEAR: Final = re.compile(r"(\d{1,2})[./](\d{1,2})[./](\d{4})(?:,?\s(.{1,40}))?")
_CHINESE: Final = re.compile(r"(\d{4})[年년]\s?(\d{1,2})[月월]\s?(\d{1,2})[日일](?:\s?(.{1,40}))?")
_WRITTEN_OUT: Final = ((_DAY_FIRST, (3, 2, 1), 4), (_MONTH_FIRST, (3, 1, 2), 4), (_DAY_MONTH_YEAR, (3, 2, 1), 4), (_CHINESE, (1, 2, 3), 4))
"""Each with the places of its year, month, day and time."""

_TIME: Final = re.compile(
    r"(?:at\s|-\s|um\s|a\s)?(\d{1,2})[:h.](\d{2})(?:[:.](\d{2})(?:[.,]\d{1,9})?)?\s?(am|pm|a\.m\.|p\.m\.)?\s?"
    r"\(?((?:utc|gmt)?\s?[+-]\d{1,2}:?\d{0,2}|[a-z]{1,5})?\)?(?:\s\([^)]{1,30}\))?"
)
_OFFSET: Final = re.compile(r"(?:utc|gmt)?\s?([+-])(\d{1,2}):?(\d{2})?")


def published_at(dates: Sequence[str], *, now: datetime, country: str | None = None) -> datetime | None:
    """Return the first of an entry's dates that can be read, in UTC; a date in the future becomes `now` + 10 minutes.

    None (undated) where none can be read, or where what is read is no date of a piece of news.
    """
    for written in dates:
        instant = read_date(written, country=country)
        if instant is not None and _EARLIEST <= instant <= now + _AS_TYPED_AHEAD:
            return min(instant, now + FUTURE_LEEWAY)
    return None


def read_date(written: str, *, country: str | None = None) -> datetime | None:
    """Return the instant that a date names, in UTC; None where it cannot be read. `country` tells what CST or a missing zone means."""
    text = _fold(written)
    if not text:
        return None
    try:
        return _read(text, country)
    except (ValueError, OverflowError):  # the 31st of February, 25 o'clock, an offset of 99 hours
        return None


def _read(text: str, country: str | None) -> datetime | None:
    if match := _EPOCH.fullmatch(text):
        return datetime.fromtimestamp(int(match[1]), UTC) if len(match[1]) == 10 or not match[2] else None
    for numeric in (_ISO, _COMPACT):
        if match := numeric.fullmatch(text):
            year, month, day, hour, minute, second, *rest = match.groups()
            half, zone = rest if len(rest) == 2 else (None, rest[0])
            return _instant((year, month, day), (hour, minute, second, half), zone, country)
    for pattern, (year_at, month_at, day_at), time_at in _WRITTEN_OUT:
        if match := pattern.fullmatch(text):
            month = match[month_at]
            return _with_time((match[year_at], month if month.isdigit() else _MONTHS.get(month), match[day_at]), match[time_at], country)
    if match := _ASCTIME.fullmatch(text):
        return _with_time((match[5], _MONTHS.get(match[1]), match[2]), f"{match[3]} {match[4] or ''}".strip(), country)
    return None


def _with_time(day: tuple[str, str | int | None, str], time: str | None, country: str | None) -> datetime | None:
    if time is None:
        return _instant(day, (None, None, None, None), None, country)
    match = _TIME.fullmatch(time)
    if match is None:
        return None
    return _instant(day, (match[1], match[2], match[3], match[4]), match[5], country)


def _instant(
    day: tuple[str, str | int | None, str],
    time: tuple[str | None, str | None, str | None, str | None],
    zone: str | None,
    country: str | None,
) -> datetime | None:
    year, month, number = int(day[0]), day[1], int(day[2])
    if month is None:
        return None
    if year < 100:  # RFC 822 wrote two digits
        year += 2000 if year < 70 else 1900
    hour, minute, second = (int(part or 0) for part in time[:3])
    if time[3]:
        hour = hour % 12 + (12 if time[3].startswith("p") else 0)
    offset = _offset(zone, country)
    if offset is None:
        return None
    leap = second == 60  # RFC 3339 allows it, datetime does not
    moment = datetime(year, int(month), number, hour, minute, 59 if leap else second, tzinfo=timezone(timedelta(minutes=offset)))
    return moment.astimezone(UTC)


def _offset(zone: str | None, country: str | None) -> int | None:
    """Return the minutes east of Greenwich that a zone means to a feed of that country; None where nobody knows it."""
    if not zone:
        return _LOCAL.get(country or "", 0)
    zone = zone.strip()
    if match := _OFFSET.fullmatch(zone):
        minutes = int(match[2]) * 60 + int(match[3] or 0)
        return minutes if match[1] == "+" else -minutes
    return _ZONES_OF_COUNTRY.get(f"{zone}/{country}", _ZONES.get(zone))
