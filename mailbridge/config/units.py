"""Texts of configuration files that stand for something else: durations, sizes, times of day, dates, addresses, networks, URLs.

Each function takes the text and raises Wrong where it cannot mean what is asked for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from mailbridge.config.reading import Wrong

_Number = TypeVar("_Number", int, float)

WORKING_DAY = timedelta(hours=8)
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_DURATION = re.compile(r"(?:\d{1,9}(?:\.\d{1,3})?\s*[wdhms]\s*)+")
_STEP = re.compile(r"(\d+(?:\.\d+)?)\s*([wdhms])")
_CLOCK = {"h": 3600, "m": 60, "s": 1}
_SIZE = re.compile(r"(\d{1,15})\s*([KMG]?)(?:i?B)?", re.IGNORECASE)
_RANGE = re.compile(r"(\d\d:\d\d)\s*[-\u2013]\s*(\d\d:\d\d)")
_WEEK = re.compile(r"(\d{4})-?W(\d\d)")
_TIME = re.compile(r"([01]?\d|2[0-4]):([0-5]\d)")
# RFC 5321 4.1.2 without quoted strings and address literals: few addresses have them, and a slip of the pen often does.
_ADDRESS = re.compile(r"[^\s@<>,;:\"()\[\]\\]+@(?:[^\s@<>,;:\"()\[\]\\.-][^\s@<>,;:\"()\[\]\\.]*\.)*[^\s@<>,;:\"()\[\]\\.]+")
_NO_ADDRESS = ("is not a mail address", 'write it like "ana@desk.example"')
_HEADER = re.compile(r"[!-9;-~]+")  # RFC 5322 2.2: printable ASCII without the colon
_DOMAIN = re.compile(r"(?:[^\s@<>,;:\"()\[\]\\./]+\.)+[^\s@<>,;:\"()\[\]\\./]+")


def duration(text: str) -> timedelta:
    """'90m', '2h30m', '1h 30m', '14d' by the clock: a day has 24 hours."""
    return _duration(text, timedelta(days=1), timedelta(days=7))


def working_duration(text: str) -> timedelta:
    """'30m', '4h', '3d' of working time: a day has 8 hours, a week 5 days."""
    return _duration(text, WORKING_DAY, 5 * WORKING_DAY)


def clock_or_working(text: str) -> tuple[timedelta, bool]:
    """'3d' by the clock, '5 working days' of working time (8 hours each); whether it is working time."""
    found = re.fullmatch(r"(\d{1,5}) working (hour|day|week)s?", text)
    if found is None and "work" in text:
        raise Wrong(f'"{text}" is not a working time', 'write it like "5 working days" or "4 working hours"')
    if found is None:
        return duration(text), False
    return _duration(f"{found[1]}{found[2][0]}", WORKING_DAY, 5 * WORKING_DAY), True


def duration_within(least: timedelta, most: timedelta) -> Callable[[str], timedelta]:
    """A duration by the clock from `least` to `most`, both allowed."""

    def parse(text: str) -> timedelta:
        seconds = _seconds(text, timedelta(days=1), timedelta(days=7))
        within(seconds, least.total_seconds(), most.total_seconds(), lambda bound: f"{bound:g}s")
        return timedelta(seconds=seconds)

    return parse


def _duration(text: str, day: timedelta, week: timedelta) -> timedelta:
    seconds = _seconds(text, day, week)
    if not 0 < seconds <= timedelta(days=3650).total_seconds():
        raise Wrong(f'"{text}" is not a possible duration', "more than nothing and at most ten years")
    return timedelta(seconds=seconds)


def _seconds(text: str, day: timedelta, week: timedelta) -> float:
    if not _DURATION.fullmatch(text):
        raise Wrong(f'"{text}" is not a duration', 'write it like "30m", "2h", "1h30m" or "3d"')
    units = {**_CLOCK, "d": day.total_seconds(), "w": week.total_seconds()}
    return sum(float(number) * units[unit] for number, unit in _STEP.findall(text))


def size(text: str) -> int:
    """'500K', '10M', '50 MB': RFC 5228 1.1 counts K, M and G in powers of 1024."""
    found = _SIZE.fullmatch(text)
    if not found:
        raise Wrong(f'"{text}" is not a size', 'write it like "500K" or "10M"')
    return int(found[1]) << {"": 0, "k": 10, "m": 20, "g": 30}[found[2].lower()]


def size_within(least: int, most: int) -> Callable[[str], int]:
    """A size from `least` to `most` bytes, both allowed."""
    return lambda text: within(size(text), least, most, lambda bound: f"{bound} bytes")


def within(value: _Number, least: _Number, most: _Number, show: Callable[[_Number], str] = str) -> _Number:
    """The value, where it is from `least` to `most`."""
    if value < least:
        raise Wrong(f"{show(value)} is too small", f"the least is {show(least)}")
    if value > most:
        raise Wrong(f"{show(value)} is too large", f"the most is {show(most)}")
    return value


def number(text: str) -> float:
    """A plain number."""
    return float(_shaped(text, r"-?\d{1,9}(\.\d{1,6})?", "is not a number"))


def kilometres(text: str) -> float:
    """A distance in km, '12', '12.5' or '12 km'."""
    found = re.fullmatch(r"(\d{1,5}(?:[.,]\d{1,2})?)(?: ?km)?", text)
    if found is None:
        raise Wrong(f'"{text}" is not a distance', 'write it in km like "12" or "12.5 km"')
    return float(found[1].replace(",", "."))


def phone(text: str) -> str:
    """A phone number as it was written: at least five digits, with the signs that stand in one.  Raises Wrong."""
    if not re.fullmatch(r"\+?[\d\s()./-]{5,30}(?:\s?(?:x|ext\.?|int\.?)\s?\d{1,6})?", text) or sum(c.isdigit() for c in text) < 5:
        raise Wrong(f'"{text}" is not a phone number', 'write it like "+40 232 123 456", in quotes')
    return text


def count(text: str) -> int:
    """How many, from 0."""
    return int(_shaped(text, r"\d{1,6}", "is not a count", "a whole number from 0"))


def index(text: str) -> int:
    """RFC 5260 6: which field of that name, from 1; from the end with a minus."""
    return int(_shaped(text, r"-?[1-9]\d{0,3}", "is not a position", "1 is the first field of that name, -1 the last"))


def share(text: str) -> float:
    """'75%'."""
    found = re.fullmatch(r"(\d{1,3})\s*%", text)
    if not found or not 0 < int(found[1]) < 100:
        raise Wrong(f'"{text}" is not a share', 'write it like "75%": more than 0 and less than 100')
    return int(found[1]) / 100


def percent(text: str) -> float:
    """'2%', '0.5%' as a share of 1."""
    found = re.fullmatch(r"(\d{1,3}(?:\.\d{1,3})?)\s*%", text)
    if not found or float(found[1]) > 100:
        raise Wrong(f'"{text}" is not a share', 'write it like "2%"')
    return float(found[1]) / 100


def hours(text: str) -> tuple[time, time]:
    """'09:00-18:00', to may be 24:00."""
    found = _RANGE.fullmatch(text)
    if not found:
        raise Wrong(f'"{text}" are no hours', 'write them like "09:00-18:00"')
    start, end = _time(found[1]), _time(found[2])
    if start >= end:
        raise Wrong(f'"{text}" ends before it begins', "over midnight: two entries, to 24:00 and from 00:00 on the next day")
    return start, end


def _time(text: str) -> time:
    found = _TIME.fullmatch(text)
    if not found or (found[1] == "24" and found[2] != "00"):
        raise Wrong(f'"{text}" is not a time of day')
    return time.max if found[1] == "24" else time(int(found[1]), int(found[2]))


def weekdays(text: str) -> tuple[int, ...]:
    """'mon', 'mon-fri', 'sat, sun': Monday is 0."""
    days: list[int] = []
    for piece in text.split(","):
        first, dash, last = (word.strip().lower() for word in piece.partition("-"))
        for word in (first, last) if dash else (first,):
            if word not in DAYS:
                raise Wrong(f'unknown day "{word}"', f"days are {', '.join(DAYS)}; mon-fri is a range")
        start = DAYS.index(first)
        end = DAYS.index(last) if dash else start
        days += [(start + step) % 7 for step in range((end - start) % 7 + 1)]
    return tuple(dict.fromkeys(days))


def day(text: str) -> date:
    """'2026-12-24'."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Wrong(f'"{text}" is not a date', 'write it like "2026-12-24"') from None


