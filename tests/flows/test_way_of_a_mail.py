"""A mail's way through the whole desk, on the real store and the real readers."""

from __future__ import annotations

import re
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest

from mailbridge.config.model import AgentTrust
from mailbridge.conversation.marks import loop_mark
from mailbridge.handling.outcome import MailOutcome
from mailbridge.message.envelope import Envelope, Source
from mailbridge.notifications.model import Audience
from mailbridge.tickets.model import Role
from tests.harness import RULES, TestDesk, a_desk, a_mail, proven, table
from tests.raw_mails import raw_mail

CAROL, MALLORY = "carol@customer.test", "mallory@attacker.test"


def an_agents_mail(desk: TestDesk, body: str, *, to: str = "", verdict: str = "pass", **headers: str) -> bytes:
    """Bogdan answers the latest mail he got; our MX says DMARC `verdict`."""
    address = to or desk.promise_to("bogdan@desk.test").reply_to
    headers = {"from_": "Bogdan <bogdan@desk.test>", "to": address, "message_id": "<answer@desk.test>"} | headers
    return proven(a_mail(body, **headers), verdict=verdict)


def test_new_mail_becomes_a_ticket_that_customer_and_team_hear_of(desk: TestDesk) -> None:
    done = desk.feed(a_mail())
    ticket = desk.ticket()
    assert done.result.outcome is MailOutcome.TICKET
    assert (ticket.subject, ticket.team, ticket.status) == ("Printer broken", "support", "new")
    assert [(n.audience, n.event, n.recipient) for n in desk.promises()] == [
        (Audience.CUSTOMER, "received", CAROL),
        (Audience.AGENT, "new", "bogdan@desk.test"),
        (Audience.AGENT, "new", "clara@desk.test"),
    ]
    desk.assert_sound()


def test_rule_chooses_team_and_priority_and_the_mail_says_why(desk: TestDesk) -> None:
    desk.feed(a_mail(subject="VPN is down"))
    ticket = desk.ticket()
    with desk.app.store.read() as tx:
        why = tx.mails.explanation(1)
    assert (ticket.team, ticket.priority, ticket.tags) == ("network", "high", ("vpn",))
    assert ticket.rules_version == desk.app.policy().version
    assert why["rules"]["steps"][0]["rule"] == "vpn goes to the network team"
    assert why["placed"]["reason"] == "no token, no known reference"


def test_second_copy_makes_nothing(desk: TestDesk) -> None:
    desk.feed(a_mail())
    told = len(desk.promises())
    copy = b"Received: from elsewhere by mx2.desk.test; Mon, 23 Nov 2026 09:00:05 +0000\r\n" + a_mail()
    done = desk.feed(copy, rcpt_to=("help@desk.test",))
    assert (done.result.outcome, done.result.ticket) == (MailOutcome.DUPLICATE, 1)
    assert (len(desk.tickets()), len(desk.promises())) == (1, told)


def test_same_message_id_with_other_words_is_another_mail(desk: TestDesk) -> None:
    """An attacker who knows a Message-ID must not make the true mail disappear by sending one first."""
    desk.feed(a_mail("nothing", from_=MALLORY, subject="x"), mail_from=MALLORY)
    assert desk.feed(a_mail("My printer burns.")).result.outcome is MailOutcome.TICKET
    assert len(desk.tickets()) == 2


def test_two_mails_without_message_id_are_two_mails(desk: TestDesk) -> None:
    for words in ("first", "second"):
        assert desk.feed(a_mail(words, message_id="")).result.outcome is MailOutcome.TICKET
    assert desk.feed(a_mail("second", message_id="")).result.outcome is MailOutcome.DUPLICATE


def test_answer_to_the_signed_address_goes_on_the_ticket(desk: TestDesk) -> None:
    desk.feed(a_mail())
    address = desk.promise_to(CAROL).reply_to
    done = desk.feed(a_mail("Still broken.", to=address, subject="Hi", message_id="<2@customer.test>"), rcpt_to=(address,))
    assert (done.result.outcome, done.result.ticket) == (MailOutcome.APPEND, 1)
    assert desk.promises()[-1].event == "customer_replied"


