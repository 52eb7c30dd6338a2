"""Ratings by link and by answer (NO10): one a ticket, by its requester alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from email.message import Message
from pathlib import Path

import pytest

from mailbridge.execution.rating_report import RatingSums, ratings_of
from mailbridge.notifications.model import Audience
from tests.harness import RULES, TestDesk, a_desk, a_mail, proven
from tests.links import links_of, written

CAROL = "carol@customer.test"


@contextmanager
def _desk(folder: Path, ratings: str = "{ask: closed}") -> Iterator[TestDesk]:
    teams = RULES["teams.yaml"].replace("managers: [mara]}", f"managers: [mara], ratings: {ratings}}}", 1)
    with a_desk(folder, rules={**RULES, "teams.yaml": teams}) as desk:
        yield desk


def _solved(desk: TestDesk, text: str = "I cleaned it.\n\n#close", writer: str = CAROL, check: str = "pass") -> None:
    desk.feed(proven(a_mail(from_=writer), writer.rpartition("@")[2], check), mail_from=writer)
    to = desk.promise_to("bogdan@desk.test", "new").reply_to
    raw = a_mail(text, from_="bogdan@desk.test", to=to, message_id="<solved@desk.test>")
    desk.feed(proven(raw), mail_from="bogdan@desk.test", rcpt_to=(to,))


def _last(desk: TestDesk, who: str = CAROL) -> Message:
    return next(one for one in reversed(desk.deliver()) if who in str(one["To"]))


def _answer(desk: TestDesk, text: str, event: str = "answered", writer: str = CAROL, check: str = "pass", id: str = "grade") -> None:
    """An answer to the mail that asked, in the writer's program."""
    asked = desk.promise_to(CAROL, event)
    raw = a_mail(text, from_=writer, to=asked.reply_to, in_reply_to=f"<{asked.message_id}>", message_id=f"<{id}@customer.test>")
    desk.feed(proven(raw, writer.rpartition("@")[2], check), mail_from=writer, rcpt_to=(asked.reply_to,))


def _sums(desk: TestDesk) -> list[RatingSums]:
    today = desk.clock.now().date()
    with desk.app.store.read() as tx:
        return ratings_of(tx, desk.app.desk().organisation, today - timedelta(days=10), today)


@pytest.mark.parametrize("grade", [1, 2, 3, 4, 5])
def test_the_link_of_each_grade_rates(grade: int, tmp_path: Path) -> None:
    with _desk(tmp_path) as desk:
        _solved(desk)
        letter = _last(desk)
        (link,) = [link for link in links_of(letter) if link.label.startswith(f"{grade} ")]
        raw = written(link, CAROL, letter, more="thank you, Bogdan")
        desk.feed(proven(raw, "customer.test"), rcpt_to=(link.address,))
        ticket = desk.ticket()
        assert (ticket.rating, ticket.status) == (grade, "closed")
        assert [(one.agent, one.counts[grade - 1], one.count) for one in _sums(desk)] == [("", 1, 1), ("bogdan", 1, 1)]
        assert "thank you, Bogdan" in _last(desk, "bogdan@desk.test").as_string()
        managers = [n.recipient for n in desk.promises(Audience.MANAGER, "rated")]
        assert managers == (["mara@desk.test"] if grade <= 2 else [])


def test_a_comment_reaches_whoever_answered_where_nobody_has_the_ticket(tmp_path: Path) -> None:
    with _desk(tmp_path) as desk:
        _solved(desk)
        to = desk.promise_to("bogdan@desk.test", "new").reply_to
        raw = a_mail("#assign nobody", from_="bogdan@desk.test", to=to, message_id="<nobody@desk.test>")
        desk.feed(proven(raw), mail_from="bogdan@desk.test", rcpt_to=(to,))
        assert (desk.ticket().assignee, desk.ticket().status) == ("", "closed")
        _answer(desk, "Rating: 5\nComment: please send the invoice to our new address")
        assert desk.ticket().rating == 5
        assert "our new address" in _last(desk, "bogdan@desk.test").as_string()


@pytest.mark.parametrize("text", ["4", "🙂", "Bine.", "Оценка: 4"])
def test_an_answer_that_is_nothing_but_a_grade_rates(text: str, tmp_path: Path) -> None:
    with _desk(tmp_path) as desk:
        _solved(desk)
        _answer(desk, text)
        assert (desk.ticket().rating, desk.ticket().status) == (4, "closed")


