"""A ticket's history in words: each happening has its own, and nothing a stranger wrote gets out of them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import get_args

import pytest

from mailbridge.cli.history import sentence, story
from mailbridge.message.model import SpanKind
from mailbridge.organisation.model import Priority
from mailbridge.reply.showing import LeftOut, ShownText
from mailbridge.store.mails import Direction, StoredAttachment, StoredMail
from mailbridge.tickets import events as happenings
from mailbridge.tickets.events import Actor, ActorKind, Event, MessageAdded, StatusChanged, TicketEvent
from mailbridge.tickets.model import Activity, Approval, ApprovalKind, Meeting, Participant, WorkKind
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

WORDS: list[tuple[TicketEvent, str]] = [
    (
        happenings.TicketOpened(subject="x", requester=ANA, status="new", priority=Priority.HIGH, team="network"),
        "opened for ana@acme.example: network, high, new",
    ),
    (MessageAdded(author="ana@acme.example"), "ana@acme.example writes"),
    (MessageAdded(author="bogdan", to_customer=True), "bogdan answers the customer"),
    (MessageAdded(author="bogdan", internal=True), "bogdan notes"),
    (MessageAdded(author="ana@acme.example", automatic=True), "ana@acme.example sends by a robot"),
    (StatusChanged(before="new", after="open"), "status new → open"),
    (happenings.TeamChanged(before="support", after="network"), "team support → network"),
    (happenings.AssigneeChanged(before="", after="bogdan"), "taken by bogdan"),
    (happenings.AssigneeChanged(before="bogdan", after=""), "given back by bogdan"),
    (happenings.PriorityChanged(before=Priority.LOW, after=Priority.HIGH), "priority low → high"),
    (happenings.TypeChanged(before="", after="incident"), "type incident"),
    (happenings.TagsAdded(tags=("vpn", "network")), "tagged vpn, network"),
    (happenings.FieldSet(name="serial", value="LF-2231"), "serial = LF-2231"),
    (happenings.ParticipantAdded(participant=ANA), "ana@acme.example takes part as requester"),
    (happenings.Linked(relation="possible-follow-up", ticket=7), "possible follow up: MB-7"),
    (happenings.AlertRaised(promise="response", alert="overdue", due_at=NOW), "alert: response overdue, due 2026-11-21 09:00Z"),
    (
        happenings.DeliveryFailed(recipient="ana@acme.example", what="the answer", reason="550 unknown"),
        "ana@acme.example did not get the answer: 550 unknown",
    ),
    (happenings.ParticipantRemoved(address="ana@acme.example"), "ana@acme.example takes part no more"),
    (happenings.AddressesRevoked(address="ana@acme.example"), "signed addresses of ana@acme.example revoked"),
    (happenings.TagsRemoved(tags=("vpn",)), "no longer tagged vpn"),
    (happenings.SubjectChanged(before="help", after="VPN"), "subject 'VPN', was 'help'"),
    (happenings.RequesterChanged(before="bob@acme.example", after=ANA), "asked by ana@acme.example, before by bob@acme.example"),
    (happenings.ChannelChanged(before="mail", after="phone"), "channel mail → phone"),
    (happenings.DueSet(before=None, after=NOW), "due 2026-11-21 09:00Z"),
    (happenings.DueSet(before=NOW, after=None), "no date of its own any more"),
    (happenings.Snoozed(until=NOW), "sleeps until 2026-11-21 09:00Z"),
    (happenings.SnoozeEnded(), "woken"),
    (happenings.SnoozeEnded(by_mail=True), "woken by a mail"),
    (happenings.MeetingSet(meeting=Meeting(at=NOW, place="Iași")), "appointment 2026-11-21 09:00Z, 60 min, Iași"),
    (happenings.MeetingSet(meeting=Meeting(at=NOW, cancelled=True)), "appointment 2026-11-21 09:00Z called off"),
    (happenings.InvitationAnswered(author="jo@x.example", answer="declined"), "jo@x.example answers the invitation: declined"),
    (happenings.MergedInto(survivor=7, mails=(1,)), "merged into MB-7"),
    (happenings.MergedFrom(ticket=8), "took in MB-8"),
    (happenings.MailMoved(mail=1, to=9), "a mail went to MB-9"),
    (happenings.MailMoved(mail=1, came_from=9), "a mail came from MB-9"),
    (happenings.WorkRecorded(activity=WORK), "travelled 40 min, 25 km, Iași by bogdan on 2026-11-20 recorded"),
    (happenings.WorkCorrected(before=WORK, after=None), "travelled 40 min, 25 km, Iași by bogdan on 2026-11-20 taken back"),
    (happenings.EstimateSet(before=None, after=90, by="bogdan"), "estimated at 90 min (bogdan)"),
    (happenings.Escalated(chain="network", before=0, after=1, to="experts"), "escalated on network to level 1: experts"),
    (happenings.ApprovalRequested(approval=HELD, why="activity-over"), "'#time 10h' of bogdan waits for maria (activity-over)"),
    (happenings.ApprovalReminded(approval=1), "reminded of approval 1"),
    (happenings.ApprovalDecided(approval=1, granted=True), "approval 1 granted"),
    (happenings.ApprovalDecided(approval=1, granted=False, reason="too much"), "approval 1 refused: too much"),
    (happenings.ApprovalDecided(approval=1, granted=False, expired=True), "approval 1 expired"),
    (happenings.PlaybookStarted(name="onboarding", tasks=(8, 9)), "playbook onboarding: MB-8, MB-9"),
    (happenings.Undone(undone=(4, 5), restored=a_ticket()), "2 events undone"),
    (happenings.ContentErased(mails=(1,)), "the contents of 1 mail erased"),
]


@pytest.mark.parametrize(("what", "words"), WORDS, ids=[words for _, words in WORDS])
def test_each_happening_has_its_words(what: TicketEvent, words: str) -> None:
    assert sentence(what, "MB-{}".format) == words


def test_no_happening_is_without_words() -> None:
    assert {type(what) for what, _ in WORDS} == set(get_args(TicketEvent))


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

    whole = story([mail], events, {5: [logo, panel]}, str, parts={})
    assert "    > Which one?" in whole
    assert "left out" not in whole
    assert story([mail], events, {5: [logo, panel]}, str, parts={5: parts}).splitlines() == [
        "2026-11-21 09:00Z  ana@acme.example writes  1/1",
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
