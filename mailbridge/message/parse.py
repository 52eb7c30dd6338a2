"""Parses bytes into a Message.  Any bytes give a Message with a list of its defects."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from hashlib import sha256

from mailbridge.message import (
    alternatives,
    attachments,
    authenticity,
    calendar,
    charsets,
    dates,
    encryption,
    html,
    invitation,
    kind,
    limits,
    tnef,
)
from mailbridge.message.addresses import read_addresses
from mailbridge.message.body import Body, read_body
from mailbridge.message.correspondent import answers_go_to_a_list
from mailbridge.message.fingerprint import fingerprint
from mailbridge.message.header_values import message_id, message_ids
from mailbridge.message.model import Address, Attachment, CalendarAnswer, Kind, Message, Part, ReadingPolicy
from mailbridge.message.structure import read_tree
from mailbridge.message.tree import Leaf, Tree
from mailbridge.message.unwrap import all_leaves, opened

# RFC 5322 3.6: at most one field of each name.
_SINGLE = ("from", "sender", "reply-to", "to", "cc", "message-id", "in-reply-to", "references", "subject", "date", "content-type")
_OURS = "x-mailbridge-"


def parse(raw: bytes, policy: ReadingPolicy) -> Message:
    """All facts of the mail except its reply and language (see mailbridge.sandbox.read).  Never raises because of the content."""
    tree = opened(read_tree(raw))
    body = read_body(tree)
    message = _with_content(_of_headers(tree), tree, body)
    message = replace(message, fingerprint=fingerprint(raw, tree), size=len(raw))
    kinds = kind.classify(tree, message, policy)
    return replace(
        message,
        sender=authenticity.claimed_sender(tree.headers),
        kind=kinds.kind,
        strength=kinds.strength,
        kind_reasons=kinds.reasons,
        suppress_auto_response=kinds.suppress_auto_response,
        loop_mark=kind.own_mark(tree),
        correspondent=kinds.correspondent,
        to_list=answers_go_to_a_list(tree, message),
        bounce=replace(kinds.bounce, returned_mark=kind.returned_mark(tree)) if kinds.bounce else None,
        invitation=_invitation(tree) if kinds.kind is Kind.CALENDAR else None,
    )


def _invitation(tree: Tree) -> CalendarAnswer | None:
    """The answer in the first calendar file of the mail."""
    return next(filter(None, (invitation.answer(leaf.content) for leaf in tree.of_type("text/calendar"))), None)


def _of_headers(tree: Tree) -> Message:
    """A Message with the facts of the header fields."""
    defects = list(tree.defects)
    date, date_defects = _date(tree)
    return Message(
        from_=_addresses(tree, "from", defects),
        to=_recipients(tree, "to", defects),
        cc=_recipients(tree, "cc", defects),
        reply_to=_addresses(tree, "reply-to", defects),
        return_path=_return_path(tree),
        subject=_first(tree, "subject"),
        date=date,
        message_id=message_id(_first(tree, "message-id")),
        in_reply_to=_ids(tree, "in-reply-to"),
        references=_ids(tree, "references"),
        headers=tuple((field.name, field.value) for field in tree.headers if not field.key.startswith(_OURS)),
        defects=tuple(dict.fromkeys([*defects, *date_defects, *_repeated(tree)])),
    )


def _with_content(message: Message, tree: Tree, body: Body) -> Message:
    """The message with its bodies, files and parts."""
    winmails = [(leaf, tnef.read(leaf.content)) for leaf in tree.leaves if tnef.is_tnef(leaf.content)]
    files = attachments.distinct(_files(tree, body, winmails))
    text, rich = _bodies(tree, body, winmails)
    return replace(
        message,
        text=text,
        html=rich,
        text_from_html=body.from_html,
        first_text=body.first_text,
        safe_html=html.sanitise(rich),
        attachments=files,
        parts=tuple(_parts(tree, {file.part: file.sha256 for file in files})),
        charset_guesses=(*_header_guesses(tree), *body.guesses),
        defects=tuple(dict.fromkeys([*message.defects, *body.defects, *_content_defects(text, winmails)]))[: limits.DEFECTS],
    )


def _header_guesses(tree: Tree) -> Iterator[str]:
    """The charset guesses for the fields that people see.  UTF-8 in a header is no guess (RFC 6532)."""
    for key in ("subject", "from", "to", "cc"):
        raw = b"" if not tree.fields(key) else tree.fields(key)[0].raw
        decoded = charsets.decode(raw) if not raw.isascii() else None
        if decoded and decoded.charset != "utf-8":
            yield f"{key}: {decoded.guess}"


def _files(tree: Tree, body: Body, winmails: list[tuple[Leaf, tnef.Tnef]]) -> Iterator[Attachment]:
    """Every leaf that is not the body, then the files from texts and winmail.dat.

    A container that could not be opened is shown as text and is also a file, so that its whole content is available.  An empty one is
    neither.
    """
    for leaf in tree.leaves:
        if leaf.content.strip() if leaf.is_unopened else leaf.path not in body.parts:
            yield attachments.of_leaf(leaf)
    yield from (attachments.of_inline_file(leaf, number, file) for number, (leaf, file) in enumerate(body.files, start=1))
    for leaf, winmail in winmails:
        yield from (attachments.of_tnef_file(leaf, number, file) for number, file in enumerate(winmail.files, start=1))


def _bodies(tree: Tree, body: Body, winmails: list[tuple[Leaf, tnef.Tnef]]) -> tuple[str, str]:
    """Text and HTML of the mail.  Without a body of its own: those of its winmail.dat, or the summary of its invitation."""
    if not alternatives.is_blank(body.text) or _shows_pictures(body.html):
        return body.text, body.html
    for _, winmail in winmails:
        text, rich = winmail.text[: limits.TEXT_BYTES], winmail.html[: limits.TEXT_BYTES]
        if text.strip() or rich.strip():
            return text if text.strip() else html.to_text(rich), rich
    invited = next(filter(None, (calendar.summary(leaf.content) for leaf in tree.of_type("text/calendar"))), "")
    return (invited, "") if invited else (body.text, body.html)


def _shows_pictures(rich: str) -> bool:
    return "<img" in rich.lower()


def _content_defects(text: str, winmails: list[tuple[Leaf, tnef.Tnef]]) -> Iterator[str]:
    yield from (f"part {leaf.path}: winmail.dat is broken" for leaf, winmail in winmails if not winmail.complete)
    if encryption.PGP_MESSAGE in text:
        yield encryption.DEFECT


def _addresses(tree: Tree, name: str, defects: list[str]) -> tuple[Address, ...]:
    """The mailboxes of the first field of that name with an address.  Its defects are added to `defects`."""
    readings = [read_addresses(field.raw) for field in tree.fields(name)[:_MOST_REPEATED]]
    if not readings:
        return ()
    found, doubts = next((one for one in readings if any(address.address for address in one[0])), readings[0])
    defects += [f"{name}: {doubt}" for doubt in doubts]
    return found


def _recipients(tree: Tree, name: str, defects: list[str]) -> tuple[Address, ...]:
    """The mailboxes of all fields of that name, without duplicates across fields."""
    fields = tree.fields(name)
    if len(fields) < 2:
        return _addresses(tree, name, defects)
    readings = [read_addresses(field.raw) for field in fields[:_MOST_REPEATED]]
    defects += [f"{name}: {doubt}" for _, doubts in readings for doubt in doubts]
    found: dict[str, Address] = {}
    for one in (one for addresses, _ in readings for one in addresses):
        found.setdefault(one.key or one.name, one)
    return tuple(found.values())[: limits.ADDRESSES]


_MOST_REPEATED = 10  # duplicate fields of one name that are read


def _date(tree: Tree) -> tuple[datetime | None, tuple[str, ...]]:
    value = tree.get("date")
    if value is None:
        return None, ()
    moment, doubts = dates.read_date(value)
    return moment, tuple(f"date: {doubt}" for doubt in doubts)


def _first(tree: Tree, name: str) -> str:
    """The value of the first non-empty field of that name, '' where there is none."""
    return next((value for value in tree.get_all(name) if value), "")


def _ids(tree: Tree, name: str) -> tuple[str, ...]:
    """The IDs of the first field of that name with any, and of further fields that contain only IDs.

    Mail programs that write a second field mean both; a broken further field is ignored.
    """
    values = [value for value in tree.get_all(name)[:_MOST_REPEATED] if message_ids(value)]
    if len(values) < 2:
        return message_ids(values[0]) if values else ()
    meant = [values[0], *(value for value in values[1:] if _ONLY_IDS.fullmatch(value))]
    return tuple(dict.fromkeys(one for value in meant for one in message_ids(value)))[: limits.IDS]


_ONLY_IDS = re.compile(r"(?:<[^<>\s]+>[\s,]*)+")


def _return_path(tree: Tree) -> str | None:
    value = tree.get("return-path")
    return None if value is None else value.strip().strip("<>").strip()


def _repeated(tree: Tree) -> Iterator[str]:
    for name in _SINGLE:
        count = len(tree.fields(name))
        if count > 1:
            yield f"{count} {name} fields"


def _parts(tree: Tree, hashes: dict[str, str]) -> Iterator[Part]:
    for leaf in all_leaves(tree):
        if leaf.content_type.startswith("multipart/"):
            continue
        yield Part(
            path=leaf.path,
            content_type=leaf.content_type,
            size=len(leaf.content),
            sha256=hashes.get(leaf.path) or sha256(leaf.content).hexdigest(),
            charset=leaf.charset,
            text=leaf.text() if leaf.is_text and len(leaf.content) <= limits.PART_TEXT_BYTES else None,
        )