@pytest.mark.parametrize("text", ["4 of the 6 printers work", "Good, but now the tray is stuck", "4\n\nAnd it is stuck again", "no"])
def test_anything_else_reaches_people_and_opens_the_ticket(text: str, tmp_path: Path) -> None:
    with _desk(tmp_path) as desk:
        _solved(desk)
        _answer(desk, text)
        assert (desk.ticket().rating, desk.ticket().status) == (None, "open")
        assert desk.promise_to("bogdan@desk.test", "customer_replied")


def test_a_bare_number_to_another_mail_is_a_message(tmp_path: Path) -> None:
    with _desk(tmp_path) as desk:
        _solved(desk)
        asked = desk.promise_to(CAROL, "received")
        raw = a_mail("4", to=asked.reply_to, in_reply_to=f"<{asked.message_id}>", message_id="<n@customer.test>")
        desk.feed(proven(raw, "customer.test"), rcpt_to=(asked.reply_to,))
        assert (desk.ticket().rating, desk.ticket().status) == (None, "open")


@pytest.mark.parametrize(
    ("answered", "grade"), [("How many printers are there?\n\n#close", None), ("See https://help.test/?p=1\n\n#close", 2)]
)
def test_a_bare_number_is_a_message_where_the_agent_asked_something(answered: str, grade: int | None, tmp_path: Path) -> None:
    with _desk(tmp_path) as desk:
        _solved(desk, answered)
        _answer(desk, "2")
        assert (desk.ticket().rating, desk.ticket().status) == (grade, "closed" if grade else "open")


def test_a_bare_number_is_a_message_while_the_ticket_is_open_again(tmp_path: Path) -> None:
    with _desk(tmp_path) as desk:
        _solved(desk)
        _answer(desk, "It is broken again.", id="again")
        _answer(desk, "2")
        assert desk.ticket().rating is None
        assert len([n for n in desk.promises(event="customer_replied") if n.recipient == "bogdan@desk.test"]) == 2
        _answer(desk, "Rating: 2", id="form")
        assert desk.ticket().rating == 2


def test_a_second_grade_changes_the_first_for_a_week(tmp_path: Path) -> None:
    with _desk(tmp_path) as desk:
        _solved(desk)
        _answer(desk, "2")
        desk.pass_time(days=2)
        _answer(desk, "5", id="second")
        assert desk.ticket().rating == 5
        assert [one.counts for one in _sums(desk)] == [(0, 0, 0, 0, 1), (0, 0, 0, 0, 1)]
        desk.pass_time(days=8)
        _answer(desk, "1", id="third")
        assert (desk.ticket().rating, desk.ticket().status) == (5, "open")


@pytest.mark.parametrize(("writer", "check"), [(CAROL, "fail"), ("mallory@attacker.test", "pass")])
def test_nobody_else_rates(writer: str, check: str, tmp_path: Path) -> None:
    with _desk(tmp_path) as desk:
        _solved(desk)
        _answer(desk, "Rating: 1", writer=writer, check=check)
        assert desk.ticket(1).rating is None


def test_asked_once_also_where_it_is_solved_again(tmp_path: Path) -> None:
    with _desk(tmp_path) as desk:
        _solved(desk)
        _answer(desk, "It is broken again.")
        to = desk.promise_to("bogdan@desk.test", "customer_replied").reply_to
        raw = a_mail("Once more.\n\n#close", from_="bogdan@desk.test", to=to, message_id="<again@desk.test>")
        desk.feed(proven(raw), mail_from="bogdan@desk.test", rcpt_to=(to,))
        asked = [n for n in desk.promises(Audience.CUSTOMER) if getattr(n.payload, "rating", False) or n.event == "rating"]
        assert len(asked) == 1


def test_an_unproven_writer_is_not_asked(tmp_path: Path) -> None:
    with _desk(tmp_path) as desk:
        _solved(desk, check="none")
        assert desk.ticket().rating_asked_at is None


def test_a_request_that_nobody_answered_is_not_rated(tmp_path: Path) -> None:
    with _desk(tmp_path) as desk:
        _solved(desk, "#close")
        assert desk.ticket().rating_asked_at is None


