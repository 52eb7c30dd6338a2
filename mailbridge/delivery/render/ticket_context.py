"""What the templates see: the ticket, the message that is carried and the one that is answered, looked up when a mail is worded."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from mailbridge.delivery.render import ticket_history
from mailbridge.delivery.render.rich.rich import rich_of
from mailbridge.delivery.render.template_context import (
    Below,
    DeskView,
    HistoryEntry,
    TemplateContext,
    TextFile,
    TicketView,
    VerdictView,
)
from mailbridge.delivery.render.thread_fields import ThreadFields, thread_fields
from mailbridge.delivery.render.ticket_history import left_out, message_name, parts_of
from mailbridge.execution.customer_card import CustomerCard, customer_card
from mailbridge.execution.desk import Desk
from mailbridge.execution.hour_banks import left_for
from mailbridge.execution.open_targets import open_targets
from mailbridge.execution.solved_answers import SolvedAnswer, solved_answers
from mailbridge.ids import ticket_number
from mailbridge.message.encryption import looks_encrypted, was_opened
from mailbridge.message.model import Kind
from mailbridge.notifications import limits
from mailbridge.notifications.model import Audience, Notification
from mailbridge.notifications.payloads.agents import WholeMessage
from mailbridge.notifications.payloads.tickets import Answered, NewTicket
from mailbridge.notifications.recipients import team_of
from mailbridge.organisation import transitions
from mailbridge.organisation.availability import zone_of
from mailbridge.organisation.model import Organisation, ReplyMarker, Team
from mailbridge.organisation.opening_hours import OpeningHours, opening_hours
from mailbridge.reply.subject import thread_of
from mailbridge.store.mails import StoredMail
from mailbridge.store.tx import Tx
from mailbridge.tickets.estimates import worked
from mailbridge.tickets.event_types.mails import MessageAdded, TicketOpened
from mailbridge.tickets.hours.view import hours_view
from mailbridge.tickets.model import OUTGOING, Ticket

_LARGEST_ROOT = 4 << 20  # bytes of a customer's first mail that is read again for its Thread-Index
_WITH_CARD = frozenset({"new", "assigned", "customer_replied", "ticket"})  # news to agents on which the customer is shown
MOST_SHOWN = 20  # messages of a long conversation
ROBOTS = frozenset(
    {Kind.AUTO_REPLY, Kind.BOUNCE, Kind.LOOP, Kind.READ_RECEIPT, Kind.CHALLENGE, Kind.FEEDBACK_REPORT}
)  # say nothing by hand


def view_of(tx: Tx, notification: Notification, desk: Desk, now: datetime) -> TemplateContext:
    """Everything a template may show of this promise.  A note never gets into a customer's view, whatever the promise points at."""
    name, address = desk.config.desk.sent_as(notification.sender)
    identity = desk.config.desk.identity_at(notification.sender)
    desk_view = DeskView(name=name, address=address, signature=identity.signature if identity else "")
    ticket = tx.tickets.surviving(notification.ticket) if notification.ticket else None
    if ticket is None:
        return TemplateContext(desk=desk_view, recipient_name=notification.name, now=now, zone=_zone_of(notification, desk, "UTC"))
    mail = _carried(tx, notification, desk)
    view = TemplateContext(
        desk=desk_view,
        ticket=_ticket(tx, ticket, desk, notification, now),
        quoted=_answered(tx, notification, ticket, desk),
        history=_history(tx, notification, ticket, mail, desk),
        recipient_name=notification.name,
        card=_card(tx, notification, ticket, desk, mail.fresh if mail else ""),
        solved=_solved(tx, notification, desk),
        opening=_opening(team_of(ticket, desk.organisation), now),
        now=now,
        thread=_thread_of(tx, notification, ticket),
        zone=_zone_of(notification, desk, team_of(ticket, desk.organisation).calendar.zone),
        reply_marker=is_marked(team_of(ticket, desk.organisation).reply_marker, notification.audience),
    )
    return _with_message(tx, view, mail, ticket, notification, desk) if mail else view


