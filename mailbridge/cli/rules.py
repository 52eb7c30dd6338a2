"""`mailbridge rules`: what the rules decide and decided."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import click

from mailbridge.cli.options import desk_option, json_option
from mailbridge.cli.show import print_json, safe, safe_lines
from mailbridge.errors import Permanent

if TYPE_CHECKING:
    from mailbridge.config import Config
    from mailbridge.message.model import Message
    from mailbridge.rules.load import Policy
    from mailbridge.store.mails import StoredMail

MAX_MAIL = 64 << 20


@click.group()
def rules() -> None:
    """Explain, try and tidy the rules."""


@rules.command()
@desk_option
@json_option
@click.argument("what", metavar="FILE.eml|TICKET|MAIL")
@click.option("--again", is_flag=True, help="Run the rules of now on a stored mail instead of showing what was decided then.")
def explain(folder: Path, as_json: bool, what: str, again: bool) -> None:
    """Tell why a mail went where it went.

    FILE.eml (or - for standard input) is run through the rules in the desk's folder; no database is needed.  TICKET
    (MB-1042) and MAIL (the number of a stored mail) show what was decided when the mail came.
    """
    if what == "-" or Path(what).is_file():
        _explain_file(folder, what, as_json=as_json)
    else:
        _explain_stored(folder, what, as_json=as_json, again=again)


def _explain_file(folder: Path, name: str, *, as_json: bool) -> None:
    from mailbridge import config as configuration
    from mailbridge.cli.check import policy_of, reader

    raw = sys.stdin.buffer.read(MAX_MAIL) if name == "-" else Path(name).read_bytes()
    config = configuration.load(folder)
    policy = policy_of(config.folder)
    message = reader(config)(raw)
    judged = judge(policy, message, config)
    if as_json:
        print_json({"mail": about(message), **judged})
        return
    click.echo(f'{"" if name == "-" else safe(Path(name).name) + "  "}"{safe(message.subject)}"  from {_sender(message)}')
    click.echo(f"kind     {message.kind}: {safe(', '.join(message.kind_reasons)) or 'nothing says otherwise'}")
    click.echo(told(judged))


def judge(policy: Policy, message: Message, config: Config) -> dict[str, Any]:
    """The verdict on a mail that would come in now and open a ticket, as JSON, with the time it took."""
    from mailbridge.clock import SystemClock
    from mailbridge.rules.explain import trace_to_json, verdict_to_json
    from mailbridge.rules.facts import facts_of
    from mailbridge.rules.match import run

    agent = policy.organisation.agent_of(message.sender.address) if message.sender.verified else None
    facts = facts_of(
        message,
        now=SystemClock().now(),
        organisation=policy.organisation,
        agent=agent.name if agent else "",
        own_addresses=config.desk.addresses,
    )
    start = perf_counter()
    verdict = run(policy.rules, facts)
    took = (perf_counter() - start) * 1000
    return {"verdict": verdict_to_json(verdict), "rules": trace_to_json(verdict.trace), "ms": round(took, 3)}


def told(explanation: Mapping[str, Any]) -> str:
    """The trace of the rules for a terminal."""
    from mailbridge.rules.explain import text, trace_from_json

    return safe_lines(text(trace_from_json(explanation["rules"]), explanation.get("ms")))


def about(message: Message) -> dict[str, Any]:
    sender = message.sender
    return {
        "subject": message.subject,
        "from": sender.address,
        "verified": sender.verified,
        "reasons": sender.reasons,
        "kind": message.kind,
        "language": message.language,
    }


def _sender(message: Message) -> str:
    sender = message.sender
    known = "verified" if sender.verified else "not verified"
    claimed = sender.address or (message.from_[0].address if message.from_ else "-")
    return f"{safe(claimed)} ({known}: {safe('; '.join(sender.reasons)) or '-'})"


def _explain_stored(folder: Path, what: str, *, as_json: bool, again: bool) -> None:
    from mailbridge.cli.options import open_desk
    from mailbridge.ids import parse_number

    with open_desk(folder) as desk:
        number = parse_number(desk.config.desk.prefix, what)
        with desk.store.read() as tx:
            if number is not None:
                mails = [mail for mail in tx.mails.of_ticket(number) if mail.direction == "in"]
            elif what.isascii() and what.isdigit():
                mails = [mail for mail in [tx.mails.get(int(what))] if mail is not None]
            else:
                raise click.UsageError(f'"{what}" is no file, no ticket ({desk.config.desk.prefix}-1042) and no number of a mail')
            explained = [(mail, dict(tx.mails.explanation(mail.id) or {})) for mail in mails]
            raw = {mail.id: tx.blobs.get(mail.sha256) for mail in mails} if again else {}
        config = desk.config
    if not explained:
        raise Permanent(f"there is no mail of {what}")
    if again:
        explained = [(mail, {**said, **_judged_again(folder, config, raw[mail.id])}) for mail, said in explained]
    if as_json:
        print_json([{"mail": mail.id, "ticket": mail.ticket, "subject": mail.subject, **said} for mail, said in explained])
        return
    click.echo("\n\n".join("\n".join(_story(mail, said, config)) for mail, said in explained))


def _judged_again(folder: Path, config: Config, raw: bytes) -> dict[str, Any]:
    from mailbridge.cli.check import policy_of, reader

    return judge(policy_of(folder), reader(config)(raw), config)


def _story(mail: StoredMail, said: Mapping[str, Any], config: Config) -> Iterable[str]:
    from mailbridge.ids import ticket_number

    name = ticket_number(config.desk.prefix, mail.ticket) if mail.ticket else f"mail {mail.id}"
    sender, placed = said.get("sender", {}), said.get("placed", {})
    known = "verified" if mail.verified else "not verified"
    yield f'{name}  "{safe(mail.subject)}"  from {safe(mail.sender)} ({known}: {safe("; ".join(sender.get("why", ())) or "-")})'
    if placed:
        where = ticket_number(config.desk.prefix, placed["ticket"]) if placed.get("ticket") else "new ticket"
        detail = f" ({safe(placed['detail'])})" if placed.get("detail") else ""
        yield f"placed   {where}: {safe(placed['reason'])}{detail}"
        yield from (f"         not by {safe(refused)}" for refused in placed.get("refused", ()))
    yield told(said) if "rules" in said else "rules    not asked: they decide about mail that opens a ticket"
    if "told" in said:
        yield f"told     {safe(', '.join(said['told'])) or 'nobody'}" + "".join(
            f"; not told: {safe(why)}" for why in said.get("not_told", ())
        )
