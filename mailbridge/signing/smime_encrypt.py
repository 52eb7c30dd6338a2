"""Encrypts outgoing mails by S/MIME (CMS EnvelopedData, RFC 8551 3.3) to recipients whose certificate is in the folder of certificates."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.ciphers import algorithms
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.hazmat.primitives.serialization.pkcs7 import PKCS7EnvelopeBuilder, PKCS7Options

from mailbridge.errors import Permanent
from mailbridge.signing.entities import base64_lines, split
from mailbridge.signing.smime_keys import addresses_of

_KIND = (
    b'Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name="smime.p7m"\r\nContent-Transfer-Encoding: base64\r\n'
    b'Content-Disposition: attachment; filename="smime.p7m"\r\n'
)


class SmimeEncrypter:
    """Safe to share between threads.  `folder` holds a file ADDRESS.pem for each recipient, in lower case; None: nothing is encrypted."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    def encrypted(self, recipient: str, raw: bytes) -> bytes:
        """The mail (CRLF) encrypted to its recipient; as it is for a recipient without a file.

        Raises Permanent where there is a file that cannot be used: the mail must not go out in plain text then.
        """
        file = self._file_of(recipient)
        if file is None:
            return raw
        certificate = read_certificate(file, recipient.lower())
        about_mail, entity = split(raw)
        builder = PKCS7EnvelopeBuilder().set_data(entity).set_content_encryption_algorithm(algorithms.AES256).add_recipient(certificate)
        content = builder.encrypt(Encoding.DER, [PKCS7Options.Binary])
        return b"".join((about_mail, _KIND, b"\r\n", base64_lines(content), b"\r\n"))

    def hindrance(self, recipient: str) -> str:
        """Why mail to this address cannot be encrypted at the moment; '' where it can."""
        if self._folder is None:
            return "[smime] certificates names no folder, so mail can be encrypted to nobody"
        if (file := self._file_of(recipient)) is None:
            return f"there is no file {recipient.lower()}.pem in {self._folder}"
        try:
            read_certificate(file, recipient.lower())
        except Permanent as error:
            return error.what
        return ""

    def _file_of(self, recipient: str) -> Path | None:
        name = recipient.lower()
        if self._folder is None or "/" in name or name.startswith("."):
            return None
        file = self._folder / f"{name}.pem"
        return file if file.exists() else None


def read_certificate(file: Path, address: str) -> x509.Certificate:
    """The certificate of the address.  Raises Permanent where mail cannot be encrypted with it."""
    try:
        found = x509.load_pem_x509_certificate(file.read_bytes())
    except OSError as error:
        raise Permanent(f"{file} cannot be read: {error.strerror or error}") from error
    except ValueError as error:
        raise Permanent(f"{file} is no certificate: {error}") from error
    if address not in addresses_of(found):
        raise Permanent(f"the certificate in {file} is for {', '.join(sorted(addresses_of(found))) or 'no address'}, not for {address}")
    if not isinstance(found.public_key(), RSAPublicKey):
        raise Permanent(f"the certificate in {file} has no RSA key, and nothing is encrypted to other ones")
    begins, ends = found.not_valid_before_utc, found.not_valid_after_utc
    if not begins <= datetime.now(UTC) <= ends:
        raise Permanent(f"the certificate in {file} is valid from {begins:%Y-%m-%d} to {ends:%Y-%m-%d}")
    return found


def unusable(folder: Path | None) -> str:
    """Why mail to somebody waits: the first certificate of the folder that cannot be used; '' where all can."""
    for file in sorted(folder.glob("*.pem")) if folder is not None else ():
        try:
            read_certificate(file, file.stem.lower())
        except Permanent as error:
            return error.what
    return ""
