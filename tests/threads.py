"""How mail programs put mails into threads: Jamie Zawinski's algorithm (https://www.jwz.org/doc/threading.html), as Netscape, Evolution
and IMAP's THREAD=REFERENCES (RFC 5256) have it, without its grouping by subject."""

from __future__ import annotations

import re
from collections.abc import Iterable
from email.message import Message
from itertools import pairwise

_ID = re.compile(r"<([^<>\s]+)>")


class Container:
    """A place in a thread; without a mail where mails only refer to it."""

    def __init__(self) -> None:
        self.mail: Message | None = None
        self.parent: Container | None = None

    def root(self) -> Container:
        return self.parent.root() if self.parent else self

    def above(self, other: Container) -> bool:
        """Whether `other` is this container or stands below it."""
        return other is self or (other.parent is not None and self.above(other.parent))


def threads(mails: Iterable[Message]) -> list[list[Message]]:
    """The mails of each thread."""
    table: dict[str, Container] = {}
    for mail in mails:
        own = table.setdefault(_ids(str(mail["Message-ID"]))[0], Container())
        own.mail = mail
        chain = [table.setdefault(id, Container()) for id in _ids(str(mail["References"] or mail["In-Reply-To"] or ""))]
        for above, below in pairwise(chain):
            if below.parent is None and not below.above(above):
                below.parent = above
        if chain and not own.above(chain[-1]):
            own.parent = chain[-1]
    found: dict[int, list[Message]] = {}
    for container in table.values():
        if container.mail is not None:
            found.setdefault(id(container.root()), []).append(container.mail)
    return list(found.values())


def _ids(field: str) -> list[str]:
    return _ID.findall(field)
