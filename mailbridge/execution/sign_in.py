"""Agents sign in to the pages by a mail: the request, its mail, and what the link or the code of the mail is worth."""

from __future__ import annotations

from datetime import datetime, timedelta

from mailbridge.conversation import sign_in as tokens
from mailbridge.execution.desk import Desk
from mailbridge.notifications.model import Audience, Class, Notification
from mailbridge.notifications.payloads.agents import SignInMail
from mailbridge.organisation.model import Agent, Organisation
from mailbridge.store.sign_ins import SignIn
from mailbridge.store.tx import Tx

VALID_FOR = timedelta(minutes=15)
_KEPT_FOR = timedelta(days=1)


def agent_at(organisation: Organisation, address: str) -> Agent | None:
    """The active agent with this address."""
    agent = organisation.agent_of(address)
    return agent if agent is not None and agent.active else None


def request_sign_in(
    tx: Tx, desk: Desk, address: str, now: datetime, *, browser: str = "", back_to: str = "/", valid_for: timedelta = VALID_FOR
) -> SignIn:
    """The request is stored, whoever's the address is, so that the answer takes the same time for all.  No mail is sent yet."""
    tx.sign_ins.forget(now - _KEPT_FOR)
    agent = agent_at(desk.at(tx).organisation, address)
    person, known = (agent.name, address) if agent else ("", "")
    return tx.sign_ins.request(person, known, now, now + valid_for, browser=browser, back_to=back_to)


def send_sign_in(tx: Tx, desk: Desk, number: int, now: datetime) -> None:
    """The mail with link and code is in the outbox, if the request is an agent's."""
    found = tx.sign_ins.get(number)
    agent = agent_at(desk.at(tx).organisation, found.address) if found else None
    if found is None or agent is None:
        return
    tx.outbox.add_many([_mail(found, agent, desk)], now)
    tx.wake("outbox")


def _mail(found: SignIn, agent: Agent, desk: Desk) -> Notification:
    return Notification(
        ticket=None,
        audience=Audience.AGENT,
        event="sign_in",
        recipient=found.address,
        key=f"sign_in:{found.id}",
        name=agent.title,
        language=agent.language,
        class_=Class.LETTER,
        message_id=f"sign-in.{found.id}.{int(found.requested_at.timestamp())}@{desk.config.desk.address.rpartition('@')[2]}",
        payload=SignInMail(number=found.id, requested_at=found.requested_at, until=found.expires_at),
    )


def link_to(desk: Desk, number: int, requested_at: datetime) -> str:
    """The address that signs in."""
    return f"{desk.config.web.public_url}/sign-in/{tokens.link_token(desk.signer.keys[0], number, requested_at)}"


def open_request(tx: Tx, desk: Desk, token: str, now: datetime) -> SignIn | None:
    """The request of a link that can still be consumed; None for every other text."""
    number = tokens.number_in(token)
    found = tx.sign_ins.get(number) if number is not None else None
    if found is None or not tokens.is_token(desk.signer.keys, token, found.id, found.requested_at):
        return None
    return found if found.person and found.used_at is None and now < found.expires_at else None


def consume_link(tx: Tx, desk: Desk, token: str, now: datetime) -> SignIn | None:
    """Consumes the request of the link; None where it cannot be, or another one was quicker."""
    found = open_request(tx, desk, token, now)
    return found if found is not None and tx.sign_ins.use(found.id, now) else None


def consume_code(tx: Tx, desk: Desk, number: int, browser: str, typed: str, now: datetime) -> SignIn | None:
    """Consumes the request whose code was typed in the browser that asked.  Each call counts as a try."""
    found = tx.sign_ins.get(number)
    if found is None or found.browser != browser or not tx.sign_ins.count_try(number, now):
        return None
    right = tokens.is_code(desk.signer.keys, typed, found.id, found.requested_at)
    return found if right and found.person and tx.sign_ins.use(number, now) else None
