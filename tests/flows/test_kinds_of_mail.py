"""Robots, forms, lists and people who look like them: what becomes a ticket, who is answered, who is suspended."""

from __future__ import annotations

import pytest

from mailbridge.conversation.marks import loop_mark
from mailbridge.handling.outcome import MailOutcome
from mailbridge.notifications.model import Notification
from mailbridge.tickets.model import Role
from tests.flows.test_way_of_a_mail import a_report, an_agents_mail
from tests.harness import TestDesk, a_mail, proven

CAROL, VERA = "carol@customer.test", "vera@visitor.test"


def requester(desk: TestDesk, ticket: int = 1) -> str:
    found = desk.ticket(ticket).requester
    assert found is not None
    return found.address


def receipts(desk: TestDesk) -> list[str]:
    return [n.recipient for n in desk.promises(event="received")]


# --- weak signs


@pytest.mark.parametrize(
    "fields",
    [
        {"x_ms_exchange_inbox_rules_loop": "support@desk.test"},
        {"x_ms_exchange_inbox_rules_loop": "alias@firm.test", "x_ms_exchange_generated_message_source": "Mailbox Rules Agent"},
    ],
)
def test_a_mail_that_an_inbox_rule_redirects_is_a_ticket_and_thanked(desk: TestDesk, fields: dict[str, str]) -> None:
    assert desk.feed(a_mail(**fields)).result.outcome is MailOutcome.TICKET
    assert receipts(desk) == [CAROL]


@pytest.mark.parametrize(
    "fields",
    [
        {"x_loop": "support@desk.test"},
        {"x_forwarded_loop": "a@isp.test"},
        {"x_mailbridge_loop": "support@desk.test"},
        {"auto_submitted": "auto-forwarded"},
        {"subject": "Out of office: how do I set it up for my team?"},
        {"subject": "Abwesenheitsnotiz einrichten"},
        {"x_autoreply": "yes"},
        {"precedence": "auto_reply"},
        {"from_": "Help <help@desk.test>", "subject": "Fwd: customer phoned"},
        {"subject": "Undelivered Mail Returned to Sender"},
    ],
)
def test_a_weak_sign_leaves_the_ticket_and_takes_only_the_receipt(desk: TestDesk, fields: dict[str, str]) -> None:
    assert desk.feed(a_mail(**fields)).result.outcome is MailOutcome.TICKET
    assert receipts(desk) == []
    assert [n.event for n in desk.promises()] == ["new", "new"]
    desk.assert_sound()


def test_a_mail_without_envelope_sender_is_no_bounce(desk: TestDesk) -> None:
    desk.feed(a_mail())
    ours = desk.promise_to(CAROL)
    answer = a_mail("I no longer work here.", in_reply_to=f"<{ours.message_id}>", message_id="<2@customer.test>", to=ours.reply_to)
    done = desk.feed(answer, mail_from="")
    assert (done.result.outcome, done.result.ticket) == (MailOutcome.APPEND, 1)
    assert desk.promises(event="bounced") == []
    assert [dict(n.values)["robot"] for n in desk.promises(event="customer_replied")] == ["auto-reply", "auto-reply"]
    with desk.app.store.read() as tx:
        assert tx.addresses.list() == []


def test_a_weak_vacation_reply_moves_nothing_and_is_told(desk: TestDesk) -> None:
    desk.feed(a_mail())
    desk.feed(an_agents_mail(desk, "Done.\n\n#close"))
    ours = desk.promise_to(CAROL)
    away = a_mail("Back on Monday.", subject="Automatische Antwort: [MB-1]", to=ours.reply_to, message_id="<v@customer.test>")
    assert desk.feed(away).result.ticket == 1
    assert desk.ticket().status == "closed"
    assert [n.recipient for n in desk.promises(event="customer_replied")] == ["bogdan@desk.test"]


def test_an_answer_about_vacation_replies_is_an_answer(desk: TestDesk) -> None:
    desk.feed(a_mail(subject="Out of office: how do I set it up?", message_id="<q@customer.test>"))
    desk.feed(an_agents_mail(desk, "In the settings.\n\n#close", to=desk.promise_to("bogdan@desk.test").reply_to))
    ours = desk.promise_to(CAROL)
    subject = "Re: [MB-1] Out of office: how do I set it up?"
    again = a_mail("I cannot find it.", subject=subject, to=ours.reply_to, message_id="<r@customer.test>")
    assert desk.feed(again).result.ticket == 1
    assert desk.ticket().status == "open"


def test_an_agents_vacation_reply_goes_to_no_customer(desk: TestDesk) -> None:
    desk.feed(a_mail())
    for number, fields in enumerate(({"subject": "Automatic reply: [MB-1] Printer broken"}, {"x_autoreply": "yes"}), start=1):
        desk.feed(an_agents_mail(desk, "I am on leave.", message_id=f"<{number}@desk.test>", **fields), mail_from="bogdan@desk.test")
    desk.feed(an_agents_mail(desk, "I am on leave.", message_id="<9@desk.test>"), mail_from="")
    assert desk.promises(event="answered") == []


