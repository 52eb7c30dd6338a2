"""What is kept on no ticket is listed once a day, and an admin's link makes it one."""

from __future__ import annotations

import re
from datetime import timedelta
from urllib.parse import unquote

import pytest

from mailbridge.conversation.marks import kept_code, kept_mail
from mailbridge.daemon.threads import Daemon
from mailbridge.handling.agents.held import decide_held
from mailbridge.handling.outcome import MailOutcome
from mailbridge.jobs import kept as kept_job
from mailbridge.notifications.model import Audience
from mailbridge.store.held import HeldAnswer as Decided
from tests.builders import NOW, a_signer
from tests.harness import TestDesk, a_mail, proven, table

ADMIN = "admin@desk.test"


def a_vacation_reply(number: int = 1) -> bytes:
    return a_mail("I am away.", subject=f"Away {number}", auto_submitted="auto-replied", message_id=f"<v{number}@customer.test>")


def the_next_day(desk: TestDesk) -> int:
    desk.pass_time(days=1)
    return desk.app.jobs.list_kept()


def link_in(desk: TestDesk) -> str:
    """The subject that the first link of the latest list opens."""
    letter = [mail for mail in desk.deliver() if "kept without a ticket" in str(mail["Subject"])][-1]
    text = letter.get_body(("plain",)).get_content()  # type: ignore[attr-defined]
    return unquote(re.findall(r"mailto:support@desk\.test\?subject=(\S+)", re.sub(r"=\n", "", text))[0])


def test_a_kept_mail_is_listed_once_and_becomes_a_ticket_by_its_link(desk: TestDesk) -> None:
    assert desk.feed(a_vacation_reply(), mail_from="").result.outcome is MailOutcome.KEPT
    assert the_next_day(desk) == 1
    assert [n.event for n in desk.promises(Audience.ADMIN)] == ["kept"]
    assert desk.app.jobs.list_kept() == 0
    asked = a_mail("", from_=ADMIN, subject=link_in(desk), message_id="<please@desk.test>")
    done = desk.feed(proven(asked), mail_from=ADMIN)
    assert done.result.outcome is MailOutcome.KEPT
    ticket = desk.ticket(1)
    assert (ticket.subject, ticket.team) == ("Away 1", "support")
    assert [p.address for p in ticket.participants] == ["carol@customer.test"]
    assert [n.recipient for n in desk.promises(event="new")] == ["bogdan@desk.test", "clara@desk.test"]
    assert desk.promises(Audience.CUSTOMER) == []
    assert dict(desk.promises(event="kept_ticket")[0].values)["number"] == "MB-1"
    again = a_mail("", from_=ADMIN, subject=link_in(desk), message_id="<again@desk.test>")
    desk.feed(proven(again), mail_from=ADMIN)
    assert len(desk.tickets()) == 1
    assert dict(desk.promises(event="kept_ticket")[-1].values)["already"] == "yes"
    assert the_next_day(desk) == 0  # the admin's own mails are no news
    desk.assert_sound()


def test_the_daemon_makes_the_list(desk: TestDesk) -> None:
    daemon = Daemon(desk.app)
    try:
        assert daemon._ticker._scheduler.get_job("kept") is not None
    finally:
        daemon._ticker.stop()
        daemon.listeners.stop()


def test_a_day_without_kept_mail_has_no_list(desk: TestDesk) -> None:
    desk.feed(a_mail())
    assert the_next_day(desk) == 0
    assert desk.promises(Audience.ADMIN) == []


def test_every_kept_mail_is_in_exactly_one_list(desk: TestDesk) -> None:
    listed = 0
    for number in range(6):
        desk.feed(a_vacation_reply(number), mail_from="")
        desk.pass_time(hours=9)
        listed += desk.app.jobs.list_kept()
    listed += the_next_day(desk)
    rows = [row for n in desk.promises(event="kept") for row in table(n).splitlines()]
    assert (listed, len(rows), len(set(rows))) == (6, 6, 6)


@pytest.mark.parametrize("who", ["mallory@attacker.test", "bogdan@desk.test"])
def test_the_link_is_the_admins_alone(desk: TestDesk, who: str) -> None:
    desk.feed(a_vacation_reply(), mail_from="")
    the_next_day(desk)
    subject = link_in(desk)
    desk.feed(proven(a_mail("", from_=who, subject=subject, message_id="<x@x.test>"), domain=who.partition("@")[2]), mail_from=who)
    assert [ticket.subject for ticket in desk.tickets()] == [subject]  # a request of whoever wrote, like any other


def test_a_forged_admin_or_a_forged_code_makes_no_kept_mail_a_ticket(desk: TestDesk) -> None:
    desk.feed(a_vacation_reply(), mail_from="")
    the_next_day(desk)
    subject = link_in(desk)
    bent = subject[:-2] + ("a" if subject[-2] != "a" else "b") + "]"
    desk.feed(proven(a_mail("", from_=ADMIN, subject=subject, message_id="<1@x.test>"), verdict="fail"), mail_from="m@x.test")
    desk.feed(proven(a_mail("", from_=ADMIN, subject=bent, message_id="<2@x.test>")), mail_from=ADMIN)
    assert "Away 1" not in [ticket.subject for ticket in desk.tickets()]


