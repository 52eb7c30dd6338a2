"""`mailbridge rules`: tests rules, and explains the verdicts on past mails."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import click

from mailbridge.cli.groups import Noun
from mailbridge.cli.options import desk_option, json_option, limit_option, moment_since
from mailbridge.cli.show import print_json, safe, safe_lines, when
from mailbridge.clock import SystemClock
from mailbridge.errors import ConfigError, Permanent

if TYPE_CHECKING:
    from mailbridge.cli.notify_lines import NotifyLine
    from mailbridge.cli.options import OpenDesk
    from mailbridge.config.model import Config
    from mailbridge.message.envelope import Envelope
    from mailbridge.message.model import Message
    from mailbridge.notifications.summary import Viewer
    from mailbridge.rules.policy import Policy
    from mailbridge.rules.tools.backtest import BacktestReport
    from mailbridge.store.inbox import InboxRow
    from mailbridge.store.mails import StoredMail
    from mailbridge.tickets.events import Event

MAX_MAIL = 64 << 20
MOST_SHOWN, SLICE = 10, 500  # number of tickets that a line names, and that are loaded at a time


@click.group(cls=Noun)
def rules() -> None:
    """Explain, test and format the rules."""


@rules.command()
@desk_option
@json_option
@click.argument("what", metavar="FILE.eml|TICKET|MAIL")
@click.option("--again", is_flag=True, help="Run the current rules on a stored mail, instead of showing the decision of that time.")
def explain(folder: Path, as_json: bool, what: str, again: bool) -> None:
    """Explain why a mail went to its ticket and team.

    FILE.eml (or - for standard input) is run through the rules in the desk's folder; no database is needed.  TICKET
    (MB-1042) and MAIL (the number of a stored mail) show the decision made when the mail arrived.
    """
    if what == "-" or Path(what).is_file():
        _explain_file(folder, what, as_json=as_json)
    else:
        _explain_stored(folder, what, as_json=as_json, again=again)


def _explain_file(folder: Path, name: str, *, as_json: bool) -> None:
    from mailbridge.cli.check import reader
    from mailbridge.cli.policy import policy_of
    from mailbridge.config import load as configuration

    raw = sys.stdin.buffer.read(MAX_MAIL) if name == "-" else Path(name).read_bytes()
    config = configuration.load(folder)
    policy = policy_of(config.folder)
    message = reader(config)(raw)
    judged = evaluate(policy, message, config, raw=raw)
    if as_json:
        print_json({"mail": about(message), **judged})
        return
    click.echo(f'{"" if name == "-" else safe(Path(name).name) + "  "}"{safe(message.subject)}"  from {_sender(message)}')
    click.echo(f"kind     {message.kind}: {safe(', '.join(message.kind_reasons)) or 'no sign of anything else'}")
    click.echo(explained_text(judged))


def evaluate(
    policy: Policy,
    message: Message,
    config: Config,
    scan: Mapping[str, Any] | None = None,
    *,
    raw: bytes = b"",
    envelope: Envelope | None = None,
    channel: str = "mail",
) -> dict[str, Any]:
    """The verdict on the mail as if it came now and opened a ticket, as JSON.  `ms`: milliseconds that the rules took.

    `scan`: the stored results of virus and spam scanners.
    """
    from mailbridge.clock import SystemClock
    from mailbridge.rules.explain import trace_to_json, verdict_to_json
    from mailbridge.rules.facts import facts_of, with_scan
    from mailbridge.rules.match import run

    agent = policy.organisation.agent_of(message.sender.address) if message.sender.verified else None
    facts = facts_of(
        message,
        envelope,
        channel=channel,
        now=SystemClock().now(),
        organisation=policy.organisation,
        agent=agent.name if agent else "",
        own_addresses=config.desk.addresses,
        raw=raw,
    )
    facts = with_scan(facts, scan)
    start = perf_counter()
    verdict = run(policy.rules, facts)
    took = (perf_counter() - start) * 1000
    return {"verdict": verdict_to_json(verdict), "rules": trace_to_json(verdict.trace), "ms": round(took, 3)}


def explained_text(explanation: Mapping[str, Any], *, reply: bool = False) -> str:
    """The trace of the rules as text.  `reply`: of a mail to an existing ticket."""
    from mailbridge.rules.explain import text, trace_from_json

    return safe_lines(text(trace_from_json(explanation["rules"]), explanation.get("ms"), reply=reply))


def about(message: Message) -> dict[str, Any]:
    sender = message.sender
    return {
        "subject": message.subject,
        "from": sender.answer_to or sender.address,
        "verified": sender.verified,
        "reasons": sender.reasons,
        "kind": message.kind,
        "language": message.language,
    }


def _sender(message: Message) -> str:
    sender = message.sender
    known = "verified" if sender.verified else "not verified"
    claimed = sender.answer_to or sender.address or (message.from_[0].address if message.from_ else "-")
    return f"{safe(claimed)} ({known}: {safe('; '.join(sender.reasons)) or '-'})"


def _explain_stored(folder: Path, what: str, *, as_json: bool, again: bool) -> None:
    from mailbridge.cli.notify_lines import acts_of, of_mail
    from mailbridge.cli.options import open_desk
    from mailbridge.ids import parse_number
    from mailbridge.notifications.summary import Viewer

    with open_desk(folder) as desk:
        number = parse_number(desk.config.desk.prefix, what)
        with desk.store.read() as tx:
            if number is not None:
                mails = [mail for mail in tx.mails.of_ticket(number) if mail.direction == "in"]
            elif what.isascii() and what.isdigit():
                mails = [mail for mail in [tx.mails.get(int(what))] if mail is not None]
            else:
                raise click.UsageError(f'"{what}" is not a file, a ticket ({desk.config.desk.prefix}-1042) or the number of a mail')
            explained = [(mail, dict(tx.mails.explanation(mail.id) or {})) for mail in mails]
            raw = {mail.id: tx.blobs.get(mail.sha256) for mail in mails} if again else {}
            rows = {mail.id: tx.inbox.get(mail.inbox) if again and mail.inbox else None for mail in mails}
            events = [event for ticket in _tickets(number, mails) for event in tx.events.of_ticket(ticket)]
            acted = _acted(events) if number is not None else []
            acts = [act for ticket in _tickets(number, mails) for act in acts_of(tx, ticket)]
        config = desk.config
    if not explained and not acted:
        raise Permanent(f"there is no mail of {what}")
    if again:
        came = _channels(events)
        new = [
            _evaluated_again(folder, config, raw[mail.id], mail, said, rows[mail.id], came.get(mail.ticket, "mail"))
            for mail, said in explained
        ]
        explained = [(mail, {**said, **found}) for (mail, said), found in zip(explained, new, strict=True)]
    explained = [(mail, {**said, **_told(of_mail(acts, mail.id))}) for mail, said in explained]
    if as_json:
        mails_said = [{"mail": mail.id, "ticket": mail.ticket, "subject": mail.subject, **said} for mail, said in explained]
        print_json([*mails_said, *({"ticket": number, **one} for one in acted)])
        return
    changes = _changes(events, Viewer(prefix=config.desk.prefix, ticket=number))
    stories = ["\n".join(_story(mail, said, config, changes.get(mail.id, ()))) for mail, said in explained]
    by_time = [f'by time  {when(one["at"])}  rule "{safe(str(one["rule"]))}": {safe(str(one["why"]))}' for one in acted]
    click.echo("\n\n".join([*stories, *(["\n".join(by_time)] if by_time else [])]))


def _told(lines: Iterable[NotifyLine]) -> dict[str, list[str]]:
    """Who was told of what because of a mail, and who was not and why."""
    from mailbridge.rules.flow import word

    found = list(lines)
    return {
        "told": [f"{line.recipient} ({word(line.event)})" for line in found if line.told],
        "not_told": [f"{line.recipient} ({word(line.event)}: {line.how})" for line in found if not line.told],
    }


def _tickets(number: int | None, mails: Iterable[StoredMail]) -> list[int]:
    """The ticket that was asked for, else those of the mails."""
    return [number] if number is not None else sorted({mail.ticket for mail in mails if mail.ticket is not None})


def _acted(events: Iterable[Event]) -> list[dict[str, Any]]:
    """The alerts that rules by time raised on the ticket, with their reasons."""
    from mailbridge.tickets.deadlines import RULE
    from mailbridge.tickets.event_types.escalation import AlertRaised

    alerts = [(event.at, event.what) for event in events if isinstance(event.what, AlertRaised)]
    return [{"at": at, "rule": what.alert, "why": what.why} for at, what in alerts if what.promise == RULE]


def _scanned(scan: Mapping[str, Any]) -> str:
    """The results of the scanners as text: 'no virus; spam score 3.4 of 15; not scanned for ...'."""
    words = [] if scan["virus"] is None else [f"virus {scan['virus']}" if scan["virus"] else "no virus"]
    if scan["spam"]:
        words.append(f"spam score {scan['spam']['score']:g} of {scan['spam']['required']:g}")
    return "; ".join([*words, *(f"not scanned for {silence}" for silence in scan["not_scanned"])])


def _channels(events: Iterable[Event]) -> dict[int | None, str]:
    """Ticket -> how its customer reached the desk."""
    from mailbridge.tickets.event_types.mails import TicketOpened

    return {event.ticket: event.what.channel for event in events if isinstance(event.what, TicketOpened)}


def _evaluated_again(
    folder: Path, config: Config, raw: bytes, mail: StoredMail, said: Mapping[str, Any], row: InboxRow | None, channel: str
) -> dict[str, Any]:
    """Evaluates the mail with the current rules.  Authenticity and scanner results are those stored at receipt."""
    from mailbridge.cli.check import reader
    from mailbridge.cli.policy import policy_of

    message = reader(config)(raw)
    message = replace(message, sender=replace(message.sender, verified=mail.verified))
    envelope = row.envelope if row else None
    return evaluate(policy_of(folder), message, config, said.get("scan"), raw=raw, envelope=envelope, channel=channel)


def _changes(events: Sequence[Event], viewer: Viewer) -> dict[int, list[str]]:
    """Mail -> a line for each change that it caused, with what caused it: a command of an agent, a rule, a contract."""
    from mailbridge.cli.history import by, worded
    from mailbridge.tickets.event_types.mails import MessageAdded

    lines: dict[int, list[str]] = {}
    for event in events:
        if event.mail is not None and not isinstance(event.what, MessageAdded):
            lines.setdefault(event.mail, []).append(f"changed  {safe(worded(event, viewer))}  {by(event)}")
    return lines


def _story(mail: StoredMail, said: Mapping[str, Any], config: Config, changes: Iterable[str]) -> Iterable[str]:
    """The lines about one mail: where it was placed, which handler took it, what the rules chose, what changed on the ticket."""
    from mailbridge.handling.table import WHY
    from mailbridge.ids import ticket_number
    from mailbridge.message.encryption import encryption_note

    name = ticket_number(config.desk.prefix, mail.ticket) if mail.ticket else f"mail {mail.id}"
    sender, placed = said.get("sender", {}), said.get("placed", {})
    known = "verified" if mail.verified else "not verified"
    yield f'{name}  "{safe(mail.subject)}"  from {safe(mail.sender)} ({known}: {safe("; ".join(sender.get("why", ())) or "-")})'
    if note := encryption_note(said):
        yield f"came     {safe(note)}"
    if "scan" in said:
        yield f"scanned  {safe(_scanned(said['scan']))}"
    if placed:
        where = ticket_number(config.desk.prefix, placed["ticket"]) if placed.get("ticket") else "new ticket"
        detail = f" ({safe(placed['detail'])})" if placed.get("detail") else ""
        yield f"placed   {where}: {safe(placed['reason'])}{detail}"
        yield from (f"         not by {safe(refused)}" for refused in placed.get("refused", ()))
    if "handler" in said:
        yield f"handled  {safe(said['handler'])}: {WHY.get(said['handler'], 'a handler of another version')}"
    again = "ms" in said  # stored explanations hold no time
    if "rules" in said:
        yield explained_text(said, reply=bool(placed.get("ticket")) and not again)
    else:
        yield "rules    not asked: they apply to new requests and to messages of customers"
    if again and placed.get("ticket"):
        yield "         this is what the rules would do with the mail if it opened a ticket"
    yield from changes
    if "told" in said:
        yield f"told     {safe(', '.join(said['told'])) or 'nobody'}"
    if said.get("not_told"):
        yield f"not told {safe(', '.join(said['not_told']))}"


@rules.command()
@desk_option
@click.option("--check", "only_check", is_flag=True, help="Change nothing; exit code 1 if a file is not formatted.")
def fmt(folder: Path, only_check: bool) -> int:
    """Format the rule files.  Content and comments stay as they are."""
    from mailbridge.cli import exits
    from mailbridge.rules import folder as rules_folder
    from mailbridge.rules.tools.format import tidied

    root = folder.parent if folder.is_file() else folder
    files, unread = rules_folder.read(root)
    if unread:
        raise ConfigError(unread, str(root))
    untidy = {path: made for path, text in files.items() if path.endswith((".yaml", ".yml")) and (made := tidied(path, text)) != text}
    for path, made in sorted(untidy.items()):
        if not only_check:
            rules_folder.write(root / path, made)
        click.echo(f"{'not formatted' if only_check else 'formatted'}: {safe(path)}")
    return exits.MISTAKES if only_check and untidy else exits.OK


@rules.command()
@click.argument("name", required=False, metavar="[FILE]")
@click.option("--write", "target", type=click.Path(file_okay=False, path_type=Path), metavar="DIR", help="Write all schemas into DIR.")
def schema(name: str | None, target: Path | None) -> None:
    """Print the JSON Schema of one kind of file: routing (the default), teams, sla, statuses, types, customers,
    approvals, work, playbooks, notifications, mailbridge (mailbridge.toml)."""
    from mailbridge.rules import folder as rules_folder
    from mailbridge.rules import jsonschema

    if target is not None:
        for each in jsonschema.names():
            rules_folder.write(target / f"{each}.json", jsonschema.text(each))
        return
    if name is not None and name not in jsonschema.names():
        raise click.UsageError(f'there is no schema "{name}"; known: {", ".join(jsonschema.names())}')
    click.echo(jsonschema.text(name or "routing"), nl=False)


@rules.command()
@desk_option
@json_option
@click.option("--since", default="30d", show_default=True, metavar="AGE|DATE", help="How far back: 30d, 12h, or 2026-03-01.")
@click.option("--rules", "candidate", type=click.Path(exists=True, file_okay=False, path_type=Path), metavar="DIR",
              help="The rules to test.  [default: the desk's folder, against the rules in force]")  # fmt: skip
@click.option(
    "--html", "page", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Also write an HTML page with a chart."
)
@click.option("--fail-over", metavar="SHARE", help="Exit code 1 if more than this share of the mails would go elsewhere: 2%.")
def backtest(folder: Path, as_json: bool, since: str, candidate: Path | None, page: Path | None, fail_over: str | None) -> int:
    """Run changed rules on stored mail and show what would go elsewhere."""
    from mailbridge.cli import exits
    from mailbridge.cli.options import open_desk
    from mailbridge.cli.policy import policy_of
    from mailbridge.rules import folder as rules_folder
    from mailbridge.rules.tools.backtest import text, to_json
    from mailbridge.rules.tools.backtest_html import page as page_of

    limit = _share(fail_over) if fail_over else None
    start = moment_since(since)
    with open_desk(folder) as desk:
        new = policy_of(desk.config.folder, candidate)
        old = policy_of(desk.config.folder) if candidate else _in_force(desk, new)
        began = perf_counter()
        report = _replayed(desk, old, new, start, quiet=as_json)
        seconds = perf_counter() - began
        by_time = _by_time(desk, new)
    if page is not None:
        rules_folder.write(page, page_of(report, old.version, new.version))
    if as_json:
        print_json({"before": old.version, "after": new.version, "seconds": round(seconds, 3), **to_json(report), "by_time": by_time})
    else:
        click.echo(safe_lines(text(report, seconds)))
        for name, tickets in by_time.items():
            shown = ", ".join(tickets[:MOST_SHOWN]) + (", …" if len(tickets) > MOST_SHOWN else "")
            click.echo(safe(f'rule by time "{name}": now matches {len(tickets)} open tickets{f": {shown}" if shown else ""}'))
    return exits.MISTAKES if limit is not None and report.share > limit else exits.OK


def _by_time(desk: OpenDesk, policy: Policy) -> dict[str, list[str]]:
    """Rule by time -> numbers of the open tickets on which its condition holds now.  No action is executed."""
    from mailbridge.execution.timed_rules import look
    from mailbridge.ids import ticket_number

    found: dict[str, list[str]] = {one.rules[0].rule.name: [] for one in policy.timed}
    after, now = 0, SystemClock().now()
    with desk.store.read() as tx:
        while found and (ids := tx.tickets.open_after(after, SLICE)):
            after = ids[-1]
            for one in look(tx, policy, policy.timed, tx.tickets.get_many(ids), now):
                if one.verdict is not None:
                    found[one.rule.name].append(ticket_number(desk.config.desk.prefix, one.ticket.id))
    return found


def _replayed(desk: OpenDesk, old: Policy, new: Policy, since: datetime, *, quiet: bool) -> BacktestReport:
    from mailbridge.cli.replay import cases
    from mailbridge.rules.tools.backtest import Side
    from mailbridge.rules.tools.backtest import backtest as compare

    before, after = (Side(rules=policy.rules, organisation=policy.organisation) for policy in (old, new))
    with desk.store.read() as tx:
        total = tx.history.count(since)
        hidden = quiet or not sys.stderr.isatty()
        with click.progressbar(length=total, label="mails", file=sys.stderr, hidden=hidden) as bar:
            return compare(before, after, cases(tx, since, desk.config), tick=lambda done: bar.update(done - bar.pos))


def _in_force(desk: OpenDesk, new: Policy) -> Policy:
    """The newest stored rules that are not the same as `new`.  Raises Permanent where the desk never ran with other rules."""
    from mailbridge.jobs.reload import STATE_KEY
    from mailbridge.rules.load import load

    with desk.store.read() as tx:
        in_force = (tx.state.get(STATE_KEY) or {}).get("version", "")
        versions = dict.fromkeys([in_force, *(each.version for each in tx.policies.history(20))])
        texts = [tx.policies.get(version) for version in versions if version not in ("", new.version)]
    for files in texts:
        policy = load(files).policy if files else None
        if policy is not None:
            return policy
    raise Permanent("this desk has never run with other rules; name the rules to test with --rules DIR")


def _share(text: str) -> float:
    from mailbridge.config.quantities import percent
    from mailbridge.config.reading import Wrong

    try:
        return percent(text)
    except Wrong as err:
        raise click.UsageError(f"--fail-over: {err}; {err.hint}") from None


@rules.command()
@desk_option
@json_option
@limit_option(20)
def history(folder: Path, as_json: bool, limit: int) -> None:
    """List the versions of the rules that this desk ran with, newest first, and what changed in each."""
    from mailbridge.cli.options import open_desk
    from mailbridge.cli.show import print_table
    from mailbridge.rules.versions import changes

    with open_desk(folder) as desk, desk.store.read() as tx:
        versions = tx.policies.history(limit + 1)
        texts = [dict(tx.policies.get(each.version) or {}) for each in versions]
    told = [changes(texts[number + 1] if number + 1 < len(texts) else {}, texts[number]) for number in range(len(versions))][:limit]
    rows = list(zip(versions[:limit], told, strict=True))
    if as_json:
        print_json([{"version": each.version, "first_used": each.first_used, "changes": change} for each, change in rows])
        return
    print_table(
        ["VERSION", "FIRST USED", "CHANGED"],
        [[each.version, when(each.first_used), "; ".join(change)] for each, change in rows],
        empty="this desk has not run yet",
    )


@rules.command()
@desk_option
@click.argument("version", metavar="VERSION")
@click.option("--yes", is_flag=True, help="Do not ask.")
def rollback(folder: Path, version: str, yes: bool) -> None:
    """Restore the rules of an earlier VERSION into the desk's folder.  A running desk loads them by itself.

    The current files are kept in rules.before-VERSION.
    """
    from mailbridge.cli.options import open_desk
    from mailbridge.rules import folder as rules_folder

    with open_desk(folder) as desk, desk.store.read() as tx:
        known = [each.version for each in tx.policies.history(1_000) if each.version.startswith(version)]
        files = tx.policies.get(known[0]) if len(known) == 1 else None
        root = desk.config.folder
    if files is None:
        raise Permanent(
            f'"{version}" is {"the beginning of several versions" if known else "not a version that this desk ran with"}; see rules history'
        )
    if not yes:
        click.confirm(f"Put the rules of version {known[0]} into {root / 'rules'}?", abort=True)
    kept = rules_folder.replace(root, files, known[0])
    click.echo(f"rules/ is version {known[0]} again; the previous files are in {safe(kept.name)}/")
