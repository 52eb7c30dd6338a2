"""The facts of a mail.  Values only: `message.parse` makes them, all other modules read them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from mailbridge.message.replacing import quickly_made


class Kind(StrEnum):
    """What sort of mail this is.  Automatic answers go only to HUMAN (RFC 3834)."""

    HUMAN = "human"
    AUTO_REPLY = "auto-reply"  # vacation, ticket acknowledgement of another desk: answers a mail
    AUTO_GENERATED = "auto-generated"  # monitoring, invoices: made by a program, answers nothing
    BOUNCE = "bounce"  # a delivery status notification (RFC 3464), or another format
    LIST = "list"  # mailing list or bulk mail
    LOOP = "loop"  # our own mail that came back
    CALENDAR = "calendar"  # an answer to an invitation
    FEEDBACK_REPORT = "feedback-report"  # RFC 5965
    READ_RECEIPT = "read-receipt"  # RFC 8098
    CHALLENGE = "challenge"  # challenge-response robot


class Strength(StrEnum):
    """How sure the kind is.

    STRONG: by a sign that only programs set (RFC 3834, multipart/report, List-Id with Precedence, our own signed mark).  WEAK: all others.
    """

    STRONG = "strong"
    WEAK = "weak"


class Through(StrEnum):
    """The type of sender that passed a person's mail on under its own address."""

    FORM = "form"  # a web form of our own site
    GROUP = "group"  # a group that is one of our own addresses
    LIST = "list"  # another organisation's mailing list
    SERVICE = "service"  # a form of another organisation's site, or an address that takes no replies

    @property
    def is_list(self) -> bool:
        return self in {Through.GROUP, Through.LIST}


@dataclass(frozen=True, slots=True, kw_only=True)
class Correspondent:
    """The person to answer where From is the address of a list or form.  Taken from the mail, not authenticated."""

    address: str
    name: str = ""
    through: Through = Through.FORM


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """One mailbox of an address field.  `address` is the addr-spec as written, with the domain in lower case."""

    address: str
    name: str = ""
    group: str | None = None

    @property
    def domain(self) -> str:
        return self.address.rpartition("@")[2].lower()

    @property
    def key(self) -> str:
        """A key for comparison: all lower case.  Servers that distinguish A@ from a@ hardly exist."""
        return self.address.lower()


@quickly_made
@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """The author that the mail names, and whether it is authenticated.

    `address` is '' where no single strict address could be read.  `strict`: there is exactly one From field with exactly one plain
    addr-spec on which all readings agree.  `verified`: additionally DMARC passed for that very domain by a verdict that we trust (RFC 7489,
    RFC 8601), or that domain publishes no DMARC record and SPF or DKIM passed for a domain aligned with it.  `reasons` are fixed phrases
    ('two From fields', 'dmarc=pass by mx.example.test', 'no trusted Authentication-Results').  A reader in a child process never verifies a
    sender: `checks.senders` does, in the parent.

    `answer_to` is the one mailbox for answers by a lenient reading of From, and is not authenticated: '' where From names no mailbox or
    several, `address` where there is one.
    """

    address: str = ""
    name: str = ""  # of `address`, else of `answer_to`
    answer_to: str = ""
    strict: bool = False
    verified: bool = False
    dmarc: str = ""  # the trusted verdict: pass, fail, none, temperror, permerror; '' without a trusted verdict
    policy: str = ""  # what the domain asks for mail that fails: none, quarantine, reject; '' if unknown
    proof: str = ""  # how the sender was verified, a fixed phrase ('own check', 'profile google', 'pairing'); '' if unverified
    signed_fields: tuple[str, ...] = ()  # names in lower case of the fields under a valid, aligned DKIM signature over the whole body
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file of the mail.  `part` is its path in the MIME tree ('2.1', IMAP numbering), `content` its decoded bytes.

    `name` is safe to show and to store as a label (no control characters, no path); `original_name` is the name in the mail.
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
    inside: str = ""  # part path of the container that held it (winmail.dat, message/rfc822, uuencode)
    summary: str = ""  # of an invitation or an answer to one, one fact for each line


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
    """The facts of a delivery report.  `original_id` is the Message-ID of the returned mail, '' where the report has none."""

    recipients: tuple[str, ...]
    temporary: bool
    status: str = ""  # RFC 3463, '5.1.1'
    diagnostic: str = ""
    original_id: str = ""
    returned_mark: str = ""  # our loop mark on the returned mail, not verified


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarAnswer:
    """The answer of a mail program to an invitation (RFC 5546).  `said`: accepted, declined, tentative, delegated, or counter."""

    uid: str
    sequence: int
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Forwarded:
    """The mail inside a forward, as far as its copied headers describe it."""

    sender: Address | None = None
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    subject: str = ""
    date: datetime | None = None
    text_before: str = ""
    text: str = ""
    message_id: str = ""  # known only for a mail forwarded whole, as an attachment


