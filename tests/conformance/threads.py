"""Mails of one mailbox put into conversations by what they name, without a desk: the measure of our ids and subjects.

Where a case asks for an algorithm of IMAP THREAD it gets that one (RFC 5256, 3); otherwise ids decide, as they do for tickets.
"""

from __future__ import annotations

import re
from itertools import pairwise

from mailbridge.message.model import Message

# RFC 5256, 2.1 and 5: subj-refwd, with the marks of other languages' programs; subj-blob; subj-trailer; subj-fwd-hdr.
BLOB = r"\[[^\[\]]{0,200}\]\s*"
LEADER = re.compile(rf"\s+|(?:{BLOB})*(?:re|fwd?|aw|wg|sv|vs|antw|tr|rif|odp)\s*(?:{BLOB})?:\s*", re.I)
TRAILER = re.compile(r"(?:\s*\(fwd\)|\s+)$", re.I)
WRAPPED = re.compile(r"\[fwd:(.*)\]$", re.I | re.S)


def base_subject(subject: str) -> tuple[str, bool]:
    """The subject without its marks in lower case, and whether it had one that says "answer" or "forward"."""
    text, answer = " ".join(subject.split()), False
    while True:
        before = text
        if found := TRAILER.search(text):
            text, answer = text[: found.start()], answer or "fwd" in found[0].lower()
        if (found := LEADER.match(text)) and found[0]:
            text, answer = text[found.end() :], answer or bool(found[0].strip())
        if (found := re.match(BLOB, text)) and text[found.end() :].strip():
            text = text[found.end() :]
        if found := WRAPPED.match(text):
            text, answer = found[1], True
        if text == before:
            return text.lower(), answer


def groups(messages: list[Message], algorithm: str = "") -> set[frozenset[int]]:
    """The conversations, messages numbered from 1."""
    sets = Sets(len(messages))
    if algorithm == "ORDEREDSUBJECT":
        by_subject(sets, messages, set(range(len(messages))))
    else:
        roots = by_ids(sets, messages)
        named = {number for number in roots if base_subject(messages[number].subject)[0]}
        by_subject(sets, messages, named, all_alike=algorithm == "REFERENCES")
    return sets.groups()


class Sets:
    """Numbers joined into disjoint sets."""

    def __init__(self, size: int) -> None:
        self._parent = list(range(size))

    def root(self, number: int) -> int:
        while self._parent[number] != number:
            number = self._parent[number]
        return number

    def join(self, one: int, other: int) -> None:
        self._parent[self.root(one)] = self.root(other)

    def groups(self) -> set[frozenset[int]]:
        found: dict[int, set[int]] = {}
        for number in range(len(self._parent)):
            found.setdefault(self.root(number), set()).add(number + 1)
        return {frozenset(group) for group in found.values()}


def by_ids(sets: Sets, messages: list[Message]) -> set[int]:
    """Joins who hang on one another (RFC 5256, 3, step 1); the messages at the top of their trees."""
    keys = unique_keys(messages)
    parent: dict[str, str] = {}
    for key, message in zip(keys, messages, strict=True):
        chain = list(message.references or message.in_reply_to[:1])
        for upper, lower in pairwise(chain):
            if lower not in parent and not reaches(parent, upper, lower):
                parent[lower] = upper
        parent.pop(key, None)
        if chain and not reaches(parent, chain[-1], key):
            parent[key] = chain[-1]
    first: dict[str, int] = {}
    for number, key in enumerate(keys):
        top = key
        while top in parent:
            top = parent[top]
        sets.join(number, first.setdefault(top, number))
    return {number for number, key in enumerate(keys) if parent.get(key) not in keys}


def unique_keys(messages: list[Message]) -> list[str]:
    """The Message-IDs; the second mail with one, and mails without, get keys of their own."""
    seen: set[str] = set()
    keys = []
    for number, message in enumerate(messages):
        key = message.message_id if message.message_id and message.message_id not in seen else f"\0{number}"
        seen.add(key)
        keys.append(key)
    return keys


def reaches(parent: dict[str, str], start: str, goal: str) -> bool:
    """Whether `goal` is `start` or above it."""
    while start != goal and start in parent:
        start = parent[start]
    return start == goal


def by_subject(sets: Sets, messages: list[Message], roots: set[int], *, all_alike: bool = True) -> None:
    """Joins `roots` with the same base subject; unless `all_alike`, only an answer that names nothing joins what it may answer."""
    first: dict[str, int] = {}
    for number in sorted(roots):
        base, answer = base_subject(messages[number].subject)
        other = first.setdefault(base, number)
        lone_answer = answer and not messages[number].references and not messages[number].in_reply_to
        if all_alike or lone_answer:
            sets.join(number, other)
