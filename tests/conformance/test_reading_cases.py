"""What is read of the cases, the folders `kinds`, `reports` and `providers` below $MAILBRIDGE_CASES: who is answered, words, files, kind.

The table says for each mail what must be found; an altered value turns a test red.
"""

from __future__ import annotations

from typing import Any

import pytest

from mailbridge.message.model import Message, ReadingPolicy
from mailbridge.sandbox.read import read
from tests.conformance.checks import squeezed
from tests.conformance.suites import default_cases

CASES = default_cases()
POLICY = ReadingPolicy(own_addresses=("support@demo.example", "support@example.org"))

pytestmark = pytest.mark.skipif(not CASES.is_dir(), reason=f"no cases at {CASES}; MAILBRIDGE_CASES names another folder")

ANA = "ana@acme.example"
JOE = ("joe@other.test",)
STOPPED = "The machine LF-2231 has stopped, error 17."
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
PRICE = "Prețul nu se vede = greșit"
PUMP = "Pumpe läuft nicht, bitte Termin."
LOG = "See the log."
BYTES = "application/octet-stream"
HUMAN = {"kind": "human"}
FAILED = {"kind": "bounce", "bounced": JOE, "temporary": False}
RECEIPT = {"kind": "auto-reply", "bounced": None}
FILE = {"text": "See the attached file."}

