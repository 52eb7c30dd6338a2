"""What a placed mail does to the desk: a new ticket, a customer's message, a bounce, or a mail that is only kept.  Agents' mails, with
their commands, are in `agentmail`.

Each function stores the mail and lets `execution.execute` decide, record and tell what is asked, in the open transaction.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from mailbridge.conversation.marks import is_mark_of
from mailbridge.conversation.model import Placement
from mailbridge.conversation.through import other_reply_to
from mailbridge.execution.assignment import wanted_agent
from mailbridge.execution.estimating import estimated
from mailbridge.execution.execute import Executed, Telling, execute, preview
from mailbridge.execution.load_context import Cause
from mailbridge.execution.webhooks import queue_calls
from mailbridge.handling.acknowledgement import acknowledgement
from mailbridge.handling.disposition import Disposition
from mailbridge.handling.evidence import referred
from mailbridge.handling.opening import author, claimed, copied, opening
from mailbridge.handling.outcome import LostRace, MailOutcome, MailResult
from mailbridge.handling.placed_mail import Placed
from mailbridge.handling.sender_limits import Allowed, allowed, allowed_on, count_opening
from mailbridge.ids import parse_meeting_uid, ticket_number
from mailbridge.message.dates import shown_date
from mailbridge.message.encryption import DEFECT
from mailbridge.message.inline_images import small_inline
from mailbridge.message.model import Bounce, Kind, Strength
from mailbridge.notifications.compose import admin_notifications
from mailbridge.notifications.recipients import named
from mailbridge.notifications.webhooks import OPENED, REPLIED
from mailbridge.ops import crash
from mailbridge.organisation import transitions
from mailbridge.reply.stored_spans import spans_to_json
from mailbridge.rules.commands import commands, estimate_of
from mailbridge.rules.match import Verdict
from mailbridge.store.addresses import BOUNCED
from mailbridge.store.mails import Direction, StoredMail
from mailbridge.tickets.commands import AnswerInvitation, Command, CustomerMessage, Open, ReportFailure, StartPlaybook
from mailbridge.tickets.decide import Decision
from mailbridge.tickets.events import Actor, ActorKind, InvitationAnswered
from mailbridge.tickets.model import Ticket
from mailbridge.tickets.requests import Request, each

COMMENT = "\nComment: "  # in the summary of a calendar's answer: what the person wrote beside it
GROUPED = "grouped"
OVER_QUOTA = "quota: one sender brought more bytes within an hour than limits.bytes_per_sender_hour allows"
UNDELIVERABLE_FOR = timedelta(days=7)  # how long an address that bounced for good gets nothing automatic


@dataclass(frozen=True, slots=True, kw_only=True)
class Filing(Placed):
    """What is done with a placed mail."""

    def new_ticket(self, placement: Placement, verdict: Verdict) -> MailResult:
        """The mail opened a ticket, with what the rules chose for it; or it is with others of a sender who brings too many."""
        may = allowed(self)
        if may.over_quota:
            return MailResult(outcome=MailOutcome.QUARANTINED, reason=OVER_QUOTA)
        if (together_with := self.tx.tickets.surviving(may.onto[1])) is not None:
            return self._grouped(together_with, may)
        self.heard_from()
        why_not = self._not_acknowledged(verdict) or may.no_receipt
        filing = replace(self, arrival=self.arrival.unacknowledged(why_not))
        ticket_id = self.tx.tickets.reserve()
        mail = filing.store_mail(ticket=ticket_id)
        opened = opening(self, placement, verdict)
        asked = [*each([opened]), *self._chosen_for(opened, verdict)]
        executed = filing.execute(ticket_id, asked, mail, answerable=not why_not, verdict=verdict, said=self._said(placement))
        count_opening(self, may, ticket_id, receipt=not why_not)
        filing.set_off(executed.decision, verdict, mail, OPENED)
        return MailResult(outcome=MailOutcome.TICKET, ticket=ticket_id, mail=mail)

    def _grouped(self, ticket: Ticket, may: Allowed) -> MailResult:
        """One mail of a flood is on the ticket of those before it.  Agents and admins hear of some of them, so that nothing is silent."""
        filing = replace(self, arrival=self.arrival.unacknowledged(may.no_receipt))
        mail = filing.store_mail(ticket=ticket.id)
        self.tx.openings.group(may.onto[0], self.arrival.size)
        state = transitions.status(ticket.status, self.desk.organisation)
        asked = each([CustomerMessage(author=author(self), automatic=state.open)])
        filing.execute(ticket, asked, mail, robot=GROUPED if may.told else "", said=(("grouped", str(may.grouped)),))
        if may.told:
            self._tell_of_flood(ticket, may)
        return MailResult(
            outcome=MailOutcome.APPEND, ticket=ticket.id, mail=mail, reason="grouped: too many mails of one sender within an hour"
        )

    def _tell_of_flood(self, ticket: Ticket, may: Allowed) -> None:
        """The admins hear of a flood once an hour."""
        desk = self.desk.config.desk
        values = {"sender": author(self), "form": may.form.rpartition(":")[2], "number": ticket_number(desk.prefix, ticket.id)}
        hour = self.now.strftime("%Y%m%d%H")
        self.tx.outbox.add_many(admin_notifications(desk.admins, "flood", hour, values, desk.address, desk.language), self.now)
        self.tx.wake("outbox")

    def _not_acknowledged(self, verdict: Verdict) -> str:
        """Why no acknowledgement goes to the requester; '' where one may."""
        if verdict.no_ack:
            return "a rule said no-ack"
        if self.written_to:
            return "an agent wrote to the customer"
        return acknowledgement(self.tx, self.message, self.arrival.envelope.source, self.writer, self.desk, self.now)

    def _said(self, placement: Placement) -> tuple[tuple[str, str], ...]:
        """What agents read of a new ticket besides its mail: the agent who wrote it, the ticket that it probably continues and why it
        is not there."""
        said = [("said_by", self.writer.name)] if self.written_to else []
        if placement.follows is not None and placement.doubt is not None:
            number = ticket_number(self.desk.config.desk.prefix, placement.follows)
            said += [("follows", number), ("doubt", str(placement.doubt))]
        return tuple(said)

    def customer_mail(self, ticket: Ticket, *, proven: bool, verdict: Verdict | None = None) -> MailResult:
        """A customer's mail went on their ticket.

        `proven`: they may bring others along.  `verdict`: what the rules that look at replies want done to the ticket.
        """
        may = allowed_on(self, ticket.id)
        if may.over_quota:
            return MailResult(outcome=MailOutcome.QUARANTINED, reason=OVER_QUOTA)
        if may.onto != (0, 0):
            return self._grouped(ticket, may)
        self.heard_from()
        others = copied(self, ticket.team, proven=True) if proven else ()
        return self._onto(ticket, CustomerMessage(author=self.writer.address, others=others), verdict)

    def automatic_mail(self, ticket: Ticket, may: Disposition) -> MailResult:
        """A robot's mail is on the ticket that it answers and moves nothing; `may` says whether anybody is told.

        Nobody is told of an agent's: the agent's robot would answer that mail, too, and so on for ever.
        """
        told = may.told and not self.writer.agent
        return self._onto(
            ticket, CustomerMessage(author=self.writer.address, automatic=True), None, robot=self.message.kind if told else ""
        )

    def _onto(self, ticket: Ticket, write: CustomerMessage, verdict: Verdict | None, *, robot: str = "") -> MailResult:
        mail = self.store_mail(ticket=ticket.id)
        asked = each([write, *self._answered(ticket)])
        if write.automatic and self._says_more(ticket, asked, mail):
            asked[0] = Request(commands=(CustomerMessage(author=self.writer.address),))
        if self.imported and not self._wakes(ticket):
            asked[0] = Request(commands=(replace(write, automatic=True),))
        if verdict:
            rule = Actor(kind=ActorKind.RULE, name=verdict.rules[-1] if verdict.rules else "virus")
            asked += each(commands(self._for(ticket, verdict)), rule)
        executed = self.execute(ticket, asked, mail, verdict=verdict, robot=robot)
        if verdict:
            self.set_off(executed.decision, verdict, mail, REPLIED)
        return MailResult(outcome=MailOutcome.APPEND, ticket=ticket.id, mail=mail)

    def _wakes(self, ticket: Ticket) -> bool:
        """Whether a mail of an archive may change the ticket's status: one that is closed, or waits, stays so, for the mail is old."""
        status = transitions.status(ticket.status, self.desk.organisation)
        return status.open and not status.waiting

    def _says_more(self, ticket: Ticket, asked: Sequence[Request], mail: int) -> bool:
        """Whether a calendar's answer holds words that nobody would hear of: those beside an answer that counts are told with it."""
        if self.message.kind is not Kind.CALENDAR:
            return False
        would = preview(self.tx, self.desk, ticket, asked, self.actor(), self.now, cause=self.cause(mail))
        if any(isinstance(event.what, InvitationAnswered) for event in would.decision.events):
            return False
        return bool(self.message.reply.fresh) or any(COMMENT in file.summary for file in self.message.attachments)

    def _answered(self, ticket: Ticket) -> Iterator[Command]:
        """The answer to an invitation of ours about this ticket, if the mail is one."""
        answer, prefix = self.message.invitation, self.desk.config.desk.prefix
        number = parse_meeting_uid(prefix, answer.uid, ticket.id) if answer else None
        if answer is not None and number is not None:
            yield AnswerInvitation(author=author(self), answer=answer.said, number=number, sequence=answer.sequence)

    def _for(self, ticket: Ticket, verdict: Verdict) -> Verdict:
        """What the rules want of a ticket that is there: a turn is given only where nobody has it, or each reply would move it on."""
        if ticket.assignee and not verdict.assignee:
            return verdict
        agent = wanted_agent(self.tx, verdict, verdict.team or ticket.team, self.desk.organisation, self.now)
        return replace(verdict, assignee=agent or None)

    def returned_mail(self) -> MailResult | None:
        """A delivery report about a mail that we sent is on that mail's ticket, and who has the ticket heard of a failure; None where it is
        about none of ours, and just a robot's mail.

        A report is easily forged by whoever knows a Message-ID.  So it changes nothing but what automatic mail the address gets, and that
        only where it holds what a forger cannot know (`_proves`).
        """
        report = self.message.bounce
        ours = self.tx.outbox.by_message_id(report.original_id) if report else None
        ticket = self.tx.tickets.surviving(ours.notification.ticket) if ours and ours.notification.ticket else None
        if report is None or ours is None or ticket is None:
            return None
        recipient = ours.notification.recipient
        named = recipient.lower() in {address.lower() for address in report.recipients}
        if self.message.strength is Strength.WEAK and not named:
            return None  # words about a bounce in an answer to ours are a person's
        mail = self.store_mail(ticket=ticket.id)
        asked: list[Command] = [CustomerMessage(author=self.message.sender.address, automatic=True)]
        if not report.temporary:
            why = f"{report.status} {report.diagnostic}".strip()[:500]
            asked.append(ReportFailure(recipient=recipient, what=ours.notification.event, reason=why))
            if named and self._proves(report, ours.notification.key):
                self.tx.addresses.suspend(recipient, self.now + UNDELIVERABLE_FOR, f"{BOUNCED}{why}")
        self.execute(ticket, each(asked), mail, actor=Actor(kind=ActorKind.SYSTEM, name="bounce"))
        return MailResult(outcome=MailOutcome.APPEND, ticket=ticket.id, mail=mail)

    def heard_from(self) -> None:
        """Whoever writes has an address that works: a suspension because a mail bounced is over."""
        if self.message.kind is Kind.HUMAN and self.writer.address and not self.writer.dmarc_failed and not self.imported:
            self.tx.addresses.lift_bounced(self.writer.address)

    def _proves(self, report: Bounce, key: str) -> bool:
        """Whether the report can only come from where our mail went: it returns our signed mark of that very mail, and it has the null
        sender, as far as the source knows the sender."""
        envelope = self.arrival.envelope.mail_from
        sender = self.message.return_path if envelope is None else envelope
        return not sender and is_mark_of(self.desk.signer, report.returned_mark, key)

    def keep(self, outcome: MailOutcome) -> MailResult:
        """The mail is stored on no ticket; the admins' daily list names it, and `mailbridge queue list --state done` shows it."""
        mail = self.store_mail(ticket=None)
        crash.point("pipeline.mail_stored")
        why = "a rule said drop" if outcome is MailOutcome.IGNORED else f"{self.message.kind}: {', '.join(self.message.kind_reasons)}"
        return MailResult(outcome=outcome, mail=mail, reason=why)

    def store_mail(
        self, *, ticket: int | None, fresh: str | None = None, internal: bool = False, direction: Direction = Direction.IN
    ) -> int:
        """The mail's row, its references, its attachments and the words it is found by; its id."""
        message, arrival = self.message, self.arrival
        stored = StoredMail(
            inbox=arrival.id,
            ticket=ticket,
            direction=direction,
            message_id=message.message_id,
            references=(*message.references, *message.in_reply_to),
            fingerprint=message.fingerprint,
            sender=self.writer.address or message.sender.address or claimed(message),
            sender_name=message.sender.name,
            verified=self.writer.verified,
            subject=message.subject,
            date=shown_date(message.date, arrival.envelope.received_at, old=self.imported or bool(self.passed_on_by)),
            received_at=arrival.envelope.received_at,
            kind=message.kind,
            language=message.language,
            text=message.reply.text or message.text,
            fresh=message.reply.fresh if fresh is None else fresh,
            html=message.safe_html,
            sha256=arrival.sha256,
            size=arrival.size,
            internal=internal,
        )
        explanation = {**arrival.explanation, "reply": spans_to_json(message.reply)}  # of the customer's mail where an agent passed it on
        older = self.tx.old_mails.go_on_at(ticket, referred(message)) if ticket is not None else []
        if older:
            explanation["answers_older"] = older
        mail = self.tx.mails.add(stored, explanation=explanation)
        if mail is None:
            raise LostRace("another worker stored a copy of this mail first")
        pictures = small_inline(message)
        self.tx.mails.add_attachments(mail, ticket, message.attachments, sender=stored.sender, pictures=pictures)
        names = [file.name for file in message.attachments if file not in pictures]
        if stored.fresh or names or not internal:  # a mail of lines for the desk alone says nothing that anybody looks for
            self.tx.search.add(mail, subject=stored.subject, fresh=stored.fresh, names=names)
        self.tx.search.add_whole(mail, ticket=ticket, subject=stored.subject, fresh=stored.fresh, text=stored.text, names=names)
        return mail

    def _unreadable(self) -> bool:
        """Whether the mail is encrypted and its writer may be told that nobody here can read it."""
        if DEFECT not in self.message.defects:
            return False
        return not acknowledgement(self.tx, self.message, self.arrival.envelope.source, self.writer, self.desk, self.now)

    def execute(
        self,
        ticket: Ticket | int,
        requests: Sequence[Request],
        mail: int,
        *,
        actor: Actor | None = None,
        answerable: bool = False,
        verdict: Verdict | None = None,
        seen_at: datetime | None = None,
        robot: str = "",
        said: tuple[tuple[str, str], ...] = (),
    ) -> Executed:
        """The requests are done because of this mail, by its writer if nobody else is named, and told as the rules want it.

        `ticket` a number: the mail opens it.  `seen_at`: how new the news was that the mail answers.  `robot`: the mail looks like a
        robot's of this kind, and is told all the same.  `said`: more values for the templates.
        """
        crash.point("pipeline.mail_stored")
        usual = self.telling(mail, verdict)
        telling = replace(usual, answerable=answerable, robot=robot, values=(*said, *usual.values))
        asks = actor or self.actor()
        return execute(self.tx, self.desk, ticket, requests, asks, self.now, cause=self.cause(mail, seen_at), telling=telling)

    def cause(self, mail: int, seen_at: datetime | None = None) -> Cause:
        """This mail, under its stored id, as what something is done because of."""
        answers = (*self.message.in_reply_to, *reversed(self.message.references))
        return Cause(mail=mail, answers=answers, seen_at=seen_at)

    def telling(self, mail: int, verdict: Verdict | None = None) -> Telling:
        """How people of the mail's ticket are told; an archive that is moved in tells nobody."""
        also = named(verdict.notify, self.desk.organisation, self.now) if verdict else self.also
        receipt = (verdict.reply_template or "") if verdict else ""
        elsewhere = other_reply_to(self.message, self.writer)
        values = (("other_reply_to", elsewhere),) if elsewhere else ()
        return Telling(
            silent=self.imported,
            mail=mail,
            opens=self.message.message_id,
            receipt=receipt,
            also=also,
            values=values,
            unreadable=self._unreadable(),
            came_at=None if self.writer.agent else self.arrival.envelope.received_at,
            for_release=self.of_first_connect,
        )

    def _chosen_for(self, opened: Open, verdict: Verdict) -> Iterator[Request]:
        """What is done to a new ticket at once: how long the work will probably take (a rule says it, else the ticket's type, else the
        past), and the tasks of the playbook that a rule starts."""
        if self.imported:
            return
        actor, asked = Actor(kind=ActorKind.RULE, name=verdict.trace.chose("estimate")), estimate_of(verdict)
        if asked is None:
            actor, asked = Actor(kind=ActorKind.SYSTEM, name="estimate"), estimated(self.tx, opened.type, opened.requester, self.desk)
        if asked is not None:
            yield Request(commands=(asked,), actor=actor)
        if verdict.playbook is not None:
            rule = Actor(kind=ActorKind.RULE, name=verdict.trace.chose("playbook"))
            yield Request(commands=(StartPlaybook(name=verdict.playbook),), actor=rule)

    def set_off(self, decision: Decision, verdict: Verdict, mail: int, event: str) -> None:
        """What the rules want besides the ticket is promised with it."""
        if decision.ticket is not None and not self.imported:
            queue_calls(self.tx, decision.ticket, verdict, mail=mail, event=event, prefix=self.desk.config.desk.prefix, now=self.now)

    def actor(self) -> Actor:
        if agent := self.passed_on_by or self.writer.agent:
            return Actor(kind=ActorKind.AGENT, name=agent)
        return Actor(kind=ActorKind.CUSTOMER, name=author(self))
