"""Who writes: a lenient reading of From says whom to answer, and never makes an agent."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbridge.conversation.identify import identify
from mailbridge.conversation.model import Reason, Reference
from mailbridge.conversation.place import Evidence, TokenClaim, place
from mailbridge.conversation.tokens import Purpose, Token
from mailbridge.message.model import Sender
from mailbridge.message.profiles import Expected, Profile
from tests.builders import NOW, a_ticket, an_organisation
from tests.raw_mails import judged_sender, raw_mail

AGENT = "bogdan@desk.test"
LENIENT = Sender(answer_to="carol@customer.test", name="Carol Jones", reasons=("From field is not exactly one plain address",))


def claims(holder: str, purpose: Purpose = Purpose.CUSTOMER) -> TokenClaim:
    token = Token(ticket=1, purpose=purpose, mac="m" * 26)
    return TokenClaim(text="support+mb1.c.mmm@desk.test", token=token, ticket=a_ticket(), holder=holder)


def test_a_writer_with_an_odd_from_is_answered_and_not_verified() -> None:
    writer = identify(LENIENT, (), an_organisation(), trust_tokens=True)
    assert (writer.address, writer.name, writer.strict, writer.verified) == ("carol@customer.test", "Carol Jones", False, False)


def test_the_token_made_for_that_address_leads_to_its_ticket() -> None:
    token = claims("carol@customer.test")
    writer = identify(LENIENT, (token,), an_organisation(), trust_tokens=False)
    assert place(writer, Evidence(claims=(token,)), an_organisation(), NOW).reason is Reason.REPLY_ADDRESS


def test_an_agent_who_is_not_proven_is_told_the_reason_once() -> None:
    said = Sender(address=AGENT, strict=True, answer_to=AGENT, reasons=("dmarc=fail by mx.desk.test",))
    assert identify(said, (), an_organisation(), trust_tokens=False).reasons == ("dmarc=fail by mx.desk.test",)
    unsaid = Sender(address=AGENT, strict=True, answer_to=AGENT)
    assert identify(unsaid, (), an_organisation(), trust_tokens=False).reasons == ("an agent's address, but not proven",)


@pytest.mark.parametrize("reason", [Reason.SUBJECT_NUMBER, Reason.KNOWN_REFERENCE])
def test_a_number_or_a_known_reference_does_not(reason: Reason) -> None:
    writer = identify(LENIENT, (), an_organisation(), trust_tokens=False)
    placement = place(writer, Evidence(known=(Reference(reason=reason, ticket=a_ticket(), detail="x"),)), an_organisation(), NOW)
    assert (placement.ticket, placement.follows) == (None, 1)
    assert placement.refused == (f"{reason}: the From field is not exactly one plain address",)


@pytest.mark.parametrize("trust_tokens", [True, False])
def test_an_odd_from_that_means_an_agent_means_nobody(trust_tokens: bool) -> None:
    sender = Sender(answer_to=AGENT, name="Bogdan")
    writer = identify(sender, (claims(AGENT, Purpose.AGENT),), an_organisation(), trust_tokens=trust_tokens)
    assert (writer.address, writer.agent, writer.mailboxes, writer.verified) == ("", "", frozenset(), False)


ODD = (
    "Bogdan (Support) <{agent}>", "{agent} (Bogdan)", "[Desk] <{agent}>", '"B \\"B\\"" <{agent}>', "{agent} <mallory@evil.test>",
    "mallory@evil.test <{agent}>", "<{agent}> <mallory@evil.test>", "team: {agent};", "<@evil.test:{agent}>", "< {agent}>",
    "<mailto:{agent}>", "{agent}, mallory@evil.test", "=?utf-8?q?bogdan=40desk=2etest=3e=00?=mallory@evil.test",
    "bogdan@desk.test@evil.test", "{agent})<mallory@evil.test>", "bogdan@DESK.test.", "Bogdan {agent}", "{agent}\0.evil.test",
)  # fmt: skip


@given(st.lists(st.sampled_from(ODD), min_size=1, max_size=3), st.sampled_from(("", "dmarc=pass header.from=evil.test")))
def test_no_odd_from_is_ever_an_agent_or_an_answer_to_one(froms: list[str], verdict: str) -> None:
    fields = "".join(f"From: {one.replace('{agent}', AGENT)}\r\n" for one in froms)
    ours = f"Authentication-Results: mx.desk.test; {verdict}\r\nReceived: from x by mx.desk.test; x\r\n" if verdict else ""
    raw = (ours + fields).encode() + raw_mail(From=None)
    sender = judged_sender(raw, Expected(profile=Profile.OWN, authserv_ids=("mx.desk.test",)))
    writer = identify(sender, (claims(AGENT, Purpose.AGENT),), an_organisation(), trust_tokens=True)
    assert not writer.agent
    assert sender.strict or (not writer.verified and writer.address.lower() != AGENT)
