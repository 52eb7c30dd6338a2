"""Where a person's own words end and what is appended begins: signatures, app lines, list footers, disclaimers."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

from mailbridge.message.model import SpanKind
from mailbridge.reply.lines import Hint, TextLine
from mailbridge.reply.mobile_footers import LONGEST_APP_LINE, app_language, is_unknown_app_line
from mailbridge.reply.vocabulary import disclaimers, fold_phrase, sign_off_openers, sign_offs


class ClosingBlock(NamedTuple):
    """The lines from `first` up to, not including, `last` are of one kind."""

    kind: SpanKind
    first: int
    last: int
    reason: str
    confidence: float


class _Start(NamedTuple):
    """A signature begins at the line `place`; `swallows` means that whatever comes below it belongs to it or to a quote."""

    place: int
    reason: str
    confidence: float


_DASHES = frozenset({"--", "-- ", "—", "---", "––", "——", "--\xad", "&#8212;", "᠆᠆", "-–", "–-", "-- -", "ᐧ"})
_RULE = re.compile(r"^(?:_{2,}|-{4,}|={2,}|\*{2,}|~{2,}|#{3,}|\+{2,}|–|(?:[-–—_*] ){2,}[-–—_*])$")
_LONG_RULE = 5
# '- Ann', '-Ann Example', '/Ann', '—Ann': a dash or a slash and one to three words that are no sentence.
_DASH_NAME = re.compile(r"^(?:[-–—]{1,2}|/|~)\s?[^\W\d_][\w.'’-]{0,24}(?: [^\W\d_][\w.'’-]{0,24}){0,2}$")
_LIST_ITEM = re.compile(r"^(?:[-–—*•·+]|\d+[.)])\s?\S")
_POSTSCRIPT = re.compile(r"^p\.?\s?s\.?\s?[:.\-–— ]|^n\.?b\.?:", re.IGNORECASE)
_TRAILING = " \t\u00a0,.;:!~-–—*_…。、，！　)"
_SEPARATORS = (",", "!", ".", " -", " /", "，", "。", "、")
_SENTENCE = re.compile(r"\w{2}[.?!](?:\s|$)|[。？]$")
_ONLY_LINK = re.compile(r"^[<\[](?:https?|cid|mailto):\S+[>\]]$")  # a picture in front of an app's words, as plain text shows it
_SENTENCE_ENDS = frozenset(".!?…。！？,;")

_NUMBER_FIRST = re.compile(r"^\s*[+(]?\d")
_MOST_SIGNATURE_LINES = 16
_DELIMITED = ("signature:dashes", "signature:rule", "mobile-signature")
_MOST_FAREWELL_LINES = 4  # 'Thanks,', a name, and what else stands between a farewell and the delimiter
_LONG_SENTENCE = 10  # words
_MOST_DASHED_LINES = 40
_LONGEST_SIGNATURE_LINE = 110
_LONGEST_SIGN_OFF = 80
_DISCLAIMER_SEARCH = 60


def split(
    lines: list[TextLine], first: int, last: int, *, after_text: bool, delimited: bool = False, author: str = ""
) -> list[ClosingBlock]:
    """The lines `first` to `last` (exclusive) as pieces: fresh, then what is appended to it.

    `after_text` says that fresh text stands above, so that all of this may be a signature; `delimited` that one stands below, behind
    its delimiter: then a farewell is the end of the letter.  `author` is the writer's name, by which a card is known.
    """
    hinted = _hinted(lines, first, last)
    if hinted is not None:
        return hinted
    written = [place for place in range(first, last) if lines[place].bare]
    if not written:
        return [_fresh(first, last)] if last > first else []
    start = _signature_start(lines, written, after_text=after_text, delimited=delimited)
    if start is None and not delimited:
        start = _unnamed_start(lines, written, author)
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
    """Pieces by what the HTML's structure says, None where it says nothing."""
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


def _signature_start(lines: list[TextLine], written: list[int], *, after_text: bool, delimited: bool) -> _Start | None:
    """The earliest line at which a signature begins; a farewell above a delimiter is the end of the letter."""
    for index in range(0 if after_text else 1, len(written)):
        start = _starts_here(lines, written, index)
        if start is None:
            continue
        if start.reason.startswith("sign-off") and (delimited or _is_above_delimiter(lines, written, index)):
            continue
        return start
    return None


