"""Signs outgoing mails by S/MIME: multipart/signed with a detached signature (RFC 8551 3.5.3, RFC 1847)."""

from __future__ import annotations

from hashlib import sha256

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.hazmat.primitives.serialization.pkcs7 import PKCS7Options, PKCS7SignatureBuilder

from mailbridge.config.model import Config
from mailbridge.signing.entities import base64_lines, split
from mailbridge.signing.smime_keys import SmimeKey, SmimeKeys


class SmimeSigner:
    """Safe to share between threads."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._keys = SmimeKeys()

    def signed(self, sender: str, raw: bytes) -> bytes:
        """The mail (CRLF) signed with the key of the sender's identity; as it is where that has none.  Raises Permanent."""
        identity = self._config.desk.identity_at(sender)
        if identity is None or identity.smime_certificate_file is None or identity.smime_key_file is None:
            return raw
        key = self._keys.key(identity.address, identity.smime_certificate_file, identity.smime_key_file)
        return multipart_signed(raw, key)


def multipart_signed(raw: bytes, key: SmimeKey) -> bytes:
    """The mail with its fields on content and its body as the first part, the signature over exactly these bytes as the second.

    What the signature covers has no MIME-Version and no field about the mail: those stay on top.
    """
    about_mail, inner = split(raw)
    # The CRLF before a boundary belongs to the boundary (RFC 2046 5.1.1): one more is sent than is signed.
    boundary = b"=_s" + sha256(inner).hexdigest()[:24].encode()
    kind = b'Content-Type: multipart/signed; protocol="application/pkcs7-signature";\r\n micalg="sha-256"; boundary="' + boundary + b'"'
    top = b"".join((about_mail, kind, b"\r\n\r\n"))
    signature = base64_lines(_detached(inner, key))
    part = (
        b'Content-Type: application/pkcs7-signature; name="smime.p7s"\r\nContent-Transfer-Encoding: base64\r\n'
        b'Content-Disposition: attachment; filename="smime.p7s"\r\n\r\n'
    )
    return b"".join((
        top, b"--", boundary, b"\r\n", inner, b"\r\n--", boundary, b"\r\n", part, signature, b"\r\n--", boundary, b"--\r\n",
    ))  # fmt: skip


def _detached(content: bytes, key: SmimeKey) -> bytes:
    builder = PKCS7SignatureBuilder().set_data(content).add_signer(key.certificate, key.private, hashes.SHA256())
    for certificate in key.chain:
        builder = builder.add_certificate(certificate)
    return builder.sign(Encoding.DER, [PKCS7Options.DetachedSignature, PKCS7Options.Binary])