def hour(text: str) -> time:
    """'09:00', before 24:00."""
    if not _TIME.fullmatch(text) or text.startswith("24"):
        raise Wrong(f'"{text}" is not a time of day', 'write it like "09:00"')
    return _time(text)


def week(text: str) -> tuple[date, date]:
    """'2026-W52', a week of ISO 8601, as its Monday and its Sunday."""
    found = _WEEK.fullmatch(text)
    try:
        monday = date.fromisocalendar(int(found[1]), int(found[2]), 1) if found else None
        sunday = monday + timedelta(days=6) if monday else None
    except (ValueError, OverflowError):
        raise Wrong(f'there is no week "{text}"', "most years have 52 weeks, few have 53") from None
    if monday is None or sunday is None:
        raise Wrong(f'"{text}" is not a week', 'write it like "2026-W52", or give the days from and to')
    return monday, sunday


def whole_days(text: str) -> int:
    """'1d', '7d', '2w' as days."""
    length = duration(text)
    if length % timedelta(days=1):
        raise Wrong(f'"{text}" are no whole days', 'write it like "7d" or "2w"')
    return length.days


def level(text: str) -> int:
    """How much of a skill, '1' to '9'."""
    return int(_shaped(text, "[1-9]", "is not a level", "levels go from 1 to 9"))


