"""Bytes to Message.  Total: any bytes give a Message with its defects listed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from hashlib import sha256

from mailbridge.message import attachments, authenticity, calendar, dates, html, kind, tnef
from mailbridge.message.addresses import read_addresses
from mailbridge.message.body import Body, read_body
from mailbridge.message.fingerprint import fingerprint
from mailbridge.message.headers import message_id, message_ids
from mailbridge.message.model import Address, Attachment, Message, Part, ReadingPolicy
from mailbridge.message.opening import all_leaves, opened
from mailbridge.message.structure import read_tree
from mailbridge.message.tree import Leaf, Tree

# RFC 5322 3.6: at most one of each.
_SINGLE = ("from", "sender", "reply-to", "to", "cc", "message-id", "in-reply-to", "references", "subject", "date", "content-type")
_OURS = "x-mailbridge-"
_PGP_MESSAGE = "-----BEGIN PGP MESSAGE-----"
_PART_TEXT_BYTES = 1 << 20


def parse(raw: bytes, policy: ReadingPolicy) -> Message:
    """Everything the mail says but its reply and language (see mailbridge.reading); raises nothing on account of the content."""
    tree = opened(read_tree(raw))
    body = read_body(tree)
    message = _with_content(_of_headers(tree), tree, body)
    message = replace(message, fingerprint=fingerprint(raw, tree), size=len(raw))
    kinds = kind.classify(tree, message, policy)
    return replace(
        message,
        sender=authenticity.sender_of(tree, policy),
        kind=kinds.kind,
        kind_reasons=kinds.reasons,
        suppress_auto_response=kinds.suppress_auto_response,
        bounce=kinds.bounce,
    )


def _of_headers(tree: Tree) -> Message:
    """What the header fields say."""
    defects = list(tree.defects)
    date, date_defects = _date(tree)
    return Message(
        from_=_addresses(tree, "from", defects),
        to=_addresses(tree, "to", defects),
        cc=_addresses(tree, "cc", defects),
        reply_to=_addresses(tree, "reply-to", defects),
        return_path=_return_path(tree),
        subject=tree.get("subject") or "",
        date=date,
        message_id=message_id(tree.get("message-id") or ""),
        in_reply_to=_ids(tree, "in-reply-to"),
        references=_ids(tree, "references"),
        headers=tuple((field.name, field.value) for field in tree.headers if not field.key.startswith(_OURS)),
        defects=tuple(dict.fromkeys([*defects, *date_defects, *_repeated(tree)])),
    )


def _with_content(message: Message, tree: Tree, body: Body) -> Message:
    """The message with its bodies, files and parts."""
    hashes: dict[str, str] = {}
    files = [attachments.of_leaf(leaf) for leaf in tree.leaves if leaf.path not in body.parts]
    hashes.update({file.part: file.sha256 for file in files})
    files += [attachments.of_inline_file(leaf, number, file) for number, (leaf, file) in enumerate(body.files, start=1)]
    unpacked = [tnef.read(leaf.content) for leaf in _winmail(tree)]
    files += [
        attachments.make(
            file.content,
            part=f"{leaf.path}.{number}",
            name=file.name,
            content_type=file.content_type,
            content_id=file.content_id,
            inside=leaf.path,
        )
        for leaf, found in zip(_winmail(tree), unpacked, strict=True)
        for number, file in enumerate(found.files, start=1)
    ]
    text, rich = body.text, body.html
    for found in unpacked:
        rich = rich or ("" if text.strip() else found.html)
        text = text if text.strip() else found.text or html.to_text(found.html)
    if not text.strip():
        text = next(filter(None, (calendar.summary(leaf.content) for leaf in tree.of_type("text/calendar"))), text)
    defects = [f"part {leaf.path}: winmail.dat is broken" for leaf, found in zip(_winmail(tree), unpacked, strict=True) if not found.complete]
    if _PGP_MESSAGE in text and "encrypted" not in message.defects:
        defects.append("encrypted")
    return replace(
        message,
        text=text,
        html=rich,
        safe_html=html.sanitise(rich),
        attachments=attachments.distinct(files),
        parts=tuple(_parts(tree, hashes)),
        charset_guesses=body.guesses,
        defects=(*message.defects, *defects),
    )


def _addresses(tree: Tree, name: str, defects: list[str]) -> tuple[Address, ...]:
    """The mailboxes of the first field of that name; what is doubtful about them goes to `defects`."""
    fields = tree.fields(name)
    if not fields:
        return ()
    found, doubts = read_addresses(fields[0].raw)
    defects += [f"{name}: {doubt}" for doubt in doubts]
    return found


def _date(tree: Tree) -> tuple[datetime | None, tuple[str, ...]]:
    value = tree.get("date")
    if value is None:
        return None, ()
    moment, doubts = dates.read_date(value)
    return moment, tuple(f"date: {doubt}" for doubt in doubts)


def _ids(tree: Tree, name: str) -> tuple[str, ...]:
    """The ids of the first field of that name that holds any."""
    return next(filter(None, map(message_ids, tree.get_all(name))), ())


def _return_path(tree: Tree) -> str | None:
    value = tree.get("return-path")
    return None if value is None else value.strip().strip("<>").strip()


def _repeated(tree: Tree) -> Iterator[str]:
    for name in _SINGLE:
        count = len(tree.fields(name))
        if count > 1:
            yield f"{count} {name} fields"


def _winmail(tree: Tree) -> list[Leaf]:
    return [leaf for leaf in tree.leaves if tnef.is_tnef(leaf.content)]


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
            text=leaf.text() if leaf.is_text and len(leaf.content) <= _PART_TEXT_BYTES else None,
        )


def attached(message: Message, part: str) -> Attachment | None:
    """The attachment at `part`, for those who hold a reference to it."""
    return next((one for one in message.attachments if one.part == part), None)
