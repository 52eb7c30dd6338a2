"""`mailbridge mail`: what mailbridge understands of a mail, without a desk or a database."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import click

from mailbridge.cli.mail_files import MailFile, mails_in
from mailbridge.cli.mail_json import failure_json, mail_json
from mailbridge.errors import Permanent
from mailbridge.isolation.pool import Readers, ReadingFailed
from mailbridge.message.model import Message, ReadingPolicy


@click.group()
def mail() -> None:
    """Look at mails in files."""


@mail.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--jsonl", is_flag=True, help="One JSON object a mail, one mail a line.")
@click.option("--own-address", "own_addresses", multiple=True, metavar="ADDRESS", help="A mailbox of the desk; may be repeated.")
@click.option("--authserv-id", "authserv_ids", multiple=True, metavar="NAME", help="Whose Authentication-Results count; may be repeated.")
def inspect(paths: tuple[Path, ...], jsonl: bool, own_addresses: tuple[str, ...], authserv_ids: tuple[str, ...]) -> None:
    """Tell what is understood of each mail in PATHS: mails, folders of them, Maildirs, mboxes.

    Exit code 0 when every mail could be read, 1 when one could not, 2 when a path cannot be read.
    """
    policy = ReadingPolicy(own_addresses=tuple(address.lower() for address in own_addresses), authserv_ids=authserv_ids)
    try:
        failures = show_all(existing(paths), policy, jsonl=jsonl)
    except Permanent as error:
        click.echo(f"{error}", err=True)
        sys.exit(2)
    sys.exit(1 if failures else 0)


def existing(paths: tuple[Path, ...]) -> tuple[Path, ...]:
    """`paths`, all of them there; raises Permanent with the missing one."""
    for path in paths:
        if not path.exists():
            raise Permanent(f"There is no file or folder {path}. Give mails, folders of them, Maildirs or mboxes.")
    return paths


def show_all(paths: tuple[Path, ...], policy: ReadingPolicy, *, jsonl: bool) -> int:
    """Every mail is printed in order; how many could not be read."""
    files = mails_in(paths)
    shown = InOrder(files, jsonl=jsonl)
    readers = Readers(policy)
    try:
        readers.read_many(len(files), shown.load, shown.done)
    finally:
        readers.close()
    return shown.failures


class InOrder:
    """Results come back in any order and are printed in that of the files."""

    def __init__(self, files: list[MailFile], *, jsonl: bool) -> None:
        self.failures = 0
        self._files = files
        self._jsonl = jsonl
        self._began: dict[int, float] = {}
        self._ready: dict[int, str] = {}
        self._next = 0

    def load(self, number: int) -> tuple[bytes, None]:
        """The mail for a child; its clock begins."""
        raw = self._files[number].read()
        self._began[number] = time.perf_counter()
        return raw, None

    def done(self, number: int, result: Message | ReadingFailed) -> None:
        """The mail is printed when all before it are."""
        ms = (time.perf_counter() - self._began.pop(number)) * 1000
        name = self._files[number].name
        if isinstance(result, ReadingFailed):
            self.failures += 1
            facts = failure_json(result.reason, file=name, ms=ms)
        else:
            facts = mail_json(result, file=name, ms=ms)
        self._ready[number] = json.dumps(facts, ensure_ascii=False) if self._jsonl else summary(facts)
        while (line := self._ready.pop(self._next, None)) is not None:
            click.echo(line)
            self._next += 1


def summary(facts: dict[str, object]) -> str:
    """A few lines for a person."""
    if "error" in facts:
        return f"{facts['file']}\n  could not be read: {facts['error']}"
    rows = [(key, facts[key]) for key in ("subject", "sender", "date", "kind", "kind_reasons", "language", "reply_text", "defects")]
    return "\n".join([f"{facts['file']}", *(f"  {key:13} {json.dumps(value, ensure_ascii=False)}" for key, value in rows)])
