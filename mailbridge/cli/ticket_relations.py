"""`mailbridge ticket merge|split|link|undo`: change the relations of tickets."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mailbridge.cli.open_app import open_app
from mailbridge.cli.options import desk_option, json_option, ticket_id
from mailbridge.cli.show import print_json
from mailbridge.errors import Permanent
from mailbridge.ids import ticket_number
from mailbridge.tickets.command_types.escalation import StopSending
from mailbridge.tickets.command_types.people import RevokeAddresses
from mailbridge.tickets.command_types.relations import Link, Merge, Split, Undo
from mailbridge.tickets.commands import Command
from mailbridge.tickets.handlers.relations import INVERSE

if TYPE_CHECKING:
    from mailbridge.daemon.app import App
    from mailbridge.tickets.decision import Decision

# Refusals that are worded differently in mails, because a mail can be replied to.
REASONS = {
    "not-on-ticket": "nobody with that address is on the ticket",
    "unknown-ticket": "there is no such ticket",
    "unknown-relation": "tickets cannot be related like that",
    "link-self": "a ticket cannot be linked to itself",
    "merge-self": "a ticket cannot be merged into itself",
    "merged-already": "it is already merged into {number}",
    "merge-cycle": "{number} is already merged into it",
    "unknown-mail": "the ticket has no such mail; mailbridge tickets show --json lists them with their ids",
    "not-customers-mail": "only a customer's message can become a ticket",
    "only-mail": "it is the only message of a customer on the ticket",
    "nothing-to-stop": "no answer waits on the ticket",
    "stop-too-late": "it is too late: the answer is on its way to the customer",
    "answer-waits": "an answer on the ticket waits before it goes; wait until it has gone, or take it back with `ticket stop`",
    "nothing-to-undo": "there is no change that can be undone",
    "undo-too-late": "the last change is more than {number} minutes old (undo_minutes)",
    "mail-sent": "sent mail cannot be undone",
    "erased-for-good": "erased content cannot be restored",
    "merged-since": "it was merged into {number} later; undo that first",
    "answered-since": "a customer has written on {number} since; merge it instead",
}


@click.command()
@desk_option
@json_option
@click.option("--yes", is_flag=True, help="Do not ask if people of different customers are on the tickets.")
@click.argument("ticket", metavar="TICKET")
@click.argument("into", metavar="INTO")
def merge(folder: Path, as_json: bool, yes: bool, ticket: str, into: str) -> None:
    """Merge TICKET into INTO: TICKET is closed, and all mail for it goes to INTO from now on."""
    with open_app(folder) as app:
        survivor = ticket_id(app.config, into)
        if not yes:
            _same_people(app, ticket_id(app.config, ticket), survivor)
        decision = done(app, ticket, Merge(into=survivor))
        merged = decision.ticket.merged_into if decision.ticket else None
        say(app, decision, f"{_number(app, ticket)} is now part of {_number(app, str(merged))}", as_json)


@click.command()
@desk_option
@json_option
@click.option("--mail", type=click.IntRange(1), help="The id of the message.  [default: the customers' latest]")
@click.option("--subject", default="", help="The subject of the new ticket.  [default: that of the message]")
@click.argument("ticket", metavar="TICKET")
def split(folder: Path, as_json: bool, mail: int | None, subject: str, ticket: str) -> None:
    """Split a message of TICKET into a new ticket, whose requester is the writer of the message."""
    with open_app(folder) as app:
        decision = done(app, ticket, Split(ticket=0, mail=mail or 0, subject=subject))
        new = ", ".join(ticket_number(app.config.desk.prefix, change.ticket.id) for change in decision.elsewhere)
        say(app, decision, f"the message is now {new}", as_json)


@click.command()
@desk_option
@json_option
@click.argument("ticket", metavar="TICKET")
@click.argument("relation", metavar="RELATION", type=click.Choice(tuple(INVERSE)))
@click.argument("other", metavar="OTHER")
def link(folder: Path, as_json: bool, ticket: str, relation: str, other: str) -> None:
    """Link TICKET with OTHER: related, blocks, blocked-by, duplicates, duplicated-by, task-of or has-task."""
    with open_app(folder) as app:
        decision = done(app, ticket, Link(ticket=ticket_id(app.config, other), relation=relation))
        say(app, decision, f"{_number(app, ticket)} is linked with {_number(app, other)}", as_json)


@click.command()
@desk_option
@json_option
@click.argument("ticket", metavar="TICKET")
def undo(folder: Path, as_json: bool, ticket: str) -> None:
    """Undo the last change of TICKET, whether made by mail or on the command line, on all tickets that it changed."""
    with open_app(folder) as app:
        decision = done(app, ticket, Undo())
        say(app, decision, f"the last change of {_number(app, ticket)} was undone", as_json)


@click.command()
@desk_option
@json_option
@click.argument("ticket", metavar="TICKET")
def stop(folder: Path, as_json: bool, ticket: str) -> None:
    """Take back the answers of TICKET that wait before they go (`send_after`).  Their authors are told."""
    with open_app(folder) as app:
        decision = done(app, ticket, StopSending())
        say(app, decision, f"the answers of {_number(app, ticket)} that waited were taken back", as_json)


@click.command()
@desk_option
@json_option
@click.argument("ticket", metavar="TICKET")
@click.argument("address", metavar="ADDRESS")
def revoke(folder: Path, as_json: bool, ticket: str, address: str) -> None:
    """Revoke the signed reply addresses that ADDRESS has for TICKET, for example after a leak.  The next mail brings a new one."""
    with open_app(folder) as app:
        decision = done(app, ticket, RevokeAddresses(address=address))
        say(app, decision, f"the signed addresses of {address} for {_number(app, ticket)} are revoked", as_json)


def done(app: App, ticket: str, command: Command) -> Decision:
    """Executes the command as administrator; events and notifications are stored.  Raises Permanent with the reason of a refusal."""
    from mailbridge.execution.execute import execute
    from mailbridge.tickets.actor import Actor, ActorKind
    from mailbridge.tickets.requests import each

    wanted = ticket_id(app.config, ticket)
    desk = app.desk()
    with app.store.write() as tx:
        found = tx.tickets.get(wanted)
        if found is None:
            raise Permanent(f"there is no ticket {ticket_number(app.config.desk.prefix, wanted)}")
        executed = execute(tx, desk, found, each([command]), Actor(kind=ActorKind.ADMIN), datetime.now(UTC))
    if executed.refused is not None:
        raise Permanent(_reason(app, executed.refused))
    return executed.decision


def _reason(app: App, decision: Decision) -> str:
    numbers = decision.detail if decision.refused == "undo-too-late" or not decision.detail.isdigit() else _number(app, decision.detail)
    return REASONS.get(decision.refused, decision.refused).format(number=numbers)


def _same_people(app: App, ticket: int, into: int) -> None:
    """Asks for confirmation where customers would read each other's mails, by the rule that also applies to commands in mails."""
    from mailbridge.tickets.handlers.risks import customers_on

    desk = app.desk()
    with app.store.read() as tx:
        tickets = [found for number in (ticket, into) if (found := tx.tickets.surviving(number)) is not None]
    people = [customers_on(found, desk.policy.rules.customers, desk.organisation) for found in tickets]
    if len(set(people)) > 1:
        whose = " and ".join(", ".join(sorted(names)) or "nobody" for names in people)
        click.confirm(f"{whose} will read each other's mails; merge?", abort=True)


def say(app: App, decision: Decision, sentence: str, as_json: bool) -> None:
    if not as_json:
        click.echo(sentence)
        return
    from mailbridge.cli.tickets import event_json, ticket_json

    changed = [change.ticket for change in decision.elsewhere]
    tickets = [ticket_json(ticket, app.config) for ticket in (decision.ticket, *changed) if ticket is not None]
    print_json({"tickets": tickets, "events": [event_json(event) for event in decision.events]})


def _number(app: App, text: str) -> str:
    return ticket_number(app.config.desk.prefix, ticket_id(app.config, text))
