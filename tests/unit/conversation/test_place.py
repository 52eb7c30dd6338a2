"""Which ticket: tokens before references before numbers, and nothing for strangers."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from mailbridge.conversation.model import Known, Reason
from mailbridge.conversation.place import Evidence, Presented, Writer, place
from mailbridge.conversation.tokens import Purpose, Token
from mailbridge.desk.model import ClosedPolicy, Participant, Role, Ticket
from tests.builders import LATER, NOW, a_ticket, an_organisation, with_team

CAROL, COLLEAGUE, MALLORY = "carol@customer.test", "dave@customer.test", "mallory@attacker.test"


def by(address: str, **different: object) -> Writer:
    return replace(Writer(address=address, mailboxes=frozenset({address})), **different)  # type: ignore[arg-type]


def token(ticket: Ticket | None, holder: str | None, purpose: Purpose = Purpose.CUSTOMER, nonce: str = "") -> Presented:
    claim = Token(ticket=ticket.id if ticket else 99, purpose=purpose, mac="m" * 26, nonce=nonce)
    return Presented(text="support+mb1.c.mmm@desk.test", token=claim, ticket=ticket, holder=holder)


def known(ticket: Ticket, reason: Reason = Reason.KNOWN_REFERENCE) -> Known:
    return Known(reason=reason, ticket=ticket, detail="x")


def test_reply_address_made_for_the_writer_leads_to_its_ticket() -> None:
    placement = place(by(CAROL), Evidence(presented=(token(a_ticket(), CAROL),)), an_organisation(), NOW)
    assert (placement.ticket, placement.reason) == (a_ticket(), Reason.REPLY_ADDRESS)


def test_token_beats_number() -> None:
    other = a_ticket(id=2)
    found = Evidence(presented=(token(a_ticket(), CAROL),), known=(known(other, Reason.SUBJECT_NUMBER),))
    assert place(by(CAROL), found, an_organisation(), NOW).ticket == a_ticket()


def test_forged_token_makes_a_linked_new_ticket() -> None:
    placement = place(by(CAROL), Evidence(presented=(token(a_ticket(), None),)), an_organisation(), NOW)
    assert (placement.ticket, placement.follows) == (None, 1)
    assert placement.refused == ("token forged or expired",)


def test_leaked_token_lets_no_third_party_in() -> None:
    placement = place(by(MALLORY), Evidence(presented=(token(a_ticket(), CAROL),)), an_organisation(), NOW)
    assert (placement.ticket, placement.follows) == (None, 1)
    assert placement.refused == ("token was made for somebody else",)


def test_agents_token_counts_for_that_agent_only_while_proven() -> None:
    presented = Evidence(presented=(token(a_ticket(), "bogdan@desk.test", Purpose.AGENT),))
    assert place(by("bogdan@desk.test"), presented, an_organisation(), NOW).ticket is None
    assert place(by("bogdan@desk.test", agent="bogdan"), presented, an_organisation(), NOW).ticket == a_ticket()


def test_group_token_counts_for_a_member() -> None:
    presented = Evidence(presented=(token(a_ticket(), "all@desk.test", Purpose.AGENT),))
    writer = Writer(address="bogdan@desk.test", agent="bogdan", mailboxes=frozenset({"bogdan@desk.test", "all@desk.test"}))
    assert place(writer, presented, an_organisation(), NOW).ticket == a_ticket()


def test_number_counts_for_people_on_the_ticket() -> None:
    copied = a_ticket(participants=(*a_ticket().participants, Participant(address="eve@other.test", role=Role.MENTIONED)))
    for address in (CAROL, "eve@other.test"):
        found = Evidence(known=(known(copied, Reason.SUBJECT_NUMBER),))
        assert place(by(address), found, an_organisation(), NOW).ticket == copied


def test_number_is_nothing_for_a_stranger() -> None:
    placement = place(by(MALLORY), Evidence(known=(known(a_ticket(), Reason.SUBJECT_NUMBER),)), an_organisation(), NOW)
    assert (placement.ticket, placement.follows) == (None, 1)


def test_colleague_of_the_requester_may_join_unless_policy_or_freemail_forbid() -> None:
    found = Evidence(known=(known(a_ticket()),))
    free = a_ticket(participants=(Participant(address="carol@freemail.test"),))
    assert place(by(COLLEAGUE), found, an_organisation(), NOW).ticket == a_ticket()
    assert place(by(COLLEAGUE), found, an_organisation(colleagues=False), NOW).ticket is None
    assert place(by("dave@freemail.test"), Evidence(known=(known(free),)), an_organisation(), NOW).ticket is None


def test_failed_dmarc_closes_the_doors_that_prove_nothing() -> None:
    found = Evidence(known=(known(a_ticket()),))
    assert place(by(CAROL, dmarc_failed=True), found, an_organisation(), NOW).ticket is None


def test_mail_without_a_single_sender_joins_nothing() -> None:
    assert place(Writer(address=""), Evidence(known=(known(a_ticket()),)), an_organisation(), NOW).ticket is None


def test_two_tokens_of_two_tickets_give_the_one_that_is_the_writers() -> None:
    other = a_ticket(id=2, participants=(Participant(address="frank@else.test"),))
    presented = Evidence(presented=(token(other, "frank@else.test"), token(a_ticket(), CAROL)))
    assert place(by(CAROL), presented, an_organisation(), NOW).ticket == a_ticket()


def test_closed_ticket_follows_its_teams_policy() -> None:
    closed = a_ticket(status="closed", closed_at=NOW)
    found = Evidence(presented=(token(closed, CAROL),))
    new = with_team(an_organisation(), "support", closed=ClosedPolicy.NEW)
    within = with_team(an_organisation(), "support", closed=ClosedPolicy.REOPEN_WITHIN, reopen_within=timedelta(hours=1))
    assert place(by(CAROL), found, an_organisation(), LATER).ticket == closed
    assert place(by(CAROL), found, new, LATER).ticket is None
    assert place(by(CAROL), found, new, LATER).follows == closed.id
    assert place(by(CAROL), found, within, LATER).ticket == closed
    assert place(by(CAROL), found, within, LATER + timedelta(seconds=1)).ticket is None


def test_robots_answer_stays_on_the_closed_ticket() -> None:
    closed = a_ticket(status="closed", closed_at=NOW)
    new = with_team(an_organisation(), "support", closed=ClosedPolicy.NEW)
    assert place(by(CAROL), Evidence(presented=(token(closed, CAROL),)), new, LATER, automatic=True).ticket == closed
