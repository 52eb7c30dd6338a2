"""Reading what an admin wrote in TOML: each key has a reader, each mistake its place and the next step; all mistakes in one run."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, time, timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from mailbridge.config.positions import Place, Places, Where, locate, open_list, open_quote
from mailbridge.errors import Problem

Reader = Callable[[object], Any]

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
_SIZES = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}
# RFC 5321 4.1.2 without quoted strings and address literals: nobody's desk lives there, and a slip of the pen often does.
_ADDRESS = re.compile(r"[^\s@\"<>(),:;\\\[\]]+@(?:[^\s@.\"<>(),:;\\\[\]-][^\s@.\"<>(),:;\\\[\]]*\.)*[^\s@.\"<>(),:;\\\[\]]+")


class Wrong(ValueError):
    """A value a reader does not take; `hint` is the next step."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """'did you mean "folders"?', or every known word when none is near."""
    words = {each.lower(): each for each in sorted(known)}
    near = difflib.get_close_matches(word.lower(), words, n=1, cutoff=0.6)
    return f'did you mean "{words[near[0]]}"?' if near else f"known here: {', '.join(words.values())}"


def text(value: object) -> str:
    """One line of text that is not empty."""
    if not isinstance(value, str):
        raise Wrong(f"expected text in quotes, found {_kind(value)}")
    if not value.strip():
        raise Wrong("must not be empty", "leave the line out to get the default")
    if any(ord(char) < 32 or ord(char) == 127 for char in value):
        raise Wrong("must be one line without control characters")
    return value


def day(value: object) -> date:
    """A date: 2027-11-30."""
    if isinstance(value, datetime) or not isinstance(value, date):
        raise Wrong(f"expected a date, found {_kind(value)}", "write it without quotes: 2027-11-30")
    return value


def flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise Wrong(f"expected true or false, found {_kind(value)}", "write true or false without quotes")
    return value


def number(low: int, high: int) -> Reader:
    """A whole number from `low` to `high`, both allowed."""

    def read(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise Wrong(f"expected a whole number, found {_kind(value)}")
        return _within(value, low, high, str)

    return read


def size(low: int, high: int) -> Reader:
    """A number of bytes: 52428800 or "50 MB" (counted by 1024)."""

    def read(value: object) -> int:
        match = re.fullmatch(r"(\d{1,12})\s*([kmg]?)i?b?", str(value).lower()) if isinstance(value, str) else None
        if match:
            value = int(match.group(1)) * _SIZES[match.group(2)]
        if isinstance(value, bool) or not isinstance(value, int):
            raise Wrong(f"expected a size, found {_kind(value)}", 'write a number of bytes, or "50 MB"')
        return _within(value, low, high, lambda bound: f"{bound} bytes")

    return read


def duration(low: timedelta, high: timedelta) -> Reader:
    """A length of time: "60s", "5m", "1h 30m", "7d"."""

    def read(value: object) -> timedelta:
        hint = 'write a number with s, m, h, d or w: "90s", "5m", "1h 30m"'
        if not isinstance(value, str):
            raise Wrong(f"expected a length of time in quotes, found {_kind(value)}", hint)
        if not re.fullmatch(r"\s*(\d{1,9}\s*[smhdw]\s*)+", value):
            raise Wrong(f'"{value}" is no length of time', hint)
        seconds = sum(int(count) * _UNITS[unit] for count, unit in re.findall(r"(\d+)\s*([smhdw])", value))
        return timedelta(seconds=_within(seconds, int(low.total_seconds()), int(high.total_seconds()), lambda bound: f"{bound}s"))

    return read


def time_of_day(value: object) -> time:
    """`"03:30"`: hours and minutes."""
    found = text(value)
    try:
        return datetime.strptime(found, "%H:%M").time()
    except ValueError as error:
        raise Wrong(f'"{found}" is no time of day', 'write hours and minutes: "03:30"') from error


def counts(kind: Callable[..., Any], *names: str) -> Reader:
    """A table of whole numbers from 0 to 10,000 by these names, as `kind(name=number, …)`."""

    def read(value: object) -> object:
        sample = f"{{ {', '.join(f'{name} = 7' for name in names[:2])} }}"
        if not isinstance(value, dict):
            raise Wrong(f"expected a table of numbers, found {_kind(value)}", f"write {sample}")
        for name in value:
            if name not in names:
                raise Wrong(f'unknown name "{name}"', did_you_mean(name, names))
        return kind(**{name: number(0, 10_000)(one) for name, one in value.items()})

    return read


def choice(words: Iterable[str]) -> Reader:
    """One of a closed set of words; an enum gives its member."""
    known = {str(word): word for word in words}

    def read(value: object) -> str:
        if not isinstance(value, str):
            raise Wrong(f"expected one of {', '.join(known)}, found {_kind(value)}")
        if value not in known:
            raise Wrong(f'unknown value "{value}"', did_you_mean(value, known))
        return known[value]

    return read


def many(reader: Reader) -> Reader:
    """A list of what `reader` takes, as a tuple.  One bare value is a mistake: lists look like lists."""

    def read(value: object) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise Wrong(f"expected a list, found {_kind(value)}", 'write it in brackets: ["…", "…"]')
        items = []
        for index, item in enumerate(value):
            try:
                items.append(reader(item))
            except Wrong as wrong:
                raise WrongItem(index, wrong) from wrong
        return tuple(items)

    return read


class WrongItem(Wrong):
    """One item of a list is wrong."""

    def __init__(self, index: int, wrong: Wrong) -> None:
        super().__init__(str(wrong), wrong.hint)
        self.index = index


def address(value: object) -> str:
    """A plain mail address."""
    found = text(value)
    if not _ADDRESS.fullmatch(found):
        raise Wrong(f'"{found}" is no mail address', 'write it plain: "support@acme.example"')
    return found


def word(value: object) -> str:
    """A short name: letters, digits, dots and dashes."""
    found = text(value)
    if not re.fullmatch(r"[\w.-]{1,64}", found):
        raise Wrong(f'"{found}" is no short name', "use letters, digits, dots and dashes")
    return found


def prefix(value: object) -> str:
    """What stands before a ticket's number: MB gives MB-1042."""
    found = text(value)
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9]{0,9}", found):
        raise Wrong(f'"{found}" cannot start a ticket number', 'up to ten ASCII letters and digits, a letter first: "MB"')
    return found


