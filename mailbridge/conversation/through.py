"""The person behind a mail that a list or web form passed on.  This person is not proven.  Pure."""

from __future__ import annotations

from dataclasses import replace

from mailbridge.conversation.place import Writer
from mailbridge.message.addresses import strict_mailbox
from mailbridge.message.model import Kind, Message, Through

FOREIGN = frozenset((Through.LIST, Through.SERVICE))


def person_behind(message: Message, writer: Writer) -> tuple[Message, Writer]:
    """The mail and its writer, with the person behind a list or form in place of From; unchanged where From is the author.

    The person may be answered.  A token of theirs counts only behind a group or form of our own: the DMARC result of a foreign list or form
    is about the list, and anybody can set one up and name anybody.
    """
    one = message.correspondent
    if one is None or message.kind is not Kind.HUMAN or writer.agent or writer.consultant:
        return message, writer
    sender = replace(message.sender, address=one.address, name=one.name, strict=False, verified=False, signed_fields=())
    reasons = (*writer.reasons, f"written through a {one.through} at {message.from_[0].address}: not verified")
    behind = Writer(
        address=one.address,
        name=one.name,
        mailboxes=frozenset() if one.through in FOREIGN else frozenset({one.address.lower()}),
        dmarc_failed=writer.dmarc_failed,
        policy=writer.policy,
        through_proven=writer.verified,
        reasons=reasons,
    )
    return replace(message, sender=sender), behind


def other_reply_to(message: Message, writer: Writer) -> str:
    """The one address that Reply-To names, where it is not the writer's; '' where there is none or several."""
    others = {a.key: a.address for a in message.reply_to if a.address}
    if message.correspondent is not None or message.kind is not Kind.HUMAN or writer.agent or len(others) != 1:
        return ""
    key, address = next(iter(others.items()))
    # It becomes part of a command in a mail link, so it must be one plain address.
    return address if key != writer.address.lower() and strict_mailbox(address).address else ""
