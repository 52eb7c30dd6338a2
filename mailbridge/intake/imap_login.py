"""Logs in to an IMAP server, with a password or with a token of OAuth."""

from __future__ import annotations

from typing import Any

from imapclient.exceptions import LoginError

from mailbridge.config.model import Mailbox
from mailbridge.intake.imap_errors import LoginRefused, broke_off, passes, where_of
from mailbridge.oauth import advice, sasl
from mailbridge.oauth.model import AccessToken, TokenSource


def by_password(client: Any, mailbox: Mailbox) -> None:
    """Logs in with the password of the mailbox."""
    if mailbox.user.isascii() and mailbox.password.isascii():
        client.login(mailbox.user, mailbox.password)
        return
    # imaplib's LOGIN supports only ASCII; PLAIN is UTF-8 (RFC 4616 2).
    token = f"\0{mailbox.user}\0{mailbox.password}".encode()
    client.sasl_login("PLAIN", lambda challenge: token)


def by_token(client: Any, mailbox: Mailbox, tokens: TokenSource, token: AccessToken) -> AccessToken:
    """Logs in.  A token that the server refuses is renewed and tried once more.  Returns the token that was accepted."""
    try:
        _present(client, mailbox, token)
    except LoginRefused:
        fresh = tokens.token(rejected=token)
        if fresh.value == token.value:
            raise
        _present(client, mailbox, token := fresh)
    return token


def _present(client: Any, mailbox: Mailbox, token: AccessToken) -> None:
    offered = [name.removeprefix(b"AUTH=").decode() for name in client.capabilities() if name.upper().startswith(b"AUTH=")]
    mechanism = sasl.mechanism(offered) or (None if offered else sasl.XOAUTH2)
    if mechanism is None:
        raise LoginRefused(f"the IMAP server offers no OAuth login, only {', '.join(sorted(offered))}", **where_of(mailbox))
    client._cached_capabilities = None  # they change after the login
    exchange = sasl.Exchange(mechanism, mailbox.user, token, mailbox.host, mailbox.port)
    try:
        # imapclient's oauth2_login() answers the server's error with the token again, and loses the error.
        client.sasl_login(mechanism, exchange)
    except LoginError as error:
        if broke_off(error) or passes(str(error)):
            raise
        said = f"{error}{f' ({exchange.reason})' if exchange.reason else ''}"
        help_ = advice.of_server(said, mailbox.user)
        what = f"the IMAP server refuses the token for {mailbox.user}: {said}{f'. {help_}' if help_ else ''}"
        raise LoginRefused(what, **where_of(mailbox)) from error
