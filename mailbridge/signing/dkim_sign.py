"""Signs outgoing mails by DKIM at the moment they are handed over.

The key files are read again when they change, and a mail is signed anew at each try: a key that was replaced holds for what waits.
"""

from __future__ import annotations

from pathlib import Path
from threading import Lock

from mailbridge.config.model import Config, DkimSettings
from mailbridge.errors import Permanent
from mailbridge.signing.dkim_keys import DkimKey, read_key

# Signed once more than they are there, so that nobody can add another one (RFC 6376 8.15).
OVERSIGNED = ("From", "Reply-To", "To", "Cc", "Subject", "Date", "Message-ID", "In-Reply-To", "References")
OVERSIGNED_TOO = ("MIME-Version", "Content-Type", "Content-Transfer-Encoding")
# Signed where they are there: servers on the way may add them.
SIGNED = ("Sender", "Auto-Submitted", "List-Unsubscribe", "X-Auto-Response-Suppress", "X-Mailbridge-Loop")


class DkimSigner:
    """Safe to share between threads."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._known: dict[Path, tuple[tuple[int, int], DkimKey]] = {}
        self._lock = Lock()

    def signed(self, sender: str, raw: bytes) -> bytes:
        """The mail (CRLF) with a signature by each key of the sender's domain on top; as it is where there is none.

        Raises Permanent where a key cannot be used: a mail that should be signed does not go out without.
        """
        signatures = [signature(raw, one, self._key(one.key_file)) for one in self._config.dkim_of(sender)]
        return b"".join((*signatures, raw))

    def _key(self, file: Path) -> DkimKey:
        try:
            found = file.stat()
        except OSError as error:
            raise Permanent(f"the DKIM key {file} cannot be read: {error.strerror or error}") from error
        state = found.st_mtime_ns, found.st_ino
        with self._lock:
            known = self._known.get(file)
        if known is not None and known[0] == state:
            return known[1]
        key = read_key(file)
        with self._lock:
            self._known[file] = state, key
        return key


def signature(raw: bytes, settings: DkimSettings, key: DkimKey) -> bytes:
    """The field DKIM-Signature over the mail, relaxed/relaxed (RFC 6376 3.4), ending in CRLF.  Raises Permanent."""
    import dkim  # a desk that signs nothing loads nothing for it

    from mailbridge.checks.dkim_check import SILENT, canonical_body, header

    fields, body = header(raw)
    signer = dkim.DKIM(logger=SILENT, signature_algorithm=key.algorithm)
    # Runs of blanks cost dkimpy time, and have no meaning in this canonical form.
    signer.headers, signer.body = fields, canonical_body(raw[body:], relaxed=True)
    names = [name.decode("ascii").lower() for name, _ in fields]
    try:
        made: bytes = signer.sign(
            settings.selector.encode(), settings.domain.encode(), key.private,
            canonicalize=(b"relaxed", b"relaxed"), include_headers=_signed_names(names),
        )  # fmt: skip
    except dkim.DKIMException as error:
        raise Permanent(f"the DKIM key {settings.key_file} cannot sign: {error}") from error
    return made


def _signed_names(names: list[str]) -> list[bytes]:
    once_more = [name.lower() for name in (*OVERSIGNED, *OVERSIGNED_TOO)]
    signed = [name for name in once_more for _ in range(names.count(name) + 1)]
    signed += [name.lower() for name in SIGNED for _ in range(names.count(name.lower()))]
    return [name.encode() for name in signed]
