"""Statuses, dates set by hand, sleeps, appointments, people on a ticket and closed tickets: whole ways, on both databases."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage, Message
from email.policy import SMTP
from pathlib import Path
from threading import Thread
from typing import Any

import icalendar
import pytest

from mailbridge.notifications.model import Audience
from mailbridge.tickets.model import Role
from tests.harness import RULES, TestDesk, a_desk, a_mail, proven, table
from tests.servers.postgres import Postgres

CAROL, DAN, BOGDAN = "carol@customer.test", "dan@customer.test", "bogdan@desk.test"
STATUSES = """
statuses:
  open:      {title: {en: Open, ro: În lucru, ru: В работе}, next: [waiting, ordered, checking, resolved]}
  waiting:   {title: {en: Waiting, ro: Se așteaptă, ru: Ждём}, shown: {en: Waiting for you, ro: Vă așteptăm, ru: Ждём вас}, waiting: true}
  ordered:   {title: {en: Ordered, ro: Comandat, ru: Заказано}, waiting: others}
  checking:  {title: Checking, shown: hidden}
  resolved:  {title: {en: Solved, ro: Rezolvat, ru: Решено}, open: false, closes-after: 7d, next: [open, closed]}
  closed:    {title: {en: Closed, ro: Închis, ru: Закрыто}, shown: {en: Solved, ro: Rezolvat, ru: Решено}, open: false}
"""
TEAMS = """
teams:
  support:
    title: Support
    members: [bogdan, clara]
    managers: [mara]
    tells: [received, answered, waiting, changed, closed, added]
    unclaimed-after: never
    %s
  network: {title: Network, members: [clara], outsiders: nothing}
agents:
  bogdan: {title: Bogdan Ionescu, address: bogdan@desk.test}
  clara: {title: Clara Weiss, address: clara@desk.test}
  mara: {title: Mara Lind, address: mara@desk.test, manager: true}
  zoe: {title: Zoe Fox, address: zoe@desk.test, role: observer}
default: support
"""
CUSTOMERS = """
customers:
  acme:
    title: Acme SRL
    domains: [customer.test]
    equipment: [{serial: LF-2231}]
    contracts: {acme-base: {sla: base}, acme-gold: {sla: gold, equipment: [LF-2231]}}
"""
SLA = """
targets: {normal: {resolution: 300d}}
levels: {base: {normal: {resolution: 300d}}, gold: {normal: {response: 2h}}}
"""

Desks = Callable[..., TestDesk]


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.servers)])
def a_working_desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Desks]:
    """Makes a desk with all statuses; its words are what is special about the support team."""
    with ExitStack() as open_ones:

        def made(team: str = "closed: reopen", **different: Any) -> TestDesk:
            rules = {**RULES, "teams.yaml": TEAMS % team, "statuses.yaml": STATUSES, "customers.yaml": CUSTOMERS, "sla.yaml": SLA}
            url = ""
            if request.param == "postgresql":
                server: Postgres = request.getfixturevalue("postgres")
                url = open_ones.enter_context(server.database(request.getfixturevalue("postgres_template")))
            desk: AbstractContextManager[TestDesk] = a_desk(tmp_path, rules=rules, store_url=url, **different)
            return open_ones.enter_context(desk)

        yield made


@pytest.fixture
def desk(a_working_desk: Desks) -> TestDesk:
    return a_working_desk()


def tell(desk: TestDesk, body: str, *, agent: str = BOGDAN, **headers: str) -> None:
    """An agent answers the desk's latest mail to them."""
    sent = len(desk.promises()) + desk.clock.now().timestamp()
    usual = {"from_": agent, "to": desk.promise_to(agent).reply_to, "message_id": f"<{sent}.{abs(hash(body))}@desk.test>"}
    desk.feed(proven(a_mail(body, **usual | headers)), mail_from=agent)


def write(desk: TestDesk, body: str, *, writer: str = CAROL, **headers: str) -> None:
    """A customer answers the desk's latest mail to them."""
    address = desk.promise_to(writer).reply_to
    usual = {"from_": writer, "to": address, "message_id": f"<{abs(hash(body))}@customer.test>"}
    desk.feed(a_mail(body, **usual | headers), mail_from=writer, rcpt_to=(address,))