def _with_message(
    tx: Tx, view: TemplateContext, mail: StoredMail, ticket: Ticket, notification: Notification, desk: Desk
) -> TemplateContext:
    """The view with the message that is carried: its text, its files, and for agents what was left out of it and how to get that."""
    files, author, requester = tx.mails.attachments(mail.id), _author(mail, desk), ticket.requester
    explained = tx.mails.explanation(mail.id) if notification.audience is not Audience.CUSTOMER else None
    view = replace(
        view,
        verdict=verdict_of(explained, mail, desk),
        text=mail.fresh,
        internal=mail.internal,
        rich=rich_of(mail.html, mail.fresh),
        author=author,
        by_other="" if requester and mail.sender.lower() == requester.address.lower() else author,
        files=tuple(file.name for file in files if not file.hidden),
        invitations=tuple(file.summary for file in files if file.summary and file.summary not in mail.text),
        folded=sum(file.hidden for file in files),
        encrypted=looks_encrypted(mail.text, [(file.content_type, file.name) for file in files]),
        opened=was_opened(explained),
        mail=mail.id,
        mail_subject=mail.subject,
        sent_at=mail.date or mail.received_at,
    )
    if notification.audience is not Audience.AGENT:
        return view
    parts = parts_of(tx, mail)
    inside = desk.organisation.agent_of(notification.recipient) is not None  # consultants from outside cannot ask for more
    asked = notification.payload.message if isinstance(notification.payload, WholeMessage) else ""
    name = asked or message_name(tx, mail.id, ticket, desk) if inside else ""
    return replace(
        view,
        below=tuple(Below(kind=part.kind, text=part.text, sure=part.sure) for part in parts.folded),
        cut=left_out(parts),
        message=name,
        subject=_new_subject(tx, mail, ticket),
        whole=TextFile(name=f"{name.replace('/', '-')}.txt", text=mail.text) if name and notification.event == "message" else None,
    )


def _new_subject(tx: Tx, mail: StoredMail, ticket: Ticket) -> str:
    """The mail's subject where it is neither the ticket's nor that of an earlier mail on it: an answer may say something there."""
    topic = _topic(mail.subject, ticket)
    if not topic or topic == _topic(ticket.subject, ticket):
        return ""
    earlier = (other.subject for other in tx.mails.heads_of(ticket.id) if other.id < mail.id)
    return "" if topic in {_topic(subject, ticket) for subject in earlier} else mail.subject


def _topic(subject: str, ticket: Ticket) -> str:
    """The subject without prefixes, blanks and ticket numbers, for comparing."""
    without = re.sub(rf"\[\w+-{ticket.id}\]", " ", subject)
    return " ".join(thread_of(" ".join(without.split())).topic.split())


def _zone_of(notification: Notification, desk: Desk, otherwise: str) -> str:
    """An agent reads times by the same wall clock by which the agent's lines are read."""
    agent = desk.organisation.agent_of(notification.recipient)
    return zone_of(agent.name, desk.organisation) if agent else otherwise


def _carried(tx: Tx, notification: Notification, desk: Desk) -> StoredMail | None:
    """The mail that is shown: the one that the promise is about, also where it has no text; for agents, where that one holds nothing but
    lines for the desk and is no message of the ticket, the customer's latest message."""
    if notification.audience is Audience.CUSTOMER and notification.event == "added":
        return _latest_public(tx, notification, desk)
    mail = tx.mails.get(notification.mail) if notification.mail else None
    if notification.audience is Audience.CUSTOMER:
        return None if mail is not None and mail.internal else mail
    if mail is not None and (mail.fresh or _is_message(tx, mail, notification)):
        return mail
    return _latest(tx, notification) or mail


def _is_message(tx: Tx, mail: StoredMail, notification: Notification) -> bool:
    tickets = {notification.ticket, mail.ticket} - {None}
    return any(tx.events.message_number(ticket, mail.id) for ticket in tickets if ticket)


def _latest_public(tx: Tx, notification: Notification, desk: Desk) -> StoredMail | None:
    """What was last said between the customer and the desk, for somebody who comes to it now.

    What was said is what the events say: a note, a robot's mail, an answer that was held back or refused are none of it.  Nothing is shown
    where it was encrypted on its way: the mail that would show it is not.
    """
    events = tx.events.of_ticket(notification.ticket) if notification.ticket else []
    messages = [(e.mail, e.what) for e in events if isinstance(e.what, MessageAdded) and not e.what.internal and not e.what.automatic]
    said, secret = {mail for mail, _ in messages}, {mail for mail, what in messages if what.encrypted}
    mails = tx.mails.of_ticket(notification.ticket) if notification.ticket else []
    latest = next((mail for mail in reversed(mails) if mail.id in said and mail.fresh and not mail.internal), None)
    return None if latest is None or latest.id in secret or _opened(tx, latest, desk) else latest