def test_the_robot_of_an_unproven_agent_is_not_asked_who_it_is(desk: TestDesk) -> None:
    """Bogdan asked something himself; then his program answers a mail about that ticket, and nobody says DMARC pass."""
    desk.feed(proven(a_mail("My chair is broken.", from_="bogdan@desk.test", subject="Chair")), mail_from="bogdan@desk.test")
    ours = desk.promise_to("bogdan@desk.test")
    before = len(desk.promises())
    away = {"from_": "bogdan@desk.test", "subject": "Automatic reply: Chair", "auto_submitted": "auto-replied"}
    answers = {"to": ours.reply_to, "in_reply_to": f"<{ours.message_id}>", "message_id": "<away@desk.test>"}
    desk.feed(a_mail("On leave.", **away, **answers), mail_from="")
    assert len(desk.promises()) == before


# --- our own mail come back


def sent(desk: TestDesk) -> Notification:
    desk.feed(a_mail())
    return desk.promise_to(CAROL)


def test_our_own_mail_come_back_is_kept(desk: TestDesk) -> None:
    sent(desk)
    letter = next(mail for mail in desk.deliver() if "carol" in str(mail["To"]))
    back = desk.feed(letter.as_bytes(), mail_from="forwarder@isp.test")
    assert (back.result.outcome, back.result.reason.split(",")[0]) == (MailOutcome.KEPT, "loop: loop: our own signed mark")


def test_a_mark_that_does_not_verify_makes_no_mail_vanish(desk: TestDesk) -> None:
    ours = sent(desk)
    mark = loop_mark(desk.app.signer, ours.key)
    for number, forged in enumerate((mark[:-1] + ("a" if mark[-1] != "a" else "b"), "support@desk.test", mark.partition(".")[2])):
        done = desk.feed(a_mail(message_id=f"<f{number}@customer.test>", subject=f"Other {number}", x_mailbridge_loop=forged))
        assert done.result.outcome is MailOutcome.TICKET


def test_our_message_id_alone_is_known_again(desk: TestDesk) -> None:
    ours = sent(desk)
    assert desk.feed(a_mail(message_id=f"<{ours.message_id}>", from_="support@desk.test")).result.outcome is MailOutcome.KEPT


def test_nobody_writes_from_a_reply_address_of_ours(desk: TestDesk) -> None:
    ours = sent(desk)
    assert desk.feed(a_mail("Win money", from_=f"Support <{ours.reply_to}>", message_id="<w@x.test>")).result.outcome is MailOutcome.KEPT


# --- who is behind a list or a form


FORM = {"from_": "Website <support@desk.test>", "reply_to": f"Vera <{VERA}>", "subject": "Contact form", "message_id": "<form@desk.test>"}


@pytest.mark.parametrize(
    ("fields", "thanked"),
    [
        ({}, True),
        ({"from_": "WordPress <wordpress@desk.test>"}, True),
        ({"from_": "Kontakt <kontakt-formular@desk.test>", "x_mailer": "PHP/8.1"}, True),
        ({"from_": "Info <info@desk.test>", "x_php_originating_script": "33:form.php"}, True),
        ({"from_": "help@desk.test", "list_id": "<help.desk.test>", "precedence": "list", "x_original_from": f"Vera <{VERA}>"}, True),
        ({"from_": "'Vera' via Help <help@desk.test>", "reply_to": "", "x_original_from": f"Vera <{VERA}>"}, True),
        ({"from_": '"Vera via Users" <users@lists.test>', "list_id": "<users.lists.test>", "precedence": "list"}, False),
        (
            {
                "from_": '"Vera via Users" <users@lists.test>',
                "list_id": "<users.lists.test>",
                "reply_to": f"Vera <{VERA}>, users@lists.test",
            },
            False,
        ),
        ({"from_": "web@shop.test", "precedence": "bulk", "x_mailer": "PHP/8.1"}, False),
        ({"from_": "no-reply@forms.test"}, False),
    ],
)
def test_the_requester_is_the_person_behind_a_list_or_form(desk: TestDesk, fields: dict[str, str], thanked: bool) -> None:
    done = desk.feed(proven(a_mail("It burns.", **(FORM | fields)), domain="desk.test"), mail_from="www@desk.test")
    assert done.result.outcome is MailOutcome.TICKET
    ticket = desk.ticket()
    assert (requester(desk), ticket.requester.name if ticket.requester else "") == (VERA, "Vera")
    assert receipts(desk) == ([VERA] if thanked else [])
    desk.feed(an_agents_mail(desk, "Unplug it."))
    assert [n.recipient for n in desk.promises(event="answered")] == [VERA]
    desk.assert_sound()


