"""`mailbridge search`: full-text search of mails."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mailbridge.cli import exits
from mailbridge.cli.filters import about_customer
from mailbridge.cli.options import desk_option, json_option, limit_option, open_desk
from mailbridge.cli.show import print_json, safe, when
from mailbridge.ids import ticket_number

if TYPE_CHECKING:
    from mailbridge.config.model import Config
    from mailbridge.store.search import SearchResult


@click.command()
@desk_option
@json_option
@limit_option(20)
@click.option("--customer", metavar="ADDRESS", help="Only mails of this person, and on their tickets.")
@click.argument("words", nargs=-1, required=True)
def search(folder: Path, as_json: bool, limit: int, customer: str | None, words: tuple[str, ...]) -> int:
    """Find mails with all WORDS in subject, text or file names, including notes of agents.

    Mails in which the writer used the words come before mails that only quote them; each group newest first.

    A word also matches as the beginning of a word, with or without accents: "druck" finds Drucker.  Exit code 1 if nothing is found.
    """
    with open_desk(folder) as desk, desk.store.read() as tx:
        hits = tx.search.find(" ".join(words), customer=customer, limit=limit)
        odd = "" if hits else about_customer(tx, customer)
    if as_json:
        print_json([hit_json(hit, desk.config) for hit in hits])
    else:
        click.echo("\n".join(result_text(hit, desk.config) for hit in hits) or "no mails")
    if odd:
        click.echo(safe(odd), err=True)
    return exits.OK if hits else exits.MISTAKES


def result_text(hit: SearchResult, config: Config) -> str:
    """Two lines: the mail, and the passage with the words."""
    place = number(hit, config) or "no ticket"
    note = ", note" if hit.internal else ""
    return f'{place}  {when(hit.at)}  {safe(hit.sender)}{note}  "{safe(hit.subject)}"\n    {safe(hit.snippet)}'


def hit_json(hit: SearchResult, config: Config) -> dict[str, object]:
    """The hit as JSON, with the formatted ticket number."""
    return {"number": number(hit, config), **asdict(hit)}


def number(hit: SearchResult, config: Config) -> str:
    return ticket_number(config.desk.prefix, hit.ticket) if hit.ticket else ""