WANTED: dict[str, dict[str, Any]] = {
    # whom an answer goes to
    "reports/o_from_f00": {"answer_to": "bob@x.example", "name": 'Bob "The Builder"'},
    "reports/o_from_f02": {"answer_to": ANA, "name": ""},
    "reports/o_from_f04": {"answer_to": ANA, "name": ""},
    "reports/o_from_f06": {"answer_to": ANA, "name": "Ana Pop"},
    "reports/o_from_f08": {"answer_to": ANA, "name": "Pop, Ana"},
    "reports/o_from_f10": {"answer_to": ANA, "name": "Ana Pop"},
    "reports/o_from_f12": {"answer_to": ANA, "name": "A.N. Other"},
    "reports/o_from_f14": {"answer_to": "hans@x.example", "name": "Müller, Hans"},
    "reports/o_from_f16": {"answer_to": ANA, "name": "Ana Pop"},
    "reports/o_from_f18": {"answer_to": ANA, "name": "Ana Pop"},
    "reports/o_from_f20": {"answer_to": ANA, "name": "Ana Pop"},
    "reports/o_from_f22": {"answer_to": "hans@x.example", "name": "Müller"},
    "reports/o_from_f24": {"answer_to": "first..last@docomo.example", "name": ""},
    "reports/o_from_f26": {"answer_to": ANA, "name": "Ana Pop @ ACME"},
    "reports/o_from_f28": {"answer_to": ANA, "name": "Ana;Pop"},
    "reports/p00_from": {"answer_to": ANA, "name": "Ana Pop", "verified": False},
    "reports/p02_from": {"answer_to": "kim@k1.example", "name": "Kim Lee", "verified": False},
    "reports/p03_from": {"answer_to": "desk@o1.example", "name": "[Desk] Otobo", "verified": False},
    "reports/p04_from": {"answer_to": "zoe@z1.example", "name": "", "verified": False},
    "reports/p05_from": {"answer_to": "vera@v1.example", "name": "Pop, Vera"},
    "reports/a08_from_empty_local": {"answer_to": "", "text": "Please call me back, the printer is dead."},
    "reports/j04_two_from": {"answer_to": ""},
    "kinds/k14-two-from": {"answer_to": "bo@customer.test", "name": "Bo", "text": "Hello there.", "verified": False},
    # fields
    "reports/a07_charset_1252_replyto_8bit": {"reply_to": "Kévin", "name": "Kévin", "text": "Le café coûte 3 € aujourd’hui."},
    "reports/a07c_from_q_8bit": {"name": "Jürgen Müller", "subject": "Grüße aus Köln"},
    "reports/a09_subject_mojibake": {"subject": "Re: 🧦 Socks 26 🧦What’s next? 👇"},
    "reports/b05_rtl_override_subject": {"bidi": False, "text": "hi"},
    "reports/b05c_no_subject_no_body": {"subject": "", "text": ""},
    "reports/q10_in_reply_to_no_brackets": {"in_reply_to": ("abc123@demo.example",)},
    "kinds/k13-junk-first": {"answer_to": "ann@customer.test", "subject": "Contact from the web", "text": "Hello, my form text."},
    "kinds/k15-irt": {"in_reply_to": ("a@x.test", "b@x.test"), "references": ("a@x.test", "c@x.test")},
    # files and their names
    "reports/a01_name_two_words": {"names": ("Reklamation für Pumpe 01234567890 an König.jpg",)},
    "reports/a02_name_usascii_f6": {"names": ("Platte ohne Wölbung.jpg",)},
    "reports/a03_name_2231_lang": {"names": ("Rückmeldung.txt",)},
    "reports/a03b_name_2231_lower_lang": {"names": ("Rückmeldung.txt",)},
    "reports/a05_whole_header_encoded": {**FILE, "files": (("2026-10-11_Prozeßauftrag_K.pdf", BYTES, 4),)},
    "reports/a05b_disposition_only_encoded": {**FILE, "names": ("Auftrag_Köln.pdf",)},
    "reports/a05c_raw_utf8_filename": {**FILE, "names": ("Auftrag Köln 2026.pdf",)},
    "reports/a05d_missing_value": {**FILE, "names": ("Auftrag.pdf",)},
    "reports/a05e_2231_encodedword_mix": {**FILE, "names": ("Auftrag Köln.pdf",)},
    "reports/a13_csv_cp1251": {"sizes": (21,)},
    "reports/b02_cid_nodisp": {"names": ("image001.png", "image002.png")},
    "reports/q02_windows_path_name": {"names": ("log.txt",)},
    "reports/q03_rtl_name": {"names": ("invoicefdp.exe",)},
    "reports/q06_csv_then_html_otobo": {"names": ("list.csv",), "text": "Please import the list."},
    "reports/q06b_text_with_name_no_disposition": {"names": ("error.log",), "text": LOG},
    "kinds/k17-ct-unknown": {"files": (("scan.bin", BYTES, 5),), "text": ""},
    "kinds/k17b-mixed-ct": {"files": (("scan.pdf", BYTES, 15),), "text": "See file."},
    "kinds/k17c-inline-text-file": {"names": ("router.log",), "text": f"{LOG} Thanks"},
    "kinds/mov": {"files": (("part-2.mov", "video/quicktime", 3), ("part-3.mp3", "audio/mpeg", 3), ("part-4.docx", DOCX, 3))},
    "kinds/outlook-photo": {"n_files": 1},
    "kinds/gmail-photo": {"n_files": 1},
    "kinds/ios-photo": {"n_files": 1},
    # words
    "reports/a10_windows1257": {"subject": "Pakeitimai šąskaitoje"},
    "reports/a12_usascii_8bit": {"text": "Kérem ellenőrizzék a tárhelyet, elfogy a hely: őű"},
    "reports/a12b_unknown8bit": {"text": "Kérem ellenőrizzék a tárhelyet", "n_files": 0},
    **{f"reports/a14_{number}_cte": {"text": PRICE} for number in range(6)},
    "reports/a14_6_cte_b64": {"text": "Preț greșit pe factură, vă rog verificați"},
    "reports/a15_outlook_invite_empty_text": {"holds": "Please bring the spare fuser for LF-2231, floor 2.", "names": ("part-3.ics",)},
    "reports/a16_calendar_only": {"holds": "LF-2231"},
    "reports/b01_smime_opaque": {"text": PUMP},
    "reports/b01c_smime_in_list_footer": {"holds": PUMP},
    "reports/b01d_smime_ber_indef": {"text": PUMP},
    "reports/b01e_smime_encrypted": {"text": "", "encrypted": True},
    "reports/b03_plain_is_placeholder": {"text": STOPPED},
    "reports/b03c_plain_truncated": {"text": f"{STOPPED} It prints nothing since eight, please call 0232 123 456."},
    "reports/m05_plain_nbsp_only": {"text": "The machine has stopped, error 17."},
    "reports/b11_html_conditional_outlook": {"text": "Żółta łódź nie działa"},
    "reports/b11b_meta_only_charset": {"text": "Żółta łódź nie działa, proszę o pomoc"},
    "reports/b12_iso2022jp": {"text": "プリンターが動きません"},
    "reports/b12b_ks_c_5601": {"text": "프린터가 고장났습니다 뷁", "subject": "프린터 고장 뷁"},
    "reports/b12c_utf7": {"text": "Der Drucker läuft nicht"},
    "reports/b12d_utf16": {"text": "Der Drucker läuft nicht"},
    "reports/b12e_cp850_default": {"text": "Der Drucker läuft nicht, Grüße"},
    "reports/q07_utf8_declared_wins": {"text": "Да", "subject": "Кириллица"},
    "reports/q08_utf8_declared_1252_bytes": {"text": "Le café coûte 3 €"},
    "reports/q13_html_hidden_preheader": {"text": "Real text"},
    "kinds/k11-enriched": {"text": "Plain words.", "n_files": 0},
    "kinds/k12-boundary-tail": {"text": "Hello", "n_files": 0},
    "kinds/bnd": {"text": "some text", "n_files": 0},
    "kinds/bnd2": {"text": "some text", "n_files": 0},
    "kinds/k16-charset": {"text": "äöüß und so", "subject": "Grüße", "name": "Jürgen"},
    "kinds/k16b-charset8": {"text": "Die Tür geht nicht mehr auf, bitte schicken Sie jemanden vorbei. Grüße aus Köln"},
    # kinds
    "kinds/k01-inbox-rules-loop": HUMAN,
    "kinds/human-loopfield": HUMAN,
    "kinds/human-listfwd": HUMAN,
    "kinds/human-rulesagent": HUMAN,
    "kinds/human-autofwd": HUMAN,
    "reports/k02_00_human_about_robots": HUMAN,
    "reports/k02_10_human_fwd_bounce": HUMAN,
    "reports/k04_dmarc_report": {"kind": "feedback-report", "answered": False},
    "reports/k04b_tlsrpt": {"kind": "feedback-report", "answered": False},
    # bounces
    "kinds/k06-plain-bounce": {**FAILED, "original": "mb17.c.x@example.org"},
    "kinds/k07-ja-bounce": {**FAILED, "original": "mb17.c.x@example.org"},
    "kinds/k08-bounce-no-rcpt": {"kind": "bounce", "bounced": JOE, "temporary": True},
    "kinds/rcpt-fallback-pf": FAILED,
    "kinds/k09-dsn-failed": FAILED,
    "kinds/k09-dsn-delayed": {"kind": "bounce", "bounced": JOE, "temporary": True},
    "kinds/k09-dsn-deliverable": RECEIPT,
    "kinds/k09-dsn-delivered": RECEIPT,
    "kinds/k09-dsn-relayed": RECEIPT,
    "kinds/k09-dsn-expanded": RECEIPT,
    "kinds/k10-ses-complaint": {"kind": "feedback-report", "bounced": None, "reason": "complaint about a mail to joe@other.test"},
    "kinds/k10b-ses-bounce": FAILED,
    "kinds/ses-event": FAILED,
    "reports/k03_domino": {"kind": "bounce", "bounced": ("kim@x.example",)},
    "reports/k03_exch2003": {"kind": "bounce", "bounced": ("kim@x.example",)},
    "reports/k03_exim": {"kind": "bounce", "bounced": ("kim@x.example",), "temporary": False},
    "reports/k03_exim_warn": {"kind": "bounce", "bounced": ("kim@x.example",), "temporary": True},
    "reports/k03_gmail_block": {"kind": "bounce", "bounced": ("kim@x.example",)},
    "reports/k03_mimecast": {"kind": "bounce", "bounced": ("kim@x.example",)},
    "reports/k03_qmail": {"kind": "bounce", "bounced": ("kim@x.example",), "temporary": False},
    "reports/e07_ndr_agent": {"kind": "bounce", "bounced": ("eva@agents.demo.example",), "temporary": False},
    "reports/f03_ndr_customer_full": {"kind": "bounce", "bounced": ("kim@k.example",), "temporary": False},
}