def told(desk: TestDesk, recipient: str, before: int = 0) -> list[str]:
    return [promise.event for promise in desk.promises()[before:] if promise.recipient == recipient]


def refusals(desk: TestDesk, agent: str = BOGDAN) -> str:
    return table(desk.promise_to(agent, "commands"), "results")


def at(desk: TestDesk, moment: datetime) -> int:
    desk.clock.time = moment
    return desk.app.jobs.sweep()


def text_of(mail: Message) -> str:
    body = mail.get_body(("plain",)) if isinstance(mail, EmailMessage) else None
    return body.get_content() if body is not None else ""


def mail_to(desk: TestDesk, recipient: str, event: str = "") -> EmailMessage:
    """The latest mail (of this name) that went out to this address."""
    wanted = f"<{desk.promise_to(recipient, event).message_id}>"
    found = [mail for mail in desk.deliver() if mail["Message-ID"] == wanted]
    assert isinstance(found[-1], EmailMessage)
    return found[-1]


# statuses


def test_agent_goes_the_ways_of_the_desk_and_hears_which_there_are(desk: TestDesk) -> None:
    desk.feed(a_mail())
    tell(desk, "#take")
    tell(desk, "#status closed")
    assert desk.ticket().status == "open"
    assert "no-such-way" in refusals(desk)
    tell(desk, "#status resolved")
    assert desk.ticket().status == "resolved"
    desk.assert_sound()


@pytest.mark.parametrize(("language", "title"), [("en", "Ordered"), ("ro", "Comandat"), ("ru", "Заказано")])
def test_customer_reads_the_status_in_the_own_language(desk: TestDesk, language: str, title: str) -> None:
    texts = {
        "en": "Hello, the printer on the second floor is broken since this morning. Please help us, we cannot work without it.",
        "ro": "Bună ziua, imprimanta de la etajul doi nu mai merge de azi dimineață. Vă rugăm să ne ajutați, nu putem lucra fără ea.",
        "ru": "Здравствуйте, принтер на втором этаже не работает с самого утра. Пожалуйста, помогите нам, мы не можем без него работать.",
    }
    desk.feed(proven(a_mail(texts[language]), "customer.test"))
    tell(desk, "#take")
    tell(desk, "#status ordered")
    assert title in text_of(mail_to(desk, CAROL))


def test_waiting_for_others_asks_the_customer_for_nothing(desk: TestDesk) -> None:
    desk.feed(a_mail())
    tell(desk, "#take")
    before = len(desk.promises())
    tell(desk, "#status ordered")
    assert told(desk, CAROL, before) == ["changed"]
    assert desk.ticket().waits[-1][1] is None
    tell(desk, "#status waiting")
    assert told(desk, CAROL, before) == ["changed", "waiting"]


def test_customer_hears_nothing_of_a_hidden_status(desk: TestDesk) -> None:
    desk.feed(a_mail())
    tell(desk, "#take")
    before = len(desk.promises())
    tell(desk, "#status checking")
    assert (desk.ticket().status, told(desk, CAROL, before)) == ("checking", [])


def test_resolved_ticket_closes_after_its_days_once_and_tells_nobody_again(desk: TestDesk) -> None:
    desk.feed(a_mail())
    tell(desk, "#take")
    tell(desk, "#status resolved")
    done_at = desk.clock.now()
    before = len(desk.promises())
    assert told(desk, CAROL).count("closed") == 1
    assert at(desk, done_at + timedelta(days=7, seconds=-1)) == 0
    sweepers = [Thread(target=lambda: at(desk, done_at + timedelta(days=7))) for _ in range(3)]
    for sweeper in sweepers:
        sweeper.start()
    for sweeper in sweepers:
        sweeper.join()
    ticket = desk.ticket()
    assert (ticket.status, ticket.closed_at, told(desk, CAROL, before)) == ("closed", done_at, [])
    with desk.app.store.read() as tx:
        assert [type(e.what).__name__ for e in tx.events.of_ticket(1)].count("StatusChanged") == 3
    desk.assert_sound()


