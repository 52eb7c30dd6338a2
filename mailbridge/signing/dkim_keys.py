"""Keys that sign mails by DKIM (RFC 6376; Ed25519: RFC 8463): made, read from their files, and as records of the DNS."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key

from mailbridge.errors import Permanent

RSA_BITS = 2048  # RFC 8301 3.2: at least 1024, better 2048; a record of 4096 does not fit into one UDP answer everywhere
LEAST_BITS = 1024
TXT_STRING = 255  # bytes of one string of a TXT record (RFC 1035 3.3)


class KeyType(StrEnum):
    RSA = "rsa"
    ED25519 = "ed25519"


@dataclass(frozen=True, slots=True, kw_only=True)
class DkimKey:
    """A private key as dkimpy takes it, and the public one as the `p` of the record has it."""

    type: KeyType
    private: bytes = field(repr=False)
    public: str

    @property
    def algorithm(self) -> bytes:
        return b"rsa-sha256" if self.type is KeyType.RSA else b"ed25519-sha256"

    @property
    def record(self) -> str:
        """The text of the DNS record."""
        return f"v=DKIM1; k={self.type}; p={self.public}"


def new_key(type_: KeyType, bits: int = RSA_BITS) -> bytes:
    """A new private key as PEM (PKCS #8)."""
    key = Ed25519PrivateKey.generate() if type_ is KeyType.ED25519 else generate_private_key(public_exponent=65537, key_size=bits)
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def read_key(file: Path) -> DkimKey:
    """The key in the file, PEM of RSA or Ed25519.  Raises Permanent."""
    try:
        return key_of(file.read_bytes())
    except OSError as error:
        raise Permanent(f"the DKIM key {file} cannot be read: {error.strerror or error}") from error
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise Permanent(f"{file} is no DKIM key: {error}") from error


def key_of(pem: bytes) -> DkimKey:
    """The key in the text.  Raises ValueError, TypeError (it is encrypted) or UnsupportedAlgorithm."""
    key = serialization.load_pem_private_key(pem, password=None)
    raw = serialization.Encoding.Raw
    match key:
        case RSAPrivateKey():
            if key.key_size < LEAST_BITS:
                raise ValueError(f"the RSA key has {key.key_size} bits, and receivers refuse less than {LEAST_BITS}")
            public = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
            private = key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
            )
            return DkimKey(type=KeyType.RSA, private=private, public=b64encode(public).decode())
        case Ed25519PrivateKey():
            seed = key.private_bytes(raw, serialization.PrivateFormat.Raw, serialization.NoEncryption())
            public = key.public_key().public_bytes(raw, serialization.PublicFormat.Raw)
            return DkimKey(type=KeyType.ED25519, private=b64encode(seed), public=b64encode(public).decode())
    raise ValueError("DKIM knows RSA and Ed25519 keys")


def zone_line(domain: str, selector: str, record: str) -> str:
    """The record as a line of a zone file, in strings of at most 255 bytes."""
    pieces = [record[at : at + TXT_STRING] for at in range(0, len(record), TXT_STRING)]
    strings = '" "'.join(pieces)
    return f'{selector}._domainkey.{domain}. IN TXT ( "{strings}" )'


def difference(key: DkimKey, records: list[bytes]) -> str:
    """How the published records differ from what the key needs (RFC 6376 3.6.1); '' where they do not."""
    if len(records) != 1:
        return "there is no record" if not records else f"there are {len(records)} records, and receivers believe none"
    parts = (part.partition("=") for part in records[0].decode("ascii", "replace").split(";"))
    tags = {name.strip(): value.strip() for name, _, value in parts if name.strip()}
    published = "".join(tags.get("p", "").split())
    if tags.get("v", "DKIM1") != "DKIM1":
        return f'it begins with v={tags["v"]}, not with v=DKIM1'
    if "p" not in tags:
        return "it has no key (p=)"
    if not published:
        return "the key is revoked (p= is empty)"
    if tags.get("k", "rsa") != key.type:
        return f"it is a key of the type {tags.get('k', 'rsa')}, and the file holds one of {key.type}"
    if published != key.public:
        return "it is another key than the one in the file"
    if "sha256" not in tags.get("h", "sha256"):
        return f"it does not allow sha256 (h={tags['h']})"
    if not {"*", "email"} & set(tags.get("s", "*").split(":")):
        return f"it is not for mail (s={tags['s']})"
    return "receivers treat it as a test (t=y)" if "y" in tags.get("t", "").split(":") else ""