def test_answer_to_our_message_id_goes_on_the_ticket(desk: TestDesk) -> None:
    desk.feed(a_mail())
    ours = desk.promise_to(CAROL).message_id
    done = desk.feed(a_mail("Still.", subject="Hi", message_id="<2@customer.test>", in_reply_to=f"<{ours}>"))
    assert (done.result.outcome, done.result.ticket) == (MailOutcome.APPEND, 1)


def test_colleagues_reply_to_the_customers_own_mail_goes_on_the_ticket(desk: TestDesk) -> None:
    desk.feed(a_mail())
    reply = a_mail("Me too.", from_="dave@customer.test", message_id="<2@customer.test>", references="<one@customer.test>")
    assert desk.feed(proven(reply, "customer.test"), mail_from="dave@customer.test").result.ticket == 1


def test_original_that_comes_after_its_answer_joins_it(desk: TestDesk) -> None:
    desk.feed(a_mail("Answering", message_id="<2@customer.test>", in_reply_to="<one@customer.test>"))
    assert desk.feed(proven(a_mail("The original"), "customer.test")).result.ticket == 1


@pytest.mark.parametrize("clue", [{"subject": "Re: [MB-1] Printer broken"}, {"in_reply_to": "<one@customer.test>"}])
def test_strangers_clue_makes_a_linked_new_ticket(desk: TestDesk, clue: dict[str, str]) -> None:
    desk.feed(a_mail())
    before = desk.ticket()
    done = desk.feed(a_mail("Let me in", from_=MALLORY, message_id="<m@attacker.test>", **clue), mail_from=MALLORY)
    assert done.result.ticket == 2
    assert desk.ticket(2).links == (("possible-follow-up", 1),)
    assert desk.ticket() == before


def test_leaked_reply_address_lets_nobody_else_in(desk: TestDesk) -> None:
    desk.feed(a_mail())
    address = desk.promise_to(CAROL).reply_to
    done = desk.feed(a_mail("x", from_=MALLORY, to=address, message_id="<m@attacker.test>"), mail_from=MALLORY, rcpt_to=(address,))
    assert done.result.ticket == 2
    assert MALLORY not in {n.recipient for n in desk.promises() if n.ticket == 1}


def test_spoofed_customer_with_failed_dmarc_joins_only_with_a_token(desk: TestDesk) -> None:
    desk.feed(a_mail())
    forged = proven(a_mail("x", subject="[MB-1]", message_id="<m@attacker.test>"), "customer.test", "fail")
    assert desk.feed(forged).result.ticket == 2


def test_agents_answer_goes_to_the_customer_and_owns_the_ticket(desk: TestDesk) -> None:
    desk.feed(a_mail())
    desk.feed(an_agents_mail(desk, "Please switch it off and on."))
    ticket = desk.ticket()
    answer = desk.promises(Audience.CUSTOMER, "answered")[0]
    assert (ticket.assignee, ticket.status) == ("bogdan", "open")
    assert (answer.recipient, answer.from_name, answer.automatic) == (CAROL, "Bogdan Ionescu via Acme Support", False)


def test_agents_commands_run_and_are_answered_line_by_line(desk: TestDesk) -> None:
    desk.feed(a_mail())
    desk.feed(an_agents_mail(desk, "#take\n#sttaus waiting\n#team marketing\n#close\n"))
    assert desk.ticket().status == "closed"
    rows = table(desk.promise_to("bogdan@desk.test", "commands"), "results").splitlines()
    assert [row.split("\t")[:2] for row in rows] == [
        ["#take", "done"],
        ["#sttaus waiting", "unknown"],
        ["#team marketing", "refused"],
        ["#close", "done"],
    ]
    assert not desk.promises(Audience.CUSTOMER, "answered")


def test_note_never_reaches_the_customer(desk: TestDesk) -> None:
    desk.feed(a_mail())
    desk.feed(an_agents_mail(desk, "#note\nThis customer shouts."))
    assert [n.event for n in desk.promises(Audience.CUSTOMER)] == ["received"]
    for mail in desk.deliver():
        assert mail["To"] != CAROL or "shouts" not in mail.as_string()


@pytest.mark.parametrize("verdict", ["fail", "none"])
def test_mail_from_an_agents_address_without_a_dmarc_pass_is_held(desk: TestDesk, verdict: str) -> None:
    desk.feed(a_mail())
    done = desk.feed(an_agents_mail(desk, "#close", verdict=verdict), mail_from="bogdan@desk.test")
    assert done.result.outcome is MailOutcome.HELD
    assert [(ticket.status, ticket.version) for ticket in desk.tickets()] == [("new", 2)]


