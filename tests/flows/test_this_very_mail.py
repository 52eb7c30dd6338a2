"""An agent's notification shows the mail it is about and no other, says what was left out of it, and how to get that."""

from __future__ import annotations

from email.message import EmailMessage, Message
from email.policy import default
from pathlib import Path
from urllib.parse import unquote

import pytest

from tests.fakes.replies import QUOTE, a_reply
from tests.harness import RULES, TestDesk, a_desk, a_mail, proven

AGENT = "bogdan@desk.test"


def latest(desk: TestDesk, recipient: str = AGENT) -> Message:
    return [mail for mail in desk.deliver() if recipient in mail["To"]][-1]


def text_of(mail: Message) -> str:
    assert isinstance(mail, EmailMessage)
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def files_of(mail: Message) -> dict[str, bytes]:
    return {str(part.get_filename()): part.get_payload(decode=True) for part in mail.walk() if part.get_filename()}  # type: ignore[misc]


def ask(desk: TestDesk, line: str, to: str, number: int = 1) -> Message:
    """What Bogdan gets for a line that he writes to that address."""
    raw = a_mail(line, from_=AGENT, to=to, subject="Re: x", message_id=f"<ask{number}@desk.test>")
    desk.feed(proven(raw), mail_from=AGENT, rcpt_to=(to,))
    return latest(desk)


def opened(desk: TestDesk) -> str:
    """Carol's request with a file; the address that her answers go to."""
    raw = EmailMessage(policy=default.clone(linesep="\r\n"))
    raw["From"], raw["To"] = "Carol Jones <carol@customer.test>", "support@desk.test"
    raw["Subject"], raw["Message-ID"] = "Printer broken", "<one@customer.test>"
    raw.set_content("It does not print.")
    raw.add_attachment(b"first", "text", "plain", filename="first.log")
    desk.feed(raw.as_bytes())
    return desk.promise_to("carol@customer.test", "received").reply_to


def test_an_answer_that_is_only_a_file_is_shown_as_that_with_that_file(desk: TestDesk) -> None:
    desk.feed(a_reply(opened(desk), "", files={"second.log": b"second"}), rcpt_to=(desk.promise_to("carol@customer.test").reply_to,))

    mail = latest(desk)
    assert "Carol Jones replied:" in text_of(mail)
    assert f"(no text of its own; {len(QUOTE.splitlines())} lines of quote)" in text_of(mail)
    assert "Files: second.log" in text_of(mail)
    assert files_of(mail) == {"second.log": b"second"}
    above_the_quote = text_of(mail).partition("Quoted:")[0]
    assert "does not print" not in above_the_quote
    assert "first.log" not in text_of(mail)


def test_an_answer_that_is_only_a_subject_shows_the_subject(desk: TestDesk) -> None:
    desk.feed(a_reply(opened(desk), "", subject="Solved, thank you!", quote=""))
    assert "Subject: Solved, thank you!\n\n    (no text)" in text_of(latest(desk))


@pytest.mark.parametrize("subject", ["Re: Printer broken [MB-1]", "AW: [MB-1] Printer broken", "Antw:  Re: Printer  broken"])
def test_the_ticket_s_own_subject_is_not_repeated(desk: TestDesk, subject: str) -> None:
    desk.feed(a_reply(opened(desk), "Any news?", subject=subject))
    assert "Subject:" not in text_of(latest(desk))


def test_what_was_left_out_is_counted_and_comes_whole_on_request(desk: TestDesk) -> None:
    said = "It works again.\n\n-- \nCarol\nPhone 12"
    desk.feed(a_reply(opened(desk), said))

    told = latest(desk)
    assert f"Left out: {len(QUOTE.splitlines())} lines of quote, 3 lines of signature." in text_of(told)
    assert "The whole message: #full MB-1/2" in text_of(told)
    assert "body=#full MB-1/2" in unquote(told.get_body(("html",)).get_content())  # type: ignore[attr-defined]
    whole = ask(desk, "#full MB-1/2", str(told["Reply-To"]))

    assert "MB-1/2: Carol Jones wrote" in text_of(whole)
    for line in ("Carol", "Phone 12", "> We look at it."):
        assert line in text_of(whole)
    with desk.app.store.read() as tx:
        stored = tx.mails.of_ticket(1)[1].text
    assert files_of(whole) == {"MB-1-2.txt": stored.encode()}