def _is_above_delimiter(lines: list[TextLine], written: list[int], index: int) -> bool:
    """Whether a delimiter, a rule or an app's line begins a signature of its own below this farewell."""
    below = range(index + 1, min(len(written), index + 1 + _MOST_FAREWELL_LINES))
    starts = (_starts_here(lines, written, other) for other in below)
    return any(start.reason.startswith(_DELIMITED) for start in starts if start)


def _starts_here(lines: list[TextLine], written: list[int], index: int) -> _Start | None:
    place = written[index]
    bare = lines[place].bare
    if len(bare) > LONGEST_APP_LINE:
        return None
    language = app_language(bare)
    if language and not _is_mentioned(lines, written, index):
        linked = index > 1 and written[index - 1] == place - 1 and _ONLY_LINK.match(lines[place - 1].bare)
        return _Start(place - 1 if linked else place, f"mobile-signature:{language}", 0.95)
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
    """Whether a sentence goes on around an app's line: 'It adds / Sent from my phone / to each mail.'"""
    if index == 0 or index + 1 == len(written) or _is_link(lines[written[index + 1]].bare):
        return False
    return lines[written[index + 1]].bare[0].islower() and lines[written[index - 1]].bare[-1] not in _SENTENCE_ENDS


def _dashes(lines: list[TextLine], written: list[int], index: int) -> _Start | None:
    """A delimiter of RFC 3676 4.3, or one of its misspellings, with no more below it than a signature has.

    Dashes right below a line that are no end of the letter part columns, steps or code: then the letter goes on below them.
    """
    place, rest = written[index], written[index + 1 :]
    if lines[place].bare == "---" and (not _short(lines, rest, most=10) or lines[written[0]].bare == "---"):
        return None
    if index and written[index - 1] == place - 1 and any(_goes_on(lines, below) for below in rest[1:]):
        return None
    return _Start(place, "signature:dashes", 0.97 if lines[place].bare == "--" else 0.85)


def _goes_on(lines: list[TextLine], place: int) -> bool:
    return not lines[place - 1].bare and _says_something(lines[place].bare)


def _rule(lines: list[TextLine], place: int, rest: list[int], *, set_apart: bool) -> _Start | None:
    """A line of dashes or underscores, set apart, above a few short lines: list footers and signatures with a frame."""
    if not rest or not set_apart or len(rest) > _MOST_SIGNATURE_LINES:
        return None
    if len(lines[place].bare) < _LONG_RULE and (len(rest) > 5 or any(_SENTENCE.search(lines[other].bare) for other in rest)):
        return None
    underscores = lines[place].bare[0] == "_"
    framed = lines[rest[-1]].bare == lines[place].bare
    if not underscores and not framed and any(lines[other].bare == lines[place].bare or _is_text(lines[other].bare) for other in rest):
        return None  # a frame around a log, a title: the letter goes on below it
    if not underscores and not _short(lines, rest, most=_MOST_SIGNATURE_LINES if framed else 8):
        return None
    return _Start(place, "signature:rule", 0.8 if underscores else 0.6)


def _is_text(bare: str) -> bool:
    """Whether the line below a rule is a sentence, and not a line of a signature or of a list's footer."""
    return bare.endswith((".", "?", "!", "。", "？", "！")) and len(bare.split()) > 2 and not _is_link(bare) and not _is_legal(bare)


def _short(lines: list[TextLine], rest: list[int], *, most: int) -> bool:
    return len(rest) <= most and all(len(lines[place].bare) <= _LONGEST_SIGNATURE_LINE for place in rest)


def _sign_off(lines: list[TextLine], place: int, rest: list[int]) -> _Start | None:
    phrase, named = _sign_off_phrase(lines[place].bare)
    if not phrase:
        return None
    language, polite = sign_offs()[phrase]
    below = _until_postscript(lines, rest)
    card = _card(lines, below)
    if card is None:
        return None
    # Thanks are as often the message as its end: they open a signature only above a name, and 't. 555-0100' is a telephone.
    if not polite and not named and not _is_name(lines[below[0]].bare if below else ""):
        return None
    return _Start(place, f"sign-off:{language}", 0.9 if polite else 0.8)


def _sign_off_phrase(bare: str) -> tuple[str, bool]:
    """(the known sign-off that this line is, whether a name follows it on the line); '' for any other line."""
    if bare.isascii() and bare.partition(" ")[0].lower().strip(_TRAILING) not in sign_off_openers():
        return "", False
    folded = fold_phrase(bare).strip(_TRAILING)
    if folded in sign_offs():
        return folded, False
    for separator in _SEPARATORS:
        head, found, tail = folded.partition(separator)
        head = head.strip(_TRAILING)
        if found and head in sign_offs() and _NUMBER_FIRST.match(tail):
            return "", False
        if found and len(tail.split()) <= 4 and head in sign_offs():
            return head, bool(tail.strip(_TRAILING))
    return _sign_off_and_name(bare, folded)


