"""`mailbridge mail`: shows how mailbridge reads a mail, without a desk or a database."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from mailbridge.checks.build import organizational
from mailbridge.cli import exits
from mailbridge.cli.groups import Noun
from mailbridge.cli.mail_files import MailFile, mails_in
from mailbridge.cli.mail_json import failure_json, mail_json
from mailbridge.cli.show import safe, safe_lines
from mailbridge.config import servers
from mailbridge.errors import Permanent
from mailbridge.message.authenticity import claimed_sender, judged
from mailbridge.message.headers import header_block, mail_fields
from mailbridge.message.model import Message, ReadingPolicy, Sender
from mailbridge.message.profiles import Expected, Profile, believed
from mailbridge.sandbox.limits import ReadingFailed
from mailbridge.sandbox.pool import Readers

Facts = dict[str, Any]
Print = Callable[[Facts], str]


@click.group(cls=Noun)
def mail() -> None:
    """Analyse mails in files, without a desk."""


PATHS = click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))


@mail.command()
@PATHS
@click.option("--jsonl", "--json", is_flag=True, help="One JSON object per mail, one mail per line.")
@click.option("--own-address", "own_addresses", multiple=True, metavar="ADDRESS", help="A mailbox of the desk; may be repeated.")
@click.option(
    "--profile", type=click.Choice([str(one) for one in Profile]), help="Where trusted results are found in the header.  [default: own]"
)
@click.option("--milter-index", type=click.IntRange(0, 1), default=1, show_default=True, help="For --profile postfix-milter.")
@click.option(
    "--authserv-id", "authserv_ids", multiple=True, metavar="NAME", help="Whose Authentication-Results are trusted; may be repeated."
)
@click.option("--own-host", "own_hosts", multiple=True, metavar="HOST", help="A mail server of the desk; may be repeated.")
@click.option("--relay", "relays", multiple=True, metavar="IP", help="A server of the desk behind its mail server; may be repeated.")
@click.option("--tenant-domain", "tenant", multiple=True, metavar="DOMAIN", help="For --profile microsoft; may be repeated.")
def inspect(
    paths: tuple[Path, ...],
    jsonl: bool,
    own_addresses: tuple[str, ...],
    profile: str | None,
    milter_index: int,
    authserv_ids: tuple[str, ...],
    own_hosts: tuple[str, ...],
    relays: tuple[str, ...],
    tenant: tuple[str, ...],
) -> None:
    """Show how each mail in PATHS is read: mails, folders of them, Maildirs, mboxes.

    With --profile or --authserv-id, also show whether its sender would be verified from a source configured like this.

    Exit code 0 if every mail was read, 1 if one could not be, 2 if a path cannot be read.
    """
    policy = ReadingPolicy(own_addresses=tuple(address.lower() for address in own_addresses), own_hosts=own_hosts)
    expected = Expected(
        profile=Profile(profile or Profile.OWN),
        index=milter_index,
        authserv_ids=authserv_ids,
        hosts=own_hosts,
        relays=tuple(servers.network(one) for one in relays),
        tenant=tenant,
    )
    finish(paths, policy, json_line if jsonl else summary, expected if profile or authserv_ids else None)


@mail.command()
@PATHS
@click.option("--spans", is_flag=True, help="The whole text, with what was cut, why, and with what confidence.")
@click.option("--jsonl", "--json", is_flag=True, help="One JSON object per mail, one mail per line, as inspect prints it.")
def show(paths: tuple[Path, ...], spans: bool, jsonl: bool) -> None:
    """Print what the person wrote in each mail in PATHS, without quote and signature.

    Exit codes as for inspect.
    """
    finish(paths, ReadingPolicy(), json_line if jsonl else with_spans if spans else reply_alone)


def finish(paths: tuple[Path, ...], policy: ReadingPolicy, to_text: Print, expected: Expected | None = None) -> None:
    """Prints every mail and exits with the exit code."""
    try:
        failures = show_all(existing(paths), policy, to_text, expected)
    except Permanent as error:
        click.echo(safe(str(error)), err=True)
        sys.exit(exits.USAGE)
    sys.exit(exits.MISTAKES if failures else exits.OK)


def existing(paths: tuple[Path, ...]) -> tuple[Path, ...]:
    """Returns `paths`.  Raises Permanent with a path that does not exist."""
    for path in paths:
        if not path.exists():
            raise Permanent(f"There is no file or folder {path}. Name mails, folders of them, Maildirs or mboxes.")
    return paths


def show_all(paths: tuple[Path, ...], policy: ReadingPolicy, to_text: Print, expected: Expected | None = None) -> int:
    """Prints every mail in order and returns how many could not be read.  `expected`: the profile by which senders are authenticated."""
    files = mails_in(paths)
    shown = InOrder(files, to_text, expected)
    readers = Readers(policy)
    try:
        readers.read_many(len(files), shown.load, shown.done)
    finally:
        readers.close()
    return shown.failures


class InOrder:
    """Prints results in the order of the files.  They arrive in any order."""

    def __init__(self, files: list[MailFile], to_text: Print, expected: Expected | None = None) -> None:
        self.failures = 0
        self._expected = expected
        self._headers: dict[int, bytes] = {}
        self._files = files
        self._to_text = to_text
        self._began: dict[int, float] = {}
        self._ready: dict[int, str] = {}
        self._next = 0

    def load(self, number: int) -> tuple[bytes, None]:
        """Reads the mail for a child process and starts its timer."""
        raw = self._files[number].read()
        self._began[number] = time.perf_counter()
        self._headers[number] = header_block(raw)
        return raw, None

    def done(self, number: int, result: Message | ReadingFailed) -> None:
        """Takes the result of a mail and prints all results whose predecessors are printed."""
        ms = (time.perf_counter() - self._began.pop(number)) * 1000
        name = self._files[number].name
        if isinstance(result, ReadingFailed):
            self.failures += 1
            facts = failure_json(result.reason, file=name, ms=ms)
        else:
            sender = judged_by(self._headers.pop(number), self._expected) if self._expected else result.sender
            facts = mail_json(replace(result, sender=sender), file=name, ms=ms)
        self._ready[number] = self._to_text(facts)
        while (line := self._ready.pop(self._next, None)) is not None:
            click.echo(line)
            self._next += 1


def judged_by(header: bytes, expected: Expected) -> Sender:
    """The sender as a source with this profile authenticates it."""
    fields = mail_fields(header)
    found = judged(claimed_sender(fields), believed(fields, expected), fields, organizational, expected.tenant)
    return replace(found, proof=f"profile {expected.profile}") if found.verified else found


def json_line(facts: Facts) -> str:
    """The facts as one line of ASCII JSON, which contains no control characters and no other line separators."""
    return json.dumps(facts)


def summary(facts: Facts) -> str:
    """The facts as a few lines of text."""
    if "error" in facts:
        return failed(facts)
    rows = [(key, facts[key]) for key in ("subject", "sender", "date", "kind", "kind_strength", "kind_reasons")]
    rows += [(key, facts[key]) for key in ("answers_go_to", "language", "reply_text", "defects")]
    return "\n".join([safe(facts["file"]), *(f"  {key:13} {safe(json.dumps(value, ensure_ascii=False))}" for key, value in rows)])


def reply_alone(facts: Facts) -> str:
    """The reply, and below it the data of an attached invitation that the text does not contain."""
    if "error" in facts:
        return failed(facts)
    said = [one["summary"] for one in facts["attachments"] if one["summary"] and one["summary"] not in facts["text"]]
    return safe_lines("\n\n".join(filter(None, [facts["reply_text"], *said])))


def with_spans(facts: Facts) -> str:
    """The whole text, with a line before each span that says its kind."""
    if "error" in facts:
        return failed(facts)
    why = f": {safe(facts['spans_choice'])}" if facts["spans_choice"] else ""
    lines = [f"=== {safe(facts['file'])}: {safe(facts['subject'])} ({facts['spans_source']} body used{why})"]
    for span in facts["spans"]:
        lines.append(f"--- {span['kind']}, {safe(span['reason'])}, {span['confidence']:.0%} sure")
        lines.append(safe_lines(facts["spans_text"][span["start"] : span["end"]]).rstrip("\n"))
    return "\n".join(lines)


def failed(facts: Facts) -> str:
    return f"{safe(facts['file'])}\n  could not be read: {facts['error']}"
