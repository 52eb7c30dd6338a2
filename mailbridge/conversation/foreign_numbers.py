"""Ticket numbers that other help desks write into subjects.  Pure.

The forms are those of Zammad (`[Ticket#4711]`), OTRS and Znuny (`[Ticket#2026112010000017]`), RT (`[rt.acme.example #4711]`), FreeScout,
osTicket and Freshdesk (`[#4711]`), Zendesk (`(#4711)`), GLPI (`[GLPI #0004711]`), Kayako (`[ABC-123-45678]`), and words with a number
(`Ticket ID: 4711`, `Case #4711`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_LONGEST = 1000  # characters of a subject that are looked at
_WORDS = "ticket|case|request|incident|vorgang|anfrage|tichet|solicitare|заявка|обращение"
_FORMS = tuple(
    re.compile(form, re.IGNORECASE)
    for form in (
        r"\[[^\[\]#]{0,60}#[ :]?(?P<number>\d{1,20})\]",
        r"\(#(?P<number>\d{2,20})\)",
        r"\[(?P<number>[A-Z]{3}-\d{3}-\d{5})\]",
        rf"\b(?:{_WORDS})[ -]?(?:id|no|nr|number|nummer|№)?\.? ?[:#] ?#?(?P<number>\d{{2,20}})\b",
    )
)


PLACE = "{number}"  # in a form of one's own


def own_form(written: str) -> re.Pattern[str]:
    """What finds numbers in a form like `[Helpdesk {number}]`.  Spaces stand for any white space, capitals do not matter.

    A number is digits, also in groups: 2026-11-0042.  `written` holds PLACE once, and something else.
    """
    before, _, after = written.partition(PLACE)
    begin = r"(?<!\w)" if before[:1].isalnum() else "" if before else r"(?<![\w.-])"
    end = r"(?!\w)" if after[-1:].isalnum() else "" if after else r"(?!\d)"
    text = r"\s+".join(map(re.escape, before.split(" "))) + r"(?P<number>\d{1,20}(?:[-./]\d{1,20}){0,4})"
    return re.compile(begin + text + r"\s+".join(map(re.escape, after.split(" "))) + end, re.IGNORECASE)


def foreign_number(subject: str, own: Sequence[re.Pattern[str]] = ()) -> str:
    """The number that another help desk gave; '' where there is none.  Leading zeros do not count.  `own` forms come first."""
    for form in (*own, *_FORMS):
        if found := form.search(subject[:_LONGEST]):
            return found["number"].lstrip("0") or "0"
    return ""
