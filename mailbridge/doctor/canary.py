"""Sends canary mails from the desk to itself and measures the time until the running daemon has accepted them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from mailbridge.config.model import Config
from mailbridge.conversation.canary import KINDS, STATE_KEY
from mailbridge.conversation.tokens import Signer
from mailbridge.delivery import transports
from mailbridge.delivery.canary_mail import canary_mail, failure_of
from mailbridge.doctor.model import Finding, doubtful, right, wrong
from mailbridge.errors import MailbridgeError
from mailbridge.oauth.model import TokenSource
from mailbridge.store.engine import Store

SLOW = timedelta(minutes=1)
LOOK = 0.2  # seconds between two polls


def canary(
    store: Store,
    config: Config,
    signer: Signer,
    nonce: str,
    now: Callable[[], datetime],
    patience: float,
    tokens: TokenSource | None,
    *,
    is_alive: bool,
) -> Iterator[Finding]:
    """Sends one mail to the desk's address and, with `plus_addressing`, one to its +detail address; yields a finding for each.

    A mail has arrived when the daemon has accepted it.  `patience`: the longest wait in seconds.  Without a running daemon, or where
    the transport is a Maildir, no mail is sent and the one finding is doubtful.
    """
    if not is_alive:
        yield doubtful(
            "canary", "mail to itself", "not sent: no daemon is running to receive it", "start it (mailbridge run), then run doctor again"
        )
        return
    if config.desk.shadow:
        yield right("canary", "mail to itself", "not sent: the desk is in shadow mode")
        return
    if config.outgoing.url.startswith("maildir:"):
        yield doubtful("canary", "mail to itself", "not sent: outgoing mail goes into a folder", "set [outgoing] url to your mail server")
        return
    kinds = KINDS if config.desk.plus_addressing else KINDS[:1]
    began = now()
    with store.write() as tx:
        tx.state.set(STATE_KEY, {"nonce": nonce}, began)
    failed = {kind: trouble for kind in kinds if (trouble := _send(config, signer, nonce, kind, began, tokens))}
    came = _wait(store, [kind for kind in kinds if kind not in failed], patience)
    with store.write() as tx:
        tx.state.set(STATE_KEY, None, now())
    yield from judged(kinds, failed, came, began, patience)


def judged(
    kinds: tuple[str, ...], failed: dict[str, str], came: dict[str, datetime], began: datetime, patience: float
) -> Iterator[Finding]:
    """Yields a finding for each kind of mail.  Pure.

    `failed`: kind -> why the mail was not sent.  `came`: kind -> when the daemon accepted it.  `patience`: seconds waited.
    """
    for kind in kinds:
        subject = "mail to itself" if kind == "plain" else "plus addressing"
        if kind in failed:
            remedy = "see outgoing above" if kind == "plain" else "plus_addressing = false in [desk], or allow +detail at the mail server"
            yield wrong("canary", subject, f"it was refused: {failed[kind]}", remedy)
        elif kind in came:
            took = came[kind] - began
            said = f"arrived after {took.total_seconds():.1f} s"
            yield (
                right("canary", subject, said)
                if took <= SLOW
                else doubtful("canary", subject, said, "find the slow hop in the Received fields")
            )
        elif kind == "plus" and "plain" in came:
            said = f"the mail to the address with +detail did not arrive within {patience:.0f} s, the other one did"
            yield wrong("canary", subject, said, "plus_addressing = false in [desk], or allow +detail at the mail server")
        else:
            said = f"it was accepted but did not arrive within {patience:.0f} s"
            yield wrong(
                "canary",
                subject,
                said,
                "trace it in the log of your mail server: does mail to the desk's address reach the mailbox or the listener?",
            )


def _send(config: Config, signer: Signer, nonce: str, kind: str, now: datetime, tokens: TokenSource | None) -> str:
    """Sends the mail.  Returns why the server did not accept it, '' if it did."""
    address = config.desk.address
    local, _, domain = address.rpartition("@")
    to = address if kind == "plain" else f"{local}+canary@{domain}"
    raw = canary_mail(signer, nonce, kind, address, to, "mailbridge doctor: delivery test", now)
    try:
        transport = transports.transport(config.outgoing, config.folder, hostname=config.outgoing.helo or domain, tokens=tokens)
    except MailbridgeError as error:
        return error.what
    try:
        return failure_of(transport.send(address, to, raw, lambda: None))
    finally:
        transport.close()


def _wait(store: Store, kinds: list[str], patience: float) -> dict[str, datetime]:
    """Waits at most `patience` seconds.  Returns when the daemon accepted each kind; a kind that did not arrive is missing."""
    end = time.monotonic() + patience
    while True:
        with store.read() as tx:
            noted = tx.state.get(STATE_KEY) or {}
        came = {kind: datetime.fromisoformat(noted[kind]) for kind in kinds if kind in noted}
        if len(came) == len(kinds) or time.monotonic() >= end:
            return came
        time.sleep(LOOK)
