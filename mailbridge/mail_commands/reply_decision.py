"""Whether an answer says yes or no to a question of the desk.

Only the first line counts, and only where the word is alone or before a comma or a full stop: "No problem" and "Yes, but" are neither, and
the desk asks again.  The text after the word is the reason.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_YES = (
    "yes", "yep", "ok", "okay", "approved", "i approve", "approve", "agreed", "i agree", "confirmed", "confirm", "sure",
    "do it", "go ahead",
    "da", "aprob", "aprobat", "de acord", "sunt de acord", "confirm", "confirmat", "sigur",
    "да", "ок", "окей", "согласен", "согласна", "одобряю", "одобрено", "подтверждаю", "хорошо", "конечно",
    "ja", "einverstanden", "genehmigt", "oui", "d'accord", "sí", "si", "sì", "sim", "tak",
)  # fmt: skip
_NO = (
    "no", "nope", "rejected", "reject", "i reject", "declined", "denied", "not approved", "do not", "don't", "never", "cancel",
    "nu", "resping", "respins", "refuz", "refuzat", "neaprobat", "nu aprob", "nu sunt de acord", "renunț",
    "нет", "отклоняю", "отклонено", "отказано", "против", "не согласен", "не согласна", "не одобряю", "не надо",
    "nein", "abgelehnt", "non", "não", "nie",
)  # fmt: skip
_POLITE = r"(?:\s+(?:please|thanks|thank you|vă rog|va rog|te rog|mulțumesc|multumesc|пожалуйста|спасибо|bitte|danke|merci))*"
_UNLESS = re.compile(r"\W*(?:but|unless|if|dar|însă|insa|dacă|daca|но|если|aber|wenn|mais|pero)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyDecision:
    """A yes or a no, with the other text."""

    yes: bool
    reason: str = ""


LONGEST_SHORT = 200  # characters; a longer text was written for people


def is_short(text: str) -> bool:
    """Whether a mail contains yes or no and little else, so that it may be meant for the desk."""
    return len(text.strip()) <= LONGEST_SHORT and verdict(text) is not None


def verdict(text: str) -> ReplyDecision | None:
    """The decision in the new text of an answer; None where it is not clearly a yes or a no."""
    first, _, rest = text.strip().partition("\n")
    line = " ".join(first.replace("’", "'").split())
    said = _SAID.match(line)
    if said is None or _UNLESS.match(line, said.end("polite")):
        return None
    reason = "\n".join(filter(None, (line[said.end() :].strip(), rest.strip())))
    return ReplyDecision(yes=said["yes"] is not None, reason=reason)


def _words(words: tuple[str, ...]) -> str:
    return "|".join(re.escape(word) for word in sorted(set(words), key=len, reverse=True))


_SAID = re.compile(
    rf"[\"'“«>*_ ]*(?:(?P<no>{_words(_NO)})|(?P<yes>{_words(_YES)}))(?P<polite>{_POLITE})[\"'”»*_]*(?:\s*[.,;:!)–—-]+|$)", re.IGNORECASE
)
