"""What a mail says, once it is read.  Values only; `message.parse` makes them, everything else reads them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Kind(StrEnum):
    """What sort of mail this is; everything but HUMAN must never be answered by a robot (RFC 3834)."""

    HUMAN = "human"
    AUTO_REPLY = "auto-reply"  # vacation, ticket acknowledgement of another desk: answers a mail
    AUTO_GENERATED = "auto-generated"  # monitoring, invoices: made by a program, answers nothing
    BOUNCE = "bounce"  # a delivery status notification, RFC 3464, or the odd formats
    LIST = "list"  # mailing list or bulk mail
    LOOP = "loop"  # our own mail come back
    CALENDAR = "calendar"  # an answer to an invitation
    FEEDBACK_REPORT = "feedback-report"  # RFC 5965
    READ_RECEIPT = "read-receipt"  # RFC 8098
    CHALLENGE = "challenge"  # challenge-response robot


class Strength(StrEnum):
    """How sure the kind is: STRONG by a sign that only programs set (RFC 3834, multipart/report, List-Id with Precedence, our own signed
    mark), else WEAK."""

    STRONG = "strong"
    WEAK = "weak"


class Through(StrEnum):
    """What passed a person's mail on under an address of its own."""

    FORM = "form"  # a web form of our own site
    GROUP = "group"  # a group that is one of our own addresses
    LIST = "list"  # somebody else's mailing list
    SERVICE = "service"  # a form of somebody else's site, or an address that takes no replies

    @property
    def is_list(self) -> bool:
        return self in {Through.GROUP, Through.LIST}


