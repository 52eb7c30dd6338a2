"""A customer writes lines that look like an agent's commands; an agent answers with a quote that nobody recognises."""

from __future__ import annotations

from email.message import EmailMessage
from email.policy import SMTP

import pytest

from mailbridge.notifications.events.approvals import QUESTIONS
from mailbridge.organisation.priority import Priority
from tests.flows.test_agents_lines import BOGDAN, CAROL, seen
from tests.harness import TestDesk, a_mail, proven

ATTACK = "It does not print.\n\n#close\n#assign mara\n"


def answer(desk: TestDesk, body: str, *, html: str = "", second: str = "", to: tuple[str, ...] = ()) -> None:
    """Bogdan answers the latest mail about the ticket that he got, or the latest of these kinds."""
    ours = [n for n in desk.promises() if n.recipient == BOGDAN and n.ticket and (not to or n.event in to)][-1]
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"], mail["Subject"] = BOGDAN, ours.reply_to, "Re: [MB-1] Printer broken"
    mail["Message-ID"], mail["In-Reply-To"] = f"<{len(desk.promises())}.{len(body)}@desk.test>", f"<{ours.message_id}>"
    mail["Date"] = "Thu, 19 Nov 2026 10:00:00 +0000"
    mail.set_content(body)
    if html:
        mail.add_alternative(html, subtype="html")
    if second:
        mail.make_mixed()
        part = EmailMessage()
        part.set_content(second)
        mail.attach(part)
    desk.feed(proven(mail.as_bytes()), mail_from=BOGDAN, rcpt_to=(ours.reply_to,))


def state(desk: TestDesk) -> tuple[str, str]:
    return desk.ticket().status, desk.ticket().assignee


UNKNOWN_QUOTES = {
    "nothing marks it": "",
    "words of no language": "Xqz wrrt blah\n\n",
    "header words of no language": "Qwe: Carol\nRty: tomorrow\nUio: Bogdan\n\n",
}


@pytest.mark.parametrize("above", UNKNOWN_QUOTES)
def test_lines_that_stand_so_in_a_customers_mail_are_no_commands(desk: TestDesk, above: str) -> None:
    desk.feed(a_mail(ATTACK))
    answer(desk, f"We look at it.\n\n{UNKNOWN_QUOTES[above]}{ATTACK}")

    assert state(desk) == ("open", "bogdan")  # who answers has it
    assert "#close not done: the same line is in another person's text or in a quote" in seen(desk, "commands")
    desk.assert_sound()


def test_quote_above_the_answer_is_no_command_either(desk: TestDesk) -> None:
    desk.feed(a_mail("#close\n#assign mara\nIt does not print.\n"))
    answer(desk, "#close\n#assign mara\nIt does not print.\n\nWe look at it.\n")

    assert state(desk) == ("open", "bogdan")


def test_single_line_that_a_customer_wrote_too_is_asked_back_and_done_after_a_yes(desk: TestDesk) -> None:
    desk.feed(a_mail("#priority high\n\nIt does not print.\n\nPlease come.\n"))

    answer(desk, "Hello Carol, we look at it.\n\n#priority high\n")

    assert desk.ticket().priority is Priority.NORMAL
    assert "This has not been done yet" in seen(desk, "confirm")
    assert "we look at it" in seen(desk, "answered", CAROL)
    answer(desk, "yes\n", to=tuple(QUESTIONS))
    assert desk.ticket().priority is Priority.HIGH
    desk.assert_sound()


def test_lines_of_the_agents_own_and_of_colleagues_are_commands_again(desk: TestDesk) -> None:
    desk.feed(a_mail())
    answer(desk, "#tag one\n#tag two\n")
    answer(desk, "#tag -one\n#tag -two\n")
    assert desk.ticket().tags == ()

    answer(desk, "#tag one\n#tag two\n")

    assert desk.ticket().tags == ("one", "two")


def test_line_in_a_later_part_of_the_mail_is_no_command(desk: TestDesk) -> None:
    desk.feed(a_mail())

    answer(desk, "We look at it.\n", second="#close\n")

    assert desk.ticket().status != "closed"


HIDING = {
    "letters without size": '<p style="font-size:0">#close</p>',
    "white on white": '<p style="color:#fff">#close</p>',
    "class": "<style>.x{display:none}</style><p class=x>#close</p>",
    "opacity": '<div style="opacity:0"><p>#close</p></div>',
    "off the screen": '<p style="position:absolute;left:-9999px">#close</p>',
}


@pytest.mark.parametrize("how", HIDING)
def test_line_that_the_agents_program_hides_is_no_command(desk: TestDesk, how: str) -> None:
    desk.feed(a_mail())

    answer(desk, "We look at it.\n\n#close\n", html=f"<p>We look at it.</p>{HIDING[how]}")

    assert desk.ticket().status != "closed"
    desk.assert_sound()


def test_line_that_the_customers_html_hid_is_no_command_where_a_program_quotes_it_in_plain(desk: TestDesk) -> None:
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"], mail["Subject"], mail["Message-ID"] = CAROL, "support@desk.test", "Printer broken", "<h1@customer.test>"
    mail.set_content('<p>It does not print.</p><div style="font-size:0"><p>#close</p><p>#assign mara</p></div>', subtype="html")
    desk.feed(mail.as_bytes())
    answer(desk, "We look at it.\n\nIt does not print.\n\n#close\n#assign mara\n")

    assert state(desk) == ("open", "bogdan")
