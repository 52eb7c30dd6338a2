"""Lines with which an app or a phone signs: 'Sent from my phone', in any language."""

from __future__ import annotations

import re

from mailbridge.reply.vocabulary import fold_phrase, mobile_edges, mobile_signatures

LONGEST_APP_LINE = 120
_MOST_WORDS = 12
_MOST_PARTS = 3
_EDGE = " \t\u00a0.!*_-–—|[]()<>«»＞。"
_SENTENCE = re.compile(r"\w{2}[.?!](?:\s|$)|[。？]$")
_PARTS = re.compile(r"[.,;!] | - ")
# Words of a sentence that begins like such a line: 'Sent from my desk, which is easier', 'Sent from Berlin on Monday'.
_TELLS = re.compile(
    r"\b(?:is|was|are|were|has|have|had|because|which|please|but|that|never|not|ist|sind|war|weil|bitte|est|sont|es|era|è|sono"
    r"|yesterday|today|monday|tuesday|wednesday|thursday|friday|saturday|sunday|gestern|heute|montag|hier|lundi|ayer|lunes|ieri|lunedì"
    r"|ontem|gisteren|wczoraj|вчера|вчора|včera|igår|går)\b"
)
# Names of devices and programs.  A line of an app contains one of these, or a capitalised make or name.
_THINGS = re.compile(
    r"phone|fone|mobil|móvil|handy|telef|téléph|tablet|smart|\bapp|mail|post|device|gerät|appareil|dispositi|apparaat|urządz|zařízen"
    r"|устройств|телефон|почт|пошт|пристр|планшет|cihaz|συσκευ|κινητό|készülék|laittee|puhelim|enhet|enhed|celular|outlook|ordinat|computer"
    r"|rechner|unterwegs|typos|thumb|brevity|virus|android|\bios\b|gmail|yahoo|browser|netbook|laptop|blackberry|galaxy|ipad|wireless|cell"
)


def app_language(bare: str) -> str:
    """The language of a line with which an app or a phone signs ('Sent from my phone'), '' for any other line."""
    if not _may_be_app_line(bare):
        return ""
    folded = fold_phrase(bare.split("<http", 1)[0].split("(http", 1)[0]).strip(_EDGE)
    if not 6 <= len(folded) <= LONGEST_APP_LINE:
        return ""
    # 'Sent from my phone. Please excuse my brevity.': each sentence must be such a phrase.
    parts = [part for part in (part.strip(_EDGE) for part in _PARTS.split(folded, _MOST_PARTS)) if part]
    found = _matching(folded) if not _SENTENCE.search(folded) else []
    if not found and 1 < len(parts) <= _MOST_PARTS and all(_matching(part) for part in parts):
        found = _matching(parts[0])
    told = [language for language, phrase in found if "{thing}" not in phrase or _names_a_thing(bare, folded)]
    return told[0] if told else ""


# Names of devices and mail programs, in a line of any language.
_NAMES = re.compile(
    r"i[Pp]hone|i[Pp]ad|\biOS|Android|Samsung|Galaxy|Huawei|HUAWEI|Xiaomi|Redmi|\bPixel|Nokia|\bOPPO|\bvivo\b|BlackBerry|Windows Phone"
    r"|Outlook|Gmail|Yahoo|Proton ?Mail|Thunderbird|K-9|BlueMail|Spark\b|Mail\.ru|Yandex|GMX|WEB\.DE|AquaMail|FairEmail"
)
_LONGEST_UNKNOWN, _MOST_UNKNOWN_WORDS = 60, 8
_ENDS = (".", "!", "?", ":", ";", ",", "…", "。", "？", "：", "।", "؟")


def is_unknown_app_line(bare: str) -> bool:
    """Whether a short line names a phone or a program and is no sentence of a known language: 'Nire iPhone-tik bidalita'."""
    if len(bare) > _LONGEST_UNKNOWN or bare.rstrip("_*]>").endswith(_ENDS) or ":" in bare or not _NAMES.search(bare):
        return False
    words = _NAMES.sub(" ", bare).split()
    told = [word for word in words if any(sign.isalpha() for sign in word)]
    if not told or len(words) > _MOST_UNKNOWN_WORDS or "@" in bare or _TELLS.search(fold_phrase(bare)):
        return False
    return _OWN_WORDS.isdisjoint(word.casefold() for word in told)


# Words that show that a person wrote the line, not an app: 'My iPhone too', 'Version 5 for Android'.
_OWN_WORDS = frozenset((
    "it", "it's", "the", "an", "on", "in", "with", "and", "or", "for", "of", "too", "also", "not", "no", "yes", "version", "model",
    "use", "using", "used", "we", "app", "phone", "der", "die", "das", "ein", "eine", "und", "auf", "mit", "für", "nicht", "auch",
    "la", "les", "un", "une", "et", "sur", "avec", "pour", "el", "los", "una", "con", "para", "lo", "di", "per", "um", "uma", "com", "em",
))  # fmt: skip


def _matching(folded: str) -> list[tuple[str, str]]:
    """(language, phrase) of each phrase that the line matches, except sentences that only begin like one."""
    if len(folded.split()) > _MOST_WORDS:
        return []
    phrases, rows = mobile_signatures()
    matching = [rows[place] for place in phrases.matches(folded)]
    if _TELLS.search(folded):
        matching = [(language, phrase) for language, phrase in matching if _TELLS.search(phrase)]
    return matching


def _names_a_thing(bare: str, folded: str) -> bool:
    """Whether the line names a device or a program, not for example a warehouse.  Scripts without capitals show no names."""
    behind = bare.lstrip(_EDGE).partition(" ")[2]
    named = any(sign.isupper() or sign.isdigit() for sign in behind)
    return named or not behind or bool(_THINGS.search(folded)) or any(sign.isalpha() and sign == sign.swapcase() for sign in behind)


def _may_be_app_line(bare: str) -> bool:
    """Whether the first or the last word occurs in such lines.  Faster than a match of all phrases with each line."""
    folded = bare.casefold().strip(_EDGE)
    firsts, glued, lasts = mobile_edges()
    first = folded.partition(" ")[0].strip(_EDGE)
    return first in firsts or folded.startswith(glued) or folded.endswith(lasts)
