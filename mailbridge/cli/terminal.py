"""The terminal: its width, its encoding, colours, and a pager for output that is longer than the screen."""

from __future__ import annotations

import io
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from typing import Literal

import click

Color = Literal["auto", "always", "never"]


def color_wanted(choice: Color, environment: Mapping[str, str]) -> bool | None:
    """Whether output has colours.  None: only where it goes to a terminal.

    `--color` decides, then NO_COLOR (any text that is not empty, no-color.org), then CLICOLOR_FORCE (any but 0, bixense.com/clicolors).
    """
    if choice != "auto":
        return choice == "always"
    if environment.get("NO_COLOR"):
        return False
    return True if environment.get("CLICOLOR_FORCE", "0") not in ("", "0") else None


def columns() -> int | None:
    """The width of the terminal on standard output in columns; None for a file or a pipe."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


@contextmanager
def printable() -> Iterator[None]:
    """Makes standard output and error replace a character that their encoding lacks by a question mark instead of raising."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="replace")
    yield


@contextmanager
def paged(wanted: bool) -> Iterator[None]:
    """Collects what the block prints and shows it by `show`.  Without a terminal, or where not `wanted`, output is not changed."""
    if not wanted or not sys.stdout.isatty():
        yield
        return
    kept = _Kept(sys.stdout.encoding)
    try:
        with redirect_stdout(kept):
            yield
    finally:
        show(kept.text())


def show(text: str) -> None:
    """Prints the text, in a pager where it has more lines than the screen."""
    if len(text.splitlines()) < shutil.get_terminal_size().lines:
        click.echo(text, nl=False)
    else:
        os.environ.setdefault("LESS", "FRX")  # less(1): F exit if it fits the screen, R keep colours, X do not clear the screen
        click.echo_via_pager(text)


class _Kept(io.TextIOWrapper):
    """A buffer for standard output that reports to be a terminal."""

    def __init__(self, encoding: str) -> None:
        self._bytes = io.BytesIO()
        super().__init__(self._bytes, encoding=encoding, errors="replace", newline="\n", write_through=True)

    def isatty(self) -> bool:
        return True

    def text(self) -> str:
        self.flush()
        return self._bytes.getvalue().decode(self.encoding, "replace")
