"""What a delivery report says: whom it did not reach, for how long, why, and which mail of ours came back."""

from __future__ import annotations

import json
import time

import pytest

from mailbridge.message.kind import Kinds, classify
from mailbridge.message.model import Address, Bounce, Kind, Message, ReadingPolicy
from mailbridge.message.structure import read_tree

RETURNED = """Received: from desk.test by mx.firm.test; Mon, 2 Nov 2026 10:00:00 +0000
Message-ID:
 <t42.ack@desk.test>
From: support@desk.test
To: kim@firm.test
Subject: Your ticket
"""


def kinds(mail: str, policy: ReadingPolicy | None = None) -> Kinds:
    tree = read_tree(mail.encode())
    writer = (tree.get("from") or "").rpartition("<")[2].strip("<>")
    text = "\n".join(leaf.text() for leaf in tree.leaves if leaf.content_type == "text/plain")
    path = tree.get("return-path")
    message = Message(
        subject=tree.get("subject") or "",
        from_=(Address(address=writer),) if "@" in writer else (),
        to=(Address(address="support@desk.test"),),
        return_path=None if path is None else path.strip("<>"),
        text=text,
        in_reply_to=("old@x.test",) if tree.get("in-reply-to") else (),
    )
    return classify(tree, message, policy or ReadingPolicy())


def bounce_in(mail: str) -> Bounce:
    found = kinds(mail)
    if found.bounce is None:
        pytest.fail(f"no bounce: {found}")
    return found.bounce


def report(*rows: str, words: str = "It failed.", returned: str = RETURNED) -> str:
    rows_text = "\n\n".join(rows)
    return f"""Return-Path: <>
From: MAILER-DAEMON@mx.firm.test (Mail Delivery System)
Subject: Delivery report
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: text/plain

{words}
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.firm.test

{rows_text}

--b
Content-Type: text/rfc822-headers

{returned}
--b--
"""


def row(address: str = "kim@firm.test", action: str = "failed", status: str = "5.1.1", diagnostic: str = "smtp; 550 5.1.1 unknown") -> str:
    return f"Final-Recipient: rfc822; {address}\nAction: {action}\nStatus: {status}\nDiagnostic-Code: {diagnostic}"


def notice(words: str, subject: str = "failure notice", writer: str = "MAILER-DAEMON@mx.firm.test", more: str = "") -> str:
    return f"From: {writer}\nSubject: {subject}\n{more}Content-Type: text/plain; charset=utf-8\n\n{words}\n"


# --- RFC 3464


def test_a_report_tells_recipient_status_diagnostic_and_our_message_id() -> None:
    assert bounce_in(report(row())) == Bounce(
        recipients=("kim@firm.test",),
        temporary=False,
        status="5.1.1",
        diagnostic="smtp; 550 5.1.1 unknown",
        original_id="t42.ack@desk.test",
    )


@pytest.mark.parametrize(
    ("rows", "temporary"),
    [
        ((row(status="5.2.2"),), False),
        ((row(status="4.2.2"),), True),
        ((row(action="delayed", status="5.0.0"),), True),
        ((row(status="4.4.7"), row("lee@firm.test", status="5.1.1")), False),
        ((row(status="4.4.7"), row("lee@firm.test", status="4.2.2")), True),
        ((row(status="", diagnostic="smtp; 421 too many connections"),), True),
        ((row(status="", diagnostic="smtp; 550 no"),), False),
        ((row(status="", diagnostic="x-unix; no such thing"),), False),
    ],
)
def test_it_is_temporary_only_when_every_failure_is(rows: tuple[str, ...], temporary: bool) -> None:
    assert bounce_in(report(*rows)).temporary is temporary


def test_recipients_who_got_the_mail_are_left_out() -> None:
    assert bounce_in(report(row("ok@firm.test", action="delivered", status="2.0.0"), row())).recipients == ("kim@firm.test",)


@pytest.mark.parametrize("action", ["delivered", "relayed", "expanded"])
def test_a_report_that_all_is_well_is_a_receipt(action: str) -> None:
    found = kinds(report(row(action=action, status="2.0.0")))
    assert (found.kind, found.reasons, found.bounce) == (Kind.AUTO_REPLY, ("delivery receipt (RFC 3464)",), None)


def test_the_address_we_wrote_to_counts_rather_than_the_one_behind_an_alias() -> None:
    aliased = "Original-Recipient: rfc822;team@firm.test\n" + row("kim@inner.firm.test")
    assert bounce_in(report(aliased)).recipients == ("team@firm.test",)