def language(value: object) -> str:
    """A language by its BCP 47 tag, the short form: en, ro, pt-BR."""
    found = text(value)
    if not re.fullmatch(r"[a-z]{2,3}(-[A-Za-z]{2,4})?", found):
        raise Wrong(f'"{found}" is no language tag', 'write it like "en", "ro" or "pt-BR"')
    return found


def host(value: object) -> str:
    found = text(value)
    if not re.fullmatch(r"[\w.:-]+", found):
        raise Wrong(f'"{found}" is no host name', 'write the name or the address alone, without "https://" and without a port')
    return found


def network(value: object) -> str:
    """An IP address or a network in CIDR form."""
    found = text(value)
    try:
        ip_network(found, strict=False)
    except ValueError as error:
        raise Wrong(f'"{found}" is no IP address and no network', 'write "192.0.2.10" or "172.18.0.0/16"') from error
    return found


def is_wide(peer: str) -> bool:
    """Whether a network holds so many addresses that it names nobody: wider than /8 (IPv4) or /16 (IPv6)."""
    found = ip_network(peer, strict=False)
    return found.prefixlen < (8 if found.version == 4 else 16)


def server(port: int) -> Reader:
    """`HOST:PORT`, `[::1]:PORT` or `HOST` alone, which means `port`: (host, port)."""

    def read(value: object) -> tuple[str, int]:
        found = text(value)
        match = re.fullmatch(r"(?:\[([0-9A-Fa-f:.]+)\]|([\w.-]+))(?::(\d{1,5}))?", found)
        if match is None:
            raise Wrong(f'"{found}" names no server', f'write the name or the address, and the port: "127.0.0.1:{port}"')
        number_ = int(match[3]) if match[3] else port
        return match[1] or match[2], _within(number_, 1, 65535, str)

    return read


def server_or_socket(port: int) -> Reader:
    """A server as `server` reads it, or the absolute path of a socket of this machine."""
    read_server = server(port)

    def read(value: object) -> tuple[str, int] | str:
        found = text(value)
        return found if found.startswith("/") else read_server(found)

    return read


def no_secret(value: object) -> str:
    raise Wrong(
        "a password does not belong in this file",
        'put it in a file only the daemon can read: password_file = "…", or in a variable: password_env = "…"',
    )


def path(value: object) -> Path:
    """A path; relative ones are resolved against the desk's folder by whoever knows it."""
    return Path(text(value)).expanduser()


def url(schemes: Mapping[str, str]) -> Reader:
    """A URL whose scheme is one of `schemes` (scheme -> how such a URL looks)."""

    def read(value: object) -> str:
        found = text(value)
        scheme = found.partition(":")[0]
        if scheme not in schemes:
            raise Wrong(f'"{_without_password(found)}" does not start with one of {", ".join(f"{s}:" for s in schemes)}', _looks(schemes))
        try:
            port = urlsplit(found).port
        except ValueError as error:
            raise Wrong(f'"{_without_password(found)}": {error}', _looks(schemes)) from error
        if port == 0:
            raise Wrong("port 0 means nothing here", _looks(schemes))
        return found

    return read


