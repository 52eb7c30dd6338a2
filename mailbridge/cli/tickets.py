"""`mailbridge tickets`: lists of tickets, and one ticket with its history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mailbridge.cli.filters import look_at_names
from mailbridge.cli.groups import Noun
from mailbridge.cli.options import desk_option, json_option, limit_option, open_desk, ticket_id
from mailbridge.cli.show import print_json, print_table, safe, when
from mailbridge.clock import SystemClock
from mailbridge.errors import Permanent
from mailbridge.ids import ticket_number
from mailbridge.notifications.summary import Viewer, length
from mailbridge.organisation.playbooks import HAS_TASK
from mailbridge.tickets.estimates import worked
from mailbridge.tickets.stored_events import published

if TYPE_CHECKING:
    from mailbridge.config.model import Config
    from mailbridge.store.mails import StoredAttachment, StoredMail
    from mailbridge.tickets.events import Event
    from mailbridge.tickets.model import Approval, Meeting, Plan, Ticket


@click.group(cls=Noun)
def tickets() -> None:
    """List and show tickets."""


@tickets.command("list")
@desk_option
@json_option
@limit_option(50)
@click.option("--team", help="Of this team.")
@click.option("--status", help="In this status.")
@click.option("--assignee", help="Assigned to this agent; an empty string: unassigned.")
@click.option("--open/--closed", "open_", default=None, help="Only open tickets, or only closed ones.")
@click.option("--snoozed", is_flag=True, help="Also snoozed tickets; --closed and --search include them anyway.")
@click.option("--search", default="", metavar="WORDS", help="With these words in subject or requester, or this number.")
def list_(
    folder: Path,
    as_json: bool,
    limit: int,
    team: str | None,
    status: str | None,
    assignee: str | None,
    open_: bool | None,
    snoozed: bool,
    search: str,
) -> None:
    """List tickets, newest first.  Snoozed tickets are left out until the snooze ends."""
    awake_at = None if snoozed or search or open_ is False else SystemClock().now()
    with open_desk(folder) as desk, desk.store.read() as tx:
        found = tx.tickets.find(status=status, team=team, assignee=assignee, open=open_, awake_at=awake_at, text=search, limit=limit)
        if not found:
            look_at_names(tx, folder, team=team, status=status, assignee=assignee)
    if as_json:
        print_json([ticket_json(ticket, desk.config) for ticket in found])
        return
    print_table(
        ["TICKET", "PRIORITY", "STATUS", "TEAM", "ASSIGNEE", "FROM", "UPDATED", "SUBJECT"],
        [
            [
                number(ticket, desk.config),
                ticket.priority,
                ticket.status,
                ticket.team,
                ticket.assignee or "-",
                ticket.requester.address if ticket.requester else "-",
                when(ticket.updated_at),
                ticket.subject,
            ]
            for ticket in found
        ],
        empty="no tickets",
        least=("UPDATED", "TEAM", "FROM"),
    )


@tickets.command()
@desk_option
@json_option
@click.option("--full", is_flag=True, help="The whole text of each mail, with quotes and signatures.")
@click.argument("number_", metavar="TICKET")
def show(folder: Path, as_json: bool, full: bool, number_: str) -> None:
    """Show TICKET (MB-1042 or 1042) with its mails and its history."""
    from mailbridge.delivery.render.ticket_history import parts_of
    from mailbridge.message.encryption import encryption_note

    with open_desk(folder) as desk:
        wanted = ticket_id(desk.config, number_)
        with desk.store.read() as tx:
            ticket = tx.tickets.get(wanted)
            mails = tx.mails.of_ticket(wanted)
            events = tx.events.of_ticket(wanted)
            clocks = tx.clocks.of_ticket(wanted)
            files = {mail.id: tx.mails.attachments(mail.id) for mail in mails}
            parts = {mail.id: parts_of(tx, mail) for mail in mails}
            notes = {mail.id: encryption_note(tx.mails.explanation(mail.id)) for mail in mails}
            tasks = tx.tickets.get_many(other for relation, other in ticket.links if relation == HAS_TASK) if ticket else []
    if ticket is None:
        raise Permanent(f"there is no ticket {ticket_number(desk.config.desk.prefix, wanted)}")
    if as_json:
        deadlines = [{**asdict(due.deadline), "state": due.state} for due in clocks]
        history = [event_json(event) for event in events]
        told = [{**mail_json(mail, files[mail.id]), "encryption": notes[mail.id]} for mail in mails]
        work = [task_json(task, desk.config) for task in tasks]
        print_json({**ticket_json(ticket, desk.config), "mails": told, "events": history, "clocks": deadlines, "tasks": work})
        return
    from mailbridge.cli.history import story

    click.echo("\n".join([headline(ticket, desk.config), *progress(tasks, desk.config)]) + "\n")
    viewer = Viewer(ticket=ticket.id, prefix=desk.config.desk.prefix)
    click.echo(story(mails, events, files, viewer, parts={} if full else parts, notes=notes))


def progress(tasks: Sequence[Ticket], config: Config) -> list[str]:
    """A line with the number of tasks that are done, and one for each task."""
    if not tasks:
        return []
    done = sum(task.closed_at is not None for task in tasks)
    lines = [f"tasks {done} of {len(tasks)} done"]
    for task in tasks:
        about = [task.status, task.team, task.assignee or "unassigned", f"due {when(task.due_at)}" if task.due_at else ""]
        sign = "·" if task.closed_at is None else "✓"
        lines.append(f'  {sign} {number(task, config)}  "{safe(task.subject)}"  {" · ".join(filter(None, about))}')
    return lines


def task_json(task: Ticket, config: Config) -> dict[str, object]:
    """A task of a playbook as JSON, with whether it is done."""
    about = {"status": task.status, "open": task.closed_at is None, "team": task.team, "assignee": task.assignee, "due_at": task.due_at}
    return {"number": number(task, config), "id": task.id, "subject": task.subject, **about}


def number(ticket: Ticket, config: Config) -> str:
    return ticket_number(config.desk.prefix, ticket.id)


def ticket_json(ticket: Ticket, config: Config) -> dict[str, object]:
    """The ticket as JSON: every field, and the formatted number."""
    requester = ticket.requester.address if ticket.requester else None
    return {"number": number(ticket, config), **asdict(ticket), "requester": requester}


def mail_json(mail: StoredMail, files: Sequence[StoredAttachment]) -> dict[str, object]:
    """The mail as JSON, with all its files.  `hidden`: an image of the signature."""
    return {**asdict(mail), "attachments": [asdict(file) for file in files]}


def event_json(event: Event) -> dict[str, object]:
    """An event as JSON: actor, time, mail, published kind and values."""
    actor = {"kind": event.actor.kind, "name": event.actor.name}
    return {"at": event.at, "actor": actor, "mail": event.mail, **published(event.what)}


def headline(ticket: Ticket, config: Config) -> str:
    requester = ticket.requester
    taken = f"assigned to {ticket.assignee}" if ticket.assignee else "unassigned"
    known = "verified" if ticket.verified else "not verified"
    lines = [
        f'{number(ticket, config)}  "{safe(ticket.subject)}"',
        " · ".join(filter(None, (ticket.status, ticket.priority, ticket.team, taken, ticket.type))),
        f"from {safe(requester.address) if requester else '-'} ({known}){_channel(ticket)}, opened {when(ticket.created_at)}",
    ]
    others = [person.address for person in ticket.participants if person != requester]
    lines += [f"with {safe(', '.join(others))}"] if others else []
    lines += [f"due {when(ticket.due_at)}"] if ticket.due_at else []
    lines += [f"snoozed until {when(ticket.snoozed_until)}"] if ticket.snoozed_until else []
    lines += [_appointment(ticket.meeting)] if ticket.meeting and not ticket.meeting.cancelled else []
    lines += [_plan(plan) for plan in sorted(ticket.plans, key=lambda plan: plan.at) if not plan.cancelled]
    lines += [_work(ticket)] if ticket.estimate or ticket.activities else []
    lines += [f"escalated to level {ticket.level}{f' of {ticket.chain}' if ticket.chain else ''}"] if ticket.level else []
    lines += [_waiting(approval) for approval in ticket.approvals]
    lines += [f"rated {ticket.rating} of 5"] if ticket.rating is not None else []
    lines += ["spam"] if ticket.spam else []
    lines += [f"followed by {safe(', '.join(ticket.followers))}"] if ticket.followers else []
    lines += [f"muted by {safe(', '.join(ticket.muted))}"] if ticket.muted else []
    lines += [f"tags {safe(', '.join(ticket.tags))}"] if ticket.tags else []
    lines += [f"{relation} {ticket_number(config.desk.prefix, other)}" for relation, other in ticket.links if relation != HAS_TASK]
    lines += [f"merged into {ticket_number(config.desk.prefix, ticket.merged_into)}"] if ticket.merged_into else []
    lines += [f"merged from {ticket_number(config.desk.prefix, other)}" for other in ticket.absorbed]
    return "\n".join(lines)


def _waiting(approval: Approval) -> str:
    """What waits, for whom or for its time, and until when."""
    if approval.kind == "delay":
        return f"answer of {approval.asker} waits until {when(approval.expires_at)}"
    return f"{safe(approval.line)} of {approval.asker} waits for {' or '.join(approval.approvers)} until {when(approval.expires_at)}"


def _channel(ticket: Ticket) -> str:
    """How the ticket came, where it did not come as a mail of the requester."""
    match ticket.channel:
        case "mail":
            return ""
        case "outgoing":
            return ", we wrote first"
        case "import":
            return ", from an archive"
        case channel:
            return f", by {channel}"


def _work(ticket: Ticket) -> str:
    """The planned and the spent working time."""
    most = f", rarely more than {length(ticket.estimate_most)}" if ticket.estimate_most else ""
    planned = f"estimated {length(ticket.estimate)}{most} (by {ticket.estimated_by})" if ticket.estimate else ""
    charged = sum(activity.charged for activity in ticket.activities)
    spent = f"{length(worked(ticket.activities))} worked, {length(charged)} charged" if ticket.activities else ""
    return ", ".join(filter(None, (planned, spent)))


def _plan(plan: Plan) -> str:
    about = f"{when(plan.at)}, {length(plan.minutes)}, {plan.agent}{f', {safe(plan.text)}' if plan.text else ''}"
    return f"plan {plan.id}: {about}{', done' if plan.done is not None else ''}"


def _appointment(meeting: Meeting) -> str:
    place = f", {safe(meeting.place)}" if meeting.place else ""
    answers = "".join(f"; {safe(who)}: {safe(said)}" for who, said in meeting.answers)
    return f"appointment {when(meeting.at)}, {meeting.minutes} min{place}{answers}"
