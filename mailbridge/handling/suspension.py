"""Addresses that get nothing automatic because a mail to them bounced for good."""

from __future__ import annotations

from datetime import timedelta

from mailbridge.handling.placed_mail import PlacedMail
from mailbridge.message.model import Kind
from mailbridge.store.addresses import BOUNCED
from mailbridge.store.tx import Tx

UNDELIVERABLE_FOR = timedelta(days=7)


def suspend(tx: Tx, mail: PlacedMail, address: str, why: str) -> None:
    """The address gets nothing automatic for some days."""
    tx.addresses.suspend(address, mail.now + UNDELIVERABLE_FOR, f"{BOUNCED}{why}")


def lift_suspension(tx: Tx, mail: PlacedMail) -> None:
    """The address of a person who writes works: its suspension is over."""
    if mail.message.kind is Kind.HUMAN and mail.writer.address and not mail.writer.dmarc_failed and not mail.imported:
        tx.addresses.lift_bounced(mail.writer.address)
