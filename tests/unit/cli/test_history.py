"""A ticket's history in words: each happening has its own, and nothing a stranger wrote gets out of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest

from mailbridge.cli.history import sentence, story
from mailbridge.desk import events as happenings
from mailbridge.desk.events import Actor, ActorKind, Event, Happening, MessageAdded, StatusChanged
from mailbridge.desk.model import Participant, Priority
from mailbridge.store.mails import Direction, StoredAttachment, StoredMail

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
ANA = Participant(address="ana@acme.example")

WORDS: list[tuple[Happening, str]] = [
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
]


@pytest.mark.parametrize(("what", "words"), WORDS, ids=[words for _, words in WORDS])
def test_each_happening_has_its_words(what: Happening, words: str) -> None:
    assert sentence(what, "MB-{}".format) == words


def test_no_happening_is_without_words() -> None:
    assert {type(what) for what, _ in WORDS} == set(get_args(Happening))


def test_the_story_goes_in_order_with_what_people_wrote() -> None:
    said = Actor(kind=ActorKind.CUSTOMER, name="ana@acme.example")
    did = Actor(kind=ActorKind.AGENT, name="bogdan")
    events = [
        Event(ticket=1, at=NOW, actor=said, what=MessageAdded(author="ana@acme.example"), mail=5),
        Event(ticket=1, at=NOW + timedelta(minutes=2), actor=did, what=StatusChanged(before="new", after="open")),
    ]
    mail = StoredMail(id=5, direction=Direction.IN, received_at=NOW, fresh="It \x1b[31mburns\n\nAna")

    logo, panel = (
        StoredAttachment(id=id, mail=5, ticket=1, part="2", name=name, content_type="image/png", size=1, sha256="", disposition="inline",
                         content_id="", inside="", hidden=name == "logo.png")
        for id, name in enumerate(("logo.png", "panel.png"))
    )  # fmt: skip

    assert story([mail], events, {5: [logo, panel]}, str).splitlines() == [
        "2026-11-21 09:00Z  ana@acme.example writes",
        "",
        "    It \\x1b[31mburns",
        "",
        "    Ana",
        "",
        "    files: panel.png; 1 picture of the signature",
        "",
        "2026-11-21 09:02Z  status new → open  by agent bogdan",
    ]
