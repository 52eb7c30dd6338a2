"""`mailbridge agents`: how the mails of agents are authenticated, and pairing where neither DKIM nor the mail server does it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mailbridge.cli.groups import Noun
from mailbridge.cli.options import desk_option, json_option, open_desk
from mailbridge.cli.show import print_json, print_table, safe, when
from mailbridge.errors import Permanent
from mailbridge.ids import system_chance

if TYPE_CHECKING:
    from mailbridge.organisation.model import Agent, Organisation
    from mailbridge.store.pairings import Pairing


@click.group(cls=Noun)
def agents() -> None:
    """How agents' mails are proven."""


@agents.command()
@desk_option
@click.option("--address", metavar="ADDRESS", help="Which of the agent's addresses, for one AGENT.  [default: the first in teams.yaml]")
@click.argument("names", metavar="AGENT...", nargs=-1, required=True)
def pair(folder: Path, address: str | None, names: tuple[str, ...]) -> None:
    """Send each AGENT a mail. The answer shows which route AGENT's mails take.

    For agents whose mails carry no DKIM signature that the desk could check itself.  The answer shows which line of the header the
    mailbox's own server writes; the line counts for this agent and this mailbox from then on, until `agents unpair`.
    If one of the agents cannot be asked, no mail is sent.
    """
    from mailbridge.handling.pairing import ANSWER_WITHIN, request

    if address is not None and len(names) > 1:
        raise Permanent("--address works with one agent only: remove it, or name one agent")
    with open_desk(folder) as desk:
        organisation = _organisation(folder)
        agents = [_agent(name, organisation) for name in dict.fromkeys(names)]
        asked = [(agent, _address(agent, address)) for agent in agents]
        if not desk.config.mailboxes:
            raise Permanent(
                "pairing is for mail that comes by IMAP, and mailbridge.toml has no [[mailbox]]. At a [[listener]] name your mail server "
                "in trusted_peers and its profile, for `mailbridge ingest` set [pipe] trusted = true"
            )
        with desk.store.write() as tx:
            for agent, to in asked:
                request(tx, agent, to, desk_address=desk.config.desk.address, now=datetime.now(UTC), chance=system_chance)
    days = ANSWER_WITHIN.days
    for agent, to in asked:
        click.echo(f"A mail goes to {safe(to)}. {safe(agent.name)} has to answer it within {days} days, without changing the subject.")


@agents.command()
@desk_option
@click.argument("name", metavar="AGENT")
def unpair(folder: Path, name: str) -> None:
    """End the pairings of AGENT: they no longer prove any mail.  AGENT need not be in teams.yaml."""
    with open_desk(folder) as desk, desk.store.write() as tx:
        ended = tx.pairings.end(name, datetime.now(UTC))
    click.echo(f"{ended} pairing{'' if ended == 1 else 's'} of {safe(name)} ended" if ended else f"{safe(name)} has no pairing")


@agents.command("list")
@desk_option
@json_option
def list_(folder: Path, as_json: bool) -> None:
    """List agents, their addresses and their pairings."""
    organisation = _organisation(folder)
    with open_desk(folder) as desk, desk.store.read() as tx:
        pairings = tx.pairings.all()
    rows = [row for agent in organisation.agents.values() for row in _rows(agent, pairings)]
    if as_json:
        print_json(rows)
        return
    print_table(("AGENT", "ADDRESS", "SOURCE", "SINCE", "PAIRING"), [tuple(row.values()) for row in rows], empty="there are no agents")


def _rows(agent: Agent, pairings: list[Pairing]) -> list[dict[str, str]]:
    mine = [one for one in pairings if one.agent == agent.name]
    rows = []
    for address in (agent.address, *agent.addresses):
        found = [one for one in mine if one.address == address.lower()]
        about = {"agent": agent.name, "address": address}
        rows += [
            {**about, "source": one.source, "since": when(one.answered_at or one.requested_at), "pairing": _state(one)} for one in found
        ]
        rows += [] if found else [{**about, "source": "", "since": "", "pairing": "none"}]
    return rows


def _state(pairing: Pairing) -> str:
    if pairing.believes:
        return f"paired, {pairing.result}"
    if pairing.answered_at:
        return f"not needed, {pairing.result}"
    if pairing.result:
        return f"not proven, {pairing.result}"
    return "no answer in time" if pairing.expires_at <= datetime.now(UTC) else f"waiting for an answer until {when(pairing.expires_at)}"


def _organisation(folder: Path) -> Organisation:
    from mailbridge.cli.policy import policy_of

    return policy_of(folder).organisation


def _agent(name: str, organisation: Organisation) -> Agent:
    from mailbridge.config.suggest import nearest

    if name in organisation.agents:
        return organisation.agents[name]
    close = nearest(name, organisation.agents)
    raise Permanent(f'there is no agent "{name}" in rules/teams.yaml' + (f'; did you mean "{close}"?' if close else ""))


def _address(agent: Agent, wanted: str | None) -> str:
    known = {one.lower(): one for one in (agent.address, *agent.addresses)}
    if wanted is None:
        return agent.address
    if wanted.lower() not in known:
        raise Permanent(f"{wanted} is not an address of {agent.name}; known: {', '.join(known.values())}")
    return known[wanted.lower()]
