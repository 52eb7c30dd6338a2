"""Robots behind addresses of our own: what they answer must not be answered by what they answer, for ever."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mailbridge.handling.outcome import MailOutcome
from mailbridge.notifications.model import Notification
from tests.harness import RULES, TestDesk, a_desk, a_mail, proven

STAFF = ("bogdan@desk.test", "clara@desk.test")


def vacation(ours: Notification, number: int) -> tuple[bytes, str]:
    """A vacation reply of a program that knows no Auto-Submitted."""
    fields = {"from_": ours.recipient, "to": ours.reply_to, "in_reply_to": f"<{ours.message_id}>", "message_id": f"<v{number}@desk.test>"}
    return proven(a_mail("I am away.", subject="Automatic reply: Printer", **fields)), ours.recipient


def challenge(ours: Notification, number: int) -> tuple[bytes, str]:
    raw, sender = vacation(ours, number)
    return raw.replace(b"Automatic reply: Printer", b"Please confirm").replace(b"From:", b"X-Delivery-Agent: TMDA/1.0\r\nFrom:", 1), sender


def returned(ours: Notification, number: int) -> tuple[bytes, str]:
    report = f"""From: MAILER-DAEMON@mx.desk.test
To: support@desk.test
Subject: Undelivered Mail Returned to Sender
Message-ID: <b{number}@mx.desk.test>
Auto-Submitted: auto-replied
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.desk.test

Final-Recipient: rfc822; {ours.recipient}
Action: failed
Status: 5.1.1

--b
Content-Type: message/rfc822

Message-ID: <{ours.message_id}>
Subject: x

x
--b--
"""
    return report.replace("\n", "\r\n").encode(), ""


def rounds(desk: TestDesk, robot: Callable[[Notification, int], tuple[bytes, str]], addresses: tuple[str, ...]) -> list[int]:
    """How many mails of ours the robots got in each round, until none came or after four."""
    seen, counts = set[str](), list[int]()
    while len(counts) < 4 and (new := [one for one in desk.promises() if one.key not in seen and one.recipient in addresses]):
        counts.append(len(new))
        seen |= {one.key for one in new}
        for number, ours in enumerate(new):
            raw, sender = robot(ours, 100 * len(counts) + number)
            desk.feed(raw, mail_from=sender)
    return counts


@pytest.mark.parametrize(("robot", "expected"), [(vacation, [2]), (challenge, [2]), (returned, [2, 2])])
def test_agents_robots_do_not_talk_to_each_other(
    desk: TestDesk, robot: Callable[[Notification, int], tuple[bytes, str]], expected: list[int]
) -> None:
    """Two agents with the same robot, each of whom is told of what the other's says; a mail that came back is told once."""
    desk.feed(proven(a_mail(), "customer.test"))
    assert rounds(desk, robot, STAFF) == expected
    assert len(desk.tickets()) == 1
    desk.assert_sound()


def test_a_group_addresss_robot_opens_no_tickets(desk: TestDesk) -> None:
    """The address of a team is nobody's token, so the robot's mail is on no ticket; a new one would be told to the same address."""
    teams = RULES["teams.yaml"].replace("title: Support,", "title: Support, address: team@desk.test,")
    with a_desk(desk.app.config.folder / "group", rules=RULES | {"teams.yaml": teams}) as grouped:
        grouped.feed(proven(a_mail(), "customer.test"))
        assert rounds(grouped, vacation, ("team@desk.test",)) == [1]
        assert [ticket.id for ticket in grouped.tickets()] == [1]
        ours = grouped.promise_to("team@desk.test")
        person = proven(a_mail("Who is it?", from_="team@desk.test", in_reply_to=f"<{ours.message_id}>", message_id="<p@desk.test>"))
        assert grouped.feed(person).result.outcome is MailOutcome.TICKET  # a person who writes from there is heard
