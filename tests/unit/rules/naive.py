"""The rules once more, written straight from the words of the RFCs: rule after rule, condition after condition, value after value.

Nothing is shared with the matcher but the values it compares; slow and plain on purpose.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from mailbridge.message.model import Message
from mailbridge.rules.facts import Facts
from mailbridge.rules.tree import AllOf, AnyOf, Condition, Exists, Fact, MatchType, NotOf, Number, Rule, Same, Test, TextTest, ValueSource

Chosen = dict[str, str]


def run(rules: list[Rule], facts: Facts) -> tuple[tuple[str, ...], Chosen, tuple[str, ...]]:
    """Names of the rules that hold, what they chose, and the tags."""
    held: list[str] = []
    chosen: Chosen = {}
    tags: list[str] = []
    for rule in rules:
        if not _applies(rule, facts) or not holds(rule.when, facts, chosen, tags):
            continue
        held.append(rule.name)
        for word in ("team", "type", "priority"):
            value = getattr(rule.then, word)
            if value is not None:
                chosen[word] = value
        tags += [tag for tag in rule.then.tags if tag not in tags]
        if rule.stop or rule.then.drop:
            break
    return tuple(held), chosen, tuple(tags)


def _applies(rule: Rule, facts: Facts) -> bool:
    """A rule that says nothing about replies is for mail that opens a ticket."""
    return not facts.reply or "'reply'" in repr(rule.when)


def holds(condition: Condition, facts: Facts, chosen: Chosen, tags: list[str]) -> bool:
    match condition:
        case AllOf(children=children):  # RFC 5228 5.3
            return all(holds(child, facts, chosen, tags) for child in children)
        case AnyOf(children=children):  # 5.4
            return any(holds(child, facts, chosen, tags) for child in children)
        case NotOf(child=child):  # 5.8
            return not holds(child, facts, chosen, tags)
        case Exists(headers=headers):  # 5.5: "evaluates to true if the headers listed in the header-names argument exist"
            return all(any(name.lower() == wanted for name, _ in facts.message.headers) for wanted in headers)
        case Number(source=ValueSource(kind="size"), over=over, under=under):  # 5.9
            size = facts.message.size
            return (over is None or size > over) and (under is None or size < under)
        case Number(source=ValueSource(kind="count", name=kind, part=names), over=over, under=under):
            number = _count(kind, names.split(", "), facts)
            return (over is None or number > over) and (under is None or number < under)
        case Fact(source=ValueSource(kind="reply"), expected=expected):
            return facts.reply == expected
        case Same(tests=tests):
            kind = condition.kind
            things = _parts(facts.message) if kind == "mime" else _attachments(facts.message)
            return any(all(isinstance(t, Test) and passes(t, thing[name]) for name, t in tests) for thing in things)
        case TextTest(sources=sources, test=test):  # 5.7: "any combination of header field and key"
            return any(passes(test, value) for source in sources for value in values(source, facts, chosen, tags))
    raise NotImplementedError(condition)


def _count(kind: str, names: list[str], facts: Facts) -> int:
    """RFC 5231 4.2: "the number of entities": fields for `header`, addresses for `address`; RFC 5235 2.2: 0 is "not tested"."""
    message = facts.message
    if kind == "header":
        return len([1 for name, _ in message.headers for wanted in names if name.lower() == wanted])
    if kind == "address":
        return sum(len({"from": message.from_, "to": message.to, "cc": message.cc}[name]) for name in names)
    return 0 if facts.spam is None else 1


def _attachments(message: Message) -> list[dict[str, str]]:
    return [{"name": a.name, "type": a.content_type} for a in message.attachments]


def _parts(message: Message) -> list[dict[str, str]]:
    """RFC 5703 4.1 and 4.2: each part for itself, with what its own Content-Type and Content-Disposition say."""
    files = [(a.content_type, a.original_name or a.name, a.disposition) for a in message.attachments]
    there = {a.part for a in message.attachments}
    leaves = [(p.content_type, "", "") for p in message.parts if p.path not in there]
    return [
        {"contenttype": t, "type": t.split("/")[0], "subtype": t.split("/")[1], "filename": name, "disposition": how}
        for t, name, how in [*leaves, *files]
    ]


def values(source: ValueSource, facts: Facts, chosen: Chosen, tags: list[str]) -> Iterator[str]:
    message = facts.message
    match source.kind:
        case "header":
            every = [value for name, value in message.headers if name.lower() == source.name]
            if source.index > 0:  # RFC 5260 6.1
                every = every[source.index - 1 : source.index]
            elif source.index < 0:
                every = list(reversed(every))[-source.index - 1 : -source.index]
            yield from (value.strip() for value in every)
        case "address":
            yield from _address_values(source, message)
        case "envelope":
            if source.name == "to":
                yield from facts.rcpt_to
            elif facts.mail_from is not None:
                yield facts.mail_from
        case "body" if source.name == "raw":  # RFC 5173 5.1: "the undecoded body ... as a single string"
            yield facts.raw.decode("utf-8", "replace").split("\r\n\r\n", 1)[1] if facts.raw else message.text
        case "body":
            yield message.reply.fresh or message.text
        case "mime":
            yield from (part[source.name] for part in _parts(message) if part[source.name])
        case "spamtest":
            score = facts.spam
            if source.name == "percent":  # RFC 5235 2.2
                yield str(0 if score is None else max(0, min(100, round(score[0] / score[1] * 50))))
            else:
                yield str(0 if score is None else max(1, min(10, 1 + round(score[0] / score[1] * 5))))
        case "attachment":
            yield from (a.name for a in message.attachments if a.name)
        case "kind":
            yield str(message.kind)
        case "language":
            if message.language:
                yield message.language
        case "tag":
            yield from tags
        case word:
            if chosen.get(word):
                yield chosen[word]


def _address_values(source: ValueSource, message: Message) -> Iterator[str]:
    for address in {"from": message.from_, "to": message.to, "cc": message.cc}[source.name]:
        local, domain = address.address.rsplit("@", 1)  # RFC 5228 2.7.4
        if source.part in ("", "all"):
            yield address.address
        elif source.part == "localpart":
            yield local
        elif source.part == "domain":
            yield domain
        elif source.part == "user":  # RFC 5233 4
            yield local.split("+", 1)[0]
        elif "+" in local:
            yield local.split("+", 1)[1]


def passes(test: Test, value: str) -> bool:
    """RFC 5228 2.7.1 with the comparators of RFC 4790 and RFC 5051."""
    return any(_passes(test, key, value) for key in test.keys)


def _passes(test: Test, key: str, value: str) -> bool:
    if test.match in ("ge", "gt", "le", "lt", "eq", "ne"):
        return _related(test.match, value, key, test.comparator)
    if test.match is MatchType.IS:
        return _same(key, value, test.comparator)
    if test.match is MatchType.CONTAINS:
        return _folded(key, test.comparator) in _folded(value, test.comparator)
    if test.match is MatchType.MATCHES:
        return _like(key, value, test.comparator != "i;octet")
    flags = 0 if test.comparator == "i;octet" else re.IGNORECASE
    # `$` is the end of the text; Python's also takes a line end before it.
    return re.search(key.replace("$", r"\Z"), value, flags) is not None


def _related(relation: str, value: str, key: str, comparator: str) -> bool:
    """RFC 5231 4.1; numbers as RFC 4790 9.1.1 has them: a text that begins with no digit is greater than all, and equal to its like."""
    if comparator == "i;ascii-numeric":
        numbers = [int(re.match("[0-9]*", text)[0] or -1) for text in (value, key)]  # type: ignore[index]
        left, right = ((10**9 if number < 0 else number) for number in numbers)
        return {"ge": left >= right, "gt": left > right, "le": left <= right, "lt": left < right, "eq": left == right, "ne": left != right}[
            relation
        ]
    one, two = _folded(value, comparator), _folded(key, comparator)
    return {"ge": one >= two, "gt": one > two, "le": one <= two, "lt": one < two, "eq": one == two, "ne": one != two}[relation]


def _same(one: str, other: str, comparator: str) -> bool:
    return _folded(one, comparator) == _folded(other, comparator)


def _folded(text: str, comparator: str) -> str:
    if comparator == "i;octet":
        return text
    if comparator == "i;ascii-casemap":
        return "".join(c.upper() if "a" <= c <= "z" else c for c in text)
    made = ""
    for character in text:  # RFC 5051 2: titlecase, then decompose
        title = character.title() if len(character.title()) == 1 else character
        made += unicodedata.normalize("NFKD", title)
    return made


def _like(pattern: str, text: str, ignore_case: bool) -> bool:
    """`*` is any run of characters, `?` is one, a backslash takes the next as it is."""
    wanted: list[tuple[str, str]] = []
    characters = iter(pattern)
    for character in characters:
        if character == "\\":
            wanted.append(("is", next(characters, "\\")))
        else:
            wanted.append(({"*": "run", "?": "one"}.get(character, "is"), character))
    positions = {0}  # where in the text the pattern may have come so far
    for kind, character in wanted:
        if kind == "run":
            positions = set(range(min(positions), len(text) + 1)) if positions else set()
        elif kind == "one":
            positions = {p + 1 for p in positions if p < len(text)}
        else:
            positions = {p + 1 for p in positions if p < len(text) and _equal(text[p], character, ignore_case)}
    return len(text) in positions


def _equal(one: str, other: str, ignore_case: bool) -> bool:
    return one == other or (ignore_case and one.casefold() == other.casefold())