def test_word_of_the_customer_keeps_a_resolved_ticket_from_closing(a_working_desk: Desks) -> None:
    """Even where a closed ticket would stay closed: the desk asked whether it is done."""
    desk = a_working_desk("closed: new")
    desk.feed(a_mail())
    tell(desk, "#take")
    tell(desk, "#status resolved")
    write(desk, "No, it is not.")
    assert (len(desk.tickets()), desk.ticket().status) == (1, "open")
    assert at(desk, desk.clock.now() + timedelta(days=8)) == 0
    assert desk.ticket().status == "open"


# rights


def test_outsider_can_do_nothing_where_the_team_says_so_and_hears_it(desk: TestDesk) -> None:
    desk.feed(a_mail())
    tell(desk, "#take")
    tell(desk, "#team network")
    assert desk.ticket().team == "network"
    before = len(desk.promises(Audience.CUSTOMER))
    # when he answers a mail from before it went there; the one after it names no ticket
    (earlier,) = desk.promises(event="commands")
    tell(desk, "Here is what I think of it.\n#status waiting", to=earlier.reply_to)
    assert len(desk.promises(Audience.CUSTOMER)) == before
    assert desk.ticket().status == "open"
    assert "#status waiting\trefused\tother-team" in table(desk.promises(event="lines")[-1], "results")


# dates


def test_own_date_warns_once_and_is_told_once_when_it_is_there(desk: TestDesk) -> None:
    desk.feed(a_mail())
    tell(desk, "#take\n#due tomorrow 13:00")
    due = datetime(2026, 11, 24, 13, 0, tzinfo=UTC)
    assert desk.ticket().due_at == due
    before = len(desk.promises())
    at(desk, due - timedelta(hours=7))
    at(desk, due - timedelta(hours=6))
    at(desk, due)
    at(desk, due + timedelta(hours=1))
    assert [(p.recipient, p.event, dict(p.values)["promise"]) for p in desk.promises()[before:]] == [
        (BOGDAN, "warning", "due"),
        (BOGDAN, "due", "due"),
    ]
    assert "The date set for this ticket has come" in text_of(mail_to(desk, BOGDAN))


def test_moved_date_warns_for_the_new_one_alone(desk: TestDesk) -> None:
    desk.feed(a_mail())
    tell(desk, "#take\n#due tomorrow 13:00")
    tell(desk, "#due 26 nov 13:00")
    before = len(desk.promises())
    at(desk, datetime(2026, 11, 25, 13, 0, tzinfo=UTC) - timedelta(hours=6))
    assert told(desk, BOGDAN, before) == []
    at(desk, datetime(2026, 11, 26, 13, 0, tzinfo=UTC))
    assert told(desk, BOGDAN, before) == ["warning", "due"]


def test_snoozed_ticket_is_out_of_the_lists_until_it_wakes(desk: TestDesk) -> None:
    desk.feed(a_mail())
    tell(desk, "#take\n#snooze 3d")
    until = desk.ticket().snoozed_until
    assert until is not None

    def listed() -> list[int]:
        with desk.app.store.read() as tx:
            return [ticket.id for ticket in tx.tickets.find(awake_at=desk.clock.now())]

    assert listed() == []
    before = len(desk.promises())
    at(desk, until)
    at(desk, until + timedelta(hours=1))
    assert told(desk, BOGDAN, before) == ["awake"]
    assert (listed(), desk.ticket().snoozed_until) == ([1], None)
    assert "The snooze of MB-1 has ended" in text_of(mail_to(desk, BOGDAN))
    desk.assert_sound()


def test_customers_mail_wakes_a_ticket_and_the_clock_says_nothing_more(desk: TestDesk) -> None:
    desk.feed(a_mail())
    tell(desk, "#take\n#snooze 3d")
    until = desk.ticket().snoozed_until
    assert until is not None
    write(desk, "Any news?")
    assert desk.ticket().snoozed_until is None
    before = len(desk.promises())
    at(desk, until)
    assert told(desk, BOGDAN, before) == []


# contracts and devices


def test_contract_and_device_of_the_customer_are_set_and_the_promise_follows(desk: TestDesk) -> None:
    desk.feed(a_mail())
    tell(desk, "#contract acme-gold\n#equipment lf2231")
    assert dict(desk.ticket().fields) | {"contract": "acme-gold", "sla": "gold", "equipment": "LF-2231"} == dict(desk.ticket().fields)
    with desk.app.store.read() as tx:
        assert "response" in {due.deadline.promise for due in tx.clocks.of_ticket(1)}