@dataclass(frozen=True, slots=True, kw_only=True)
class Correspondent:
    """The person to answer where From is a list's or a form's address.  Named by the mail, proven by nothing."""

    address: str
    name: str = ""
    through: Through = Through.FORM


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """One mailbox of an address field.  `address` is the addr-spec as written but for the domain, which is lower case."""

    address: str
    name: str = ""
    group: str | None = None

    @property
    def domain(self) -> str:
        return self.address.rpartition("@")[2].lower()

    @property
    def key(self) -> str:
        """What two spellings of one mailbox have in common: all lower case (servers that tell A@ from a@ are folklore)."""
        return self.address.lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Who the mail says wrote it, and whether we may believe it.

    `address` is '' where no single strict address could be read; `strict` is true for exactly one From field holding
    exactly one plain addr-spec on which all readings agree; `verified` is true where additionally DMARC passed for that
    very domain by a verdict we trust (RFC 7489, RFC 8601), or where that domain publishes no DMARC record and SPF or DKIM passed
    for a domain aligned with it.  `reasons` say why, in stable words ('two From fields', 'dmarc=pass by mx.example.test',
    'no trusted Authentication-Results').  A reader in a child process never verifies anybody: `checks.senders` does, in the parent.

    `answer_to` is the one mailbox that an answer goes to, as people mean the From field, and is believed for nothing: '' where From names
    nobody or several, `address` where there is one.
    """

    address: str = ""
    name: str = ""  # of `address`, else of `answer_to`
    answer_to: str = ""
    strict: bool = False
    verified: bool = False
    dmarc: str = ""  # the trusted verdict: pass, fail, none, temperror, permerror; '' where there is no verdict we trust
    policy: str = ""  # what the domain asks for mail that fails: none, quarantine, reject; '' where nobody said
    proof: str = ""  # how the sender was proven, in stable words ('own check', 'profile google', 'pairing'); '' where unproven
    signed_fields: tuple[str, ...] = ()  # names in lower case of the fields under a valid, aligned DKIM signature over the whole body
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file the mail carries.  `part` is its path in the MIME tree ('2.1', IMAP numbering), `content` its decoded bytes.

    `name` is safe to show and to store as a label (no control characters, no path), `original_name` is what the mail said.
    """

    part: str
    name: str
    content_type: str
    size: int
    sha256: str
    content: bytes = b""
    original_name: str = ""
    disposition: str = "attachment"
    content_id: str = ""
    is_message: bool = False
    inside: str = ""  # part path of the container it was taken out of (winmail.dat, message/rfc822, uuencode)
    summary: str = ""  # of an invitation or an answer to one: what it says, one fact a line


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A leaf of the MIME tree, for `mail inspect` and the conformance table; size and sha256 are of the decoded bytes."""

    path: str
    content_type: str
    size: int
    sha256: str
    charset: str = ""
    text: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounce:
    """What a delivery report says.  `original_id` is the Message-ID of the returned mail, '' where it is not in there."""

    recipients: tuple[str, ...]
    temporary: bool
    status: str = ""  # RFC 3463, '5.1.1'
    diagnostic: str = ""
    original_id: str = ""
    returned_mark: str = ""  # our loop mark on the returned mail, not yet believed


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarAnswer:
    """What a mail program says to an invitation (RFC 5546).  `said`: accepted, declined, tentative, delegated, or counter."""

    uid: str
    sequence: int
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Forwarded:
    """The mail inside a forward, as far as its inner headers say."""

    sender: Address | None = None
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    subject: str = ""
    date: datetime | None = None
    text_before: str = ""
    text: str = ""
    message_id: str = ""  # known only where the mail was forwarded whole, as an attachment


class SpanKind(StrEnum):
    FRESH = "fresh"
    QUOTE = "quote"
    SIGNATURE = "signature"
    DISCLAIMER = "disclaimer"
    FORWARD = "forward"


# What is cut with less confidence than this is shown all the same, set apart.
CERTAIN_CUT = 0.75


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A run of the mail's text: `text[start:end]` (characters).  All spans together cover the text without gaps or overlaps."""

    kind: SpanKind
    start: int
    end: int
    reason: str = ""
    confidence: float = 1.0

    @property
    def is_doubtful(self) -> bool:
        """Whether it was cut with so little confidence that people must see it: folded, and not left out."""
        return self.kind is not SpanKind.FRESH and self.confidence < CERTAIN_CUT


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What the person wrote now, apart from the rest.  Nothing is lost: `text` is whole, `spans` tile it.

    `fresh` is the joined fresh spans with outer white space removed; `signature` likewise.
    """

    text: str
    spans: tuple[Span, ...]
    fresh: str
    signature: str = ""
    source: str = "plain"  # which body decided: plain | html
    choice: str = ""  # why it did, where the two bodies did not agree
    forwarded: Forwarded | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """Everything a mail says.  Text fields hold no NUL and no lone surrogates; ids are without angle brackets."""

    sender: Sender = field(default_factory=Sender)
    from_: tuple[Address, ...] = ()
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    reply_to: tuple[Address, ...] = ()
    return_path: str | None = None  # '' is the null sender '<>', None is no such field
    subject: str = ""
    date: datetime | None = None
    message_id: str = ""
    in_reply_to: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    text: str = ""  # the plain body, or the HTML body as text where there is no plain one
    html: str = ""  # the HTML body as it came, decoded; never shown
    text_from_html: bool = False  # `text`, or a part of it, was made from `html`
    first_text: str = ""  # the text of the first part, where several make up `text`
    safe_html: str = ""  # the sanitised copy that may be shown
    html_text: str = ""  # what the HTML body says, where a line of the reply begins with # and there are two bodies to compare
    attachments: tuple[Attachment, ...] = ()
    parts: tuple[Part, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()  # decoded, in order, for rules; X-Mailbridge-* taken out unless the mark is ours
    kind: Kind = Kind.HUMAN
    strength: Strength = Strength.WEAK
    kind_reasons: tuple[str, ...] = ()
    suppress_auto_response: bool = False  # no automatic answer must go out, whatever the kind
    loop_mark: str = ""  # our loop mark as the mail carries it, not yet believed
    correspondent: Correspondent | None = None  # whom to answer where From is a list's or a form's
    to_list: bool = False  # an answer to From reaches everybody on a list
    bounce: Bounce | None = None
    invitation: CalendarAnswer | None = None  # the answer to one
    enclosed: Forwarded | None = None  # the one mail that a person attached whole
    reply: Reply = field(default_factory=lambda: Reply(text="", spans=(), fresh=""))
    language: str = ""  # ISO 639-1, '' where unsure
    charset_guesses: tuple[str, ...] = ()
    defects: tuple[str, ...] = ()  # stable words, one a defect, with where ('part 2: broken base64')
    fingerprint: str = ""  # equal for two copies of the same mail, see message.fingerprint
    size: int = 0

    @property
    def recipients(self) -> tuple[Address, ...]:
        return self.to + self.cc


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingPolicy:
    """What reading needs to know of the desk; nothing else of the configuration gets into the pure reader.

    `own_addresses` are the desk's own mailboxes (lower case), `own_hosts` the names of our own mail servers.
    """

    own_addresses: tuple[str, ...] = ()
    own_hosts: tuple[str, ...] = ()
    reply_markers: tuple[str, ...] = ()  # lines of ours above which a customer writes ("## answer above this line ##")
    envelope_from: str | None = None  # '' for the null sender '<>'; None where the source does not know it