def test_the_customers_own_solved_asks_in_a_mail_of_its_own(tmp_path: Path) -> None:
    with _desk(tmp_path) as desk:
        _solved(desk, "Please clean it.")
        _answer(desk, "That solved it")
        assert desk.ticket().status == "closed"
        assert desk.promise_to(CAROL, "rating")
        _answer(desk, "👍", event="rating", id="thumb")
        assert desk.ticket().rating == 5


def test_some_days_after_the_end(tmp_path: Path) -> None:
    with _desk(tmp_path, "{ask: 2d}") as desk:
        _solved(desk)
        desk.app.jobs.sweep()
        desk.pass_time(days=1)
        desk.app.jobs.sweep()
        assert [n.event for n in desk.promises(Audience.CUSTOMER)] == ["received", "answered"]
        desk.pass_time(days=1, minutes=2)
        desk.app.jobs.sweep()
        desk.pass_time(minutes=5)
        desk.app.jobs.sweep()
        assert [n.event for n in desk.promises(Audience.CUSTOMER)] == ["received", "answered", "rating"]


def test_not_where_it_was_opened_again_meanwhile(tmp_path: Path) -> None:
    with _desk(tmp_path, "{ask: 2d}") as desk:
        _solved(desk)
        desk.app.jobs.sweep()
        _answer(desk, "It is broken again.")
        desk.pass_time(days=2, minutes=2)
        desk.app.jobs.sweep()
        assert desk.ticket().rating_asked_at is None


def test_a_desk_that_does_not_ask_asks_nobody(desk: TestDesk) -> None:
    _solved(desk)
    assert desk.ticket().rating_asked_at is None


def test_report_by_mail(tmp_path: Path) -> None:
    with _desk(tmp_path) as desk:
        _solved(desk)
        _answer(desk, "4")
        raw = a_mail("#report ratings", from_="mara@desk.test", subject="r", message_id="<report@desk.test>")
        desk.feed(proven(raw), mail_from="mara@desk.test")
        text = _last(desk, "mara@desk.test").get_body(("plain",)).get_content()  # type: ignore[attr-defined]
        assert "Support  4.0 on average of 1 rating (4: 1)" in text
        assert "    Bogdan Ionescu  4.0 on average of 1 rating (4: 1)" in text


def test_who_is_told_of_several_closed_requests_is_asked_once(tmp_path: Path) -> None:
    """Three requests of one person, answered and closed by one mail; a fourth one is closed two days later."""
    with _desk(tmp_path) as desk:
        for number in range(1, 4):
            raw = a_mail("It does not print.", subject=f"Printer {number}", message_id=f"<p{number}@customer.test>")
            desk.feed(proven(raw, "customer.test"))
            to = next(n for n in desk.promises(Audience.AGENT, "new") if n.ticket == number and "bogdan" in n.recipient).reply_to
            answer = a_mail("I look at it.", from_="bogdan@desk.test", to=to, message_id=f"<a{number}@desk.test>")
            desk.feed(proven(answer), mail_from="bogdan@desk.test", rcpt_to=(to,))
        raw = a_mail("#close MB-1 MB-2 MB-3", from_="bogdan@desk.test", to=to, message_id="<all@desk.test>")
        desk.feed(proven(raw), mail_from="bogdan@desk.test", rcpt_to=(to,))
        yes = desk.promise_to("bogdan@desk.test", "confirm").reply_to if desk.promises(event="confirm") else ""
        if yes:
            agreed = a_mail("yes", from_="bogdan@desk.test", to=yes, message_id="<yes@desk.test>")
            desk.feed(proven(agreed), mail_from="bogdan@desk.test", rcpt_to=(yes,))
        assert [ticket.status for ticket in desk.tickets()] == ["closed"] * 3
        assert sum(ticket.rating_asked_at is not None for ticket in desk.tickets()) == 1
        desk.pass_time(days=2)
        desk.feed(proven(a_mail("Again.", subject="Printer 4", message_id="<p4@customer.test>"), "customer.test"))
        to = next(n for n in desk.promises(Audience.AGENT, "new") if n.ticket == 4 and "bogdan" in n.recipient).reply_to
        last = a_mail("It is clean.\n\n#close", from_="bogdan@desk.test", to=to, message_id="<a4@desk.test>")
        desk.feed(proven(last), mail_from="bogdan@desk.test", rcpt_to=(to,))
        assert desk.ticket(4).rating_asked_at is not None
