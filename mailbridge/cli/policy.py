"""The rules of a desk, for commands that only read them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mailbridge.errors import ConfigError

if TYPE_CHECKING:
    from mailbridge.rules.policy import Policy


def policy_of(folder: Path, candidate: Path | None = None) -> Policy:
    """The policy in a desk's folder.  Raises ConfigError with every mistake."""
    from mailbridge.rules import folder as rules_folder
    from mailbridge.rules.load import load

    root = folder.parent if folder.is_file() else folder
    files, unread = rules_folder.read(root, folder=candidate)
    loaded = load(files)
    if loaded.policy is None or unread:
        raise ConfigError(tuple(sorted([*unread, *loaded.problems])), str(root))
    return loaded.policy
