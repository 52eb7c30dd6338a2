"""A ticket's history in words: each happening has its own, and nothing a stranger wrote gets out of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from mailbridge.cli.history import story, worded
from mailbridge.customers.entry import EntryPart
from mailbridge.message.model import SpanKind
from mailbridge.notifications.summary import Viewer
from mailbridge.organisation.priority import Priority
from mailbridge.reply.showing import LeftOut, ShownText
from mailbridge.store.mails import Direction, StoredAttachment, StoredMail
from mailbridge.tickets.actor import Actor, ActorKind
from mailbridge.tickets.event_types.escalation import (
    AlertRaised,
    ApprovalDecided,
    ApprovalReassigned,
    ApprovalReminded,
    ApprovalRequested,
    Escalated,
)
from mailbridge.tickets.event_types.mails import DeliveryFailed, MessageAdded, TicketOpened
from mailbridge.tickets.event_types.people import (
    AddressesRevoked,
    CustomerChanged,
    InvitationAnswered,
    MeetingSet,
    ParticipantAdded,
    ParticipantRemoved,
    RequesterChanged,
)
from mailbridge.tickets.event_types.plans import PlanProblem, PlanSet, PlanWarning
from mailbridge.tickets.event_types.relations import ContentErased, Linked, MailMoved, MergedFrom, MergedInto, PlaybookStarted, Undone
from mailbridge.tickets.event_types.values import (
    AssigneeChanged,
    ChannelChanged,
    DueSet,
    FieldSet,
    PriorityChanged,
    Snoozed,
    SnoozeEnded,
    StatusChanged,
    SubjectChanged,
    TagsAdded,
    TagsRemoved,
    TeamChanged,
    TypeChanged,
)
from mailbridge.tickets.event_types.work import EstimateSet, HoursAlerted, HoursRanOut, WorkCorrected, WorkRecorded
from mailbridge.tickets.events import Event, TicketEvent
from mailbridge.tickets.model import Activity, Approval, ApprovalKind, Meeting, Participant, Plan, WorkKind
from tests.builders import a_ticket

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
ANA = Participant(address="ana@acme.example")
WORK = Activity(id=1, agent="bogdan", kind=WorkKind.TRAVELLED, day=date(2026, 11, 20), minutes=40, km=25, place="Iași")
HELD = Approval(
    id=1,
    kind=ApprovalKind.APPROVAL,
    line="#time 10h",
    asker="bogdan",
    approvers=("maria",),
    asked_at=NOW,
    expires_at=NOW + timedelta(days=3),
)



def changed(before: tuple[tuple[str, str], ...] | None, after: tuple[tuple[str, str], ...] | None) -> CustomerChanged:
    key = "eva@x.example"
    return CustomerChanged(customer="acme", part=EntryPart.PERSON, key=key, name=key, before=before, after=after)


PLAN = Plan(id=2, agent="bogdan", at=datetime(2026, 11, 24, 8, tzinfo=UTC), minutes=120, text="drum")
WORDS: list[tuple[TicketEvent, str]] = [
    (
        PlanSet(before=None, after=PLAN, warnings=(PlanWarning(problem=PlanProblem.CLASH, ticket=9),)),
        "planned for bogdan: 2026-11-24 08:00Z, 2 h, drum (plan 2); warning: bogdan is busy with MB-9 at that time",
    ),
    (PlanSet(before=PLAN, after=replace(PLAN, minutes=45, text="")), "plan 2 changed: bogdan, 2026-11-24 08:00Z, 45 min"),
    (PlanSet(before=PLAN, after=replace(PLAN, done=1)), "plan 2 done"),
    (PlanSet(before=replace(PLAN, done=1), after=PLAN), "plan 2 to be done again"),
    (PlanSet(before=PLAN, after=replace(PLAN, cancelled=True)), "plan 2 of bogdan cancelled: 2026-11-24 08:00Z"),
    (
        TicketOpened(subject="x", requester=ANA, status="new", priority=Priority.HIGH, team="network"),
        "MB-1 opened for ana@acme.example: team network, priority high, status new",
    ),
    (MessageAdded(author="ana@acme.example"), "message from ana@acme.example"),
    (MessageAdded(author="bogdan", to_customer=True), "reply to the customer by bogdan"),
    (MessageAdded(author="bogdan", internal=True), "internal note by bogdan"),
    (MessageAdded(author="ana@acme.example", automatic=True), "automatic message from ana@acme.example"),
    (StatusChanged(before="new", after="open"), "status new → open"),
    (StatusChanged(before="open", after="closed", closes=True), "closed"),
    (StatusChanged(before="closed", after="open", reopens=True), "open again"),
    (TeamChanged(before="support", after="network"), "team support → network"),
    (AssigneeChanged(before="", after="bogdan"), "assigned to bogdan"),
    (AssigneeChanged(before="bogdan", after=""), "given back to the team"),
    (PriorityChanged(before=Priority.LOW, after=Priority.HIGH), "priority low → high"),
    (TypeChanged(before="", after="incident"), "type incident"),
    (TagsAdded(tags=("vpn", "network")), "tagged vpn, network"),
    (FieldSet(name="serial", value="LF-2231"), "serial: LF-2231"),
    (FieldSet(name="sla", value=""), "sla: none"),
    (ParticipantAdded(participant=ANA), "ana@acme.example is the requester"),
    (Linked(relation="possible-follow-up", ticket=7), "possible follow-up of MB-7"),
    (AlertRaised(promise="response", alert="overdue", due_at=NOW), "overdue: first answer, due 2026-11-21 09:00Z"),
    (
        DeliveryFailed(recipient="ana@acme.example", what="answered", reason="550 unknown"),
        "ana@acme.example did not get our mail (answered): 550 unknown",
    ),
    (ParticipantRemoved(address="ana@acme.example"), "ana@acme.example no longer gets mail about this ticket"),
    (AddressesRevoked(address="ana@acme.example"), "signed addresses of ana@acme.example revoked"),
    (TagsRemoved(tags=("vpn",)), "no longer tagged vpn"),
    (SubjectChanged(before="help", after="VPN"), 'subject "VPN", was "help"'),
    (RequesterChanged(before="bob@acme.example", after=ANA), "requester bob@acme.example → ana@acme.example"),
    (ChannelChanged(before="mail", after="phone"), "channel mail → phone"),
    (changed(None, (("role", "buyer"),)), "eva@x.example added to acme: role=buyer"),
    (changed((), (("role", "buyer"),)), "eva@x.example of acme: role=buyer"),
    (changed((("role", "buyer"),), None), "eva@x.example removed from acme"),
    (
        CustomerChanged(customer="acme", part=EntryPart.CUSTOMER, key="", name="", before=None, after=(("tier", "gold"),)),
        "acme: tier=gold",
    ),
    (DueSet(before=None, after=NOW), "due 2026-11-21 09:00Z"),
    (DueSet(before=NOW, after=None), "due date removed"),
    (Snoozed(until=NOW), "snoozed until 2026-11-21 09:00Z"),
    (SnoozeEnded(), "snooze ended"),
    (SnoozeEnded(by_mail=True), "snooze ended by a mail from the customer"),
    (MeetingSet(meeting=Meeting(at=NOW, place="Iași")), "appointment 2026-11-21 09:00Z, 1 h, Iași"),
    (MeetingSet(meeting=Meeting(at=NOW, cancelled=True)), "appointment 2026-11-21 09:00Z cancelled"),
    (InvitationAnswered(author="jo@x.example", answer="declined"), "jo@x.example declined the appointment"),
    (MergedInto(survivor=7, mails=(1,)), "merged into MB-7"),
    (MergedFrom(ticket=8), "MB-8 merged into this ticket"),
    (MailMoved(mail=1, to=9), "a message moved to MB-9"),
    (MailMoved(mail=1, came_from=9), "a message moved here from MB-9"),
    (WorkRecorded(activity=WORK), "40 min travelled by bogdan on 2026-11-20: 25 km, Iași (entry 1)"),
    (WorkCorrected(before=WORK, after=replace(WORK, minutes=20)), "entry 1 is 20 min, was 40 min"),
    (WorkCorrected(before=WORK, after=None), "entry 1 (40 min) removed"),
    (EstimateSet(before=None, after=90, by="bogdan"), "estimated at 1 h 30 min"),
    (HoursAlerted(bank="gold", level="80", left=120, granted=600), "2 h of 10 h left in the hour bank gold"),
    (HoursAlerted(bank="gold", level="over", left=0, granted=600, over=15), "the hour bank gold is overdrawn by 15 min"),
    (HoursRanOut(bank="gold"), "the clocks stand: the hour bank gold is empty"),
    (HoursRanOut(bank=""), "the clocks go on: there are hours again"),
    (Escalated(chain="network", before=0, after=1, to="experts"), "escalated to experts (chain network, level 1)"),
    (ApprovalRequested(approval=HELD, why="activity-over"), "#time 10h waits for approval by maria"),
    (ApprovalReminded(approval=1), "reminder sent for approval 1"),
    (ApprovalReassigned(approval=1, before="maria", after=("ana",)), "ana decides about approval 1 in place of maria"),
    (ApprovalReassigned(approval=1, before="maria"), "maria no longer decides about approval 1"),
    (ApprovalDecided(approval=1, granted=True), "approval 1 granted"),
    (ApprovalDecided(approval=1, granted=False, reason="too much"), "approval 1 rejected"),
    (ApprovalDecided(approval=1, granted=False, reason="too much", line="#time 10h"), "rejected: #time 10h (too much)"),
    (ApprovalDecided(approval=1, granted=False, expired=True), "approval 1 expired"),
    (PlaybookStarted(name="onboarding", tasks=(8, 9)), "playbook onboarding started: MB-8, MB-9"),
    (Undone(undone=(4, 5), restored=a_ticket()), "2 changes undone"),
    (ContentErased(mails=(1,)), "the content of 1 mail was erased"),
]


@pytest.mark.parametrize(("what", "words"), WORDS, ids=[words for _, words in WORDS])
def test_each_event_has_its_sentence(what: TicketEvent, words: str) -> None:
    assert worded(Event(ticket=1, at=NOW, actor=Actor(kind=ActorKind.SYSTEM), what=what), Viewer(ticket=1)) == words


def test_the_story_goes_in_order_with_what_people_wrote() -> None:
    said = Actor(kind=ActorKind.CUSTOMER, name="ana@acme.example")
    did = Actor(kind=ActorKind.AGENT, name="bogdan")
    events = [
        Event(ticket=1, at=NOW, actor=said, what=MessageAdded(author="ana@acme.example"), mail=5),
        Event(ticket=1, at=NOW + timedelta(minutes=2), actor=did, what=StatusChanged(before="new", after="open")),
    ]
    said = "It \x1b[31mburns\n\nAna"
    mail = StoredMail(id=5, direction=Direction.IN, received_at=NOW, fresh=said, text=f"{said}\n\n> Which one?\n")
    parts = ShownText(text=said, left_out=(LeftOut(kind=SpanKind.QUOTE, lines=1),))

    logo, panel = (
        StoredAttachment(id=id, mail=5, ticket=1, part="2", name=name, content_type="image/png", size=1, sha256="", disposition="inline",
                         content_id="", inside="", hidden=name == "logo.png")
        for id, name in enumerate(("logo.png", "panel.png"))
    )  # fmt: skip

    whole = story([mail], events, {5: [logo, panel]}, Viewer(ticket=1), parts={})
    assert "    > Which one?" in whole
    assert "left out" not in whole
    assert story([mail], events, {5: [logo, panel]}, Viewer(ticket=1), parts={5: parts}).splitlines() == [
        "2026-11-21 09:00Z  message from ana@acme.example  MB-1/1",
        "",
        "    It \\x1b[31mburns",
        "",
        "    Ana",
        "",
        "    left out: 1 line of quote; --full shows all",
        "",
        "    files: panel.png; 1 picture of the signature",
        "",
        "2026-11-21 09:02Z  status new → open  by agent bogdan",
    ]
