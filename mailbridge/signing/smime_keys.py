"""Keys and certificates of S/MIME (RFC 8551, RFC 5280), read from PEM files."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from threading import Lock

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from mailbridge.errors import Permanent


@dataclass(frozen=True, slots=True, kw_only=True)
class SmimeKey:
    """A private key with its certificate, and the certificates between that and the root."""

    private: RSAPrivateKey | EllipticCurvePrivateKey = field(repr=False)
    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...] = ()

    @property
    def ends(self) -> datetime:
        return self.certificate.not_valid_after_utc

    @property
    def addresses(self) -> frozenset[str]:
        return addresses_of(self.certificate)


def addresses_of(certificate: x509.Certificate) -> frozenset[str]:
    """The mail addresses that the certificate is for, in lower case (RFC 8550 3)."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        names = None
    found = {name.lower() for name in names.get_values_for_type(x509.RFC822Name)} if names is not None else set()
    return frozenset(found | {str(one.value).lower() for one in certificate.subject.get_attributes_for_oid(x509.NameOID.EMAIL_ADDRESS)})


def read_smime_key(certificates: Path, private: Path, address: str) -> SmimeKey:
    """The key and its certificates, the own one first in the file.  Raises Permanent, also where they are not for the address."""
    try:
        found = x509.load_pem_x509_certificates(certificates.read_bytes())
        key = serialization.load_pem_private_key(private.read_bytes(), password=None)
    except OSError as error:
        raise Permanent(f"{error.filename} cannot be read: {error.strerror or error}") from error
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise Permanent(f"{certificates} and {private} are no certificate and key: {error}") from error
    if not isinstance(key, RSAPrivateKey | EllipticCurvePrivateKey):
        raise Permanent(f"{private} is no RSA and no EC key: S/MIME programs know no other")
    if key.public_key() != found[0].public_key():
        raise Permanent(f"the first certificate in {certificates} is not the one of the key in {private}")
    made = SmimeKey(private=key, certificate=found[0], chain=tuple(found[1:]))
    if address.lower() not in made.addresses:
        raise Permanent(f"the certificate in {certificates} is for {', '.join(sorted(made.addresses)) or 'no address'}, not for {address}")
    return made


class SmimeKeys:
    """The keys that were read, by address; a file that was replaced is read again.  Safe to share between threads."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[tuple[int, ...], SmimeKey]] = {}
        self._lock = Lock()

    def key(self, address: str, certificates: Path, private: Path) -> SmimeKey:
        """The key as the files have it now.  Raises Permanent."""
        try:
            state = tuple(number for found in (certificates.stat(), private.stat()) for number in (found.st_mtime_ns, found.st_ino))
        except OSError as error:
            raise Permanent(f"{error.filename} cannot be read: {error.strerror or error}") from error
        with self._lock:
            known = self._known.get(address)
        if known is not None and known[0] == state:
            return known[1]
        key = read_smime_key(certificates, private, address)
        with self._lock:
            self._known[address] = state, key
        return key
