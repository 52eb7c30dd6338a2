"""What agents do by lines in their mails: done, told line by line, asked about, answered."""

from __future__ import annotations

import re
from email.message import EmailMessage, Message
from email.policy import default
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from mailbridge.handling.outcome import MailOutcome
from mailbridge.notifications.model import Audience, Notification
from mailbridge.organisation.priority import Priority
from mailbridge.tickets.event_types.mails import MessageAdded
from mailbridge.worker import Done
from tests.harness import RULES, TestDesk, a_desk, a_mail, proven, table

CAROL, BOGDAN, CLARA, MARA = "carol@customer.test", "bogdan@desk.test", "clara@desk.test", "mara@desk.test"
DESK = "support@desk.test"


def writes(desk: TestDesk, body: str, *, by: str = BOGDAN, to: str = "", subject: str = "Re: Printer broken", answers: str = "") -> Done:
    """An agent writes; by default an answer to the latest mail they got about a ticket.  `answers`: to the latest of that kind."""
    got = [n for n in desk.promises() if n.recipient == by and n.ticket and (not answers or n.event == answers)]
    ours = got[-1] if not to else None
    address = to or (ours.reply_to if ours else "")
    headers = {"from_": f"<{by}>", "to": address, "subject": subject, "message_id": f"<{len(desk.promises())}.{len(body)}@desk.test>"}
    if ours:
        headers["in_reply_to"] = f"<{ours.message_id}>"
    return desk.feed(proven(a_mail(body, **headers)), mail_from=by, rcpt_to=(address,))


def agrees(desk: TestDesk, by: str = BOGDAN) -> Done:
    """The agent says yes to the desk's latest question whether commands without a token are meant."""
    asked = desk.promise_to(by, "held")
    headers = {"from_": f"<{by}>", "to": asked.reply_to, "in_reply_to": f"<{asked.message_id}>"}
    headers["message_id"] = f"<y{len(desk.promises())}@desk.test>"
    return desk.feed(proven(a_mail("yes", **headers)), mail_from=by, rcpt_to=(asked.reply_to,))


def mail_of(desk: TestDesk, promise: Notification) -> Message:
    desk.deliver()
    return next(mail for mail in desk.sent() if promise.message_id in mail["Message-ID"])


def seen(desk: TestDesk, event: str, to: str = BOGDAN, kind: str = "plain") -> str:
    """The latest mail of that kind as its reader sees it, in one line."""
    mail = mail_of(desk, desk.promise_to(to, event))
    assert isinstance(mail, EmailMessage)
    body = mail.get_body((kind,))
    assert body is not None
    return " ".join(body.get_content().split())


def told(desk: TestDesk) -> list[tuple[str, str]]:
    return [(n.recipient, n.event) for n in desk.promises()]


def links(html: str) -> dict[str, tuple[str, str]]:
    """Label -> address and first line of the answer that a link opens."""
    found = {}
    for piece in html.split('href="')[1:]:
        url, _, rest = piece.partition('"')
        split = urlsplit(url.replace("&amp;", "&"))
        label = re.sub(r"<!--.*?-->", "", rest.partition(">")[2]).partition("<")[0]
        found.setdefault(label, (unquote(split.path), parse_qs(split.query).get("body", [""])[0].strip()))
    return found


@pytest.fixture
def ticket(desk: TestDesk) -> TestDesk:
    desk.feed(a_mail())
    return desk


def open_more(desk: TestDesk, *subjects: str) -> None:
    for subject in subjects:
        desk.feed(a_mail(subject=subject, message_id=f"<{subject}@customer.test>"))


