"""A bounce as text: the server's own words, and the mail that it returns after them or in a part of its own."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from html import unescape
from itertools import chain

from mailbridge.message import bounce_formats as formats
from mailbridge.message.header_values import message_ids
from mailbridge.message.model import Message
from mailbridge.message.tree import Leaf, Tree

TEXT_LIMIT = 64 * 1024
TOLD = 16 * 1024  # characters in which a server names the error
RETURNED = {"message/rfc822", "message/global", "text/rfc822-headers", "message/rfc822-headers", "message/global-headers"}

TAG = re.compile(r"<(/?)([a-zA-Z]{1,20})[^<>]{0,2000}>")
BLOCKS = {"br", "p", "div", "tr", "li", "pre", "table", "h1", "h2", "h3", "blockquote"}
MESSAGE_ID = re.compile(r"^[ \t>]*message-id:[ \t]*(?:\r?\n[ \t]+)?<([^<>\s]{1,500})>", re.I | re.M)


def written_bounce(tree: Tree, message: Message) -> str:
    """The server's own words, without the mail it returns."""
    return before_returned(words(tree, message))


def words(tree: Tree, message: Message) -> str:
    """The text before the returned mail, HTML as text."""
    texts = [as_text(leaf) for leaf in text_leaves(tree)]
    return "\n\n".join(texts)[:TEXT_LIMIT] or message.text[:TEXT_LIMIT]


def text_leaves(tree: Tree) -> list[Leaf]:
    """The text parts before the first returned mail."""
    found: list[Leaf] = []
    for leaf in tree.leaves:
        if leaf.content_type in RETURNED:
            break
        # A multipart without a usable boundary becomes a leaf; it still contains the text.
        if leaf.content_type.startswith(("text/", "multipart/")) and leaf.disposition != "attachment":
            found.append(leaf)
    return found[:10]


def as_text(leaf: Leaf) -> str:
    text = leaf.text()[:TEXT_LIMIT]
    if leaf.content_type != "text/html":
        return text
    return unescape(TAG.sub(lambda tag: "\n" if tag[2].lower() in BLOCKS else " ", text))


def before_returned(text: str) -> str:
    end = formats.END.search(text)
    return text[: end.start()] if end else text


def status_in(text: str) -> str:
    """The first RFC 3463 status in `text`, else one made of the first SMTP reply code."""
    enhanced = [found for found in formats.ENHANCED.findall(text) if not found.startswith("2")]
    if enhanced:
        return str(enhanced[0])
    code = formats.REPLY_CODE.search(text)
    return f"{code[1][0]}.0.0" if code else ""


def diagnostic_in(text: str) -> str:
    """The first line that contains a status or reply code."""
    lines = (line.strip() for line in text.splitlines())
    return next((line[:1000] for line in lines if formats.ENHANCED.search(line) or formats.REPLY_CODE.search(line)), "")


def original_id(tree: Tree, returned_text: str) -> str:
    """The Message-ID of the returned mail: from its part, the text after the server's words, another part, or the bounce's own fields."""
    returned = [leaf for leaf in tree.leaves if leaf.content_type in RETURNED]
    others = [leaf for leaf in tree.leaves if leaf.content_type not in RETURNED]
    texts = chain(map(start_of, returned[:5]), (returned_text,), map(start_of, others[:20]))
    found = next((match[1] for text in texts if (match := MESSAGE_ID.search(text))), "")
    return found or next(iter(message_ids(tree.get("in-reply-to") or "")), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned:
    """Header of the mail that a bounce returns, as far as it is included."""

    writers: tuple[str, ...] = ()
    recipients: tuple[str, ...] = ()


def returned_mail(tree: Tree, returned_text: str) -> Returned:
    """Author and recipients of the returned mail: from its part, else from the text after the server's words."""
    blocks = [start_of(leaf) for leaf in tree.leaves if leaf.content_type in RETURNED]
    for block in [*blocks[:5], returned_text[:TEXT_LIMIT]]:
        fields: dict[str, list[str]] = {}
        for name, value in HEADER_LINE.findall(block[:RETURNED_LIMIT]):
            fields.setdefault(name.lower(), []).append(value)
        if "to" in fields or "from" in fields:
            told = {name: unique(formats.LOOSE_ADDRESS.findall(" ".join(values))) for name, values in fields.items()}
            return Returned(writers=told.get("from", ()), recipients=unique((*told.get("to", ()), *told.get("cc", ()))))
    return Returned()


def returned_to(tree: Tree, returned_text: str) -> tuple[str, ...]:
    """The recipient of the returned mail if there is exactly one; empty for several, because the failed one is then unknown."""
    found = returned_mail(tree, returned_text).recipients
    return found if len(found) == 1 else ()


HEADER_LINE = re.compile(r"^[ \t>]{0,20}(from|to|cc):[ \t]*([^\n]{0,2000}(?:\n[ \t]+[^\n]{0,500}){0,20})", re.I | re.M)
RETURNED_LIMIT = 16 * 1024  # characters of a returned mail in which its header is searched
RECIPIENT_LIMIT = 200


def unique(addresses: Iterable[str]) -> tuple[str, ...]:
    """The addresses in order, without duplicates (case-insensitive)."""
    found: dict[str, str] = {}
    for address in addresses:
        found.setdefault(address.lower(), address.strip("."))
        if len(found) == RECIPIENT_LIMIT:
            break
    return tuple(found.values())


def start_of(leaf: Leaf) -> str:
    return leaf.content[:TEXT_LIMIT].decode("latin-1")