@pytest.mark.parametrize(
    ("field", "address"),
    [
        ("Final-Recipient: rfc822;<kim@firm.test>", "kim@firm.test"),
        ("Final-Recipient: RFC822; kim@firm.test (expanded from <x@y.test>)", "kim@firm.test"),
        ("final-recipient: kim@firm.test", "kim@firm.test"),
        ("Final-Recipient: rfc822;\n kim@firm.test", "kim@firm.test"),
        ("Final-Recipient: utf-8; kím@firm.test", "kím@firm.test"),
        ("Final-Recipient: x400; /s=kim/o=firm\nOriginal-Recipient: rfc822; kim@firm.test", "kim@firm.test"),
        ("Final-Recipient: x-local; /var/spool/kim\nX-Actual-Recipient: rfc822; kim@firm.test", "kim@firm.test"),
    ],
)
def test_recipients_are_read_in_every_dress(field: str, address: str) -> None:
    assert bounce_in(report(f"{field}\nAction: failed\nStatus: 5.0.0")).recipients == (address,)


def test_two_recipients_without_an_empty_line_between_are_two() -> None:
    assert bounce_in(report(row() + "\n" + row("lee@firm.test"))).recipients == ("kim@firm.test", "lee@firm.test")


def test_a_report_that_lost_its_mime_structure_is_still_read() -> None:
    mail = report(row()).replace("boundary=b", "boundary=other")
    assert bounce_in(mail).recipients == ("kim@firm.test",)
    assert bounce_in(mail).status == "5.1.1"


def test_a_report_passed_on_inside_another_bounce_is_read() -> None:
    inner = report(row())
    mail = f"""From: Mail Delivery Subsystem <MAILER-DAEMON@relay.test>
Subject: Returned mail: User unknown
Content-Type: multipart/mixed; boundary=o

--o
Content-Type: text/plain

The following addresses had permanent delivery errors

--o
Content-Type: message/rfc822

{inner}
--o--
"""
    assert bounce_in(mail).recipients == ("kim@firm.test",)


def test_a_hundred_thousand_rows_stay_a_bounce_of_bounded_size() -> None:
    mail = report(*(row(f"u{number}@firm.test") for number in range(100_000)))
    assert len(bounce_in(mail).recipients) <= 200


@pytest.mark.parametrize(
    "mail",
    [
        report(row()),
        report(row()).replace("text/rfc822-headers", "text/plain"),
        report(row()).replace("boundary=b", "boundary=other"),
        report(row(), returned="").replace("Subject:", "In-Reply-To: <t42.ack@desk.test>\nSubject:", 1),
        notice("<kim@firm.test>:\nno\n\n--- Below this line is a copy of the message.\n\nMessage-ID: <t42.ack@desk.test>\n"),
    ],
)
def test_the_returned_mail_is_named_wherever_its_id_stands(mail: str) -> None:
    assert bounce_in(mail).original_id == "t42.ack@desk.test"


def test_a_bounce_that_returns_nothing_names_nothing() -> None:
    assert bounce_in(report(row(), returned="")).original_id == ""


# --- the wording of servers


@pytest.mark.parametrize(
    "words",
    [
        "Hi. This is the qmail-send program at mx.firm.test.\nI'm afraid I wasn't able to deliver your message.\n\n<kim@firm.test>:\n{0}\n",
        "This message was created automatically.\nThe following address(es) failed:\n\n  kim@firm.test\n    {0}\n",
        "   ----- The following addresses had permanent fatal errors -----\n<kim@firm.test>\n    (reason: {0})\n",
        "<kim@firm.test>: host mx.firm.test[192.0.2.1] said: {0}\n    (in reply to RCPT TO command)\n",
        "----- Transcript of session follows -----\n>>> RCPT To:<kim@firm.test>\n<<< {0}\n550 <kim@firm.test>... User unknown\n",
        "There was an error delivering your mail to <kim@firm.test>.\n\nmx.firm.test [192.0.2.1] did not like our RCPT TO:\n{0}\n",
        "Your message\n\ndid not reach the following recipient(s):\n\nkim@firm.test on Mon, 2 Nov 2026 10:00:00 +0000\n    {0}\n",
        "The following recipients returned permanent errors: kim@firm.test. Reason: {0}\n",
        "User unknown: kim@firm.test\n{0}\n",
    ],
)
def test_recipient_and_status_are_read_off_the_usual_forms(words: str) -> None:
    end = "\n--- Below this line is a copy of the message.\n\nMessage-ID: <t42@desk.test>\nTo: other@else.test\n\n550 5.7.1 <no@no.test>"
    found = bounce_in(notice(words.format("550 5.1.1 no such user") + end))
    assert (found.recipients, found.status, found.temporary) == (("kim@firm.test",), "5.1.1", False)
    assert found.original_id == "t42@desk.test"
    assert "550" in found.diagnostic