def test_lines_are_done_and_told_one_by_one_and_the_text_goes_out(ticket: TestDesk) -> None:
    writes(ticket, "#take\n#time 45m replaced drum\n#sttaus waiting\n#priority hihg\n\nPlease try again.\n\n#tag printer\n")

    now = ticket.ticket()
    answer = seen(ticket, "commands")
    assert (now.assignee, now.tags, [a.minutes for a in now.activities]) == ("bogdan", ("printer",), [45])
    assert "#take done: MB-1 is yours" in answer
    assert "#time 45m replaced drum done: 45 min worked: replaced drum (entry 1)" in answer
    assert '#sttaus waiting not understood; did you mean "#status waiting"?' in answer
    assert '#priority hihg not understood; did you mean "#priority high"?' in answer
    assert "#tag printer done: tagged printer" in answer
    assert '"Please try again." waits for your confirmation: a line that begins with # was not understood' in answer
    assert "Please try again." in seen(ticket, "confirm")
    assert not ticket.promises(event="answered")
    assert "To undo this, reply #undo within 10 minutes" in answer
    assert "assigned to Bogdan Ionescu" in answer
    asked = ticket.promise_to(BOGDAN, "confirm")
    yes = a_mail("yes", from_=BOGDAN, to=asked.reply_to, in_reply_to=f"<{asked.message_id}>", message_id="<yes@desk.test>")
    ticket.feed(proven(yes), mail_from=BOGDAN, rcpt_to=(asked.reply_to,))
    assert "Please try again." in seen(ticket, "answered", CAROL)
    assert not [word for word in ("#take", "#time", "#tag", "#sttaus") if word in seen(ticket, "answered", CAROL)]
    ticket.assert_sound()


def test_wrong_line_is_a_link_to_the_right_one(ticket: TestDesk) -> None:
    writes(ticket, "#sttaus waiting\n#close\n")

    found = links(seen(ticket, "commands", kind="html"))
    address, line = found["#status waiting"]
    assert (address, line) == (ticket.promise_to(BOGDAN, "commands").reply_to, "#status waiting")
    assert found["Undo"][1] == "#undo"


def test_link_of_a_row_does_what_it_says(ticket: TestDesk) -> None:
    writes(ticket, "#list unclaimed", to=DESK, subject="hi")
    address, line = links(seen(ticket, "list", kind="html"))["Take it"]

    writes(ticket, line, to=address, subject="Re: [MB-1] Printer broken")

    assert (line, ticket.ticket().assignee) == ("#take", "bogdan")


def test_line_with_two_commands_is_done_as_a_whole_or_not_at_all(ticket: TestDesk) -> None:
    writes(ticket, "#cc dan@customer.test -nobody@customer.test\n")

    assert [p.address for p in ticket.ticket().participants] == [CAROL]
    assert "not done" in seen(ticket, "commands")


def test_lines_in_romanian_and_russian(ticket: TestDesk) -> None:
    writes(ticket, "#preiau\n#prioritate mare\n#метка printer\n#închide\n")

    now = ticket.ticket()
    assert (now.assignee, now.priority, now.tags, now.status) == ("bogdan", Priority.HIGH, ("printer",), "closed")


def test_what_was_so_already_is_said(ticket: TestDesk) -> None:
    writes(ticket, "#priority normal\n")

    assert "#priority normal nothing to change" in seen(ticket, "commands")
    assert "Undo" not in seen(ticket, "commands")


def test_note_never_reaches_the_customer_and_the_answer_to_a_note_is_a_note(ticket: TestDesk) -> None:
    writes(ticket, "#take\n")
    writes(ticket, "#note\n\nHe never pays.\n", by=CLARA)
    assert ("bogdan@desk.test", "colleague_answered") in told(ticket)

    writes(ticket, "He will this time.\n", answers="colleague_answered")

    assert [event for recipient, event in told(ticket) if recipient == CAROL and event == "answered"] == []
    assert _messages(ticket) == [(False, False), (True, False), (True, False)]


def test_public_sends_the_answer_to_a_note_to_the_customer(ticket: TestDesk) -> None:
    writes(ticket, "#take\n")
    writes(ticket, "#note\n\nHe never pays.\n", by=CLARA)

    writes(ticket, "#public\n\nDear Carol, please pay.\n", answers="colleague_answered")

    answer = seen(ticket, "answered", CAROL)
    assert "Dear Carol, please pay." in answer
    assert "never pays" not in answer


def test_note_wins_over_public(ticket: TestDesk) -> None:
    writes(ticket, "#note\n#public\n\nWhat a bore.\n")

    assert (CAROL, "answered") not in told(ticket)
    assert "#public not done" in seen(ticket, "commands")


def _messages(desk: TestDesk) -> list[tuple[bool, bool]]:
    with desk.app.store.read() as tx:
        return [(e.what.internal, e.what.to_customer) for e in tx.events.of_ticket(1) if isinstance(e.what, MessageAdded)]


