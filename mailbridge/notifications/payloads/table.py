"""Which payload belongs to which notification.  Pure.

`PAYLOADS` names them as they are stored and as templates are called: "<audience>.<event>".  Names and fields are stored in the outbox and
are what templates see, so neither is renamed (tests/unit/stored_names.json).
"""

from __future__ import annotations

from collections.abc import Mapping

from mailbridge.notifications.payloads.admins import (
    AuditFailed,
    BackupNews,
    Breaker,
    ClockSet,
    FirstConnect,
    Flood,
    JobsFailed,
    Kept,
    KeptTicket,
    LoginEnds,
    NewPairing,
    Quarantined,
    RefusedLogin,
    RulesBroken,
    SourceNews,
    Unfetched,
)
from mailbridge.notifications.payloads.agents import (
    AlertDigest,
    Bundle,
    CommandHelp,
    CommandResults,
    ContractEnds,
    DueTimes,
    DueTimesChanged,
    FileList,
    Found,
    HeldNotice,
    HoursReport,
    PairingQuestion,
    PairingResult,
    RatingReport,
    SignInMail,
    TicketFacts,
    TicketList,
    TimeReport,
    WholeMessage,
)
from mailbridge.notifications.payloads.collected import Changes, Collected
from mailbridge.notifications.payloads.digest import Digest
from mailbridge.notifications.payloads.knowledge import AnswersFound, ArticleNews, ArticleSent, ArticlesFound
from mailbridge.notifications.payloads.model import Payload
from mailbridge.notifications.payloads.plans import AgendaList, Planned
from mailbridge.notifications.payloads.reports import HourStatement, Report, Unsubscribed
from mailbridge.notifications.payloads.tickets import (
    Added,
    Alert,
    Answered,
    ApprovalAnswer,
    ApprovalQuestion,
    Bounced,
    ByAuthor,
    ChangesUndone,
    Closed,
    ColleagueAnswered,
    CustomerReplied,
    EscalatedTo,
    Estimated,
    HoursNews,
    InvitationReply,
    Invited,
    LevelReached,
    MayAsk,
    NewTicket,
    OtherTicket,
    Rated,
    Received,
    ReceivedTogether,
    RuleActed,
)
from mailbridge.notifications.payloads.wishes import AbsenceAsked, HandedOver, SpamReview, WishesNow

# -- tables -------------------------------------------------------------------------------------------------------


# -- tickets ------------------------------------------------------------------------------------------------------


# -- answers of the desk to agents --------------------------------------------------------------------------------


# -- admins -------------------------------------------------------------------------------------------------------


PAYLOADS: Mapping[str, type[Payload]] = {
    "customer.received": Received,
    "customer.received_together": ReceivedTogether,
    "customer.article": ArticleSent,
    "customer.estimate": Estimated,
    "customer.taken": ByAuthor,
    "customer.answered": Answered,
    "customer.waiting": ByAuthor,
    "customer.changed": ByAuthor,
    "customer.closed": Closed,
    "customer.changes": Changes,
    "customer.may_ask": MayAsk,
    "customer.reopened": ByAuthor,
    "customer.added": Added,
    "customer.meeting": Invited,
    "customer.merged": OtherTicket,
    "customer.split": OtherTicket,
    "customer.escalated": EscalatedTo,
    "customer.hours": HoursNews,
    "customer.statement": HourStatement,
    "agent.merged": OtherTicket,
    "agent.split": OtherTicket,
    "agent.undone": ChangesUndone,
    "agent.new": NewTicket,
    "agent.held": HeldNotice,
    "agent.held_done": HeldNotice,
    "agent.customer_replied": CustomerReplied,
    "agent.rated": Rated,
    "agent.wishes": WishesNow,
    "agent.left": HandedOver,
    "manager.absence": AbsenceAsked,
    "manager.spam": SpamReview,
    "agent.assigned": ByAuthor,
    "agent.colleague_answered": ColleagueAnswered,
    "agent.commands": CommandResults,
    "agent.lines": CommandResults,
    "agent.list": TicketList,
    "agent.bundle": Bundle,
    "agent.changes": Changes,
    "agent.collected": Collected,
    "agent.contract_ends": ContractEnds,
    "agent.due_times": DueTimesChanged,
    "agent.found": Found,
    "agent.articles": ArticlesFound,
    "agent.answers": AnswersFound,
    "agent.article_news": ArticleNews,
    "agent.ticket": TicketFacts,
    "agent.history": TicketFacts,
    "agent.message": WholeMessage,
    "agent.files": FileList,
    "agent.report": TimeReport,
    "agent.team_report": Report,
    "agent.unsubscribed": Unsubscribed,
    "agent.hours_report": HoursReport,
    "agent.ratings": RatingReport,
    "agent.why": DueTimes,
    "agent.agenda": AgendaList,
    "agent.digest": Digest,
    "agent.help": CommandHelp,
    "agent.pair": PairingQuestion,
    "agent.sign_in": SignInMail,
    "agent.paired": PairingResult,
    "agent.warning": Alert,
    "agent.due": Alert,
    "agent.level": LevelReached,
    "agent.rule": RuleActed,
    "agent.alerts": AlertDigest,
    "agent.meeting": Invited,
    "agent.planned": Planned,
    "agent.meeting_answered": InvitationReply,
    "agent.bounced": Bounced,
    "agent.hours": HoursNews,
    "agent.consulted": ByAuthor,
    "agent.confirm": ApprovalQuestion,
    "agent.approval_decided": ApprovalAnswer,
    "agent.approval_expired": ApprovalAnswer,
    "manager.approval": ApprovalQuestion,
    "manager.approval_reminded": ApprovalQuestion,
    "manager.overdue": Alert,
    "manager.hours": HoursNews,
    "manager.rated": Rated,
    "manager.unclaimed": Alert,
    "manager.silent": Alert,
    "admin.rules_broken": RulesBroken,
    "admin.quarantined": Quarantined,
    "admin.flood": Flood,
    "admin.kept": Kept,
    "admin.unfetched": Unfetched,
    "admin.audit": AuditFailed,
    "admin.sources": SourceNews,
    "admin.jobs": JobsFailed,
    "admin.kept_ticket": KeptTicket,
    "admin.paired": NewPairing,
    "admin.first_connect": FirstConnect,
    "admin.clock_set": ClockSet,
    "admin.login_refused": RefusedLogin,
    "admin.login_ends": LoginEnds,
    "admin.backup": BackupNews,
    "admin.breaker": Breaker,
}
"""Events that are not here have no values: "agent.awake", and the receipts that rules choose."""