def test_several_recipients_come_in_their_order_and_once() -> None:
    words = "<kim@firm.test>:\nSorry.\n\n<lee@firm.test>:\nSorry.\n\n<KIM@firm.test>:\nAgain."
    assert bounce_in(notice(words)).recipients == ("kim@firm.test", "lee@firm.test")


@pytest.mark.parametrize(
    ("words", "temporary"),
    [
        ("<kim@firm.test>:\n(#4.2.2) over quota", True),
        ("<kim@firm.test>:\n452 too busy", True),
        ("This is a warning message only.\nIt will be retried for 3 days.\n\n<kim@firm.test>:\nno answer", True),
        ("<kim@firm.test>:\nConnection timed out", True),
        ("<kim@firm.test>:\nno mailbox here by that name", False),
        ("This is a permanent error; I've given up.\n<kim@firm.test>:\nConnection refused", False),
        ("<kim@firm.test>:\nConnected to 192.0.2.250 but the version 5.5.2653.12 said no", False),
    ],
)
def test_hard_or_soft_is_told_by_code_before_words(words: str, temporary: bool) -> None:
    assert bounce_in(notice(words)).temporary is temporary


def test_the_failed_recipients_field_is_believed_before_the_text() -> None:
    found = bounce_in(notice("It failed for other@x.test", writer="x@y.test", more="X-Failed-Recipients: kim@firm.test, lee@firm.test\n"))
    assert found.recipients == ("kim@firm.test", "lee@firm.test")


def test_a_notification_of_a_sending_service_is_a_bounce() -> None:
    event = {
        "notificationType": "Bounce",
        "bounce": {"bounceType": "Transient", "bouncedRecipients": [{"emailAddress": "kim@firm.test", "status": "4.2.2"}]},
        "mail": {"commonHeaders": {"messageId": "<t42@desk.test>"}},
    }
    wrapped = json.dumps({"Type": "Notification", "Message": json.dumps(event)})
    for text in (json.dumps(event), wrapped):
        found = bounce_in(notice(text, subject="Notification", writer="no-reply@service.test"))
        assert found == Bounce(recipients=("kim@firm.test",), temporary=True, status="4.2.2", original_id="t42@desk.test")


def test_a_delivery_notification_of_a_sending_service_is_no_bounce() -> None:
    text = json.dumps({"notificationType": "Delivery", "delivery": {"recipients": ["kim@firm.test"]}})
    assert kinds(notice(text, subject="Notification", writer="no-reply@service.test")).kind is not Kind.BOUNCE


@pytest.mark.parametrize(
    "mail",
    [
        notice("x", subject="some subject"),
        notice("x", subject="Undelivered Mail Returned to Sender", writer="me@firm.test"),
        notice("550 5.1.1 <kim@firm.test>", subject="hello", writer="me@firm.test", more="Return-Path: <>\n"),
        notice("kim@firm.test: 5.1.1", subject="hello", writer="me@firm.test", more="Return-Path: <MAILER-DAEMON@firm.test>\n"),
        notice("x", subject="hello", writer="me@firm.test", more="X-Failed-Recipients: kim@firm.test\n"),
        "From: <>\nSubject: Rücksendung\n\nx\n",
        notice("User unknown: kim@firm.test", subject="Unzustellbar: Angebot", writer="postmaster@firm.test"),
        notice("Votre message n'a pas pu être délivré à\nkim@firm.test\n", subject="RE: Offre : non remis", writer="relais@firm.test"),
    ],
)
def test_one_sure_sign_makes_a_bounce(mail: str) -> None:
    assert kinds(mail).kind is Kind.BOUNCE


