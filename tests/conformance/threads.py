"""Mails of one mailbox put into conversations, the way the desk places them but without a desk."""

from __future__ import annotations

import re

from mailbridge.message.model import Message

# RFC 5256, 2.1: what a reply or forward puts before a subject, also "Re[2]:"; "(fwd)" behind it.
MARK = re.compile(r"^\s*(?:\[[^\]]{1,60}\]\s*)?(?:re|fwd?|aw|wg|sv|vs|antw|tr|rif|odp)\s*(?:\[\d+\])?\s*:\s*", re.I)
TAIL = re.compile(r"\s*\(fwd\)\s*$", re.I)
TAG = re.compile(r"^\s*\[[^\]]{1,60}\]\s*")


def base_subject(subject: str) -> tuple[str, bool]:
    """The subject without its marks, and whether it had one that says "answer"."""
    base, answer = TAIL.sub("", subject), False
    while (cut := MARK.sub("", base)) != base:
        base, answer = cut, True
    while (cut := TAG.sub("", base)) != base and cut.strip():
        base = cut
    return " ".join(base.lower().split()), answer


def groups(messages: list[Message], algorithm: str = "") -> set[frozenset[int]]:
    """The conversations, messages numbered from 1."""
    parent = list(range(len(messages)))
    if algorithm.upper() == "ORDEREDSUBJECT":
        join_by(parent, [base_subject(message.subject)[0] for message in messages])
    else:
        join_by_ids(parent, messages)
    found: dict[int, set[int]] = {}
    for number in range(len(messages)):
        found.setdefault(root(parent, number), set()).add(number + 1)
    return {frozenset(group) for group in found.values()}


def join_by_ids(parent: list[int], messages: list[Message]) -> None:
    """Who names whom; a named message that is not there still holds those together that name it (RFC 5256, 3.1)."""
    first: dict[str, int] = {}
    for number, message in enumerate(messages):
        for identifier in (message.message_id, *message.references, *(() if message.references else message.in_reply_to[:1])):
            if identifier:
                join(parent, number, first.setdefault(identifier, number))
    for number, message in enumerate(messages):
        base, answer = base_subject(message.subject)
        if answer and not message.references and not message.in_reply_to:
            same = [other for other, one in enumerate(messages) if other != number and base_subject(one.subject)[0] == base]
            for other in same[:1]:
                join(parent, number, other)


def join_by(parent: list[int], keys: list[str]) -> None:
    first: dict[str, int] = {}
    for number, key in enumerate(keys):
        join(parent, number, first.setdefault(key, number))


def join(parent: list[int], one: int, other: int) -> None:
    parent[root(parent, one)] = root(parent, other)


def root(parent: list[int], number: int) -> int:
    while parent[number] != number:
        parent[number] = parent[parent[number]]
        number = parent[number]
    return number
