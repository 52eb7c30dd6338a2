"""Copied header fields above a quoted or forwarded mail, as Outlook and similar programs write them, in any language."""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache
from typing import NamedTuple

from mailbridge.reply.evidence import by_date
from mailbridge.reply.lines import TextLine, next_line, previous_line
from mailbridge.reply.phrases import LANGUAGES
from mailbridge.reply.subject import Thread
from mailbridge.reply.vocabulary import DATE, TIME, HeaderRole, fold_phrase, header_words

_MOST_LINES = 30
_LONGEST_WORD = 24
_LONGEST_BLOCK = 2_000  # characters of a block on one line
_MARKUP = "*_ \t\u00a0"
_CELL = _MARKUP + "|"
_COLON = re.compile("[:：﹕\u055d]")  # the last one is the Armenian colon
_MOST_CONTINUATIONS = 4
_MOST_BLANKS = 2
_TRACE = frozenset({"received", "return-path", "delivered-to", "message-id", "mime-version", "dkim-signature", "x-received", "envelope-to"})
_UNFINISHED = (",", ";", "<", "[mailto:")


class QuotedHeaders(NamedTuple):
    """The lines from `first` to `last`, both inclusive, are copied headers.  `fields` are (role, value) in order."""

    first: int
    last: int
    fields: tuple[tuple[HeaderRole, str], ...]
    language: str

    def value(self, role: HeaderRole) -> str:
        return next((value for name, value in self.fields if name is role), "")


class _Field(NamedTuple):
    place: int
    role: HeaderRole
    value: str
    languages: frozenset[str]


def header_block(lines: list[TextLine], first: int) -> QuotedHeaders | None:
    """The header block that begins exactly at this line, else None."""
    opening = _field(lines, first)
    if opening is None or (opening.role is HeaderRole.OTHER and not _begins_raw_header(lines, first)):
        return None
    fields = _on_one_line(opening) or _fields(lines, opening)
    if not _is_block(fields) and not _is_lone_sender(lines, fields):
        return None
    if _is_form(lines, fields):
        return None
    return QuotedHeaders(first, _last_line(lines, fields), _with_continuations(lines, fields), _language(fields))


def _field(lines: list[TextLine], place: int) -> _Field | None:
    parted = _parted(lines[place].bare)
    known = _known(parted[0]) if parted is not None else None
    return _Field(place, known[0], parted[1], known[1]) if parted is not None and known is not None else None


def _parted(bare: str) -> tuple[str, str] | None:
    """(text before the colon, text after it); for a table row the first cell and the others.  None for any other line."""
    if bare[:1] == "|":
        label, _, value = bare.strip("| ").partition("|")
        return label.strip(_MARKUP), value.strip(_CELL)
    colon = _colon(bare)
    return (bare[:colon], bare[colon + 1 :].strip(_MARKUP)) if colon > 0 else None


def copied_field(lines: list[TextLine], place: int, thread: Thread) -> bool:
    """Whether the line is a header that some programs copy between a rule and the introduction: recipients or subject."""
    field = _field(lines, place)
    if field is None or field.role not in (HeaderRole.TO, HeaderRole.CC, HeaderRole.SUBJECT):
        return False
    return "@" in field.value or thread.is_about(field.value.rstrip(" ;"))


@lru_cache(maxsize=2048)
def _known(label: str) -> tuple[HeaderRole, frozenset[str]] | None:
    return header_words().get(fold_phrase(label.strip(_MARKUP)))


def _on_one_line(opening: _Field) -> list[_Field]:
    """The fields of a block that lost its line breaks in HTML: 'From: ann@example.org Date: Mon, 5 Apr 2021'."""
    rest = opening._replace(value=opening.value[:_LONGEST_BLOCK])
    if rest.role is not HeaderRole.SENDER or "@" not in rest.value or rest.value.count(":") < 2:
        return []
    fields = []
    while (found := _inner_field(rest)) is not None:
        before, rest = found
        fields.append(before)
    return [*fields, rest] if fields else []


def _inner_field(field: _Field) -> tuple[_Field, _Field] | None:
    """(the field up to the next header word in its value, the field that begins at that word); None without such a word."""
    value = field.value
    colon = value.find(":")
    while colon > 0:
        head, _, word = value[:colon].rstrip().rpartition(" ")
        known = _known(word) if len(word) <= _LONGEST_WORD else None
        if head.strip() and known is not None and known[0] in (HeaderRole.DATE, HeaderRole.TO, HeaderRole.SUBJECT, HeaderRole.CC):
            opened = _Field(field.place, known[0], value[colon + 1 :].strip(_MARKUP), known[1])
            return field._replace(value=head.strip(_MARKUP)), opened
        colon = value.find(":", colon + 1)
    return None


