"""What templates can do with values besides showing them: `filters`, and `mailto`.  docs/manual/templates.md explains them to operators."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from functools import partial
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape

from mailbridge.delivery.render.bounces import bounce_kind
from mailbridge.delivery.render.reflow import as_html
from mailbridge.delivery.render.sentences import sentence, shown
from mailbridge.delivery.render.template_context import Cut, HistoryEntry, TicketView
from mailbridge.delivery.render.words import COUNTS
from mailbridge.message.markdown import to_html, to_plain
from mailbridge.notifications.payloads.cells import cells
from mailbridge.notifications.payloads.model import TableRow
from mailbridge.notifications.summary import length
from mailbridge.notifications.summary_model import Summary, unpacked
from mailbridge.organisation.opening_hours import OpeningHours

MAX_SUBJECT = 250
LONGEST_LINK = 2_000  # characters; Windows hands no longer link to a mail program
_LONGEST_TOPIC = 220
_DAY = 24 * 60  # minutes
_NEAR = {-1: "yesterday", 0: "today", 1: "tomorrow"}

_LENGTH = re.compile(r"(\d+) (h|min)\b")
_PREFIXES = re.compile(r"(?:\s*(?:re|fw|fwd|aw|wg|sv|vs|antw|tr|rv|odp|отв|ответ|răsp|rasp)\s*(?:\[\d+\])?\s*:)+\s*", re.IGNORECASE)
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")


def one_line(text: str) -> str:
    """One line of visible text: no controls, no line or paragraph separators, no direction overrides, single blanks."""
    return " ".join(_CONTROLS.sub(" ", text).split())[:MAX_SUBJECT]


def mailto(address: str, subject: str = "", body: str = "") -> str:
    """A link that opens an answer with these words in it (RFC 6068: percent-encoded UTF-8, lines end with CRLF), below LONGEST_LINK.

    The subject is cut where the link would be longer.  A body that does not fit is left out as a whole.
    """
    to, subject = f"mailto:{quote(address, safe='@')}", one_line(subject)
    text = quote(body.replace("\r\n", "\n").replace("\n", "\r\n"), safe="")
    text = text if len(to) + len(text) < LONGEST_LINK - 100 else ""
    room = LONGEST_LINK - len(to) - len(text) - len("?subject=&body=") - 1
    while len(quote(subject, safe="")) > room:
        subject = subject[: -max(1, (len(quote(subject, safe="")) - room) // 12)].rstrip()
    query = "&".join(f"{name}={value}" for name, value in (("subject", quote(subject, safe="")), ("body", text)) if value)
    return f"{to}?{query}" if query else to


def fill(words: str, /, **values: object) -> str:
    """Shared words with the values that stand in braces in them."""
    return words.format(**values)


@pass_context
def answer(context: Context, line: str = "") -> str:
    """A link that opens an answer to this mail, with a line for the desk in it."""
    ticket = context.get("ticket")
    subject = f"Re: [{ticket.number}] {topic(ticket)}" if ticket else ""
    return mailto(context["reply_to"], subject, line)


@pass_context
def _wrote(context: Context, entry: HistoryEntry) -> str:
    """Who wrote it and when, above the words themselves."""
    words = context["words"]
    if not entry.at:
        return str(words["wrote_plain"]).format(name=entry.author)
    return str(words["wrote"]).format(name=entry.author, when=_when(context, entry.at))


@pass_context
def _thread(context: Context, ticket: TicketView, without: str = "") -> str:
    """The subject that stays the same for the whole conversation with a customer; `without` stands in for a subject that is empty.

    Of a writer whom nothing proves it is the fixed subject of the receipt, as long as nobody has answered by hand.
    """
    subject = topic(ticket)
    if not subject and not ticket.answered:
        return f"{context['words'].get('received_subject', without)} [{ticket.number}]".strip()
    number = f" [{ticket.number}]" if ticket.numbered else ""
    re_ = "" if ticket.began_here else "Re: "
    return f"{re_}{subject}{number}" if subject else f"{without}{number}".strip()


def topic(ticket: TicketView) -> str:
    """What the ticket was opened about, without prefixes and numbers of the desk, short enough for a number beside it."""
    return bare(ticket.opened_as or ticket.subject, ticket.number)[:_LONGEST_TOPIC].rstrip()


def bare(subject: str, number: str = "") -> str:
    """The subject without Re: and Fwd:, and without numbers of the desk; `number` is one of them."""
    numbers = rf"\[{re.escape(number.rpartition('-')[0])}-\d+\]"
    without = re.sub(numbers, " ", subject, flags=re.IGNORECASE) if "-" in number else subject
    return _PREFIXES.sub("", one_line(without), count=1) if _PREFIXES.match(one_line(without)) else one_line(without)


@pass_context
def _when(context: Context, moment: datetime | str | None) -> str:
    """A moment by the wall clock of the reader's team, in the words of the template's language; '' for none, and a text that is no moment
    as it is."""
    if not moment:
        return ""
    try:
        local = _wall(context, moment)
    except ValueError:
        return str(moment)
    return _day_and_time(context, local, local.tzname() or "")


@pass_context
def _near(context: Context, moment: datetime | str | None) -> str:
    """A moment by the reader's wall clock with the day that it is when the mail is written: "today 13:00", "Mon 30 Nov 09:00 EET"."""
    words, now = context["words"].get("near"), context["now"]
    if not moment or not words or now is None:
        return _when(context, moment)
    local = _wall(context, moment)
    day = _NEAR.get((local.date() - _wall(context, now).date()).days)
    return str(words[day]).format(time=f"{local:%H:%M}") if day else _when(context, moment)


