"""`mailbridge sla`: the SLA targets of a ticket with their intervals, and the contract that sets them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mailbridge.cli.groups import Noun
from mailbridge.cli.options import OpenDesk, desk_option, json_option, moment_since, open_desk, ticket_id
from mailbridge.cli.show import print_json
from mailbridge.errors import ConfigError, Permanent

if TYPE_CHECKING:
    from mailbridge.organisation.model import Organisation
    from mailbridge.rules.policy import Policy
    from mailbridge.sla.history import ClockHistory
    from mailbridge.sla.levels import Run
    from mailbridge.sla.why import Why
    from mailbridge.tickets.model import Ticket


@click.group(cls=Noun)
def sla() -> None:
    """Explain SLA targets."""


@sla.command("why")
@desk_option
@json_option
@click.option("--table", "as_table", is_flag=True, help="Print one line for each interval of each target.")
@click.argument("number", metavar="TICKET")
def why_(folder: Path, as_json: bool, as_table: bool, number: str) -> None:
    """Explain the due times of TICKET (MB-1042 or 1042): counted, closed and paused time, interval by interval."""
    from mailbridge.cli.sla_terms import as_json as terms_json
    from mailbridge.cli.sla_terms import line, terms_of
    from mailbridge.cli.sla_why import as_values, printed, tabled
    from mailbridge.execution.clock_histories import clock_history_of

    if as_json and as_table:
        raise click.UsageError("--json and --table exclude each other")
    with open_desk(folder) as desk:
        policy = policy_of(desk)
        organisation = policy.organisation
        wanted = ticket_id(desk.config, number)
        with desk.store.read() as tx:
            ticket = tx.tickets.get(wanted)
            history = clock_history_of(tx, wanted) if ticket else None
            terms = terms_of(tx, ticket, policy) if ticket else None
    if ticket is None or history is None or terms is None:
        raise Permanent(f"there is no ticket {desk.config.desk.prefix}-{wanted}")
    if organisation.teams.get(ticket.follow) is None and organisation.teams.get(ticket.team) is None:
        raise Permanent(f'its team "{ticket.team}" is no longer in rules/teams.yaml, so it has no SLA targets')
    reasons = list(promised(ticket, history, organisation, datetime.now(UTC)))
    if as_json:
        kept = {"promised_under": terms_json(terms)}
        print_json([{**as_values(run, reason, organisation), **kept} for run, reason in reasons])
    elif as_table:
        tabled(reasons, organisation)
    else:
        printed(ticket, reasons, organisation)
        if said := line(terms):
            click.echo(said)


@sla.command("report")
@desk_option
@json_option
@click.option("--since", default="90d", show_default=True, metavar="AGE|DATE", help="Tickets opened since then: 30d, or 2026-03-01.")
@click.option("--by", type=click.Choice(("team", "customer", "type")), default="team", show_default=True, help="Group the counts by this.")
def report_(folder: Path, as_json: bool, since: str, by: str) -> None:
    """Count the SLA targets that were met and missed."""
    from mailbridge.cli.sla_report import report

    with open_desk(folder) as desk:
        report(desk.store, policy_of(desk), moment_since(since), by, as_json)


@sla.command("whatif")
@desk_option
@json_option
@click.option("--policy", "file", required=True, metavar="FILE", help="Another sla.yaml.",
              type=click.Path(exists=True, dir_okay=False, path_type=Path))  # fmt: skip
@click.option("--since", default="90d", show_default=True, metavar="AGE|DATE", help="Tickets opened since then: 30d, or 2026-03-01.")
def whatif_(folder: Path, as_json: bool, file: Path, since: str) -> None:
    """Count the SLA targets of past tickets under the current rules and under another sla.yaml.  Nothing is changed."""
    from mailbridge.cli.sla_report import whatif

    with open_desk(folder) as desk:
        whatif(desk.store, policy_of(desk), file, moment_since(since), as_json)


@sla.command("waiting")
@desk_option
@json_option
@click.option("--backtest", is_flag=True, help="What past acknowledgements would have said, and how many answers came within it.")
@click.option("--since", default="30d", show_default=True, metavar="AGE|DATE", help="The tickets of the back-test.")
def waiting_(folder: Path, as_json: bool, backtest: bool, since: str) -> None:
    """Show how long customers wait for the first answer, as acknowledgements say it.  Nothing is changed."""
    from mailbridge.cli.sla_waiting import print_backtest, print_waiting

    with open_desk(folder) as desk:
        organisation = policy_of(desk).organisation
        if backtest:
            print_backtest(desk.store, organisation, moment_since(since), as_json)
        else:
            print_waiting(desk.store, organisation, as_json)


@sla.command("match")
@desk_option
@json_option
@click.argument("number", metavar="TICKET")
def match_(folder: Path, as_json: bool, number: str) -> None:
    """Show the contracts that could cover TICKET, which one applies, and why the others do not."""
    from mailbridge.cli.sla_match import as_json as matched_json
    from mailbridge.cli.sla_match import matched, printed
    from mailbridge.cli.sla_terms import terms_of

    with open_desk(folder) as desk:
        policy = policy_of(desk)
        wanted = ticket_id(desk.config, number)
        with desk.store.read() as tx:
            ticket = tx.tickets.get(wanted)
            terms = terms_of(tx, ticket, policy) if ticket else None
    if ticket is None or terms is None:
        raise Permanent(f"there is no ticket {desk.config.desk.prefix}-{wanted}")
    found = matched(ticket, policy, terms)
    if as_json:
        print_json(matched_json(found))
    else:
        printed(found)


def policy_of(desk: OpenDesk) -> Policy:
    """The policy from rules/*.yaml with the overlay of customers.  Raises ConfigError."""
    from mailbridge.cli.policy import sources_in, with_overlay
    from mailbridge.rules import folder
    from mailbridge.rules.load import load

    texts, unreadable = folder.read(desk.config.folder)
    loaded = load(texts, sources=sources_in(desk.store, datetime.now(UTC)))
    if loaded.policy is None or unreadable:
        raise ConfigError(tuple(sorted([*unreadable, *loaded.problems])))
    return with_overlay(loaded.policy, desk)


def promised(ticket: Ticket, history: ClockHistory, organisation: Organisation, now: datetime) -> Iterator[tuple[Run, Why]]:
    """Each run of each SLA target of the ticket, with its explanation."""
    from mailbridge.sla.why import why
    from mailbridge.tickets.deadlines import promised_runs

    for run in promised_runs(ticket, history, organisation):
        yield run, why(run, now)
