"""Finds the end of a person's own words and the appended text: signatures, app lines, list footers, disclaimers."""

from __future__ import annotations

import re
from typing import NamedTuple

from mailbridge.message.model import SpanKind
from mailbridge.reply.closing_lines import (
    LONGEST_SIGNATURE_LINE,
    MOST_SIGNATURE_LINES,
    SENTENCE,
    SENTENCE_ENDS,
    SignatureStart,
    are_short,
    is_legal,
    is_link,
    is_name,
    is_text,
    legal_languages,
    says_something,
    sign_off_phrase,
)
from mailbridge.reply.lines import Hint, TextLine
from mailbridge.reply.mobile_footers import LONGEST_APP_LINE, app_language
from mailbridge.reply.unnamed_signature import unnamed_start
from mailbridge.reply.vocabulary import sign_offs


class ClosingBlock(NamedTuple):
    """The lines from `first` up to, not including, `last` are of one kind."""

    kind: SpanKind
    first: int
    last: int
    reason: str
    confidence: float


_DASHES = frozenset({"--", "-- ", "—", "---", "––", "——", "--\xad", "&#8212;", "᠆᠆", "-–", "–-", "-- -", "ᐧ"})
_RULE = re.compile(r"^(?:_{2,}|-{4,}|={2,}|\*{2,}|~{2,}|#{3,}|\+{2,}|–|(?:[-–—_*] ){2,}[-–—_*])$")
_LONG_RULE = 5
# '- Ann', '-Ann Example', '/Ann', '—Ann': a dash or a slash, and one to three words that form no sentence.
_DASH_NAME = re.compile(r"^(?:[-–—]{1,2}|/|~)\s?[^\W\d_][\w.'’-]{0,24}(?: [^\W\d_][\w.'’-]{0,24}){0,2}$")
_LIST_ITEM = re.compile(r"^(?:[-–—*•·+]|\d+[.)])\s?\S")
_POSTSCRIPT = re.compile(r"^p\.?\s?s\.?\s?[:.\-–— ]|^n\.?b\.?:", re.IGNORECASE)
_ONLY_LINK = re.compile(r"^[<\[](?:https?|cid|mailto):\S+[>\]]$")  # an image before an app's words, in its plain text form

_DELIMITED = ("signature:dashes", "signature:rule", "mobile-signature")
_MOST_FAREWELL_LINES = 4  # 'Thanks,', a name, and other lines between a sign-off and the delimiter
_MOST_DASHED_LINES = 40
_LONGEST_SIGN_OFF = 80
_DISCLAIMER_SEARCH = 60


def split(
    lines: list[TextLine], first: int, last: int, *, after_text: bool, delimited: bool = False, author: str = ""
) -> list[ClosingBlock]:
    """The lines from `first` up to, not including, `last` as pieces: fresh text, then the text appended to it.

    `after_text`: fresh text stands above, so that all of these lines may be a signature.  `delimited`: a signature with its delimiter
    follows; then a sign-off ends the message.  `author` is the author's name, which identifies a contact card.
    """
    hinted = _hinted(lines, first, last)
    if hinted is not None:
        return hinted
    written = [place for place in range(first, last) if lines[place].bare]
    if not written:
        return [_fresh(first, last)] if last > first else []
    start = _signature_start(lines, written, after_text=after_text, delimited=delimited)
    if start is None and not delimited:
        start = unnamed_start(lines, written, author)
    fresh_end = start.place if start else last
    disclaimer = _disclaimer_start(lines, written, fresh_end, after_text=after_text)
    pieces = [_fresh(first, min(fresh_end, disclaimer.place if disclaimer else last))]
    if start:
        pieces += _signature_pieces(lines, start, disclaimer.place if disclaimer else last)
    if disclaimer:
        pieces.append(ClosingBlock(SpanKind.DISCLAIMER, disclaimer.place, last, disclaimer.reason, disclaimer.confidence))
    return [piece for piece in pieces if piece.first < piece.last]


def _fresh(first: int, last: int) -> ClosingBlock:
    return ClosingBlock(SpanKind.FRESH, first, last, "written", 1.0)


def _hinted(lines: list[TextLine], first: int, last: int) -> list[ClosingBlock] | None:
    """Pieces by the HTML's structure; None without structural hints."""
    marked = next((place for place in range(first, last) if lines[place].hint is Hint.SIGNATURE and lines[place].bare), None)
    if marked is None:
        return None
    begin = end = marked
    while end < last and (lines[end].hint is Hint.SIGNATURE or not lines[end].bare):
        end += 1
    above = [place for place in range(first, begin) if lines[place].bare]
    if above and lines[above[-1]].bare in _DASHES:
        begin = above.pop()
    pieces = split(lines, first, begin, after_text=False) if begin > first else []
    pieces.append(ClosingBlock(SpanKind.SIGNATURE, begin, end, lines[marked].reason, 0.97))
    if end < last:
        pieces += split(lines, end, last, after_text=True)
    return pieces


