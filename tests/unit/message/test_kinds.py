"""Person or robot: marks that programs set decide, and what only looks like a robot is left a person."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailbridge.message.kind import Kinds, classify
from mailbridge.message.model import Address, Kind, Message, ReadingPolicy, Strength
from mailbridge.message.parse import parse
from mailbridge.message.structure import read_tree
from tests.examples import examples

HEAD_LINES = (
    b"From: MAILER-DAEMON@x.test",
    b"From: <>",
    b"From: \xff\xfe",
    b"From: postmaster@firm.test",
    b"Subject: Undeliverable: \xd0\xbf",
    b"Subject: =?utf-8?q?Automatic_reply=3A?=",
    b"Return-Path: <>",
    b"Return-Path:",
    b"Auto-Submitted:",
    b"Precedence: \x00",
    b"X-Loop",
    b"X-Failed-Recipients: ,,,@",
    b"List-Id: <",
    b"Content-Type: multipart/report; report-type=delivery-status",
    b"Content-Type: multipart/report; boundary=b\r\n\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nFinal-Recipient: ;\r\n--b--",
    b"Content-Type: text/calendar; method=REPLY",
    b"Content-Type: text/html; charset=utf-7",
)
DESK = ReadingPolicy(own_addresses=("support@desk.test",), own_hosts=("mx.desk.test",))


def kinds(
    *lines: str, subject: str = "Printer", writer: str = "kim@firm.test", text: str = "Please help.", policy: ReadingPolicy = DESK
) -> Kinds:
    head = (f"From: {writer}", f"Subject: {subject}", *lines)
    tree = read_tree(("\n".join(head) + f"\n\n{text}\n").encode())
    path = tree.get("return-path")
    message = Message(
        subject=tree.get("subject") or "",
        from_=(Address(address=writer.rpartition("<")[2].strip("<>")),),
        return_path=None if path is None else path.strip("<>"),
        text=text,
        message_id=(tree.get("message-id") or "").strip("<>"),
    )
    return classify(tree, message, policy)


def report(kind: str, part: str) -> tuple[str, ...]:
    return (f"Content-Type: multipart/report; report-type={kind}; boundary=b", "", "--b", f"Content-Type: {part}", "", "X: y", "", "--b--")


def test_a_plain_mail_is_a_persons_and_may_be_answered() -> None:
    assert kinds() == Kinds(kind=Kind.HUMAN, reasons=(), suppress_auto_response=False)


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("Auto-Submitted: auto-replied", Kind.AUTO_REPLY),
        ("Auto-Submitted: auto-replied (vacation)", Kind.AUTO_REPLY),
        ("Auto-Submitted: AUTO-REPLIED; owner-email=x", Kind.AUTO_REPLY),
        ("Auto-Submitted: auto-generated", Kind.AUTO_GENERATED),
        ("Auto-Submitted: auto-notified; owner-email=x", Kind.AUTO_GENERATED),
        ("X-Autoreply: yes", Kind.AUTO_REPLY),
        ("X-Autorespond: Printer", Kind.AUTO_REPLY),
        ("X-Auto-Reply-From: x@y.test\nX-Autoreply-Domain: y.test", Kind.AUTO_REPLY),
        ("Precedence: auto_reply", Kind.AUTO_REPLY),
        ("X-POST-MessageClass: 9; Autoresponder", Kind.AUTO_REPLY),
        ("X-Firm-Auto-Responder-Id: 7", Kind.AUTO_REPLY),
        ("X-Mail-Autoreply: 1", Kind.AUTO_REPLY),
        ("X-Vacation: on", Kind.AUTO_REPLY),
        ("X-HolidayReply: yes", Kind.AUTO_REPLY),
        ("X-FC-MachineGenerated: true", Kind.AUTO_GENERATED),
        ("X-Auto-Generated: yes", Kind.AUTO_GENERATED),
        ("X-Cron-Env: <SHELL=/bin/sh>", Kind.AUTO_GENERATED),
        ("Precedence: bulk", Kind.AUTO_GENERATED),
        ("Precedence: junk", Kind.AUTO_GENERATED),
        ("Precedence: first-class\nPrecedence: bulk", Kind.AUTO_GENERATED),
        ("List-Id: Talk <talk.lists.test>", Kind.LIST),
        ("List-Unsubscribe: <mailto:out@lists.test>", Kind.LIST),
        ("Precedence: list\nX-Mailman-Version: 3", Kind.LIST),
        ("Return-Path: <>", Kind.AUTO_REPLY),
        ("X-Apple-Unsubscribe: true\nAuto-Submitted: auto-replied", Kind.FEEDBACK_REPORT),
        ("X-TMDA-Confirm: x", Kind.CHALLENGE),
        ("X-Delivery-Agent: TMDA/1.1\nAuto-Submitted: auto-replied", Kind.CHALLENGE),
        ("X-Precedence: bulk", Kind.AUTO_GENERATED),
        ("X-Apple-Action: VACATION", Kind.AUTO_REPLY),
    ],
)
def test_fields_of_programs_decide(line: str, kind: Kind) -> None:
    found = kinds(line)
    assert (found.kind, found.suppress_auto_response) == (kind, True)
    assert found.reasons


@pytest.mark.parametrize(
    "line",
    [
        "Auto-Submitted: no",
        "X-Autoreply: no",
        "Precedence: first-class",
        "X-Auto-Response-Suppress: None",
        "X-Autoreply-Supported: yes",
        "X-Vacation-Days: 30",
        "X-Automation: x",
        "X-Priority: 1",
        "X-Loophole: x",
    ],
)
def test_fields_that_say_no_leave_a_person(line: str) -> None:
    assert kinds(line) == Kinds(kind=Kind.HUMAN, reasons=(), suppress_auto_response=False)


@pytest.mark.parametrize(
    "line", ["X-MS-Exchange-Inbox-Rules-Loop: alias@firm.test", "X-MS-Exchange-Generated-Message-Source: Mailbox Rules Agent"]
)
def test_a_rule_of_an_inbox_that_redirects_a_mail_says_nothing_of_its_writer(line: str) -> None:
    assert kinds(line) == Kinds(kind=Kind.HUMAN, reasons=(), suppress_auto_response=False)


@pytest.mark.parametrize(
    "line",
    [
        "X-Loop: forwarder@isp.test",
        "X-Loop: Support@Desk.test",
        "X-Forwarded-Loop: a@isp.test",
        "X-Otherdesk-Loop: yes",
        "X-RT-Loop-Prevention: other",
        "X-Mailbridge-Loop: support@desk.test",
        "Auto-Submitted: auto-forwarded",
    ],
)
def test_marks_of_forwarders_leave_a_person_who_gets_no_automatic_answer(line: str) -> None:
    found = kinds(line)
    assert (found.kind, found.suppress_auto_response) == (Kind.HUMAN, True)


@pytest.mark.parametrize(
    ("lines", "kind", "strength"),
    [
        (("Auto-Submitted: auto-replied",), Kind.AUTO_REPLY, Strength.STRONG),
        (("Auto-Submitted: auto-generated",), Kind.AUTO_GENERATED, Strength.STRONG),
        (("Auto-Submitted: auto-generated", "Subject: x", "X-Autoreply: yes"), Kind.AUTO_REPLY, Strength.STRONG),
        (("List-Id: <talk.lists.test>", "Precedence: list"), Kind.LIST, Strength.STRONG),
        (("Precedence: bulk", "List-Id: <talk.lists.test>"), Kind.LIST, Strength.STRONG),
        (("List-Id: <talk.lists.test>",), Kind.LIST, Strength.WEAK),
        (("List-Unsubscribe: <mailto:x@y.test>", "Precedence: bulk"), Kind.LIST, Strength.WEAK),
        (("Precedence: bulk",), Kind.AUTO_GENERATED, Strength.WEAK),
        (("Precedence: auto_reply",), Kind.AUTO_REPLY, Strength.WEAK),
        (("X-Autoreply: yes",), Kind.AUTO_REPLY, Strength.WEAK),
        (("X-Cron-Env: <SHELL=/bin/sh>",), Kind.AUTO_GENERATED, Strength.WEAK),
        (("Return-Path: <>",), Kind.AUTO_REPLY, Strength.WEAK),
        (("X-Failed-Recipients: kim@firm.test",), Kind.BOUNCE, Strength.WEAK),
        (tuple("Received: by a.test; x" for _ in range(51)), Kind.LOOP, Strength.WEAK),
    ],
)
def test_only_what_programs_alone_set_is_a_strong_sign(lines: tuple[str, ...], kind: Kind, strength: Strength) -> None:
    found = kinds(*lines)
    assert (found.kind, found.strength) == (kind, strength)


def test_a_vacation_subject_is_a_weak_sign() -> None:
    assert kinds(subject="Out of office: how do I set it up?").strength is Strength.WEAK


@pytest.mark.parametrize("kind", ["delivery-status", "feedback-report", "disposition-notification"])
def test_a_report_is_a_strong_sign_where_the_whole_mail_is_one(kind: str) -> None:
    part = {"delivery-status": "text/plain"}.get(kind, f"message/{kind}")
    assert kinds(*report(kind, part)).strength is Strength.STRONG


def test_the_daily_reports_about_a_domain_are_reports() -> None:
    dmarc = ('Content-Type: application/zip; name="isp.test!desk.test!1!2.zip"', "Content-Transfer-Encoding: base64")
    subject = "Report domain: desk.test Submitter: isp.test Report-ID: 7"
    found = kinds(*dmarc, subject=subject, text="UEsDBA==")
    assert (found.kind, found.strength, found.reasons[0]) == (Kind.FEEDBACK_REPORT, Strength.STRONG, "DMARC report (RFC 7489)")
    tls = kinds(*report("tlsrpt", "application/tlsrpt+gzip"), subject=subject)
    assert (tls.kind, tls.strength) == (Kind.FEEDBACK_REPORT, Strength.STRONG)
    assert kinds(subject=subject, text="Your report domain: desk.test is empty").kind is Kind.HUMAN


@pytest.mark.parametrize(
    "line",
    ["X-Auto-Response-Suppress: OOF, AutoReply", "X-Auto-Response-Suppress: All", "Feedback-ID: 1:2:3:service", "X-Mailgun-Tag: x"],
)
def test_a_person_behind_a_sending_service_gets_no_automatic_answer(line: str) -> None:
    found = kinds(line)
    assert (found.kind, found.suppress_auto_response) == (Kind.HUMAN, True)


@pytest.mark.parametrize(
    "writer", ["no-reply@shop.test", "noreply@shop.test", "DoNotReply@shop.test", "nicht-antworten@shop.test", "notifications@x.test"]
)
def test_nobody_reads_answers_to_a_no_reply_address(writer: str) -> None:
    found = kinds(writer=writer)
    assert (found.kind, found.reasons) == (Kind.HUMAN, ("sender takes no replies",))
    assert found.suppress_auto_response


@pytest.mark.parametrize(
    "subject",
    [
        "Automatic reply: Printer",
        "Out of Office: Printer",
        "Out of office AutoReply: Printer",
        "Out of the office",
        "[Auto-Reply] Printer",
        "Auto: Printer",
        "Autoreply: Printer",
        "Vacation reply",
        "Away from my mail until Monday",
        "Automatische Antwort: Drucker",
        "Abwesenheitsnotiz: Drucker",
        "Réponse automatique : Imprimante",
        "Absence du bureau: x",
        "Message d'absence",
        "OOO: Re: printer",
        "Respuesta automática: Impresora",
        "Fuera de la oficina: x",
        "Resposta automática: x",
        "Fora do escritório: x",
        "Risposta automatica: x",
        "Fuori ufficio: x",
        "Automatisch antwoord: Printer",
        "Afwezigheidsbericht: x",
        "Autosvar: x",
        "Automatisk svar: x",
        "Frånvaromeddelande: x",
        "Automaattinen vastaus: x",
        "Odpowiedź automatyczna: Drukarka",
        "Automatická odpověď: x",
        "Automatická odpoveď: x",
        "Automatikus válasz: x",
        "Răspuns automat: Imprimantă",
        "Otomatik yanıt: x",
        "Αυτόματη απάντηση: x",
        "תשובה אוטומטית: x",
        "رد تلقائي: x",
        "Автоматический ответ: Принтер",
        "Автоответ: x",
        "Автоматична відповідь: x",
        "Автоматичен отговор: x",
        "自動応答: プリンタ",
        "【自動返信】お問い合わせ",
        "不在通知: x",
        "自动回复: 打印机",
        "自動回覆: x",
        "자동 회신: x",
        "부재중: x",
        "Trả lời tự động: x",
        "Erantzun automatikoa: inprimagailua",
        "پاسخ خودکار: چاپگر",
        "स्वचालित उत्तर: प्रिंटर",
        "Balasan otomatis: Printer",
        "ავტომატური პასუხი: პრინტერი",
        "Automātiskā atbilde: printeris",
        "ตอบกลับอัตโนมัติ: เครื่องพิมพ์",
        "Sjálfvirkt svar: x",
        "Re: Automatic reply: Printer",
        "RE: [desk] Out of office AutoReply: back on Friday",
        "[MB-17] Out of Office: Printer",
        "AW: WG: Automatische Antwort: Drucker",
        "Re[2]: Respuesta automática: x",
        "SV: Autosvar: x",
        "Fwd: Out of office",
        "Re: [#4711] Réponse automatique : Imprimante",
        "回复：自动回复：打印机",
        "(#12) Ynt: Otomatik yanıt: x",
    ],
)
def test_vacation_subjects_are_known_in_many_languages(subject: str) -> None:
    found = kinds(subject=subject)
    assert (found.kind, found.reasons[0]) == (Kind.AUTO_REPLY, "vacation subject")


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        ("Abwesenheit: Meier", "Guten Tag,\n\nich bin bis zum 4. Dezember nicht im Büro.\n"),
        ("Abwesenheit", "Ihre E-Mail wird nicht weitergeleitet."),
        ("Absence: Dupont", "Bonjour,\nje serai de retour lundi. Je suis en congé jusqu'au 4 décembre."),
        ("On vacation", "I'm away until Monday."),
        ("В отпуске", "Здравствуйте! Я до 4 декабря в отпуске."),
        ("Nieobecność", "Jestem nieobecny do piątku."),
    ],
)
def test_a_topic_is_a_vacation_reply_where_the_text_says_so(subject: str, text: str) -> None:
    assert kinds(subject=subject, text=text).kind is Kind.AUTO_REPLY


@pytest.mark.parametrize(
    "header", ["X-Auto-Response-Suppress: All", "Precedence: bulk", "Return-Path: <>", "Auto-Submitted: auto-generated"]
)
def test_a_topic_is_no_persons_mail_where_a_header_says_so(header: str) -> None:
    assert kinds(header, subject="Abwesenheit: Meier").kind is not Kind.HUMAN


def test_what_a_person_reports_about_an_absence_is_a_persons_mail() -> None:
    text = "Herr Meier ist vom 3. bis 5. abwesend. Bitte leiten Sie seine Anrufe zu mir um."
    assert kinds(subject="Abwesenheit: Meier", text=text) == Kinds(kind=Kind.HUMAN, reasons=(), suppress_auto_response=False)


@pytest.mark.parametrize(
    "subject",
    [
        "Out of office module crashes",
        "Re: absence",
        "RE: [MB-17] Absence",
        "AW: Abwesenheit: Meier",
        "Abwesenheit: Meier",
        "Absence: two colleagues in March",
        "On vacation",
        "В отпуске: кто заменит Ивана?",
        "Re: on vacation",
        "Fwd: ooo",
        "Automatic reply does not work",
        "Re: What happens when I am out of office?",
        "Auto-reply settings",
        "Vacation days in the app",
        "Abwesenheit von Kollegen eintragen",
        "Absence management: question",
        "Automatisierung",
        "Autosave is broken",
        "Away team cannot log in",
        "Réponse à votre question",
        "Automobile insurance",
        "Ausencia de datos en el informe",
        "Не работает автоответчик",
        "不在庫の確認",
        "Is your automatic reply on?",
        "Fraværsregistrering virker ikke",
        "Urlaub eintragen geht nicht",
        "Poissa on tulostin",
    ],
)
def test_people_may_write_about_absence(subject: str) -> None:
    assert kinds(subject=subject).kind is Kind.HUMAN


def test_the_envelope_is_believed_before_the_return_path_field() -> None:
    null = ReadingPolicy(envelope_from="")
    known = ReadingPolicy(envelope_from="kim@firm.test")
    assert kinds(policy=null).reasons == ("null sender",)
    assert kinds("Return-Path: <>", policy=known).kind is Kind.HUMAN


def test_a_vacation_reply_with_the_null_sender_is_no_bounce() -> None:
    assert kinds("Return-Path: <>", "Auto-Submitted: auto-replied").kind is Kind.AUTO_REPLY
    assert kinds("Return-Path: <>", subject="Automatic reply: Printer").kind is Kind.AUTO_REPLY
    assert kinds("Return-Path: <MAILER-DAEMON@firm.test>", "Auto-Submitted: auto-replied").kind is Kind.AUTO_REPLY


def test_a_mail_that_passed_more_servers_than_any_goes_round() -> None:
    found = kinds(*("Received: by a.test; x" for _ in range(51)))
    assert (found.kind, found.reasons[0]) == (Kind.LOOP, "loop: 51 Received fields")


@pytest.mark.parametrize("writer", ["Support <support@desk.test>", "support+billing@DESK.test"])
def test_a_mail_from_our_own_address_is_a_persons_who_gets_no_automatic_answer(writer: str) -> None:
    found = kinds(writer=writer)
    assert (found.kind, found.reasons) == (Kind.HUMAN, ("from our own address",))


def test_fifty_hops_are_a_long_way_and_no_loop() -> None:
    assert kinds(*("Received: by a.test; x" for _ in range(50))).kind is Kind.HUMAN


@pytest.mark.parametrize("writer", ["support@desk.test.evil.test", "mysupport@desk.test", "support@other.test"])
def test_an_address_like_ours_is_not_ours(writer: str) -> None:
    assert kinds(writer=writer).kind is Kind.HUMAN


def test_who_says_that_a_person_wrote_is_believed_but_not_answered_where_mass_mail_is_not() -> None:
    found = kinds("Auto-Submitted: no", "Precedence: list")
    assert found == Kinds(kind=Kind.HUMAN, reasons=("Precedence of bulk mail",), suppress_auto_response=True)
    assert kinds("Auto-Submitted: nobody", "Precedence: list").kind is Kind.AUTO_GENERATED


def test_a_message_id_of_our_own_host_suppresses_the_answer() -> None:
    found = kinds("Message-ID: <1@mx.desk.test>")
    assert (found.kind, found.suppress_auto_response, found.reasons) == (Kind.HUMAN, True, ("loop: Message-ID of our own host",))


@pytest.mark.parametrize(
    "line", ["List-Id: <support.desk.test>", "List-Post: <mailto:support@desk.test>", "Mailing-list: list support@desk.test; x"]
)
def test_the_group_that_our_own_address_is_carries_peoples_mail(line: str) -> None:
    assert kinds("Precedence: list", line).kind is Kind.HUMAN


@pytest.mark.parametrize(
    ("lines", "kind"),
    [
        (report("feedback-report", "message/feedback-report"), Kind.FEEDBACK_REPORT),
        (report("disposition-notification", "message/disposition-notification"), Kind.READ_RECEIPT),
        (report("delivery-status", "text/plain"), Kind.BOUNCE),
        (
            ("Content-Type: multipart/mixed; boundary=b", "", "--b", "Content-Type: message/feedback-report", "", "x: y", "", "--b--"),
            Kind.FEEDBACK_REPORT,
        ),
    ],
)
def test_reports_are_told_by_their_type(lines: tuple[str, ...], kind: Kind) -> None:
    assert kinds(*lines).kind is kind


@pytest.mark.parametrize(
    ("field", "body", "kind"),
    [
        ("text/calendar; method=REPLY", "BEGIN:VCALENDAR", Kind.CALENDAR),
        ("text/calendar", "BEGIN:VCALENDAR\nMETHOD:REPLY", Kind.CALENDAR),
        ("text/calendar; method=COUNTER", "BEGIN:VCALENDAR", Kind.CALENDAR),
        ("text/calendar; method=REQUEST", "BEGIN:VCALENDAR", Kind.HUMAN),
        ("text/calendar; method=CANCEL", "BEGIN:VCALENDAR", Kind.HUMAN),
        ("text/plain", "METHOD:REPLY", Kind.HUMAN),
    ],
)
def test_answers_to_invitations_are_robots_and_invitations_are_not(field: str, body: str, kind: Kind) -> None:
    assert kinds(f"Content-Type: {field}", text=body).kind is kind


def test_a_complaint_that_names_only_the_sending_machine_is_a_report() -> None:
    assert kinds(subject="complaint about message from 192.0.2.7").kind is Kind.FEEDBACK_REPORT
    assert kinds(subject="Complaint about message from your sales team").kind is Kind.HUMAN


def test_a_robot_that_asks_whether_a_person_wrote_is_a_challenge() -> None:
    text = "Your message is being held. Please click the link below to prove you are a human and your message will be delivered."
    assert kinds(subject="Please confirm your message", text=text).kind is Kind.CHALLENGE


@pytest.mark.parametrize(
    "subject",
    [
        "[OTHER-1x] We received your request",
        "Your ticket #123 has been created",
        "Ihre Anfrage ist bei uns eingegangen",
        "Nous avons bien reçu votre demande",
    ],
)
def test_another_desks_thanks_are_not_thanked_for(subject: str) -> None:
    found = kinds(subject=subject)
    assert (found.kind, found.suppress_auto_response, found.reasons) == (Kind.HUMAN, True, ("acknowledgement of another desk",))


@pytest.mark.parametrize(
    "subject", ["Your ticket system is down", "Request for help", "Thanks for nothing", "Did you receive our request?", "Ticket printer"]
)
def test_words_about_tickets_are_no_thanks(subject: str) -> None:
    assert not kinds(subject=subject).suppress_auto_response


def test_a_person_who_wants_something_confirmed_is_no_challenge() -> None:
    assert kinds(subject="Please confirm your address", text="We want to send you the spare part. Where to?").kind is Kind.HUMAN


@settings(max_examples=examples(300), deadline=None)
@given(
    st.lists(st.sampled_from(HEAD_LINES), max_size=6),
    st.binary(max_size=300),
    st.sampled_from((None, "", "kim@firm.test")),
)
def test_any_mail_has_a_kind_and_every_robot_a_reason(lines: list[bytes], body: bytes, envelope_from: str | None) -> None:
    message = parse(b"\r\n".join((*lines, b"", body)), ReadingPolicy(envelope_from=envelope_from))
    assert message.kind is Kind.HUMAN or (message.kind_reasons and message.suppress_auto_response)
    assert (message.bounce is not None) == (message.kind is Kind.BOUNCE)
