"""Every attack mail through the whole desk, held to the outcome that its author allows.

The mails are read from the folder named by MAILBRIDGE_HOSTILE (default: beside the corpus); where they are absent this is said, not
passed over.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from mailbridge.config.model import DeskSettings
from mailbridge.conversation.tokens import Purpose
from mailbridge.handling.outcome import MailOutcome
from mailbridge.notifications.model import Audience
from tests.asked import asked
from tests.harness import TestDesk, a_config, a_desk, a_mail, write_rules

CORPUS = Path(asked("MAILBRIDGE_CORPUS") or Path(__file__).parents[3] / "shared" / "corpus")
FOLDER = Path(asked("MAILBRIDGE_HOSTILE") or CORPUS.parent / "hostile")
MANIFEST = json.loads((FOLDER / "manifest.json").read_text()) if (FOLDER / "manifest.json").exists() else {"mails": []}

CAROL, FRANK, AGENT = "carol@customer.test", "frank@other.test", "agent@example.test"
RULES = {
    "teams.yaml": """
teams:
  support: {title: Support, members: [agent]}
agents:
  agent: {title: Agent, address: agent@example.test}
  boss: {title: Boss, address: boss@example.test, manager: true}
default: support
""",
    "sla.yaml": "targets:\n  normal: {response: 4h}\n",
}
# What the desk holds until the agent confirms it is on no ticket and nothing was done with it: at least as careful as both.
HELD = {"ticket", "quarantine"}
DISPOSITION = {
    MailOutcome.TICKET: "ticket",
    MailOutcome.APPEND: "append",
    MailOutcome.QUARANTINED: "quarantine",
    MailOutcome.DUPLICATE: "ignore",
    MailOutcome.KEPT: "ignore",
    MailOutcome.IGNORED: "ignore",
}
PRIVILEGED = {"StatusChanged", "AssigneeChanged", "TeamChanged", "PriorityChanged"}


def cases() -> list[dict[str, Any]]:
    return [case for case in MANIFEST["mails"] if case["name"] != "thread-duplicate-b"]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A desk with a ticket of carol's and one of another customer's, to be copied for each attack."""
    folder = tmp_path_factory.mktemp("hostile")
    write_rules(folder, RULES)
    with open_desk(folder) as desk:
        desk.feed(a_mail("My printer is broken.", to="support@example.test"), rcpt_to=("support@example.test",))
        other = a_mail("Mine too.", from_=FRANK, to="support@example.test", message_id="<f@other.test>")
        desk.feed(other, mail_from=FRANK, rcpt_to=("support@example.test",))
        desk.pass_time(hours=2)  # what carol got before does not count against the cap on acknowledgements
        desk.app.store.checkpoint()
    return folder


def open_desk(folder: Path) -> Any:
    desk = DeskSettings(name="Example", address="support@example.test", authserv_ids=("mx.example.test",), admins=("boss@example.test",))
    return a_desk(folder, desk=desk, limits=a_config(folder).limits)


@pytest.fixture
def desk(base: Path, tmp_path: Path) -> Iterator[TestDesk]:
    folder = tmp_path / "desk"
    shutil.copytree(base, folder)
    with open_desk(folder) as desk:
        desk.pass_time(hours=2)
        yield desk


@pytest.mark.skipif(not MANIFEST["mails"], reason=f"the hostile mails are not in {FOLDER}; name their folder with MAILBRIDGE_HOSTILE")
@pytest.mark.parametrize("case", [pytest.param(case, id=case["name"]) for case in cases()])
def test_attack_stays_within_what_is_allowed(desk: TestDesk, case: dict[str, Any]) -> None:
    expect, raw = case["expect"], filled(mail_of(case), desk)
    if "agent_revoked" in case["needs"]:
        teams = desk.app.config.folder / "rules" / "teams.yaml"
        teams.write_text(
            teams.read_text()
            .replace("members: [agent]", "members: [boss]")
            .replace("  agent: {title", "  gone: {title")
            .replace(AGENT, "gone@example.test")
        )
        desk.app.rules.refresh(at_once=True)
    tickets, promised, seen = {t.id: t for t in desk.tickets()}, len(desk.promises()), events(desk)

    done = desk.feed(raw, mail_from=envelope_from(raw), rcpt_to=recipients(raw))
    result = done.result
    news = desk.promises()[promised:]

    allowed = HELD if result.outcome is MailOutcome.HELD else {DISPOSITION[result.outcome]}
    assert allowed & set(expect["disposition"]), result
    # Mail to strangers is what an attacker wants; what the desk tells its own people is not counted here.
    outward = [n for n in news if n.audience is Audience.CUSTOMER]
    assert len(outward) <= expect["max_out"], outward
    assert not {n.recipient for n in news} & set(expect.get("never_to", ()))
    commanded = {name for name, ticket in events(desk) - seen if ticket in tickets and name in PRIVILEGED}
    if expect["privileged"]:
        assert commanded
    elif result.outcome is not MailOutcome.APPEND:
        assert not commanded
        assert {t.id: t for t in desk.tickets() if t.id in tickets} == tickets
    if expect.get("identity") and result.outcome is MailOutcome.TICKET:
        requester = desk.ticket(result.ticket or 0).requester
        assert requester is not None
        assert requester.address == expect["identity"]
    check_words(desk, result.ticket, result.mail, expect)
    check_raw(desk, done.inbox, raw)
    assert desk.feed(a_mail("And a good one.", message_id="<good@customer.test>", to="support@example.test")).result.ticket
    desk.assert_sound()
    desk.deliver()