def is_delimiter(bare: str) -> bool:
    """Whether the line is the delimiter of RFC 3676 4.3, or one of its misspellings."""
    return bare in _DASHES


def _signature_start(lines: list[TextLine], written: list[int], *, after_text: bool, delimited: bool) -> SignatureStart | None:
    """The earliest line at which a signature begins.  A sign-off above a delimiter ends the message."""
    for index in range(0 if after_text else 1, len(written)):
        start = _starts_here(lines, written, index)
        if start is None:
            continue
        if start.reason.startswith("sign-off") and (delimited or _is_above_delimiter(lines, written, index)):
            continue
        return start
    return None


def _is_above_delimiter(lines: list[TextLine], written: list[int], index: int) -> bool:
    """Whether a delimiter, a rule or an app's line begins a separate signature below this sign-off."""
    below = range(index + 1, min(len(written), index + 1 + _MOST_FAREWELL_LINES))
    starts = (_starts_here(lines, written, other) for other in below)
    return any(start.reason.startswith(_DELIMITED) for start in starts if start)


def _starts_here(lines: list[TextLine], written: list[int], index: int) -> SignatureStart | None:
    place = written[index]
    bare = lines[place].bare
    if len(bare) > LONGEST_APP_LINE:
        return None
    language = app_language(bare)
    if language and not _is_mentioned(lines, written, index):
        linked = index > 1 and written[index - 1] == place - 1 and _ONLY_LINK.match(lines[place - 1].bare)
        return SignatureStart(place - 1 if linked else place, f"mobile-signature:{language}", 0.95)
    if len(written) - index > _MOST_DASHED_LINES + 1:
        return None
    rest = written[index + 1 :]
    if bare in _DASHES:
        return _dashes(lines, written, index)
    if bare[0] == bare[-1] and _RULE.match(bare):
        return _rule(lines, place, rest, set_apart=index == 0 or written[index - 1] < place - 1)
    if len(bare) > _LONGEST_SIGN_OFF:
        return None
    return _sign_off(lines, place, rest) or _dash_name(lines, index, rest, written)


def _is_mentioned(lines: list[TextLine], written: list[int], index: int) -> bool:
    """Whether a sentence continues around an app's line: 'It adds / Sent from my phone / to each mail.'"""
    if index == 0 or index + 1 == len(written) or is_link(lines[written[index + 1]].bare):
        return False
    return lines[written[index + 1]].bare[0].islower() and lines[written[index - 1]].bare[-1] not in SENTENCE_ENDS


def _dashes(lines: list[TextLine], written: list[int], index: int) -> SignatureStart | None:
    """A delimiter of RFC 3676 4.3, or one of its misspellings, followed by at most as many lines as a signature has.

    Dashes directly below a line that does not end the message separate columns, steps or code: the message then continues below them.
    """
    place, rest = written[index], written[index + 1 :]
    if lines[place].bare == "---" and (not are_short(lines, rest, most=10) or lines[written[0]].bare == "---"):
        return None
    if index and written[index - 1] == place - 1 and any(_goes_on(lines, below) for below in rest[1:]):
        return None
    return SignatureStart(place, "signature:dashes", 0.97 if lines[place].bare == "--" else 0.85)


def _goes_on(lines: list[TextLine], place: int) -> bool:
    return not lines[place - 1].bare and says_something(lines[place].bare)


def _rule(lines: list[TextLine], place: int, rest: list[int], *, set_apart: bool) -> SignatureStart | None:
    """A line of dashes or underscores, set apart, above a few short lines: list footers and framed signatures."""
    if not rest or not set_apart or len(rest) > MOST_SIGNATURE_LINES:
        return None
    if len(lines[place].bare) < _LONG_RULE and (len(rest) > 5 or any(SENTENCE.search(lines[other].bare) for other in rest)):
        return None
    underscores = lines[place].bare[0] == "_"
    framed = lines[rest[-1]].bare == lines[place].bare
    if not underscores and not framed and any(lines[other].bare == lines[place].bare or is_text(lines[other].bare) for other in rest):
        return None  # a frame around a log, or a title: the message continues below it
    if not underscores and not are_short(lines, rest, most=MOST_SIGNATURE_LINES if framed else 8):
        return None
    return SignatureStart(place, "signature:rule", 0.8 if underscores else 0.6)


def _sign_off(lines: list[TextLine], place: int, rest: list[int]) -> SignatureStart | None:
    phrase, named = sign_off_phrase(lines[place].bare)
    if not phrase:
        return None
    language, polite = sign_offs()[phrase]
    below = _until_postscript(lines, rest)
    card = _card(lines, below)
    if card is None:
        return None
    # Thanks are often part of the message: they open a signature only above a name.  't. 555-0100' is a telephone number.
    if not polite and not named and not is_name(lines[below[0]].bare if below else ""):
        return None
    return SignatureStart(place, f"sign-off:{language}", 0.9 if polite else 0.8)