def _begins_raw_header(lines: list[TextLine], first: int) -> bool:
    """Whether this is the first of the lines that servers put above the displayed fields."""
    set_apart = first == 0 or not lines[first - 1].bare
    return set_apart and fold_phrase(lines[first].bare.partition(":")[0].strip(_MARKUP)) in _TRACE


def _colon(bare: str) -> int:
    found = _COLON.search(bare, 1, _LONGEST_WORD + 8)
    return found.start() if found else -1


def _fields(lines: list[TextLine], opening: _Field) -> list[_Field]:
    """The header lines from `opening` on.  A blank line or a continuation of the first field may stand between two of them."""
    fields = [opening]
    depth = lines[opening.place].depth
    between = blanks = 0
    for place in range(opening.place + 1, min(len(lines), opening.place + _MOST_LINES)):
        line = lines[place]
        if line.depth != depth and line.bare:
            break
        if not line.bare:
            blanks += 1
            if blanks > _MOST_BLANKS:
                break
            continue
        field = _field(lines, place)
        if field is not None:
            if (blanks and (between or field.role is HeaderRole.OTHER)) or (
                field.role is HeaderRole.SENDER and opening.role is HeaderRole.SENDER
            ):
                break
            fields.append(field)
            between = blanks = 0
            continue
        between += 1
        if between > _MOST_CONTINUATIONS or blanks:
            break
    return fields


def _is_block(fields: list[_Field]) -> bool:
    """Whether these are the headers of a mail, not a form or a list with such a word."""
    roles = [field.role for field in fields]
    distinct = set(roles) - {HeaderRole.OTHER}
    if len(distinct) < 2:
        return False
    if HeaderRole.SENDER not in [role for role in roles if role is not HeaderRole.OTHER][:4]:
        return roles[:2] == [HeaderRole.DATE, HeaderRole.TO] and _has_time(fields[0].value) and "@" in fields[1].value
    if len(distinct) == 2 and HeaderRole.TO in distinct and not any("@" in field.value for field in fields):
        return False
    if not _share_language(fields):
        return False
    return HeaderRole.SUBJECT in distinct or _convincing(fields)


def _convincing(fields: list[_Field]) -> bool:
    """Whether the fields contain an address or a time of day, which a travel route ('From: X To: Y') lacks."""
    if any("@" in field.value for field in fields):
        return True
    return len(fields) >= 3 and any(field.role is HeaderRole.DATE and TIME.found(fold_phrase(field.value[:100])) for field in fields)


_MOMENT = re.compile(r"\d\d?[:.h時]\d\d|(?:19|20)\d\d")


def _has_time(value: str) -> bool:
    return _MOMENT.search(value[:100]) is not None


_TIME_ALONE = re.compile(r"\d\d?[:.h]\d\d\b")


def _is_form(lines: list[TextLine], fields: list[_Field]) -> bool:
    """Whether the fields belong to a form: a timetable's from and to, or no date, no recipient and another label above."""
    if any(field.role is HeaderRole.SENDER and _TIME_ALONE.match(field.value) for field in fields):
        return True
    above = fields[0].place - 1
    told = {field.role for field in fields} & {HeaderRole.DATE, HeaderRole.TO}
    return not told and len(fields) > 1 and above >= 0 and 0 < _colon(lines[above].bare) < len(lines[above].bare) - 1


_MAILBOX = re.compile(r"^[\"'*]*[^\W\d_][^<>\[\]:]*[<\[(](?:mailto:)?[^\s<>@]+@[^\s<>@]+[>\])]+$", re.IGNORECASE)


def _is_lone_sender(lines: list[TextLine], fields: list[_Field]) -> bool:
    """Whether a single 'From: Ann <ann@example.org>', set apart below other text, is the rest of copied headers.

    False where prose continues around the line ('The header says: From: ... which is not ours.') or other labels of a form stand beside it.
    """
    place, role, value, _ = fields[0]
    if len(fields) > 1 or role is not HeaderRole.SENDER or not _MAILBOX.match(value):
        return False
    above, below = previous_line(lines, place - 1), next_line(lines, place + 1)
    if above < 0 or below == len(lines) or lines[above].bare.endswith((":", "：")) or lines[below].bare[:1].islower():
        return False
    return lines[place - 1].blank and _colon(lines[below].bare) < 0 and lines[above].depth == lines[place].depth


def _share_language(fields: list[_Field]) -> bool:
    """Whether most of the words are of one language: 'De', 'A' and 'Data' alone occur in several."""
    languages = Counter(code for field in fields for code in field.languages)
    return max(languages.values()) >= min(len(fields), 2)