def _sign_off_and_name(bare: str, folded: str) -> tuple[str, bool]:
    """'Best regards Ann Example': two words of a sign-off at least, then capitalised words only."""
    words, spoken = folded.split(), bare.split()
    for size in (1, 2, 3):
        if len(words) - size < 2:
            break
        head = " ".join(words[:-size]).strip(_TRAILING)
        if head in sign_offs() and all(word[:1].isupper() for word in spoken[-size:]):
            return head, True
    return "", False


# --- what signs a letter in words that are in no table


def _unnamed_start(lines: list[TextLine], written: list[int], author: str) -> _Start | None:
    """Where a card without a farewell begins, a farewell in an unknown language, or an app's line in one."""
    found = _unknown_app_line(lines, written) or _unknown_sign_off(lines, written)
    if found is None and any(_may_reach(lines[place].bare) for place in written[-_MOST_SIGNATURE_LINES:]):
        found = _card_start(lines, written, author)
    return found


def _may_reach(bare: str) -> bool:
    """Whether a telephone, an address or a site may be in the line; cheap."""
    return "@" in bare or "www" in bare or "://" in bare or sum(map(str.isdigit, bare)) > 5


def _is_set_apart(written: list[int], index: int) -> bool:
    return index > 0 and written[index - 1] < written[index] - 1


def _unknown_app_line(lines: list[TextLine], written: list[int]) -> _Start | None:
    """The last line, where it is short and names a phone or a mail program, and is no sentence of a language that we know."""
    if not _is_set_apart(written, len(written) - 1):
        return None
    place = written[-1]
    return _Start(place, "mobile-signature:any", 0.7) if is_unknown_app_line(lines[place].bare) else None


def _unknown_sign_off(lines: list[TextLine], written: list[int]) -> _Start | None:
    """A few words and a comma, set apart, with a name right below and nothing but a card below that."""
    for index in range(max(1, len(written) - _MOST_SIGNATURE_LINES), len(written) - 1):
        place = written[index]
        bare = lines[place].bare
        if bare[-1] not in ",،，、" or not _is_set_apart(written, index) or written[index + 1] != place + 1 or not _is_phrase(bare[:-1]):
            continue
        below = written[index + 1 :]
        if _is_full_name(lines[below[0]].bare) and (len(below) == 1 or any(_contacts(lines, below))):
            return _Start(place, "sign-off:any", 0.7)
    return None


def _is_phrase(bare: str) -> bool:
    return 0 < len(bare) <= 40 and len(bare.split()) <= 4 and not any(sign.isdigit() or sign in _SENTENCE_ENDS for sign in bare)


_NAME_SIGNS = frozenset(" .'’-\u200c\u200d")


def _is_full_name(bare: str) -> bool:
    """Whether these may be the words of a name: few, large where the script has such, nothing but letters and their marks."""
    words = bare.split()
    if not 1 <= len(words) <= 4 or len(bare) > 40 or bare[-1] in ".-":
        return False
    return all(map(_is_of_names, bare)) and not _is_small(words[0]) and not _is_small(words[-1])


def _is_of_names(sign: str) -> bool:
    return sign.isalpha() or sign in _NAME_SIGNS or unicodedata.category(sign) in {"Mn", "Mc"}


def _is_small(word: str) -> bool:
    """Whether a word begins with a small letter of a script that has both; Georgian has large ones that nobody writes."""
    return word[0] != word[0].title()


def is_named(bare: str, author: str) -> bool:
    """Whether the line is the writer's name, a part of it that stands first, or the name with a title."""
    name, words = _name_words(author), _words(bare)
    if not words or not name or len(words) > 6:
        return False
    return set(words) <= set(name) or words == name[: len(words)] or (len(name) > 1 and set(name) <= set(words))


@lru_cache(maxsize=64)
def _name_words(author: str) -> list[str]:
    return _words(author)


def _words(text: str) -> list[str]:
    return fold_phrase(text.replace(",", " ").strip(_TRAILING)).split()


