"""What a new ticket begins with: what its mail says, who else is on it, and what the rules chose."""

from __future__ import annotations

from collections.abc import Iterator

from mailbridge.config.model import Identity
from mailbridge.execution.assignment import wanted_agent
from mailbridge.execution.desk import Desk
from mailbridge.handling.agents.forwarded import ForwardedMail
from mailbridge.handling.placed_mail import JudgedMail, PlacedMail
from mailbridge.message.came_to import came_to
from mailbridge.message.model import Message
from mailbridge.message.replacing import replace
from mailbridge.organisation import transitions
from mailbridge.organisation.model import CopiedPolicy, Organisation, Team
from mailbridge.organisation.priority import Priority
from mailbridge.rules.commands import choosers
from mailbridge.rules.verdict import Verdict
from mailbridge.store.tx import Tx
from mailbridge.tickets.actor import Actor, ActorKind
from mailbridge.tickets.command_types.mails import Open
from mailbridge.tickets.model import LIST_FIELD, OUTGOING, Participant, Role

MOST_COPIED = 50  # people of To and Cc who are remembered


def opening(tx: Tx, desk: Desk, judged: JudgedMail) -> Open:
    """The new ticket as the mail, its writer and the rules want it."""
    mail, verdict, organisation = judged.mail, judged.verdict, desk.organisation
    message, writer, forwarded = mail.message, mail.writer, mail.forwarded
    identity, team = written_to(desk, mail), team_for(desk, judged)
    requester, language = requester_of(mail), language_for(desk, judged, team)
    sends = forwarded is not None and forwarded.sends
    waits = forwarded is not None and forwarded.waits
    began = forwarded is not None and forwarded.channel == OUTGOING  # an agent wrote first, by the desk
    agents = mail.goes_to_customer and (organisation.teams.get(team) or Team(name=team, title=team)).answer_owns
    return Open(
        subject=verdict.subject or message.subject or "(no subject)",
        requester=replace(requester, language=language),
        others=others_of(desk, judged, team),
        team=team,
        type=verdict.type or "",
        priority=Priority(verdict.priority or Priority.NORMAL),
        status=verdict.status or (transitions.OPEN if mail.written_to else transitions.WAITING if began and sends and not waits else ""),
        tags=verdict.tags,
        fields=(*verdict.fields, *_as_fields(verdict), *_of_list(mail)),
        assignee=wanted_agent(tx, verdict, team, organisation, mail.now) or (mail.agent if agents else ""),
        channel=mail.channel,
        language=language,
        verified=writer.verified,
        rules_version=desk.policy.version,
        asked_at=forwarded.asked_at if forwarded else None,
        follows=mail.placement.follows,
        chosen_by=(*choosers(verdict), *_of_identity(verdict, identity, organisation)),
        identity=identity.address.lower() if identity else "",
        said_by=mail.words_of.agent if mail.words_of else "",
        reported=mail.reported,
        internal=forwarded is not None and forwarded.internal,
        encrypted=forwarded is not None and forwarded.encrypted,
        waits=waits,
    )


def team_for(desk: Desk, judged: JudgedMail) -> str:
    """The team of the new ticket."""
    return judged.verdict.team or team_of(written_to(desk, judged.mail), desk.organisation) or desk.organisation.default_team


def language_for(desk: Desk, judged: JudgedMail, team: str) -> str:
    """The language of the new ticket; '' where nothing says it."""
    mail = judged.mail
    return mail.message.language or language_of(desk, requester_of(mail).address, team, written_to(desk, mail))


def others_of(desk: Desk, judged: JudgedMail, team: str) -> tuple[Participant, ...]:
    """Who is on the new ticket besides the requester."""
    mail = judged.mail
    return (*_added(judged.verdict), *copied(desk, mail, team, proven=mail.writer.verified), *_addressed(mail.forwarded))


def requester_of(mail: PlacedMail) -> Participant:
    """Who asks: the writer, or the customer to whom an agent wrote first."""
    message = mail.message
    if mail.written_to:
        customer = mail.written_to[0]
        return Participant(address=customer.address, name=customer.name)
    return Participant(address=author(mail), name=message.sender.name or mail.writer.name)