class SpanKind(StrEnum):
    FRESH = "fresh"
    QUOTE = "quote"
    SIGNATURE = "signature"
    DISCLAIMER = "disclaimer"
    FORWARD = "forward"


# A cut with less confidence is still shown, set apart from the text.
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
        """Whether the confidence of the cut is so low that the text is shown folded instead of left out."""
        return self.kind is not SpanKind.FRESH and self.confidence < CERTAIN_CUT


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """The text that is new in this mail, separated from the rest.  `text` is complete, and `spans` cover it without gaps.

    `fresh` is the joined fresh spans without outer white space; `signature` likewise.
    """

    text: str
    spans: tuple[Span, ...]
    fresh: str
    signature: str = ""
    source: str = "plain"  # the body that was used: plain | html
    choice: str = ""  # the reason, where the two bodies did not agree
    forwarded: Forwarded | None = None


@quickly_made
@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """All facts of a mail.  Text fields hold no NUL and no lone surrogates; IDs are without angle brackets."""

    sender: Sender = field(default_factory=Sender)
    from_: tuple[Address, ...] = ()
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    reply_to: tuple[Address, ...] = ()
    return_path: str | None = None  # '' is the null sender '<>', None if there is no such field
    subject: str = ""
    date: datetime | None = None
    message_id: str = ""
    in_reply_to: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    text: str = ""  # the plain body, or the HTML body as text without a plain one
    html: str = ""  # the decoded HTML body, not sanitised; never shown
    text_from_html: bool = False  # `text`, or part of it, was made from `html`
    first_text: str = ""  # the text of the first part, where several make up `text`
    safe_html: str = ""  # the sanitised copy for display
    html_text: str = ""  # the text of the HTML body, where a line of the reply begins with # and there are two bodies to compare
    attachments: tuple[Attachment, ...] = ()
    parts: tuple[Part, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()  # decoded, in order, for rules; X-Mailbridge-* removed unless the mark is ours
    kind: Kind = Kind.HUMAN
    strength: Strength = Strength.WEAK
    kind_reasons: tuple[str, ...] = ()
    suppress_auto_response: bool = False  # send no automatic answer, whatever the kind
    loop_mark: str = ""  # our loop mark as the mail carries it, not verified
    correspondent: Correspondent | None = None  # the person to answer where From is a list's or a form's address
    to_list: bool = False  # an answer to From reaches all members of a list
    bounce: Bounce | None = None
    invitation: CalendarAnswer | None = None  # the answer to an invitation
    enclosed: Forwarded | None = None  # the one mail that a person attached whole
    reply: Reply = field(default_factory=lambda: Reply(text="", spans=(), fresh=""))
    language: str = ""  # ISO 639-1, '' if unsure
    charset_guesses: tuple[str, ...] = ()
    defects: tuple[str, ...] = ()  # fixed phrases, one for each defect, with the place ('part 2: broken base64')
    fingerprint: str = ""  # equal for two copies of the same mail, see message.fingerprint
    size: int = 0

    @property
    def recipients(self) -> tuple[Address, ...]:
        return self.to + self.cc


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingPolicy:
    """The part of the configuration that the pure reader needs.

    `own_addresses` are the desk's own mailboxes (lower case), `own_hosts` the names of our own mail servers.
    """

    own_addresses: tuple[str, ...] = ()
    own_hosts: tuple[str, ...] = ()
    reply_markers: tuple[str, ...] = ()  # our lines above which a customer writes ("## answer above this line ##")
    envelope_from: str | None = None  # '' for the null sender '<>'; None where the source does not know it