def _language(fields: list[_Field]) -> str:
    languages = Counter(code for field in fields for code in sorted(field.languages))
    likely = sorted((code for code in languages if languages[code] == max(languages.values())), key=_ORDER.__getitem__)
    return (
        likely[0]
        if len(likely) == 1
        else by_date(likely, fold_phrase(" ".join(field.value for field in fields if field.role is HeaderRole.DATE)))
    )


# --- headers in an unknown language

_FEWEST_BLIND, _MOST_BLIND = 3, 6
_LABEL = re.compile(r"^[^\W\d_][^\d@/<>]{0,23}$")


def blind_blocks(lines: list[TextLine], thread: Thread) -> dict[int, QuotedHeaders]:
    """The header blocks in languages without a table, by their first line.

    Such a block is three to six lines with a word before a colon, among them a mailbox, a date, and the subject of this mail.
    """
    found: dict[int, QuotedHeaders] = {}
    if not thread.topic:
        return found
    ends = thread.subject_words[-_TOPIC_END:]
    last = ends.rpartition(" ")[2]
    longest, only_ascii = len(thread.topic) + _LONGEST_PREFIXES, ends.isascii()
    for place, line in enumerate(lines):
        bare = line.bare
        # The cheapest checks come first; they exclude nearly all lines.
        if len(bare) > longest or (":" not in bare and bare[:1] != "|" and bare.isascii()) or (bare.isascii() and not only_ascii):
            continue
        if last not in bare.casefold() or ends not in fold_phrase(bare):
            continue
        parted = _parted(line.bare)
        block = _blind_block(lines, place, thread) if parted and thread.is_about(parted[1].rstrip(" ;")) else None
        if block is not None:
            found.setdefault(block.first, block)
    return found


_TOPIC_END = 12
_LONGEST_PREFIXES = 80


def _blind_block(lines: list[TextLine], subject: int, thread: Thread) -> QuotedHeaders | None:
    run = [*reversed(_blind_fields(lines, subject, -1)), subject, *_blind_fields(lines, subject, 1)]
    parts = {place: _parted(lines[place].bare) or ("", "") for place in run}
    telling = [place for place in run if place == subject or "@" in parts[place][1] or _is_date(parts[place][1])]
    run = [place for place in run if telling[0] <= place <= telling[-1]]
    if not _FEWEST_BLIND <= len(run) <= _MOST_BLIND:
        return None
    mailboxes = [place for place in run if "@" in parts[place][1] and place != subject]
    dates = [place for place in run if place not in (*mailboxes, subject) and _is_date(parts[place][1])]
    if not mailboxes or not dates:
        return None
    roles = {subject: HeaderRole.SUBJECT, dates[0]: HeaderRole.DATE, mailboxes[0]: HeaderRole.SENDER}
    fields = tuple((roles.get(place, HeaderRole.TO if place in mailboxes else HeaderRole.OTHER), parts[place][1]) for place in run)
    return QuotedHeaders(run[0], run[-1], fields, "any")


def _blind_fields(lines: list[TextLine], subject: int, step: int) -> list[int]:
    """The labelled lines directly above, or directly below, the subject line.  Single blank lines between them are allowed."""
    places: list[int] = []
    place, blanks = subject + step, 0
    while 0 <= place < len(lines) and len(places) < _MOST_BLIND and blanks < _MOST_BLANKS:
        line = lines[place]
        if not line.bare:
            blanks += 1
        elif line.depth == lines[subject].depth and (parted := _parted(line.bare)) and _LABEL.match(parted[0].strip(_MARKUP)):
            places.append(place)
            blanks = 0
        else:
            break
        place += step
    return places


def _is_date(value: str) -> bool:
    return len(value) <= _LONGEST_DATE and DATE.found(fold_phrase(value))


_LONGEST_DATE = 80
_ORDER = {language.code: place for place, language in enumerate(LANGUAGES)}


def _last_line(lines: list[TextLine], fields: list[_Field]) -> int:
    """The last line of the last header.  A list of recipients continues where a line ends inside it."""
    last = fields[-1].place
    end = min(len(lines) - 1, last + _MOST_LINES)
    while last < end and lines[last].bare.endswith(_UNFINISHED) and lines[last + 1].bare and lines[last + 1].depth == lines[last].depth:
        last += 1
    return last


def _with_continuations(lines: list[TextLine], fields: list[_Field]) -> tuple[tuple[HeaderRole, str], ...]:
    ends = [field.place for field in fields[1:]] + [_last_line(lines, fields) + 1]
    return tuple(
        (field.role, " ".join([field.value, *(line.bare for line in lines[field.place + 1 : end] if line.bare)]).strip())
        for field, end in zip(fields, ends, strict=True)
    )
