"""Who hears of merges, splits and of what was taken back; and that every reason of a refusal is worded."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mailbridge.delivery.render.words import WORDS
from mailbridge.notifications.compose import notifications
from mailbridge.notifications.context import NotificationContext
from mailbridge.notifications.summary import Viewer, summaries
from mailbridge.organisation.model import USUALLY_TOLD
from mailbridge.tickets.actor import Actor
from mailbridge.tickets.event_types.relations import MailMoved, MergedFrom, MergedInto, Undone
from mailbridge.tickets.event_types.values import StatusChanged
from mailbridge.tickets.events import Event, TicketEvent
from mailbridge.tickets.model import Participant, Role, Ticket
from tests.builders import AS_BOGDAN, NOW, a_signer, a_ticket, an_organisation, with_team

ROOT = Path(__file__).resolve().parents[3]
FRANK = Participant(address="frank@other.test", role=Role.PARTICIPANT)
COPIED = Participant(address="gina@other.test", role=Role.MENTIONED)


def heard(
    ticket: Ticket, *happened: TicketEvent, tells: frozenset[str] = frozenset(), by: Actor = AS_BOGDAN, merged: frozenset[str] = frozenset()
) -> list[tuple[str, str, Any]]:
    organisation = with_team(an_organisation(), "support", tells=tells)
    after = replace(ticket, version=ticket.version + len(happened))
    base = NotificationContext(ticket=after, organisation=organisation, signer=a_signer(), desk_name="Acme", language="en")
    context = replace(base, on_merged=merged)
    events = [Event(ticket=ticket.id, at=NOW, actor=by, what=what, mail=9) for what in happened]
    told = notifications(events, context)
    return [(f"{n.audience}.{n.event}", n.recipient.partition("@")[0], dict(n.values).get("other")) for n in told]


def test_the_survivors_team_hears_what_it_took_in_but_for_who_did_it() -> None:
    assert heard(a_ticket(), MergedFrom(ticket=7)) == [("agent.merged", "clara", "MB-7")]


def test_new_people_hear_their_new_number_where_the_team_wants_it_and_copied_ones_hear_nothing() -> None:
    ticket = a_ticket(participants=(*a_ticket().participants, FRANK, COPIED))
    took_in = MergedFrom(ticket=7, participants=(FRANK, COPIED))
    assert ("customer.merged", "frank", "MB-7") not in heard(ticket, took_in)
    told = heard(ticket, took_in, tells=frozenset({"merged"}))
    assert [one for one in told if one[0] == "customer.merged"] == [("customer.merged", "frank", "MB-7")]


def test_who_is_on_both_tickets_hears_the_new_number_too_and_once() -> None:
    opens = StatusChanged(before="closed", after="open", reopens=True)
    told = heard(a_ticket(), MergedFrom(ticket=7), opens, tells=USUALLY_TOLD, merged=frozenset({"carol@customer.test"}))
    assert [one for one in told if one[0].startswith("customer.")] == [("customer.merged", "carol", "MB-7")]
    told = heard(a_ticket(), MergedFrom(ticket=7), opens, tells=USUALLY_TOLD)
    assert [one[0] for one in told if one[0].startswith("customer.")] == ["customer.reopened"]


def test_a_merge_is_not_told_to_customers_as_the_end_of_their_request() -> None:
    ends = StatusChanged(before="open", after="closed", closes=True)
    assert heard(a_ticket(), ends, tells=frozenset({"closed"})) == [("customer.closed", "carol", None)]
    assert heard(a_ticket(), ends, MergedInto(survivor=2), tells=frozenset({"closed"})) == []


def test_the_agent_of_the_ticket_that_ends_hears_where_it_went() -> None:
    assert heard(a_ticket(assignee="clara"), MergedInto(survivor=2)) == [("agent.merged", "clara", "MB-1")]


def test_a_split_is_told_on_both_sides() -> None:
    assert heard(a_ticket(), MailMoved(mail=9, to=5)) == [("agent.split", "clara", "MB-5")]
    assert heard(a_ticket(), MailMoved(mail=9, came_from=5)) == []
    assert heard(a_ticket(), MailMoved(mail=9, came_from=5), tells=frozenset({"split"})) == [("customer.split", "carol", "MB-5")]


@pytest.mark.parametrize(("of", "agents"), [("clara", ["clara"]), ("bogdan", []), ("", [])])
def test_whose_doing_was_taken_back_hears_of_it_unless_they_did_it_themselves(of: str, agents: list[str]) -> None:
    undone = Undone(undone=(2,), restored=a_ticket(), of=of)
    assert [who for what, who, _ in heard(a_ticket(), undone) if what == "agent.undone"] == agents


def test_customers_hear_that_it_is_open_after_all() -> None:
    undone = Undone(undone=(2,), restored=a_ticket(), of="bogdan", reopens=True)
    assert heard(a_ticket(), undone, tells=frozenset({"reopened"})) == [("customer.reopened", "carol", None)]
    assert heard(a_ticket(), undone) == []


def test_what_was_not_taken_back_is_said() -> None:
    undone = Undone(undone=(2, 3), restored=a_ticket(), kept=("due_at", "team"), stays=("mail",))
    event = Event(ticket=1, at=NOW, actor=AS_BOGDAN, what=undone)
    said = summaries([event], Viewer(me="bogdan", ticket=1, organisation=an_organisation()))
    assert [(one.key, one.values) for one in said[1:]] == [("kept", {"fields": "due at, team"}), ("stays-mail", {})]


def test_every_reason_of_the_judges_is_worded() -> None:
    refusals = WORDS["refusals"]
    assert isinstance(refusals, dict)
    judges = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "mailbridge/tickets/handlers").glob("*.py"))
    reasons = set(re.findall(r'Refusal\(\s*reason="([a-z-]+)"', judges)) | {"mail-sent", "erased-for-good", "nothing-to-undo"}
    assert len(reasons) > 20
    assert reasons - set(refusals) == set()
