"""Opens mails that were encrypted to the desk by S/MIME (CMS EnvelopedData, RFC 5652 6), also within one or two signatures.

AES in CBC mode with a key that is wrapped by RSA is opened.  What is encrypted in another way (AES-GCM, RFC 5083; keys agreed by elliptic
curves) stays closed, like a mail for somebody else.
"""

from __future__ import annotations

from email import message_from_bytes
from email.message import Message

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization.pkcs7 import pkcs7_decrypt_der

from mailbridge.config.model import Config
from mailbridge.errors import Permanent
from mailbridge.message.encryption import Opening
from mailbridge.message.smime import CONTENT_TYPES, Cms, opened
from mailbridge.signing.smime_keys import SmimeKey, SmimeKeys

WRAPPED = 2  # signatures around the encrypted part: of a triple-wrapped mail there is one (RFC 2634 1.1)
_LOOKED_AT = 64 << 10  # bytes of a mail's beginning that name its type, or the type of the first part of a signed one


NO_KEY = "no key of the desk can be read"
OTHER_KEY = "it is for another certificate, damaged, or encrypted in a way that is not known here (AES-GCM, keys agreed by elliptic curves)"


class _StaysClosed(Exception):
    """The mail is encrypted and cannot be opened; the text says why."""


class SmimeOpener:
    """Safe to share between threads; a key file that was replaced is read again."""

    def __init__(self, config: Config) -> None:
        self._files = [
            (one.address, one.smime_certificate_file, one.smime_key_file)
            for one in config.desk.identities
            if one.smime_certificate_file and one.smime_key_file
        ]
        self._keys = SmimeKeys()

    def opened(self, raw: bytes) -> Opening | None:
        """The mail with its fields as they came, and what was encrypted in place of its content, or why it stays closed; None where the
        mail is not encrypted, or the desk has no key."""
        if not self._files or b"pkcs7-mime" not in raw[:_LOOKED_AT].lower():
            return None
        try:
            content = self._decrypted(message_from_bytes(raw), WRAPPED)
        except _StaysClosed as closed:
            return Opening(why_not=str(closed))
        return Opening(content=_about_mail(raw) + content) if content is not None else None

    def _decrypted(self, entity: Message, depth: int) -> bytes | None:
        kind = entity.get_content_type()
        if kind == "multipart/signed" and depth and entity.is_multipart():
            first = entity.get_payload(0)
            return self._decrypted(first, depth - 1) if isinstance(first, Message) else None
        content = entity.get_payload(decode=True) if kind in CONTENT_TYPES else None
        if not isinstance(content, bytes):
            return None
        cms, inner = opened(content)
        if cms is Cms.SIGNED and inner and depth:
            return self._decrypted(message_from_bytes(inner), depth - 1)
        return self._decrypt(content) if cms is Cms.ENCRYPTED else None

    def _decrypt(self, content: bytes) -> bytes:
        known = self._known()
        for key in known:
            if not isinstance(key.private, RSAPrivateKey):
                continue
            try:
                return pkcs7_decrypt_der(content, key.certificate, key.private, [])
            except (ValueError, TypeError, UnsupportedAlgorithm):  # it is for another key, or encrypted in a way that is not known
                continue
        raise _StaysClosed(OTHER_KEY if known else NO_KEY)

    def _known(self) -> list[SmimeKey]:
        """The keys that can be read; `check` and the health of sources say which cannot."""
        found: list[SmimeKey] = []
        for address, certificates, private in self._files:
            try:
                found.append(self._keys.key(address, certificates, private))
            except Permanent:
                continue
        return found


def _about_mail(raw: bytes) -> bytes:
    """The fields of the mail without those about its content, which the opened part brings itself."""
    end = min((at for at in (raw.find(b"\r\n\r\n"), raw.find(b"\n\n")) if at >= 0), default=len(raw))
    kept: list[bytes] = []
    skips = False
    for line in raw[:end].split(b"\n"):
        if line[:1] not in (b" ", b"\t"):
            skips = line.lower().startswith(b"content-")
        if not skips:
            kept.append(line.rstrip(b"\r") + b"\r\n")
    return b"".join(kept)
