"""A message as the JSON object of `mailbridge mail inspect --jsonl`.  Its schema is stable, because scripts depend on it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from mailbridge.message.model import Address, Attachment, Forwarded, Kind, Message, Part, Sender, Span

# Kinds of mail that programs send.  Mails of a list and invitations are not among them: people write and answer these.
ROBOTS = frozenset(Kind) - {Kind.HUMAN, Kind.LIST, Kind.CALENDAR}


def mail_json(message: Message, *, file: str, ms: float) -> dict[str, Any]:
    """The facts of the mail in `file`.  `ms`: milliseconds that the reading took."""
    return {"file": file, "ms": round(ms, 3), "size": message.size} | header(message) | body(message) | kind(message) | proof(message)


def failure_json(reason: str, *, file: str, ms: float) -> dict[str, Any]:
    """The object for a mail that could not be read.  `reason`: why."""
    return {"file": file, "ms": round(ms, 3), "error": reason}


def header(message: Message) -> dict[str, Any]:
    """The facts of the header: addresses, subject, date, references."""
    return {
        "subject": message.subject,
        "from": addresses(message.from_),
        "to": addresses(message.to),
        "cc": addresses(message.cc),
        "reply_to": addresses(message.reply_to),
        "return_path": message.return_path,
        "date": stamp(message.date),
        "message_id": message.message_id,
        "in_reply_to": list(message.in_reply_to),
        "references": list(message.references),
    }


def body(message: Message) -> dict[str, Any]:
    """The facts of the body: text, reply and attachments."""
    reply = message.reply
    return {
        "text": message.text,
        "html": message.html,
        "reply_text": reply.fresh,
        "signature": reply.signature,
        "language": message.language,
        "is_forward": reply.forwarded is not None,
        "forwarded": forwarded(reply.forwarded),
        "attachments": [attachment(one) for one in message.attachments],
        "parts": [part(one) for one in message.parts],
    }


def kind(message: Message) -> dict[str, Any]:
    """The kind of the mail and its signs."""
    bounce = message.bounce
    return {
        "kind": message.kind.value,
        "kind_strength": message.strength.value,
        "answers_go_to": message.correspondent.address if message.correspondent else message.sender.address,
        "kind_reasons": list(message.kind_reasons),
        "suppress_auto_response": message.suppress_auto_response,
        "is_auto_reply": message.kind in ROBOTS,
        "is_bounce": message.kind is Kind.BOUNCE,
        "bounced_addresses": list(bounce.recipients) if bounce else [],
        "is_temporary": bounce.temporary if bounce else None,
        "bounce": {"status": bounce.status, "diagnostic": bounce.diagnostic, "original_id": bounce.original_id} if bounce else None,
        "is_loop": message.kind is Kind.LOOP,
        "is_feedback_report": message.kind is Kind.FEEDBACK_REPORT,
        "is_disposition_notification": message.kind is Kind.READ_RECEIPT,
        "is_mailing_list": message.kind is Kind.LIST,
    }


def proof(message: Message) -> dict[str, Any]:
    """The authentication of the sender, the spans of the text, and the defects of the mail."""
    return {
        "sender": sender(message.sender),
        "spans": [span(one) for one in message.reply.spans],
        "spans_text": message.reply.text,
        "spans_source": message.reply.source,
        "spans_choice": message.reply.choice,
        "charset_guesses": list(message.charset_guesses),
        "defects": list(message.defects),
        "fingerprint": message.fingerprint,
    }


def addresses(found: tuple[Address, ...]) -> list[dict[str, Any]]:
    return [address(one) for one in found]


def address(one: Address) -> dict[str, Any]:
    return {"address": one.address, "name": one.name, "group": one.group}


def sender(one: Sender) -> dict[str, Any]:
    return {
        "address": one.address,
        "name": one.name,
        "answer_to": one.answer_to,
        "strict": one.strict,
        "verified": one.verified,
        "dmarc": one.dmarc,
        "policy": one.policy,
        "proof": one.proof,
        "signed_fields": list(one.signed_fields),
        "reasons": list(one.reasons),
    }


def attachment(one: Attachment) -> dict[str, Any]:
    """The file without its content.  `filename`: as in the mail.  `safe_filename`: safe to show and to store."""
    return {
        "filename": one.original_name or one.name,
        "safe_filename": one.name,
        "content_type": one.content_type,
        "size": one.size,
        "sha256": one.sha256,
        "disposition": one.disposition,
        "content_id": one.content_id,
        "is_message": one.is_message,
        "part": one.part,
        "inside": one.inside,
        "summary": one.summary,
    }


def part(one: Part) -> dict[str, Any]:
    return {
        "path": one.path,
        "content_type": one.content_type,
        "size": one.size,
        "sha256": one.sha256,
        "charset": one.charset,
        "text": one.text,
    }


def span(one: Span) -> dict[str, Any]:
    return {"kind": one.kind.value, "start": one.start, "end": one.end, "reason": one.reason, "confidence": one.confidence}


def forwarded(inner: Forwarded | None) -> dict[str, Any] | None:
    if inner is None:
        return None
    return {
        "from": address(inner.sender) if inner.sender else None,
        "to": addresses(inner.to),
        "cc": addresses(inner.cc),
        "subject": inner.subject,
        "date": stamp(inner.date),
        "text_before": inner.text_before,
        "text": inner.text,
    }


def stamp(moment: datetime | None) -> str | None:
    """The time in UTC: '2024-05-06T10:00:00Z'."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if moment else None