@pytest.mark.parametrize(
    "mail",
    [
        notice("Hello, my mails come back: 550 5.1.1 user unknown. Please help.", subject="Mail delivery failed", writer="kim@firm.test"),
        notice("Since today:\n> <lee@x.test>: user unknown", subject="Undeliverable mail to our customer", writer="kim@firm.test"),
        notice(
            "What does this mean? <lee@x.test>: user unknown", subject="Fwd: Undelivered Mail Returned to Sender", writer="kim@firm.test"
        ),
        notice("The page says that the file does not exist.", subject="Download", writer="admin@firm.test"),
        notice(
            "Dear all, I look after our mail. " * 20 + "Some are rejected: user unknown.", subject="Question", writer="postmaster@firm.test"
        ),
        notice("My mailbox is full, over quota.", subject="Quota", writer="root@firm.test"),
        notice("Our delivery failed to arrive on Monday.", subject="Delivery problem", writer="kim@firm.test"),
    ],
)
def test_people_who_write_about_bounces_are_people(mail: str) -> None:
    assert kinds(mail).kind is Kind.HUMAN


# One piece over and over, and long runs between two words.
HOSTILE = [
    *(
        piece * (200_000 // len(piece))
        for piece in ("<a@b.test>:", "user unknown ", "x@", "5.1.1.", "[", "> ", "to ", '"', "(", '{"a":', "- ")
    ),
    *(
        piece * 5_000
        for piece in ("kim@firm.test\n", "Final-Recipient: x\n", "-" * 40 + "\n", "message-id:\n ", "<a " * 10, "your message ")
    ),
    *("kim@firm.test" + run * 60_000 + "x" for run in " \t:<->.0("),
    *("to" + run * 60_000 + "x" for run in " \t:<\"'="),
    *(run * 60_000 + "copy of the message" for run in "->| "),
    *("user" + run * 60_000 + "unknown" for run in " -\t"),
]


@pytest.mark.parametrize("number", range(len(HOSTILE)))
def test_reading_a_bounce_takes_time_in_proportion_to_its_length(number: int) -> None:
    mail = notice(HOSTILE[number], more="Return-Path: <>\n", writer="x@y.test")
    began = time.process_time()
    found = kinds(mail)
    assert found.kind is Kind.BOUNCE
    assert time.process_time() - began < 4


# --- whom the returned mail was for


def returned(to: str) -> str:
    return RETURNED.replace("kim@firm.test", to)


def test_where_nobody_is_named_the_returned_mail_says_whom_it_did_not_reach() -> None:
    assert bounce_in(report(words="The mail could not be delivered.")).recipients == ("kim@firm.test",)
    below = notice("Deferred: connection timed out.\n\n   ----- Unsent message follows -----\n" + RETURNED)
    assert bounce_in(below).recipients == ("kim@firm.test",)
    rows = report("Action: failed\nStatus: 5.1.1")
    assert (bounce_in(rows).recipients, bounce_in(rows).status) == (("kim@firm.test",), "5.1.1")


def test_a_returned_mail_to_several_says_nothing_of_which() -> None:
    assert bounce_in(report(words="It failed.", returned=returned("kim@firm.test, lee@firm.test"))).recipients == ()
    assert bounce_in(report(words="It failed.", returned=RETURNED + "Cc: lee@firm.test\n")).recipients == ()


def test_who_is_named_counts_before_the_returned_mail() -> None:
    assert bounce_in(report(row("lee@firm.test"))).recipients == ("lee@firm.test",)


# --- success


@pytest.mark.parametrize(("action", "status"), [("deliverable", "2.1.5"), ("unknown", "2.0.0"), ("", "2.1.5"), ("failed", "2.0.0")])
def test_a_report_of_success_is_no_failure_whatever_it_is_called(action: str, status: str) -> None:
    found = kinds(report(row(action=action, status=status, diagnostic="smtp; 250 2.1.5 ok")))
    assert (found.kind, found.bounce) == (Kind.AUTO_REPLY, None)


def test_a_success_that_the_server_denies_is_a_failure() -> None:
    assert bounce_in(report(row(status="2.0.0", diagnostic="smtp; 550 5.1.1 user unknown"))).temporary is False


# --- our own mail come back from somebody unknown

DESK = ReadingPolicy(own_addresses=("support@desk.test",))
GATE = "S100_Mail_Service@gate.test"


@pytest.mark.parametrize(
    "words",
    [
        "------ Failed Recipients ------\n\n<kim@firm.test>: mailbox unavailable [SMTP Error 550]\n-------- Returned Mail --------\n\n",
        "Could not be delivered to: <kim@firm.test>\nAs their mailbox is full.\n\n----- Original message -----\n",
        "kim@firm.test 550 5.1.1 nobody here\n\n--- Below this line is a copy of the message.\n\n",
    ],
)
def test_a_mail_of_ours_that_comes_back_from_anybody_is_a_bounce(words: str) -> None:
    found = kinds(notice(words + RETURNED, subject="Your mail", writer=GATE), DESK)
    assert found.kind is Kind.BOUNCE
    assert found.bounce is not None
    assert (found.bounce.recipients, found.bounce.original_id) == (("kim@firm.test",), "t42.ack@desk.test")


@pytest.mark.parametrize(
    ("writer", "subject", "words"),
    [
        ("kim@firm.test", "Your ticket", "kim@firm.test here. The file does not exist.\n\n----- Original message -----\n"),
        (GATE, "Re: Your ticket", "Could not be delivered to: <kim@firm.test>\n\n----- Original message -----\n"),
        (GATE, "Fwd: Your ticket", "Could not be delivered to: <kim@firm.test>\n\n----- Original message -----\n"),
        (GATE, "Your ticket", "Kim asked me to pass this on, the file does not exist.\n\n----- Original message -----\n"),
        (GATE, "Your ticket", "This is for kim@firm.test, please see below.\n\n----- Original message -----\n"),
        (GATE, "Your ticket", "A long story of kim@firm.test. " * 100 + "550 5.1.1 no\n\n----- Original message -----\n"),
    ],
)
def test_people_who_send_our_mail_back_are_people(writer: str, subject: str, words: str) -> None:
    assert kinds(notice(words + RETURNED, subject=subject, writer=writer), DESK).kind is Kind.HUMAN


def test_a_mail_of_others_that_comes_back_is_no_bounce_of_ours() -> None:
    words = "Could not be delivered to: <kim@firm.test>\n\n----- Original message -----\n"
    other = RETURNED.replace("support@desk.test", "sales@else.test")
    assert kinds(notice(words + other, subject="Your mail", writer=GATE), DESK).kind is Kind.HUMAN


# --- sending services


def service(event: dict[str, object]) -> str:
    return notice(
        json.dumps(event) + "\n\n--\nTo stop these notices visit https://sns.test/x", subject="Notice", writer="no-reply@sns.test"
    )


SENT = {
    "source": "support@desk.test",
    "messageId": "0101",
    "destination": ["kim@firm.test"],
    "commonHeaders": {"messageId": "<t42@desk.test>"},
}
FAILED = {"bounceType": "Permanent", "bouncedRecipients": [{"emailAddress": "kim@firm.test", "status": "5.1.1"}]}


@pytest.mark.parametrize(
    ("event", "temporary"),
    [
        ({"notificationType": "Bounce", "bounce": FAILED, "mail": SENT}, False),
        ({"eventType": "Bounce", "bounce": FAILED, "mail": SENT}, False),
        ({"eventType": "Bounce", "bounce": FAILED | {"bounceType": "Transient"}, "mail": SENT}, True),
        ({"Type": "Notification", "Message": json.dumps({"eventType": "Bounce", "bounce": FAILED, "mail": SENT})}, False),
        ({"detail-type": "Email Bounced", "detail": {"eventType": "Bounce", "bounce": FAILED, "mail": SENT}}, False),
        ({"eventType": "DeliveryDelay", "deliveryDelay": {"delayedRecipients": FAILED["bouncedRecipients"]}, "mail": SENT}, True),
        ({"eventType": "Reject", "reject": {"reason": "Bad content"}, "mail": SENT}, False),
    ],
)
def test_an_event_of_a_sending_service_is_a_bounce(event: dict[str, object], temporary: bool) -> None:
    found = bounce_in(service(event))
    assert (found.recipients, found.temporary, found.original_id) == (("kim@firm.test",), temporary, "t42@desk.test")


@pytest.mark.parametrize("word", ["notificationType", "eventType"])
def test_a_complaint_told_by_a_sending_service_names_who_complained(word: str) -> None:
    found = kinds(service({word: "Complaint", "complaint": {"complainedRecipients": [{"emailAddress": "kim@firm.test"}]}, "mail": SENT}))
    assert (found.kind, found.reasons[0], found.bounce) == (Kind.FEEDBACK_REPORT, "complaint about a mail to kim@firm.test", None)


@pytest.mark.parametrize(
    "junk", ['{"eventType": "Bounce"}', '{"eventType": "Bounce", "bounce": []}', '{"eventType": "Open"}', '{"detail": 3}', '{"a": 1}']
)
def test_other_json_is_no_bounce(junk: str) -> None:
    assert kinds(notice(junk, subject="Notice", writer="app@firm.test")).kind is Kind.HUMAN
