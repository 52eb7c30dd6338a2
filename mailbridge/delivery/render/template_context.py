"""What a template may show.  Values only; the flow fills them, `render` hands them over, the templates' manual is this page.

A template sees, by name:

    desk          DeskView
    ticket        TicketView; nothing (and any use of it an error) in mails that are about no ticket
    values        the notification's own values; those of `sample_values.VOCABULARY` are there always, '' where nothing was said
    text, html    the message the mail carries, whole: plain, and as HTML of ours ('' where its HTML does not say what its text says)
    quoted        Entry or None: the message that is answered
    history       Entries, newest first
    files         names of the attachments
    left_out      those of them that are too big to go along with this mail
    renamed       what those files are called in this mail whose own names would make a program show or run them
    invitations   what the invitations and answers among them say, one fact a line, where the text does not
    folded        how many pictures of the sender's signature are neither listed nor carried
    encrypted     whether the message is encrypted, so that nobody can read it here
    opened        whether the message came encrypted and the desk opened it
    below         parts of the message shown below `text`: kind ("quote", "signature", "disclaimer", "forward"), `sure`, and their text
    cut           what of the message is not shown: kind and number of lines
    message       what agents call the message, "MB-7/3"; '' in mails to others
    carries       whether a message is carried; it may hold files alone
    subject       the subject of the message where it is new on the ticket, else ''
    mail_subject  the subject of the message, new or not
    sent_at       when it was written
    solved        SolvedAnswers: what solved similar tickets, the most similar one first
    whole         of agent.message: the text of the message as it came; whole_name is the file that holds it, or an article that is too long
    author        who wrote `text`
    reply_marker  whether the mail begins with the line above which the answer is to be written
    by_other      the same where it is not the requester, else ''
    verdict       VerdictView or None: whether the sender of this very message is proven
    recipient_name, language, reply_to, event
    words         the constants of words.j2 in the language of the template
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from mailbridge.delivery.render.rich.rich import Rich
from mailbridge.delivery.render.thread_fields import ThreadFields
from mailbridge.execution.customer_card import CustomerCard
from mailbridge.execution.solved_answers import SolvedAnswer
from mailbridge.message.replacing import quickly_made
from mailbridge.notifications.summary_model import Summary
from mailbridge.organisation.opening_hours import OpeningHours
from mailbridge.tickets.hours.view import HoursView


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskView:
    """The desk as the reader knows it: the address that the mail comes from, with its name and signature."""

    name: str
    address: str
    signature: str = ""


@quickly_made
@dataclass(frozen=True, slots=True, kw_only=True)
class TicketView:
    """A ticket as people see it: titles, not keys.  `verified`: the requester's address is proven.

    `opened_as`: the subject that it was opened with, which all mails about it have.  `numbered`: the recipient reads its number in the
    subject, too.  `answered`: somebody of the desk has answered the requester by hand.
    """

    number: str
    subject: str = ""
    opened_as: str = ""
    channel: str = ""  # how the customer reached the desk; '' by mail
    began_here: bool = False  # an agent wrote first: no mail to the customer begins with Re:
    numbered: bool = True
    answered: bool = False
    status: str = ""
    priority: str = ""
    type: str = ""
    team: str = ""
    assignee: str = ""
    requester_name: str = ""
    requester_address: str = ""
    verified: bool = False
    created_at: datetime | None = None
    answer_due: datetime | None = None
    solve_due: datetime | None = None
    answer_late: bool = False  # answer_due has passed, and nobody has answered
    solve_late: bool = False
    due_at: datetime | None = None  # what an agent set by hand
    meets_at: datetime | None = None  # of an appointment that stands
    estimate: int | None = None  # minutes of work, and what four of five such tickets did not exceed
    estimate_most: int | None = None
    spent: int = 0  # minutes of work so far
    hours: HoursView | None = None  # of the contract; None: it has none, or the mail is for the customer


@dataclass(frozen=True, slots=True, kw_only=True)
class Below:
    """A part of a message that is shown below what was written now.  `sure`: it is what `kind` says; else it is only probable."""

    kind: str
    text: str
    sure: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """Lines of a message that are not shown.  `kind` '': nobody recorded it."""

    kind: str
    lines: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryEntry:
    """One message of the ticket's past, or (`happened`, for the filter `told`) what somebody did to it.  `internal`: a note."""

    author: str
    text: str
    at: datetime | None = None
    internal: bool = False
    files: tuple[str, ...] = ()
    happened: tuple[Summary, ...] = ()
    message: str = ""  # what agents call it, "MB-7/3"
    cut: tuple[Cut, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TextFile:
    """A text that goes along as a file of this name, each character as it is here."""

    name: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictView:
    """Who the message says wrote it, and what is known of that.  `is_`: agent, verified, unverified, failed, passed-on; a key of
    `verdicts` in `delivery.render.words`.  `why`: the reasons, as the check gives them."""

    is_: str
    address: str = ""
    agent: str = ""  # the agent's title
    why: str = ""


@quickly_made
@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateContext:
    desk: DeskView
    ticket: TicketView | None = None
    values: Mapping[str, object] = field(default_factory=dict)  # of samples; come before the notification's own
    text: str = ""
    html: str = ""
    rich: Rich | None = None  # what `text` and `html` are made of, when it is known which pictures go along
    author: str = ""
    verdict: VerdictView | None = None
    quoted: HistoryEntry | None = None
    history: tuple[HistoryEntry, ...] = ()
    files: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    renamed: tuple[str, ...] = ()
    folded: int = 0
    encrypted: bool = False
    opened: bool = False
    below: tuple[Below, ...] = ()
    cut: tuple[Cut, ...] = ()
    message: str = ""
    internal: bool = False  # the message that is carried is a note
    subject: str = ""
    by_other: str = ""
    reply_marker: bool = True  # the mail begins with the line above which the answer is to be written
    mail: int | None = None  # the message that is carried, whose files go along
    mail_subject: str = ""
    sent_at: datetime | None = None
    whole: TextFile | None = None
    invitations: tuple[str, ...] = ()
    recipient_name: str = ""
    thread: ThreadFields | None = None  # what the customer's first mail says of its conversation
    card: CustomerCard | None = None  # of the requester, for agents
    solved: tuple[SolvedAnswer, ...] = ()
    opening: OpeningHours | None = None  # of the ticket's team
    now: datetime | None = None  # when the mail is written
    zone: str = "UTC"  # in which times are shown
