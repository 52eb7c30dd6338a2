"""What each condition means: one mail for which it holds, and the nearest one for which it does not."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from mailbridge.message.envelope import Envelope, Source
from mailbridge.message.model import Address, Attachment, Message, Part, Reply, Sender
from mailbridge.rules.comparators import Comparator, fold
from mailbridge.rules.facts import Facts, facts_of
from mailbridge.rules.load import load
from mailbridge.rules.match import run
from mailbridge.rules.policy import Policy
from mailbridge.rules.tools.examples import facts_of_example

HERE = Path(__file__).parent
NOW = datetime(2026, 3, 4, 9, 0, tzinfo=UTC)  # a Wednesday, 11:00 in Bucharest


def policy(*conditions: str) -> Policy:
    """The small desk with a rule for each condition; rule "0" has the first."""
    files = {f"rules/{path.name}": path.read_text(encoding="utf-8") for path in (HERE / "desk").glob("*.yaml")}
    rules = "".join(f'- name: "{number}"\n  when: {when}\n  then: {{no-ack: true}}\n' for number, when in enumerate(conditions))
    loaded = load(files | {"rules/routing/10.yaml": rules})
    assert loaded.policy is not None, loaded.problems
    return loaded.policy


def holds(condition: str, **mail: Any) -> bool:
    made = policy(condition)
    values = {name.replace("_", "-") if name == "no_ack" else name: value for name, value in mail.items()}
    return bool(run(made.rules, facts_of_example(made, {"from": "ana@acme.example", **values})).rules)


def holds_for(condition: str, message: Message, **facts: Any) -> bool:
    made = policy(condition)
    return bool(run(made.rules, facts_of(message, now=NOW, organisation=made.organisation, **facts)).rules)


@pytest.mark.parametrize(
    ("condition", "yes", "no"),
    [
        ("{header: {subject: Hello}}", {"subject": "HELLO"}, {"subject": "Hello!"}),
        ("{mailbox: sales@acme.example}", {"to": ["Sales <SALES+x@acme.example>"]}, {"to": ["bills@acme.example"]}),
        ("{mailbox: sales@acme.example}", {"cc": ["sales@acme.example"]}, {"subject": "sales@acme.example"}),
        ("{mailbox: [imap-sales, x]}", {"mailbox": "Imap-Sales"}, {"mailbox": "imap"}),
        ("{channel: [outgoing, phone]}", {"channel": "outgoing"}, {"channel": "mail"}),
        ("{channel: mail}", {}, {"channel": "walk-in"}),
        ("{header: {subject: [a, b]}}", {"subject": "b"}, {"subject": "c"}),
        ('{header: {subject: {is: x, comparator: "i;octet"}}}', {"subject": "x"}, {"subject": "X"}),
        ("{header: {subject: {contains: straße}}}", {"subject": "Die STRAßE"}, {"subject": "Die Strase"}),
        ("{header: {subject: {contains: ПРИНТЕР}}}", {"subject": "мой принтер"}, {"subject": "мой принте"}),
        ('{header: {subject: {contains: ä, comparator: "i;ascii-casemap"}}}', {"subject": "xäx"}, {"subject": "xÄx"}),
        ('{header: {subject: {contains: ""}}}', {"subject": "x"}, {}),
        ('{header: {subject: {matches: "re?ort *"}}}', {"subject": "Report of May"}, {"subject": "The report of May"}),
        (r'{header: {subject: {matches: "100\\* *"}}}', {"subject": "100* x"}, {"subject": "1000 x"}),
        (r"{header: {subject: {regex: '\bпринтер\w*\b'}}}", {"subject": "Наши ПРИНТЕРЫ, два"}, {"subject": "суперпринтер"}),
        (r"{header: {subject: {regex: '\bfactur\w+'}}}", {"subject": "facturată"}, {"subject": "prefacturat"}),
        (r"{header: {subject: {regex: '^LF-\d+$'}}}", {"subject": "lf-22"}, {"subject": "lf-22 x"}),
        ("{header: {'to, cc': {contains: b@x}}}", {"cc": ["b@x.example"]}, {"cc": ["c@x.example"]}),
        ("{header: {x-l: {is: '7', comparator: 'i;ascii-numeric'}}}", {"headers": {"X-L": "007 high"}}, {"headers": {"X-L": "70"}}),
        ("{address: {from: ana@acme.example}}", {"from": "Ana <ANA@acme.example>"}, {"from": "ana@acme.example.org"}),
        ("{address: {from: {domain: acme.example}}}", {}, {"from": "ana@sub.acme.example"}),
        ("{address: {from: {localpart: {matches: 'an*'}}}}", {}, {"from": "bogdan@acme.example"}),
        ("{address: {to: {detail: billing}}}", {"to": ["desk+Billing@x.example"]}, {"to": ["billing@x.example"]}),
        ("{address: {to: {user: desk}}}", {"to": ["desk+billing@x.example"]}, {"to": ["desks@x.example"]}),
        ("{address: {sender: {domain: x.example}}}", {"headers": {"Sender": "Q <q@x.example>"}}, {"headers": {"Sender": "q@y.example"}}),
        ("{address: {'to, cc': {count: {ge: 3}}}}", {"to": ["a@x.example", "b@x.example"], "cc": ["c@x.example"]}, {"to": ["a@x.example"]}),
        ("{address: {to: {count: {eq: 0}}}}", {}, {"to": ["a@x.example"]}),
        ("{header: {x-l: {count: {lt: 1}}}}", {}, {"headers": {"X-L": ""}}),
        ("{header: {x-l: {count: {gt: 0, le: 1}}}}", {"headers": {"X-L": "1"}}, {}),
        ("{header: {subject: {count: {ne: 1}}}}", {}, {"subject": "x"}),
        ("{header: {x-l: {le: '2', comparator: 'i;ascii-numeric'}}}", {"headers": {"X-L": "1 (Highest)"}}, {"headers": {"X-L": "10"}}),
        ("{header: {x-l: {gt: b}}}", {"headers": {"X-L": "C"}}, {"headers": {"X-L": "B"}}),
        ("{mime: {contenttype: application/pdf}}", {"attachments": ["a.pdf"]}, {"attachments": ["a.txt"]}),
        ("{mime: {type: image, filename: {matches: '*.png'}}}", {"attachments": ["a.png"]}, {"attachments": ["a.png.zip", "b.jpg"]}),
        ("{mime: {subtype: [zip, pdf]}}", {"attachments": ["a.zip"]}, {}),
        ("{spamtest: {percent: {ge: '80'}}}", {"headers": {"X-Spam-Score": "8.5"}}, {"headers": {"X-Spam-Score": "7"}}),
        ("{spamtest: {count: {eq: 0}}}", {}, {"headers": {"X-Spam-Score": "0"}}),
        ("{body: {raw: {contains: hello}}}", {"text": "Hello"}, {"text": "Help"}),
        ("{envelope: {to: {localpart: vip}}}", {"to": ["vip@x.example"]}, {"to": ["vip2@x.example"]}),
        ("{exists: [x-one, x-two]}", {"headers": {"X-One": "1", "X-TWO": ""}}, {"headers": {"X-One": "1"}}),
        ("{size: {over: 1M}}", {"size": (1 << 20) + 1}, {"size": 1 << 20}),
        ("{size: {under: 1K}}", {"size": 1023}, {"size": 1024}),
        ("{body: {contains: on fire}}", {"text": "It is ON FIRE."}, {"text": "on  fire"}),
        ("{attachment: true}", {"attachments": ["a.pdf"]}, {}),
        ("{attachment: false}", {}, {"attachments": ["a.pdf"]}),
        ("{attachment: {name: {matches: '*.pdf'}}}", {"attachments": ["A.PDF"]}, {"attachments": ["a.pdf.txt"]}),
        ("{attachment: {count: {over: 1}}}", {"attachments": ["a", "b"]}, {"attachments": ["a"]}),
        ("{currentdate: {weekday: [sat, sun]}}", {"at": datetime(2026, 3, 7, 12, tzinfo=UTC)}, {"at": NOW}),
        ("{currentdate: {hour: {ge: '11'}}}", {"at": NOW}, {"at": NOW.replace(hour=8)}),
        ("{currentdate: {zone: '+0000', hour: {eq: '9'}}}", {"at": NOW}, {"at": NOW.replace(hour=10)}),
        ("{currentdate: {date: {lt: '2026-04-01'}}}", {"at": NOW}, {"at": NOW.replace(month=4, day=1)}),
        ("{spamtest: {ge: '6'}}", {"headers": {"X-Spam-Score": "5.0"}}, {"headers": {"X-Spam-Score": "3.9"}}),
        ("{spamtest: '0'}", {}, {"headers": {"X-Spam-Score": "0.1"}}),
        ("{virustest: '5'}", {"headers": {"X-Virus-Status": "Infected (Eicar)"}}, {"headers": {"X-Virus-Status": "Clean"}}),
        ("{spam-score: {over: 4.5}}", {"headers": {"X-Spamd-Result": "default: False [4.60 / 15.00]; X"}}, {}),
        ("{kind: [list, bounce]}", {"kind": "list"}, {"kind": "human"}),
        ("{language: ro}", {"language": "ro"}, {"language": "ru"}),
        ("{authenticity: verified}", {"verified": True}, {"verified": False}),
        ("{writer: customer}", {}, {"from": "x@elsewhere.example"}),
        ("{writer: agent}", {"agent": "ana"}, {}),
        ("{hours: {open: support}}", {"at": NOW}, {"at": NOW.replace(hour=18)}),
        ("{hours: {closed: support}}", {"at": datetime(2026, 12, 1, 10, tzinfo=UTC)}, {"at": datetime(2026, 12, 2, 10, tzinfo=UTC)}),
        ("{hours: {closed: support}}", {"open": []}, {"open": ["support"]}),
        ("{load: {team: support, over: 10}}", {"load": {"support": 11}}, {"load": {"support": 10}}),
        ("{reply: true}", {"reply": True}, {}),
        ("{reply: false}", {}, {"reply": True}),
        ("{ticket: {status: open}}", {"reply": True}, {}),
        ("{customer: true}", {}, {"from": "x@elsewhere.example"}),
        ("{customer: acme}", {"from": "x@it.acme.example"}, {"from": "x@acme.example.org"}),
        ("{tier: gold}", {}, {"from": "x@elsewhere.example"}),
        ("{region: east}", {}, {"from": "x@elsewhere.example"}),
        ("{contract: gold}", {}, {"from": "x@elsewhere.example"}),
        ("{location: iasi}", {"subject": "lf 2231 is broken"}, {"from": "x@elsewhere.example"}),
        ("{equipment: {model: {matches: 'laserfast *'}}}", {"text": "Seria LF2231."}, {"text": "Seria LF-22310"}),
        ("{equipment: {type: printer, location: iasi}}", {"subject": "LF-2231"}, {"subject": "LF-2232"}),
        ("{not: {kind: human}}", {"kind": "list"}, {"kind": "human"}),
        ("{any: [{kind: list}, {language: ro}]}", {"language": "ro"}, {"language": "ru"}),
        ("[{kind: human}, {language: ro}]", {"language": "ro"}, {"language": "ru"}),
        ("{kind: human, language: ro}", {"language": "ro"}, {"language": "ru"}),
    ],
)  # fmt: skip
def test_a_condition_holds_for_one_mail_and_not_for_the_other(condition: str, yes: dict[str, Any], no: dict[str, Any]) -> None:
    assert holds(condition, **yes)
    assert not holds(condition, **no)


def a_message(**values: Any) -> Message:
    sender = Address(address="ana@acme.example")
    return Message(**{"sender": Sender(address=sender.address), "from_": (sender,), "subject": "x", **values})


def test_a_rule_that_does_not_ask_about_replies_looks_only_at_mail_that_opens_a_ticket() -> None:
    assert holds("{kind: human}")
    assert not holds("{kind: human}", reply=True)
    assert holds("[{kind: human}, {reply: any}]", reply=True)


def test_the_body_is_what_the_person_wrote_now_unless_the_whole_text_is_asked_for() -> None:
    text = "Thanks!\n> the server is on fire"
    message = a_message(text=text, reply=Reply(text=text, spans=(), fresh="Thanks!"))

    assert not holds_for("{body: {contains: on fire}}", message)
    assert holds_for("{body: {text: {contains: on fire}}}", message)


def test_a_part_of_the_body_is_found_by_its_type() -> None:
    parts = (Part(path="1", content_type="text/html", size=9, sha256="", text="<b>fire</b>"),)
    message = a_message(parts=parts)

    assert holds_for("{body: {content: {text/html: {contains: <b>}}}}", message)
    assert holds_for("{body: {content: {text: {contains: <b>}}}}", message)
    assert not holds_for("{body: {content: {text/plain: {contains: <b>}}}}", message)


def test_the_raw_body_is_what_came_and_not_what_it_means() -> None:
    raw = b"Subject: =?utf-8?q?caf=C3=A9?=\r\n\r\n--b\r\nContent-Transfer-Encoding: base64\r\n\r\naGVsbG8=\r\n--b--"
    message = Message(text="hello", reply=Reply(text="hello", spans=(), fresh="hello"))

    assert holds_for("{body: {raw: {contains: aGVsbG8=}}}", message, raw=raw)
    assert not holds_for("{body: {raw: {contains: hello}}}", message, raw=raw)
    assert not holds_for("{body: {raw: {contains: café}}}", message, raw=raw), "the header is not part of the body"


def test_a_part_is_asked_as_one_by_its_own_header() -> None:
    parts = (Part(path="1", content_type="text/html", size=1, sha256=""), Part(path="2", content_type="image/png", size=1, sha256=""))
    picture = Attachment(
        part="2", name="logo.png", original_name="Logo.PNG", content_type="image/png", size=1, sha256="", disposition="inline"
    )
    message = Message(parts=parts, attachments=(picture,))

    assert holds_for("{mime: {type: text, subtype: html}}", message)
    assert holds_for("{mime: {type: image, disposition: inline, filename: {is: Logo.PNG, comparator: 'i;octet'}}}", message)
    assert not holds_for("{mime: {type: text, disposition: inline}}", message)


def test_who_has_to_fetch_the_raw_mail_is_told() -> None:
    assert "body raw" in policy("{body: {raw: {contains: x}}}").rules.asks
    assert "body raw" not in policy("{body: {contains: x}}").rules.asks


def test_name_and_size_are_asked_of_the_same_attachment() -> None:
    files = [("a.pdf", 10), ("b.txt", 5_000_000)]
    attachments = tuple(Attachment(part="2", name=n, content_type="application/pdf", size=s, sha256="") for n, s in files)
    condition = "{attachment: {name: {matches: '*.pdf'}, size: {over: 1M}}}"

    assert not holds_for(condition, a_message(attachments=attachments))
    assert holds_for(
        condition, a_message(attachments=(*attachments, Attachment(part="4", name="c.pdf", content_type="", size=2 << 20, sha256="")))
    )


def test_the_index_chooses_one_field_from_either_end() -> None:
    message = a_message(headers=(("Received", "from a"), ("Received", "from b"), ("Received", "from c")))

    assert holds_for("{header: {received: {contains: b, index: 2}}}", message)
    assert holds_for("{header: {received: {contains: c, index: -1}}}", message)
    assert not holds_for("{header: {received: {contains: a, index: -1}}}", message)
    assert not holds_for("{header: {received: {contains: a, index: 4}}}", message)


def test_the_null_sender_is_an_empty_address_and_an_unknown_one_is_none() -> None:
    null = Envelope(source=Source.SMTP, received_at=NOW, mail_from="")
    unknown = Envelope(source=Source.IMAP, received_at=NOW, mail_from=None)
    condition = '{envelope: {from: ""}}'

    assert holds_for(condition, a_message(), envelope=null)
    assert not holds_for(condition, a_message(), envelope=unknown)


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ("year", "2026"), ("month", "03"), ("day", "04"), ("date", "2026-03-04"), ("julian", "61103"), ("hour", "22"), ("minute", "05"),
        ("second", "09"), ("time", "22:05:09"), ("iso8601", "2026-03-04T22:05:09-05:00"), ("std11", "Wed, 04 Mar 2026 22:05:09 -0500"),
        ("offset", "-0500"), ("weekday", "3"),
    ],
)  # fmt: skip
def test_parts_of_a_date_are_those_of_rfc_5260(part: str, expected: str) -> None:
    message = a_message(headers=(("Received", "from x; by y; Wed, 4 Mar 2026 22:05:09 -0500"),))

    assert holds_for(f'{{date: {{header: received, zone: original, {part}: "{expected}"}}}}', message)


def test_a_device_of_another_customer_is_not_found_by_its_serial_number() -> None:
    other = "customers:\n  acme:\n    domains: [acme.example]\n  rival:\n    equipment: [{serial: LF-2231}]\n"
    files = {f"rules/{p.name}": p.read_text(encoding="utf-8") for p in (HERE / "desk").glob("*.yaml")}
    rule = "- name: x\n  when: {equipment: true}\n  then: {no-ack: true}\n"
    loaded = load(files | {"rules/customers.yaml": other, "rules/routing/1.yaml": rule, "rules/sla.yaml": ""})
    assert loaded.policy is not None

    def found(sender: str) -> bool:
        assert loaded.policy is not None
        return bool(run(loaded.policy.rules, facts_of_example(loaded.policy, {"from": sender, "subject": "LF-2231"})).rules)

    assert not found("ana@acme.example")
    assert found("stranger@elsewhere.example")


def test_no_condition_fails_on_an_empty_mail() -> None:
    conditions = [
        "{header: {x: y}}", "{address: {from: x}}", "{envelope: {from: x}}", "{exists: x}", "{size: {over: 1}}", "{body: x}",
        "{attachment: true}", "{date: {hour: '1'}}", "{spamtest: '1'}", "{virustest: '1'}", "{spam-score: {over: 1}}", "{language: ro}",
        "{ticket: {age: {over: 1h}}}", "{team: support}", "{assignee: ana}", "{tag: vpn}", "{field: {a: b}}", "{customer: true}",
        "{contract: {name: x}}", "{location: {region: x}}", "{equipment: true}",
    ]  # fmt: skip
    made = policy(*conditions)

    assert run(made.rules, Facts(message=Message(), now=NOW, organisation=made.organisation)).rules == ()


def test_folding_takes_the_short_way_only_where_it_is_the_same() -> None:
    """RFC 5051: simple titlecase, decomposed; `str.upper` is not that for every character of Unicode."""
    characters = [chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000]
    simple = [c.title() if len(c.title()) == 1 else c for c in characters]

    wrong = [c for c, title in zip(characters, simple, strict=True) if fold(c, Comparator.UNICODE) != unicodedata.normalize("NFKD", title)]
    assert wrong == []


def test_a_text_that_grows_while_it_is_folded_is_cut() -> None:
    assert len(fold("\ufdfa" * 65_536, Comparator.UNICODE)) < 250_000
    assert fold("e\u0301" * 10_000, Comparator.UNICODE) == "E\u0301" * 10_000


def test_a_mailbox_is_one_of_the_desks_own_addresses() -> None:
    """A stranger's address in To is none, whatever the condition says; what Delivered-To says counts."""
    message = Message(to=(Address(address="sales@other.example"),), headers=(("Delivered-To", "<bills@acme.example>"),))
    own = ("sales@acme.example", "bills@acme.example")

    assert not holds_for("{mailbox: sales@other.example}", message, own_addresses=own)
    assert holds_for("{mailbox: bills@acme.example}", message, own_addresses=own)
    assert not holds_for("{mailbox: bills@acme.example}", message, own_addresses=own[:1])
