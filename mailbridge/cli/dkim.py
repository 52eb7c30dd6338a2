"""`mailbridge dkim`: makes keys that sign outgoing mails, and compares them with the DNS."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mailbridge.cli import exits
from mailbridge.cli.groups import Noun
from mailbridge.cli.options import desk_option, json_option
from mailbridge.cli.show import print_json, safe
from mailbridge.errors import MailbridgeError, Permanent

if TYPE_CHECKING:
    from mailbridge.config.model import Config, DkimSettings

PATIENCE = 20.0  # seconds for all queries


@click.group(cls=Noun)
def dkim() -> None:
    """Make keys that sign outgoing mails, and compare them with the DNS."""


@dkim.command()
@desk_option
@click.option("--type", "type_", type=click.Choice(["rsa", "ed25519"]), default="rsa", show_default=True, help="The type of the key.")
@click.option("--selector", metavar="NAME", default="", help="The name of the key in the DNS; without it one with the month of today.")
@click.argument("domain")
def new(folder: Path, type_: str, selector: str, domain: str) -> None:
    """Make a key for the mails from a domain, and print the DNS record and the lines for mailbridge.toml.

    Nothing is signed with it before the lines are in mailbridge.toml and the desk was started again.
    """
    from mailbridge.config import names
    from mailbridge.config.model import a_labels
    from mailbridge.config.reading import Wrong
    from mailbridge.signing.dkim_keys import KeyType, key_of, new_key, zone_line

    try:
        domain = a_labels(names.domain(domain))
        selector = names.selector(selector or f"mb{datetime.now(UTC):%Y%m}{'e' if type_ == KeyType.ED25519 else ''}")
    except Wrong as wrong:
        raise click.UsageError(f"{wrong}; {wrong.hint}") from wrong
    name = f"dkim-{domain}-{selector}.pem"
    pem = new_key(KeyType(type_))
    _write(folder / name, pem)
    click.echo(f"The private key is in {folder / name}. Publish this record in the DNS of {domain}:\n")
    click.echo(zone_line(domain, selector, key_of(pem).record))
    click.echo("\nThen add these lines to mailbridge.toml, run `mailbridge dkim check` and start the desk again:\n")
    click.echo(f'[[dkim]]\ndomain = "{domain}"\nselector = "{selector}"\nkey_file = "{name}"')


def _write(file: Path, pem: bytes) -> None:
    """The file is new and only its owner can read it."""
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    except FileExistsError as error:
        raise Permanent(f"{file} is there already: choose another name with --selector") from error
    except OSError as error:
        raise Permanent(f"{file} cannot be written: {error.strerror}") from error
    with os.fdopen(handle, "wb") as open_file:
        open_file.write(pem)
        open_file.flush()
        os.fsync(open_file.fileno())


@dkim.command()
@desk_option
@json_option
@click.pass_context
def check(ctx: click.Context, folder: Path, as_json: bool) -> None:
    """Ask the DNS for the record of each key of mailbridge.toml, and say how it differs.  Exits with 1 where one does."""
    from mailbridge.config import load

    config = load.load(folder)
    found = differences(config)
    if as_json:
        print_json([{"domain": key.domain, "selector": key.selector, "key_file": key.key_file, "difference": said} for key, said in found])
    elif not found:
        click.echo("no mails are signed: there is no [[dkim]] in mailbridge.toml")
    else:
        for key, said in found:
            click.echo(f"{safe(key.selector)}._domainkey.{safe(key.domain)}: {safe(said) or 'the record is the one of the key'}")
    if any(said for _, said in found):
        ctx.exit(exits.MISTAKES)


def differences(config: Config) -> Sequence[tuple[DkimSettings, str]]:
    """Each key with the way in which its DNS record differs from it; '' where it does not."""
    from mailbridge.checks.resolver import Resolver

    if not config.dkim:
        return []
    resolver, until = Resolver(config.authenticity.dns_servers), time.monotonic() + PATIENCE

    def ask(name: str) -> Sequence[object]:
        return resolver.ask(name, "TXT", until=until)

    return [(key, _difference(key, ask)) for key in config.dkim]


def _difference(settings: DkimSettings, ask: Callable[[str], Sequence[object]]) -> str:
    from mailbridge.checks.resolver import Unanswered
    from mailbridge.signing.dkim_keys import difference, read_key

    try:
        records = ask(f"{settings.selector}._domainkey.{settings.domain}")
        return difference(read_key(settings.key_file), [one for one in records if isinstance(one, bytes)])
    except (Unanswered, MailbridgeError) as error:
        return str(error)
