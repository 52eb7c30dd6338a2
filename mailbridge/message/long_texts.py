"""A text that is too long for a mail: its beginning stands in the mail, and all of it goes along as a file."""

from __future__ import annotations

LONGEST = 20_000  # characters that stand in a mail
BEGINNING = 4_000  # of a longer one


def is_long(text: str) -> bool:
    """Whether only the beginning stands in a mail."""
    return len(text) > LONGEST


def beginning(text: str) -> str:
    """Up to the end of a paragraph, or of a line where a paragraph is long."""
    cut = text[:BEGINNING]
    edge = max(cut.rfind("\n\n"), cut.rfind("\n") if cut.rfind("\n\n") < BEGINNING // 4 else -1)
    return cut[: edge if edge > 0 else BEGINNING].rstrip()
