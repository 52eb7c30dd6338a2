"""The address of a call.  That of a chat room is a secret: a rule may name the file or the variable that holds it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from mailbridge.config.found_elsewhere import FROM_FILE, FROM_VARIABLE

LARGEST = 4_096  # bytes of such a file


class NoAddress(Exception):
    """The file or the variable that should hold the address does not."""


def address_of(url: str, folder: Path, variables: Mapping[str, str]) -> str:
    """The web address itself.  `folder`: of the desk, for relative paths.  Raises NoAddress; its text has no address in it."""
    if url.startswith(FROM_VARIABLE):
        name = url.removeprefix(FROM_VARIABLE)
        return _line(variables.get(name, ""), f"the environment variable {name}")
    if not url.startswith(FROM_FILE):
        return url
    path = folder / url.removeprefix(FROM_FILE)
    try:
        with path.open("rb") as file:
            text = file.read(LARGEST).decode()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise NoAddress(f"{path} cannot be read: {reason}") from error
    return _line(text, str(path))


def _line(text: str, where: str) -> str:
    line = text.strip()
    if not line.startswith(("https://", "http://")) or any(character.isspace() for character in line):
        raise NoAddress(f"{where} holds no web address")
    return line
