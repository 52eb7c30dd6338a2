"""[[identity]]: the addresses that customers write to, and what the mails that they get from each look like."""

from __future__ import annotations

from collections.abc import Sequence

from mailbridge.config import names
from mailbridge.config.model import Identity
from mailbridge.config.reading import Wrong
from mailbridge.config.scalars import Text
from mailbridge.config.sections import kinds
from mailbridge.config.sections.section import Section, section

MOST_SIGNATURE = 2_000  # characters


def _signature(text: str) -> str:
    """Lines of text without control characters."""
    if any(ord(char) < 32 and char not in "\n\t" for char in text) or len(text) > MOST_SIGNATURE:
        raise Wrong("cannot be a signature", f"lines of text, at most {MOST_SIGNATURE} characters")
    return text.strip()


IDENTITY = section(
    "[[identity]]",
    {
        "address": kinds.ADDRESS,
        "name": kinds.LINE,
        "signature": Text(what="text in quotes", parse=_signature, takes=(str,), hint='three quotes hold several lines: """…"""'),
        "language": kinds.text(names.language),
        "team": kinds.text(names.name),
        "outgoing": kinds.WORD,
    },
    required=("address",),
)


def identities(sections: Sequence[Section]) -> tuple[Identity, ...]:
    """The identities that have an address.  Two of one address are a mistake, which names both places."""
    places: dict[str, int] = {}
    found: list[Identity] = []
    for one in sections:
        address: str = one.values.get("address", "")
        if not address:
            continue
        line = one.node.place_of("address").line
        if "+" in address.partition("@")[0]:
            hint = "what stands behind a + says which ticket a mail is about; write the address without it"
            one.at_value("address", f"address: an identity has no +detail: {address}", hint)
        if (first := places.setdefault(address.lower(), line)) != line:
            file = one.node.place.file
            message = f"address: {address} is the address of two identities, at {file}:{first} and {file}:{line}"
            one.at_value("address", message, "keep one of them, or give each its own address")
        found.append(Identity(**one.values, line=line))
    return tuple(found)