def test_line_for_other_tickets_is_done_there_and_their_people_hear_of_it(ticket: TestDesk) -> None:
    open_more(ticket, "two", "three")

    done = writes(ticket, "#close MB-2 MB-3\n#take MB-99\n#status waiting\n", to=DESK, subject="hi")
    agrees(ticket)

    answer = seen(ticket, "lines")
    assert [t.status for t in ticket.tickets()] == ["new", "closed", "closed"]
    assert "MB-2 done: closed" in answer
    assert "MB-3 done: closed" in answer
    assert "#take MB-99 not done: there is no such ticket (MB-99)" in answer
    assert '#status waiting no ticket is named, as in "#status waiting MB-7"' in answer
    assert done.result.outcome is MailOutcome.KEPT
    assert [n.ticket for n in ticket.promises(Audience.CUSTOMER, "closed")] == [2, 3]
    ticket.assert_sound()


def test_line_for_many_tickets_waits_for_a_yes(ticket: TestDesk) -> None:
    open_more(ticket, "two", "three", "four")
    line = "#close MB-1 MB-2 MB-3 MB-4"
    writes(ticket, f"{line}\n", to=DESK, subject="hi")
    agrees(ticket)

    assert [t.status for t in ticket.tickets()] == ["new"] * 4
    assert f"You wrote: {line} This has not been done yet" in seen(ticket, "confirm")
    assert (BOGDAN, "lines") not in told(ticket)

    writes(ticket, "yes\n", answers="confirm")

    assert [t.status for t in ticket.tickets()] == ["closed"] * 4
    assert {n.ticket for n in ticket.promises(Audience.CUSTOMER, "closed")} == {1, 2, 3, 4}
    assert (CAROL, "answered") not in told(ticket)
    ticket.assert_sound()


def test_line_of_yes_decides_from_any_mail(ticket: TestDesk) -> None:
    open_more(ticket, "two", "three", "four")
    writes(ticket, "#close MB-1 MB-2 MB-3 MB-4\n", to=DESK, subject="hi")
    agrees(ticket)

    writes(ticket, "#approve MB-1 1\n", to=DESK, subject="hi")
    agrees(ticket)

    assert [t.status for t in ticket.tickets()] == ["closed"] * 4


def test_customer_writes_lines_in_vain(ticket: TestDesk) -> None:
    ticket.feed(a_mail("#close\n#list mine\n", subject="#help", message_id="<2@customer.test>"))

    assert [t.status for t in ticket.tickets()] == ["new", "new"]
    assert {event for recipient, event in told(ticket) if recipient == CAROL} == {"received"}


def test_agent_whose_domain_is_forged_asks_in_vain(ticket: TestDesk) -> None:
    forged = proven(a_mail("#list mine\n", from_=f"<{BOGDAN}>", message_id="<f@desk.test>"), verdict="fail")

    ticket.feed(forged, mail_from=BOGDAN)

    assert [event for _, event in told(ticket) if event == "list"] == []


def test_questions_on_a_new_mail_make_no_ticket(ticket: TestDesk) -> None:
    done = writes(ticket, "#list team\n\nBest regards\nBogdan from Acme\n", to=DESK, subject="hi")

    assert (done.result.outcome, len(ticket.tickets())) == (MailOutcome.KEPT, 1)
    assert "MB-1 Printer broken" in seen(ticket, "list")


def test_question_may_be_the_subject_of_an_empty_mail(ticket: TestDesk) -> None:
    writes(ticket, "\n", to=DESK, subject="#list unclaimed")

    assert "Not taken: 1" in seen(ticket, "list")


def test_own_request_of_an_agent_is_a_ticket_with_its_lines_done(ticket: TestDesk) -> None:
    done = writes(ticket, "#team network\n#priority high\n\nThe cooling of the server room hums.\n", to=DESK, subject="Cooling")

    new = ticket.ticket(2)
    assert done.result.outcome is MailOutcome.TICKET
    assert (new.team, new.priority, new.subject) == ("network", Priority.HIGH, "Cooling")
    with ticket.app.store.read() as tx:
        assert [mail.fresh for mail in tx.mails.of_ticket(2)] == ["The cooling of the server room hums."]
    assert "#team network done: team Support → Network" in seen(ticket, "commands")


