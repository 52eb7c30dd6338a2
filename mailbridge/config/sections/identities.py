"""[[identity]] and [[dkim]]: the addresses that customers write to, what the mails from each look like, and the keys that sign them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mailbridge.config import names
from mailbridge.config.model import DkimSettings, Identity, a_labels
from mailbridge.config.reading import Wrong
from mailbridge.config.scalars import Text
from mailbridge.config.sections import kinds
from mailbridge.config.sections.section import Section, section
from mailbridge.config.suggest import did_you_mean

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
        "dkim": kinds.several(kinds.text(names.selector)),
        "smime_certificate_file": kinds.FILE,
        "smime_key_file": kinds.FILE,
    },
    required=("address",),
)


DKIM = section(
    "[[dkim]]",
    {"domain": kinds.text(names.domain), "selector": kinds.text(names.selector), "key_file": kinds.FILE},
    required=("domain", "selector", "key_file"),
)


SMIME = section("[smime]", {"certificates": kinds.LINE})


def smime(found: Section, folder: Path) -> Path | None:
    """The folder with the certificates of recipients, which must be there: without it mail would go out in plain text."""
    name = found.values.get("certificates")
    if name is None:
        return None
    made: Path = folder / name
    if not made.is_dir():
        hint = "make it, and put ADDRESS.pem into it for each recipient"
        found.at_value("certificates", f"certificates: there is no folder {made}", hint)
    return made


def dkim(sections: Sequence[Section], identities: Sequence[Section]) -> tuple[DkimSettings, ...]:
    """The keys that are whole.  Two of one name, and identities with a selector that no key has, are mistakes."""
    found: dict[tuple[str, str], DkimSettings] = {}
    for one in sections:
        if not {"domain", "selector", "key_file"} <= set(one.values):
            continue
        key = DkimSettings(**one.values | {"domain": a_labels(one.values["domain"])})
        if (key.domain, key.selector) in found:
            one.at_value("selector", f"selector: there is another key {key.selector} of {key.domain}", "give each key its own selector")
        found[key.domain, key.selector] = key
    known = {selector for _, selector in found}
    for one in identities:
        for number, selector in enumerate(one.values.get("dkim", ())):
            if selector not in known:
                hint = did_you_mean(selector, known) or "add a [[dkim]] with this selector"
                one.at_value("dkim", f'dkim: there is no [[dkim]] with the selector "{selector}"', hint, item=number)
    return tuple(found.values())


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
        for key, other in (("smime_certificate_file", "smime_key_file"), ("smime_key_file", "smime_certificate_file")):
            if one.has(key) and not one.has(other):
                one.at_key(key, f"{key} needs {other}", f'add a line {other} = "…"')
        if (first := places.setdefault(address.lower(), line)) != line:
            file = one.node.place.file
            message = f"address: {address} is the address of two identities, at {file}:{first} and {file}:{line}"
            one.at_value("address", message, "keep one of them, or give each its own address")
        found.append(Identity(**one.values, line=line))
    return tuple(found)