def _until_postscript(lines: list[TextLine], rest: list[int]) -> list[int]:
    """The lines below a sign-off up to one with content: a postscript, a question, a long sentence set apart."""
    for index, place in enumerate(rest):
        set_apart = index > 0 and not lines[place - 1].bare
        if _POSTSCRIPT.match(lines[place].bare) or (set_apart and says_something(lines[place].bare)):
            return rest[:index]
    return rest


def _card(lines: list[TextLine], below: list[int]) -> list[int] | None:
    """The lines below a sign-off up to a disclaimer; None if they are too many or too long for a contact card."""
    card: list[int] = []
    for place in below:
        bare = lines[place].bare
        if len(bare) > LONGEST_SIGNATURE_LINE:
            return card if card and (is_legal(bare) or is_link(bare)) else None
        card.append(place)
    if len(card) > MOST_SIGNATURE_LINES:
        return card if any(is_legal(lines[place].bare) or lines[place].bare in _DASHES for place in card[:MOST_SIGNATURE_LINES]) else None
    prose = sum(1 for place in card if len(lines[place].bare) > 60 and SENTENCE.search(lines[place].bare))
    return None if card and prose * 2 > len(card) else card


def _dash_name(lines: list[TextLine], index: int, rest: list[int], written: list[int]) -> SignatureStart | None:
    place = written[index]
    bare = lines[place].bare
    if bare[0] not in "-–—/~" or not _DASH_NAME.match(bare):
        return None
    if len(rest) > 3 and not _RULE.match(lines[rest[0]].bare):
        return None
    if rest and not _RULE.match(lines[rest[0]].bare) and (_LIST_ITEM.match(lines[rest[0]].bare) or len(lines[rest[0]].bare) > 60):
        return None
    above = lines[written[index - 1]].bare if index else ""
    if _LIST_ITEM.match(above) or above.endswith((":", "：")):
        return None
    if above and lines[place - 1].bare and bare[1:2] == " " and (rest or above[-1] not in ".!?" or not _is_capitalised(bare)):
        return None
    return SignatureStart(place, "signature:name", 0.7)


def _is_capitalised(bare: str) -> bool:
    return all(word[0].isupper() for word in bare.lstrip("-–—/~ ").split())


def _signature_pieces(lines: list[TextLine], start: SignatureStart, last: int) -> list[ClosingBlock]:
    written = [place for place in range(start.place + 1, last) if lines[place].bare]
    if start.reason.startswith("mobile-signature"):
        return _app_pieces(lines, start, written, last)
    card = _until_postscript(lines, written)
    postscript = written[len(card)] if len(card) < len(written) else last
    pieces = [ClosingBlock(SpanKind.SIGNATURE, start.place, postscript, start.reason, start.confidence)]
    if postscript < last and start.reason.startswith("sign-off"):
        return [*pieces, ClosingBlock(SpanKind.FRESH, postscript, last, "postscript", 0.8)]
    return [pieces[0]._replace(last=last)]


def _app_pieces(lines: list[TextLine], start: SignatureStart, written: list[int], last: int) -> list[ClosingBlock]:
    """The pieces from an app's line on.  Nobody writes below it: short text is a contact card, longer text an unmarked quote."""
    if are_short(lines, written, most=6) or not written:
        return [ClosingBlock(SpanKind.SIGNATURE, start.place, last, start.reason, start.confidence)]
    ends = start.place + 1
    while ends < last and lines[ends].bare and app_language(lines[ends].bare):
        ends += 1
    return [
        ClosingBlock(SpanKind.SIGNATURE, start.place, ends, start.reason, start.confidence),
        ClosingBlock(SpanKind.QUOTE, ends, last, "below-mobile-signature", 0.6),
    ]


def _disclaimer_start(lines: list[TextLine], written: list[int], fresh_end: int, *, after_text: bool) -> SignatureStart | None:
    """The first line of a paragraph of legal phrases near the end of the text."""
    tail = written[-_DISCLAIMER_SEARCH:]
    for paragraph in _paragraphs(lines, tail):
        if paragraph[0] == written[0] and not after_text:
            continue
        text = " ".join(lines[place].bare for place in paragraph)
        languages = legal_languages(text) if len(text) >= 40 else []
        if len(languages) >= 2 or (languages and (len(text) >= 180 or paragraph[0] > fresh_end)):
            return SignatureStart(paragraph[0], f"disclaimer:{languages[0]}", 0.85 if len(languages) > 1 else 0.7)
    return None


def _paragraphs(lines: list[TextLine], written: list[int]) -> list[list[int]]:
    paragraphs: list[list[int]] = []
    for place in written:
        if paragraphs and paragraphs[-1][-1] == place - 1:
            paragraphs[-1].append(place)
        else:
            paragraphs.append([place])
    return paragraphs
