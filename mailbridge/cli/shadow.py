"""`mailbridge shadow`: what a desk in shadow mode would have done, and its end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mailbridge.cli.groups import Noun
from mailbridge.cli.options import OpenDesk, desk_option, json_option, open_desk
from mailbridge.cli.show import print_json, print_table, safe, when
from mailbridge.errors import Permanent
from mailbridge.ids import ticket_number

if TYPE_CHECKING:
    from mailbridge.doctor.shadow import NumberedMail, ShadowReport, ThreadDifference

MOST_LISTED = 200


@click.group(cls=Noun)
def shadow() -> None:
    """Show what a desk in shadow mode would have done; end shadow mode."""


@shadow.command()
@desk_option
@json_option
@click.option("--since", "since", metavar="AGE|DATE", help="Only what was read since then (1d, 12h, 2026-11-30).  Default: all.")
def report(folder: Path, as_json: bool, since: str | None) -> None:
    """Show what the desk would have done: tickets, teams, answers, and where another help desk groups mails in another way."""
    from mailbridge.cli.options import moment_since
    from mailbridge.conversation.foreign_numbers import foreign_number, own_form
    from mailbridge.daemon import shadow as mode
    from mailbridge.doctor.shadow import shadow_report

    with open_desk(folder) as desk:
        began = mode.since(desk.store)
        if began is None:
            raise Permanent("this desk was never in shadow mode: set shadow = true in [desk], and run it")
        own = tuple(own_form(written) for written in desk.config.desk.shadow_numbers)
        with desk.store.read() as tx:
            found = shadow_report(tx, max(began, moment_since(since)) if since else began, lambda subject: foreign_number(subject, own))
        prefix = desk.config.desk.prefix
    if as_json:
        print_json(_json(found, prefix))
    else:
        _print(found, prefix)


@shadow.command()
@desk_option
@click.option("--next-number", type=click.IntRange(min=1), help="The number of the next ticket, if it is not used yet.")
def end(folder: Path, next_number: int | None) -> None:
    """End shadow mode: keep what was read as history, and discard every mail that was not sent.

    Remove `shadow` from [desk] and stop the desk first.  Tickets, mails and read positions stay.
    """
    with open_desk(folder) as desk:
        if desk.config.desk.shadow:
            raise Permanent(
                "mailbridge.toml still has shadow = true in [desk]: remove it first"
            )
        with desk.store.instance_lock():
            letters, calls = _ended(desk, datetime.now(UTC), next_number)
    click.echo(f"shadow mode is ended: {letters} mails and {calls} webhook calls are discarded and never sent, tickets and mails are kept")
    if desk.config.outgoing.url.startswith("maildir:"):
        click.echo("outgoing mail still goes into a folder and reaches nobody: set [outgoing] url to your mail server, then start the desk")


def _ended(desk: OpenDesk, now: datetime, next_number: int | None) -> tuple[int, int]:
    """Ends shadow mode in one transaction; how many mails and calls are never sent."""
    from mailbridge.daemon.shadow import STATE_KEY
    from mailbridge.daemon.threads import STATE_KEY as ALIVE
    from mailbridge.doctor.desk import ALIVE_WITHIN

    with desk.store.write() as tx:
        known, alive = tx.state.get(STATE_KEY), tx.state.set_at(ALIVE)
        if known is None or known.get("ended") is not None:
            raise Permanent("this desk is not in shadow mode")
        if not desk.store.is_sqlite and alive is not None and now - alive < ALIVE_WITHIN:
            raise Permanent(f"a process of the desk was seen alive at {when(alive)}: stop all of them, and try again two minutes later")
        if next_number is not None and not tx.tickets.continue_at(next_number):
            raise Permanent(f"--next-number {next_number}: this ticket number, or a higher one, is used already")
        tx.state.set(STATE_KEY, {**known, "ended": now.isoformat()}, now)
        return tx.outbox.end_shadow(now), tx.shadow.never_call(now)


def _json(found: ShadowReport, prefix: str) -> dict[str, Any]:
    return {
        "since": found.since,
        "mails": dict(found.outcomes),
        "handlers": dict(Counter(mail.handler for mail in found.mails if mail.handler)),
        "senders": {"believed": found.believed[True], "not_believed": found.believed[False]},
        "tickets": [
            {"ticket": ticket_number(prefix, one.id), "team": one.team, "requester": one.requester, "subject": one.subject, "due": one.due}
            for one in found.tickets
        ],
        "would_send": dict(found.letters),
        "would_call": found.calls,
        "not_acknowledged": dict(found.not_acknowledged),
        "on_no_ticket": [
            {"mail": mail.id, "outcome": mail.outcome, "sender": mail.sender, "subject": mail.subject, "reason": mail.reason}
            for mail in found.dropped
        ],
        "sent_by_other_desk": found.sent_by_others,
        "with_number_of_other_desk": found.numbered,
        "differences": [
            {
                "other_desk": sorted({mail.number for mail in one.mails}),
                "tickets": sorted({ticket_number(prefix, mail.mail.ticket or 0) for mail in one.mails}),
                "mails": [_mail_json(mail, prefix) for mail in one.mails],
            }
            for one in found.differences
        ],
    }


def _mail_json(one: NumberedMail, prefix: str) -> dict[str, Any]:
    mail = one.mail
    return {
        "mail": mail.id,
        "message_id": mail.message_id,
        "subject": mail.subject,
        "number": one.number,
        "ticket": ticket_number(prefix, mail.ticket or 0),
    }


def _print(found: ShadowReport, prefix: str) -> None:
    click.echo(f"shadow mode since {when(found.since)}: nothing was sent, and no mailbox was changed")
    click.echo(f"mails      {_counted(found.outcomes)}")
    click.echo(f"senders    {found.believed[True]} believed, {found.believed[False]} not believed")
    click.echo(f"tickets    {len(found.tickets)}: {_counted(Counter(one.team for one in found.tickets))}")
    click.echo(f"mails out  {_counted(found.letters)}")
    if found.calls:
        click.echo(f"webhooks   {found.calls}")
    for reason, count in found.not_acknowledged.items():
        click.echo(safe(f"no receipt {count}: {reason}"))
    if found.sent_by_others:
        click.echo(f"other desk {found.sent_by_others} of its answers were read")
    click.echo()
    rows = [[ticket_number(prefix, one.id), one.team, one.requester, one.subject, _due(one.due)] for one in found.tickets[:MOST_LISTED]]
    print_table(["TICKET", "TEAM", "FROM", "SUBJECT", "DUE"], rows, empty="no ticket would have been opened", least=("DUE", "TEAM"))
    if found.dropped:
        click.echo()
        aside = [[mail.id, mail.outcome, mail.sender, mail.subject, mail.reason] for mail in found.dropped[:MOST_LISTED]]
        print_table(["MAIL", "BECAME", "FROM", "SUBJECT", "WHY"], aside, empty="", least=("FROM",))
    click.echo()
    for line in _lines(found, prefix):
        click.echo(safe(line))


def _lines(found: ShadowReport, prefix: str) -> Iterator[str]:
    """The comparison with the other desk, as lines."""
    if not found.numbered:
        yield "no subject has a number of another help desk"
        return
    same = f"differences: {len(found.differences)}" if found.differences else "both desks group them in the same way"
    yield f"mails with a number of another help desk: {found.numbered}, {same}"
    for one in found.differences[:MOST_LISTED]:
        yield from _difference(one, prefix)


def _difference(one: ThreadDifference, prefix: str) -> Iterator[str]:
    if one.number:
        tickets = [ticket_number(prefix, number) for number in sorted({mail.mail.ticket or 0 for mail in one.mails})]
        yield f"the other desk has one ticket {one.number}, mailbridge {len(tickets)}: {', '.join(tickets)}"
    else:
        numbers = sorted({mail.number for mail in one.mails})
        yield f"mailbridge has one ticket {ticket_number(prefix, one.ticket or 0)}, the other desk {len(numbers)}: {', '.join(numbers)}"
    for mail in one.mails:
        yield f"  mail {mail.mail.id} on {ticket_number(prefix, mail.mail.ticket or 0)}: {mail.mail.subject} <{mail.mail.message_id}>"


def _counted(numbers: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(numbers.items())) or "none"


def _due(due: Mapping[str, datetime]) -> str:
    return ", ".join(f"{promise} {when(at)}" for promise, at in sorted(due.items()))
