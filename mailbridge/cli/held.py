"""`mailbridge held`: mails in the name of an agent that wait until the agent or an operator confirms them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import click

from mailbridge.cli.groups import Noun
from mailbridge.cli.options import desk_option, open_desk
from mailbridge.cli.queue_screen import Screen, add_list, add_show
from mailbridge.cli.show import safe, when
from mailbridge.errors import Permanent
from mailbridge.ids import ticket_number
from mailbridge.store.held import HeldAnswer, HeldMail, What

if TYPE_CHECKING:
    from mailbridge.config.model import Config
    from mailbridge.store.tx import Tx


MOST = 100_000  # held mails that are searched for those since a time


@click.group(cls=Noun)
def held() -> None:
    """Review mails in agents' names that wait for confirmation."""


@held.command()
@desk_option
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.argument("ids", metavar="ID...", type=int, nargs=-1, required=True)
def release(folder: Path, yes: bool, ids: tuple[int, ...]) -> None:
    """Confirm, in place of the agents, that mails are theirs.  They are processed as the agents' own, with all their commands."""
    _decide(folder, ids, HeldAnswer.RELEASED, yes=yes)


@held.command()
@desk_option
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.argument("ids", metavar="ID...", type=int, nargs=-1, required=True)
def drop(folder: Path, yes: bool, ids: tuple[int, ...]) -> None:
    """Drop held mails: they are not processed, but stay stored."""
    _decide(folder, ids, HeldAnswer.REFUSED, yes=yes)


def _decide(folder: Path, ids: tuple[int, ...], became: HeldAnswer, *, yes: bool) -> None:
    from mailbridge.handling.agents.held import decide_held

    done = "is released" if became is HeldAnswer.RELEASED else "is dropped"
    with open_desk(folder) as desk:
        mails = [_waiting(SCREEN.existing(desk, id_)) for id_ in ids]
        if not yes:
            for mail in mails:
                click.echo(f"mail {mail.inbox} in the name of {safe(mail.agent)}: {safe(mail.subject)}")
            click.confirm("release? they are processed as written by the agents" if became is HeldAnswer.RELEASED else "drop?", abort=True)
        for mail in mails:
            with desk.store.write() as tx:
                counts = decide_held(tx, mail, became, "dropped on the command line")
            click.echo(f"mail {mail.inbox} {done}" if counts else f"mail {mail.inbox} has just been decided by its agent")


_WHY = {
    "unproven": "the agent is not authenticated",
    "no-token": "it only names the ticket",
    "others-token": "it answers a mail to somebody else",
    "lines": "its commands need confirmation",
}
_WHY_IN_JSON = {"unproven": "the agent is not proven", "lines": "its commands need a yes"}  # as earlier versions print them


def _waiting(mail: HeldMail) -> HeldMail:
    """Returns the mail.  Raises Permanent where it was decided already."""
    if mail.state is not HeldAnswer.WAITING:
        raise Permanent(f"mail {mail.inbox} is no longer held, it is {mail.state}")
    return mail


def _as_json(mail: HeldMail, config: Config) -> dict[str, object]:
    return {
        "id": mail.inbox,
        "agent": mail.agent,
        "held": _what(mail),
        "reason": _why(mail, _WHY | _WHY_IN_JSON),
        "subject": mail.subject,
        "commands": mail.lines.splitlines() if mail.what is What.LINES else [],
        "ticket": _number(mail, config) or None,
        "came_at": mail.came_at,
        "state": mail.state,
    }


def _what(mail: HeldMail) -> str:
    return "commands" if mail.what is What.LINES else "mail"


def _why(mail: HeldMail, words: Mapping[str, str] = MappingProxyType(_WHY)) -> str:
    """The reason why the mail is held, then the results of the sender check."""
    return f"{words.get(mail.why, mail.why)}{': ' if mail.reasons else ''}{', '.join(mail.reasons)}"


def _number(mail: HeldMail, config: Config) -> str:
    return ticket_number(config.desk.prefix, mail.ticket) if mail.ticket else ""


def _fetch(tx: Tx, _state: str | None, limit: int, since: datetime | None) -> Sequence[HeldMail]:
    if since is None:
        return tx.held.waiting(limit)
    return [mail for mail in tx.held.waiting(MOST) if mail.came_at >= since][:limit]


def _content(tx: Tx, mail: HeldMail) -> bytes:
    row = tx.inbox.get(mail.inbox)
    return tx.blobs.get(row.sha256) if row else b""


def _heading(mail: HeldMail) -> list[str]:
    lines = mail.lines.splitlines() if mail.what is What.LINES else []
    return [f"mail {mail.inbox} in the name of {mail.agent}, {mail.state}: {_why(mail)}", *(f"  {line}" for line in lines)]


SCREEN: Screen[HeldMail] = Screen(
    noun="held mail",
    group="held",
    empty="no mail is held",
    none_text="no mail {id} is held; mailbridge held list shows all",
    columns={
        "ID": lambda mail, _config: mail.inbox,
        "TICKET": lambda mail, config: _number(mail, config) or "-",
        "AGENT": lambda mail, _config: mail.agent,
        "HELD": lambda mail, _config: _what(mail),
        "SUBJECT": lambda mail, _config: mail.subject,
        "CREATED": lambda mail, _config: when(mail.came_at),
        "REASON": lambda mail, _config: _why(mail),
    },
    least=("HELD", "CREATED", "TICKET"),
    as_json=_as_json,
    fetch=_fetch,
    get=lambda tx, id_: tx.held.get(id_),
    content=_content,
    heading=_heading,
)
add_list(held, SCREEN, "List held mails by agent, with the reason.", limit=100)
add_show(held, SCREEN, "Show held mail ID: why it is held, and its text with control characters made visible.")
