"""What is done to a mail when it is handed over: the S/MIME signature first, which is a part of the body, then DKIM over all."""

from __future__ import annotations

from mailbridge.config.model import Config
from mailbridge.signing.dkim_sign import DkimSigner
from mailbridge.signing.smime_sign import SmimeSigner


class MailSigner:
    """Safe to share between threads."""

    def __init__(self, config: Config) -> None:
        self._smime, self._dkim = SmimeSigner(config), DkimSigner(config)

    def signed(self, sender: str, raw: bytes) -> bytes:
        """The mail with every signature that the file wants for this sender.  Raises Permanent where a key cannot be used."""
        return self._dkim.signed(sender, self._smime.signed(sender, raw))