def _opened(tx: Tx, mail: StoredMail, desk: Desk) -> bool:
    """Whether the mail came encrypted, so that its text is not for a mail in plain text."""
    return any(one.smime_key_file for one in desk.config.desk.identities) and was_opened(tx.mails.explanation(mail.id))


def _latest(tx: Tx, notification: Notification) -> StoredMail | None:
    """The customer's latest message, for an agent who gets the ticket by a mail that holds commands alone."""
    ticket = tx.tickets.get(notification.ticket) if notification.ticket else None
    people = {participant.address.lower() for participant in ticket.participants} if ticket else set[str]()
    mails = tx.mails.of_ticket(ticket.id) if ticket else []
    return next((mail for mail in reversed(mails) if mail.sender.lower() in people and mail.kind not in ROBOTS), None)


def _answered(tx: Tx, notification: Notification, ticket: Ticket, desk: Desk) -> HistoryEntry | None:
    """The customer's latest message before an agent's answer, quoted below it as mail programs do.  One that came encrypted is quoted only
    in an answer that goes out encrypted or not at all."""
    if notification.event != "answered":
        return None
    people = {participant.address.lower() for participant in ticket.participants}
    earlier = [m for m in tx.mails.of_ticket(ticket.id) if m.sender.lower() in people and m.id < (notification.mail or 0)]
    if any(m.fresh.lstrip().startswith("#") for m in earlier):  # perhaps a line to the desk, which is no message of the ticket
        messages = {event.mail for event in tx.events.of_ticket(ticket.id) if isinstance(event.what, MessageAdded)}
        earlier = [m for m in earlier if m.id in messages]
    if not earlier:
        return None
    latest, payload = earlier[-1], notification.payload
    if not (isinstance(payload, Answered) and payload.encrypted) and _opened(tx, latest, desk):
        return None
    return HistoryEntry(author=latest.sender_name or latest.sender, text=latest.fresh, at=latest.date or latest.received_at)


def _history(tx: Tx, notification: Notification, ticket: Ticket, carried: StoredMail | None, desk: Desk) -> tuple[HistoryEntry, ...]:
    """What was said and done before, for the mails that show it."""
    match notification.event:
        case "consulted":
            return _conversation(tx, ticket, carried)
        case "ticket":
            return ticket_history.latest(tx, ticket, desk, notification.language)
        case "history":
            return ticket_history.whole(tx, ticket, desk, notification.language)
    return ()


def _conversation(tx: Tx, ticket: Ticket, carried: StoredMail | None) -> tuple[HistoryEntry, ...]:
    """What customer and desk wrote to each other, newest first, for somebody from outside: without notes, and without what is shown
    above it anyway."""
    said = [m for m in tx.mails.of_ticket(ticket.id) if m.fresh and not m.internal and (carried is None or m.id != carried.id)]
    shown = reversed(said[-MOST_SHOWN:])
    return tuple(HistoryEntry(author=m.sender_name or m.sender, text=m.fresh, at=m.date or m.received_at) for m in shown)


def verdict_of(explained: object, mail: StoredMail, desk: Desk) -> VerdictView | None:
    """What is known of the sender of this very message; None where no mail brought it, or its explanation was erased."""
    found = explained.get("sender") if isinstance(explained, dict) else None
    if not isinstance(found, dict):
        return None
    agent = desk.organisation.agents.get(found.get("agent", ""))
    is_ = "agent" if agent else "verified" if found.get("verified") else "failed" if found.get("failed") else "unverified"
    if agent and desk.organisation.agent_of(mail.sender) is not agent:
        is_ = "passed-on"
    why = ", ".join(str(reason) for reason in found.get("why", ())[:3])
    return VerdictView(is_=is_, address=mail.sender or found.get("address") or "", agent=agent.title if agent else "", why=why)


def _author(mail: StoredMail, desk: Desk) -> str:
    agent = desk.organisation.agent_of(mail.sender) if mail.verified else None
    return agent.title if agent else mail.sender_name or mail.sender


