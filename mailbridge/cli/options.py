"""Options that many commands share, and the opening of a desk."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click
from click.core import ParameterSource

from mailbridge.errors import Permanent

if TYPE_CHECKING:
    from mailbridge.config.model import Config
    from mailbridge.store.engine import Store

Command = TypeVar("Command", bound=Callable[..., object])


def desk_option(command: Command) -> Command:
    """`folder`: the desk's folder, from --desk, MAILBRIDGE_DESK or the current folder."""
    return click.option(
        "--desk",
        "folder",
        envvar="MAILBRIDGE_DESK",
        default=".",
        type=click.Path(path_type=Path),
        metavar="DIR",
        callback=_desk,
        help="The desk's folder, or its mailbridge.toml.  [default: MAILBRIDGE_DESK or the current folder]",
    )(command)


def _desk(ctx: click.Context, param: click.Parameter, folder: Path) -> Path:
    """The folder of the command's --desk, else of `mailbridge --desk DIR tickets list`, else of the environment."""
    said = ctx.get_parameter_source("folder") is ParameterSource.COMMANDLINE
    before = ctx.find_root().params.get("desk")
    return before if isinstance(before, Path) and not said else folder


def json_option(command: Command) -> Command:
    """`as_json`: print one JSON document for a program instead of text for people."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")(command)


def limit_option(default: int) -> Callable[[Command], Command]:
    return click.option("--limit", default=default, show_default=True, type=click.IntRange(1, 100_000), help="Show at most this many.")


def since_option(command: Command) -> Command:
    """`since`: the time that an age or a date names, or None."""
    return click.option("--since", metavar="AGE|DATE", callback=_since, help="Only those since: 30d, 12h, or 2026-03-01.")(command)


def _since(_ctx: click.Context, _param: click.Parameter, text: str | None) -> datetime | None:
    return moment_since(text) if text is not None else None


def moment_since(text: str) -> datetime:
    """The time `30d` or `12h` ago, or that of the date `2026-03-01`.  Raises a usage error for anything else."""
    from mailbridge.clock import SystemClock
    from mailbridge.config.durations import duration
    from mailbridge.config.reading import Wrong
    from mailbridge.config.times import moment

    try:
        return SystemClock().now() - duration(text)
    except Wrong:
        pass
    try:
        return moment(text)
    except Wrong:
        raise click.UsageError(f'"{text}" is neither an age (30d, 12h) nor a date (2026-03-01)') from None


@dataclass(frozen=True, slots=True)
class OpenDesk:
    config: Config
    store: Store


@contextmanager
def open_desk(folder: Path) -> Iterator[OpenDesk]:
    """The desk's configuration and its store, which is closed at the end.  Raises Permanent where the schema is not the current one."""
    from mailbridge.config.load import load
    from mailbridge.store.engine import Store

    config = load(folder)
    store = Store(config.store_url)
    try:
        require_schema(store)
        yield OpenDesk(config, store)
    finally:
        store.close()


def require_schema(store: Store) -> None:
    """Creates the tables of an empty database.  Raises Permanent for another schema: it is upgraded by hand, after a backup."""
    store.refuse_newer()
    current = store.current()
    if current is None:
        store.upgrade()
    elif current != store.head():
        raise Permanent(
            f"the database has schema {current}, this version of mailbridge needs {store.head()}: "
            "make a backup, then run `mailbridge db upgrade`"
        )


def ticket_id(config: Config, text: str) -> int:
    """The ticket id of `MB-1042`, `mb-1042` or `1042`.  Raises a usage error for anything else."""
    from mailbridge.ids import parse_number

    number = parse_number(config.desk.prefix, text) or (int(text) if text.isascii() and text.isdigit() else None)
    if number is None:
        raise click.UsageError(f'"{text}" is not a ticket number; write it like {config.desk.prefix}-1042')
    return number


@contextmanager
def open_desk_if_there(folder: Path) -> Iterator[OpenDesk | None]:
    """The desk as `open_desk` opens it, or None where the folder has none."""
    if not (folder.is_file() or (folder / "mailbridge.toml").is_file()):
        yield None
        return
    with open_desk(folder) as desk:
        yield desk
