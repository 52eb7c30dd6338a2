"""The commands `list`, `show`, `counts` and decisions about rows, for inbox, outbox, webhooks and held mails."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import click

from mailbridge.cli.options import OpenDesk, desk_option, json_option, limit_option, open_desk, since_option
from mailbridge.cli.show import print_json, print_table, safe, safe_lines, when
from mailbridge.errors import Permanent

if TYPE_CHECKING:
    from mailbridge.config.model import Config
    from mailbridge.store.queue import LeaseQueue
    from mailbridge.store.tx import Tx

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen(Generic[Item]):
    """How the commands read and print one kind of row."""

    noun: str  # "outgoing mail"
    group: str  # "outbox": the name of its commands
    empty: str  # printed instead of an empty table
    columns: Mapping[str, Callable[[Item, Config], object]]
    least: tuple[str, ...]  # columns to leave out on a narrow terminal, in this order
    as_json: Callable[[Item, Config], dict[str, object]]
    fetch: Callable[[Tx, str | None, int, datetime | None], Sequence[Item]]  # arguments: state, limit, created since
    get: Callable[[Tx, int], Item | None]
    content: Callable[[Tx, Item], bytes | None]  # the text that `show` prints below
    content_key: str = "raw"  # its key in JSON
    heading: Callable[[Item], Iterable[str]] | None = None  # the first lines of `show`; None: the JSON values, one a line
    states: Mapping[str, str] = field(default_factory=dict)  # stored state -> text; empty: all rows have the same state
    by_trace: Callable[[Tx, str], Item | None] | None = None  # `show` also takes a trace id
    shows: Callable[[str, Config], bool] = lambda _column, _config: True  # whether the table of this desk has the column
    none_text: str = ""  # the error where no row has the id; '': a default text

    def state_text(self, state: str) -> str:
        """The text of a stored state."""
        return self.states.get(state, state)

    def existing(self, desk: OpenDesk, id_: int | str) -> Item:
        """The row with this id, a number or a trace id.  Raises Permanent where there is none."""
        with desk.store.read() as tx:
            found = self.get(tx, id_) if isinstance(id_, int) else self.by_trace and self.by_trace(tx, id_)
        if found is None:
            none = self.none_text.format(id=id_) or f"there is no {self.noun} {id_}; mailbridge {self.group} list shows all"
            raise Permanent(none)
        return found

    def json(self, item: Item, config: Config) -> dict[str, object]:
        """The row as JSON.  `state`: the stored state.  `state_text`: its text."""
        said = self.as_json(item, config)
        return {**said, "state_text": self.state_text(str(said["state"]))} if self.states else said


def last_columns(
    *, created: Callable[[Item], datetime], tries: Callable[[Item], int], last: Callable[[Item], str], last_header: str = "LAST REPLY"
) -> dict[str, Callable[[Item, Config], object]]:
    """The last columns of every queue's table."""
    return {
        "CREATED": lambda item, _config: when(created(item)),
        "TRIES": lambda item, _config: tries(item),
        last_header: lambda item, _config: last(item),
    }


class RowId(click.ParamType[int | str]):
    """The number of a row, or the trace id of a mail."""

    name = "id"

    def convert(self, value: str | int, param: click.Parameter | None, ctx: click.Context | None) -> int | str:
        from mailbridge.message.trace_ids import parse_trace_id

        if isinstance(value, int) or value.isdecimal():
            return int(value)
        return parse_trace_id(value) or self.fail(f'"{value}" is neither a number nor a trace id of 26 characters', param, ctx)