def test_proven_agent_without_a_token_of_the_ticket_commands_nothing_there(desk: TestDesk) -> None:
    """A replayed old mail passes DMARC too."""
    desk.feed(a_mail())
    desk.feed(an_agents_mail(desk, "#close", to="support@desk.test", subject="Re: [MB-1] Printer broken"))
    assert desk.ticket().status == "new"


def test_desk_without_verdicts_may_trust_the_token_of_a_mail_to_that_very_agent(tmp_path: Path) -> None:
    with a_desk(tmp_path, agent_trust=AgentTrust.TOKEN) as desk:
        desk.feed(a_mail())
        own = desk.promise_to("bogdan@desk.test").reply_to
        claras = desk.promise_to("clara@desk.test").reply_to
        stolen = a_mail("#close", from_="bogdan@desk.test", to=claras, message_id="<1@desk.test>")
        assert desk.feed(stolen).result.outcome is MailOutcome.HELD
        answer = a_mail("#close", from_="bogdan@desk.test", to=own, message_id="<2@desk.test>")
        assert desk.feed(answer).result.ticket == 1
        assert desk.ticket().status == "closed"


BEYOND = (
    *("#list team", "#search printer", "#report time", "#show MB-2", "#full MB-2", "#docs carol@customer.test"),
    *("#close MB-2", "#merge MB-2", "#link MB-2"),
)


def test_a_token_alone_opens_its_ticket_and_nothing_else(tmp_path: Path) -> None:
    with a_desk(tmp_path, agent_trust=AgentTrust.TOKEN) as desk:
        desk.feed(a_mail())
        own = desk.promise_to("bogdan@desk.test").reply_to
        desk.feed(a_mail(subject="Another", message_id="<other@customer.test>"))
        before = len(desk.promises())
        lines = "\n".join([*BEYOND, "#priority high", "#show"])
        desk.feed(a_mail(lines, from_="bogdan@desk.test", to=own, message_id="<1@desk.test>"))
        events = [one.event for one in desk.promises()[before:] if one.recipient == "bogdan@desk.test"]
        assert sorted(events) == ["commands", "held", "ticket"]
        assert (desk.ticket(1).priority, desk.ticket(1).status, desk.ticket(2).status) == ("high", "new", "new")
        assert (desk.ticket(1).merged_into, desk.ticket(1).links) == (None, ())

        notice = desk.promise_to("bogdan@desk.test", "held")
        assert table(notice).split("\t")[4].split(" · ") == list(BEYOND)
        before = len(desk.promises())
        desk.feed(a_mail("yes", from_="bogdan@desk.test", to=notice.reply_to, message_id="<2@desk.test>"))
        after = [one.event for one in desk.promises()[before:] if one.recipient == "bogdan@desk.test"]
        assert sorted(after) == ["commands", "files", "found", "held_done", "history", "list", "report", "ticket"]
        desk.assert_sound()


def test_an_expired_token_alone_proves_no_agent(tmp_path: Path) -> None:
    with a_desk(tmp_path, agent_trust=AgentTrust.TOKEN) as desk:
        desk.feed(a_mail())
        own = desk.promise_to("bogdan@desk.test").reply_to
        desk.pass_time(days=31)
        asked = a_mail("#show MB-1\n#list mine", from_="bogdan@desk.test", to=own, message_id="<1@desk.test>")
        assert desk.feed(asked).result.outcome is MailOutcome.HELD
        assert [one.event for one in desk.promises() if one.event in {"ticket", "list"}] == []


def test_agent_who_left_has_no_rights_with_an_old_address(desk: TestDesk) -> None:
    desk.feed(a_mail())
    raw = an_agents_mail(desk, "#close")
    teams = desk.app.config.folder / "rules" / "teams.yaml"
    teams.write_text(
        teams.read_text().replace("bogdan, ", "").replace("  bogdan: {title: Bogdan Ionescu, address: bogdan@desk.test}\n", "")
    )
    desk.app.rules.refresh(at_once=True)
    assert desk.feed(raw).result.ticket == 2
    assert desk.ticket().status == "new"


