"""`mailbridge completion` and `mailbridge man`: shell completion and manual pages, generated from the commands."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import click
from click.shell_completion import get_completion_class

from mailbridge import __version__


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print a script that completes commands and options in SHELL.

    For bash: `eval "$(mailbridge completion bash)"` in ~/.bashrc.  The manual describes the other shells.
    """
    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"no completion for {shell}")
    root = click.get_current_context().find_root().command
    click.echo(kind(root, {}, "mailbridge", "_MAILBRIDGE_COMPLETE").source())


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
def man(folder: Path) -> None:
    """Write a manual page for each command into FOLDER, for man(1).

    `mailbridge man ~/.local/share/man/man1`, then `man mailbridge-tickets-list`.
    """
    root = click.get_current_context().find_root()
    folder.mkdir(parents=True, exist_ok=True)
    pages = list(pages_of(root.command, root))
    for name, text in pages:
        (folder / f"{name}.1").write_text(text, encoding="utf-8")
    click.echo(f"{len(pages)} pages in {folder}")


def pages_of(command: click.Command, context: click.Context) -> Iterator[tuple[str, str]]:
    """(name, page in man(7)) of a command and all its subcommands."""
    yield context.command_path.replace(" ", "-"), page(command, context)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            if below is not None and not below.hidden:
                yield from pages_of(below, click.Context(below, info_name=name, parent=context))


def page(command: click.Command, context: click.Context) -> str:
    """The manual page of one command, in man(7)."""
    path = context.command_path
    first, _, rest = (command.help or "").partition("\n")
    lines = [
        f'.TH "{path.replace(" ", "-").upper()}" "1" "" "mailbridge {__version__}" "mailbridge"',
        *(".SH NAME", f"{path.replace(' ', '-')} \\- {roff(first.rstrip('.'))}"),
        *(".SH SYNOPSIS", f".B {roff(path)}", roff(" ".join(command.collect_usage_pieces(context)))),
    ]
    if rest.strip():
        lines += [".SH DESCRIPTION", *_blocks(re.split(r"\n\s*\n", rest.strip()))]
    options = [record for param in command.get_params(context) if (record := param.get_help_record(context))]
    if options:
        lines += [".SH OPTIONS", *_described(options)]
    if isinstance(command, click.Group):
        below = {name: command.get_command(context, name) for name in command.list_commands(context)}
        lines += [".SH COMMANDS", *_described([(name, one.get_short_help_str(200)) for name, one in below.items() if one])]
    return "\n".join(lines) + "\n"


def _blocks(paragraphs: Sequence[str]) -> Iterator[str]:
    for paragraph in paragraphs:
        yield from (".PP", roff(" ".join(paragraph.split())))


def _described(entries: Sequence[tuple[str, str]]) -> Iterator[str]:
    for name, said in entries:
        yield from (".TP", f".B {roff(name)}", roff(said))


def roff(text: str) -> str:
    """The text with the control characters of man(7) escaped.  A `-` stays a hyphen-minus, so that options can be copied."""
    plain = text.replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{plain}" if plain.startswith((".", "'")) else plain
