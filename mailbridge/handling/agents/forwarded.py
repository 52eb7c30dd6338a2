"""A customer's mail that an agent passes on: who wrote it, when and what (IN10).  Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from mailbridge.conversation.place import Writer
from mailbridge.message.model import Address, Forwarded, Message, Reply, Sender, Span, SpanKind

OLDEST = timedelta(days=30)  # targets count from the original, but not from last year's


@dataclass(frozen=True, slots=True, kw_only=True)
class ForwardedMail:
    """What an agent files for somebody else.  `customer` None: the agent is asked whose it is.  `note`: the agent's own words above a mail
    that was forwarded.  `asked_at`: when the customer asked, where that was earlier.

    `reported`: the words are the agent's own, about what the customer said, or to the customer.  `sends`: the desk sends them to the
    customer and to `others`; `encrypted`: encrypted or not at all; `waits`: not yet.  `internal`: they are for colleagues only."""

    agent: Writer
    customer: Address | None
    note: str = ""
    channel: str = "mail"
    asked_at: datetime | None = None
    reported: bool = False
    sends: bool = False
    encrypted: bool = False
    waits: bool = False
    internal: bool = False
    others: tuple[Address, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Original:
    """The customer's mail inside the agent's.  `writer` None: the copied headers do not say whose it is, and somebody has to be asked.
    `message_id` is known where the mail was passed on as a file."""

    writer: Address | None
    subject: str
    date: datetime | None
    text: str
    others: tuple[Address, ...] = ()
    message_id: str = ""


def original(message: Message, *, is_ours: Callable[[str], bool]) -> Original | None:
    """The mail that this one passes on, None where it passes on nothing.  `is_ours` knows addresses of the desk and of agents: nobody
    asks on behalf of those."""
    inner = message.reply.forwarded or message.enclosed
    if inner is None or not (inner.text or inner.subject):
        return None
    writer = inner.sender if inner.sender and "@" in inner.sender.address and not is_ours(inner.sender.address) else None
    others = tuple(one for one in (*inner.to, *inner.cc) if "@" in one.address and not is_ours(one.address))
    return Original(
        writer=writer,
        subject=inner.subject or _passed_on(message.subject),
        date=inner.date,
        text=_whole(inner, message),
        others=tuple(one for one in others if writer is None or one.key != writer.key),
        message_id=inner.message_id,
    )


def as_written(message: Message, found: Original, writer: Address, *, reported: bool = False) -> Message:
    """The mail as if the customer had sent it: rules judge it, and the ticket shows it, by its own words.  Its hash and
    attachments stay those of the mail that came.  `reported`: the words are the agent's, in the agent's own formatting."""
    span = Span(kind=SpanKind.FRESH, start=0, end=len(found.text), reason="passed on by an agent")
    spans = (span,) if found.text else ()
    return replace(
        message,
        sender=Sender(address=writer.address, name=writer.name, strict=True, reasons=("passed on by an agent",)),
        from_=(writer,),
        to=found.others,
        cc=(),
        reply_to=(),
        message_id=found.message_id or message.message_id,  # our answers stand below it in the customer's program
        references=(),
        in_reply_to=(),
        subject=found.subject,
        date=found.date or message.date,
        text=found.text,
        html=message.html if reported else "",  # around a mail that was passed on it holds what the agent wrote above, too
        safe_html=message.safe_html if reported else "",
        reply=Reply(text=found.text, spans=spans, fresh=found.text),
    )


def asked_at(found: datetime | None, now: datetime) -> datetime | None:
    """When the customer asked, as far as that is believable: not in the future, and not so long ago that every promise is broken."""
    return found if found is not None and now - OLDEST <= found <= now else None


def _whole(inner: Forwarded, message: Message) -> str:
    return inner.text or message.reply.text


def _passed_on(subject: str) -> str:
    """'Fwd: Printer' is about 'Printer'."""
    head, colon, rest = subject.partition(":")
    return rest.strip() if colon and len(head) <= 5 else subject
