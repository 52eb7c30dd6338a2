"""Detects stored mails that are encrypted.  The desk has no key, so it tells people about them."""

from __future__ import annotations

from collections.abc import Sequence

from mailbridge.message import smime

PGP_MESSAGE = "-----BEGIN PGP MESSAGE-----"
_PGP_PART = "application/pgp-encrypted"  # RFC 3156, 4: the first part of every encrypted mail
OPENED = "was encrypted, opened with the desk's S/MIME key"  # in the explanation of a mail
DEFECT = "encrypted"  # the reader's name for this defect


def was_opened(explained: object) -> bool:
    """Whether the explanation of a mail says that the desk opened it."""
    defects = explained.get("defects") if isinstance(explained, dict) else None
    return isinstance(defects, list) and OPENED in defects


def looks_encrypted(text: str, files: Sequence[tuple[str, str]]) -> bool:
    """Whether a mail with this text and these files (content type, name) is encrypted.

    False for an S/MIME envelope that was opened: its text and files are then stored with it.
    """
    if PGP_MESSAGE in text or any(kind == _PGP_PART for kind, _ in files):
        return True
    enveloped = [kind in smime.CONTENT_TYPES or name.lower() == "smime.p7m" for kind, name in files]
    return not text.strip() and enveloped == [True]
