"""Bounces without an RFC 3464 report: in servers' own wording, and as JSON.

A bounce is not authenticated.  The caller, which knows our Message-IDs, decides whether it is about a mail of ours (`Bounce.original_id`).
"""

from __future__ import annotations

import email
import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flufl.bounce import all_failures

from mailbridge.message import bounce_formats as formats
from mailbridge.message.bounce_text import (
    RETURNED,
    TEXT_LIMIT,
    TOLD,
    before_returned,
    diagnostic_in,
    original_id,
    returned_mail,
    returned_to,
    status_in,
    text_leaves,
    unique,
    words,
    written_bounce,
)
from mailbridge.message.delivery_report import bounce_of_rows, embedded_rows
from mailbridge.message.model import Bounce, Message
from mailbridge.message.tree import Tree

PREFACE = 300  # characters before a server names the error
TERSE = 1500  # maximum length in characters of a bounce that does not come from a postmaster


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognised:
    """A bounce and the sign by which it was recognised."""

    bounce: Bounce
    reason: str


def informal(tree: Tree, message: Message, *, null_sender: bool, certain: bool, own: Sequence[str] = ()) -> Recognised | None:
    """The bounce in a mail without an RFC 3464 report.  `certain`: only by signs that servers alone set, else by words.  `own`: our
    addresses.
    """
    reason = certain_sign(tree, message) if certain else worded_sign(tree, message, null_sender=null_sender)
    if not reason and not certain and returns_ours(tree, message, own):
        reason = "a mail of ours returned"
    return Recognised(bounce=read_text(tree, message), reason=reason) if reason else None


def certain_sign(tree: Tree, message: Message) -> str:
    """The sign of a bounce that needs no text, '' where there is none."""
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
    """The sign of a bounce by its sender and wording, else ''.  Fast for mail from people: the text is read last."""
    server = formats.POSTMASTER.search(writer(tree)) is not None
    hinted = formats.HINTS.are_in(title(message))
    if not (server or hinted or null_sender):
        return ""
    text = written_bounce(tree, message)
    telling = formats.PHRASES.place_in(text[:TOLD])
    office = server or formats.OFFICE.search(writer(tree)) is not None
    # A person at a postmaster address who writes about bounces does not begin with the words of a bounce.
    if telling >= 0 and (null_sender or (server and telling < PREFACE)):
        return "bounce words"
    if hinted and not formats.ANSWERED.match(title(message)) and (server or (office and telling >= 0)):
        return "bounce words"
    # A person who asks about a bounce may copy its title, but begins with own words and writes more.
    opening = text.strip(" \t\r\n*-_=#")[:300]
    if hinted and len(text) < TERSE and not message.in_reply_to and formats.OPENING.begin(opening) and formats.LOOSE_ADDRESS.search(text):
        return "bounce words"
    return ""


def returns_ours(tree: Tree, message: Message, own: Sequence[str]) -> bool:
    """Whether the mail says that a returned mail of ours did not reach its recipient.

    A mail from that recipient does not count: people answer above our mail in any words.
    """
    if formats.ANSWERED.match(title(message)) or not (own and may_return(tree, message)):
        return False
    whole = words(tree, message)
    text = before_returned(whole)
    mail = returned_mail(tree, whole[len(text) :])
    if not {one.lower() for one in mail.writers} & {*own} or not mail.recipients or len(text) > TERSE:
        return False
    if {address.key for address in message.from_} & {one.lower() for one in mail.recipients}:
        return False
    if not any(one.lower() in text.lower() for one in mail.recipients):
        return False
    return formats.PHRASES.place_in(text[:TOLD]) >= 0 or bool(status_in(text))


def may_return(tree: Tree, message: Message) -> bool:
    """Whether a mail is enclosed, or follows a line that announces it.  Fast for mails without either."""
    return any(leaf.content_type in RETURNED for leaf in tree.leaves) or formats.END.search(message.text[:TOLD]) is not None


def writer(tree: Tree) -> str:
    return (tree.get("from") or "")[:500]


def title(message: Message) -> str:
    return message.subject[:500].strip()


def report_type(tree: Tree) -> str:
    return next((node.param("report-type").lower() for node in tree.containers if node.content_type == "multipart/report"), "")


# --- contents of a bounce


def read_text(tree: Tree, message: Message) -> Bounce:
    """The recipients and the reason that the text of the mail names."""
    if note := notification(message.text):
        return note
    if rows := embedded_rows(tree):
        return bounce_of_rows(rows, tree)
    whole = words(tree, message)
    text = before_returned(whole)
    status = status_in(text) or status_in(whole[len(text) :] if not text.strip() else "")
    return Bounce(
        recipients=recipients(tree, text, message) or returned_to(tree, whole[len(text) :]),
        temporary=is_soft(status, f"{message.subject}\n{text}"),
        status=status,
        diagnostic=diagnostic_in(text),
        original_id=original_id(tree, whole[len(text) :]),
    )


