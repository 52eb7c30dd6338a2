"""Attacks on tickets and on agents' names, each with the mail it uses, and what honest people can still do."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from mailbridge.conversation import tokens
from mailbridge.conversation.tokens import Purpose
from mailbridge.execution.execute import execute
from mailbridge.handling.outcome import MailOutcome
from mailbridge.notifications.model import Notification
from mailbridge.tickets.actor import Actor, ActorKind
from mailbridge.tickets.command_types.people import RevokeAddresses
from mailbridge.tickets.model import Role
from mailbridge.tickets.requests import each
from mailbridge.worker import Done
from tests.harness import TestDesk, a_mail, proven, table

AGENT, CUSTOMER = "Bogdan <bogdan@desk.test>", "customer.test"


def verified(raw: bytes) -> bytes:
    return proven(raw, CUSTOMER)


def failed(raw: bytes, policy: str, domain: str = CUSTOMER) -> bytes:
    """As our own MX hands over a mail whose DMARC check failed."""
    result = f"Authentication-Results: mx.desk.test; dmarc=fail (p={policy}) header.from={domain} policy.dmarc={policy}\r\n"
    trace = "Received: from attacker.test by mx.desk.test with ESMTPS; Mon, 23 Nov 2026 09:00:00 +0000\r\n"
    return (result + trace).encode() + raw


def opened(desk: TestDesk, **headers: str) -> Done:
    return desk.feed(verified(a_mail(**headers)))


def to_agent(desk: TestDesk) -> Notification:
    return desk.promise_to("bogdan@desk.test")


def the_notice(desk: TestDesk) -> Notification:
    return desk.promise_to("bogdan@desk.test", "held")


def says(desk: TestDesk, word: str, answered: Notification, *, number: int = 1, **headers: str) -> Done:
    fields = {"from_": AGENT, "to": answered.reply_to, "in_reply_to": f"<{answered.message_id}>", "subject": "Re: held"}
    return desk.feed(a_mail(word, message_id=f"<says{number}@desk.test>", **{**fields, **headers}))


# Whose ticket is it?


@pytest.mark.parametrize("verdict", ["none", "fail"])
def test_a_guessed_number_with_a_forged_from_opens_a_ticket_of_its_own(desk: TestDesk, verdict: str) -> None:
    """Carol's own address and her ticket's number, from somewhere else: six of six such mails were on her ticket once."""
    opened(desk)
    before = len(desk.promises())
    mail = a_mail("Send the password here.", subject="Re: [MB-1] Printer broken", message_id="<forged@attacker.test>")
    done = desk.feed(failed(mail, "none") if verdict == "fail" else mail)

    assert done.result.outcome is MailOutcome.TICKET
    assert desk.ticket(1).version == 2
    new = [one for one in desk.promises()[before:] if one.event == "new"]
    assert {dict(one.values)["follows"] for one in new} == {"MB-1"}
    assert {dict(one.values)["doubt"] for one in new} == {"no-token"}
    received = [one for one in desk.promises()[before:] if one.event == "received"]
    assert bool(received) is (verdict == "none")
    desk.assert_sound()


def test_people_copied_by_a_forged_mail_hear_nothing_and_come_in_by_no_number(desk: TestDesk) -> None:
    """Zendesk 2024: a forged customer with the attacker in Cc, then the attacker's own mail with the ticket's number."""
    forged = a_mail("I lost my password.", cc="mallory@attacker.test", message_id="<forged@attacker.test>")
    desk.feed(failed(forged, "reject"))
    mallory = a_mail("And?", from_="mallory@attacker.test", subject="[MB-1] And?", message_id="<two@attacker.test>")
    desk.feed(proven(mallory, "attacker.test"))
    desk.feed(proven(a_mail("It is hunter2.", from_=AGENT, to=_first_new(desk).reply_to, message_id="<a@desk.test>")))
    told = {one.recipient for one in desk.promises() if one.event == "answered" and one.ticket == 1}
    assert told == {"carol@customer.test"}
    assert [one.role for one in desk.ticket(1).participants if one.address == "mallory@attacker.test"] == [Role.MENTIONED]
    assert [ticket.requester.address for ticket in desk.tickets() if ticket.id == 2 and ticket.requester] == ["mallory@attacker.test"]


def _first_new(desk: TestDesk) -> Notification:
    return next(one for one in desk.promises() if one.event == "new" and one.ticket == 1 and one.recipient == "bogdan@desk.test")


def customers_answer(desk: TestDesk, body: str = "Still broken.", **headers: str) -> bytes:
    reply_to = desk.promise_to("carol@customer.test", "received").reply_to
    return a_mail(body, **{"to": reply_to, "message_id": "<answer@customer.test>", **headers})


def test_a_signed_address_goes_on_the_ticket_where_the_domain_asks_for_nothing(desk: TestDesk) -> None:
    """dmarc=fail with p=none: appended, marked, and nobody is brought along."""
    opened(desk)
    done = desk.feed(failed(customers_answer(desk, cc="eve@attacker.test"), "none"))
    assert (done.result.outcome, done.result.ticket) == (MailOutcome.APPEND, 1)
    assert desk.ticket(1).participant("eve@attacker.test") is None
    text = next(str(one) for one in reversed(desk.deliver()) if str(one["To"]).endswith("<bogdan@desk.test>"))
    assert "Sender NOT verified, the check failed: carol@customer.test" in " ".join(text.split())


def test_a_signed_address_under_a_strict_policy_follows_with_one_link(desk: TestDesk) -> None:
    opened(desk)
    done = desk.feed(failed(customers_answer(desk), "reject"))
    assert (done.result.outcome, done.result.ticket) == (MailOutcome.TICKET, 2)
    assert [one.event for one in desk.promises() if one.ticket == 2 and one.recipient == "carol@customer.test"] == []
    new = desk.promise_to("bogdan@desk.test", "new")
    assert (dict(new.values)["follows"], dict(new.values)["doubt"]) == ("MB-1", "dmarc-failed")
    mails = [one for one in desk.deliver() if str(one["Subject"]).startswith("[MB-2]") and "bogdan" in str(one["To"])]
    body = mails[-1].get_body(("plain",))  # type: ignore[attr-defined]
    assert "Belongs to MB-1: #merge MB-1" in body.get_content()
    assert "body=%23merge%20MB-1" in mails[-1].get_body(("html",)).get_content()  # type: ignore[attr-defined]

    link = a_mail("#merge MB-1", from_=AGENT, to=new.reply_to, message_id="<link@desk.test>")
    desk.feed(proven(link))
    assert desk.ticket(2).merged_into == 1


@pytest.mark.parametrize("from_", ["Carol (ACME) <carol@customer.test>", "carol@customer.test (Carol)"])
def test_a_comment_in_a_forged_from_gains_nothing(desk: TestDesk, from_: str) -> None:
    """A leaked reply address and a From that is no plain address: not on the ticket, and no acknowledgement."""
    opened(desk)
    before = len(desk.promises())
    done = desk.feed(failed(customers_answer(desk, from_=from_), "reject"))
    assert (done.result.outcome, done.result.ticket) == (MailOutcome.TICKET, 2)
    assert [one.recipient for one in desk.promises()[before:] if one.recipient.endswith("customer.test")] == []
    assert dict(desk.promise_to("bogdan@desk.test", "new").values)["doubt"] == "dmarc-failed"


def test_our_token_from_another_address_is_shown_with_the_link(desk: TestDesk) -> None:
    opened(desk)
    done = desk.feed(proven(customers_answer(desk, from_="carol@home.test"), "home.test"))
    assert done.result.ticket == 2
    assert dict(desk.promise_to("bogdan@desk.test", "new").values)["doubt"] == "other-address"


def test_a_leaked_token_is_worth_nothing_to_somebody_else(desk: TestDesk) -> None:
    opened(desk)
    leaked = to_agent(desk).reply_to
    done = desk.feed(proven(a_mail("#close", from_="mallory@attacker.test", to=leaked, message_id="<l@attacker.test>"), "attacker.test"))
    assert done.result.ticket == 2
    assert desk.ticket(1).version == 2


def test_an_agent_who_left_commands_nothing(desk: TestDesk) -> None:
    opened(desk)
    token = to_agent(desk)
    rules = desk.app.config.folder / "rules" / "teams.yaml"
    rules.write_text(re.sub(r"(bogdan: \{title: [^}]*)\}", r"\1, active: false}", rules.read_text()))
    desk.app.rules.refresh(at_once=True)
    assert desk.app.rules.broken is None
    done = desk.feed(proven(a_mail("#close", from_=AGENT, to=token.reply_to, message_id="<late@desk.test>")))
    assert done.result.outcome is MailOutcome.TICKET
    assert desk.ticket(1).status == "new"


# Whose word is it?


def test_an_unproven_agents_answer_is_held_and_done_after_a_yes_from_the_mailbox(desk: TestDesk) -> None:
    opened(desk)
    answer = a_mail("Restart it.\n\n#close", from_=AGENT, to=to_agent(desk).reply_to, message_id="<answer@desk.test>")
    before = len(desk.promises())
    assert desk.feed(answer).result.outcome is MailOutcome.HELD
    assert [(one.event, one.recipient) for one in desk.promises()[before:]] == [("held", "bogdan@desk.test")]
    assert desk.ticket(1).version == 2
    assert len(desk.tickets()) == 1

    says(desk, "Yes", the_notice(desk))
    assert desk.ticket(1).status == "closed"
    assert [one.recipient for one in desk.promises() if one.event == "answered"] == ["carol@customer.test"]
    desk.assert_sound()


def test_a_no_drops_it_and_a_second_answer_changes_nothing(desk: TestDesk) -> None:
    opened(desk)
    desk.feed(a_mail("#close", from_=AGENT, to=to_agent(desk).reply_to, message_id="<forged@attacker.test>"))
    notice = the_notice(desk)
    says(desk, "no", notice)
    says(desk, "yes", notice, number=2)
    assert desk.ticket(1).version == 2
    with desk.app.store.read() as tx:
        assert [row.reason for row in tx.inbox.list("done", 10) if row.outcome == "held"] == ["agent bogdan said no to it"]


def test_a_flood_in_an_agents_name_is_one_mail_an_hour_with_a_list(desk: TestDesk) -> None:
    opened(desk)
    for number in range(12):
        mail = a_mail(f"Mail {number}", from_=AGENT, subject=f"Number {number}", message_id=f"<{number}@attacker.test>")
        assert desk.feed(mail).result.outcome is MailOutcome.HELD
    notices = [one for one in desk.promises() if one.event == "held"]
    assert [dict(one.values)["count"] for one in notices] == ["1"]
    desk.app.jobs.sweep()
    assert len([one for one in desk.promises() if one.event == "held"]) == 1
    desk.pass_time(hours=1)
    desk.app.jobs.sweep()
    desk.app.jobs.sweep()
    notices = [one for one in desk.promises() if one.event == "held"]
    assert [dict(one.values)["count"] for one in notices] == ["1", "11"]
    says(desk, "yes 2", notices[-1])
    assert [ticket.subject for ticket in desk.tickets()] == ["Printer broken", "Number 2"]


@pytest.mark.parametrize("attack", ["no token", "another agent's", "a customer's", "of an older notice", "made up", "DMARC failed"])
def test_nobody_says_yes_in_an_agents_place(desk: TestDesk, attack: str) -> None:
    opened(desk)
    desk.feed(a_mail("#close", from_=AGENT, to=to_agent(desk).reply_to, message_id="<forged@attacker.test>"))
    notice, signer = the_notice(desk), desk.app.desk().signer
    to = {
        "no token": "support@desk.test",
        "another agent's": signer.reply_address(2, "clara@desk.test", Purpose.HELD),
        "a customer's": signer.reply_address(2, "bogdan@desk.test", Purpose.CUSTOMER),
        "of an older notice": signer.reply_address(1, "bogdan@desk.test", Purpose.HELD),
        "made up": f"support+mb2.haaaaa.{'a' * 26}@desk.test",
        "DMARC failed": notice.reply_to,
    }[attack]
    mail = a_mail("yes", from_=AGENT, to=to, message_id="<yes@attacker.test>")
    desk.feed(failed(mail, "reject", "desk.test") if attack == "DMARC failed" else mail)
    assert desk.ticket(1).version == 2


def test_an_answer_that_is_late_or_says_neither_is_asked_again(desk: TestDesk) -> None:
    opened(desk)
    desk.feed(a_mail("#close", from_=AGENT, to=to_agent(desk).reply_to, message_id="<one@desk.test>"))
    first = the_notice(desk)
    says(desk, "Which mail do you mean?", first)
    assert dict(the_notice(desk).values)["step"] == "unclear"
    desk.pass_time(hours=25)
    says(desk, "yes", first, number=2)
    assert dict(the_notice(desk).values)["step"] == "late"
    assert desk.ticket(1).status == "new"
    says(desk, "yes", the_notice(desk), number=3)
    assert desk.ticket(1).status == "closed"


def test_a_vacation_reply_to_a_notice_decides_nothing(desk: TestDesk) -> None:
    opened(desk)
    desk.feed(a_mail("#close", from_=AGENT, to=to_agent(desk).reply_to, message_id="<one@desk.test>"))
    says(desk, "yes", the_notice(desk), auto_submitted="auto-replied")
    assert desk.ticket(1).status == "new"
    assert len([one for one in desk.promises() if one.event == "held"]) == 1


# How old is it?


def agents_answer(desk: TestDesk, body: str, number: int = 1) -> Done:
    token = desk.promise_to("bogdan@desk.test", "new")
    return desk.feed(proven(a_mail(body, from_=AGENT, to=token.reply_to, message_id=f"<late{number}@desk.test>")))


def test_after_a_day_the_text_goes_out_and_the_commands_are_asked_with_one_question(desk: TestDesk) -> None:
    opened(desk)
    desk.pass_time(hours=25)
    agents_answer(desk, "Restart it.\n\n#priority high\n#close")
    assert [one.recipient for one in desk.promises() if one.event == "answered"] == ["carol@customer.test"]
    assert desk.ticket(1).status == "open"
    [notice] = [one for one in desk.promises() if one.event == "held"]
    assert dict(notice.values)["step"] == "lines"
    assert "#priority high · #close" in table(notice)
    before = len([one for one in desk.promises() if one.event == "answered"])
    says(desk, "yes", notice)
    assert (desk.ticket(1).status, desk.ticket(1).priority) == ("closed", "high")
    assert len([one for one in desk.promises() if one.event == "answered"]) == before
    desk.assert_sound()


def test_after_thirty_days_a_token_is_no_more_than_the_number(desk: TestDesk) -> None:
    opened(desk)
    desk.pass_time(days=31)
    assert agents_answer(desk, "Restart it.").result.outcome is MailOutcome.HELD
    assert [one for one in desk.promises() if one.event == "answered"] == []
    says(desk, "yes", the_notice(desk))
    assert [one.recipient for one in desk.promises() if one.event == "answered"] == ["carol@customer.test"]


def test_questions_need_no_token(desk: TestDesk) -> None:
    opened(desk)
    desk.pass_time(days=31)
    agents_answer(desk, "#show MB-1\n#list mine")
    assert [one.event for one in desk.promises() if one.recipient == "bogdan@desk.test"][-2:] == ["ticket", "list"]


def test_a_replayed_mail_of_an_agent_is_a_copy(desk: TestDesk) -> None:
    opened(desk)
    mail = proven(a_mail("#priority high", from_=AGENT, to=to_agent(desk).reply_to, message_id="<once@desk.test>"))
    desk.feed(mail)
    version = desk.ticket(1).version
    assert desk.feed(mail).result.outcome is MailOutcome.DUPLICATE
    altered = mail.replace(b"<once@desk.test>", b"<twice@desk.test>").replace(b"support+mb1", b"support+mb7")
    assert desk.feed(altered).result.outcome is MailOutcome.KEPT
    assert desk.ticket(1).version == version


def test_a_desk_that_was_upgraded_keeps_its_customers_conversations(desk: TestDesk) -> None:
    """A reply address as the release before expiry made it: no minute, no generation."""
    opened(desk)
    key = desk.app.signer.keys[0]
    old = f"support+mb1.c.{tokens._mac(key, 'reply', Purpose.CUSTOMER, 1, 'carol@customer.test')}@desk.test"
    desk.pass_time(days=400)
    done = desk.feed(a_mail("And again.", to=old, message_id="<old@customer.test>"))
    assert (done.result.outcome, done.result.ticket) == (MailOutcome.APPEND, 1)


# An agent writes from the own program.


def test_an_agent_writes_to_a_customer_with_the_desk_in_copy(desk: TestDesk) -> None:
    people = {"to": "Dana Pop <dana@other.test>", "cc": "support@desk.test"}
    done = desk.feed(proven(a_mail("Tomorrow at nine we change the switch.", from_=AGENT, message_id="<n@desk.test>", **people)))
    ticket = desk.ticket()
    assert done.result.outcome is MailOutcome.TICKET
    assert ticket.requester is not None
    assert (ticket.requester.address, ticket.requester.name) == ("dana@other.test", "Dana Pop")
    assert (ticket.assignee, ticket.status) == ("bogdan", "open")
    assert ticket.answered_by == "bogdan"
    assert {one.recipient for one in desk.promises()} == {"clara@desk.test"}
    [letter] = desk.deliver()
    assert "Bogdan Ionescu wrote to Dana Pop:" in str(letter.get_body(("plain",)).get_content())  # type: ignore[attr-defined]
    # Dana answers all: known by the agent's own Message-ID.
    to_all = {"to": "bogdan@desk.test", "cc": "support@desk.test", "in_reply_to": "<n@desk.test>", "message_id": "<d@other.test>"}
    assert desk.feed(proven(a_mail("Good.", from_="dana@other.test", **to_all), "other.test")).result.ticket == 1
    desk.assert_sound()


def test_whoever_stands_in_to_or_cc_of_an_agents_answer_gets_it_once(desk: TestDesk) -> None:
    opened(desk)
    token = to_agent(desk)
    mail = a_mail("Restart it.", from_=AGENT, to=token.reply_to, cc="Carol <carol@customer.test>", message_id="<all@desk.test>")
    desk.feed(proven(mail))
    assert [one for one in desk.promises() if one.event == "answered"] == []
    assert desk.ticket(1).answered_by == "bogdan"
    desk.feed(proven(a_mail("Did it help?", from_=AGENT, to=token.reply_to, message_id="<second@desk.test>")))
    assert [one.recipient for one in desk.promises() if one.event == "answered"] == ["carol@customer.test"]


def test_an_agent_who_only_names_a_ticket_is_asked(desk: TestDesk) -> None:
    opened(desk)
    people = {"to": "carol@customer.test", "cc": "support@desk.test"}
    mail = a_mail("Restart it.", from_=AGENT, subject="[MB-1]", message_id="<own@desk.test>", **people)
    assert desk.feed(proven(mail)).result.outcome is MailOutcome.HELD
    assert dict(the_notice(desk).values)["step"] == "no-token"
    says(desk, "yes", the_notice(desk))
    assert desk.ticket(1).answered_by == "bogdan"
    assert len(desk.tickets()) == 1
    assert [one for one in desk.promises() if one.event == "answered"] == []  # Carol has it from the agent


def test_a_thousand_agents_and_fifty_ids_cost_few_macs(desk: TestDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stranger can send such a mail: every token was tried on every agent, 279 ms in the write transaction."""
    opened(desk)
    signer = desk.app.desk().signer
    ids = " ".join(f"<{signer.message_id(1, f'x{n}@else.test', Purpose.AGENT, str(n))}>" for n in range(50))
    made = []
    real = tokens._mac
    monkeypatch.setattr(tokens, "_mac", lambda *said, **more: made.append(said) or real(*said, **more))
    desk.feed(a_mail(from_="mallory@attacker.test", references=ids, message_id="<many@attacker.test>"))
    tried = [said for said in made if said[1] == "id" and said[4].endswith("attacker.test")]
    assert len(tried) <= tokens.MOST_TOKENS * 2
    assert {said[4] for said in made if said[2] is Purpose.AGENT and said[1] == "id" and said[5] and said[4].endswith(".test")} <= {
        "mallory@attacker.test", "bogdan@desk.test", "clara@desk.test", "mara@desk.test",
    }  # fmt: skip


