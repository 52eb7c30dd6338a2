"""The users of a listener: a file with one line for each, `name:scrypt$n$r$p$salt$hash` (RFC 7914), salt and hash in base64.

`mailbridge listener passwd NAME` makes such a line.  The file is read at each login, so a change applies at once.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mailbridge.errors import Permanent, Problem

N, R, P, SALT, LENGTH = 1 << 14, 8, 1, 16, 32  # 16 MB and some 50 ms a login
MEMORY = 256 << 20  # maximum memory in bytes for one line
LONGEST_PASSWORD = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Hash:
    """A scrypt hash of a password."""

    n: int
    r: int
    p: int
    salt: bytes
    digest: bytes

    def fits(self, password: bytes) -> bool:
        """Whether this is the hash of `password`.  Takes the same time either way."""
        return hmac.compare_digest(_scrypt(password, self.salt, self.n, self.r, self.p, len(self.digest)), self.digest)


NOBODY = Hash(n=N, r=R, p=P, salt=bytes(SALT), digest=bytes(LENGTH))


def line_of(name: str, password: str) -> str:
    """The line for the file.  Raises Permanent for a name that is not possible in it, or an empty password."""
    if not name.isprintable() or not name.strip() or ":" in name or name != name.strip() or name.startswith("#"):
        raise Permanent("a user's name has no colon, no # in front and no space around it", name=name)
    secret = password.encode()
    if not 8 <= len(secret) <= LONGEST_PASSWORD or b"\0" in secret:
        raise Permanent(f"the password needs 8 to {LONGEST_PASSWORD} bytes")
    salt = secrets.token_bytes(SALT)
    pieces = (str(N), str(R), str(P), *(base64.b64encode(one).decode() for one in (salt, _scrypt(secret, salt, N, R, P, LENGTH))))
    return f"{name}:scrypt${'$'.join(pieces)}"


def may_login(path: Path, name: bytes, password: bytes) -> bool:
    """Whether the file has this user with this password.  Raises Permanent for a file that cannot be read."""
    users, problems = read(path)
    if problems:
        raise Permanent(problems[0].message, file=path, line=problems[0].line)
    # An unknown user takes the same time as a known one.
    found = users.get(name.decode("utf-8", "replace"), NOBODY)
    return len(password) <= LONGEST_PASSWORD and found.fits(password) and found is not NOBODY


def read(path: Path) -> tuple[Mapping[str, Hash], tuple[Problem, ...]]:
    """The users in the file, and its errors.  No message quotes a line, because it may contain a password."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        return {}, (Problem(file=str(path), message=f"the users cannot be read: {reason}"),)
    users: dict[str, Hash] = {}
    problems = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        name, _, hashed = line.strip().partition(":")
        found = _hash(hashed)
        if found is None or not name:
            message, hint = "this line is no user with a hash", "make it with: mailbridge listener passwd NAME"
            problems.append(Problem(file=str(path), line=number, message=message, hint=hint))
        elif name in users:
            problems.append(Problem(file=str(path), line=number, message=f'"{name}" stands here twice'))
        else:
            users[name] = found
    return users, tuple(problems)


def _hash(text: str) -> Hash | None:
    """`scrypt$n$r$p$salt$hash`; None for anything else, also where verifying it would cost too much."""
    kind, *pieces = text.split("$")
    if kind != "scrypt" or len(pieces) != 5:
        return None
    try:
        n, r, p = map(int, pieces[:3])
        salt, digest = (base64.b64decode(one, validate=True) for one in pieces[3:])
    except (ValueError, binascii.Error):
        return None
    sane = n > 1 and n & (n - 1) == 0 and r > 0 and 0 < p <= 16 and 128 * n * r <= MEMORY and len(salt) >= 8 and 16 <= len(digest) <= 64
    return Hash(n=n, r=r, p=p, salt=salt, digest=digest) if sane else None


def _scrypt(password: bytes, salt: bytes, n: int, r: int, p: int, length: int) -> bytes:
    return hashlib.scrypt(password, salt=salt, n=n, r=r, p=p, dklen=length, maxmem=2 * MEMORY)
