"""The facts that rules may read: the mail, its envelope, its ticket, and the desk at this moment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Protocol

from mailbridge.message.model import Message
from mailbridge.message.replacing import quickly_made
from mailbridge.organisation.model import Organisation
from mailbridge.tickets.model import Ticket


class Outside(Protocol):
    """The part of an envelope that rules may ask about (`mailbridge.message.envelope.Envelope` is one)."""

    @property
    def mail_from(self) -> str | None: ...

    @property
    def rcpt_to(self) -> tuple[str, ...]: ...

    @property
    def account(self) -> str: ...


@quickly_made
@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Complete: the matcher reads no clock, file or database."""

    now: datetime
    message: Message = field(default_factory=Message)  # empty where a rule by time looks at a ticket
    mail_from: str | None = None  # '' is the null sender, None is not known
    rcpt_to: tuple[str, ...] = ()
    account: str = ""  # the name of the [[mailbox]] that it came from; '' for other ways in
    channel: str = "mail"  # how the customer reached the desk; of a ticket that is there its own counts
    agent: str = ""  # name of the authenticated agent who wrote
    verified: bool = False
    reply: bool = False  # belongs to an existing ticket
    ticket: Ticket | None = None
    organisation: Organisation = field(default_factory=Organisation)
    own_addresses: frozenset[str] = frozenset()
    raw: bytes = b""  # the raw mail or its beginning, where a rule needs it; empty: its text is used
    passed_on: bool = False  # an agent files it for its writer, or it is of an archive
    team_open: Mapping[str, bool] | None = None  # None: computed from the calendars when needed
    team_load: Mapping[str, int] = field(default_factory=dict)  # open tickets
    spam: tuple[float, float] | None = None  # score and threshold of our own filter; None: use the headers
    virus: str | None = None  # result of our own scanner, '' for clean; None: use the headers
    times: Mapping[str, float] = field(default_factory=dict)  # of the ticket, for rules by time: `mailbridge.tickets.times`
    unscanned: frozenset[str] = frozenset()  # 'spam', 'virus': our own scanner did not answer; headers are not used instead


def facts_of(
    message: Message,
    envelope: Outside | None = None,
    *,
    now: datetime,
    organisation: Organisation,
    channel: str = "mail",
    agent: str = "",
    verified: bool | None = None,
    ticket: Ticket | None = None,
    is_reply: bool | None = None,
    own_addresses: Iterable[str] = (),
    team_open: Mapping[str, bool] | None = None,
    team_load: Mapping[str, int] | None = None,
    spam: tuple[float, float] | None = None,
    virus: str | None = None,
    unscanned: frozenset[str] = frozenset(),
    raw: bytes = b"",
    passed_on: bool = False,
) -> Facts:
    """The facts of a mail.  `verified` None uses the mail's own result.  `is_reply` None means: whether it has a ticket."""
    return Facts(
        message=message,
        now=now,
        mail_from=envelope.mail_from if envelope else None,
        rcpt_to=tuple(envelope.rcpt_to) if envelope else (),
        account=envelope.account if envelope else "",
        channel=channel,
        agent=agent,
        verified=message.sender.verified if verified is None else verified,
        reply=ticket is not None if is_reply is None else is_reply,
        ticket=ticket,
        organisation=organisation,
        own_addresses=frozenset(address.lower() for address in own_addresses),
        team_open=team_open,
        team_load=dict(team_load or {}),
        spam=spam,
        virus=virus,
        unscanned=unscanned,
        raw=raw,
        passed_on=passed_on,
    )


def with_scan(facts: Facts, scan: Mapping[str, Any] | None) -> Facts:
    """The facts with the results of our own scanners, as they are stored with the mail (`checks.scan.Scan.to_json`)."""
    if not scan:
        return facts
    spam = scan.get("spam")
    return replace(
        facts,
        spam=(spam["score"], spam["required"]) if spam else None,
        virus=scan.get("virus"),
        unscanned=frozenset(silence.partition(":")[0] for silence in scan.get("not_scanned", ())),
    )