class State(click.Choice[str]):
    """A state as a command line option, as its text or its stored value."""

    def __init__(self, states: Mapping[str, str]) -> None:
        self._words = {text.replace(" ", "-"): state for state, text in states.items()}
        super().__init__(list(self._words))

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The stored state.  For an unknown one, raises a usage error with the nearest state."""
        from mailbridge.config.suggest import did_you_mean

        word = value.strip().lower().replace(" ", "-")
        if word in self._words.values():
            return word
        if word not in self._words:
            self.fail(f'there is no state "{value}"; {did_you_mean(value, self._words)}', param, ctx)
        return self._words[word]


def add_list(group: click.Group, screen: Screen[Item], help_: str, *, limit: int = 50) -> None:
    """Adds the command `list`, with --state, --since, --limit and --json."""

    def list_(folder: Path, as_json: bool, limit: int, since: datetime | None, state: str | None = None) -> None:
        with open_desk(folder) as desk, desk.store.read() as tx:
            found = screen.fetch(tx, state, limit, since)
        if as_json:
            print_json([screen.json(item, desk.config) for item in found])
            return
        columns = {name: column for name, column in screen.columns.items() if screen.shows(name, desk.config)}
        rows = [[column(item, desk.config) for column in columns.values()] for item in found]
        print_table(list(columns), rows, empty=screen.empty, least=screen.least)

    by_state = click.option("--state", type=State(screen.states), help="Only those in this state.")
    command = group.command("list", help=help_)
    command(desk_option(json_option(limit_option(limit)(since_option(by_state(list_) if screen.states else list_)))))


def add_show(group: click.Group, screen: Screen[Item], help_: str, *, allowed: Callable[[Item], None] = lambda _item: None) -> None:
    """Adds the command `show ID`, with --json and --raw.  `allowed` raises Permanent for a row that must not be shown."""

    @group.command("show", help=help_)
    @desk_option
    @json_option
    @click.option("--raw", is_flag=True, help="Print the content byte by byte, for a file.")
    @click.argument("id_", metavar="ID", type=RowId() if screen.by_trace else int)
    def show(folder: Path, as_json: bool, raw: bool, id_: int | str) -> None:
        with open_desk(folder) as desk:
            item = screen.existing(desk, id_)
            allowed(item)
            with desk.store.read() as tx:
                content = screen.content(tx, item)
        text = None if content is None else content.decode("utf-8", "backslashreplace")
        if raw:
            sys.stdout.buffer.write(content or b"")
            sys.stdout.buffer.flush()
        elif as_json:
            print_json({**screen.json(item, desk.config), screen.content_key: text})
        else:
            _print(screen, item, desk.config, text)


def _print(screen: Screen[Item], item: Item, config: Config, text: str | None) -> None:
    if screen.heading is not None:
        lines: Iterable[str] = screen.heading(item)
    else:
        lines = [
            f"{key:12} {_shown(value)}".rstrip()
            for key, value in {**screen.as_json(item, config), **_state_text(screen, item, config)}.items()
        ]
    for line in lines:
        click.echo(safe(line))
    if text:
        click.echo("\n" + safe_lines(text))


def _shown(value: object) -> str:
    """A value of a row as text: yes or no for a bool, lists with commas, '' for None."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case datetime():
            return when(value)
        case list() | tuple():
            return ", ".join(_shown(one) for one in value)
    return str(value)


def _state_text(screen: Screen[Item], item: Item, config: Config) -> dict[str, object]:
    return {"state": screen.json(item, config)["state_text"]} if screen.states else {}


def add_counts(group: click.Group, screen: Screen[Any], help_: str, queue: Callable[[Tx], LeaseQueue[Any, Any]]) -> None:
    """Adds the command `counts`: the number of rows by state, the age of the oldest waiting row, and when the next one is due."""

    @group.command("counts", help=help_)
    @desk_option
    @json_option
    def counts(folder: Path, as_json: bool) -> None:
        with open_desk(folder) as desk, desk.store.read() as tx:
            numbers, oldest, due = queue(tx).counts(), queue(tx).oldest(), queue(tx).next_due()
        now = datetime.now(UTC)
        waited = int((now - oldest).total_seconds()) if oldest else 0
        if as_json:
            print_json({**numbers, "oldest_waiting_seconds": waited, "next_due": due})
            return
        size = max(12, *(len(text) for text in screen.states.values()))
        for state, number in numbers.items():
            click.echo(f"{screen.state_text(state):{size}} {number}")
        if oldest:
            click.echo(f"the oldest has waited {waited} s, since {when(oldest)}")
        if due and due > now:
            click.echo(f"the next is due at {when(due)}")


def confirmed(question: str, *, yes: bool) -> None:
    """Asks for confirmation unless `yes`.  Raises click.Abort where the answer is no."""
    if not yes:
        click.confirm(question, abort=True)


def add_decision(
    group: click.Group,
    screen: Screen[Item],
    verb: str,
    help_: str,
    *,
    decide: Callable[[Tx, Item, str], bool],
    refused: Callable[[Item], str],
    done: Callable[[Item], str],
    channel: str = "",
    asks: bool = False,
    allowed: Callable[[Item], None] = lambda _item: None,
) -> None:
    """Adds the command `VERB ID...`, by which a person decides about rows.

    `decide` changes one row in a transaction and returns whether the row's state allows it.  `refused` and `done` are the messages for
    the two results.  `asks`: the command asks for confirmation, unless --yes is given, and stores a --reason.  `channel`: its workers are
    notified afterwards; '' for none.
    """

    @desk_option
    @click.argument("ids", metavar="ID...", type=int, nargs=-1, required=True)
    def command(folder: Path, ids: tuple[int, ...], reason: str = "", yes: bool = True) -> None:
        with open_desk(folder) as desk:
            items = [screen.existing(desk, id_) for id_ in ids]
            for item in items:
                allowed(item)
            confirmed(f"{verb} {len(items)} {screen.noun}{'s' if len(items) > 1 else ''}?", yes=yes)
            for item in items:
                with desk.store.write() as tx:
                    changed = decide(tx, item, reason)
                if not changed:
                    raise Permanent(refused(item))
                click.echo(safe(done(item)))
            if channel:
                desk.store.wake(channel)

    if asks:
        command = click.option("--yes", is_flag=True, help="Do not ask.")(command)
        command = click.option("--reason", default="dropped by a person", show_default=True, help="The reason, for the record.")(command)
    group.command(verb, help=help_)(command)