@pytest.mark.skipif(not MANIFEST["mails"], reason="the hostile mails are absent")
def test_second_copy_is_ignored_without_an_acknowledgement(desk: TestDesk) -> None:
    first, second = (next(case for case in MANIFEST["mails"] if case["name"] == f"thread-duplicate-{letter}") for letter in "ab")
    desk.feed(filled(mail_of(first), desk))
    promised = len(desk.promises())
    assert desk.feed(filled(mail_of(second), desk)).result.outcome is MailOutcome.DUPLICATE
    assert len(desk.promises()) == promised


@pytest.mark.skipif(not MANIFEST["mails"], reason="the hostile mails are absent")
def test_at_most_a_tenth_is_quarantined(base: Path, tmp_path: Path) -> None:
    shutil.copytree(base, tmp_path / "desk")
    with open_desk(tmp_path / "desk") as desk:
        for case in cases():
            raw = filled(mail_of(case), desk)
            desk.accept(raw, mail_from=envelope_from(raw), rcpt_to=recipients(raw))
        done = desk.work()
    quarantined = [one for one in done if one.result.outcome is MailOutcome.QUARANTINED]
    assert len(quarantined) <= len(cases()) // 10


def mail_of(case: dict[str, Any]) -> bytes:
    return (FOLDER / "mails" / Path(case["file"]).name).read_bytes()


def filled(raw: bytes, desk: TestDesk) -> bytes:
    """The mail with live tokens in its placeholders."""
    signer = desk.app.signer
    address = signer.reply_address(1, CAROL, Purpose.CUSTOMER)
    local, _, domain = address.partition("@")
    values = {
        "@@REPLY_ADDRESS@@": address,
        "@@REPLY_ADDRESS_BITFLIP@@": f"{local[:-1]}{'a' if local[-1] != 'a' else 'b'}@{domain}",
        "@@REPLY_ADDRESS_TICKET2@@": address.replace("mb1.", "mb2."),
        "@@REPLY_ADDRESS_TICKET2_VALID@@": signer.reply_address(2, FRANK, Purpose.CUSTOMER),
        "@@AGENT_REPLY_ADDRESS@@": signer.reply_address(1, AGENT, Purpose.AGENT),
        "@@REPLY_TOKEN@@": local.rpartition(".")[2],
        "@@OUR_MESSAGE_ID@@": f"<{desk.promise_to(CAROL, 'received').message_id}>",
    }
    if raw.startswith(b"Return-Path: <agent@example.test>"):
        values["@@REPLY_ADDRESS@@"] = values["@@AGENT_REPLY_ADDRESS@@"]  # an agent answers the mail that the agent got
    for name, value in values.items():
        raw = raw.replace(name.encode(), value.encode())
    return raw


def envelope_from(raw: bytes) -> str | None:
    found = re.search(rb"^Return-Path: *<([^>\r\n]*)>", raw, re.M | re.I)
    return found[1].decode("utf-8", "replace") if found else None


def recipients(raw: bytes) -> tuple[str, ...]:
    found = re.search(rb"^(?:Delivered-To|X-Original-To): *<?([^>\r\n]*)>?", raw, re.M | re.I)
    return (found[1].decode("utf-8", "replace").strip(),) if found else ("support@example.test",)


def events(desk: TestDesk) -> set[tuple[str, int]]:
    with desk.app.store.read() as tx:
        return {
            (type(e.what).__name__, t.id) for t in tx.tickets.find(limit=100) for e in tx.events.of_ticket(t.id) if e.actor.kind == "agent"
        }


def check_words(desk: TestDesk, ticket: int | None, mail: int | None, expect: dict[str, Any]) -> None:
    with desk.app.store.read() as tx:
        stored = tx.mails.get(mail) if mail else None
    if stored is None:
        assert not expect.get("body_contains")
        return
    if "subject" in expect:
        assert stored.subject == expect["subject"]
    for words in expect.get("body_contains", ()):
        assert words in stored.text.replace("\r\n", "\n")


def check_raw(desk: TestDesk, inbox: int, raw: bytes) -> None:
    with desk.app.store.read() as tx:
        row = tx.inbox.get(inbox)
        assert row is not None
        kept = tx.blobs.get(row.sha256)
    assert sha256(kept).digest() == sha256(raw).digest()
