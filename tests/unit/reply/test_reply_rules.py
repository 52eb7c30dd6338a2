"""What counts as written now: markers, inline answers, traps, forwards, the choice between two bodies."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from mailbridge.message.model import Reply, SpanKind
from mailbridge.reply.extract import extract

MARKER = "## please answer above this line ##"


def reasons(reply: Reply) -> list[str]:
    return [span.reason for span in reply.spans]


# -- our own marker ------------------------------------------------------------------------------------------------


def test_all_below_our_marker_is_quote_with_the_introduction_above_it() -> None:
    text = f"It works.\n\nOn Mon, Apr 5, 2021 at 10:15 AM Desk <desk@example.org> wrote:\n\n> {MARKER}\n> Does it?\n\nno answer here\n"

    reply = extract(text, markers=(MARKER,))

    assert reply.fresh == "It works."
    assert reply.spans[-1].reason == "marker"
    assert reply.spans[-1].confidence == 1.0
    assert reply.text[reply.spans[-1].start :].startswith("On Mon, Apr 5")


def test_marker_takes_the_introduction_of_an_unknown_language_with_it() -> None:
    text = f"Ndiyo.\n\nMnamo 5 Aprili 2021 Desk aliandika hivi 10:15:\n\n> {MARKER}\n> Habari\n"

    assert extract(text, markers=(MARKER,)).fresh == "Ndiyo."


def test_marker_takes_copied_headers_with_it() -> None:
    text = f"Yes.\n\nFrom: Desk <desk@example.org>\nSent: Monday, 5 April 2021 10:15\nTo: Ann\nSubject: Door\n\n{MARKER}\nWhich door?\n"

    assert extract(text, markers=(MARKER,)).fresh == "Yes."


def test_marker_is_found_in_html_and_in_any_of_the_languages_given() -> None:
    html = "<p>Merge.</p><div><p>## scrieți deasupra ##</p><p>Cum merge?</p></div>"

    assert extract("", html, markers=(MARKER, "## scrieți deasupra ##")).fresh == "Merge."


@pytest.mark.parametrize(
    "changed",
    [
        MARKER.upper(),
        r"\#\# please answer above this line \#\#",
        "**please answer above this line**",
        "## please answer\n> above this line ##",
    ],
    ids=["shouted", "escaped", "bold", "wrapped"],
)
def test_marker_is_known_however_a_client_changed_it(changed: str) -> None:
    reply = extract(f"It works.\n\nKwa 5/4 Desk <desk@example.org>:\n\n> {changed}\n> Does it?\n", markers=(MARKER,))

    assert reply.fresh == "It works."
    assert reply.spans[-1].reason == "marker"


def test_answer_below_the_quote_of_our_marker_is_kept() -> None:
    text = f"On Mon, Apr 5, 2021 at 10:15 AM Desk <desk@example.org> wrote:\n> {MARKER}\n> Does it?\n\nIt does.\n"

    assert extract(text, markers=(MARKER,)).fresh == "It does."


def test_nothing_above_our_marker_leaves_nothing_of_what_no_marks_tell_apart() -> None:
    text = f"From: Desk <desk@example.org>\nSent: Monday, 5 April 2021 10:15\nTo: Ann\nSubject: x\n\n{MARKER}\nDoes it?\n"

    assert extract(text, markers=(MARKER,)).fresh == ""


def test_quoted_notification_without_a_word_leaves_nothing() -> None:
    assert extract(f"> {MARKER}\n> Does it?\n", markers=(MARKER,)).fresh == ""


def test_words_of_the_marker_inside_a_sentence_are_no_marker() -> None:
    text = "You wrote: please answer above this line and so I do."

    assert extract(text, markers=(MARKER,)).fresh == text


def test_without_a_marker_in_the_mail_nothing_is_certain() -> None:
    assert "marker" not in reasons(extract("It works.\n", markers=(MARKER,)))


# -- inline answers ------------------------------------------------------------------------------------------------


def test_inline_answers_keep_the_quoted_lines_they_answer() -> None:
    text = "Hi,\n\nOn Mon, Apr 5, 2021 at 10:15 AM Desk <desk@example.org> wrote:\n> Door?\n\nLeft.\n\n> Since?\n\nMonday.\n\n> Thanks\n"

    reply = extract(text)

    assert reply.fresh == "Hi,\n\n> Door?\n\nLeft.\n\n> Since?\n\nMonday."
    assert reasons(reply).count("inline-context") == 2


def test_answer_below_one_quote_stands_alone() -> None:
    reply = extract("On Mon, Apr 5, 2021 at 10:15 AM Desk <desk@example.org> wrote:\n> Door?\n\nLeft.\n")

    assert reply.fresh == "Left."


def test_answer_to_a_few_cited_lines_keeps_them() -> None:
    text = "Hello\n\nOn 04/19/2021 07:10 AM, Desk wrote:\n\n> Door?\n\nThe left one."

    assert extract(text).fresh.split("\n\n") == ["Hello", "\n> Door?", "The left one."]


@pytest.mark.parametrize(
    ("above", "quoted", "below"),
    [
        ("The left one is stuck again.", 1, "All the best"),
        ("The left one is stuck again.", 1, "See you"),
        ("Hello", 30, "The left one."),
        ("Thanks!", 3, "Doors and Windows Ltd, Main Street 5, 12345 Town"),
    ],
    ids=["farewell-below", "less-below", "whole-mail", "address-of-a-firm-below"],
)
def test_one_quote_of_the_mail_answered_goes(above: str, quoted: int, below: str) -> None:
    quote = "> Which door?\n" * quoted

    reply = extract(f"{above}\n\nOn 04/19/2021 07:10 AM, Desk wrote:\n\n{quote}\n{below}\n")

    assert "Which door?" not in reply.fresh
    assert reply.fresh.startswith(above)


def test_quote_marks_that_nothing_introduces_are_part_of_the_text_around_them() -> None:
    text = "I ran\n> make\n> make test\nand it stops."

    assert extract(text).fresh == text


def test_bars_in_front_of_the_first_lines_are_quote_marks_and_tables_are_not() -> None:
    assert extract("|Which door?\n| And when?\nThe left one.\n").fresh == "The left one."
    assert extract("| a | b |\n| 1 | 2 |\n\nWhat is wrong here?").fresh == "| a | b |\n| 1 | 2 |\n\nWhat is wrong here?"


def test_a_mail_of_quoted_lines_only_is_kept() -> None:
    assert extract("> just this\n").fresh == "> just this"


def test_an_introduction_with_its_quote_and_no_word_leaves_nothing() -> None:
    assert extract("On Mon, Apr 5, 2021 at 10:15 AM Desk <desk@example.org> wrote:\n\n> Door?\n").fresh == ""


def test_introduction_behind_the_last_words_on_their_line_is_parted_from_them() -> None:
    reply = extract("Thank you\nAnn--- On Wed, Apr 4, 2021 at 3:59 PM, desk@example.org wrote:\n> Hi\n")

    assert reply.fresh == "Thank you\nAnn"


# -- traps ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "On Tuesday we asked and Bob wrote to us.\n\nHe said no.",
        "We waited.\n\nOn 5 May 2021 our vendor wrote:\n\n\"It is fixed.\"\n\nIt is not.",
        "The form says\nFrom: London\nand that is wrong.",
        "Please book:\nFrom: London\nTo: Paris\nDate: 5 May\n\nTwo seats by the window, and a table for four if there is one.",
        "Three things:\n- one\n-- two\n- three\n\nWhat now?",
        "It prints\n>>> import x\nTraceback\nplease help",
        "Sent from our warehouse on Monday, the parcel is lost. It was urgent.\n\nPlease search.",
        "Totals\n------\nA 5\nB 6\n\nPlease check.",
        "Best\nway to reach me is by phone, and the printer should work by tomorrow.",
        "The parcel never reached the intended recipient. Who signed for it?",
        "Thanks!\nAnn",
        "Name: Ann\nEmail: ann@example.org\nSubject: Help\nMessage: The door is stuck.",
        "Here is one more\n\nSent from my desk, which is much easier than my phone.",
    ],
)
def test_prose_that_looks_like_a_quote_stays_whole(text: str) -> None:
    reply = extract(text, subject="Re: Door")

    assert {span.kind for span in reply.spans} <= {SpanKind.FRESH, SpanKind.SIGNATURE}
    assert not reply.signature or reply.text.rstrip().endswith(reply.signature)
    assert reply.fresh == text or reply.signature


def test_signature_never_takes_the_only_words() -> None:
    assert extract("Thank you\nAnn Example").fresh == "Thank you\nAnn Example"


def test_form_that_begins_with_headers_keeps_its_message() -> None:
    reply = extract("From: Ann <ann@example.org>\nSubject: Help\n\nMessage Body:\nThe door is stuck.", subject="Website form")

    assert "The door is stuck." in reply.fresh


# -- signatures ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "signature"),
    [
        ("Please call.\n\n-- \nAnn Example\nStores", "-- \nAnn Example\nStores"),
        ("Please call.\n--\nAnn", "--\nAnn"),
        ("Please call.\n\n- ann", "- ann"),
        ("Please call.\n\nSent from my phone!", "Sent from my phone!"),
        ("Please call.\n\n(sent from a phone)", "(sent from a phone)"),
        ("Please call.\n\nThanks,\nAnn", "Thanks,\nAnn"),
        ("Te rog sună.\n\nO zi bună,\nIon", "O zi bună,\nIon"),
        ("Bitte anrufen.\n\nViele Grüße Bernd Beispiel", "Viele Grüße Bernd Beispiel"),
    ],
)
def test_signature_is_apart_from_the_words(text: str, signature: str) -> None:
    reply = extract(text)

    assert reply.signature == signature
    assert signature not in reply.fresh


def test_text_below_an_app_line_is_an_earlier_mail() -> None:
    below = "\n".join(f"This is line {number} of what was written the day before." for number in range(9))

    reply = extract(f"Yes.\n\nSent from my phone\n\n{below}")

    assert reply.fresh == "Yes."
    assert reply.spans[-1].kind is SpanKind.QUOTE


# -- forwards ------------------------------------------------------------------------------------------------------


def test_forward_tells_who_wrote_what_to_whom_and_when() -> None:
    text = (
        "Please take over.\n\n-------- Weitergeleitete Nachricht --------\nVon: \"Kunde, Karl\" <karl@example.net>\n"
        "Datum: Montag, 5. April 2021 um 10:15 Uhr\nAn: Ann <ann@example.org>; bob@example.org\nKopie: carl@example.org\nBetreff: Tor\n\n"
        "Das Tor klemmt.\n"
    )

    inner = extract(text, subject="Fwd: Tor").forwarded

    assert inner is not None
    assert inner.sender is not None
    assert (inner.sender.name, inner.sender.address) == ("Kunde, Karl", "karl@example.net")
    assert [address.address for address in inner.to] == ["ann@example.org", "bob@example.org"]
    assert [address.address for address in inner.cc] == ["carl@example.org"]
    assert (inner.subject, inner.text_before, inner.text) == ("Tor", "Please take over.", "Das Tor klemmt.")
    assert inner.date == datetime(2021, 4, 5, 10, 15, tzinfo=UTC)


@pytest.mark.parametrize("prefix", ["Fwd", "FW", "WG", "TR", "RV", "I", "Enc", "PD", "Пер", "转发", "VB", "İLT"])
def test_copied_headers_are_a_forward_where_the_subject_says_so(prefix: str) -> None:
    text = "See below.\n\nFrom: Carl <carl@example.net>\nSent: Monday, 5 April 2021 10:15\nTo: Ann\nSubject: Door\n\nIt is stuck.\n"

    assert extract(text, subject=f"{prefix}: Door").forwarded is not None
    assert extract(text, subject="Re: Door").forwarded is None


def test_quoted_forward_loses_one_level_of_marks_and_what_follows_is_fresh() -> None:
    inner = "> From: Carl <carl@example.net>\n> Subject: Door\n>\n> It is stuck.\n>> really\n"
    text = f"Hello\n\nBegin forwarded message:\n\n{inner}\nYour turn.\n"

    reply = extract(text, subject="Fwd: Door")

    assert reply.forwarded is not None
    assert reply.forwarded.text == "It is stuck.\n> really"
    assert reply.fresh == "Hello\n\nYour turn."


def test_original_message_with_the_answered_subject_is_a_reply() -> None:
    headers = "From: Desk <desk@example.org>\nDate: Mon, 5 Apr 2021 10:15:00\nTo: ann@example.org\nSubject: Door\n"
    text = f"Yes.\n\n-----Original Message-----\n{headers}\nIs it?\n"

    assert extract(text, subject="Re: Door").forwarded is None
    assert extract(text, subject="Re: Quite another matter").forwarded is not None


@pytest.mark.parametrize(
    "written",
    [
        "Mon, 5 Apr 2021 10:15:00 +0000",
        "2021-04-05 10:15",
        "05.04.2021 10:15",
        "4/5/2021 10:15 AM",
        "Monday, April 5, 2021 10:15 AM",
        "lundi 5 avril 2021 10:15",
        "lunes, 5 de abril de 2021 10:15",
        "poniedziałek, 5 kwietnia 2021 10:15",
        "5 апреля 2021 г. 10:15",
        "2021年4月5日 10:15",
        "2021년 4월 5일 오전 10:15",
        "luni, 5 aprilie 2021 10:15",
    ],
)
def test_inner_date_is_read_in_its_language(written: str) -> None:
    text = f"See.\n\n---------- Forwarded message ----------\nFrom: Carl <carl@example.net>\nDate: {written}\nSubject: Door\n\nStuck.\n"

    inner = extract(text, subject="Fwd: Door").forwarded

    assert inner is not None
    assert inner.date == datetime(2021, 4, 5, 10, 15, tzinfo=UTC)


# -- two bodies ----------------------------------------------------------------------------------------------------

QUOTED_HTML = (
    '<div>Yes.</div><div class="gmail_quote"><div class="gmail_attr">Kwa 5/4, Desk:</div>'
    '<blockquote class="gmail_quote">Is it?</blockquote></div>'
)


def test_html_decides_where_the_plain_body_hides_its_quote() -> None:
    reply = extract("Yes.\n\nKwa 5/4, Desk\n\nIs it?\n", QUOTED_HTML)

    assert (reply.fresh, reply.source) == ("Yes.", "html")
    assert reply.choice == "html is surer: client:gmail 0.97, plain: nothing cut"


def test_why_the_plain_body_decided_against_the_html_is_told() -> None:
    html = "<p>Yes.</p><p>Kwa 5/4, Desk</p><p>Is it?</p><p id='x-signature'>Ann</p>"

    reply = extract("Yes.\n\n-----Original Message-----\nIs it?\n", html)

    assert (reply.fresh, reply.source) == ("Yes.", "plain")
    assert reply.choice == "plain is surer: original-message:en 0.98, html: nothing cut"


def test_plain_body_is_kept_where_both_say_the_same() -> None:
    reply = extract("Yes.\n\nOn Mon, Apr 5, 2021 at 10:15 AM Desk <desk@example.org> wrote:\n\n> Is it?\n", QUOTED_HTML)

    assert (reply.fresh, reply.source, reply.choice) == ("Yes.", "plain", "")


def test_signature_that_only_html_marks_is_found() -> None:
    html = '<p>The door is stuck.</p><div id="Signature">Stores and keys<br>Ann Example</div>'

    reply = extract("The door is stuck.\n\nStores and keys\nAnn Example\n", html)

    assert (reply.fresh, reply.source) == ("The door is stuck.", "html")
    assert reply.signature == "Stores and keys\nAnn Example"


def test_hidden_html_is_not_part_of_the_text() -> None:
    assert extract("", '<p hidden>secret</p><p style="display: none">#close</p><p>Hello</p>').text.strip() == "Hello"


def test_recipients_that_go_on_below_their_line_belong_to_the_headers() -> None:
    headers = "From: Carl <carl@example.net>\nSubject: Door\nTo: Ann <ann@example.org>, Bob <\nbob@example.org>\n"

    inner = extract(f"See.\n\n---------- Forwarded message ---------\n{headers}\n\nIt is stuck.\n", subject="Fwd: Door").forwarded

    assert inner is not None
    assert [address.address for address in inner.to] == ["ann@example.org", "bob@example.org"]
    assert inner.text == "It is stuck."


def test_text_between_two_marked_signatures_is_fresh() -> None:
    signature = '<div class="gmail_signature">Ann Example</div>'

    reply = extract("", f"<div>The door is stuck.</div>{signature}<div>And so is the window.</div>{signature}")

    assert reply.fresh.splitlines() == ["The door is stuck.", "And so is the window."]
    assert reply.signature.splitlines() == ["Ann Example", "Ann Example"]


# --- a mail that answers nothing

NEW = {"subject": "The contract", "answering": False}
PASTED = "From: Shop <shop@roe.test>\nDate: Mon, 5 Mar 2018 10:15\nTo: ann@example.org\nSubject: Win\n\nIs this safe?"


@pytest.mark.parametrize(
    "text",
    [
        "It says, please confirm:\n\n> Clause 4: on site in 4 hours.\n> Clause 5: weekends are free.",
        f"I got this mail:\n\n{PASTED}",
        "They wrote\n\nOn Mon, Apr 5, 2021 at 10:15 AM Shop <shop@roe.test> wrote:\n\n> You have won.\n\nIs it true?",
    ],
    ids=["marked", "headers", "introduced"],
)
def test_quote_in_a_mail_that_answers_nothing_stays(text: str) -> None:
    assert extract(text, subject="The contract", answering=False).fresh == text


def test_block_quote_in_a_mail_that_answers_nothing_stays_with_its_marks() -> None:
    reply = extract("", "<p>It says:</p><blockquote type=cite>Clause 4.</blockquote>", subject="The contract", answering=False)

    assert reply.fresh.split() == ["It", "says:", ">", "Clause", "4."]


@pytest.mark.parametrize(
    ("subject", "answering"), [("Re: The contract", False), ("The contract", True), ("Odp: The contract", False), ("The contract", None)]
)
def test_quote_goes_where_something_is_answered_or_nobody_looked(subject: str, answering: bool | None) -> None:
    assert extract("Yes.\n\n> Is it?\n", subject=subject, answering=answering).fresh == "Yes."


def test_forward_and_signature_of_a_mail_that_answers_nothing_are_told() -> None:
    forward = f"FYI\n\n---------- Forwarded message ---------\n{PASTED}"

    assert extract(forward, subject="Fwd: Win", answering=False).forwarded is not None
    assert extract("The door is stuck.\n\n-- \nAnn\n", subject="Door", answering=False).signature == "-- \nAnn"


# --- what an answer shows of other mails


def test_headers_of_a_stranger_pasted_above_the_quote_stay() -> None:
    text = f"I got this mail:\n\n{PASTED}"
    below = "\n\nOn Mon, Apr 5, 2021 at 10:15 AM Desk <desk@example.org> wrote:\n\n> Which one?\n"

    reply = extract(text + below, subject="Re: Door", answering=True, recipients=frozenset({"desk@example.org"}))

    assert reply.fresh == text


def test_nothing_above_the_headers_of_the_mail_that_is_answered_is_no_text() -> None:
    text = "From: Desk <desk@example.org>\nSent: Monday, April 5, 2021 10:15\nTo: Ann\nSubject: We need a number\n\nWhich number?\n"

    assert extract(text, subject="Re: Door", answering=True, recipients=frozenset({"desk@example.org"})).fresh == ""


def test_words_typed_inside_the_quote_above_the_marker_are_the_answer() -> None:
    text = f"On Mon, Apr 5, 2021 at 10:15 AM Desk <desk@example.org> wrote:\n> The left one.\n>\n> {MARKER}\n>\n> Which door?\n"

    assert extract(text, subject="Re: Door", markers=(MARKER,)).fresh == "> The left one.\n>"
    assert extract(text.replace(MARKER, "-- Please reply above this line --"), subject="Re: Door").fresh == "> The left one.\n>"


def test_lines_broken_off_by_a_gateway_stay_in_the_quote() -> None:
    quote = (
        "> Hello Ann\n>\n> can you tell us the serial number of the door that has been stuck s\nince last month?\n>\n> We stay at your\n"
        "service.\n>\n"
    )

    assert extract(f"It is 5.\n\nOn 5 Apr 2021, Desk <desk@example.org> wrote:\n{quote}", subject="Re: Door").fresh == "It is 5."


# --- signatures

CARD = "Gina Marlow\nHead of Purchasing\nCustomer GmbH\nTel: +49 30 1234567"


@pytest.mark.parametrize(
    "card",
    [
        CARD,
        "Gina Marlow\ngina@customer.test\n(555) 010-9947\nwww.customer.test",
        "Gina Marlow | Purchasing | Customer Ltd | +49 30 1234567 | gina@customer.test",
        "Gina Marlow\n\nPurchasing\n\nCustomer Ltd\n\nP. +1 555 0100\n\nhttp://customer.test/",
        "Gina\nFax: +49 30 1234568",
        "Gina Marlow\nTél : 01 23 45 67 89\nMobile : 06 12 34 56 78",
        "Gina Marlow, MBA\nPurchasing Manager\n+1 (555) 010-9947 | gina@customer.test | customer.test",
        "*Gina Marlow*\nPurchasing\n*T* +49 30 1234567\n*E* gina@customer.test",
        "Marlow, Gina\nTel 030 1234567",
        "Dr. Gina Marlow\nLeiterin Einkauf\nFon: +49 (0)30 1234567\nhttps://customer.test",
        "Анна Петрова\nОтдел закупок\nтел. +7 495 123-45-67\nanna@customer.test",
        "山田太郎\n購買部\nTEL: 03-1234-5678\nyamada@customer.test",
        "Gina\n\nGina Marlow\nCustomer Ltd\n+49 30 1234567",
        "Thanks\n\nGina Marlow | Customer Ltd | +49 30 1234567",
        "[image: logo]\nGina Marlow\nCustomer Ltd\nwww.customer.test\n+49 30 1234567",
    ],
)
def test_card_without_a_farewell_is_a_signature(card: str) -> None:
    reply = extract(f"Yes, Monday is fine.\n\n{card}\n", subject="Re: Door", author="Gina Marlow")

    assert (reply.fresh, reply.signature) == ("Yes, Monday is fine.", card)


def test_card_of_somebody_else_is_cut_with_doubt_and_what_is_announced_stays() -> None:
    reply = extract(f"Yes, Monday is fine.\n\n{CARD}\n", subject="Re: Door", author="Bob")

    assert [span.is_doubtful for span in reply.spans] == [False, True]
    assert extract(f"Please call this colleague:\n\n{CARD}\n", author="Gina Marlow").signature == ""


@pytest.mark.parametrize(
    "text",
    [
        "Please ship to the new office.\n\nCustomer GmbH\nHauptstr. 5\n10115 Berlin",
        "Our servers\n\nWeb Server One\nhttps://one.customer.test\nhttps://two.customer.test",
        "I called these:\n\nTel: 030 1234567\nTel: 030 1234568",
        "It is the model below.\n\nLaser Fast\nhttps://shop.test/lf-2231\nserial 4711",
    ],
)
def test_facts_in_short_lines_are_no_card(text: str) -> None:
    assert extract(text, subject="Re: Door", author="Bob").fresh == text


@pytest.mark.parametrize("line", ["t. 555-0100", "T: +358 9 1234", "t. (09) 1234", "T. 555-0100\nM. 555-0101"])
def test_telephone_behind_a_letter_is_no_farewell(line: str) -> None:
    assert extract(f"Please call us:\n\n{line}\nor the shop.\n").signature == ""


def test_signature_below_the_quote_is_the_writers_own() -> None:
    quote = "On Mon, Apr 5, 2021 at 10:15 AM Desk <desk@example.org> wrote:\nWhich door?\n-- \nDesk\n"

    reply = extract(f"The left one.\n\n{quote}\n-- \nAnn\nFirm\n", subject="Re: Door", author="Ann Example")

    assert (reply.fresh, reply.signature) == ("The left one.", "-- \nAnn\nFirm")


@pytest.mark.parametrize("rule", ["-----", "----------------------", "==========", "**********"])
def test_rules_around_a_log_cut_nothing(rule: str) -> None:
    text = f"Here is the log:\n\n{rule}\nERROR disk full\n{rule}\n\nPlease clean up."

    assert extract(text).fresh == text


def test_program_that_marks_its_signature_has_the_farewell_in_it() -> None:
    html = (
        '<div name="messageBodySection">The left one.</div>'
        '<div name="messageSignatureSection"><br>Best,<br>Ann<br><br>Sent with Spark</div>'
        '<div name="messageReplySection">On 5 Apr 2021, Desk &lt;desk@example.org&gt;, wrote:<br><blockquote>Which?</blockquote></div>'
    )
    text = "The left one.\n\nBest,\nAnn\n\nSent with Spark\nOn 5 Apr 2021, Desk <desk@example.org>, wrote:\n> Which?\n"

    assert extract(text, html, subject="Re: Door").fresh == "The left one."


@pytest.mark.parametrize(
    "above",
    [
        ">>> Desk <desk@example.org> 05.04.21 10.15 >>>\nWhich door?\n",
        '>>> On 4/5/2021 at 10:15 AM, in message <5@example.org>, "Desk" <desk@example.org> wrote:\nWhich door?\n',
        "Desk---05.04.2021 10:15:33---Which door?\n\n"
        "Von:\tDesk <desk@example.org>\nAn:\tAnn\nDatum:\t05.04.2021 10:15\nBetreff:\tDoor\n\nWhich?\n",
        "desk@example.org wrote on 05/04/2021 10:15:05 AM:\n\n> Which door?\n",
        "----------------\nКому: Ann (ann@customer.test);\nТема: Re: Door;\n"
        '05.04.2021, 10:15, "Desk" <desk@example.org>:\n\n> Which door?\n',
        "---- 回复的原邮件 ----\n| 发件人 | Desk<desk@example.org> |\n| 日期 | 2021年04月05日 10:15 |\n| 收件人 | ann@customer.test |\n"
        "| 抄送至 | |\n| 主题 | Re: Door |\nWhich door?\n\nRegards\nDesk\n",
        "  On Mon, Apr 5, 2021 at 10:15 AM, Desk<desk@example.org> wrote:   Which door?\n\nRegards\nDesk\n",
        "2021-04-05 10:15(e)an, Desk(e)k idatzi zuen:\n> Which door?\n",
        "في ٥/٤/٢٠٢١ ١٠:١٥ ص، كتب Desk:\n> Which door?\n",
    ],
    ids=["groupwise", "groupwise-message", "notes", "notes-us", "yandex", "netease", "yahoo-mobile", "roundcube-eu", "other-digits"],
)
def test_introductions_of_less_common_programs(above: str) -> None:
    assert extract(f"The left one.\n\n{above}", subject="Re: Door", answering=True).fresh == "The left one."


def test_answer_below_the_quote_of_our_mail_arrives_without_it() -> None:
    quote = f"On 30.11.26 07:31, Support wrote:\n> {MARKER}\n>\n> It is slow since nine.\n> High, due at ten.\n"

    assert extract(f"Hello Ana,\n\n{quote}\nI restarted it at ten.\n", subject="Re: x", markers=(MARKER,)).fresh == (
        "Hello Ana,\n\nI restarted it at ten."
    )
    html = (
        "<p>Hello Ana,</p><div class=moz-cite-prefix>On 30.11.26 07:31, Support wrote:<br></div>"
        f"<blockquote type=cite><p>{MARKER}</p><p>It is slow since nine.</p></blockquote><p>I restarted it at ten.</p>"
    )
    assert extract("", html, subject="Re: x", markers=(MARKER,)).fresh.split() == ["Hello", "Ana,", "I", "restarted", "it", "at", "ten."]


def test_footer_below_the_quote_of_our_mail_is_no_answer() -> None:
    quote = f"On 30.11.26 07:31, Support wrote:\n> {MARKER}\n>\n> It is slow since nine.\n"
    footer = "_______________________________________________\nusers mailing list\nusers@lists.roe.test\n"

    assert extract(f"It is 5.\n\n{quote}\n{footer}", subject="Re: x", markers=(MARKER,)).fresh == "It is 5."
