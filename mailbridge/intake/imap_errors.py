"""What goes wrong with an IMAP connection, in our words."""

from __future__ import annotations

import ssl
from collections.abc import Mapping

from imapclient.exceptions import IMAPClientAbortError, IMAPClientError, LoginError, ProtocolError

from mailbridge.config.model import Mailbox
from mailbridge.errors import Transient
from mailbridge.oauth import advice
from mailbridge.oauth.model import LoginNeeded, TokenRefused, TokenUnavailable


class Lost(Transient):
    """The connection cannot be used any more: broken, silent, or out of step."""


class LoginRefused(Lost):
    """The server refuses the login, now or permanently."""


class CommandRefused(Transient):
    """The server answered NO or BAD to a command.  The connection can be used further."""


def where_of(mailbox: Mailbox) -> Mapping[str, str]:
    """The mailbox and its server, for errors."""
    return {"mailbox": mailbox.name, "server": f"{mailbox.host}:{mailbox.port}"}


def in_our_words(error: Exception, doing: str, user: str, where: Mapping[str, str]) -> Transient:
    """The error of an exchange, as one of those above or as one of a login by OAuth."""
    if help_ := advice.of_server(str(error), user):
        # Microsoft accepts the token and then refuses every command: an immediate retry does not help.
        return LoginRefused(f"the IMAP server refuses the mailbox: {error}. {help_}", doing=doing, **where)
    match error:
        case LoginRefused() | LoginNeeded() | TokenRefused() | TokenUnavailable():
            return error
        case LoginError() if broke_off(error) or passes(str(error)):
            return Lost(f"the IMAP server did not answer the login: {error}", **where)
        case LoginError():
            return LoginRefused(f"the IMAP server refuses the login: {error}", **where)
        case IMAPClientAbortError():
            return Lost(f"the IMAP connection broke: {error}", doing=doing, **where)
        case ssl.SSLCertVerificationError():
            return Lost(f"the IMAP server's certificate is not to be trusted: {error.verify_message}", **where)
        case OSError():
            return Lost(f"the IMAP server cannot be reached: {error}", doing=doing, **where)
        case IMAPClientError() if not isinstance(error, ProtocolError):
            return CommandRefused(f"the IMAP server refuses: {error}", doing=doing, **where)
        case _:
            # ValueError, AttributeError, KeyError, MemoryError ...: raised by imapclient for malformed answers
            return Lost(f"the IMAP server's answer makes no sense: {type(error).__name__}: {error}", doing=doing, **where)


def broke_off(error: LoginError) -> bool:
    """Whether the connection broke during the login.  imapclient makes a LoginError of every error; the one before it says which."""
    return isinstance(error.__context__, IMAPClientAbortError)


def passes(said: str) -> bool:
    """Whether the server refuses for now, whatever the password is (RFC 5530, 3)."""
    return any(f"[{code}" in said.upper() for code in ("UNAVAILABLE", "SERVERBUG", "INUSE", "LIMIT"))
