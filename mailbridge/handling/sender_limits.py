"""How much one sender may bring in an hour, counted in the transaction that files the mail (RELIABILITY: abuse limits).

A sender is one mailbox: its domain and local part without +detail, and without the dots that Gmail ignores.  A proven sender has a cap on
receipts alone.  Of a sender who is not proven, and of a web form, further mails go onto the latest ticket: nothing is lost, and agents hear
of the first, the 20th, the 200th and so on.  Answers of a sender who is not proven are counted in the same way.  Agents and imported
archives are not counted.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Protocol
from unicodedata import normalize

from mailbridge.execution.desk import Desk
from mailbridge.handling.opening import author
from mailbridge.handling.placed_mail import PlacedMail
from mailbridge.message.model import Through
from mailbridge.notifications.limits import HOUR
from mailbridge.store.openings import Opened
from mailbridge.store.tx import Tx

UNPROVEN = "unproven:"
REFUTED = "unproven:failed:"
FORM = "form:"
UNPROVEN_FORM = "form:unproven:"  # counted apart, so that a forger does not use up what the site's own form may bring
REPLIES = "replies:unproven:"
GMAIL = frozenset(("gmail.com", "googlemail.com"))
_QUOTED_PAIR = re.compile(r"\\(.)", re.DOTALL)
FIRST_TOLD, NEXT_TOLD = 1, 20


class CapSettings(Protocol):
    """`config.Limits` has them."""

    @property
    def acks_per_sender_hour(self) -> int: ...
    @property
    def acks_per_verified_hour(self) -> int: ...
    @property
    def tickets_per_sender_hour(self) -> int: ...
    @property
    def tickets_per_form_hour(self) -> int: ...
    @property
    def bytes_per_sender_hour(self) -> int: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowed:
    """What this mail of a sender may still do.  `onto`: the row and ticket that it is grouped onto, (0, 0) where it opens its own.
    `told`: agents hear of a grouped mail.  `over_quota`: the sender brought more bytes than anybody may."""

    sender: str = ""
    form: str = ""
    onto: tuple[int, int] = (0, 0)
    told: bool = True
    grouped: int = 0  # how many mails are on that ticket because of the cap, this one included
    over_quota: bool = False
    no_receipt: str = ""
    receipts: int = 0  # that the sender got within the hour


def owner_of(address: str) -> str:
    """The mailbox behind an address: what spellings with +detail, Gmail dots and capitals have in common."""
    local, _, domain = address.strip().lower().rpartition("@")
    if len(local) > 1 and local[0] == local[-1] == '"':
        local = _QUOTED_PAIR.sub(r"\1", local[1:-1])
    domain = _one_spelling(domain)
    local = local.partition("+")[0] or local
    if domain in GMAIL:
        return f"{local.replace('.', '')}@gmail.com"
    return f"{local}@{domain}"


def _one_spelling(domain: str) -> str:
    """The domain as the mail server that delivers to it spells it: wide letters and invisible ones do not make another one (RFC 5895)."""
    if domain.isascii():
        return domain
    folded = normalize("NFKC", domain)
    try:
        return folded.encode("idna").decode("ascii").lower()
    except UnicodeError:
        return folded.lower()


def allowed(tx: Tx, desk: Desk, mail: PlacedMail) -> Allowed:
    """What the caps leave of this mail; nobody else counts the sender until the transaction ends."""
    if mail.imported or mail.agent:
        return Allowed()
    # Mails that name no single sender share one account.
    named = author(mail) or mail.arrival.envelope.mail_from or ""
    # Mail that fails the check joins only such mail: else a forger's is put on the ticket of whoever merely has no proof.
    account = "verified:" if mail.writer.verified else REFUTED if mail.writer.dmarc_failed else UNPROVEN
    sender = f"{account}{owner_of(named)}"
    through, box = mail.message.correspondent, tx.openings
    kind = FORM if mail.writer.through_proven else UNPROVEN_FORM
    form = f"{kind}{owner_of(mail.message.from_[0].address)}" if through and through.through is not Through.LIST else ""
    for key in sorted(filter(None, (sender, form))):  # in one order, so that two workers never wait for each other
        box.lock(key)
    since = mail.now - HOUR
    of_form = box.of_form(form, since) if form else Opened()
    return judged(sender, form, box.of_sender(sender, since), of_form, mail.arrival.size, desk.config.limits)


def allowed_on(tx: Tx, desk: Desk, mail: PlacedMail, ticket: int) -> Allowed:
    """What the caps leave of a mail that goes onto its sender's ticket.  Of one who is not proven, as many are told singly as may open
    tickets; `onto` is set for those beyond, which are on the ticket like any other mail.  A proven sender's are told together in a burst
    (`execution.bundling`)."""
    if mail.imported or mail.writer.agent or mail.writer.verified or mail.writer.vouched:
        return Allowed()
    sender = f"{REPLIES}{owner_of(author(mail) or mail.arrival.envelope.mail_from or '')}"
    box, limits = tx.openings, desk.config.limits
    box.lock(sender)
    may = judged(sender, "", box.of_sender(sender, mail.now - HOUR), Opened(), mail.arrival.size, limits)
    if may.onto == (0, 0) and not may.over_quota:
        box.add(sender, mail.now, form="", ticket=ticket, size=mail.arrival.size, receipt=False)
    return may


def judged(sender: str, form: str, earlier: Opened, through: Opened, size: int, limits: CapSettings) -> Allowed:
    """The same from the counts alone."""
    verified = sender.startswith("verified:")
    most = limits.acks_per_verified_hour if verified else limits.acks_per_sender_hour
    count = f"{earlier.receipts} {'receipt' if earlier.receipts == 1 else 'receipts'}"
    quiet = f"{count} to this sender within an hour, the limit is {most}" if earlier.receipts >= most else ""
    flood = earlier if not verified and earlier.tickets >= limits.tickets_per_sender_hour else None
    flood = flood or (through if through.tickets >= limits.tickets_per_form_hour else None)
    if flood is None:
        over = _over(verified, earlier, size, limits)
        return Allowed(sender=sender, form=form, no_receipt=quiet, over_quota=over, receipts=earlier.receipts)
    return Allowed(
        sender=sender,
        form=form,
        onto=(flood.row, flood.ticket),
        told=is_told(flood.grouped + 1),
        grouped=flood.grouped + 1,
        over_quota=_over(verified, earlier, size, limits),
        no_receipt=quiet or "the mail was grouped with others of the same sender",
    )


def _over(verified: bool, earlier: Opened, size: int, limits: CapSettings) -> bool:
    return not verified and earlier.bytes > 0 and earlier.bytes + size > limits.bytes_per_sender_hour


def is_told(grouped: int) -> bool:
    """Whether agents hear of the n-th grouped mail: the first, the 20th, the 200th, the 2000th ..."""
    step = NEXT_TOLD
    while step < grouped:
        step *= 10
    return grouped in (FIRST_TOLD, step)


def count_opening(tx: Tx, mail: PlacedMail, may: Allowed, ticket: int, *, receipt: bool) -> None:
    """The new ticket counts against its sender; of a proven sender only what was acknowledged is of interest."""
    if may.sender and (receipt or may.form or may.sender.startswith(UNPROVEN)):
        tx.openings.add(may.sender, mail.now, form=may.form, ticket=ticket, size=mail.arrival.size, receipt=receipt)
