"""Who ended which digest or report by mail: a mail to the signed address in List-Unsubscribe ends one.

For the morning digest it is the agent's wish, as `#digest off` says it; for reports it is in one row of the state.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any

from mailbridge.conversation.tokens import Purpose, Signer
from mailbridge.execution.change_wish import change_wish
from mailbridge.execution.desk import Desk
from mailbridge.mail_commands.model import ChangeWish
from mailbridge.notifications.compose import agent_notification
from mailbridge.notifications.model import Notification
from mailbridge.notifications.payloads.reports import Unsubscribed
from mailbridge.notifications.recipients import Recipient
from mailbridge.organisation.model import Agent, Organisation
from mailbridge.organisation.wishes import OFF, WishId, WishKind
from mailbridge.store.tx import Tx
from mailbridge.tickets.actor import Actor, ActorKind

STATE_KEY = "unsubscribed"
DIGEST = "digest"  # the morning digest; every other name is that of a report
EVENT = "unsubscribed"


def ended(tx: Tx) -> Mapping[str, frozenset[str]]:
    """By agent the names of the reports that the agent ended."""
    found: Any = tx.state.get(STATE_KEY)
    return {agent: frozenset(names) for agent, names in found.items()} if isinstance(found, dict) else {}


def switch(tx: Tx, desk: Desk, agent: Agent, name: str, now: datetime, *, on: bool) -> bool:
    """The agent gets it (`on`) or does not, from now on, and reads so in a mail; whether that is a change."""
    changed = _switch_digest(tx, desk, agent, now, on=on) if name == DIGEST else _switch_report(tx, agent, name, now, on=on)
    if changed:
        tx.outbox.add_many([_confirmation(desk, agent, name, now, on=on)], now)
        tx.wake("outbox")
    return changed


def _switch_digest(tx: Tx, desk: Desk, agent: Agent, now: datetime, *, on: bool) -> bool:
    wish = ChangeWish(kind=WishKind.DIGEST, values=None if on else (("every", OFF),))
    return change_wish(tx, desk, wish, Actor(kind=ActorKind.AGENT, name=agent.name), now).changed


def _switch_report(tx: Tx, agent: Agent, name: str, now: datetime, *, on: bool) -> bool:
    found: Any = tx.state.take(STATE_KEY, now)
    everybody: dict[str, dict[str, str]] = found if isinstance(found, dict) else {}
    names = dict(everybody.get(agent.name, {}))
    if (name not in names) == on:
        return False
    if on:
        del names[name]
    else:
        names[name] = now.isoformat()
    tx.state.set(STATE_KEY, {**everybody, agent.name: names}, now)
    return True


def _confirmation(desk: Desk, agent: Agent, name: str, now: datetime, *, on: bool) -> Notification:
    recipient = Recipient(address=agent.address, name=agent.title, language=agent.language)
    payload = Unsubscribed(name="" if name == DIGEST else name, again=on)
    return agent_notification(recipient, EVENT, f"{name}:{agent.name}:{now.isoformat()}", payload, desk.config.desk.address)


def without_digest(organisation: Organisation) -> tuple[str, ...]:
    """The agents who wish no morning digest."""
    wishes = organisation.wishes.all
    ids = {name: WishId(kind=WishKind.DIGEST, person=name) for name in organisation.agents}
    return tuple(name for name, id in ids.items() if id in wishes and wishes[id].value("every") == OFF)


def lists(organisation: Organisation) -> tuple[str, ...]:
    """The names of everything that an agent can end."""
    return (DIGEST, *organisation.reports)


def stop_address(signer: Signer, name: str, agent: Agent) -> str:
    """The address that ends it for this agent; '' where the server accepts no +detail."""
    address = signer.reply_address(number_of(name), agent.address, Purpose.UNSUBSCRIBE)
    return "" if address == signer.address else address


def number_of(name: str) -> int:
    """The number that stands for the name in the address."""
    return int.from_bytes(sha256(name.encode()).digest()[:3]) + 1
