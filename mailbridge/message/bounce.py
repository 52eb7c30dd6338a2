"""Mails that say another mail was not delivered: RFC 3464 reports, the formats of servers that never heard of it, and JSON.

A bounce is a claim, not a fact: whether it is about a mail of ours is for who knows our Message-IDs (`Bounce.original_id`).
"""

from __future__ import annotations

import email
import json
import logging
import re
from collections.abc import Iterable
from dataclasses import dataclass
from html import unescape

from flufl.bounce import all_failures

from mailbridge.message import bounce_formats as formats
from mailbridge.message.model import Bounce, Message
from mailbridge.message.tree import Leaf, Tree

TEXT_LIMIT = 64 * 1024
RECIPIENT_LIMIT = 200
TOLD = 16 * 1024  # characters a server needs to say what is wrong
PREFACE = 300  # characters before a server says what is wrong
TERSE = 1500  # characters a server that is no postmaster writes at most
REPORTS = {"message/delivery-status", "message/global-delivery-status"}
RETURNED = {"message/rfc822", "message/global", "text/rfc822-headers", "message/rfc822-headers", "message/global-headers"}
# RFC 3464, 2.3.3: these two say that all is well.
DELIVERED = {"delivered", "relayed", "expanded"}

TAG = re.compile(r"<(/?)([a-zA-Z]{1,20})[^<>]{0,2000}>")
BLOCKS = {"br", "p", "div", "tr", "li", "pre", "table", "h1", "h2", "h3", "blockquote"}
MESSAGE_ID = re.compile(r"^[ \t>]*message-id:[ \t]*(?:\r?\n[ \t]+)?<([^<>\s]{1,500})>", re.I | re.M)
FIELD = re.compile(r"^([!-9;-~]{1,80})[ \t]*:[ \t]*(.*)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognised:
    """A bounce and the sign it was known by."""

    bounce: Bounce
    reason: str


def report_of(tree: Tree) -> Recognised | None:
    """The bounce in an RFC 3464 report; None where there is none, or where it says that all was delivered."""
    rows = [row for leaf in report_leaves(tree) for row in rows_of(leaf.content)]
    failed = [row for row in rows if row.action not in DELIVERED]
    if not failed:
        return None
    return Recognised(bounce=bounce_of_rows(failed, tree), reason="RFC 3464 report")


def says_delivered(tree: Tree) -> bool:
    """Whether there is a report and every recipient in it got the mail."""
    rows = [row for leaf in report_leaves(tree) for row in rows_of(leaf.content)]
    return bool(rows) and all(row.action in DELIVERED for row in rows)


def informal(tree: Tree, message: Message, *, null_sender: bool, certain: bool) -> Recognised | None:
    """The bounce in a mail without such a report: by what only servers write (`certain`), else by its words."""
    reason = certain_sign(tree, message) if certain else worded_sign(tree, message, null_sender=null_sender)
    return Recognised(bounce=read_text(tree, message), reason=reason) if reason else None


def certain_sign(tree: Tree, message: Message) -> str:
    """What tells that this is a bounce without reading its text, '' where nothing does."""
    if tree.content_type == "multipart/report" and report_type(tree) in {"delivery-status", ""}:
        return "multipart/report"
    if tree.get("x-failed-recipients"):
        return "X-Failed-Recipients"
    if formats.DAEMON.search(writer(tree)):
        return "bounce sender"
    if formats.NOBODY.fullmatch(writer(tree)) and not message.return_path:
        return "bounce sender"
    if formats.TITLES.fullmatch(title(message)):
        return "bounce title"
    return "bounce notification" if notification(message.text) else ""


def worded_sign(tree: Tree, message: Message, *, null_sender: bool) -> str:
    """Somebody who may send bounces, and words as bounces have them.  Cheap for people's mail: the text is read last."""
    server = formats.POSTMASTER.search(writer(tree)) is not None
    hinted = formats.HINTS.are_in(title(message))
    if not (server or hinted or null_sender):
        return ""
    text = told(tree, message)
    telling = formats.PHRASES.place_in(text[:TOLD])
    office = server or formats.OFFICE.search(writer(tree)) is not None
    # A postmaster who is a person and writes of bounces does not begin with the words of one.
    if telling >= 0 and (null_sender or (server and telling < PREFACE)):
        return "bounce words"
    if hinted and not formats.ANSWERED.match(title(message)) and (server or (office and telling >= 0)):
        return "bounce words"
    # A person who asks about a bounce titles it like one, but begins with own words and has more to say.
    opening = text.strip(" \t\r\n*-_=#")[:300]
    if hinted and len(text) < TERSE and not message.in_reply_to and formats.OPENING.begin(opening) and formats.LOOSE_ADDRESS.search(text):
        return "bounce words"
    return ""


def writer(tree: Tree) -> str:
    return (tree.get("from") or "")[:500]


def title(message: Message) -> str:
    return message.subject[:500].strip()


def report_type(tree: Tree) -> str:
    return next((node.param("report-type").lower() for node in tree.containers if node.content_type == "multipart/report"), "")


# --- RFC 3464


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What a report says of one recipient."""

    recipient: str
    action: str
    status: str
    diagnostic: str

    @classmethod
    def of(cls, group: dict[str, str]) -> Row | None:
        """The recipient of a group of fields, None for the group about the whole mail (RFC 3464, 2.2)."""
        named = [group.get(key, "") for key in ("final-recipient", "original-recipient", "x-actual-recipient")]
        if not any(named) and "action" not in group:
            return None
        # The original recipient is the one we wrote to; the final one may be behind an alias (RFC 3464, 2.3.1).
        addresses = [address for address in map(bare_address, (named[1], named[0], named[2])) if address]
        action = group.get("action", "").partition("(")[0].strip().lower()
        status = formats.ENHANCED.search(group.get("status", ""))
        return cls(
            recipient=next((address for address in addresses if "@" in address), addresses[0] if addresses else ""),
            action=action,
            status=status[1] if status else "",
            diagnostic=group.get("diagnostic-code", "")[:1000],
        )

    @property
    def temporary(self) -> bool:
        """RFC 3463, 2: class 4 may work later, class 5 will not; 'delayed' is no failure yet."""
        if self.action == "delayed":
            return True
        status = self.status or status_in(self.diagnostic)
        return status.startswith("4")


def report_leaves(tree: Tree) -> list[Leaf]:
    """The machine-readable parts, also where they are sent as plain text."""
    found = [leaf for leaf in tree.leaves if leaf.content_type in REPORTS]
    if found:
        return found
    return [leaf for leaf in tree.leaves if leaf.content_type == "text/plain" and looks_like_report(leaf.content[:8192])]


def looks_like_report(content: bytes) -> bool:
    start = content.lstrip().lower()
    return start.startswith((b"reporting-mta:", b"original-envelope-id:")) and b"final-recipient:" in start


def rows_of(content: bytes) -> list[Row]:
    return [row for row in map(Row.of, groups_of(content)) if row is not None]


def embedded_rows(tree: Tree) -> list[Row]:
    """The rows of a report that lost its own part: in the text of the mail, or in the bounce that this one passes on."""
    for leaves in (text_leaves(tree), [leaf for leaf in tree.leaves if leaf.content_type in RETURNED]):
        for leaf in leaves:
            start = leaf.content.lower()[:TEXT_LIMIT].find(b"reporting-mta:")
            found = rows_of(leaf.content[start:]) if start >= 0 else []
            if rows := [row for row in found if "@" in row.recipient and row.action not in DELIVERED]:
                return rows
    return []


def groups_of(content: bytes) -> list[dict[str, str]]:
    """The groups of fields, folded lines joined, names in lower case, the first of two fields winning."""
    text = content[:TEXT_LIMIT].decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n")
    groups: list[dict[str, str]] = [{}]
    last = ""
    for line in text.split("\n"):
        if not line.strip():
            groups.append({})
        elif line[0] in " \t" and last in groups[-1]:
            groups[-1][last] += " " + line.strip()
        elif found := FIELD.match(line):
            last = found[1].lower()
            if last == "final-recipient" and last in groups[-1]:
                # Some servers forget the empty line between two recipients.
                groups.append({})
            groups[-1].setdefault(last, found[2].strip())
    return [group for group in groups if group]


def bare_address(value: str) -> str:
    """'rfc822; <a@b>' as 'a@b'."""
    kind, semicolon, rest = value.partition(";")
    address = (rest if semicolon else kind).split(" (")[0].strip()
    if (start := address.find("<")) >= 0 and address.find(">", start) > start:
        address = address[start + 1 : address.find(">", start)]
    return address.strip("<>' ")


def bounce_of_rows(rows: list[Row], tree: Tree) -> Bounce:
    first = next((row for row in rows if not row.temporary), rows[0])
    return Bounce(
        recipients=unique(row.recipient for row in rows if row.recipient),
        temporary=all(row.temporary for row in rows),
        status=first.status or status_in(first.diagnostic),
        diagnostic=first.diagnostic,
        original_id=original_id(tree, ""),
    )


# --- everybody else


def read_text(tree: Tree, message: Message) -> Bounce:
    """What the words of the mail say of recipients and reason."""
    if note := notification(message.text):
        return note
    if rows := embedded_rows(tree):
        return bounce_of_rows(rows, tree)
    whole = words(tree, message)
    text = before_returned(whole)
    status = status_in(text) or status_in(whole[len(text) :] if not text.strip() else "")
    return Bounce(
        recipients=recipients(tree, text, whole, message),
        temporary=is_soft(status, f"{message.subject}\n{text}"),
        status=status,
        diagnostic=diagnostic_in(text),
        original_id=original_id(tree, whole[len(text) :]),
    )


def recipients(tree: Tree, text: str, whole: str, message: Message) -> tuple[str, ...]:
    """Whom the mail did not reach: by a header, by where addresses stand, by flufl.bounce, or the only address there is."""
    if header := tree.get("x-failed-recipients"):
        return unique(formats.LOOSE_ADDRESS.findall(header[:TEXT_LIMIT]))
    strangers = {address.key for address in message.from_}
    for pattern in formats.RECIPIENTS:
        if found := unique(one for one in pattern.findall(text) if one.lower() not in strangers):
            return found
    if found := by_flufl(tree):
        # It looks everywhere; what stands in the server's own words is meant, if anything there is.
        return tuple(one for one in found if one.lower() in text.lower()) or found
    left = strangers | {address.key for address in message.to}
    lone = unique(one for one in formats.LOOSE_ADDRESS.findall(f"{message.subject}\n{text}") if one.lower() not in left)
    return lone if len(lone) == 1 else ()


def by_flufl(tree: Tree) -> tuple[str, ...]:
    """What flufl.bounce finds in the mail, rebuilt from our own reading; nothing where it fails."""
    logging.getLogger("flufl.bounce").disabled = True  # it prints a traceback for each mail that a detector of its cannot read
    try:
        temporary, permanent = all_failures(email.message_from_bytes(rebuilt(tree)))
    except Exception:  # it raises a dozen sorts of errors on mails that are no bounces
        return ()
    return unique(one.decode("utf-8", "replace") for one in sorted(temporary | permanent))


def rebuilt(tree: Tree) -> bytes:
    """The mail as one plain text under its header: enough for the formats flufl.bounce knows and the table above does not."""
    fields = b"".join(
        field.name.encode("ascii", "replace") + b": " + field.raw.replace(b"\r", b" ").replace(b"\n", b" ") + b"\n"
        for field in tree.headers[:200]
        if field.key in {"from", "subject", "to", "received", "x-mailer", "x-mailer-daemon-error", "x-failed-recipients"}
    )
    return fields + b"Content-Type: text/plain\n\n" + b"\n\n".join(leaf.content[:TOLD] for leaf in text_leaves(tree)[:3])


def told(tree: Tree, message: Message) -> str:
    """The server's own words, without the mail it returns."""
    return before_returned(words(tree, message))


def words(tree: Tree, message: Message) -> str:
    """The text before the returned mail, HTML as text."""
    texts = [as_text(leaf) for leaf in text_leaves(tree)]
    return "\n\n".join(texts)[:TEXT_LIMIT] or message.text[:TEXT_LIMIT]


def text_leaves(tree: Tree) -> list[Leaf]:
    """The text parts up to the first returned mail."""
    found: list[Leaf] = []
    for leaf in tree.leaves:
        if leaf.content_type in RETURNED:
            break
        # A multipart that is a leaf has lost its boundary; its text is there all the same.
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


def is_soft(status: str, text: str) -> bool:
    if status:
        return status.startswith("4")
    return formats.SOFT.are_in(text[:TOLD]) and not formats.HARD.are_in(text[:TOLD])


def diagnostic_in(text: str) -> str:
    """The first line that holds a code."""
    lines = (line.strip() for line in text.splitlines())
    return next((line[:1000] for line in lines if formats.ENHANCED.search(line) or formats.REPLY_CODE.search(line)), "")


def original_id(tree: Tree, returned_text: str) -> str:
    """The Message-ID of the returned mail: in its part, else below the server's words."""
    for leaf in tree.leaves:
        if leaf.content_type in RETURNED and (found := MESSAGE_ID.search(leaf.content[:TEXT_LIMIT].decode("latin-1"))):
            return found[1]
    found = MESSAGE_ID.search(returned_text)
    return found[1] if found else ""


# --- notifications of sending services, as JSON


def notification(text: str) -> Bounce | None:
    """A bounce told as JSON: the sending service's event, alone or wrapped in a notice's "Message"."""
    event = parsed(text)
    inner = event.get("Message")
    if isinstance(inner, str):
        event = parsed(inner)
    bounce = event.get("bounce")
    if event.get("notificationType") != "Bounce" or not isinstance(bounce, dict):
        return None
    rows = [row for row in bounce.get("bouncedRecipients", ()) if isinstance(row, dict)]
    mail = event.get("mail")
    headers = mail.get("commonHeaders") if isinstance(mail, dict) else None
    original = headers.get("messageId", "") if isinstance(headers, dict) else ""
    return Bounce(
        recipients=unique(str(row.get("emailAddress", "")) for row in rows if row.get("emailAddress")),
        temporary=bounce.get("bounceType") == "Transient",
        status=str(next((row["status"] for row in rows if row.get("status")), "")),
        diagnostic=str(next((row["diagnosticCode"] for row in rows if row.get("diagnosticCode")), ""))[:1000],
        original_id=str(original).strip("<>"),
    )


def parsed(text: str) -> dict[str, object]:
    """The JSON object that `text` begins with, {} where it does not."""
    start = text[:TEXT_LIMIT].strip()
    if not start.startswith("{") or '"' not in start[:20]:
        return {}
    try:
        value, _ = json.JSONDecoder(strict=False).raw_decode(start)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def unique(addresses: Iterable[str]) -> tuple[str, ...]:
    """In order, each once whatever its case."""
    found: dict[str, str] = {}
    for address in addresses:
        found.setdefault(address.lower(), address.strip("."))
        if len(found) == RECIPIENT_LIMIT:
            break
    return tuple(found.values())
