"""What becomes of the cases of `kinds`, `reports` and `providers` about robots, forms and lists, on a whole desk: ticket or kept, who is
the requester, who gets a receipt.  An altered value turns a test red."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from mailbridge.config.model import DeskSettings
from mailbridge.handling.outcome import MailOutcome
from mailbridge.message.model import Kind
from tests.conformance.suites import default_cases
from tests.harness import TestDesk, a_config, a_desk

CASES = default_cases()
pytestmark = pytest.mark.skipif(not CASES.is_dir(), reason=f"no cases at {CASES}; MAILBRIDGE_CASES names another folder")

ANN, ANA, CAROL = "ann@customer.test", "ana@acme.example", "carol@customer.example"
KEPT: tuple[str, str, str] | None = None

# mail: requester, its kind, who gets a receipt ('' nobody); None: kept on no ticket
WANTED: dict[str, tuple[str, str, str] | None] = {
    "providers/exchange-rule-redirected-customer": (CAROL, "human", CAROL),
    "kinds/k01-inbox-rules-loop": (ANN, "human", ANN),
    "kinds/human-rulesagent": (ANN, "human", ANN),
    "kinds/human-loopfield": (ANN, "human", ""),
    "kinds/human-listfwd": (ANN, "human", ""),
    "kinds/human-autofwd": (ANN, "human", ""),
    **{f"kinds/k05-vac{number}": (ANN, "auto-reply", "") for number in range(9)},
    "kinds/k05-vac9": (ANN, "human", ANN),
    "reports/c01_form_from_self": ("vera@customer.example", "human", "vera@customer.example"),
    "reports/c02_form_wordpress": ("vera@customer.example", "human", "vera@customer.example"),
    "reports/c04_mailman_via": ("vera@strict.example", "human", ""),
    "reports/k08_monitor_precedence_bulk_webform": ("vera@v.example", "human", ""),
    "reports/j05_own_group_from_intact": ("vera@v.example", "human", "vera@v.example"),
    "reports/j06_from_other_own_address": ("help@demo.example", "human", ""),
    "reports/j09_other_desk_ack": ("desk@other.example", "human", ""),
    "reports/e15_noreply": ("no-reply@shop.example", "human", ""),
    "reports/e14_from_reply_address": KEPT,
    "reports/k02_00_human_about_robots": (ANA, "human", ANA),
    "reports/k02_01_human_about_robots": (ANA, "auto-reply", ""),
    "reports/k02_05_human_about_robots": (ANA, "auto-reply", ""),
    "reports/k02_10_human_fwd_bounce": (ANA, "human", ANA),
    "reports/k04_dmarc_report": KEPT,
    "reports/k04b_tlsrpt": KEPT,
    "reports/k05_outlook_read_notnotif": KEPT,
    # A person by the sender's own word (RFC 3834), who wants no automatic answer: X-Auto-Response-Suppress names AutoReply.
    "reports/k07_human_with_autosubmitted_no": (ANA, "human", ""),
    "reports/q01_00_auto_header": (ANA, "auto-reply", ""),
    "reports/q01_09_auto_header": (ANA, "human", ANA),
    "reports/q01_10_auto_header": (ANA, "auto-generated", ""),
    "reports/q01_11_auto_header": KEPT,
    "reports/q01_12_auto_header": (ANA, "auto-generated", ""),
    "reports/q01_15_auto_header": (ANA, "auto-generated", ""),
    **{f"reports/k01_{number:02}_vacation_subject": (ANA, "auto-reply", "") for number in range(27) if number not in (23, 24)},
}


@pytest.fixture(scope="module")
def desks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, TestDesk]]:
    """A desk for each address that the cases are written to: one database, many mails."""
    names = {"support@demo.example", "support@example.org", "support@acme.example"}
    folders: dict[str, Path] = {name: tmp_path_factory.mktemp("desk") for name in names}
    opened = {}
    contexts = []
    for name, folder in folders.items():
        config = a_config(folder)
        host = name.partition("@")[2]
        desk = DeskSettings(name="Desk", address=name, also=(f"help@{host}",), authserv_ids=(f"mx.{host}",))
        context = a_desk(folder, desk=desk, limits=replace(config.limits, acks_per_sender_hour=1000, tickets_per_sender_hour=1000))
        contexts.append(context)
        opened[name] = context.__enter__()
    yield opened
    for context in contexts:
        context.__exit__(None, None, None)


@pytest.mark.parametrize("name", WANTED)
def test_the_right_thing_becomes_of_it(desks: dict[str, TestDesk], name: str) -> None:
    raw = (CASES / f"{name}.eml").read_bytes()
    address = next(own for own in desks if own.encode() in raw.lower())
    desk, wanted = desks[address], WANTED[name]
    before = len(desk.promises(event="received"))
    envelope = "" if b"multipart/report" in raw else "sender@outside.test"
    result = desk.feed(raw, mail_from=envelope, rcpt_to=(address,)).result
    receipts = [n.recipient for n in desk.promises(event="received")][before:]
    with desk.app.store.read() as tx:
        mail = tx.mails.get(result.mail or 0)
    assert mail is not None
    if wanted is None:
        assert (result.outcome, receipts) == (MailOutcome.KEPT, [])
        return
    requester, kind, thanked = wanted
    assert result.outcome is MailOutcome.TICKET
    ticket = desk.ticket(result.ticket or 0)
    assert (ticket.requester.address if ticket.requester else "", Kind(mail.kind)) == (requester, Kind(kind))
    assert receipts == ([thanked] if thanked else [])