# appointments


def the_invitation(mail: EmailMessage) -> Any:
    (part,) = [part for part in mail.walk() if part.get_content_type() == "text/calendar"]
    calendar = icalendar.Calendar.from_ical(part.get_payload(decode=True))
    assert part.get_param("method") == calendar["METHOD"]
    (event,) = calendar.walk("VEVENT")
    return calendar["METHOD"], event


def a_calendars_answer(mail: EmailMessage, said: str) -> bytes:
    """What a calendar program sends when its owner presses a button."""
    (part,) = [part for part in mail.walk() if part.get_content_type() == "text/calendar"]
    content = part.get_payload(decode=True).decode()
    content = content.replace("METHOD:REQUEST", "METHOD:REPLY").replace("NEEDS-ACTION", said)
    _, event = the_invitation(mail)
    reply = EmailMessage(policy=SMTP)
    reply["From"], reply["To"] = CAROL, str(event["ORGANIZER"]).removeprefix("mailto:")
    reply["Subject"], reply["Message-ID"] = f"{said.capitalize()}: {event['SUMMARY']}", f"<{said}.{event['SEQUENCE']}@customer.test>"
    reply["Date"] = "Mon, 23 Nov 2026 10:00:00 +0000"
    reply.set_content("Carol has answered.")
    reply.add_alternative(content.encode(), maintype="text", subtype="calendar", params={"method": "REPLY", "charset": "utf-8"})
    return reply.as_bytes()


def test_appointment_goes_into_both_calendars_moves_and_is_called_off(desk: TestDesk) -> None:
    desk.feed(a_mail())
    tell(desk, "#take")
    tell(desk, "#meet tomorrow 10:00 90m Iași office")
    desk.deliver()
    ours, theirs = (the_invitation(mail_to(desk, address, "meeting")) for address in (BOGDAN, CAROL))
    method, event = theirs
    assert (method, event["SEQUENCE"], event["LOCATION"]) == ("REQUEST", 0, "Iași office")
    assert event["DTSTART"].dt == datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
    assert event["DTEND"].dt - event["DTSTART"].dt == timedelta(minutes=90)
    assert (str(event["UID"]), str(event["ATTENDEE"])) == ("mb-1-1@desk.test", f"mailto:{CAROL}")
    assert str(ours[1]["UID"]) == str(event["UID"])
    assert BOGDAN not in mail_to(desk, CAROL).as_string()

    tell(desk, "#meet tomorrow 14:00")
    method, moved = the_invitation(mail_to(desk, CAROL))
    assert (method, moved["SEQUENCE"], str(moved["UID"])) == ("REQUEST", 1, str(event["UID"]))

    tell(desk, "#meet none")
    method, off = the_invitation(mail_to(desk, CAROL))
    assert (method, off["SEQUENCE"], str(off["STATUS"]), str(off["UID"])) == ("CANCEL", 2, "CANCELLED", str(event["UID"]))
    desk.assert_sound()


def test_appointment_goes_with_its_ticket_from_one_agents_calendar_to_anothers(desk: TestDesk) -> None:
    desk.feed(a_mail())
    tell(desk, "#take")
    tell(desk, "#meet tomorrow 10:00")
    before = len(desk.promises(Audience.CUSTOMER))

    tell(desk, "#assign clara")

    method, event = the_invitation(mail_to(desk, BOGDAN, "meeting"))
    assert (method, event["SEQUENCE"], str(event["UID"])) == ("CANCEL", 0, "mb-1-1@desk.test")
    method, event = the_invitation(mail_to(desk, "clara@desk.test", "meeting"))
    assert (method, event["SEQUENCE"], str(event["UID"])) == ("REQUEST", 0, "mb-1-1@desk.test")
    assert "is now Clara Weiss's" in text_of(mail_to(desk, BOGDAN, "meeting"))
    assert len(desk.promises(Audience.CUSTOMER)) == before