def moment(text: str) -> datetime:
    """'2026-12-24T09:30:00+02:00'; one without an offset is UTC."""
    try:
        made = datetime.fromisoformat(text)
    except ValueError:
        raise Wrong(f'"{text}" is not a date and time', 'write it like "2026-12-24T09:30:00+02:00"') from None
    return made if made.tzinfo else made.replace(tzinfo=UTC)


def address(text: str) -> str:
    """A mail address with a domain of several labels."""
    return local_address(_shaped(text, r".*@.*\..*", *_NO_ADDRESS))


def local_address(text: str) -> str:
    """A mail address; also of a host without a domain: desk@mail."""
    return _shaped(text, _ADDRESS, *_NO_ADDRESS)


def mailbox(text: str) -> str:
    """An address, or the name of a [[mailbox]]; lower case."""
    return (local_address if "@" in text else word)(text).lower()


def domain(text: str) -> str:
    """A domain, lower case."""
    return _shaped(text, _DOMAIN, "is not a domain", 'write it like "acme.example"').lower()


def header(text: str) -> str:
    """The name of a header field, lower case."""
    return _shaped(text, _HEADER, "is not a name of a header field", "names have no blanks and no colon").lower()


def header_names(text: str) -> tuple[str, ...]:
    """'subject' or 'to, cc'."""
    return tuple(header(name.strip()) for name in text.split(","))


def line(text: str) -> str:
    """One line of text that is not empty."""
    if not text.strip():
        raise Wrong("must not be empty", "leave the line out to get the default")
    if any(ord(char) < 32 or ord(char) == 127 for char in text):
        raise Wrong("must be one line without control characters")
    return text


def word(text: str) -> str:
    """A short name: letters, digits, dots and dashes."""
    return _shaped(text, r"[\w.-]{1,64}", "is not a short name", "use letters, digits, dots and dashes")


def prefix(text: str) -> str:
    """The letters of a ticket's number: MB gives MB-1042."""
    hint = 'up to ten ASCII letters and digits, a letter first: "MB"'
    return _shaped(text, r"[A-Za-z][A-Za-z0-9]{0,9}", "cannot start a ticket number", hint)


def language(text: str) -> str:
    """A language by its BCP 47 tag, the short form: en, ro, pt-BR."""
    return _shaped(text, r"[a-z]{2,3}(-[A-Za-z]{2,4})?", "is not a language tag", 'write it like "en", "ro" or "pt-BR"')


def language_code(text: str) -> str:
    """Two letters of ISO 639-1: en, ro."""
    return _shaped(text, "[a-z]{2}", "is not a language code", 'two lower-case letters of ISO 639-1, like "ro"')