def test_an_answer_to_a_list_is_asked_for_first(desk: TestDesk) -> None:
    """Nobody single is named, so the list is the requester; everybody on it would read the answer."""
    fields = {"from_": '"Users" <users@lists.test>', "list_id": "<users.lists.test>", "precedence": "list", "to": "users@lists.test"}
    desk.feed(a_mail("Who knows?", cc="support@desk.test", **fields), mail_from="users-bounces@lists.test")
    assert (requester(desk), receipts(desk)) == ("users@lists.test", [])
    address = desk.promise_to("bogdan@desk.test").reply_to
    desk.feed(an_agents_mail(desk, "The password is 7.", to=address))
    assert desk.promises(event="answered") == []
    assert dict(desk.promise_to("bogdan@desk.test", "confirm").values)["why"] == "list-answer"
    desk.feed(an_agents_mail(desk, "#for vera@visitor.test\n", to=address, message_id="<for@desk.test>"))
    desk.feed(an_agents_mail(desk, "Ask me for the password.", to=address, message_id="<second@desk.test>"))
    assert [n.recipient for n in desk.promises(event="answered")] == ["vera@visitor.test"]


@pytest.mark.parametrize("reply_to", ["a@x.test, b@x.test", "support@desk.test", ""])
def test_a_form_that_names_nobody_single_is_a_ticket_of_its_address(desk: TestDesk, reply_to: str) -> None:
    desk.feed(a_mail(**(FORM | {"reply_to": reply_to})))
    assert (requester(desk), receipts(desk)) == ("support@desk.test", [])


def test_a_visitor_proves_nothing(desk: TestDesk) -> None:
    """The agent's address in Reply-To of a form gives no rights, and its lines are text."""
    desk.feed(a_mail(message_id="<one@customer.test>"))
    form = FORM | {"reply_to": "Bogdan <bogdan@desk.test>", "subject": "[MB-1]", "to": desk.promise_to("bogdan@desk.test").reply_to}
    desk.feed(proven(a_mail("#close", **form)), mail_from="www@desk.test")
    assert desk.ticket(1).status == "new"
    assert desk.promises(event="answered") == []


def test_a_person_may_want_answers_elsewhere_and_the_agent_sees_both(desk: TestDesk) -> None:
    desk.feed(a_mail(reply_to="Office <office@customer.test>"))
    assert (requester(desk), receipts(desk)) == (CAROL, [CAROL])
    assert {p.role for p in desk.ticket().participants} == {Role.REQUESTER}
    told = desk.promise_to("bogdan@desk.test", "new")
    assert dict(told.values)["other_reply_to"] == "office@customer.test"
    letter = next(mail for mail in desk.deliver() if "bogdan" in str(mail["To"]))
    text = str(letter.get_body(("plain",)).get_content())  # type: ignore[attr-defined]
    assert CAROL in text
    assert "#for office@customer.test" in text
    assert "%23for%20office%40customer.test" in str(letter.get_body(("html",)).get_content())  # type: ignore[attr-defined]


# --- suspended addresses


def suspended(desk: TestDesk, address: str = CAROL) -> bool:
    with desk.app.store.read() as tx:
        return tx.addresses.suspended(address, desk.clock.now()) is not None


def test_a_report_that_cannot_be_proven_is_told_and_suspends_nobody(desk: TestDesk) -> None:
    """Whoever knows a Message-ID of ours can write a report about it."""
    ours = sent(desk)
    mark = loop_mark(desk.app.signer, ours.key)
    other = loop_mark(desk.app.signer, "another")
    for number, (envelope, returned, named) in enumerate(
        [("", "", CAROL), ("", other, CAROL), ("mallory@x.test", mark, CAROL), ("", mark, "someone@x.test")]
    ):
        report = a_report(ours.message_id, named, returned).replace(b"<dsn@", f"<dsn{number}@".encode())
        assert desk.feed(report, mail_from=envelope).result.ticket == 1
        assert not suspended(desk)
    assert len(desk.promises(event="bounced")) == 8  # two of the team, each time


def test_a_person_who_writes_again_is_suspended_no_longer(desk: TestDesk) -> None:
    ours = sent(desk)
    desk.feed(a_report(ours.message_id, CAROL, loop_mark(desk.app.signer, ours.key)), mail_from="")
    assert suspended(desk)
    forged = proven(a_mail("I am Carol", message_id="<x@evil.test>"), domain="customer.test", verdict="fail")
    desk.feed(forged, mail_from="mallory@evil.test")
    assert suspended(desk)
    desk.feed(a_mail("Another one", message_id="<again@customer.test>", subject="Other"))
    assert not suspended(desk)