def test_long_and_hostile_texts_come_back_character_by_character(desk: TestDesk) -> None:
    said = "<script>alert(1)</script> \x1b[31mred\x1b[0m \u202eright to left\n\n\n\n   trailing   \n#close\n"
    said += "many words " * 5_000 + "end"
    desk.feed(a_mail(said, subject="Log"))
    with desk.app.store.read() as tx:
        stored = tx.mails.of_ticket(1)[0].text
    assert "\x1b[31m" in stored
    assert "end" in stored[-10:]

    whole = ask(desk, "#full MB-1/1", desk.promise_to(AGENT, "new").reply_to)
    assert files_of(whole) == {"MB-1-1.txt": stored.encode()}
    html = whole.get_body(("html",)).get_content()  # type: ignore[attr-defined]
    assert "<script>" not in html
    assert "\x1b" not in text_of(whole)


@pytest.mark.parametrize("line", ["#full MB-1/9", "#full MB-9/1", "#full MB-9", "#show MB-9"])
def test_what_is_not_there_is_said_to_be_missing(desk: TestDesk, line: str) -> None:
    opened(desk)
    told = ask(desk, line, desk.promise_to(AGENT, "new").reply_to)
    assert f"{line.split()[1]}: there is no such ticket, or you may not see it." in text_of(told)


def test_a_message_of_a_ticket_that_the_agent_may_not_see_is_not_there(tmp_path: Path) -> None:
    rules = {**RULES, "teams.yaml": RULES["teams.yaml"].replace("members: [clara]}", "members: [clara], outsiders: nothing}")}
    with a_desk(tmp_path, rules=rules) as desk:
        desk.feed(a_mail("The secret of the vpn.", subject="vpn"))
        desk.feed(a_mail("It does not print.", subject="Printer", message_id="<two@customer.test>"))
        told = ask(desk, "#full MB-1/1", desk.promise_to(AGENT, "new").reply_to)
        assert "MB-1/1: there is no such ticket, or you may not see it." in text_of(told)
        assert "secret" not in str(told)


def test_numbers_stay_when_messages_move(desk: TestDesk) -> None:
    """MB-1/2 is the second message that came to MB-1, wherever it is now."""
    to = opened(desk)
    desk.feed(a_reply(to, "And the scanner hums.", message_id="<two@customer.test>"))
    link = desk.promise_to(AGENT, "customer_replied").reply_to
    raw = a_mail("#split", from_=AGENT, to=link, subject="Re: x", message_id="<split@desk.test>", in_reply_to="<two@customer.test>")
    desk.feed(proven(raw), mail_from=AGENT, rcpt_to=(link,))
    assert len(desk.tickets()) == 2
    desk.feed(a_reply(to, "It prints again.", message_id="<three@customer.test>"))

    for number, (line, words) in enumerate([("#full MB-1/2", "scanner"), ("#full MB-2/1", "scanner"), ("#full MB-1/3", "prints again")]):
        assert words in text_of(ask(desk, line, link, number)).partition("Write commands on lines")[0], line


def test_pages_and_drawings_reach_agents_as_data(desk: TestDesk) -> None:
    to = opened(desk)
    desk.feed(a_reply(to, "See this.", files={"page.html": b"<html>", "safe.txt": b"<script>x</script>", "panel.log": b"hums"}))
    mail = latest(desk)
    assert files_of(mail) == {"page.html.txt": b"<html>", "safe.txt": b"<script>x</script>", "panel.log": b"hums"}
    kinds = {part.get_filename(): part.get_content_type() for part in mail.walk() if part.get_filename()}
    assert kinds == {"page.html.txt": "application/octet-stream", "safe.txt": "application/octet-stream", "panel.log": "text/plain"}
    assert "Files: page.html, safe.txt, panel.log" in text_of(mail)
    assert "opens them by itself: page.html.txt." in text_of(mail)


def test_who_gets_a_ticket_by_lines_alone_sees_the_customer_s_latest_message_and_its_files(desk: TestDesk) -> None:
    desk.feed(a_reply(opened(desk), "", files={"second.log": b"second"}))
    link = desk.promise_to(AGENT, "customer_replied").reply_to
    raw = a_mail("#assign clara", from_=AGENT, to=link, subject="Re: x", message_id="<a@desk.test>")
    desk.feed(proven(raw), mail_from=AGENT, rcpt_to=(link,))
    mail = latest(desk, "clara@desk.test")
    assert "assigned MB-1 to you" in text_of(mail)
    assert "no text of its own" in text_of(mail)
    assert files_of(mail) == {"second.log": b"second"}