def test_customers_mail_reopens_a_closed_ticket(desk: TestDesk) -> None:
    desk.feed(a_mail())
    address = desk.promise_to(CAROL).reply_to
    desk.feed(an_agents_mail(desk, "#close"))
    desk.feed(a_mail("No!", to=address, message_id="<3@customer.test>"))
    assert (desk.ticket().status, desk.ticket().closed_at) == ("open", None)


def test_vacation_reply_is_kept_on_its_ticket_and_answered_to_nobody(desk: TestDesk) -> None:
    desk.feed(a_mail())
    desk.feed(an_agents_mail(desk, "#close"))
    told = len(desk.promises())
    ours = desk.promise_to(CAROL)
    away = a_mail("I am away.", auto_submitted="auto-replied", in_reply_to=f"<{ours.message_id}>", message_id="<v@customer.test>")
    done = desk.feed(away, mail_from="")
    assert (done.result.outcome, done.result.ticket) == (MailOutcome.APPEND, 1)
    assert (desk.ticket().status, len(desk.promises())) == ("closed", told)


def test_robots_answer_to_nothing_of_ours_is_kept_without_a_ticket(desk: TestDesk) -> None:
    done = desk.feed(a_mail("I am away.", auto_submitted="auto-replied"), mail_from="")
    assert done.result.outcome is MailOutcome.KEPT
    assert (desk.tickets(), desk.promises()) == ([], [])


def a_report(original_id: str, recipient: str, mark: str = "") -> bytes:
    returned = f"X-Mailbridge-Loop: {mark}\r\n" if mark else ""
    return (
        "From: MAILER-DAEMON@mx.customer.test\r\nTo: support@desk.test\r\nSubject: Undelivered Mail Returned to Sender\r\n"
        "Date: Mon, 23 Nov 2026 09:01:00 +0000\r\nMessage-ID: <dsn@mx.customer.test>\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nIt could not be delivered.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.customer.test\r\n\r\n"
        f"Final-Recipient: rfc822; {recipient}\r\nAction: failed\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; 550 5.1.1 no such user\r\n\r\n"
        f"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: <{original_id}>\r\n{returned}To: {recipient}\r\n"
        "Subject: x\r\n\r\n--b--\r\n"
    ).encode()


def test_bounce_of_our_mail_tells_the_team_and_suspends_the_address(desk: TestDesk) -> None:
    desk.feed(a_mail())
    ours = desk.promise_to(CAROL)
    done = desk.feed(a_report(ours.message_id, CAROL, loop_mark(desk.app.signer, ours.key)), mail_from="")
    with desk.app.store.read() as tx:
        assert tx.addresses.suspended(CAROL, desk.clock.now())
    assert done.result.ticket == 1
    assert {n.recipient for n in desk.promises(event="bounced")} == {"bogdan@desk.test", "clara@desk.test"}


def test_notice_of_a_failure_that_bounces_itself_is_told_to_nobody(desk: TestDesk) -> None:
    # given two agents whose mailboxes are gone, and a notice to one about the other's
    desk.feed(a_mail())
    ours = desk.promise_to("bogdan@desk.test")
    desk.feed(a_report(ours.message_id, "bogdan@desk.test"), mail_from="")
    (notice,) = desk.promises(event="bounced")
    # when that notice comes back as well
    second = a_report(notice.message_id, notice.recipient).replace(b"<dsn@", b"<dsn2@")
    done = desk.feed(second, mail_from="")
    # then it stands on the ticket, and it does not go on round and round
    assert done.result.ticket == 1
    assert desk.promises(event="bounced") == [notice]


def test_forged_bounce_changes_nothing(desk: TestDesk) -> None:
    desk.feed(a_mail())
    before = desk.ticket()
    done = desk.feed(a_report("one@customer.test", CAROL), mail_from="")
    with desk.app.store.read() as tx:
        assert tx.addresses.suspended(CAROL, desk.clock.now()) is None
    assert (done.result.outcome, desk.ticket()) == (MailOutcome.KEPT, before)


def test_people_in_cc_may_write_but_hear_nothing_yet(desk: TestDesk) -> None:
    desk.feed(proven(a_mail(cc="Eve <eve@partner.test>, help@desk.test"), "customer.test"))
    assert {(p.address, p.role) for p in desk.ticket().participants} == {(CAROL, Role.REQUESTER), ("eve@partner.test", Role.MENTIONED)}
    assert "eve@partner.test" not in {n.recipient for n in desk.promises()}
    joined = a_mail("Eve here", from_="eve@partner.test", subject="[MB-1]", message_id="<e@partner.test>")
    assert desk.feed(proven(joined, "partner.test"), mail_from="eve@partner.test").result.ticket == 1