def name(text: str) -> str:
    """The name of a team, an agent, a tag."""
    return _shaped(text, r"[\w.-]{1,40}", "is not a name", "a name is one word of letters, digits, - _ and .")


def host(text: str) -> str:
    """The name or the address of a host."""
    hint = 'write the name or the address alone, without "https://" and without a port'
    return _shaped(text, r"[\w.:-]+", "is not a host name", hint)


def credential(text: str) -> str:
    """The name of a credential of systemd.  A text that is none is not shown: it may be the secret itself."""
    if not re.fullmatch(r"[\w.-]{1,64}", text):
        raise Wrong("expected the name of a credential", "use letters, digits, dots and dashes")
    return text


def _shaped(text: str, pattern: str | re.Pattern[str], message: str, hint: str = "") -> str:
    if not re.fullmatch(pattern, text):
        raise Wrong(f'"{text}" {message}', hint)
    return text


def network(text: str) -> str:
    """An IP address or a network in CIDR form."""
    try:
        ip_network(text, strict=False)
    except ValueError:
        raise Wrong(f'"{text}" is no IP address and no network', 'write "192.0.2.10" or "172.18.0.0/16"') from None
    return text


def is_wide(peer: str) -> bool:
    """Whether a network holds so many addresses that it names nobody: wider than /8 (IPv4) or /16 (IPv6)."""
    found = ip_network(peer, strict=False)
    return found.prefixlen < (8 if found.version == 4 else 16)


def is_ip_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def server(port: int) -> Callable[[str], tuple[str, int]]:
    """`HOST:PORT`, `[::1]:PORT` or `HOST` alone, which means `port`."""

    def parse(text: str) -> tuple[str, int]:
        found = re.fullmatch(r"(?:\[([0-9A-Fa-f:.]+)\]|([\w.-]+))(?::(\d{1,5}))?", text)
        if found is None:
            raise Wrong(f'"{text}" names no server', f'write the name or the address, and the port: "127.0.0.1:{port}"')
        return found[1] or found[2], within(int(found[3] or port), 1, 65535)

    return parse


def server_or_socket(port: int) -> Callable[[str], tuple[str, int] | str]:
    """A server as `server` reads it, or the absolute path of a socket of this machine."""
    return lambda text: text if text.startswith("/") else server(port)(text)


def path(text: str) -> Path:
    """A path; relative ones are resolved against the desk's folder later."""
    return Path(text).expanduser()


def url(schemes: Mapping[str, str]) -> Callable[[str], str]:
    """A URL whose scheme is one of `schemes` (scheme -> how such a URL looks)."""
    hint = "it looks like " + " or ".join(schemes.values())

    def parse(text: str) -> str:
        if text.partition(":")[0] not in schemes:
            raise Wrong(f'"{without_password(text)}" does not start with one of {", ".join(f"{one}:" for one in schemes)}', hint)
        try:
            port = urlsplit(text).port
        except ValueError:  # its message quotes what it takes for the port, which may be a part of a password
            raise Wrong(f'"{without_password(text)}" has a port that is no number from 1 to 65535', hint) from None
        if port == 0:
            raise Wrong("port 0 means nothing here", hint)
        return text

    return parse


def endpoint(text: str) -> str:
    """The address of a token endpoint: https, or http to this machine itself."""
    url({"https": "https://login.example/token", "http": "http://127.0.0.1:8080/token"})(text)
    found = urlsplit(text)
    if not found.hostname or (found.scheme == "http" and found.hostname not in ("127.0.0.1", "::1", "localhost")):
        raise Wrong(f'"{without_password(text)}" would send secrets without TLS', "write https://")
    return text


def without_password(text: str) -> str:
    """A URL as it may be shown; of a text with @ that is no URL only what stands behind the @."""
    text = re.sub(r"(passw(?:or)?d=)[^&]*", r"\1***", text)
    login, at, rest = text.rpartition("@")
    scheme, slashes, user = login.partition("://")
    if not at or (slashes and ":" not in user):
        return text
    return f"{scheme}://{user.partition(':')[0]}:***@{rest}" if slashes else f"***@{rest}"