_PHONE = re.compile(
    r"(?:\+\d|\(\+?\d)[\d\s()./-]{5,}\d"
    r"|\b(?:t|m|f|p|d)[*.:)]+\s?[+(\d][\d\s()./-]{5,}"
    r"|(?:\b(?:tel|tél|mob|fax|fon|phone|cell|direct|office|handy|gsm|móvil)|тел|моб|факс|電話|电话|전화)\w{0,6}[\s*.:：)]{1,4}[+(\d][\d\s()./-]{5,}",
    re.IGNORECASE,
)
_MAILBOX = re.compile(r"[^\s<>@|]+@[^\s<>@|]+\.\w{2,}")
_SITE = re.compile(r"\bwww\.|https?://", re.IGNORECASE)
_BARS = re.compile(r"\s[|·•∙◆–—]\s|\s?[|]\s?")
_PICTURE = re.compile(r"^[<\[][^\s\]>]{0,20}:[^\]>]{0,200}[>\]]$")


def _card_start(lines: list[TextLine], written: list[int], author: str) -> _Start | None:
    """Where a card without a farewell begins: the writer's name, or what looks like one, set apart, with nothing but short lines below it,
    among them a telephone, an address, a site."""
    found: tuple[int, bool] | None = None
    for index in range(len(written) - 1, max(0, len(written) - _MOST_SIGNATURE_LINES), -1):
        bare = lines[written[index]].bare
        if len(bare) > _LONGEST_SIGNATURE_LINE or _is_text(bare) or bare.endswith((":", "：", "?", "？")):
            break
        named = is_named(bare, author)
        if (named or _is_card_title(bare)) and _heads_a_card(lines, written, index, named=named):
            found = index, named
            if named:
                break
    if found is None:
        return None
    first = _with_words_above(lines, written, found[0])
    return _Start(written[first], "signature:card", 0.85 if found[1] else 0.7)


def _heads_a_card(lines: list[TextLine], written: list[int], index: int, *, named: bool) -> bool:
    above = index - 1
    if _PICTURE.match(lines[written[above]].bare) and above:
        above -= 1
    if written[above + 1] <= written[above] + 1 or lines[written[above]].bare.endswith((":", "：", ",")):
        return False
    reached, sites = _contacts(lines, written[index:])
    if named:
        return reached + sites > 0
    return reached > 0 and (reached + sites > 1 or len(written) - index > 2 or len(_BARS.split(lines[written[index]].bare)) > 2)


def _with_words_above(lines: list[TextLine], written: list[int], index: int) -> int:
    """The card's first line with what belongs to it above: a picture, the first name, a word of thanks."""
    card = _words(_BARS.split(lines[written[index]].bare)[0])
    while index > 1:
        bare = lines[written[index - 1]].bare
        if not (_PICTURE.match(bare) or (len(_words(bare)) <= 3 and (set(_words(bare)) <= set(card) or _sign_off_phrase(bare)[0]))):
            break
        index -= 1
    return index


def _is_card_title(bare: str) -> bool:
    """Whether a line may be the name at the head of a card: two words at least, all written large where the script knows large letters."""
    head = _BARS.split(bare)[0].strip("* _").removeprefix("Dr. ")
    head, _, title = head.partition(", ")
    if len(title) > 20:
        return False
    words = head.split()
    if len(words) == 1 and not title:
        return 2 <= len(head) <= 6 and all(sign.isalpha() and sign == sign.swapcase() for sign in head)
    return len(words) + bool(title) >= 2 and _is_full_name(head) and not any(map(_is_small, words))


def _contacts(lines: list[TextLine], places: list[int]) -> tuple[int, int]:
    """How many telephones and addresses these lines tell, and how many sites."""
    bares = [lines[place].bare for place in places]
    return sum(len(_PHONE.findall(bare)) + len(_MAILBOX.findall(bare)) for bare in bares), sum(len(_SITE.findall(bare)) for bare in bares)


def _until_postscript(lines: list[TextLine], rest: list[int]) -> list[int]:
    """The lines below a farewell up to one that says something again: a postscript, a question, a long sentence set apart."""
    for index, place in enumerate(rest):
        set_apart = index > 0 and not lines[place - 1].bare
        if _POSTSCRIPT.match(lines[place].bare) or (set_apart and _says_something(lines[place].bare)):
            return rest[:index]
    return rest


def _says_something(bare: str) -> bool:
    """Whether a line below a farewell is meant for the reader: slogans ask nothing and are short, addresses end in no full stop."""
    if _is_link(bare) or _is_legal(bare):
        return False
    return bare.endswith(("?", "？")) or (bare.endswith((".", "!", "。")) and len(bare.split()) >= _LONG_SENTENCE)


