"""A ticket: what was written and done on it, the customer's card, and the form for an answer, a note and commands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from mailbridge.delivery.render.template_context import VerdictView
from mailbridge.delivery.render.ticket_context import verdict_of
from mailbridge.delivery.render.ticket_history import parts_of
from mailbridge.execution.customer_card import customer_card
from mailbridge.execution.ticket_lists import first_due
from mailbridge.execution.ticket_rows import ticket_cells
from mailbridge.handling.agents.on_page import act_on_page
from mailbridge.ids import parse_number, ticket_number
from mailbridge.notifications.payloads.agents import CommandResults
from mailbridge.notifications.summary import Viewer, summaries
from mailbridge.notifications.summary_model import Summary
from mailbridge.reply.showing import ShownText
from mailbridge.store.mails import StoredAttachment, StoredMail
from mailbridge.store.tx import Tx
from mailbridge.tickets.actor import ActorKind
from mailbridge.tickets.event_types.mails import MessageAdded
from mailbridge.tickets.events import Event
from mailbridge.tickets.model import Ticket
from mailbridge.tickets.permissions import Right, on_ticket, sees
from mailbridge.web.answer import PageAnswer, redirect
from mailbridge.web.problems import PageProblem, ProblemKind
from mailbridge.web.visit import Visit

MOST_SHOWN = 200  # entries of the history; the newest are kept
# The policy of a mail's own frame, beside that of the page, which it inherits: no script, no address is asked.
FRAME = '<meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="default-src \'none\'; style-src \'unsafe-inline\'">'


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownEntry:
    """A message, or (`happened`) something that was done.  `html`: the whole document of the mail's frame, '' where it has no HTML."""

    author: str
    at: datetime
    happened: tuple[Summary, ...] = ()
    number: int = 0
    mail: int = 0
    internal: bool = False
    text: ShownText | None = None
    html: str = ""
    verdict: VerdictView | None = None
    files: tuple[StoredAttachment, ...] = ()
    raw: bool = False


def show(visit: Visit) -> PageAnswer:
    """The ticket; one that was merged leads to the one that goes on."""
    with visit.site.store.read() as tx:
        ticket = ticket_at(tx, visit)
        if address_of(visit, ticket) != visit.asked.path:
            return redirect(address_of(visit, ticket))
        return _page(tx, visit, ticket, said=visit.asked.query.get("done", ""))


def act(visit: Visit) -> PageAnswer:
    """Takes the form.  What cannot be done is said on the page, with the text that was written."""
    fields = visit.asked.fields
    text, internal = fields.get("text", "").strip(), fields.get("kind") == "note"
    with visit.site.store.write() as tx:
        ticket = ticket_at(tx, visit)
        if fields.get("version") != str(ticket.version):
            return _page(tx, visit, ticket, 409, stale=True, text=text, internal=internal)
        result = act_on_page(tx, visit.desk, visit.me, ticket, text, visit.now, internal=internal)
        if not result.written or not result.done:
            after = tx.tickets.surviving(ticket.id) or ticket
            kept = "" if result.written else text
            status = 200 if result.written else 400
            return _page(tx, visit, after, status, results=result.results, text=kept, internal=internal)
    said = "sent" if result.results.sent_to else "noted" if result.results.noted else "done"
    return redirect(f"{address_of(visit, ticket)}?done={said}")


def show_file(visit: Visit) -> PageAnswer:
    """A file of the ticket, for saving alone: no browser shows or runs it."""
    with visit.site.store.read() as tx:
        ticket = ticket_at(tx, visit)
        mails = {mail.id for mail in tx.mails.heads_of(ticket.id)}
        found = tx.files.get(_whole_number(visit.asked.params["file"]))
        if found is None or found.mail not in mails:
            raise PageProblem(ProblemKind.MISSING)
        return _saved(tx.blobs.get(found.sha256), found.name or "file")


def show_raw(visit: Visit) -> PageAnswer:
    """A mail of the ticket as it came."""
    with visit.site.store.read() as tx:
        ticket = ticket_at(tx, visit)
        number = _whole_number(visit.asked.params["mail"])
        found = next((mail for mail in tx.mails.of_ticket(ticket.id) if mail.id == number and mail.sha256), None)
        if found is None:
            raise PageProblem(ProblemKind.MISSING)
        return _saved(tx.blobs.get(found.sha256), f"{ticket_number(visit.desk.config.desk.prefix, ticket.id)}-{number}.eml")