def written_to(desk: Desk, mail: PlacedMail) -> Identity | None:
    """The identity that the customer wrote to: the first one in To, Cc, the envelope and the lines of delivery, else that of the mailbox's
    user; None where the mail was written to none."""
    settings = desk.config.desk
    if not settings.identities or mail.written_to:
        return None
    envelope = mail.arrival.envelope
    user = next((box.user for box in desk.config.mailboxes if box.name == envelope.account), "")
    addresses = (*came_to(mail.message, envelope.rcpt_to, desk.own_addresses), user)
    return next(filter(None, map(settings.identity_at, addresses)), None)


def team_of(identity: Identity | None, organisation: Organisation) -> str:
    """The team of the identity; '' where it has none that there is."""
    return identity.team if identity and identity.team in organisation.teams else ""


def _of_identity(verdict: Verdict, identity: Identity | None, organisation: Organisation) -> Iterator[tuple[str, Actor]]:
    if identity and not verdict.team and team_of(identity, organisation):
        yield "team", Actor(kind=ActorKind.SYSTEM, name=f"identity {identity.address}")


def language_of(desk: Desk, address: str, team: str, identity: Identity | None = None) -> str:
    """The language of mails to this address where its mail shows none: the person's or the customer's, else that of the identity that was
    written to, else the team's; '' for none."""
    if known := desk.policy.rules.customers.language_at(address) or (identity.language if identity else ""):
        return known
    return desk.organisation.teams[team].language if team in desk.organisation.teams else ""


def copied(desk: Desk, mail: PlacedMail, team: str, *, proven: bool) -> tuple[Participant, ...]:
    """People in To and Cc, as the team's policy wants them (TH6).  Mailboxes of the desk and its teams, and agents, are none of them.

    Whoever is not proven makes nobody hear of the ticket: a forged mail must not become mail from us to strangers.
    """
    policy = (desk.organisation.teams.get(team) or Team(name=team, title=team)).copied
    if policy is CopiedPolicy.IGNORED:
        return ()
    role = Role.PARTICIPANT if policy is CopiedPolicy.PARTICIPANT and proven else Role.MENTIONED
    known = {mail.writer.address.lower(), *(a.key for a in mail.written_to[:1])}
    people = {a.key: a for a in mail.message.recipients if a.key not in known and not is_ours(desk, a.address)}
    return tuple(Participant(address=a.address, name=a.name, role=role) for a in list(people.values())[:MOST_COPIED])


def author(mail: PlacedMail) -> str:
    """The address of who writes; of a mail without a strict From what it claims, for show; '' where there is none."""
    return mail.writer.address or claimed(mail.message)


def claimed(message: Message) -> str:
    """The address that a mail without a strict From claims; '' where there is none."""
    return message.from_[0].address if message.from_ else ""


def _added(verdict: Verdict) -> tuple[Participant, ...]:
    """People a rule puts on the ticket; unlike those a customer merely copied, they hear of it."""
    return tuple(Participant(address=address, role=Role.PARTICIPANT) for address in verdict.cc)


def _addressed(forwarded: ForwardedMail | None) -> tuple[Participant, ...]:
    """Those whom an agent wrote to beside the requester."""
    others = forwarded.others if forwarded else ()
    return tuple(Participant(address=one.address, name=one.name, role=Role.PARTICIPANT) for one in others)


def _of_list(mail: PlacedMail) -> tuple[tuple[str, str], ...]:
    """That an answer reaches a whole list, where nobody single is behind it."""
    return ((LIST_FIELD, mail.writer.address),) if mail.message.to_list and mail.message.correspondent is None else ()


def is_ours(desk: Desk, address: str) -> bool:
    """Whether the address is the desk's, an agent's or a team's: nobody of these is a customer."""
    groups = {team.address.lower() for team in desk.organisation.teams.values()}
    return desk.is_own(address) or address.lower() in groups or desk.organisation.agent_of(address) is not None


def _as_fields(verdict: Verdict) -> tuple[tuple[str, str], ...]:
    """What a rule found or promised besides the ticket's own columns."""
    found = (
        ("contract", verdict.contract),
        ("sla", verdict.sla),
        ("calendar", verdict.calendar),
        ("equipment", verdict.equipment),
        ("location", verdict.location),
        ("project", verdict.project),
    )
    return tuple((name, value) for name, value in found if value)