def test_lists_hold_what_they_are_called(ticket: TestDesk) -> None:
    open_more(ticket, "two", "three")
    writes(ticket, "#take MB-2\n#snooze 3d MB-2\n#take MB-3\n", to=DESK, subject="hi")
    agrees(ticket)

    lists = {}
    for name in ("mine", "team", "unclaimed", "overdue", "snoozed", "support", "network"):
        writes(ticket, f"#list {name}\n", to=DESK, subject="hi")
        lists[name] = [row.partition("\t")[0] for row in table(ticket.promise_to(BOGDAN, "list")).splitlines()]

    assert lists["mine"] == ["MB-3"]
    assert lists["snoozed"] == ["MB-2"]
    assert lists["unclaimed"] == ["MB-1"]
    assert sorted(lists["team"]) == sorted(lists["support"]) == ["MB-1", "MB-3"]
    assert (lists["overdue"], lists["network"]) == ([], [])


def test_overdue_list_forgets_what_was_answered_late(ticket: TestDesk) -> None:
    ticket.pass_time(hours=5)
    writes(ticket, "#list overdue\n", to=DESK, subject="hi")
    assert "MB-1" in seen(ticket, "list")

    writes(ticket, "Sorry, we are late.\n", answers="new")
    writes(ticket, "#list overdue\n", to=DESK, subject="hello")

    assert "Overdue: nothing" in seen(ticket, "list")


def test_search_finds_a_ticket_once_with_the_words_around(ticket: TestDesk) -> None:
    ticket.feed(a_mail("It says E-52 on the panel.", subject="Scanner", message_id="<2@customer.test>"))
    ticket.feed(a_mail("It says E-52 again.", subject="Scanner", message_id="<3@customer.test>", in_reply_to="<2@customer.test>"))

    writes(ticket, "#search E-52\n", to=DESK, subject="hi")

    answer = seen(ticket, "found")
    assert answer.count("MB-2 Scanner") == 1
    assert "E-52 again" in answer
    assert "MB-1" not in answer


def test_ticket_and_its_whole_history_come_by_mail_and_can_be_answered(ticket: TestDesk) -> None:
    writes(ticket, "#take\n#time 45m\n\nPlease try again.\n")
    writes(ticket, "#note\n\nHe is on holiday.\n")

    writes(ticket, "#show MB-1\n#full 1\n", by=CLARA, to=DESK, subject="hi")

    glance, whole = seen(ticket, "ticket", CLARA), seen(ticket, "history", CLARA)
    for text in (glance, whole):
        assert "He is on holiday." in text
        assert "Work: 45 min" in text
    assert whole.index("It does not work.") < whole.index("Please try again.") < whole.index("45 min worked") < whole.index("on holiday")
    writes(ticket, "#priority high\n", by=CLARA, answers="ticket")
    assert ticket.ticket().priority is Priority.HIGH


def test_question_on_a_ticket_is_about_that_ticket(ticket: TestDesk) -> None:
    open_more(ticket, "two")

    writes(ticket, "#full\n")

    assert ticket.promise_to(BOGDAN, "history").ticket == 2


def test_ticket_that_is_not_there_is_told(ticket: TestDesk) -> None:
    writes(ticket, "#show MB-77\n", to=DESK, subject="hi")

    assert "MB-77: there is no such ticket, or you may not see it." in seen(ticket, "found")


def test_files_are_found_by_name_and_by_ticket(ticket: TestDesk) -> None:
    mail = EmailMessage(policy=default)
    mail["From"], mail["To"], mail["Subject"], mail["Message-ID"] = CAROL, DESK, "Papers", "<papers@customer.test>"
    mail.set_content("See the file.")
    mail.add_attachment(b"%PDF-1.4", maintype="application", subtype="pdf", filename="Bedienungsanleitung Größe 2.pdf")
    ticket.feed(mail.as_bytes())

    asked = {
        "#docs grosse bedien": 1,
        "#docs MB-2": 1,
        "#docs MB-1": 0,
        "#docs carol@customer.test grosse": 1,
        "#docs dan@customer.test": 0,
        "#docs manual": 0,
    }
    for question, count in asked.items():
        writes(ticket, f"{question}\n", to=DESK, subject="hi")
        assert dict(ticket.promise_to(BOGDAN, "files").values)["count"] == str(count), question