def ticket_at(tx: Tx, visit: Visit) -> Ticket:
    """The ticket of the address.  Raises PageProblem, the same where there is none and where the reader may not see it."""
    number = parse_number(visit.desk.config.desk.prefix, visit.asked.params["ticket"])
    ticket = tx.tickets.surviving(number) if number is not None else None
    if ticket is None or not sees(visit.me.name, ticket, visit.desk.organisation):
        raise PageProblem(ProblemKind.MISSING)
    return ticket


def address_of(visit: Visit, ticket: Ticket) -> str:
    return f"/t/{ticket_number(visit.desk.config.desk.prefix, ticket.id)}"


def _page(
    tx: Tx,
    visit: Visit,
    ticket: Ticket,
    status: int = 200,
    *,
    said: str = "",
    stale: bool = False,
    results: CommandResults | None = None,
    text: str = "",
    internal: bool = False,
) -> PageAnswer:
    desk, me = visit.desk, visit.me
    team = desk.organisation.teams.get(ticket.team)
    right = Right.NOTE if me.observer else on_ticket(me, ticket, desk.organisation)
    due = first_due(tx, desk, ticket, visit.now) if ticket.closed_at is None else None
    return visit.page(
        "ticket.html.j2",
        status,
        ticket=ticket,
        cells=ticket_cells(ticket, "", visit.language, desk),
        team=team.title if team else "",
        entries=list(_entries(tx, visit, ticket))[-MOST_SHOWN:],
        card=customer_card(tx, ticket, desk, visit.language, lambda other: sees(me.name, other, desk.organisation)),
        number_of=lambda number: ticket_number(desk.config.desk.prefix, number),
        works=right is Right.WORK,
        mine=ticket.assignee == me.name,
        due=due,
        late=due is not None and due <= visit.now,
        undo=desk.config.desk.undo_minutes,
        said=said,
        stale=stale,
        results=results,
        text=text,
        internal=internal or right is not Right.WORK,
        frame=FRAME,
    )


def _entries(tx: Tx, visit: Visit, ticket: Ticket) -> Iterator[ShownEntry]:
    """In the order of time."""
    mails, number = {mail.id: mail for mail in tx.mails.of_ticket(ticket.id)}, 0
    viewer = Viewer(
        me=visit.me.name,
        ticket=ticket.id,
        organisation=visit.desk.organisation,
        prefix=visit.desk.config.desk.prefix,
        language=visit.language,
    )
    for event in tx.events.of_ticket(ticket.id):
        if not isinstance(event.what, MessageAdded):
            if happened := summaries([event], viewer):
                yield ShownEntry(author=_author(visit, event), at=event.at, happened=happened)
            continue
        number += 1
        if (mail := mails.get(event.mail or 0)) is not None:
            yield _message(tx, visit, event.what, mail, number)


def _message(tx: Tx, visit: Visit, what: MessageAdded, mail: StoredMail, number: int) -> ShownEntry:
    agent = visit.desk.organisation.agent_of(mail.sender) if mail.verified else None
    return ShownEntry(
        author=agent.title if agent else mail.sender_name or mail.sender,
        at=mail.date or mail.received_at,
        number=number,
        mail=mail.id,
        internal=what.internal,
        text=parts_of(tx, mail),
        html=f"{FRAME}{mail.html}" if mail.html else "",
        verdict=verdict_of(tx.mails.explanation(mail.id), mail, visit.desk),
        files=tuple(file for file in tx.mails.attachments(mail.id) if not file.hidden),
        raw=bool(mail.sha256),
    )


def _author(visit: Visit, event: Event) -> str:
    agent = visit.desk.organisation.agents.get(event.actor.name)
    if agent is not None:
        return agent.title
    ours = event.actor.kind in (ActorKind.CLOCK, ActorKind.SYSTEM)
    return visit.desk.config.desk.name if ours else event.actor.name or event.actor.kind


def _saved(content: bytes, name: str) -> PageAnswer:
    disposition = f"attachment; filename*=UTF-8''{quote(name, safe='')}"
    return PageAnswer(
        body=content, content_type="application/octet-stream", headers={"Content-Disposition": disposition, "Cache-Control": "no-store"}
    )


def _whole_number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else 0