def test_acknowledgements_to_one_address_are_capped(desk: TestDesk) -> None:
    most = desk.app.config.limits.acks_per_sender_hour
    for number in range(most + 3):
        desk.pass_time(seconds=1)
        desk.feed(a_mail(f"mail {number}", message_id=f"<{number}@customer.test>"))
    assert len(desk.tickets()) == most + 3
    desk.pass_time(minutes=5)
    desk.app.jobs.sweep()  # those within minutes of the first come in one mail
    assert _acknowledged(desk) == set(range(1, most + 1))
    desk.pass_time(hours=1, seconds=1)
    desk.feed(a_mail("an hour later", message_id="<later@customer.test>"))
    assert _acknowledged(desk) == {*range(1, most + 1), most + 4}


def _acknowledged(desk: TestDesk) -> set[int]:
    """The tickets that the mails to Carol name."""
    mails = [mail for mail in desk.deliver() if mail["To"] == CAROL]
    return {
        int(number) for mail in mails for number in re.findall(r"MB-(\d+)", f"{mail['Subject']} {mail.get_body(('plain',)).get_content()}")
    }


def test_letter_lost_twice_at_the_dot_is_told(desk: TestDesk) -> None:
    """Two crashes between the final dot and its record: nobody can know whether it arrived, so it is not sent a third time but said."""
    desk.feed(a_mail())
    for _ in range(2):
        with desk.app.store.write() as tx:
            claimed = tx.outbox.claim("a process that dies", 10, timedelta(minutes=1), desk.clock.now())
            row = next(queued for queued in claimed if queued.notification.recipient == CAROL)
            tx.outbox.mark_dot(row.id, "a process that dies", desk.clock.now())
        desk.pass_time(hours=1)
    desk.deliver()
    assert [n.recipient for n in desk.promises(event="bounced")] == ["bogdan@desk.test", "clara@desk.test"]


def test_imported_archive_makes_tickets_and_tells_nobody(desk: TestDesk) -> None:
    envelope = Envelope(source=Source.IMPORT, received_at=desk.clock.now())
    desk.app.inbox.accept(a_mail(), envelope)
    desk.work()
    desk.pass_time(days=30)
    desk.app.jobs.sweep()
    assert (desk.ticket().channel, desk.promises()) == ("import", [])


REPLY_RULES = {
    **RULES,
    "routing/20-replies.yaml": """
- name: a customer who shouts
  when:
    all:
      - reply: true
      - body: {contains: asap}
  then: {priority: urgent, tags: [shouting], team: network}
""",
}


def test_rule_that_asks_for_replies_moves_the_ticket_and_others_leave_it_alone(tmp_path: Path) -> None:
    with a_desk(tmp_path, rules=REPLY_RULES) as desk:
        desk.feed(a_mail("Please help asap."))
        assert (desk.ticket().priority, desk.ticket().team) == ("normal", "support")
        reply = {"to": desk.promise_to(CAROL).reply_to}
        desk.feed(a_mail("About my vpn", subject="vpn", message_id="<2@customer.test>", **reply))
        assert (desk.ticket().priority, desk.ticket().team) == ("normal", "support")
        desk.feed(a_mail("I need it asap!", message_id="<3@customer.test>", **reply))
        assert (desk.ticket().priority, desk.ticket().team, desk.ticket().tags) == ("urgent", "network", ("shouting",))
        desk.assert_sound()


ODD_FROMS = [
    ("Carol Jones (Customer Ltd) <carol@customer.test>", CAROL, "Carol Jones"),
    ('"Carol \\"CJ\\" Jones" <carol@customer.test>', CAROL, 'Carol "CJ" Jones'),
    ("[Desk] Carol <carol@customer.test>", CAROL, "[Desk] Carol"),
    ("carol..jones.@customer.test", "carol..jones.@customer.test", ""),
]