def test_hours_of_the_week(ticket: TestDesk) -> None:
    writes(ticket, "#time 1h30 new drum\n#travel 40m 25km Iași\n")

    writes(ticket, "#report time\n", to=DESK, subject="hi")

    answer = seen(ticket, "report")
    assert "1 h 30 min" in answer
    assert "new drum" in answer


def test_help_shows_the_page_or_one_command(ticket: TestDesk) -> None:
    writes(ticket, "#help\n", to=DESK, subject="hi")
    assert "#erase" in seen(ticket, "help")

    writes(ticket, "#help timp\n", to=DESK, subject="hi")
    answer = seen(ticket, "help")
    assert "#time 45m yesterday replaced drum" in answer
    assert "#erase" not in answer


SECRETS = {
    **RULES,
    "teams.yaml": RULES["teams.yaml"]
    .replace("network: {", "network: {outsiders: nothing, ")
    .replace("agents:\n", "agents:\n  olga: {title: Olga Nistor, address: olga@desk.test, role: observer}\n"),
}


def test_what_a_team_keeps_to_itself_is_in_no_answer_to_others(tmp_path: Path) -> None:
    with a_desk(tmp_path, rules=SECRETS) as desk:
        desk.feed(a_mail("The password is E-52.", subject="VPN is down"))
        desk.feed(a_mail("It shows E-52.", subject="Printer", message_id="<2@customer.test>"))

        for question in ("#list network", "#search E-52", "#show MB-1", "#docs MB-1", "#take MB-1"):
            writes(desk, f"{question}\n", to=DESK, subject="hi")
        agrees(desk)

        shown = [seen(desk, event) for event in ("list", "found", "files", "lines")]
        assert not [text for text in shown if "VPN" in text or "password" in text]
        assert "not done: it is another team's ticket" in shown[-1]
        writes(desk, "#list network\n#show MB-1\n", by=CLARA, to=DESK, subject="hi")
        assert "VPN is down" in seen(desk, "list", CLARA)
        assert "The password is E-52." in seen(desk, "ticket", CLARA)


def test_observer_reads_and_notes_and_changes_nothing(tmp_path: Path) -> None:
    with a_desk(tmp_path, rules=SECRETS) as desk:
        desk.feed(a_mail())
        writes(desk, "#show MB-1\n#help\n", by="olga@desk.test", to=DESK, subject="hi")
        assert "It does not work." in seen(desk, "ticket", "olga@desk.test")
        assert "#close" not in seen(desk, "help", "olga@desk.test")

        writes(desk, "#close\n\nDear Carol, it works.\n", by="olga@desk.test", answers="ticket")

        assert desk.ticket().status == "new"
        assert (CAROL, "answered") not in told(desk)
        answer = seen(desk, "commands", "olga@desk.test")
        assert "Dear Carol, it works. not done: you may only read this ticket and write notes on it" in answer
        assert "#close not done: you may only read this ticket and write notes on it" in answer


def test_help_is_in_the_language_of_its_reader(tmp_path: Path) -> None:
    rules = {**RULES, "teams.yaml": RULES["teams.yaml"].replace("bogdan@desk.test}", "bogdan@desk.test, language: ro}")}
    with a_desk(tmp_path, rules=rules) as desk:
        writes(desk, "#ajutor\n", to=DESK, subject="salut")

        answer = seen(desk, "help")
        assert "Rândurile care încep cu #" in answer
        assert "#închide MB-3 MB-7" in answer


@pytest.mark.parametrize("line", ["#show", "#why", "#history"])
def test_a_question_about_no_ticket_says_which_is_missing(ticket: TestDesk, line: str) -> None:
    writes(ticket, f"{line}\n", to=DESK, subject="hi")
    answer = seen(ticket, "found")
    assert f"Your mail is not about a ticket, so please name one: {line} MB-7" in answer
    assert "nothing found" not in answer


def test_a_question_about_an_unknown_ticket_says_so(ticket: TestDesk) -> None:
    writes(ticket, "#why MB-77\n", to=DESK, subject="hi")
    answer = seen(ticket, "found")
    assert "MB-77: there is no such ticket, or you may not see it." in answer
    assert "MB-77: no such ticket" in [str(mail["Subject"]) for mail in ticket.sent()][-1]
