"""`mailbridge auth`: sign in at OAuth providers, show when logins expire, and test each protocol with the token."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mailbridge.cli import exits
from mailbridge.cli.open_app import open_app
from mailbridge.cli.options import desk_option, json_option
from mailbridge.cli.show import print_json, print_table, safe
from mailbridge.errors import Permanent

if TYPE_CHECKING:
    from mailbridge.config.model import OAuth
    from mailbridge.daemon.app import App
    from mailbridge.oauth.answers import Granted
    from mailbridge.oauth.endpoint import TokenEndpoint

PORT = 8478


@click.group()
def auth() -> None:
    """Sign in to OAuth providers and see how long logins last."""


@auth.command()
@desk_option
@click.argument("name")
@click.option(
    "--port", default=PORT, show_default=True, type=click.IntRange(0, 65535), help="The local port to which the browser returns; 0: any."
)
@click.option("--paste", is_flag=True, help="Without a local browser: paste the address that the browser shows at the end.")
@click.option("--no-test", is_flag=True, help="Do not test the protocols afterwards.")
def login(folder: Path, name: str, port: int, paste: bool, no_test: bool) -> int:
    """Sign in for [oauth.NAME] of mailbridge.toml.

    A running desk switches to the new login by itself.  Afterwards each protocol is tested with the new token, as `auth test` does.
    """
    from mailbridge.oauth.endpoint import TokenEndpoint
    from mailbridge.oauth.login import keep

    with opened(folder) as app:
        account = named(app, name)
        endpoint = TokenEndpoint(account, app.clock)
        granted = signed_in(account, endpoint, port, paste=paste)
        grant = keep(account, granted, app.store, app.logins.vault)
        for note in granted.notes:
            click.echo(f"note: {safe(note)}")
        click.echo(f"{name}: {'signed in as ' + safe(grant.identity) if grant.identity else 'the provider gives tokens'}")
        return exits.OK if no_test else tried(app, account, as_json=False)


@auth.command()
@desk_option
@json_option
@click.argument("name", required=False)
def test(folder: Path, as_json: bool, name: str | None) -> int:
    """Test each protocol with the token: IMAP, SMTP, and a mail from the desk to itself.

    Each step has a result and, if it fails, what an administrator has to do.  Exit code 1 if a step fails.
    """
    with opened(folder) as app:
        accounts = [named(app, name)] if name else list(app.config.oauth)
        if not accounts and not as_json:
            click.echo("no [oauth.NAME] in mailbridge.toml")
        return max([tried(app, account, as_json=as_json) for account in accounts], default=exits.OK)


@auth.command()
@desk_option
@json_option
def status(folder: Path, as_json: bool) -> int:
    """Show who is signed in, and how long tokens, logins, secrets and certificates last.

    Exit code 1 if a login needs attention.
    """
    from mailbridge.oauth.health import healths

    with opened(folder) as app:
        found = healths(app.config, app.store, app.clock.now())
    if as_json:
        print_json([one.as_json() for one in found])
    else:
        rows = [[one.name, one.provider, one.flow, one.who, one.state, one.token_left, one.lasts] for one in found]
        print_table(["NAME", "PROVIDER", "FLOW", "WHO", "STATE", "TOKEN", "LASTS"], rows, empty="no [oauth.NAME] in mailbridge.toml")
        for one in found:
            for trouble in one.troubles:
                click.echo(f"attention  {safe(trouble)}")
    return exits.MISTAKES if any(one.troubles for one in found) else exits.OK


@contextmanager
def opened(folder: Path) -> Iterator[App]:
    """The desk with its OAuth logins.  A test can name the fault point at which the process ends."""
    import os

    from mailbridge.ops import crash

    if spec := os.environ.get("MAILBRIDGE_CRASH_AT"):
        crash.arm(spec)
    with open_app(folder) as app:
        yield app


def named(app: App, name: str) -> OAuth:
    """The settings of [oauth.NAME].  Raises Permanent where there is none."""
    from mailbridge.config.suggest import did_you_mean

    account = app.config.oauth_named(name)
    if account is None:
        known = [one.name for one in app.config.oauth]
        raise Permanent(f"there is no [oauth.{name}] in mailbridge.toml; {did_you_mean(name, known) if known else 'the manual shows one'}")
    return account


def signed_in(account: OAuth, endpoint: TokenEndpoint, port: int, *, paste: bool) -> Granted:
    """Signs in by the OAuth flow of the account and returns what the provider granted (RFC 6749, RFC 8628)."""
    from mailbridge.config.providers import Flow
    from mailbridge.oauth.login import wait_for_device

    match account.flow:
        case Flow.CODE:
            return by_code(account, endpoint, port, paste=paste)
        case Flow.DEVICE:
            asked = endpoint.device_login()
            click.echo(f"Open {safe(asked.url)} on any device, sign in as {account.account} and enter the code {safe(asked.user_code)}")
            return wait_for_device(endpoint, asked, time.sleep)
        case _:
            return endpoint.for_app()


def by_code(account: OAuth, endpoint: TokenEndpoint, port: int, *, paste: bool) -> Granted:
    from mailbridge.oauth.login import Loopback, begin, code_in

    loopback = None if paste else Loopback(port)
    begun = begin(account, loopback.port if loopback else port or PORT)
    click.echo(f"Sign in as {account.account} at this address:\n\n{begun.url}\n")
    if loopback is None:
        click.echo("At the end the browser shows an address that begins with " + begun.redirect + " and perhaps an error; that is fine.")
        answer = click.prompt("Paste that address here", hide_input=True)
    else:
        click.echo(
            f"Waiting for the browser on port {loopback.port} of this machine. For a browser elsewhere, open a tunnel first:\n"
            f"  ssh -L {loopback.port}:127.0.0.1:{loopback.port} THIS_MACHINE\nor use --paste."
        )
        answer = loopback.answer()
    return endpoint.for_code(code_in(answer, begun), begun.verifier, begun.redirect)


def tried(app: App, account: OAuth, *, as_json: bool) -> int:
    """Tests every protocol of the login, prints each step and returns the exit code."""
    from mailbridge.cli.auth_test import steps

    found = []
    for step in steps(app, account):
        found.append(step)
        if not as_json:
            click.echo(f"{step.verdict:9} {safe(step.what)}{f': {safe(step.said)}' if step.said else ''}")
            if step.advice:
                click.echo(f"          {safe(step.advice)}")
    if as_json:
        print_json([{"oauth": account.name, **step.as_json()} for step in found])
    return exits.MISTAKES if any(step.verdict == "wrong" for step in found) else exits.OK