@pytest.mark.parametrize(("field", "address", "name"), ODD_FROMS)
def test_customer_with_an_odd_from_is_thanked_and_answers_the_same_ticket(desk: TestDesk, field: str, address: str, name: str) -> None:
    desk.feed(raw_mail(From=field), mail_from=address)
    requester = desk.ticket().requester
    assert requester is not None
    assert (requester.address, requester.name, desk.ticket().verified) == (address, name, False)
    receipt = desk.promise_to(address, "received")
    done = desk.feed(raw_mail("More.", From=field, To=receipt.reply_to, Message_ID="<2@x.test>"), mail_from=address)
    assert (done.result.outcome, done.result.ticket) == (MailOutcome.APPEND, 1)


def test_from_of_two_people_thanks_nobody(desk: TestDesk) -> None:
    assert desk.feed(raw_mail(From="Carol <carol@customer.test>, Mallory <mallory@attacker.test>")).result.outcome is MailOutcome.TICKET
    assert desk.promises(Audience.CUSTOMER) == []


def test_agents_address_in_an_odd_from_commands_and_hears_nothing(desk: TestDesk) -> None:
    desk.feed(a_mail())
    address = desk.promise_to("bogdan@desk.test").reply_to
    done = desk.feed(raw_mail("#close", From="Bogdan (Support) <bogdan@desk.test>", To=address), mail_from="bogdan@desk.test")
    assert done.result.ticket == 2
    assert desk.ticket().status == "new"
    assert [n.recipient for n in desk.promises(Audience.CUSTOMER)] == [CAROL]


@pytest.mark.parametrize("date", ["Mon, 16 Jun 2234 18:55:24 +0200", "Thu, 01 Jan 1970 00:00:00 +0000"])
def test_an_answer_quotes_a_mail_of_an_impossible_date_by_when_it_came(desk: TestDesk, date: str) -> None:
    desk.feed(a_mail(date=date))
    desk.feed(an_agents_mail(desk, "Please switch it off and on."))
    answers = [mail for mail in desk.deliver() if isinstance(mail, EmailMessage) and CAROL in str(mail["To"])]
    body = answers[-1].get_body(("plain",))
    assert body is not None
    assert "Please switch it off and on." in body.get_content()
    assert "wrote on Mon 23 Nov" in body.get_content()


ENVELOPE = "MIAGCSqGSIb3DQEHA6CAMIACAQAxADCABgkqhkiG9w0BBwEwFAYIKoZIhvcNAwcECAAAAAAAAAAAoAQEAAAAAAAAAAAAAA=="
SECRET = {"Content_Type": 'application/pkcs7-mime; name="smime.p7m"', "Content_Transfer_Encoding": "base64"}


def test_encrypted_mail_is_told_to_customer_and_agents(desk: TestDesk) -> None:
    desk.feed(raw_mail(ENVELOPE, **SECRET))
    assert told_to(desk, CAROL)[-1].count("Your message is encrypted, and we cannot read it.") == 1
    assert "This message is encrypted, and the desk cannot read it." in told_to(desk, "bogdan@desk.test")[-1]

    desk.feed(raw_mail(ENVELOPE, To=desk.promise_to(CAROL).reply_to, Message_ID="<2@customer.test>", **SECRET))
    assert [n.event for n in desk.promises(Audience.CUSTOMER)] == ["received", "unreadable"]
    assert "about your request MB-1, but it is encrypted" in told_to(desk, CAROL)[-1]
    assert "This message is encrypted, and the desk cannot read it." in told_to(desk, "bogdan@desk.test")[-1]

    desk.feed(raw_mail("In clear words.", To=desk.promise_to(CAROL).reply_to, Message_ID="<3@customer.test>"))
    assert len(desk.promises(Audience.CUSTOMER)) == 2
    assert "encrypted" not in told_to(desk, "bogdan@desk.test")[-1]


def test_a_robot_that_encrypts_is_not_told(desk: TestDesk) -> None:
    desk.feed(a_mail())
    answer = {"To": desk.promise_to(CAROL).reply_to, "Message_ID": "<2@customer.test>", "Auto_Submitted": "auto-replied"}
    desk.feed(raw_mail(ENVELOPE, **answer, **SECRET))
    assert [n.event for n in desk.promises(Audience.CUSTOMER)] == ["received"]


def told_to(desk: TestDesk, address: str) -> list[str]:
    """The texts of the mails that went to `address`, on one line each, oldest first."""
    mails = [mail for mail in desk.deliver() if isinstance(mail, EmailMessage) and address in str(mail["To"])]
    bodies = [mail.get_body(("plain",)) for mail in mails]
    return [" ".join(body.get_content().split()) for body in bodies if body is not None]
