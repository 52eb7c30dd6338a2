"""The channel by which a mail came, and which header lines are trusted because of it.  Only the envelope decides, never the header."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from mailbridge.config.model import Config, ListenerSettings, SenderCheck
from mailbridge.message.authenticity import claimed_sender, judged
from mailbridge.message.envelope import Envelope, Source
from mailbridge.message.headers import mail_fields
from mailbridge.message.model import Sender
from mailbridge.message.profiles import Believed, Expected, believed
from mailbridge.message.received import is_ours
from mailbridge.message.replacing import replace
from mailbridge.message.trace import INSIDE, is_address, within
from mailbridge.message.tree import Field

# The results of pairing: by agent address and source, the header lines that are trusted for mails from that address by that source.
Pairings = Mapping[tuple[str, str], Expected]

IMPORTED = "not checked: keys and policies of back then are gone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """A channel: its name, which header lines are trusted (`expected`; None: none), and why none are."""

    source: str
    expected: Expected | None = None
    why: str = ""
    is_direct: bool = False  # the peer of the envelope is the sender's own server


def channel_of(envelope: Envelope, config: Config) -> Channel:
    """The channel by which this mail came."""
    match envelope.source:
        case Source.IMAP:
            return _mailbox(envelope, config)
        case Source.SMTP | Source.LMTP:
            return _listener(envelope, config)
        case Source.PIPE:
            expected = config.expected(config.pipe.trust) if config.pipe.trusted else None
            return Channel(source="pipe", expected=expected, why="" if config.pipe.trusted else "the pipe is not declared trusted")
        case Source.IMPORT:
            return Channel(source="import", why=IMPORTED)
        case Source.COMMAND:
            return Channel(source="command")


def source_name(envelope: Envelope) -> str:
    """The name of the channel as it is stored and shown: imap:support, lmtp:10.0.0.2, pipe."""
    match envelope.source:
        case Source.IMAP:
            return f"imap:{envelope.account}"
        case Source.SMTP | Source.LMTP:
            return f"{envelope.source}:{envelope.peer}"
        case Source.PIPE | Source.IMPORT | Source.COMMAND:
            return str(envelope.source)


def _mailbox(envelope: Envelope, config: Config) -> Channel:
    mailbox = next((one for one in config.mailboxes if one.name == envelope.account), None)
    if mailbox is None:
        return Channel(source=source_name(envelope), why=f'there is no mailbox "{envelope.account}" any more')
    expected = config.expected(mailbox.trust)
    return Channel(source=source_name(envelope), expected=expected, why="" if expected else f"mailbox {mailbox.name} names no profile")


def _listener(envelope: Envelope, config: Config) -> Channel:
    mine = [one for one in config.listeners if one.protocol == envelope.source]
    # Mails that an earlier release received have no listener name.
    named: Sequence[ListenerSettings] = [one for one in mine if one.name == envelope.account] or mine
    listener = next((one for one in named if one.trusts(envelope.peer)), None)
    if listener is None:
        why = f"{envelope.peer or 'the client'} is not among trusted_peers"
        return Channel(source=source_name(envelope), why=why, is_direct=envelope.source is Source.SMTP)
    return Channel(source=source_name(envelope), expected=config.expected(listener.trust))


@dataclass(frozen=True, slots=True, kw_only=True)
class OriginServer:
    """The sender's own server, as our listener or a trusted mail server (in its Received field) saw it."""

    client: str
    mail_from: str
    helo: str


class Channels:
    """Judges senders by the header lines that their channel makes trusted.  No network access.  Thread-safe."""

    def __init__(self, config: Config, organizational: Callable[[str], str]) -> None:
        """`organizational` gives the organizational domain of a name.  It is called only where alignment matters."""
        self._config, self._organizational = config, organizational

    def sender(self, header: bytes, envelope: Envelope, pairings: Pairings) -> Sender:
        """The author of the mail with this header block, verified if trusted lines prove it.

        A sender whose From is not strict is never verified, but a DMARC failure is recorded.
        """
        headers = headers_of(header, envelope)
        claimed = claimed_sender(headers)
        channel = channel_of(envelope, self._config)
        found = replace(claimed, reasons=(channel.why or "no result lines are believed",)) if claimed.strict else claimed
        if channel.expected is not None:
            found = self._judged(claimed, headers, channel.expected, f"profile {channel.expected.profile}")
        paired = pairings.get(((claimed.address or claimed.answer_to).lower(), channel.source))
        if paired is None or found.verified or found.dmarc == "fail":
            return found
        proven = self._judged(claimed, headers, paired, "pairing")
        if not claimed.strict or proven.verified or proven.dmarc:
            return proven
        return replace(found, reasons=(*found.reasons, f"pairing: {proven.reasons[0]}"))

    def _judged(self, claimed: Sender, headers: Sequence[Field], expected: Expected, proof: str) -> Sender:
        found = judged(claimed, believed(headers, expected), headers, self._organizational, expected.tenant)
        return replace(found, proof=proof) if found.verified else found

    def asks(self, envelope: Envelope) -> bool:
        """Whether mails of this channel are checked by DNS."""
        match self._config.authenticity.check:
            case SenderCheck.HEADERS:
                return False
            case SenderCheck.AUTO:
                return envelope.source is Source.IMAP
            case SenderCheck.DNS:
                return True

    def route(self, header: bytes, envelope: Envelope) -> tuple[OriginServer | None, str]:
        """The sender's own server, or None and the reason.  Only our listener or a trusted Received field names it."""
        channel = channel_of(envelope, self._config)
        if channel.is_direct:
            return direct_route(envelope)
        if channel.expected is None:
            return None, f"spf: not checked, it came by {envelope.source.upper()}"
        said: Believed = believed(headers_of(header, envelope), channel.expected)
        mail_from = envelope.mail_from if envelope.mail_from is not None else said.mail_from
        if not said.client or within(said.client, INSIDE) or mail_from is None:
            return None, "spf: not checked, no trusted Received line names the client"
        return OriginServer(client=said.client, mail_from=mail_from, helo=""), ""


def direct_route(envelope: Envelope) -> tuple[OriginServer | None, str]:
    """The SMTP client of our own listener as the sender's server, or None and the reason."""
    if envelope.source is not Source.SMTP or envelope.mail_from is None:
        return None, f"spf: not checked, it came by {envelope.source.upper()}"
    if not is_address(envelope.peer):
        return None, "spf: not checked, no address is known that it came from"
    if within(envelope.peer, INSIDE):
        return None, f"spf: not checked, {envelope.peer} is inside"
    return OriginServer(client=envelope.peer, mail_from=envelope.mail_from, helo=envelope.helo), ""


def headers_of(header: bytes, envelope: Envelope) -> tuple[Field, ...]:
    """The fields of a header block as the client sent them, without the Received field of our own listener."""
    fields = mail_fields(header)
    network = envelope.source in (Source.SMTP, Source.LMTP)
    return fields[1:] if network and fields and is_ours(fields[0]) else fields
