"""What a template may show.  Values only; the flow fills them, `render` hands them over, the templates' manual is this page.

A template sees, by name:

    desk          DeskView
    ticket        TicketView; nothing (and any use of it an error) in mails that are about no ticket
    values        the notification's own values; those of VOCABULARY are there always, '' where nothing was said
    text, html    the message the mail carries, whole: plain, and sanitised ('' where there is none)
    quoted        Entry or None: the message that is answered
    history       Entries, newest first
    files         names of the attachments
    left_out      those of them that are too big to go along with this mail
    invitations   what the invitations and answers among them say, one fact a line, where the text does not
    folded        how many pictures of the sender's signature are neither listed nor carried
    author        who wrote `text`
    recipient_name, language, reply_to, event
    words         the constants of words.j2 in the language of the template
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskView:
    name: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketView:
    """A ticket as people see it: titles, not keys.  `verified`: the requester's address is proven."""

    number: str
    subject: str = ""
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One message of the ticket's past."""

    author: str
    text: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    desk: DeskView
    ticket: TicketView | None = None
    values: Mapping[str, str] = field(default_factory=dict)
    text: str = ""
    html: str = ""
    author: str = ""
    quoted: Entry | None = None
    history: tuple[Entry, ...] = ()
    files: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    folded: int = 0
    invitations: tuple[str, ...] = ()
    recipient_name: str = ""
    zone: str = "UTC"  # in which times are shown


_MEETING = {
    "author": "Bogdan Ionescu",
    "meets_at": "2026-11-24T09:00:00+00:00",
    "minutes": "60",
    "place": "Strada <Palat> 3, Iași",
    "number": "1",
    "sequence": "2",
    "change": "moved",
}

VOCABULARY: Mapping[str, Mapping[str, str]] = {
    "customer.received": {},
    "customer.taken": {"author": "Bogdan Ionescu"},
    "customer.answered": {"author": "Bogdan Ionescu", "closes": "yes", "opens_new": "yes", "signature": "Acme Support\n+40 21 555 0100"},
    "customer.waiting": {"author": "Bogdan Ionescu"},
    "customer.changed": {"author": "Bogdan Ionescu"},
    "customer.closed": {"author": "Bogdan Ionescu", "opens_new": "yes"},
    "customer.reopened": {"author": "Bogdan Ionescu"},
    "customer.added": {"author": "Bogdan Ionescu", "requester": "yes"},
    "customer.meeting": _MEETING,
    "agent.new": {},
    "agent.customer_replied": {"author": "ana@acme.example", "reopened": "yes"},
    "agent.assigned": {"author": "Clara Weiss"},
    "agent.colleague_answered": {"author": "Clara Weiss", "internal": "yes", "closes": ""},
    "agent.commands": {
        "results": "#take\tdone\t\t\n#sttaus waiting\tunknown\t\t#status waiting\n#team field\trefused\tunknown-team\tfield-service\n"
        "#assign\targument-missing\t\t#assign ana\n#help\thelp\t\t",
        "sent_to": "ana@acme.example",
        "noted": "yes",
        "usage": "#close\n#take\n#help",
        "undo": "10",
        "whose": "ana@acme.example",
        "unsure": "",
        "asked_at": "2026-11-20T15:40:00+00:00",
    },
    "agent.warning": {"promise": "response", "due_at": "2026-11-23T09:10:00+00:00"},
    "agent.due": {"promise": "due", "due_at": "2026-11-23T09:10:00+00:00"},
    "agent.awake": {},
    "agent.meeting": _MEETING,
    "agent.meeting_answered": {"author": "ana@acme.example", "answer": "accepted", "meets_at": "2026-11-24T09:00:00+00:00"},
    "agent.bounced": {
        "failed_recipient": "ana@acme.example",
        "failed_what": "answered",
        "reason": "550 5.1.1 no such user here",
    },
    "agent.confirm": {
        "approval": "3",
        "line": "#merge MB-1041",
        "asker": "Clara Weiss",
        "asked_at": "2026-11-23T08:10:00+00:00",
        "expires_at": "2026-11-24T08:10:00+00:00",
        "why": "merge-customers",
    },
    "agent.approval_decided": {
        "approval": "3",
        "line": "#time 9h",
        "asker": "Clara Weiss",
        "author": "Mara Lind",
        "granted": "yes",
        "reason": "it was a long day & they pay",
        "refused": "",
    },
    "agent.approval_expired": {
        "approval": "3",
        "line": "#time 9h",
        "asker": "Clara Weiss",
        "author": "",
        "granted": "",
        "reason": "",
        "refused": "",
    },
    "manager.approval": {
        "approval": "3",
        "line": "#time 9h replaced <both> rollers",
        "asker": "Clara Weiss",
        "asked_at": "2026-11-23T08:10:00+00:00",
        "expires_at": "2026-11-26T08:10:00+00:00",
        "why": "work-over",
    },
    "manager.approval_reminded": {
        "approval": "3",
        "line": "#time 9h",
        "asker": "Clara Weiss",
        "asked_at": "2026-11-23T08:10:00+00:00",
        "expires_at": "2026-11-26T08:10:00+00:00",
    },
    "manager.overdue": {"promise": "response", "due_at": "2026-11-23T09:10:00+00:00"},
    "manager.unclaimed": {"promise": "claim", "due_at": "2026-11-23T09:10:00+00:00"},
    "admin.rules_broken": {"problems": 'rules/routing/20-printers.yaml:8:29: unknown team "field-servce"', "version": "3f9c2a1"},
    "admin.quarantined": {"inbox": "4711", "reason": "reading took longer than 20 s, three times", "sender": "ana@acme.example"},
    "admin.breaker": {"count": "500", "limit": "500", "until": "2026-11-23T10:10:00+00:00"},
}
"""The values each shipped event may carry, by "audience.event", with a sample of each.  A value that is not said is ''.

`results` holds one line a command: what was written, outcome, detail, suggestion, parted by tabs; the outcomes are the keys of
`outcomes` in words.j2 (done, refused, unknown, argument-missing, argument-unknown, help), a detail is a key of `refusals` or words.  `undo`
holds minutes, '' where nothing can be undone.
"""
