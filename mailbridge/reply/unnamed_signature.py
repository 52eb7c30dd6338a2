"""Signatures without a known first line: contact cards, sign-offs in an unknown language, lines of an unknown app."""

from __future__ import annotations

import re

from mailbridge.reply.closing_lines import (
    LONGEST_SIGNATURE_LINE,
    MOST_SIGNATURE_LINES,
    SENTENCE_ENDS,
    SignatureStart,
    count_contacts,
    folded_words,
    is_full_name,
    is_named,
    is_small,
    is_text,
    sign_off_phrase,
)
from mailbridge.reply.lines import TextLine
from mailbridge.reply.mobile_footers import is_unknown_app_line


def unnamed_start(lines: list[TextLine], written: list[int], author: str) -> SignatureStart | None:
    """The start of a contact card without a sign-off, of a sign-off in an unknown language, or of an app's line in one."""
    found = _unknown_app_line(lines, written) or _unknown_sign_off(lines, written)
    if found is None and any(_may_reach(lines[place].bare) for place in written[-MOST_SIGNATURE_LINES:]):
        found = _card_start(lines, written, author)
    return found


def _may_reach(bare: str) -> bool:
    """Whether the line may contain a telephone number, an address or a web site.  Fast."""
    return "@" in bare or "www" in bare or "://" in bare or sum(map(str.isdigit, bare)) > 5


def _is_set_apart(written: list[int], index: int) -> bool:
    return index > 0 and written[index - 1] < written[index] - 1


def _unknown_app_line(lines: list[TextLine], written: list[int]) -> SignatureStart | None:
    """The last line, if it is short, names a phone or a mail program, and is no sentence of a known language."""
    if not _is_set_apart(written, len(written) - 1):
        return None
    place = written[-1]
    return SignatureStart(place, "mobile-signature:any", 0.7) if is_unknown_app_line(lines[place].bare) else None


def _unknown_sign_off(lines: list[TextLine], written: list[int]) -> SignatureStart | None:
    """A few words and a comma, set apart, with a name directly below and only a contact card after it."""
    for index in range(max(1, len(written) - MOST_SIGNATURE_LINES), len(written) - 1):
        place = written[index]
        bare = lines[place].bare
        if bare[-1] not in ",،，、" or not _is_set_apart(written, index) or written[index + 1] != place + 1 or not _is_phrase(bare[:-1]):
            continue
        below = written[index + 1 :]
        if is_full_name(lines[below[0]].bare) and (len(below) == 1 or any(count_contacts(lines, below))):
            return SignatureStart(place, "sign-off:any", 0.7)
    return None


def _is_phrase(bare: str) -> bool:
    return 0 < len(bare) <= 40 and len(bare.split()) <= 4 and not any(sign.isdigit() or sign in SENTENCE_ENDS for sign in bare)


_BARS = re.compile(r"\s[|·•∙◆–—]\s|\s?[|]\s?")
_PICTURE = re.compile(r"^[<\[][^\s\]>]{0,20}:[^\]>]{0,200}[>\]]$")


def _card_start(lines: list[TextLine], written: list[int], author: str) -> SignatureStart | None:
    """The start of a contact card without a sign-off.

    Such a card begins with the author's name, or a line like a name, set apart.  Only short lines follow, among them a telephone number, an
    address or a web site.
    """
    found: tuple[int, bool] | None = None
    for index in range(len(written) - 1, max(0, len(written) - MOST_SIGNATURE_LINES), -1):
        bare = lines[written[index]].bare
        if len(bare) > LONGEST_SIGNATURE_LINE or is_text(bare) or bare.endswith((":", "：", "?", "？")):
            break
        named = is_named(bare, author)
        if (named or _is_card_title(bare)) and _heads_a_card(lines, written, index, named=named):
            found = index, named
            if named:
                break
    if found is None:
        return None
    first = _with_words_above(lines, written, found[0])
    return SignatureStart(written[first], "signature:card", 0.85 if found[1] else 0.7)


def _heads_a_card(lines: list[TextLine], written: list[int], index: int, *, named: bool) -> bool:
    above = index - 1
    if _PICTURE.match(lines[written[above]].bare) and above:
        above -= 1
    if written[above + 1] <= written[above] + 1 or lines[written[above]].bare.endswith((":", "：", ",")):
        return False
    reached, sites = count_contacts(lines, written[index:])
    if named:
        return reached + sites > 0
    return reached > 0 and (reached + sites > 1 or len(written) - index > 2 or len(_BARS.split(lines[written[index]].bare)) > 2)


def _with_words_above(lines: list[TextLine], written: list[int], index: int) -> int:
    """The card's first line, including lines above that belong to it: an image, the first name, thanks."""
    card = folded_words(_BARS.split(lines[written[index]].bare)[0])
    while index > 1:
        bare = lines[written[index - 1]].bare
        if not (
            _PICTURE.match(bare) or (len(folded_words(bare)) <= 3 and (set(folded_words(bare)) <= set(card) or sign_off_phrase(bare)[0]))
        ):
            break
        index -= 1
    return index


def _is_card_title(bare: str) -> bool:
    """Whether a line may be the name at the top of a card: at least two words, all capitalised if the script has capitals."""
    head = _BARS.split(bare)[0].strip("* _").removeprefix("Dr. ")
    head, _, title = head.partition(", ")
    if len(title) > 20:
        return False
    words = head.split()
    if len(words) == 1 and not title:
        return 2 <= len(head) <= 6 and all(sign.isalpha() and sign == sign.swapcase() for sign in head)
    return len(words) + bool(title) >= 2 and is_full_name(head) and not any(map(is_small, words))
