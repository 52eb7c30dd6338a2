"""What the terminal can show: its width, colours where they are wanted, and a pager for what is longer than the screen."""

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
    """True: always, False: never, None: where the output is a terminal.

    `--color` decides, then NO_COLOR (any text that is not empty, no-color.org), then CLICOLOR_FORCE (any but 0, bixense.com/clicolors).
    """
    if choice != "auto":
        return choice == "always"
    if environment.get("NO_COLOR"):
        return False
    return True if environment.get("CLICOLOR_FORCE", "0") not in ("", "0") else None


def columns() -> int | None:
    """The width of the terminal that the output goes to; None where it goes to a file or a pipe, which have none."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


@contextmanager
def printable() -> Iterator[None]:
    """Output in an encoding that lacks a character (latin-1, ASCII) shows a question mark for it, and no error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="replace")
    yield


@contextmanager
def paged(wanted: bool) -> Iterator[None]:
    """What is printed meanwhile goes through the pager where it is longer than the screen; as it is where nobody looks at a terminal."""
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
    """The text is on the screen, in a pager where it has more lines than the screen."""
    if len(text.splitlines()) < shutil.get_terminal_size().lines:
        click.echo(text, nl=False)
    else:
        os.environ.setdefault("LESS", "FRX")  # colours pass, the text stays on the screen afterwards
        click.echo_via_pager(text)


class _Kept(io.TextIOWrapper):
    """Keeps what is printed, and looks like the terminal that it is for."""

    def __init__(self, encoding: str) -> None:
        self._bytes = io.BytesIO()
        super().__init__(self._bytes, encoding=encoding, errors="replace", newline="\n", write_through=True)

    def isatty(self) -> bool:
        return True

    def text(self) -> str:
        self.flush()
        return self._bytes.getvalue().decode(self.encoding, "replace")
