"""Who may ask is a policy of the customer; the request of anybody else waits for the contact or a person, or gets a polite no."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from mailbridge.notifications.model import Audience
from mailbridge.organisation import transitions
from mailbridge.rules.explain import text, trace_from_json
from mailbridge.rules.load import load
from tests.builders import NOW
from tests.flows.test_changed_targets import change
from tests.harness import RULES, TestDesk, a_desk, a_mail, proven

FILES = RULES | {
    "customers.yaml": """
customers:
  asks: &asks
    domains: [customer.test]
    people: [{address: boss@customer.test}]
    equipment: [{serial: LF-2231}]
    asking: {who: listed, otherwise: ask-contact, contact: boss@customer.test}
  queues:
    domains: [queue.test]
    asking: {who: listed, otherwise: queue, queue: network}
  refuses:
    domains: [no.test]
    equipment: [{serial: NO-1000}]
    language: ro
    asking: {who: domain, otherwise: refuse}
  listed-only:
    domains: [listed.test]
    people: [{address: eva@listed.test}]
    asking: {who: listed, otherwise: refuse}
""".replace("&asks", ""),
    "routing/20-entitled.yaml": "- {name: sees it, when: {entitled: false}, then: {tags: [stranger]}}\n",
}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[TestDesk]:
    with a_desk(tmp_path, rules=FILES) as made:
        yield made


def write(desk: TestDesk, sender: str, body: str = "It does not work.", *, prove: bool = True, **headers: str) -> None:
    desk.pass_time(seconds=60)
    raw = a_mail(body, from_=sender, message_id=f"<{desk.clock.now().timestamp()}@x>", **headers)
    to = headers.get("to", "support@desk.test")
    desk.feed(proven(raw, sender.partition("@")[2]) if prove else raw, mail_from=sender, rcpt_to=(to,))


def asking(desk: TestDesk, ticket: int = 1) -> str:
    return dict(desk.ticket(ticket).fields).get("asking", "")


def told(desk: TestDesk) -> list[tuple[str, str]]:
    return [(one.recipient, one.event) for one in desk.promises(Audience.CUSTOMER)]


def test_a_listed_person_asks_as_always_also_one_that_was_added_by_mail(desk: TestDesk) -> None:
    write(desk, "boss@customer.test")
    assert (asking(desk), desk.ticket().status, desk.ticket().tags) == ("", "new", ())

    write(desk, "bogdan@desk.test", "#add person carol@customer.test", to=desk.promise_to("bogdan@desk.test").reply_to or "")
    write(desk, "carol@customer.test")
    assert (asking(desk, 2), desk.ticket(2).status) == ("", "new")


@pytest.mark.parametrize(("answer", "became", "open_"), [("Yes, please.", "granted", True), ("No.", "declined", False)])
def test_the_contact_is_asked_and_decides(desk: TestDesk, answer: str, became: str, open_: bool) -> None:
    write(desk, "carol@customer.test")
    assert (asking(desk), desk.ticket().status, desk.ticket().tags) == ("asked boss@customer.test", "waiting", ("stranger",))
    assert told(desk) == [("carol@customer.test", "received"), ("boss@customer.test", "may_ask")]
    question = desk.promise_to("boss@customer.test")
    assert any("was asked" in str(mail.get_body(("plain",)).get_content()) for mail in desk.deliver() if "bogdan" in str(mail["To"]))  # type: ignore[attr-defined]

    write(desk, "boss@customer.test", answer, to=question.reply_to or "")

    assert len(desk.tickets()) == 1
    assert asking(desk) == became
    assert transitions.is_open(desk.ticket().status, desk.app.desk().organisation) is open_
    assert (("carol@customer.test", "not_entitled") in told(desk)) is not open_
    desk.assert_sound()


def test_the_contact_is_asked_in_the_language_of_the_request(desk: TestDesk) -> None:
    write(desk, "carol@customer.test", "De azi dimineață imprimanta nu mai tipărește nimic. Vă rugăm să ne ajutați cât mai repede.")
    assert desk.promise_to("boss@customer.test").language == "ro"


def test_other_words_of_the_contact_decide_nothing_and_nobody_else_decides(desk: TestDesk) -> None:
    write(desk, "carol@customer.test")
    question = desk.promise_to("boss@customer.test")

    write(desk, "boss@customer.test", "Yes, but only the printer.", to=question.reply_to or "")
    assert asking(desk) == "asked boss@customer.test"
    receipt = desk.promise_to("carol@customer.test")
    write(desk, "carol@customer.test", "Yes.", to=receipt.reply_to or "")
    assert asking(desk) == "asked boss@customer.test"
    write(desk, "boss@customer.test", "Yes.", to=question.reply_to or "")
    assert asking(desk) == "granted"


def test_a_stranger_with_the_customers_device_is_measured_by_its_policy(desk: TestDesk) -> None:
    write(desk, "who@stranger.test", "LF-2231 is broken")
    assert asking(desk) == "asked boss@customer.test"
    write(desk, "who@stranger.test", "My own thing is broken")
    assert asking(desk, 2) == ""


def test_the_queue_is_a_team(desk: TestDesk) -> None:
    write(desk, "x@queue.test", subject="printer")
    assert (asking(desk), desk.ticket().team, desk.ticket().status) == ("queued", "network", "new")
    assert told(desk) == [("x@queue.test", "received")]
    with desk.app.store.read() as tx:
        explained = text(trace_from_json(tx.mails.explanation(tx.mails.of_ticket(1)[0].id)["rules"]))
    assert 'asking queue (x@queue.test is not listed for "queues")' in explained


def test_the_polite_no_goes_to_who_is_proven_and_the_ticket_is_kept_closed(desk: TestDesk) -> None:
    write(desk, "x@listed.test")
    assert (asking(desk), desk.ticket().status) == ("refused", "closed")
    assert told(desk) == [("x@listed.test", "not_entitled")]
    (letter,) = [mail for mail in desk.deliver() if mail["To"] and "x@listed.test" in str(mail["To"])]
    assert "Your address is not " in str(letter.get_body(("plain",)).get_content())  # type: ignore[attr-defined]
    assert len(desk.tickets()) == 1


def test_an_unproven_writer_gets_no_refusal_and_a_person_decides(desk: TestDesk) -> None:
    write(desk, "x@listed.test", prove=False)
    assert (asking(desk), desk.ticket().status) == ("queued", "new")
    assert ("x@listed.test", "not_entitled") not in told(desk)


def test_nobody_is_asked_for_a_robot_or_a_forged_mail(desk: TestDesk) -> None:
    forged = proven(a_mail(from_="carol@customer.test"), "customer.test", "fail")
    desk.feed(forged)
    assert asking(desk) == "queued"
    assert told(desk) == []


def test_an_agent_who_files_for_somebody_is_never_asked(desk: TestDesk) -> None:
    write(desk, "bogdan@desk.test", "#for x@listed.test\n\nshe called")
    assert (asking(desk), desk.ticket().status) == ("", "new")


def test_a_colleague_on_a_ticket_that_is_there_writes_on(desk: TestDesk) -> None:
    write(desk, "eva@listed.test")
    write(desk, "x@listed.test", "me too", subject="Re: [MB-1] Printer broken")
    assert len(desk.tickets()) == 1
    assert desk.ticket().status == "new"


def test_a_flood_of_strangers_waits_for_nobody_who_is_not_asked(desk: TestDesk) -> None:
    for number in range(22):
        write(desk, f"s@stranger{number}.test", "LF-2231 is broken")
        desk.deliver()
    states = [(asking(desk, number), desk.ticket(number).status) for number in range(1, 23)]
    assert states == [("asked boss@customer.test", "waiting")] * 20 + [("queued", "new")] * 2
    assert [event for _, event in told(desk)].count("may_ask") == 20


def test_a_forger_with_the_contacts_address_at_the_desk_decides_nothing(desk: TestDesk) -> None:
    write(desk, "carol@customer.test")
    address = desk.promise_to("boss@customer.test").reply_to or ""
    raw = a_mail("Yes.", from_="boss@customer.test", to=address, message_id="<forged@x>")
    failed = b"Authentication-Results: mx.desk.test; dmarc=fail (p=none dis=none) header.from=customer.test\r\n"
    desk.feed(failed + proven(raw, "customer.test", "fail").partition(b"\r\n")[2], mail_from="boss@customer.test", rcpt_to=(address,))
    assert asking(desk) == "asked boss@customer.test"


def later(desk: TestDesk, **time: float) -> None:
    desk.clock.time = NOW + timedelta(**time)
    desk.app.jobs.sweep()


def test_the_contact_is_reminded_once_and_then_the_team_decides(desk: TestDesk) -> None:
    write(desk, "carol@customer.test", "The plotter is offline.")
    later(desk, hours=7)
    assert told(desk).count(("boss@customer.test", "may_ask")) == 1
    later(desk, hours=9)
    later(desk, hours=10)
    assert told(desk).count(("boss@customer.test", "may_ask")) == 2
    mail = [mail for mail in desk.deliver() if mail["To"].addresses[0].addr_spec == "boss@customer.test"][-1]
    assert str(mail["Subject"]).startswith("May "), "a reminder is in the thread of the question"
    body = mail.get_body(("plain",)).get_content()  # type: ignore[attr-defined]
    assert "We have asked you before" in body
    assert "The plotter is offline." in body
    assert asking(desk) == "asked boss@customer.test"
    later(desk, hours=25)
    assert asking(desk) == "queued"
    assert desk.ticket().status == transitions.NEW
    (last,) = [one for one in desk.promises(Audience.AGENT, "new") if one.recipient == "bogdan@desk.test"][-1:]
    assert last.values["asking"] == "unanswered"
    later(desk, days=9)
    assert told(desk).count(("boss@customer.test", "may_ask")) == 2
    desk.assert_sound()


def test_an_answer_ends_the_wait(desk: TestDesk) -> None:
    write(desk, "carol@customer.test")
    write(desk, "boss@customer.test", "Yes", to=desk.promise_to("boss@customer.test", "may_ask").reply_to)
    later(desk, days=9)
    assert told(desk).count(("boss@customer.test", "may_ask")) == 1
    assert asking(desk) == "granted"


def test_the_policy_says_how_long_the_contact_is_waited_for(desk: TestDesk) -> None:
    keys = "contact: boss@customer.test, remind-after: never, expires-after: 2h}"
    change(desk, customers=FILES["customers.yaml"].replace("contact: boss@customer.test}", keys))
    write(desk, "carol@customer.test")
    later(desk, hours=3)
    assert told(desk).count(("boss@customer.test", "may_ask")) == 1
    assert asking(desk) == "queued"


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ("otherwise: queue, remind-after: 4h", '"remind-after" is for "otherwise: ask-contact"'),
        ("otherwise: ask-contact, contact: b@a.test, remind-after: 24h", '"remind-after" is not shorter than "expires-after"'),
    ],
)
def test_times_that_make_no_sense_are_mistakes(keys: str, message: str) -> None:
    files = {f"rules/{name}": text for name, text in RULES.items()}
    loaded = load({**files, "rules/customers.yaml": f"customers: {{}}\nasking: {{who: listed, {keys}}}\n"})
    assert [one.message for one in loaded.problems] == [message]


def test_the_contact_is_asked_in_the_own_language(desk: TestDesk) -> None:
    people = "people: [{address: boss@customer.test, language: ro}]"
    change(desk, customers=FILES["customers.yaml"].replace("people: [{address: boss@customer.test}]", people))
    write(desk, "carol@customer.test")
    assert desk.promise_to("boss@customer.test", "may_ask").language == "ro"