def test_a_notice_goes_out_though_the_ticker_slept(desk: TestDesk) -> None:
    desk.feed(a_mail("One", from_=AGENT, message_id="<1@attacker.test>"))
    desk.feed(a_mail("Two", from_=AGENT, message_id="<2@attacker.test>"))
    desk.clock.time += timedelta(days=3)
    desk.app.jobs.sweep()
    assert len([one for one in desk.promises() if one.event == "held"]) == 2


def test_a_leaked_address_of_a_customer_is_revoked_and_the_next_mail_brings_a_new_one(desk: TestDesk) -> None:
    opened(desk)
    leaked = desk.promise_to("carol@customer.test", "received").reply_to
    with desk.app.store.write() as tx:
        asked = each([RevokeAddresses(address="carol@customer.test")])
        execute(tx, desk.app.desk(), desk.ticket(), asked, Actor(kind=ActorKind.ADMIN), desk.clock.now())
    assert desk.feed(a_mail("It is me.", to=leaked, message_id="<leaked@attacker.test>")).result.ticket == 2

    desk.feed(proven(a_mail("Restart it.", from_=AGENT, to=_first_new(desk).reply_to, message_id="<a@desk.test>")))
    fresh = desk.promise_to("carol@customer.test", "answered").reply_to
    assert fresh != leaked
    assert desk.feed(a_mail("Done.", to=fresh, message_id="<fresh@customer.test>")).result.ticket == 1
    desk.assert_sound()


