"""`mailbridge held`: mails in agents' names that wait until the agent, or somebody here, says that they are the agent's."""

from __future__ import annotations

from pathlib import Path

import click

from mailbridge.cli.options import OpenDesk, desk_option, json_option, limit_option, open_desk
from mailbridge.cli.show import print_json, print_table, safe, safe_lines, when
from mailbridge.errors import Permanent
from mailbridge.ids import ticket_number
from mailbridge.store.held import HeldAnswer, HeldMail, What


@click.group()
def held() -> None:
    """Mails in agents' names that wait for a yes."""


@held.command("list")
@desk_option
@json_option
@limit_option(100)
def list_(folder: Path, as_json: bool, limit: int) -> None:
    """List mails that wait, by agent, with the reason."""
    with open_desk(folder) as desk, desk.store.read() as tx:
        mails = tx.held.waiting(limit)
    if as_json:
        print_json([_as_json(mail, desk) for mail in mails])
        return
    print_table(
        ["ID", "AGENT", "CAME", "HELD", "TICKET", "SUBJECT", "REASON"],
        [
            [mail.inbox, mail.agent, when(mail.came_at), _what(mail), _number(mail, desk) or "-", mail.subject, _why(mail)]
            for mail in mails
        ],
        empty="no mail is held",
        least=("HELD", "CAME", "TICKET"),
    )


@held.command()
@desk_option
@json_option
@click.argument("id_", metavar="ID", type=int)
def show(folder: Path, as_json: bool, id_: int) -> None:
    """Show held mail ID: why it waits, and its text with control characters made visible."""
    with open_desk(folder) as desk:
        mail = _existing(desk, id_)
        with desk.store.read() as tx:
            row = tx.inbox.get(id_)
            content = tx.blobs.get(row.sha256).decode("utf-8", "backslashreplace") if row else ""
    if as_json:
        print_json({**_as_json(mail, desk), "raw": content})
        return
    click.echo(f"mail {mail.inbox} in the name of {safe(mail.agent)}, {mail.state}: {safe(_why(mail))}")
    for line in mail.lines.splitlines() if mail.what is What.LINES else ():
        click.echo(f"  {safe(line)}")
    click.echo(f"\n{safe_lines(content)}")


@held.command()
@desk_option
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.argument("ids", metavar="ID...", type=int, nargs=-1, required=True)
def release(folder: Path, yes: bool, ids: tuple[int, ...]) -> None:
    """Say in the agents' place that mails are theirs: they are worked as the agents' own, with all their commands."""
    _decide(folder, ids, HeldAnswer.RELEASED, yes=yes)


@held.command()
@desk_option
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.argument("ids", metavar="ID...", type=int, nargs=-1, required=True)
def drop(folder: Path, yes: bool, ids: tuple[int, ...]) -> None:
    """Decide that nothing becomes of held mails.  They stay stored."""
    _decide(folder, ids, HeldAnswer.REFUSED, yes=yes)


def _decide(folder: Path, ids: tuple[int, ...], became: HeldAnswer, *, yes: bool) -> None:
    from mailbridge.handling.agents.held import decide_held

    done = "is released" if became is HeldAnswer.RELEASED else "is dropped"
    with open_desk(folder) as desk:
        mails = [_existing(desk, id_, HeldAnswer.WAITING) for id_ in ids]
        if not yes:
            for mail in mails:
                click.echo(f"mail {mail.inbox} in the name of {safe(mail.agent)}: {safe(mail.subject)}")
            click.confirm("release? they are worked as written by the agents" if became is HeldAnswer.RELEASED else "drop?", abort=True)
        for mail in mails:
            with desk.store.write() as tx:
                counts = decide_held(tx, mail, became, "dropped at the desk's machine")
            click.echo(f"mail {mail.inbox} {done}" if counts else f"mail {mail.inbox} was decided by its agent just now")


def _existing(desk: OpenDesk, id_: int, *states: HeldAnswer) -> HeldMail:
    """The held mail with this id, in one of `states` (any, where none is given); raises Permanent otherwise."""
    with desk.store.read() as tx:
        mail = tx.held.get(id_)
    if mail is None:
        raise Permanent(f"no mail {id_} is held; mailbridge held list shows those that are")
    if states and mail.state not in states:
        raise Permanent(f"mail {id_} does not wait any more, it is {mail.state}")
    return mail


def _as_json(mail: HeldMail, desk: OpenDesk) -> dict[str, object]:
    return {
        "id": mail.inbox,
        "agent": mail.agent,
        "held": _what(mail),
        "reason": _why(mail),
        "subject": mail.subject,
        "commands": mail.lines.splitlines() if mail.what is What.LINES else [],
        "ticket": _number(mail, desk) or None,
        "came_at": mail.came_at,
        "state": mail.state,
    }


def _what(mail: HeldMail) -> str:
    return "commands" if mail.what is What.LINES else "mail"


def _why(mail: HeldMail) -> str:
    """The stored key, then what the source said of the sender."""
    key, *reasons = mail.why.split("\t")
    return f"{_WHY.get(key, key)}{': ' if reasons else ''}{', '.join(reasons)}"


_WHY = {
    "unproven": "the agent is not proven",
    "no-token": "it only names the ticket",
    "others-token": "it answers a mail to somebody else",
    "lines": "its commands need a yes",
}


def _number(mail: HeldMail, desk: OpenDesk) -> str:
    return ticket_number(desk.config.desk.prefix, mail.ticket) if mail.ticket else ""
