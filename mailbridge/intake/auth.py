"""AUTH PLAIN and LOGIN for a listener (RFC 4954, RFC 4616): behind TLS only, passwords checked beside the loop, failures slow."""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from mailbridge.errors import Permanent
from mailbridge.intake.users import may_login

DELAY = 2.0  # seconds after the first failure of a connection; the next one costs twice as much
TRIES = 3
NOT_NOW = "454 4.7.0 Nobody can log in now, try again later"  # RFC 4954 6: the file of users cannot be read
MECHANISMS = "PLAIN LOGIN"

Ask = Callable[[bytes], Awaitable[bytes | None]]  # the client's answer to a challenge, decoded; None after an error reply


@dataclass(frozen=True, slots=True)
class Credentials:
    name: bytes
    password: bytes = field(repr=False)


@dataclass(slots=True, kw_only=True)
class Logins:
    """What the connections of one listener share.  Two logins are checked at a time, so that guessing cannot use all cores."""

    users_file: Path
    threads: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(2, thread_name_prefix="auth"))

    async def check(self, given: Credentials) -> bool:
        """Whether they are right.  Raises Permanent where the file cannot be used."""
        return await asyncio.get_running_loop().run_in_executor(self.threads, may_login, self.users_file, given.name, given.password)

    def close(self) -> None:
        self.threads.shutdown(cancel_futures=True)


async def credentials(argument: str, ask: Ask) -> Credentials | str:
    """Name and password as the client gives them, or the answer that refuses them; '' where it was answered already."""
    mechanism, _, initial = argument.partition(" ")
    first = decoded(initial.strip())
    if first is None:
        return "501 5.5.2 This is not base64"
    match mechanism.upper():
        case "PLAIN":
            blob = first or await ask(b"")
            return "" if blob is None else plain(blob)
        case "LOGIN":
            name = first or await ask(b"Username:")
            password = None if name is None else await ask(b"Password:")
            return "" if name is None or password is None else Credentials(name, password)
        case _:
            return "504 5.5.4 This mechanism is not offered"


def plain(blob: bytes) -> Credentials | str:
    """RFC 4616 2: [authzid] NUL authcid NUL passwd.  An authzid for another user is refused."""
    pieces = blob.split(b"\0")
    if len(pieces) != 3 or not pieces[1] or pieces[0] not in (b"", pieces[1]):
        return "501 5.5.2 These are no credentials"
    return Credentials(pieces[1], pieces[2])


def decoded(text: str) -> bytes | None:
    """The bytes of the base64 text; '=' is empty (RFC 4954 4).  None where it is not base64."""
    try:
        return b"" if text in {"", "="} else base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


async def login(logins: Logins, argument: str, ask: Ask, failures: int) -> tuple[bool, str]:
    """Whether the client is in now, and the answer; '' where it was answered already.  A refusal comes late."""
    given = await credentials(argument, ask)
    if isinstance(given, str):
        return False, given
    try:
        if await logins.check(given):
            return True, "235 2.7.0 Welcome"
    except Permanent:
        return False, NOT_NOW
    await asyncio.sleep(DELAY * 2**failures)
    return False, "535 5.7.8 Name or password is wrong"
