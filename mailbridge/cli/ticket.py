"""`mailbridge ticket`: work on one ticket."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid
from pathlib import Path

import click

from mailbridge.cli import exits
from mailbridge.cli.groups import Noun
from mailbridge.cli.ingest import settled
from mailbridge.cli.options import OpenDesk, desk_option, json_option, open_desk
from mailbridge.cli.queue import row_json
from mailbridge.cli.show import print_json
from mailbridge.cli.ticket_relations import link, merge, revoke, split, stop, undo
from mailbridge.errors import Permanent
from mailbridge.organisation.model import CHANNELS


@click.group(cls=Noun)
def ticket() -> None:
    """Work on one ticket."""


for command in (merge, split, link, undo, stop, revoke):
    ticket.add_command(command)


@ticket.command()
@desk_option
@json_option
@click.option("--for", "customer", metavar="ADDRESS", help="The requester, who gets the acknowledgement and the answers.")
@click.option("--to", "people", multiple=True, metavar="ADDRESS", help="Sends TEXT to this person, the requester; may be repeated.")
@click.option("--by", "agent", required=True, metavar="AGENT", help="The agent who files the ticket, by the short name.")
@click.option("--subject", required=True, help="The subject of the ticket.")
@click.option("--channel", type=click.Choice(CHANNELS), help="How the customer reached the desk; phone if not named.")
@click.option("--line", "lines", multiple=True, metavar="COMMAND", help="A command, as in a mail: '#priority high'; may be repeated.")
@click.argument("text", required=False)
def new(
    folder: Path,
    as_json: bool,
    customer: str | None,
    people: tuple[str, ...],
    agent: str,
    subject: str,
    channel: str | None,
    lines: tuple[str, ...],
    text: str | None,
) -> None:
    """File a ticket for somebody who called or came in person (--for), or write to a customer first (--to).

    TEXT is the request, or with --to the mail to the customer; without TEXT, it is read from standard input.  The rules apply as to a mail.
    """
    if bool(customer) == bool(people):
        raise click.UsageError("name the customer: --for ADDRESS to file a request, or --to ADDRESS to write first")
    words = text if text is not None else sys.stdin.read()
    whose = customer or people[0]
    with open_desk(folder) as desk:
        for address in [customer] if customer else people:
            _check_address(desk, address, "--for" if customer else "--to")
        opening = [f"#for {customer}", f"#channel {channel or 'phone'}"] if customer else [f"#to {', '.join(people)}"]
        opening += [f"#channel {channel}"] if channel and people else []
        commands = [*opening, *(line if line.startswith("#") else f"#{line}" for line in lines)]
        row = settled(desk, _accepted(desk, agent, subject, "\n".join([*commands, "", words])))
        if as_json:
            print_json(row_json(row, desk.config))
        elif row.ticket:
            _say_whose(desk, row.ticket, whose, agent)
        else:
            click.echo(f"no ticket was opened: {row.outcome or row.state} {row.reason}".rstrip(), err=True)
            sys.exit(exits.MISTAKES)


def _check_address(desk: OpenDesk, address: str, option: str) -> None:
    """Raises BadParameter if nobody can be reached there, or if mail to it comes back to the desk."""
    from mailbridge.config import names
    from mailbridge.config.reading import Wrong

    try:
        names.local_address(address)
    except Wrong as wrong:
        raise click.BadParameter(f"{wrong}; {wrong.hint}", param_hint=option) from wrong
    if address.lower() in {one.lower() for one in desk.config.desk.addresses}:
        raise click.BadParameter(f"{address} is an address of this desk: name the customer", param_hint=option)


def _say_whose(desk: OpenDesk, number: int, whose: str, agent: str) -> None:
    """Prints whose ticket it became; ends with exit code 1 if it is not the one asked for."""
    with desk.store.read() as tx:
        ticket = tx.tickets.get(number)
    name = f"{desk.config.desk.prefix}-{number}"
    requester = ticket.requester.address if ticket and ticket.requester else "nobody"
    if requester.lower() == whose.lower():
        click.echo(f"{name} is open for {whose}")
        return
    click.echo(f"{name} is open for {requester}, not for {whose}: the mail to {agent} says which line was not done, and why", err=True)
    sys.exit(exits.MISTAKES)


def _accepted(desk: OpenDesk, agent: str, subject: str, body: str) -> int:
    """Commits a mail of the agent to the inbox and returns its id there.  It is processed like every other mail."""
    from mailbridge.config.suggest import did_you_mean
    from mailbridge.intake.inbox import Inbox
    from mailbridge.message.envelope import Envelope, Source
    from mailbridge.rules import folder as rules_folder
    from mailbridge.rules.load import load

    policy = load(rules_folder.read(desk.config.folder)[0]).policy
    known = policy.organisation.agents.get(agent) if policy else None
    if policy is not None and (known is None or not known.active):
        meant = did_you_mean(agent, [one.name for one in policy.organisation.agents.values() if one.active])
        raise click.BadParameter(f"there is no agent {agent!r} in rules/teams.yaml; {meant}", param_hint="--by")
    if known is None:
        raise Permanent("the rules have mistakes; mailbridge check shows them")
    now = datetime.now(UTC)
    mail = EmailMessage(policy=SMTP)
    mail["From"] = known.address
    mail["To"] = desk.config.desk.address
    mail["Subject"] = subject
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = make_msgid(domain=desk.config.desk.address.rpartition("@")[2])
    mail.set_content(body)
    inbox = Inbox(desk.store)
    try:
        accepted = inbox.accept(mail.as_bytes(), Envelope(source=Source.COMMAND, received_at=now, account=agent))
    finally:
        inbox.close()
    desk.store.wake("inbox")
    return accepted
