"""Detects stored mails that are encrypted.  The desk has no key, so it tells people about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mailbridge.message import smime

PGP_MESSAGE = "-----BEGIN PGP MESSAGE-----"
_PGP_PART = "application/pgp-encrypted"  # RFC 3156, 4: the first part of every encrypted mail
NOT_ENCRYPTED = "the mail cannot be encrypted"  # what the reason begins with why a mail of ours waits
NOT_OPENED = "encrypted, not opened: "  # in the explanation of a mail, before the reason
OPENED = "was encrypted, opened with the desk's S/MIME key"  # in the explanation of a mail
DEFECT = "encrypted"  # the reader's name for this defect


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """A mail that came encrypted: its content, or why it stays closed."""

    content: bytes | None = None
    why_not: str = ""

    @property
    def note(self) -> str:
        """What the explanation of the mail says."""
        return OPENED if self.content is not None else f"{NOT_OPENED}{self.why_not}"


def was_opened(explained: object) -> bool:
    """Whether the explanation of a mail says that the desk opened it."""
    return encryption_note(explained) == OPENED


def encryption_note(explained: object) -> str:
    """What the explanation of a mail says of its encryption; '' for a mail that was not encrypted to the desk."""
    defects = explained.get("defects") if isinstance(explained, dict) else None
    notes = defects if isinstance(defects, list) else []
    return next((str(one) for one in notes if one == OPENED or str(one).startswith(NOT_OPENED)), "")


def looks_encrypted(text: str, files: Sequence[tuple[str, str]]) -> bool:
    """Whether a mail with this text and these files (content type, name) is encrypted.

    False for an S/MIME envelope that was opened: its text and files are then stored with it.
    """
    if PGP_MESSAGE in text or any(kind == _PGP_PART for kind, _ in files):
        return True
    enveloped = [kind in smime.CONTENT_TYPES or name.lower() == "smime.p7m" for kind, name in files]
    return not text.strip() and enveloped == [True]