@pass_context
def _from_now(context: Context, moment: datetime | str | None) -> str:
    """The same, and how far off it is within a day: "today 13:00, in 1 h 12 min", "yesterday 17:00, 3 h ago"."""
    said, words, now = _near(context, moment), context["words"].get("near"), context["now"]
    if not moment or not words or now is None:
        return said
    minutes = round((_wall(context, moment) - now).total_seconds() / 60)
    if not minutes or abs(minutes) >= _DAY:
        return said
    return str(words["in" if minutes > 0 else "ago"]).format(moment=said, span=_lasting(context, abs(minutes)))


@pass_context
def _span(context: Context, start: datetime | str, end: datetime | str | None) -> str:
    """From when to when by the reader's wall clock, in the words of the template's language: "Fri 20 Nov 17:40 – 18:00".  The zone is
    named where it changes in between, as it does in the nights of summer time; `end` of none is now."""
    begin, stop = _wall(context, start), _wall(context, end) if end else None
    if stop is None:
        return f"{_day_and_time(context, begin)} – {_phrase(context, 'why.now')}"
    zones = (begin.tzname() or "", stop.tzname() or "")
    if zones[0] != zones[1]:
        return " – ".join(_day_and_time(context, at, zone) for at, zone in zip((begin, stop), zones, strict=True))
    return f"{_day_and_time(context, begin)} – {f'{stop:%H:%M}' if stop.date() == begin.date() else _day_and_time(context, stop)}"


def _wall(context: Context, moment: datetime | str) -> datetime:
    """By the reader's wall clock."""
    at = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return at.astimezone(ZoneInfo(context["zone"]))


def _day_and_time(context: Context, local: datetime, zone: str = "") -> str:
    words = context["words"]
    day, month = words["days"][local.weekday()], words["months"][local.month - 1]
    return str(words["moment"]).format(day=day, date=local.day, month=month, time=f"{local:%H:%M}", zone=zone).strip()


@pass_context
def _phrase(context: Context, key: str, **values: str) -> str:
    """The sentence of the catalogue under this key, in the template's language."""
    return sentence(Summary(key=key, values=values), context["language"], partial(_when, context))


@pass_context
def _day(context: Context, day: date | str | None) -> str:
    """A day in the words of the template's language, "31 Dec 2026"; '' for none, and a text that is no day as it is."""
    if not day:
        return ""
    try:
        on = date.fromisoformat(day) if isinstance(day, str) else day
    except ValueError:
        return str(day)
    return f"{on.day} {context['words']['months'][on.month - 1]} {on.year}"


@pass_context
def _days(context: Context, text: str) -> str:
    """The text with each day of ISO 8601 in the words of the template's language: "1 Dec 2026 – 4 Dec 2026 (Ana Pop)"."""
    return re.sub(r"\b\d{4}-\d{2}-\d{2}\b", lambda found: _day(context, found[0]), text)


@pass_context
def _weekly(context: Context, opening: OpeningHours | None) -> str:
    """The working week, "Mon–Fri 09:00–18:00 EET"; '' around the clock."""
    if opening is None or not opening.days:
        return ""
    days, now = context["words"]["days"], context["now"]
    named = (f"{days[one.first]}–{days[one.last]}" if one.last > one.first else str(days[one.first]) for one in opening.days)
    zone = now.astimezone(ZoneInfo(opening.zone)).tzname() if now else opening.zone
    return "; ".join(f"{name} {one.hours}" for name, one in zip(named, opening.days, strict=True)) + f" {zone}"


@pass_context
def _told(context: Context, happened: str | Sequence[Summary]) -> str:
    """Summaries of events as sentences of the template's language, separated by semicolons."""
    summaries = unpacked(happened) if isinstance(happened, str) else happened
    return "; ".join(_sentence(context, one) for one in summaries)


def _sentence(context: Context, one: Summary) -> str:
    """By the catalogue, unless a desk's own words.j2 has the table `happened` of earlier releases."""
    own, when = context["words"].get("happened", {}), partial(_when, context)
    if one.key not in own:
        return sentence(one, context["language"], when)
    said = str(own[one.key]).format(**shown(one, when))
    return f"{one.on}: {said}" if one.on else said


