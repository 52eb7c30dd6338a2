"""Leaves out of an answer what belongs to the customer who got it: addresses, telephone and account numbers, names.

The text may be sent to another customer.  What is left out is `…`, so that the agent sees that something is missing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

LEFT_OUT = "…"
_ADDRESS = re.compile(r"[^\s<>()\[\]\"',;:@]{1,64}@[^\s<>()\[\]\"',;:@]{1,255}")
_TAIL_OF_LINK = re.compile(r"(https?://[^\s<>()?#]{1,2000})[?#][^\s<>()]{1,2000}", re.IGNORECASE)
# Seven digits and more, parted as people part them: telephone numbers, accounts, cards.  IBANs begin with letters.
_NUMBER = re.compile(r"(?<![\w.,-])(?:[A-Z]{2}\d{2}(?:[ ]?[A-Z0-9]{4}){2,8}|\+?\(?\d(?:[ ./()-]{0,2}\d){6,24})(?![\w])")
_GREETING = re.compile(
    r"^(\s*(?:(?:dear|hello|hi|hey|good (?:morning|afternoon|evening|day)|greetings)"
    r"|bun[aă](?: (?:ziua|diminea[tț]a|seara))?|salut(?:are)?|stimat[aăei]{0,2}|drag[aă]"
    r"|здравствуйте|добр(?:ый|ое|ой) (?:день|утро|вечер|ночи)|приветствую|привет|уважаем(?:ый|ая|ые)|дорог(?:ой|ая))\b[,]?[ ]+)"
    r"([^,!:.\n]{1,60})(?=[,!:.]|\s*$)",
    re.IGNORECASE | re.MULTILINE,
)
_KEPT = re.compile(r"\d{4}-\d\d-\d\d|\d{1,2}[./]\d{1,2}[./]\d{4}|(?:\d{1,3}\.){3}\d{1,3}")  # dates and IPv4 addresses
_SHORTEST = 3  # characters of a word of a name: shorter ones are words of the text as well
_NO_NAMES = frozenset({"info", "office", "support", "sales", "admin", "mail", "contact", "help", "service", "company", "ltd", "srl", "llc"})


def masked(text: str, names: Iterable[str], numbers: re.Pattern[str] | None = None) -> str:
    """The text without addresses, the rest of links behind ? or #, long numbers, names behind a greeting, and the words of `names` wherever
    they stand.  `numbers`: of tickets, which are left out as well."""
    text = _TAIL_OF_LINK.sub(r"\1", _ADDRESS.sub(LEFT_OUT, text))
    text = _NUMBER.sub(lambda found: found[0] if _KEPT.fullmatch(found[0].strip()) else LEFT_OUT, text)
    text = _GREETING.sub(rf"\1{LEFT_OUT}", text)
    if numbers is not None:
        text = numbers.sub(LEFT_OUT, text)
    words = {word for name in names for word in re.findall(r"\w+", name) if len(word) >= _SHORTEST and word.lower() not in _NO_NAMES}
    if words:
        forms = {form for word in words for form in (word, word.capitalize(), word.upper())}
        named = "|".join(map(_pattern, sorted(forms, key=lambda form: (-len(form), form))))
        text = re.sub(rf"(?<!\w)(?:{named})(?!\w)", LEFT_OUT, text)
    return re.sub(rf"{LEFT_OUT}(?:[ ]{LEFT_OUT})+", LEFT_OUT, text)


def _pattern(name: str) -> str:
    """The name as it stands; in Cyrillic letters also with the endings of other cases (Мария, Марии, Марией)."""
    if not "\u0400" <= name[0] <= "\u04ff":
        return re.escape(name)
    return re.escape(name.rstrip("аяйьоеыи") if len(name) > _SHORTEST else name) + r"\w{0,3}"
