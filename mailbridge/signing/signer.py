"""What is done to a mail when it is handed over: the S/MIME signature, encryption, and DKIM over all."""

from __future__ import annotations

from mailbridge.config.model import Config
from mailbridge.errors import Permanent
from mailbridge.message.encryption import NOT_ENCRYPTED
from mailbridge.signing.dkim_sign import DkimSigner
from mailbridge.signing.smime_encrypt import SmimeEncrypter
from mailbridge.signing.smime_sign import SmimeSigner


class MailSigner:
    """Safe to share between threads."""

    def __init__(self, config: Config) -> None:
        self._smime, self._dkim = SmimeSigner(config), DkimSigner(config)
        self._encrypter = SmimeEncrypter(config.smime_certificates)

    def signed(self, sender: str, recipient: str, raw: bytes, *, must_encrypt: bool = False) -> bytes:
        """The mail with every signature that the file wants for this sender, encrypted where the recipient's certificate is there.

        Raises Permanent where a key or a certificate cannot be used; with `must_encrypt` also where there is no certificate.
        """
        if must_encrypt and (reason := self.not_encrypted_to(recipient)):
            raise Permanent(f"{NOT_ENCRYPTED}: {reason}")
        signed = self._smime.signed(sender, raw)
        try:
            encrypted = self._encrypter.encrypted(recipient, signed)
        except Permanent as error:
            raise Permanent(f"{NOT_ENCRYPTED}: {error.what}") from error
        return self._dkim.signed(sender, encrypted)

    def not_encrypted_to(self, recipient: str) -> str:
        """Why mail to this address cannot be encrypted at the moment; '' where it can."""
        return self._encrypter.hindrance(recipient)
