"""Ticket numbers that other help desks write into subjects.  Pure.

The forms are those of Zammad (`[Ticket#4711]`), OTRS and Znuny (`[Ticket#2026112010000017]`), RT (`[rt.acme.example #4711]`), FreeScout,
osTicket and Freshdesk (`[#4711]`), Zendesk (`(#4711)`), GLPI (`[GLPI #0004711]`), Kayako (`[ABC-123-45678]`), and words with a number
(`Ticket ID: 4711`, `Case #4711`).
"""

from __future__ import annotations

import re

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


def foreign_number(subject: str) -> str:
    """The number that another help desk gave; '' where there is none.  Leading zeros do not count."""
    for form in _FORMS:
        if found := form.search(subject[:_LONGEST]):
            return found["number"].lstrip("0") or "0"
    return ""
