"""Parses what an agent writes about a customer: `person ana@acme.example ACME role=buyer phone="+40 232 123 456"`."""

from __future__ import annotations

import re

from mailbridge.config.suggest import nearest
from mailbridge.customers.entry import KEYS, EntryPart, Verb
from mailbridge.mail_commands import names
from mailbridge.mail_commands.model import Author, LineProblem, Meaning
from mailbridge.mail_commands.normalise import bare, unquoted
from mailbridge.mail_commands.vocabulary import Vocabulary, fold, vocabulary
from mailbridge.tickets.command_types.people import ChangeCustomer

_KEY = re.compile(r"(?:^|(?<=[\s,;]))([^\W\d_]+)\s?[=:]\s?(?!/)")
_EQUALS = re.compile(r"(?:^|(?<=[\s,;]))([^\W\d_]+)=")
_WORD = re.compile("[\"“”„«»]([^\"“”„«»]+)[\"“”„«»]|(\\S+)")


def change(verb: Verb, argument: str, author: Author) -> Meaning:
    """The part, its name, the customer where it is not that of the requester, and keys with values."""
    known = vocabulary(author.language)
    at = [found for found in _KEY.finditer(argument) if _key(found[1], known)]
    foreign = next((found[1] for found in _EQUALS.finditer(argument) if not _key(found[1], known)), None)
    if foreign is not None:
        return LineProblem(problem="argument-unknown", nearest=nearest(fold(foreign), known.keys))
    words = [found[1] or found[2] for found in _WORD.finditer(argument[: at[0].start()] if at else argument)]
    part = known.parts.get(fold(words[0]).strip(".,;:")) if words else None
    if part is None:
        near = nearest(fold(words[0]), known.parts) if words else ""
        return LineProblem(problem="argument-unknown", nearest=near)
    named = _named(EntryPart(part), words[1:])
    if named is None:
        return LineProblem(problem="argument-missing")
    ends = [*(found.start() for found in at[1:]), len(argument)]
    values = tuple(_value(argument, found, end, known) for found, end in zip(at, ends, strict=False))
    unknown = next((key for key, _ in values if key not in KEYS[EntryPart(part)]), None)
    if unknown is not None or (verb is Verb.CHANGE and not values) or (verb is Verb.REMOVE and values):
        return LineProblem(problem="argument-unknown" if unknown or values else "argument-missing")
    name, customer = named
    return (ChangeCustomer(verb=verb, part=EntryPart(part), name=name, customer=customer, values=values),)


def _named(part: EntryPart, words: list[str]) -> tuple[str, str] | None:
    """The name of the entry, and the customer ('' for that of the requester); None where the name is missing."""
    if part is EntryPart.CUSTOMER:
        return "", bare(" ".join(words))
    if not words:
        return None
    name = names.address(words[0]) if part is EntryPart.PERSON else bare(words[0])
    return (name, bare(" ".join(words[1:]))) if name else None


def _key(word: str, known: Vocabulary) -> str:
    return known.keys.get(fold(word), "")


def _value(argument: str, found: re.Match[str], end: int, known: Vocabulary) -> tuple[str, str]:
    text = unquoted(argument[found.end() : end].strip(" ,;"))
    return _key(found[1], known), "" if fold(text) in known.none else text
