"""Lines about what an agent wishes for themselves, and about blocked senders: done at once, answered with all wishes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from mailbridge.execution.change_wish import WishResult, change_wish
from mailbridge.execution.desk import Desk
from mailbridge.handling.placed_mail import PlacedMail
from mailbridge.mail_commands.model import ChangeWish, CommandLine
from mailbridge.notifications.compose import agent_notification
from mailbridge.notifications.model import Audience, Notification
from mailbridge.notifications.payloads.wishes import AbsenceAsked, WishesNow, WishLineRow, WishRow
from mailbridge.notifications.recipients import Recipient, managers_of
from mailbridge.organisation.model import Organisation
from mailbridge.organisation.wishes import BLOCKED, Wish, WishKind, held_by
from mailbridge.store.inbox_rows import InboxState
from mailbridge.store.tx import Tx
from mailbridge.tickets.actor import Actor, ActorKind


def answer_wish(
    tx: Tx, desk: Desk, mail: PlacedMail, key: str, line: CommandLine, wanted: ChangeWish
) -> tuple[WishesNow, list[Notification]]:
    """The wish is recorded: what the writer reads, and mails to others.  For a colleague's absence the managers are asked."""
    wanted = replace(wanted, person=wanted.person or mail.agent)
    result = WishResult() if wanted.shows else change_wish(tx, desk, wanted, Actor(kind=ActorKind.AGENT, name=mail.agent), mail.now)
    organisation = desk.at(tx).organisation
    others = list(_to_managers(desk, mail, key, wanted)) if result.asks else []
    wishes = organisation.wishes.senders() if wanted.kind is WishKind.BLOCK else organisation.wishes.of(wanted.person)
    agent = organisation.agents.get(wanted.person)
    told = WishesNow(
        asked=line.text,
        changed=result.changed,
        refused="" if result.asks else result.refused,
        waits=result.asks,
        senders=wanted.kind is WishKind.BLOCK,
        who=agent.title if agent and wanted.person != mail.agent else "",
        rows=tuple(wish_row(wish, organisation, mail.agent) for wish in wishes),
    )
    if result.changed and wanted.kind is WishKind.AWAY and agent is not None and wanted.person != mail.agent:
        others.append(_told(desk, key, replace(told, who="", by=organisation.agents[mail.agent].title), wanted.person))
    return told, others


def in_one(wishes: Iterable[tuple[str, WishesNow]]) -> Iterator[tuple[str, WishesNow]]:
    """The answers to the lines of one mail, one for each person whose wishes they are about and one about senders: the last answer, with
    what came of the lines before it."""
    groups: dict[tuple[str, bool], list[tuple[str, WishesNow]]] = {}
    for key, told in wishes:
        groups.setdefault((told.who, told.senders), []).append((key, told))
    for group in groups.values():
        (key, last), before = group[-1], group[:-1]
        rows = (WishLineRow(asked=one.asked, changed=one.changed, refused=one.refused, waits=one.waits) for _, one in before)
        yield key, replace(last, earlier=tuple(rows))


def _told(desk: Desk, key: str, told: WishesNow, name: str) -> Notification:
    """The agent hears of an absence that somebody else entered."""
    agent = desk.organisation.agents[name]
    reader = Recipient(address=agent.address, name=agent.title, language=agent.language)
    return agent_notification(reader, "wishes", key, told, desk.config.desk.address)


def _to_managers(desk: Desk, mail: PlacedMail, key: str, wanted: ChangeWish) -> Iterator[Notification]:
    """The question to the managers of the colleague; a link in it sends the line as theirs."""
    organisation, values = desk.organisation, dict(wanted.values or ())
    agent = organisation.agents[wanted.person]
    teams = organisation.teams_of(wanted.person)
    team = organisation.teams[teams[0] if teams else organisation.default_team]
    asked = AbsenceAsked(
        asker=organisation.agents[mail.agent].title,
        agent=agent.title,
        first=values.get("from", ""),
        last=values.get("to", ""),
        deputy=organisation.agents[values["deputy"]].title if values.get("deputy") in organisation.agents else "",
        line=_as_line(wanted),
    )
    for boss in managers_of(team, organisation, mail.now):
        notification = agent_notification(boss, "absence", key, asked, desk.config.desk.address)
        yield replace(notification, audience=Audience.MANAGER)


def _as_line(wanted: ChangeWish) -> str:
    """The line with which somebody who may enters the absence."""
    values = dict(wanted.values or ())
    if not values:
        return f"#away {wanted.person} off"
    deputy = f" for {values['deputy']}" if values.get("deputy") else ""
    return f"#away {wanted.person} from {values['from']} until {values['to']}{deputy}"


def wish_row(wish: Wish, organisation: Organisation, reader: str = "") -> WishRow:
    """The wish for templates: its kind, its values as text, the line that ends it."""
    id = wish.id
    match id.kind:
        case WishKind.QUIET:
            said, ends = wish.value("when") or f"{wish.value('from')}–{wish.value('to')}", "#quiet off"
        case WishKind.DIGEST:
            said, ends = wish.value("every"), "#digest daily" if wish.value("every") != "daily" else "#digest off"
        case WishKind.AWAY:
            deputy = organisation.agents.get(wish.value("deputy"))
            said, ends = f"{wish.value('from')} – {wish.value('to')}", ("#away off" if id.person == reader else f"#away {id.person} off")
            said += f" ({deputy.title})" if deputy else ""
        case WishKind.LIST:
            asked = f"#search {wish.value('search')}" if wish.value("search") else f"#list {wish.value('team') or wish.value('list')}"
            said, ends = f"{id.name} = {asked}", f"#save {id.name} off"
        case WishKind.BLOCK | WishKind.SPAM:
            said, ends = id.name, f"#unblock {id.name}"
        case WishKind.LEFT:
            said, ends = wish.value("from"), ""
        case WishKind.OPT_OUT:
            said, ends = id.person, ""
    return WishRow(kind=id.kind, said=said, by=wish.by, at=wish.at, ends=ends)


def release_sender(tx: Tx, desk: Desk, mail: PlacedMail, line: CommandLine, number: int) -> WishesNow:
    """The held mail is worked again without the hold of its sender: what the writer reads."""
    row = tx.inbox.get(number)
    held = row is not None and row.state is InboxState.QUARANTINED and row.reason.startswith(BLOCKED)
    sender = held_by(row.reason)[0] if row is not None and held else ""
    actor = Actor(kind=ActorKind.AGENT, name=mail.agent)
    result = WishResult(refused="not-held")
    if held:
        result = change_wish(tx, desk, ChangeWish(kind=WishKind.BLOCK, name=sender), actor, mail.now)
    if held and not result.refused:
        tx.inbox.requeue(number, mail.now)
        tx.wake("inbox")
    organisation = desk.at(tx).organisation
    rows = tuple(wish_row(wish, organisation) for wish in organisation.wishes.senders())
    return WishesNow(asked=line.text, changed=not result.refused, refused=result.refused, senders=True, rows=rows)