def test_new_requester_is_invited_too(desk: TestDesk) -> None:
    desk.feed(a_mail())
    tell(desk, "#meet tomorrow 10:00")
    tell(desk, "#requester dan@customer.test")
    _, event = the_invitation(mail_to(desk, DAN, "meeting"))
    assert str(event["ATTENDEE"]) == f"mailto:{DAN}"


def test_of_two_appointments_in_one_mail_the_last_goes_into_calendars(desk: TestDesk) -> None:
    desk.feed(a_mail())
    tell(desk, "#meet tomorrow 10:00\n#meet tomorrow 14:00")
    assert told(desk, CAROL).count("meeting") == 1
    _, event = the_invitation(mail_to(desk, CAROL, "meeting"))
    assert (event["DTSTART"].dt.hour, event["SEQUENCE"]) == (14, 1)


@pytest.mark.parametrize("said", ["ACCEPTED", "DECLINED", "TENTATIVE"])
def test_customers_calendar_answers_and_whoever_has_the_ticket_hears_it(desk: TestDesk, said: str) -> None:
    desk.feed(a_mail())
    tell(desk, "#take")
    tell(desk, "#meet tomorrow 10:00")
    reply = a_calendars_answer(mail_to(desk, CAROL), said)
    before = len(desk.promises())
    (address,) = [line.split(": ")[1] for line in reply.decode().split("\r\n") if line.startswith("To: ")]

    desk.feed(reply, rcpt_to=(address,))

    meeting = desk.ticket().meeting
    assert meeting is not None
    assert meeting.answers == ((CAROL, said.lower()),)
    assert [(p.recipient, p.event) for p in desk.promises()[before:]] == [(BOGDAN, "meeting_answered")]
    assert "the appointment" in text_of(mail_to(desk, BOGDAN, "meeting_answered"))
    desk.assert_sound()


def test_answer_to_a_time_that_was_moved_since_is_kept_and_counts_no_more(desk: TestDesk) -> None:
    desk.feed(a_mail())
    tell(desk, "#take")
    tell(desk, "#meet tomorrow 10:00")
    reply = a_calendars_answer(mail_to(desk, CAROL), "ACCEPTED")
    tell(desk, "#meet tomorrow 14:00")
    address = desk.promise_to(CAROL).reply_to
    desk.feed(reply, rcpt_to=(address,))
    meeting = desk.ticket().meeting
    assert meeting is not None
    assert meeting.answers == ()
    with desk.app.store.read() as tx:
        assert tx.mails.of_ticket(1)[-1].kind == "calendar"


def test_agents_own_calendar_answer_and_vacation_never_reach_the_customer(desk: TestDesk) -> None:
    desk.feed(a_mail())
    tell(desk, "#take")
    tell(desk, "#meet tomorrow 10:00")
    before = len(desk.promises(Audience.CUSTOMER))
    reply = a_calendars_answer(mail_to(desk, BOGDAN, "meeting"), "ACCEPTED").replace(CAROL.encode(), BOGDAN.encode())
    desk.feed(proven(reply), mail_from=BOGDAN)
    away = a_mail("I am away until Monday.", from_=BOGDAN, to=desk.promise_to(BOGDAN).reply_to, message_id="<away@desk.test>")
    desk.feed(proven(b"Auto-Submitted: auto-replied\r\n" + away), mail_from=BOGDAN)
    assert len(desk.promises(Audience.CUSTOMER)) == before
    assert desk.ticket().first_answered_at is None


# people


def test_somebody_who_is_added_gets_what_was_said_last_and_never_a_note(desk: TestDesk) -> None:
    desk.feed(proven(a_mail("The drum squeaks."), "customer.test"))
    tell(desk, "#take")
    tell(desk, "#note\nThey never pay.")
    tell(desk, "#cc dan@customer.test")
    mail = mail_to(desk, DAN)
    assert "Bogdan Ionescu added you to request MB-1" in text_of(mail)
    assert "The drum squeaks." in text_of(mail)
    assert "never pay" not in mail.as_string()
    before = len(desk.promises())
    write(desk, "I am Dan, it squeaks here too.", writer=DAN)
    assert desk.ticket().participants[1].role is Role.PARTICIPANT
    assert told(desk, BOGDAN, before) == ["customer_replied"]


