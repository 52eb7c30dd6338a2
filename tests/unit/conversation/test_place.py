"""Which ticket: tokens before references before numbers, and nothing for strangers."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from mailbridge.conversation.model import Doubt, Placement, Reason, Reference, Standing
from mailbridge.conversation.place import Evidence, TokenClaim, Writer, place
from mailbridge.conversation.tokens import Life, Purpose, Token
from mailbridge.organisation.model import ClosedPolicy
from mailbridge.tickets.model import Participant, Role, Ticket
from tests.builders import LATER, NOW, a_ticket, an_organisation, with_team

CAROL, COLLEAGUE, MALLORY = "carol@customer.test", "dave@customer.test", "mallory@attacker.test"


def by(address: str, **different: object) -> Writer:
    return replace(Writer(address=address, mailboxes=frozenset({address}), verified=True), **different)  # type: ignore[arg-type]


def token(ticket: Ticket | None, holder: str | None, purpose: Purpose = Purpose.CUSTOMER, nonce: str = "") -> TokenClaim:
    claim = Token(ticket=ticket.id if ticket else 99, purpose=purpose, mac="m" * 26, nonce=nonce)
    return TokenClaim(text="support+mb1.c.mmm@desk.test", token=claim, ticket=ticket, holder=holder)


def known(ticket: Ticket, reason: Reason = Reason.KNOWN_REFERENCE) -> Reference:
    return Reference(reason=reason, ticket=ticket, detail="x")


def test_reply_address_made_for_the_writer_leads_to_its_ticket() -> None:
    placement = place(by(CAROL), Evidence(claims=(token(a_ticket(), CAROL),)), an_organisation(), NOW)
    assert (placement.ticket, placement.reason) == (a_ticket(), Reason.REPLY_ADDRESS)


def test_token_beats_number() -> None:
    other = a_ticket(id=2)
    found = Evidence(claims=(token(a_ticket(), CAROL),), known=(known(other, Reason.SUBJECT_NUMBER),))
    assert place(by(CAROL), found, an_organisation(), NOW).ticket == a_ticket()


def test_forged_token_makes_a_linked_new_ticket() -> None:
    placement = place(by(CAROL), Evidence(claims=(token(a_ticket(), None),)), an_organisation(), NOW)
    assert (placement.ticket, placement.follows) == (None, 1)
    assert placement.refused == ("token forged or revoked",)


def test_leaked_token_lets_no_third_party_in() -> None:
    placement = place(by(MALLORY), Evidence(claims=(token(a_ticket(), CAROL),)), an_organisation(), NOW)
    assert (placement.ticket, placement.follows) == (None, 1)
    assert placement.refused == ("token was made for somebody else",)


def test_agents_token_counts_for_that_agent_only_while_proven() -> None:
    claims = Evidence(claims=(token(a_ticket(), "bogdan@desk.test", Purpose.AGENT),))
    assert place(by("bogdan@desk.test"), claims, an_organisation(), NOW).ticket is None
    assert place(by("bogdan@desk.test", agent="bogdan"), claims, an_organisation(), NOW).ticket == a_ticket()


def test_group_token_counts_for_a_member() -> None:
    claims = Evidence(claims=(token(a_ticket(), "all@desk.test", Purpose.AGENT),))
    writer = Writer(address="bogdan@desk.test", agent="bogdan", mailboxes=frozenset({"bogdan@desk.test", "all@desk.test"}))
    assert place(writer, claims, an_organisation(), NOW).ticket == a_ticket()


def test_number_counts_for_people_on_the_ticket() -> None:
    copied = a_ticket(verified=True, participants=(*a_ticket().participants, Participant(address="eve@other.test", role=Role.MENTIONED)))
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
    assert place(by(CAROL, verified=False, dmarc_failed=True), found, an_organisation(), NOW).ticket is None


def test_mail_without_a_single_sender_joins_nothing() -> None:
    assert place(Writer(address=""), Evidence(known=(known(a_ticket()),)), an_organisation(), NOW).ticket is None


def test_two_tokens_of_two_tickets_give_the_one_that_is_the_writers() -> None:
    other = a_ticket(id=2, participants=(Participant(address="frank@else.test"),))
    claims = Evidence(claims=(token(other, "frank@else.test"), token(a_ticket(), CAROL)))
    assert place(by(CAROL), claims, an_organisation(), NOW).ticket == a_ticket()


def test_closed_ticket_follows_its_teams_policy() -> None:
    closed = a_ticket(status="closed", closed_at=NOW)
    found = Evidence(claims=(token(closed, CAROL),))
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
    assert place(by(CAROL), Evidence(claims=(token(closed, CAROL),)), new, LATER, automatic=True).ticket == closed


# What a verdict allows.

UNPROVEN = {"verified": False}
FAILED = {"verified": False, "dmarc_failed": True}


def test_a_reference_or_a_number_counts_for_a_verified_writer_alone() -> None:
    for reason in (Reason.KNOWN_REFERENCE, Reason.SUBJECT_NUMBER, Reason.LATE_ORIGINAL):
        found = Evidence(known=(known(a_ticket(), reason),))
        assert place(by(CAROL), found, an_organisation(), NOW).ticket == a_ticket()
        refused = place(by(CAROL, **UNPROVEN), found, an_organisation(), NOW)
        assert (refused.ticket, refused.follows, refused.doubt) == (None, 1, Doubt.NO_TOKEN)
        assert refused.refused == (f"{reason}: the writer is not verified",)


def test_an_archive_that_an_administrator_imports_needs_no_verdict() -> None:
    found = Evidence(known=(known(a_ticket()),))
    assert place(by(CAROL, vouched=True, **UNPROVEN), found, an_organisation(), NOW).ticket == a_ticket()


@pytest.mark.parametrize(
    ("verdict", "policy", "joins"),
    [("", "", True), ("fail", "none", True), ("fail", "quarantine", False), ("fail", "reject", False), ("fail", "", False)],
)
def test_a_token_counts_unless_the_domain_refuses_such_mail(verdict: str, policy: str, joins: bool) -> None:
    writer = by(CAROL, verified=False, dmarc_failed=verdict == "fail", policy=policy)
    placement = place(writer, Evidence(claims=(token(a_ticket(), CAROL),)), an_organisation(), NOW)
    assert (placement.ticket == a_ticket()) is joins
    assert placement.doubt is (None if joins else Doubt.DMARC_FAILED)


def test_our_token_from_another_address_follows_with_a_link() -> None:
    placement = place(by("carol@home.test"), Evidence(claims=(token(a_ticket(), CAROL),)), an_organisation(), NOW)
    assert (placement.ticket, placement.follows, placement.doubt) == (None, 1, Doubt.OTHER_ADDRESS)


def test_who_was_taken_off_the_ticket_comes_back_by_no_old_token() -> None:
    placement = place(by(MALLORY), Evidence(claims=(token(a_ticket(), MALLORY),)), an_organisation(), NOW)
    assert (placement.ticket, placement.follows) == (None, 1)


def test_a_revocation_on_the_ticket_that_took_another_in_counts_for_both() -> None:
    survivor = a_ticket(id=2, revoked=((CAROL, 1),))
    one = replace(token(a_ticket(), CAROL), ticket=survivor)
    assert place(by(CAROL), Evidence(claims=(one,)), an_organisation(), NOW).ticket is None


def test_nobody_is_let_in_by_the_copy_line_of_a_forged_mail() -> None:
    forged = a_ticket(verified=False, participants=(*a_ticket().participants, Participant(address=MALLORY, role=Role.MENTIONED)))
    found = Evidence(known=(known(forged),))
    assert place(by(MALLORY), found, an_organisation(), NOW).ticket is None
    honest = replace(forged, verified=True)
    assert place(by(MALLORY), Evidence(known=(known(honest),)), an_organisation(), NOW).ticket == honest


# What an agent's mail may do.

BOGDAN = "bogdan@desk.test"
WHOLE = ("from", "to", "cc", "subject", "date", "message-id", "in-reply-to", "references")


def an_agent(*signed: str, **different: object) -> Writer:
    return by(BOGDAN, agent="bogdan", signed_fields=signed, **different)


def named(
    reason: Reason = Reason.SUBJECT_NUMBER, *, at: datetime = NOW, addressed: tuple[str, ...] = ("cc",), new_id: bool = True
) -> Evidence:
    return Evidence(known=(known(a_ticket(), reason),), addressed=frozenset(addressed), new_id=new_id, written_at=at)


def standing(writer: Writer, evidence: Evidence) -> Standing:
    placement = place(writer, evidence, an_organisation(), NOW)
    assert placement.ticket == a_ticket()
    return placement.standing


def test_an_agents_token_acts_while_it_is_fresh_and_answers_after_that() -> None:
    for life, may in ((Life.ACTS, Standing.ACTS), (Life.ANSWERS, Standing.ANSWERS), (Life.ENDED, Standing.ASKED)):
        one = replace(token(a_ticket(), BOGDAN, Purpose.AGENT), life=life)
        assert standing(an_agent(), Evidence(claims=(one,))) is may


def test_an_agent_whose_program_signs_who_it_writes_to_answers_at_once() -> None:
    assert standing(an_agent(*WHOLE), named()) is Standing.ANSWERS
    assert standing(an_agent(*WHOLE), named(Reason.KNOWN_REFERENCE, addressed=("to",))) is Standing.ANSWERS


@pytest.mark.parametrize("missing", ["cc", "subject", "date", "message-id"])
def test_an_agent_is_asked_where_the_signature_leaves_something_out(missing: str) -> None:
    assert standing(an_agent(*(field for field in WHOLE if field != missing)), named()) is Standing.ASKED


def test_an_agent_is_asked_about_a_mail_that_may_be_a_replay() -> None:
    assert standing(an_agent(*WHOLE), named(new_id=False)) is Standing.ASKED
    assert standing(an_agent(*WHOLE), named(at=NOW - timedelta(days=7))) is Standing.ANSWERS
    assert standing(an_agent(*WHOLE), named(at=NOW - timedelta(days=7, seconds=1))) is Standing.ASKED
    assert standing(an_agent(*WHOLE), named(at=NOW + timedelta(hours=2))) is Standing.ASKED


def test_an_agent_is_asked_where_the_desk_got_a_blind_copy() -> None:
    assert standing(an_agent(*WHOLE), named(addressed=())) is Standing.ASKED


def test_an_agent_who_answers_a_notification_to_a_colleague_is_asked() -> None:
    others = Evidence(claims=(token(a_ticket(), None, Purpose.AGENT),), addressed=frozenset({"to"}), new_id=True, written_at=NOW)
    placement = place(an_agent(*WHOLE), others, an_organisation(), NOW)
    assert (placement.ticket, placement.reason, placement.standing) == (a_ticket(), Reason.OTHERS_TOKEN, Standing.ASKED)


def test_a_customers_token_lets_an_agent_who_asked_something_answer_and_no_more() -> None:
    own = a_ticket(participants=(Participant(address=BOGDAN),))
    placement = place(an_agent(), Evidence(claims=(token(own, BOGDAN),)), an_organisation(), NOW)
    assert (placement.ticket, placement.standing) == (own, Standing.ANSWERS)


def test_what_the_agent_agreed_to_is_done() -> None:
    assert standing(an_agent(vouched=True), named()) is Standing.ACTS


def test_a_new_mail_of_an_agent_names_nothing() -> None:
    assert place(an_agent(*WHOLE), Evidence(), an_organisation(), NOW) == Placement(ticket=None, reason=Reason.NEW)
