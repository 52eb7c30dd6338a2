"""Past mails as input of a back-test of rules."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from mailbridge.config.model import Config
from mailbridge.ids import ticket_number
from mailbridge.message.addresses import read_addresses
from mailbridge.message.headers import read_block
from mailbridge.message.model import Message, Reply, Sender
from mailbridge.organisation.model import Organisation
from mailbridge.rules.facts import Facts, with_scan
from mailbridge.rules.tools.backtest import Case
from mailbridge.store.history import PastMail
from mailbridge.store.tx import Tx


def cases(tx: Tx, since: datetime, config: Config) -> Iterator[Case]:
    """Yields each mail since `since` that opened a ticket or could have, with facts as of its time of receipt."""
    own = frozenset(address.lower() for address in config.desk.addresses)
    for past in tx.history.openings(since):
        name = ticket_number(config.desk.prefix, past.ticket) if past.ticket else f"mail {past.id}"
        facts = Facts(
            message=message_of(past),
            now=past.received_at,
            mail_from=past.mail_from,
            rcpt_to=past.rcpt_to,
            account=past.account,
            channel=past.channel,
            verified=past.verified,
            organisation=Organisation(),
            own_addresses=own,
            raw=past.head,
        )
        yield Case(name=name, subject=past.subject, facts=with_scan(facts, past.scan))


def message_of(past: PastMail) -> Message:
    """The message without the raw bytes of its bodies.  Header fields are parsed again, all other facts are those stored at receipt."""
    fields = read_block(past.head).fields
    addresses = {field.key: read_addresses(field.raw)[0] for field in reversed(fields) if field.key in ("from", "to", "cc", "reply-to")}
    return Message(
        sender=Sender(address=past.sender, strict=bool(past.sender), verified=past.verified),
        from_=addresses.get("from", ()),
        to=addresses.get("to", ()),
        cc=addresses.get("cc", ()),
        reply_to=addresses.get("reply-to", ()),
        subject=past.subject,
        date=past.date,
        text=past.text,
        headers=tuple((field.name, field.value) for field in fields),
        attachments=past.attachments,
        kind=past.kind,
        reply=Reply(text=past.text, spans=(), fresh=past.fresh),
        language=past.language,
        size=past.size,
    )