def _ticket(tx: Tx, ticket: Ticket, desk: Desk, notification: Notification, now: datetime) -> TicketView:
    organisation, requester = desk.organisation, ticket.requester
    status = transitions.status(ticket.status, organisation)
    language = notification.language
    agent = organisation.agents.get(ticket.assignee)
    due = open_targets(tx, ticket, organisation)
    answer, solution = due.get("response"), due.get("resolution")
    opening = tx.events.first(ticket.id)
    opened = opening.what if opening and isinstance(opening.what, TicketOpened) else None
    return TicketView(
        number=ticket_number(desk.config.desk.prefix, ticket.id),
        subject=ticket.subject,
        opened_as=opened.subject if opened else "",
        channel="" if ticket.channel == "mail" else ticket.channel,
        began_here=opened is not None and opened.channel == OUTGOING,
        numbered=_is_numbered(opened.team if opened else ticket.team, notification, organisation),
        answered=ticket.verified or (notification.audience is Audience.CUSTOMER and _is_answered(tx, ticket)),
        status=status.shown_in(language) if notification.audience is Audience.CUSTOMER else status.title_in(language),
        priority=ticket.priority,
        type=ticket.type,
        team=team_of(ticket, organisation).title,
        assignee=agent.title if agent else "",
        requester_name=requester.name if requester else "",
        requester_address=requester.address if requester else "",
        verified=ticket.verified,
        created_at=ticket.created_at,
        answer_due=answer.at if answer else None,
        answer_late=answer is not None and answer.late,
        solve_due=solution.at if solution else None,
        solve_late=solution is not None and solution.late,
        due_at=ticket.due_at,
        meets_at=ticket.meeting.at if ticket.meeting and not ticket.meeting.cancelled else None,
        estimate=ticket.estimate,
        estimate_most=ticket.estimate_most,
        spent=worked(ticket.activities),
        hours=hours_view(left_for(tx, ticket, desk, now)) if _may_see_hours(notification, desk) else None,
    )


def _thread_of(tx: Tx, notification: Notification, ticket: Ticket) -> ThreadFields | None:
    """What the customer's first mail says of its conversation, for mails that go on with it."""
    if notification.audience is not Audience.CUSTOMER or not notification.references:
        return None
    root = next((mail for mail in tx.mails.heads_of(ticket.id) if mail.message_id == notification.references[0]), None)
    return thread_fields(tx.blobs.get(root.sha256)) if root and root.sha256 and root.size <= _LARGEST_ROOT else None


def _card(tx: Tx, notification: Notification, ticket: Ticket, desk: Desk, text: str) -> CustomerCard | None:
    """What is known of the customer, for whoever works here and hears of the ticket; a consultant from outside learns nothing of it."""
    outside = {consultant.address.lower() for consultant in desk.organisation.consultants.values()}
    news = notification.audience is Audience.MANAGER or (notification.audience is Audience.AGENT and notification.event in _WITH_CARD)
    if not news or notification.recipient.lower() in outside:
        return None
    return customer_card(tx, ticket, desk, notification.language, _visible(notification, desk), text)


def _solved(tx: Tx, notification: Notification, desk: Desk) -> tuple[SolvedAnswer, ...]:
    """What solved the similar tickets that the notification names, for agents of the desk who may see those."""
    rows = notification.payload.solved if isinstance(notification.payload, NewTicket) else ()
    if not rows or desk.organisation.agent_of(notification.recipient) is None:
        return ()
    return solved_answers(tx, desk, [(row.ticket, row.answer) for row in rows], _visible(notification, desk))


def _visible(notification: Notification, desk: Desk) -> Callable[[Ticket], bool]:
    """Whether the recipient may see another ticket: one that was given to the reader shows none of another team's."""
    about_others = replace(notification, event="new")
    return lambda other: limits.hidden(about_others, other, desk.organisation) is None


def is_marked(wanted: ReplyMarker, audience: Audience) -> bool:
    """Whether mails to this audience have the line above which to write."""
    return wanted is ReplyMarker.EVERYBODY or (wanted is ReplyMarker.AGENTS and audience is not Audience.CUSTOMER)


def _opening(team: Team, now: datetime) -> OpeningHours | None:
    """The hours of the team; a team of regions has those of whoever is on, and nobody has to know them."""
    return None if team.follow else opening_hours(team.calendar, now)


def _is_numbered(team: str, notification: Notification, organisation: Organisation) -> bool:
    """Whether the number stands in the subject: the team that the ticket was opened for says so, whoever has it now."""
    known = organisation.teams.get(team)
    return notification.audience is not Audience.CUSTOMER or known is None or known.number_in_subject


def _is_answered(tx: Tx, ticket: Ticket) -> bool:
    return any(isinstance(event.what, MessageAdded) and event.what.to_customer for event in tx.events.of_ticket(ticket.id))


def _may_see_hours(notification: Notification, desk: Desk) -> bool:
    """What a contract holds is for the desk alone: not for customers in every mail, and not for consultants from outside."""
    outside = {consultant.address.lower() for consultant in desk.organisation.consultants.values()}
    return notification.audience is not Audience.CUSTOMER and notification.recipient.lower() not in outside