def endpoint(value: object) -> str:
    """The address of a token endpoint: https, or http to this machine itself."""
    found = url({"https": "https://login.example/token", "http": "http://127.0.0.1:8080/token"})(value)
    where = urlsplit(str(found))
    if not where.hostname or (where.scheme == "http" and where.hostname not in ("127.0.0.1", "::1", "localhost")):
        raise Wrong(f'"{_without_password(str(found))}" would send secrets without TLS', "write https://")
    return str(found)


class Source:
    """One TOML text with the places of its keys, and the mistakes found in it so far."""

    def __init__(self, file: str, content: str) -> None:
        self.file = file
        self.problems: list[Problem] = []
        self.data: dict[str, object] = {}
        self.places = Places({}, {})
        try:
            self.data = tomllib.loads(content)
            self.places = locate(content)
        except tomllib.TOMLDecodeError as error:
            self._syntax(str(error), content)

    def mistake(self, place: Place, message: str, hint: str = "") -> None:
        self.problems.append(Problem(file=self.file, line=place.line, column=place.column, length=place.length, message=message, hint=hint))

    def at_key(self, where: Where, message: str, hint: str = "") -> None:
        self.mistake(self.places.key(where), message, hint)

    def at_value(self, where: Where, message: str, hint: str = "") -> None:
        self.mistake(self.places.value(where), message, hint)

    def read(self, where: Where, table: object, keys: Mapping[str, Reader], required: tuple[str, ...] = ()) -> dict[str, Any]:
        """The values of one table by their readers.  Unknown, wrong and missing ones become mistakes and are left out."""
        if not isinstance(table, dict):
            self.at_value(where, f"expected a section, found {_kind(table)}", f"write [{where[0]}] on a line of its own")
            return {}
        values: dict[str, Any] = {}
        for key, raw in table.items():
            if key not in keys:
                known = [each for each, reader in keys.items() if reader is not no_secret]
                self.at_key((*where, key), f'unknown key "{key}" in [{where[0]}]', did_you_mean(key, known))
                continue
            try:
                values[key] = keys[key](raw)
            except WrongItem as wrong:
                self.at_value((*where, key, wrong.index), f"{key}: {wrong}", wrong.hint)
            except Wrong as wrong:
                self.at_value((*where, key), f"{key}: {wrong}", wrong.hint)
        for key in required:
            if key not in table:
                self.at_key(where, f'[{where[0]}] needs "{key}"', f'add a line {key} = "…"')
        return values

    def _syntax(self, message: str, content: str) -> None:
        found = re.search(r"\(at line (\d+), column (\d+)\)", message)
        lines = content.splitlines() or [""]
        line, column = (int(found.group(1)), int(found.group(2))) if found else (len(lines), len(lines[-1]) + 1)
        reason = re.sub(r" \(at .*\)$", "", message)
        if (opened := open_quote(content)) is not None:
            hint = "write the same quote at the end of the text"
            self.mistake(opened, "not valid TOML: the quote that begins here is not closed", hint)
            return
        if (opened := open_list(content, Place(line, column))) is not None:
            self.mistake(opened, "not valid TOML: the list that begins here is not closed", "write ] behind its last entry")
            return
        hint = _remedy(lines[line - 1][column - 1 :] if line <= len(lines) else "")
        self.mistake(Place(line, column), f"not valid TOML: {reason[:1].lower()}{reason[1:]}", hint)


def _remedy(rest: str) -> str:
    """What probably mends a line of TOML that ends in `rest` from the mistake on."""
    if rest[:1] in tuple("“”„‟‘’‚«»"):
        return 'write straight quotes: "…"'
    if re.match(r"[^\W\d]", rest) or "@" in rest or "://" in rest:
        return 'a text stands in quotes: name = "Acme"'  # never the text itself, which may be a secret
    return "https://toml.io shows how it is written"


def _within(value: int, low: int, high: int, show: Callable[[int], str]) -> int:
    if value < low:
        raise Wrong(f"{show(value)} is too small", f"the least is {show(low)}")
    if value > high:
        raise Wrong(f"{show(value)} is too large", f"the most is {show(high)}")
    return value


def _kind(value: object) -> str:
    """What somebody wrote, in words for somebody who writes TOML and not Python."""
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float():
            return f"the number {value}"
        case str():
            return f'the text "{value}"'
        case list():
            return "a list"
        case dict():
            return "a section"
    return "a date or time"


def _looks(schemes: Mapping[str, str]) -> str:
    return "it looks like " + " or ".join(schemes.values())


def _without_password(found: str) -> str:
    return re.sub(r"(//[^:/@]*):[^@]*@", r"\1:***@", found)
