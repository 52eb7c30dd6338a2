"""Signs JSON Web Tokens (RFC 7519) for client authentication, and reads the claims of ID tokens."""

from __future__ import annotations

import binascii
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key


class WrongKey(ValueError):
    """A certificate or key file cannot be used.  The text says why."""


def private_key(pem: bytes) -> RSAPrivateKey:
    """Reads an RSA private key in PEM.  Raises WrongKey."""
    try:
        key = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError) as error:
        raise WrongKey("it contains no PEM private key without a passphrase") from error
    if not isinstance(key, RSAPrivateKey):
        raise WrongKey("its key is not an RSA key")
    return key


def certificate(pem: bytes) -> x509.Certificate:
    """Reads a certificate in PEM.  Raises WrongKey."""
    try:
        return x509.load_pem_x509_certificate(pem)
    except ValueError as error:
        raise WrongKey("it contains no PEM certificate") from error


def expiry(found: x509.Certificate) -> datetime:
    """When the certificate expires."""
    return found.not_valid_after_utc.astimezone(UTC)


def belongs(found: x509.Certificate, key: RSAPrivateKey) -> bool:
    return found.public_key() == key.public_key()


def thumbprint(found: x509.Certificate) -> str:
    """The header parameter `x5t#S256` (RFC 7515 4.1.8)."""
    return _encoded(found.fingerprint(hashes.SHA256()))


def signed(claims: Mapping[str, object], header: Mapping[str, str], key: RSAPrivateKey, algorithm: str) -> str:
    """A JWS in compact form (RFC 7515 7.1), by RS256 or PS256 (RFC 7518 3.3, 3.5)."""
    head = {"alg": algorithm, "typ": "JWT", **header}
    text = f"{_encoded(json.dumps(head).encode())}.{_encoded(json.dumps(claims).encode())}"
    scheme = padding.PSS(padding.MGF1(hashes.SHA256()), hashes.SHA256.digest_size) if algorithm == "PS256" else padding.PKCS1v15()
    return f"{text}.{_encoded(key.sign(text.encode(), scheme, hashes.SHA256()))}"


def claims_of(token: object) -> Mapping[str, object]:
    """The claims of an ID token; empty if `token` is none.

    The signature is not checked: the token came from the token endpoint over TLS (OpenID Connect Core 3.1.3.7, step 6).
    """
    parts = token.split(".") if isinstance(token, str) else []
    if len(parts) != 3:
        return {}
    try:
        found = json.loads(urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, binascii.Error, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _encoded(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()
