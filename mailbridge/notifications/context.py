"""What caused a telling, and how a letter about it begins.  Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from mailbridge.conversation.tokens import Signer
from mailbridge.message.replacing import quickly_made
from mailbridge.notifications.model import Audience, Notification
from mailbridge.notifications.payloads.knowledge import ArticleRow, FitRow, SolvedRow
from mailbridge.notifications.payloads.model import Payload
from mailbridge.notifications.payloads.tickets import Received
from mailbridge.notifications.recipients import Recipient, team_of
from mailbridge.notifications.untold import Untold
from mailbridge.organisation.model import Organisation
from mailbridge.rules.flow import FlowEntry
from mailbridge.tickets.actor import Actor, ActorKind
from mailbridge.tickets.events import Event
from mailbridge.tickets.model import Ticket


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestions:
    """What the desk knows about a new request.

    `articles`: for its writer, `scores` by their numbers (0: a rule chose it).  `start`: for who writes for the first time.
    `fits`: for agents.  `solved`: tickets that were like it, for agents.
    """

    articles: tuple[ArticleRow, ...] = ()
    start: tuple[ArticleRow, ...] = ()
    scores: tuple[tuple[int, int], ...] = ()
    fits: tuple[FitRow, ...] = ()
    solved: tuple[SolvedRow, ...] = ()


NOTHING_SUGGESTED = Suggestions()


@dataclass(frozen=True, slots=True, kw_only=True)
class MailNews:
    """What agents read of the mail that caused it besides its text.

    `said_by`: the agent who wrote to the customer first, or where `reported`, who wrote down what the customer said.
    `follows`: the number of the ticket that it probably continues, `doubt` why it is not there.
    `grouped`: which mail of a flood it is.  `other_reply_to`: where its writer wants answers, if that is elsewhere.
    `suggested`: what the desk knows about it, also for its writer.
    """

    said_by: str = ""
    reported: bool = False
    follows: str = ""
    doubt: str = ""
    grouped: int | None = None
    other_reply_to: str = ""
    suggested: Suggestions = NOTHING_SUGGESTED


NO_NEWS = MailNews()
NOTHING_SAID = Received()


def _unknown_language(_address: str) -> str:
    return ""


@quickly_made
@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationContext:
    """What caused the telling: the ticket after it, the mail, and what the mails of the thread are called.

    `answerable` is false where the causing mail is a robot's, a loop's or has no address that may be answered.
    `thread` holds Message-IDs for References, oldest first: that of the mail that opened the ticket, '' where it has none, and the
    latest one.
    """

    ticket: Ticket
    organisation: Organisation
    signer: Signer
    desk_name: str
    language: str
    mail: int | None = None
    answerable: bool = True
    thread: tuple[str, ...] = ()
    own_addresses: frozenset[str] = frozenset()
    reached: frozenset[str] = frozenset()  # to whom the agent's program sent the message itself, in small letters
    news: MailNews = NO_NEWS
    waits: Received = NOTHING_SAID  # how long the first answer usually takes
    receipt: str = "received"  # the customer's template for a new ticket; a rule may choose another
    robot: str = ""  # the mail looks like a robot's of this kind and is told all the same; '' where a robot's mail is not told
    unreadable: bool = False  # the customer's mail is encrypted, and the customer may be told so
    on_merged: frozenset[str] = frozenset()  # customers on the ticket that was merged into this one, in small letters
    also: tuple[Recipient, ...] = ()  # whom a rule wants told of this mail, besides those it concerns
    entries: tuple[FlowEntry, ...] = ()  # those of notifications.yaml that hold for the ticket now; the first about an event decides
    responsible: tuple[str, ...] = ()  # agents who are responsible for the customer, the contract or the project; only with entries
    operators: tuple[str, ...] = ()  # addresses of the desk's admins; only with entries
    sender: str = ""  # the desk's address that mails to customers come from; '': its own
    signature: str = ""  # of that address, below answers; '': the team's
    language_at: Callable[[str], str] = _unknown_language  # of mails to this address at a customer's; '' where nothing says it
    not_answerable: str = ""  # why `answerable` is false, where that is known


# Who is told because of one event; the other events of the same decision may change what is said.
EventNotifier = Callable[[Event, Sequence[Event], NotificationContext], Iterator[Notification]]


def notifications_to(
    recipients: Iterable[Recipient],
    audience: Audience,
    event: str,
    context: NotificationContext,
    *,
    payload: Payload | None = None,
    but: Actor | None = None,
    skipped: str = "",
) -> Iterator[Notification]:
    """One promise a recipient.  `but`: who is skipped, because it is their own doing.  `skipped`: why all of them are; '' for no reason."""
    acting_agent = context.organisation.agents.get(but.name) if but and but.kind is ActorKind.AGENT else None
    for recipient in recipients:
        own = acting_agent is not None and recipient.address.lower() == acting_agent.address.lower()
        yield Notification(
            ticket=context.ticket.id,
            audience=audience,
            event=event,
            recipient=recipient.address,
            key="",
            name=recipient.name,
            language=recipient.language,
            mail=context.mail,
            payload=payload,
            skipped=Untold.OWN if own else skipped,
        )


def unless_told(step: str, context: NotificationContext) -> str:
    """Why customers are not told of the step: the team's `tells` does not name it; '' where it does."""
    return "" if step in team_of(context.ticket, context.organisation).tells else Untold.OFF


def unless_answerable(context: NotificationContext) -> str:
    """Why nothing automatic goes to the customer; '' where it may."""
    return "" if context.answerable else Untold.NOT_ANSWERABLE


def title_of(actor: Actor, context: NotificationContext) -> str:
    if actor.kind is ActorKind.CLOCK:
        return ""
    if actor.kind is ActorKind.CONSULTANT and actor.name in context.organisation.consultants:
        return context.organisation.consultants[actor.name].title
    agent = context.organisation.agents.get(actor.name)
    return agent.title if agent else actor.name