def recipients(tree: Tree, text: str, message: Message) -> tuple[str, ...]:
    """The recipients that the mail did not reach: by a header, by position in the text, by flufl.bounce, or the only address."""
    if header := tree.get("x-failed-recipients"):
        return unique(formats.LOOSE_ADDRESS.findall(header[:TEXT_LIMIT]))
    strangers = {address.key for address in message.from_}
    for pattern in formats.RECIPIENTS:
        if found := unique(one for one in pattern.findall(text) if one.lower() not in strangers):
            return found
    if found := by_flufl(tree):
        # flufl.bounce searches the whole mail.  Addresses in the server's own words have priority.
        return tuple(one for one in found if one.lower() in text.lower()) or found
    left = strangers | {address.key for address in message.to}
    lone = unique(one for one in formats.LOOSE_ADDRESS.findall(f"{message.subject}\n{text}") if one.lower() not in left)
    return lone if len(lone) == 1 else ()


def is_soft(status: str, text: str) -> bool:
    if status:
        return status.startswith("4")
    return formats.SOFT.are_in(text[:TOLD]) and not formats.HARD.are_in(text[:TOLD])


def by_flufl(tree: Tree) -> tuple[str, ...]:
    """The recipients that flufl.bounce finds in the mail, rebuilt from our own reading; none where it fails."""
    logging.getLogger("flufl.bounce").disabled = True  # it prints a traceback for each mail on which one of its detectors fails
    try:
        temporary, permanent = all_failures(email.message_from_bytes(rebuilt(tree)))
    except Exception:  # it raises many types of errors on mails that are no bounces
        return ()
    return unique(one.decode("utf-8", "replace") for one in sorted(temporary | permanent))


def rebuilt(tree: Tree) -> bytes:
    """The mail as one plain text below its header, for the formats that flufl.bounce knows and our table does not."""
    fields = b"".join(
        field.name.encode("ascii", "replace") + b": " + field.raw.replace(b"\r", b" ").replace(b"\n", b" ") + b"\n"
        for field in tree.headers[:200]
        if field.key in {"from", "subject", "to", "received", "x-mailer", "x-mailer-daemon-error", "x-failed-recipients"}
    )
    return fields + b"Content-Type: text/plain\n\n" + b"\n\n".join(leaf.content[:TOLD] for leaf in text_leaves(tree)[:3])


# --- JSON notifications of sending services


def notification(text: str) -> Bounce | None:
    """A bounce in the JSON of a sending service: a notification or an event, alone or inside a notice."""
    event = service_event(text)
    match event.get("notificationType") or event.get("eventType"):
        case "Bounce":
            told = mapping(event.get("bounce"))
            return service_bounce(event, told, "bouncedRecipients", temporary=told.get("bounceType") == "Transient") if told else None
        case "DeliveryDelay":
            return service_bounce(event, mapping(event.get("deliveryDelay")), "delayedRecipients", temporary=True)
        case "Reject":
            return service_bounce(event, mapping(event.get("reject")), "", temporary=False)
    return None


def complained(text: str) -> tuple[str, ...]:
    """The recipients who complained about a mail, by the JSON of a sending service; empty where it reports no complaint."""
    event = service_event(text)
    if "Complaint" not in {event.get("notificationType"), event.get("eventType")}:
        return ()
    return unique(str(row.get("emailAddress", "")) for row in rows_in(mapping(event.get("complaint")), "complainedRecipients"))


def service_event(text: str) -> Mapping[str, object]:
    """The event in a notification, from the "Message" of a notice or the "detail" of an event bus; {} where there is none."""
    event = parsed(text)
    inner = event.get("Message")
    if isinstance(inner, str):
        return parsed(inner)
    return mapping(event.get("detail")) or event


def service_bounce(event: Mapping[str, object], told: Mapping[str, object], key: str, *, temporary: bool) -> Bounce:
    rows = rows_in(told, key)
    mail = mapping(event.get("mail"))
    named = [str(row["emailAddress"]) for row in rows if row.get("emailAddress")]
    written_to = mail.get("destination")
    sent_to = [str(one) for one in written_to] if isinstance(written_to, list) and len(written_to) == 1 else []
    original = mapping(mail.get("commonHeaders")).get("messageId", "")
    diagnostic = next((row["diagnosticCode"] for row in rows if row.get("diagnosticCode")), told.get("reason", ""))
    return Bounce(
        recipients=unique(named or sent_to),
        temporary=temporary,
        status=str(next((row["status"] for row in rows if row.get("status")), "")),
        diagnostic=str(diagnostic)[:1000],
        original_id=str(original).strip("<>"),
    )


def rows_in(told: Mapping[str, object], key: str) -> list[dict[str, object]]:
    rows = told.get(key, ())
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def parsed(text: str) -> dict[str, object]:
    """The JSON object at the beginning of `text`, {} without one."""
    start = text[:TEXT_LIMIT].strip()
    if not start.startswith("{") or '"' not in start[:20]:
        return {}
    try:
        value, _ = json.JSONDecoder(strict=False).raw_decode(start)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