def test_a_code_is_for_one_mail_one_admin_and_thirty_days() -> None:
    signer, today = a_signer(), NOW.date()
    code = f"[{kept_code(signer, 42, ADMIN, today)}]"
    assert kept_mail(signer, code, ADMIN.upper(), today + timedelta(days=30)) == 42
    assert kept_mail(signer, code, ADMIN, today + timedelta(days=31)) is None
    assert kept_mail(signer, code, "other@desk.test", today) is None
    assert kept_mail(signer, code.replace("42", "43", 1), ADMIN, today) is None
    assert kept_mail(a_signer(b"x" * 32), code, ADMIN, today) is None


def held_mail(desk: TestDesk) -> int:
    """An unproven mail in an agent's name; its number."""
    mail = a_mail("Restart it.\n\n#close", from_="bogdan@desk.test", subject="Re: [MB-1] Printer broken", message_id="<b@desk.test>")
    done = desk.feed(mail, mail_from="bogdan@desk.test")
    assert done.result.outcome is MailOutcome.HELD
    return done.inbox


def test_held_mail_without_an_answer_is_told_to_the_admins_after_a_day_a_week_and_a_month(desk: TestDesk) -> None:
    inbox = held_mail(desk)
    told = []
    for day in range(1, 35):
        before = len(desk.promises(event="kept"))
        the_next_day(desk)
        told += [day] if len(desk.promises(event="kept")) > before else []
    assert len(told) == 3
    assert [told[1] - told[0], told[2] - told[1]] == [6, 23]
    row = table(desk.promise_to(ADMIN, "kept"), "held")
    assert row.split("\t")[:3] == [str(inbox), "bogdan", "Re: [MB-1] Printer broken"]
    letter = [mail for mail in desk.deliver() if "held for agents" in str(mail["Subject"])][-1]
    text = letter.get_body(("plain",)).get_content()  # type: ignore[attr-defined]
    assert f"{inbox}. bogdan," in text
    assert "mailbridge held release ID" in " ".join(text.split())


def test_lists_of_more_than_a_hundred_mails_say_how_many_more_there_are_and_which_command_lists_them(
    desk: TestDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_job, "MOST_LISTED", 2)
    for number in range(5):
        desk.feed(a_vacation_reply(number), mail_from="")
        mail = a_mail("#close", from_="bogdan@desk.test", subject=f"Re: [MB-1] {number}", message_id=f"<b{number}@desk.test>")
        assert desk.feed(mail, mail_from="bogdan@desk.test").result.outcome is MailOutcome.HELD
    for _ in range(2):
        the_next_day(desk)
    letters = [mail for mail in desk.deliver() if mail["To"] == ADMIN]
    texts = [" ".join(letter.get_body((kind,)).get_content().split()) for kind in ("plain", "html") for letter in letters]  # type: ignore[attr-defined]

    for command in ('"mailbridge queue list --state done --limit 1000"', '"mailbridge held list --limit 1000"'):
        assert any(f"3 more: {command}" in text for text in texts), texts
        assert any(re.search(rf"3 more: <span [^>]*>{re.escape(command[1:-1])}</span>", text) for text in texts)


@pytest.mark.parametrize(("became", "status"), [(Decided.RELEASED, "closed"), (Decided.REFUSED, "new")])
def test_somebody_at_the_machine_decides_about_held_mail(desk: TestDesk, became: Decided, status: str) -> None:
    desk.feed(a_mail())
    inbox = held_mail(desk)
    with desk.app.store.write() as tx:
        held = tx.held.get(inbox)
        assert held is not None
        assert decide_held(tx, held, became, "dropped on the command line")
        assert not decide_held(tx, held, became, "dropped on the command line")
    desk.work()
    assert desk.ticket(1).status == status
    assert [one.recipient for one in desk.promises(event="answered")] == (["carol@customer.test"] if status == "closed" else [])
    for _ in range(3):
        the_next_day(desk)
    assert desk.promises(event="kept") == []
    desk.assert_sound()


def test_mail_that_a_rule_dropped_is_in_the_list_and_its_link_makes_it_a_ticket(desk: TestDesk) -> None:
    (desk.app.config.folder / "rules" / "routing").mkdir(exist_ok=True)
    (desk.app.config.folder / "rules" / "routing" / "05-drop.yaml").write_text(
        "- name: drop offers\n  when: {header: {subject: {contains: offer}}}\n  then: {drop: true}\n"
    )
    desk.app.rules.refresh(at_once=True)
    assert desk.feed(a_mail(subject="An offer")).result.outcome is MailOutcome.IGNORED
    assert the_next_day(desk) == 1
    [row] = table(desk.promise_to(ADMIN, "kept")).splitlines()
    assert row.split("\t")[:3] == ["carol@customer.test", "An offer", "a rule said drop"]
    desk.feed(proven(a_mail("", from_=ADMIN, subject=link_in(desk), message_id="<please@desk.test>")), mail_from=ADMIN)
    assert desk.ticket(1).subject == "An offer"
