"""From what the configuration says of outgoing mail to the transport that sends it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from mailbridge.config.model import Outgoing, Tls
from mailbridge.delivery.maildir import MaildirTransport
from mailbridge.delivery.session import Relay, Timeouts
from mailbridge.delivery.smtp import SmtpTransport
from mailbridge.delivery.transport import Transport
from mailbridge.errors import Permanent
from mailbridge.oauth.model import TokenSource

_PORTS = {"smtp": 25, "smtps": 465}
# A probe finds a silent server soon enough that it is told within two minutes.  Mails wait longer for an answer.
_PROBE = Timeouts(connect=15, greeting=15, command=15)


def transport(
    outgoing: Outgoing, folder: Path, *, hostname: str = "", tokens: TokenSource | None = None, timeouts: Timeouts | None = None
) -> Transport:
    """A new transport, one for each thread.  Raises Permanent.

    `folder` is the desk's, from which a Maildir's path is counted; `hostname` is our name in EHLO where none is configured.
    """
    scheme, _, rest = outgoing.url.partition(":")
    if scheme == "maildir" and rest:
        return MaildirTransport(folder / rest)
    relay = relay_of(outgoing, hostname, tokens)
    return SmtpTransport(replace(relay, timeouts=timeouts) if timeouts is not None else relay)


def probe(outgoing: Outgoing, folder: Path, *, hostname: str = "", tokens: TokenSource | None = None) -> str:
    """What shows that mail can be handed over now, without one.  Raises Permanent with what is in the way."""
    one = transport(outgoing, folder, hostname=hostname, tokens=tokens, timeouts=_PROBE)
    try:
        if isinstance(one, MaildirTransport):
            one.prepare()
            return "the folder can be written"
        if isinstance(one, SmtpTransport) and (trouble := one.greet()) is not None:
            raise Permanent(f"{trouble.code or ''} {trouble.reply}".strip())
        return "the server lets us in"
    except OSError as error:
        raise Permanent(f"{outgoing.url}: {error.strerror or error}") from error
    finally:
        one.close()


def relay_of(outgoing: Outgoing, hostname: str = "", tokens: TokenSource | None = None) -> Relay:
    """The relay of smtp://host:port or smtps://host:port; with `tokens` the login is by OAuth."""
    url = urlsplit(outgoing.url)
    if url.scheme not in _PORTS or not url.hostname:
        raise Permanent("outgoing mail goes to smtp://host:port, smtps://host:port or maildir:FOLDER", url=outgoing.url)
    return Relay(
        host=url.hostname,
        port=url.port or _PORTS[url.scheme],
        tls=Tls.IMPLICIT if url.scheme == "smtps" else outgoing.tls,
        ca_file=outgoing.ca_file,
        user=outgoing.user,
        password=outgoing.password,
        tokens=tokens,
        helo=outgoing.helo or hostname,
    )
