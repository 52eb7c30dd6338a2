"""Whether a stored mail is one that only its recipient's key opens: the desk has none, so people must be told."""

from __future__ import annotations

from collections.abc import Sequence

from mailbridge.message import smime

PGP_MESSAGE = "-----BEGIN PGP MESSAGE-----"
_PGP_PART = "application/pgp-encrypted"  # RFC 3156, 4: the first part of every encrypted mail
DEFECT = "encrypted"  # what the reader calls it


def looks_encrypted(text: str, files: Sequence[tuple[str, str]]) -> bool:
    """Whether a mail of this text, with files of these (content type, name), is encrypted.

    An S/MIME envelope that could be opened left its text and files beside it.
    """
    if PGP_MESSAGE in text or any(kind == _PGP_PART for kind, _ in files):
        return True
    enveloped = [kind in smime.CONTENT_TYPES or name.lower() == "smime.p7m" for kind, name in files]
    return not text.strip() and enveloped == [True]
