"""`mailbridge listener passwd`: makes the line of the users file for a user who may submit mail."""

from __future__ import annotations

import sys

import click

from mailbridge.cli.groups import Noun


@click.group(cls=Noun)
def listener() -> None:
    """Users of the SMTP and LMTP listeners."""


@listener.command()
@click.argument("name")
@click.option("--stdin", "from_stdin", is_flag=True, help="Read the password from the first line of standard input.")
def passwd(name: str, from_stdin: bool) -> None:
    """Print the line for a listener's users_file; it asks for the password, which is not stored.

    mailbridge listener passwd scanner >> /etc/mailbridge/users
    """
    from mailbridge.intake.users import line_of

    click.echo(line_of(name, sys.stdin.readline().rstrip("\r\n") if from_stdin else asked()))


def asked() -> str:
    return str(click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))