def test_new_requester_is_told_and_the_old_one_stays_on_the_ticket(desk: TestDesk) -> None:
    desk.feed(a_mail())
    tell(desk, "#requester dan@customer.test Dan Low")
    ticket = desk.ticket()
    assert [(p.address, p.role) for p in ticket.participants] == [(DAN, Role.REQUESTER), (CAROL, Role.PARTICIPANT)]
    assert "opened request MB-1 for you" in text_of(mail_to(desk, DAN))


def test_who_gets_an_answer_from_the_same_mail_is_not_told_twice(desk: TestDesk) -> None:
    desk.feed(a_mail())
    before = len(desk.promises())
    tell(desk, "#cc dan@customer.test\nTry the other cable.")
    assert set(told(desk, DAN, before)) <= {"answered", "added"}
    assert len(told(desk, DAN, before)) == 1


@pytest.mark.parametrize(
    ("policy", "roles"),
    [("participant", {DAN: Role.PARTICIPANT}), ("mentioned", {DAN: Role.MENTIONED}), ("ignored", {})],
)
def test_copied_people_become_what_the_team_wants(a_working_desk: Desks, policy: str, roles: dict[str, Role]) -> None:
    desk = a_working_desk(f"copied: {policy}")
    copies = f"{DAN}, help@desk.test, support+x@desk.test, clara@desk.test"
    desk.feed(proven(a_mail(cc=copies), "customer.test"))
    assert {p.address: p.role for p in desk.ticket().participants[1:]} == roles
    assert told(desk, DAN) == []


def test_unproven_mail_makes_nobody_a_participant(a_working_desk: Desks) -> None:
    desk = a_working_desk("copied: participant")
    desk.feed(a_mail(cc=DAN))
    assert [(p.address, p.role) for p in desk.ticket().participants[1:]] == [(DAN, Role.MENTIONED)]
    write(desk, "He should read it.", cc=DAN)
    assert [(p.address, p.role) for p in desk.ticket().participants[1:]] == [(DAN, Role.MENTIONED)]
    address = desk.promise_to("carol@customer.test").reply_to
    desk.feed(proven(a_mail("Him, please.", to=address, cc=DAN, message_id="<proven@customer.test>"), "customer.test"))
    assert [(p.address, p.role) for p in desk.ticket().participants[1:]] == [(DAN, Role.PARTICIPANT)]


# mail to closed tickets


def close_it(desk: TestDesk) -> None:
    desk.feed(a_mail())
    tell(desk, "#take\n#status resolved")
    tell(desk, "#status closed")
    assert desk.ticket().status == "closed"


def test_mail_reopens_a_closed_ticket_where_the_team_wants_that(a_working_desk: Desks) -> None:
    desk = a_working_desk("closed: reopen")
    close_it(desk)
    desk.pass_time(days=400)
    write(desk, "Again.")
    assert [(ticket.id, ticket.status) for ticket in desk.tickets()] == [(1, "open")]
    assert dict(desk.promise_to(BOGDAN, "customer_replied").values)["reopened"] == "yes"


@pytest.mark.parametrize(("time", "tickets"), [(timedelta(days=5), 1), (timedelta(days=5, seconds=1), 2)])
def test_mail_reopens_for_so_long_and_makes_a_linked_ticket_later(a_working_desk: Desks, time: timedelta, tickets: int) -> None:
    desk = a_working_desk("closed: reopen-within\n    reopen-within: 5d")
    close_it(desk)
    desk.pass_time(seconds=time.total_seconds())
    write(desk, "Again.")
    assert len(desk.tickets()) == tickets
    if tickets == 2:
        assert desk.ticket(2).links == (("possible-follow-up", 1),)
        assert desk.ticket(1).status == "closed"
    desk.assert_sound()


def test_mail_to_a_closed_ticket_makes_a_linked_one_and_the_customer_was_told_so(a_working_desk: Desks) -> None:
    desk = a_working_desk("closed: new")
    desk.feed(a_mail())
    tell(desk, "#take\n#status resolved")
    assert "we will reopen it" in text_of(mail_to(desk, CAROL))
    tell(desk, "#status closed")
    write(desk, "Something else.")
    assert [(ticket.id, ticket.status) for ticket in desk.tickets()] == [(1, "closed"), (2, "new")]
    assert desk.ticket(2).links == (("possible-follow-up", 1),)
