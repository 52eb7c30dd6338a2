"""Answers, quotes and signatures among the cases: the folders `replies`, `kinds` and `reports` below $MAILBRIDGE_CASES.

`replies` holds a JSON file beside each mail; an altered expectation turns a test red.  What the other two folders must give is written
here, by file.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mailbridge.message.model import Message, ReadingPolicy, SpanKind
from mailbridge.sandbox.read import read
from tests.conformance.checks import bare, unmarked
from tests.conformance.suites import default_cases

CASES = default_cases()
REPLIES = sorted((CASES / "replies").glob("*.json"))
POLICY = ReadingPolicy(reply_markers=("## Please write your answer above this line ##",))
# What the language detection knows; mails in other languages say theirs, and it is not asked.
ASKED = {"ca", "fa", "sr", "sk", "hi", "id", "th", "eu", "ka", "de", "en", "fr", "pl", "zh", "bg", "vi", "et", "lt", "lv", "he", "el"}
# Two or three words, from which no language can be told for certain.
TOO_SHORT = 25

pytestmark = pytest.mark.skipif(not CASES.is_dir(), reason=f"no cases at {CASES}; MAILBRIDGE_CASES names another folder")


def message_of(mail: Path) -> Message:
    return read(mail.read_bytes(), POLICY)


def words(message: Message) -> str:
    """What was written now, white space and our marks for quoted lines aside."""
    spans = (span for span in message.reply.spans if span.kind is SpanKind.FRESH)
    return bare(unmarked("".join(message.reply.text[span.start : span.end] for span in spans)))


@pytest.mark.parametrize("case", REPLIES, ids=lambda path: path.stem)
def test_reply_is_what_the_case_says(case: Path) -> None:
    want: dict[str, Any] = json.loads(case.read_text("utf-8"))
    message = message_of(case.with_suffix(".eml"))

    assert words(message) in {bare(text) for text in (want["reply_text"], *want.get("also_accepted", ()))}
    if want["signature"] == "card":
        assert message.reply.signature
    elif want["signature"]:
        assert bare(want["signature"]) in bare(message.reply.signature)
    if "forward" in want:
        assert message.reply.forwarded is not None
        assert message.reply.forwarded.sender is not None
        assert message.reply.forwarded.sender.address == want["forward"]
    if want["language"] in ASKED and len(message.reply.fresh) >= TOO_SHORT and not case.stem.startswith("ooo"):
        assert message.language == want["language"]


# The words that are left of a mail in `kinds` or `reports`; None stands for the whole text.
LEFT: dict[str, str | None] = {
    "kinds/k02-fi-t-phone": None,
    "kinds/k03-card": "The part number is 8812 and it arrived broken. Please send a new one to the address we gave you last week.",
    "kinds/k03b-card-phone": "The part number is 8812 and it arrived broken.",
    "kinds/k03c-card-long": "Yes, Monday is fine.",
    "kinds/k04-rule-card": "Yes, Monday is fine for us, thank you.",
    "kinds/k18-wrapped": "The number is 8812.",
    "kinds/k18b-wrapped": "The number is 8812.",
    "kinds/wrap-top": "The number is 8812.",
    "kinds/wrap-one": "The number is 8812.",
    "kinds/wrap-url": "Done.",
    "kinds/bq-empty": "",
    "kinds/bq-empty-cite": "",
    "kinds/bq-empty-plain": "",
    "kinds/bq-empty-plain-unmarked": "please tell us the number",
    "kinds/gmail-empty": "",
    "kinds/ol-empty": "",
    "kinds/ol-empty-othersubject": "",
    "kinds/gmail-photo": "",
    "kinds/outlook-photo": "",
    "kinds/ar-digits": "الرقم هو 4711.",
    "kinds/sig-below-quote": "The number is 8812.",
    "kinds/t1": None,
    "kinds/t2": None,
    "kinds/t3": None,
    "kinds/t4": None,
    "reports/a17_answer_inside_quote": "Dear Helpdesk, the serial number you asked for is 88-1234-B. Regards, Ana",
    "reports/a17c_own_marker_inside_quote": "The serial number is 88-1234-B.",
    "reports/a19_blockquote_as_layout": None,
    "reports/a20_first_mail_quote_end": None,
    "reports/a20b_plain_quote_end_new_mail": None,
    "reports/a20c_gmail_quote_button_new": None,
    "reports/a20d_bare_blockquote_end_new": None,
    "reports/a21_inline_answers_html": "Gentile, Which version do you run? Version 8.1. Since when does it fail? Since Friday evening.",
    "reports/a21d_inline_gmail_html_only": "Which version do you run? Version 8.1 Since when does it fail? Since Friday evening.",
    "reports/a22_bottom_post": "It is version 8.1, please install it on both machines.",
    "reports/h14_agent_inline_html": "Hello Ana, FIRST MAIL TEXT slow since nine. I restarted it at ten. Please test again.",
    "reports/u03_from_colon": "The mail header says From: bad@x.example To: me@acme.example Subject: Win money"
    " and I do not know this sender. Is it safe?",
    "reports/u03_from_colon_new": None,
    "reports/u04_dashes": "Here is the log: ---------------------- 2026-11-30 ERROR disk full ---------------------- Please clean up.",
    "reports/u04_dashes_new": None,
    "reports/v01_short_dashes": None,
    "reports/v02_equals": None,
    "reports/v03_stars": None,
    "reports/v04_titled": None,
    "reports/v06_markdown_table": None,
    "reports/v08_sql": None,
    "reports/v09_diff": None,
    "reports/v10_html_hr": None,
    "reports/v12_pgp": None,
    "reports/w01_nagios": None,
    "reports/w03_backup_report": None,
}


@pytest.mark.parametrize("name", LEFT)
def test_words_that_are_left(name: str) -> None:
    message = message_of(CASES / f"{name}.eml")
    left = LEFT[name]

    assert words(message) == bare(unmarked(message.reply.text) if left is None else left)


@pytest.mark.parametrize("name", ["reports/a21c_inline_apple_html_only", "reports/a21e_bottom_thunderbird_no_greeting"])
def test_answers_inside_an_html_quote_are_left(name: str) -> None:
    assert bare("Version 8.1") in words(message_of(CASES / f"{name}.eml"))