def _paragraphs(text: str) -> Markup:
    """Plain text as HTML that looks the same: escaped, lines kept, two blanks at a line's start kept."""
    lines = (str(escape(line)) for line in text.replace("\r\n", "\n").split("\n"))
    kept = (re.sub(r"^ +| {2,}", lambda run: "&nbsp;" * len(run.group()), line) for line in lines)
    return Markup("<br>\n".join(kept))  # noqa: S704  (escaped above)


def _quote_lines(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in text.splitlines())


def _shorten(text: str, limit: int = 4000) -> str:
    """At most `limit` characters, cut at a line or a blank where there is one near, with an ellipsis."""
    if len(text) <= limit:
        return text
    cut = text[:limit]
    edge = max(cut.rfind("\n"), cut.rfind(" "))
    return cut[: edge if edge > limit // 2 else limit].rstrip() + " …"


def _rows(table: str | Sequence[TableRow], columns: int) -> list[list[object]]:
    """A table as rows of cells, each filled up to `columns`; lines of cells separated by tabs, too, which own templates may have."""
    rows = [line.split("\t") for line in table.splitlines() if line.strip()] if isinstance(table, str) else [cells(row) for row in table]
    return [[*row, *[""] * columns][:columns] for row in rows]


@pass_context
def _lasting(context: Context, minutes: int | str | None) -> str:
    """45 as "45 min", 80 as "1 h 20 min", 120 as "2 h", with the units of the template's language; '' for none.  A text that holds such
    a length already gets these units, too."""
    text = "" if minutes is None else str(minutes)
    said = length(int(text)) if text.isascii() and text.isdigit() else text
    return _LENGTH.sub(lambda found: f"{found[1]} {_unit(context, found[2])}", said)


def _unit(context: Context, unit: str) -> str:
    return str(context["words"].get("units", {}).get(unit, unit))


@pass_context
def _counted(context: Context, cut: Sequence[Cut]) -> str:
    """What of a message is not shown, in the words of the template's language: "12 lines of quote, 1 line of signature"."""
    return ", ".join(_lines(context, one) for one in cut)


def _lines(context: Context, cut: Cut) -> str:
    """In the plural form of the language; an own words.j2 of earlier releases has two forms."""
    own, known = context["words"]["counts"][cut.kind], COUNTS[cut.kind]
    if context["own_words"] and "counts" in context["own_words"]:
        return str(own[cut.lines > 1]).format(n=cut.lines)
    return str(context["catalogue"].plural(*known, cut.lines, "counts")).format(n=cut.lines)


def _markdown(text: str) -> Markup:
    """HTML of an article's Markdown, sanitised, with our own distances."""
    return Markup(to_html(text))  # noqa: S704 - the sanitiser of mails made it


def _plain(text: str, indent: int = 0) -> str:
    """The Markdown as plain text, each line but the first `indent` blanks in."""
    return to_plain(text).replace("\n", f"\n{' ' * indent}")


@pass_context
def _priority(context: Context, priority: str) -> str:
    """The priority as a title in the template's language."""
    return str(context["words"].get("priorities", {}).get(priority, priority.capitalize()))


@pass_context
def _invitation(context: Context, facts: str) -> str:
    """What an invitation says, with the names of its facts in the template's language."""
    words = context["words"].get("invitations", {})
    return "\n".join(_fact(line, words) for line in facts.splitlines())


def _fact(line: str, words: Mapping[str, str]) -> str:
    name, colon, value = line.partition(": ")
    if not colon or name not in words:
        return line
    if name in ("Method", "Status"):
        value = words.get(value.lower(), value)
    if name == "Attendees":
        value = re.sub(r"\((\w[\w-]*)\)", lambda found: f"({words.get(found[1], found[1])})", value)
    return f"{words[name]}: {value}"


@pass_context
def _entry(context: Context, about: str) -> str:
    """What an entry of an hour bank is about, as `tickets.hours.statement` says it, in the template's language."""
    words: Mapping[str, str] = context["words"].get("entries", {})
    known = next((english for english in sorted(words, key=len, reverse=True) if re.match(rf"{re.escape(english)}(?!\w)", about)), "")
    if not known:
        return about
    rest = about[len(known) :].replace(", until ", f", {words['until']} ").replace(", renews ", f", {words['renews']} ")
    return f"{words[known]}{rest}"


FILTERS: dict[str, Callable[..., Any]] = {
    "bare": bare,
    "bounce_kind": bounce_kind,
    "counted": _counted,
    "day": _day,
    "days": _days,
    "entry": _entry,
    "flowed": as_html,
    "from_now": _from_now,
    "invitation": _invitation,
    "lasting": _lasting,
    "markdown": _markdown,
    "near": _near,
    "paragraphs": _paragraphs,
    "phrase": _phrase,
    "plain": _plain,
    "priority": _priority,
    "quote_lines": _quote_lines,
    "rows": _rows,
    "shorten": _shorten,
    "span": _span,
    "thread": _thread,
    "topic": topic,
    "told": _told,
    "weekly": _weekly,
    "when": _when,
    "wrote": _wrote,
}
