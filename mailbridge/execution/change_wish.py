"""Decides and records a change of a wish: whether this person may make it, and what it may be about."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from mailbridge.execution.desk import Desk
from mailbridge.execution.wishes import set_wish
from mailbridge.mail_commands.author import author_of
from mailbridge.mail_commands.model import ChangeWish
from mailbridge.mail_commands.reading import understand
from mailbridge.organisation.model import Organisation
from mailbridge.organisation.wishes import OF_SENDERS, WishId, WishKind
from mailbridge.store.tx import Tx
from mailbridge.tickets.actor import Actor, ActorKind

MOST_LISTS = 50  # saved lists of one agent


@dataclass(frozen=True, slots=True, kw_only=True)
class WishResult:
    """`changed`: the wish is recorded.  `refused`: '' or the key of the reason; `asks` where a manager's yes is needed for it."""

    changed: bool = False
    refused: str = ""
    asks: bool = False


def change_wish(tx: Tx, desk: Desk, wanted: ChangeWish, actor: Actor, now: datetime) -> WishResult:
    """The wish is recorded in the open transaction, or the reason why it is not."""
    tx.wishes.lock(now)
    known = desk.at(tx)
    reason = _refusal(known, wanted, actor)
    if reason:
        return WishResult(refused=reason, asks=reason == "managers-only" and wanted.kind is WishKind.AWAY)
    if wanted.kind is WishKind.BLOCK and wanted.values is None:
        return WishResult(changed=_unblock(tx, known.organisation, wanted.name, actor, now))
    id = wish_id(wanted, actor)
    before = known.organisation.wishes.all.get(id)
    if (before.values if before else None) == wanted.values:
        return WishResult()
    set_wish(tx, id, wanted.values, actor, now)
    return WishResult(changed=True)


def wish_by_admin(tx: Tx, desk: Desk, line: str, person: str, now: datetime) -> WishResult | None:
    """The wish that the line says, as this agent would write it in a mail without the #, set by the command line; None for any other."""
    wanted = understand(f"#{line}", author_of(person, desk.at(tx).organisation, now)).question
    if not isinstance(wanted, ChangeWish):
        return None
    wanted = replace(wanted, person=wanted.person or person)
    return WishResult() if wanted.shows else change_wish(tx, desk, wanted, Actor(kind=ActorKind.ADMIN), now)


def wish_id(wanted: ChangeWish, actor: Actor) -> WishId:
    """Whose wish it is: the actor's where nobody is named, the desk's for a sender."""
    person = "" if wanted.kind in OF_SENDERS else wanted.person or actor.name
    return WishId(kind=wanted.kind, person=person, name=wanted.name)


def _unblock(tx: Tx, organisation: Organisation, sender: str, actor: Actor, now: datetime) -> bool:
    """Ends what blocks exactly this sender, by hand or because of spam."""
    ids = [id for kind in OF_SENDERS if (id := WishId(kind=kind, name=sender)) in organisation.wishes.all]
    tx.wishes.add([(id.key, None) for id in ids], actor, now)
    return bool(ids)


def _refusal(desk: Desk, wanted: ChangeWish, actor: Actor) -> str:
    if actor.kind is ActorKind.ADMIN:
        return _impossible(desk, wanted)
    agent = desk.organisation.agents.get(actor.name) if actor.kind is ActorKind.AGENT else None
    if agent is None or not agent.active:
        return "agents-only"
    if wanted.kind is WishKind.BLOCK and not (agent.manager or agent.blocks):
        return "may-not-block"
    if wanted.kind is WishKind.AWAY and wanted.person not in ("", actor.name) and not manages(actor.name, wanted.person, desk.organisation):
        return "managers-only"
    return _impossible(desk, wanted)


def manages(boss: str, name: str, organisation: Organisation) -> bool:
    """Whether the agent manages the desk, or a team of the other one."""
    agent = organisation.agents.get(boss)
    teams = (organisation.teams[team] for team in organisation.teams_of(name))
    return agent is not None and (agent.manager or any(boss in team.managers for team in teams))


def _impossible(desk: Desk, wanted: ChangeWish) -> str:
    """Why nobody may wish this."""
    organisation = desk.organisation
    match wanted.kind:
        case WishKind.AWAY if wanted.values is not None and dict(wanted.values).get("deputy") == wanted.person:
            return "own-deputy"
        case WishKind.DIGEST if wanted.person and organisation.agents[wanted.person].digest is None and not _has_wish(organisation, wanted):
            return "named-in-file"
        case WishKind.BLOCK if wanted.values is not None and _is_known(desk, wanted.name):
            return "known-sender"
        case WishKind.LIST if len([one for one in organisation.wishes.of(wanted.person) if one.id.kind is WishKind.LIST]) >= MOST_LISTS:
            return "too-many-lists" if wanted.values is not None else ""
    return ""


def _has_wish(organisation: Organisation, wanted: ChangeWish) -> bool:
    return WishId(kind=wanted.kind, person=wanted.person) in organisation.wishes.all


def _is_known(desk: Desk, sender: str) -> bool:
    """Whether the address is of the desk, an agent or a customer of the files; an @domain is theirs where one is in it or below it."""
    organisation, customers = desk.organisation, desk.policy.rules.customers
    addresses = [*desk.own_addresses, *(one for agent in organisation.agents.values() for one in (agent.address, *agent.addresses))]
    if not sender.startswith("@"):
        return sender in {one.lower() for one in addresses} or customers.of(sender) is not None
    domains = (*(one.lower().rpartition("@")[2] for one in (*addresses, *customers.by_address)), *customers.by_domain)
    return any(f".{one}".endswith(f".{sender[1:]}") for one in domains) or customers.of(f"somebody{sender}") is not None