def found(message: Message, key: str, wanted: object) -> object:
    """What the message says under a key of the table."""
    files, bounce = message.attachments, message.bounce
    match key:
        case "answer_to" | "name" | "verified":
            return getattr(message.sender, key)
        case "subject" | "in_reply_to" | "references":
            return getattr(message, key)
        case "reply_to":
            return message.reply_to[0].name
        case "text":
            return squeezed(message.text)
        case "holds":
            return wanted if squeezed(str(wanted)) in squeezed(message.text) else squeezed(message.text)
        case "files":
            return tuple((file.name, file.content_type, file.size) for file in files)
        case "names":
            return tuple(file.name for file in files)
        case "sizes":
            return tuple(file.size for file in files)
        case "n_files":
            return len(files)
        case "kind":
            return message.kind.value
        case "reason":
            return message.kind_reasons[0]
        case "answered":
            return not message.suppress_auto_response
        case "bounced":
            return bounce.recipients if bounce else None
        case "temporary":
            return bounce.temporary if bounce else None
        case "original":
            return bounce.original_id if bounce else None
        case "encrypted":
            return "encrypted" in message.defects
        case "bidi":
            return any("\u202a" <= char <= "\u202e" or "\u2066" <= char <= "\u2069" for char in message.subject + message.text)
    raise KeyError(key)


@pytest.mark.parametrize("name", WANTED)
def test_case_is_read_as_it_is_meant(name: str) -> None:
    message = read((CASES / f"{name}.eml").read_bytes(), POLICY)

    assert {key: found(message, key, wanted) for key, wanted in WANTED[name].items()} == WANTED[name]


def test_every_from_field_among_the_cases_is_in_the_table() -> None:
    assert {f"reports/{file.stem}" for file in (CASES / "reports").glob("o_from*.eml")} <= WANTED.keys()