def _card(lines: list[TextLine], below: list[int]) -> list[int] | None:
    """The lines below a sign-off up to a disclaimer, None where they are too many or too long to be a visiting card."""
    card: list[int] = []
    for place in below:
        bare = lines[place].bare
        if len(bare) > _LONGEST_SIGNATURE_LINE:
            return card if card and (_is_legal(bare) or _is_link(bare)) else None
        card.append(place)
    if len(card) > _MOST_SIGNATURE_LINES:
        return card if any(_is_legal(lines[place].bare) or lines[place].bare in _DASHES for place in card[:_MOST_SIGNATURE_LINES]) else None
    prose = sum(1 for place in card if len(lines[place].bare) > 60 and _SENTENCE.search(lines[place].bare))
    return None if card and prose * 2 > len(card) else card


def _is_link(bare: str) -> bool:
    return "://" in bare or "www." in bare or "cid:" in bare


def _is_name(bare: str) -> bool:
    words = bare.strip(_TRAILING).split()
    return 1 <= len(words) <= 5 and len(bare) <= 40 and not _SENTENCE.search(bare.rstrip(".")) and bare[-1] not in "?:"


def _dash_name(lines: list[TextLine], index: int, rest: list[int], written: list[int]) -> _Start | None:
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
    return _Start(place, "signature:name", 0.7)


def _is_capitalised(bare: str) -> bool:
    return all(word[0].isupper() for word in bare.lstrip("-–—/~ ").split())


def _signature_pieces(lines: list[TextLine], start: _Start, last: int) -> list[ClosingBlock]:
    written = [place for place in range(start.place + 1, last) if lines[place].bare]
    if start.reason.startswith("mobile-signature"):
        return _app_pieces(lines, start, written, last)
    card = _until_postscript(lines, written)
    postscript = written[len(card)] if len(card) < len(written) else last
    pieces = [ClosingBlock(SpanKind.SIGNATURE, start.place, postscript, start.reason, start.confidence)]
    if postscript < last and start.reason.startswith("sign-off"):
        return [*pieces, ClosingBlock(SpanKind.FRESH, postscript, last, "postscript", 0.8)]
    return [pieces[0]._replace(last=last)]


def _app_pieces(lines: list[TextLine], start: _Start, written: list[int], last: int) -> list[ClosingBlock]:
    """Nobody writes below the line of an app: what stands there is a card if short, else an earlier mail quoted without a word."""
    if _short(lines, written, most=6) or not written:
        return [ClosingBlock(SpanKind.SIGNATURE, start.place, last, start.reason, start.confidence)]
    ends = start.place + 1
    while ends < last and lines[ends].bare and app_language(lines[ends].bare):
        ends += 1
    return [
        ClosingBlock(SpanKind.SIGNATURE, start.place, ends, start.reason, start.confidence),
        ClosingBlock(SpanKind.QUOTE, ends, last, "below-mobile-signature", 0.6),
    ]


def _disclaimer_start(lines: list[TextLine], written: list[int], fresh_end: int, *, after_text: bool) -> _Start | None:
    """The first line of a paragraph that only lawyers write, near the end of the text."""
    tail = written[-_DISCLAIMER_SEARCH:]
    for paragraph in _paragraphs(lines, tail):
        if paragraph[0] == written[0] and not after_text:
            continue
        text = " ".join(lines[place].bare for place in paragraph)
        languages = _legal_languages(text) if len(text) >= 40 else []
        if len(languages) >= 2 or (languages and (len(text) >= 180 or paragraph[0] > fresh_end)):
            return _Start(paragraph[0], f"disclaimer:{languages[0]}", 0.85 if len(languages) > 1 else 0.7)
    return None


def _legal_languages(text: str) -> list[str]:
    """The language of each phrase of disclaimers that occurs in the text."""
    phrases, languages = disclaimers()
    return [languages[place] for place in phrases.matches(fold_phrase(text))]


def _is_legal(bare: str) -> bool:
    return bool(_legal_languages(bare))


def _paragraphs(lines: list[TextLine], written: list[int]) -> list[list[int]]:
    paragraphs: list[list[int]] = []
    for place in written:
        if paragraphs and paragraphs[-1][-1] == place - 1:
            paragraphs[-1].append(place)
        else:
            paragraphs.append([place])
    return paragraphs