@pytest.mark.parametrize(
    "fields",
    [
        {"from_": '"Carol Jones via Users" <users@attacker.test>', "list_id": "<users.attacker.test>", "reply_to": "carol@customer.test"},
        {"from_": "no-reply@attacker.test", "reply_to": "carol@customer.test"},
    ],
)
def test_a_list_of_the_attackers_own_does_not_get_around_the_customers_policy(desk: TestDesk, fields: dict[str, str]) -> None:
    """The verdict is about the list, which passes; the customer's domain asks to reject mail in its name."""
    opened(desk)
    done = desk.feed(proven(customers_answer(desk, "Send it to my new address.", **fields), "attacker.test"))
    assert (done.result.outcome, done.result.ticket) == (MailOutcome.TICKET, 2)
    assert desk.ticket(1).version == 2


def test_an_answer_through_a_group_of_our_own_is_on_the_ticket(desk: TestDesk) -> None:
    opened(desk)
    fields = {"from_": '"Carol via Help" <help@desk.test>', "list_id": "<help.desk.test>", "x_original_from": "carol@customer.test"}
    done = desk.feed(proven(customers_answer(desk, **fields)))
    assert (done.result.outcome, done.result.ticket) == (MailOutcome.APPEND, 1)


@pytest.mark.parametrize("written", ["It burns #close", "It burns\n- #close", "It burns\n#close at once", "It burns #\nclose"])
def test_a_customers_words_that_a_quote_breaks_elsewhere_are_no_command(desk: TestDesk, written: str) -> None:
    """A program that quotes without marks wraps lines and drops bullets, so that no line is the customer's own."""
    opened_with(desk, written)
    ours = to_agent(desk)
    answer = a_mail("We look at it.\n\nIt burns\n#close", from_=AGENT, to=ours.reply_to, in_reply_to=f"<{ours.message_id}>")
    desk.feed(proven(answer.replace(b"<one@customer.test>", b"<q@desk.test>", 1)))
    assert desk.ticket(1).status == "open"


def opened_with(desk: TestDesk, body: str) -> Done:
    return desk.feed(verified(a_mail(body)))


@pytest.mark.parametrize("provider", ["gmail.com", "outlook.fr", "hotmail.it", "btinternet.com", "comcast.net", "sfr.fr", "centrum.cz"])
def test_strangers_at_one_provider_are_no_colleagues(desk: TestDesk, provider: str) -> None:
    """A proven stranger with a mailbox at the same provider and a guessed number."""
    desk.feed(proven(a_mail(from_=f"carol@{provider}"), provider))
    guess = a_mail("Send it to me.", from_=f"mallory@{provider}", subject="[MB-1] Printer", message_id="<guess@x.test>")
    done = desk.feed(proven(guess, provider))
    assert (done.result.outcome, done.result.ticket) == (MailOutcome.TICKET, 2)
