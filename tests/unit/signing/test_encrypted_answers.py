"""`#encrypt` in an agent's answer, and what is said of mails that came encrypted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from email.message import Message
from pathlib import Path

import pytest

from mailbridge.cli.history import story
from mailbridge.cli.rules import _story
from mailbridge.config.model import Identity
from mailbridge.message.encryption import encryption_note
from mailbridge.notifications.summary import Viewer
from mailbridge.tickets.event_types.mails import DeliveryFailed, MessageAdded
from tests.flows.test_agents_lines import seen, writes
from tests.harness import TestDesk, a_config, a_desk, a_mail, proven
from tests.smime import CAROL, DESK, openssl

SECRET = b"Content-Type: text/plain; charset=utf-8\r\n\r\nThe code is 4711.\r\n"


@pytest.fixture
def certificates(tmp_path: Path) -> Path:
    folder = tmp_path / "certificates"
    folder.mkdir()
    return folder


@pytest.fixture
def desk(pki: Path, tmp_path: Path, certificates: Path) -> Iterator[TestDesk]:
    """A desk with a key, and a folder of certificates without any yet."""
    identity = Identity(address=DESK, smime_certificate_file=pki / "desk.chain.pem", smime_key_file=pki / "desk.key")
    settings = replace(a_config(tmp_path).desk, identities=(identity,))
    with a_desk(tmp_path, desk=settings, smime_certificates=certificates) as made:
        yield made


def to_carol(desk: TestDesk) -> list[Message]:
    """What Carol got besides the receipt."""
    return [mail for mail in desk.deliver() if CAROL in str(mail["To"])][1:]


def opened(pki: Path, mail: Message) -> bytes:
    return openssl("cms", "-decrypt", "-inkey", f"{pki}/carol.key", "-recip", f"{pki}/carol.pem", given=mail.as_bytes())


def certify(pki: Path, certificates: Path) -> None:
    (certificates / f"{CAROL}.pem").write_bytes((pki / "carol.pem").read_bytes())


def secret_mail(pki: Path) -> bytes:
    top = b"From: Carol Jones <carol@customer.test>\r\nTo: support@desk.test\r\nSubject: Secret\r\nMessage-ID: <s@customer.test>\r\n"
    inside = openssl("cms", "-encrypt", "-aes256", "-outform", "SMIME", "-binary", f"{pki}/desk.pem", given=SECRET)
    return proven(top + b"Date: Mon, 23 Nov 2026 09:00:00 +0000\r\n" + inside, domain="customer.test")


def answer_of(desk: TestDesk) -> MessageAdded:
    with desk.app.store.read() as tx:
        return [event.what for event in tx.events.of_ticket(1) if isinstance(event.what, MessageAdded)][-1]


@pytest.mark.parametrize("word", ["#encrypt", "#criptează", "#зашифруй"])
def test_an_answer_goes_encrypted_and_everybody_is_told(pki: Path, desk: TestDesk, certificates: Path, word: str) -> None:
    desk.feed(a_mail())
    to_carol(desk)
    certify(pki, certificates)
    writes(desk, f"{word}\n\nThe new code is plum-tree-815.")

    (mail,) = to_carol(desk)

    assert mail.get_content_type() == "application/pkcs7-mime"
    assert b"plum-tree-815" in opened(pki, mail)
    assert answer_of(desk).encrypted
    assert f"Your text was sent to {CAROL}" in seen(desk, "commands")
    writes(desk, "#full")
    assert "The new code is plum-tree-815" in seen(desk, "history")


def test_without_a_certificate_the_answer_waits_and_its_agent_is_told_who_lacks_it(pki: Path, desk: TestDesk, certificates: Path) -> None:
    desk.feed(a_mail())
    to_carol(desk)
    writes(desk, "#encrypt\n\nThe new code is plum-tree-815.")

    assert to_carol(desk) == []
    assert "so nothing was sent" in seen(desk, "commands")
    assert CAROL in seen(desk, "commands")
    assert "Your answer has not been sent yet: the desk has no certificate" in seen(desk, "confirm")

    certify(pki, certificates)
    writes(desk, "yes", answers="confirm")
    (mail,) = to_carol(desk)
    assert b"plum-tree-815" in opened(pki, mail)
    assert mail.get_content_type() == "application/pkcs7-mime"


def test_who_is_added_in_the_same_mail_counts(pki: Path, desk: TestDesk, certificates: Path) -> None:
    desk.feed(a_mail())
    certify(pki, certificates)
    to_carol(desk)
    writes(desk, "#encrypt\n#cc dan@customer.test\n\nThe new code is plum-tree-815.")

    assert to_carol(desk) == []
    assert "dan@customer.test" in seen(desk, "commands")
    assert b"plum-tree-815" not in b"".join(mail.as_bytes() for mail in desk.sent() if "dan@customer" in str(mail["To"]))


def test_a_certificate_that_is_gone_when_the_mail_leaves_lets_it_wait(pki: Path, desk: TestDesk, certificates: Path) -> None:
    desk.feed(a_mail())
    to_carol(desk)
    certify(pki, certificates)
    writes(desk, "#encrypt\n\nThe new code is plum-tree-815.")
    (certificates / f"{CAROL}.pem").unlink()

    assert to_carol(desk) == []
    with desk.app.store.read() as tx:
        (row,) = [row for row in tx.outbox.list(limit=20) if row.notification.event == "answered"]
        failed = [event.what for event in tx.events.of_ticket(1) if isinstance(event.what, DeliveryFailed)]
    assert (row.state, "there is no file" in row.error) == ("deferred", True)
    assert [one.waits for one in failed] == [True], "the history says that it waits, not that it failed"
    told = seen(desk, "bounced")
    assert "It could not be encrypted, so it waits: it is not sent in plain text." in told
    assert f"Reason: the mail cannot be encrypted: there is no file {CAROL}.pem" in told
    desk.pass_time(minutes=20)
    desk.deliver()
    assert len([one for one in desk.promises() if one.event == "bounced"]) == 1, "told once"


def test_whoever_comes_later_does_not_get_its_text_in_plain(pki: Path, desk: TestDesk, certificates: Path) -> None:
    desk.feed(a_mail())
    to_carol(desk)
    certify(pki, certificates)
    writes(desk, "#encrypt\n\nThe new code is plum-tree-815.")
    desk.deliver()
    writes(desk, "#cc dan@customer.test")
    desk.deliver()

    to_dan = [mail for mail in desk.sent() if "dan@customer" in str(mail["To"])]
    assert len(to_dan) == 1
    assert "plum-tree-815" not in to_dan[0].as_string()


def first_mail(desk: TestDesk, body: str, *, to: str = "support@desk.test") -> None:
    writes(desk, body, to=to, subject="New code")


@pytest.mark.parametrize("how", ["#to carol@customer.test", "#for carol@customer.test\n#channel phone"])
def test_a_first_mail_goes_encrypted(pki: Path, desk: TestDesk, certificates: Path, how: str) -> None:
    certify(pki, certificates)
    first_mail(desk, f"{how}\n#encrypt\n\nThe new code is plum-tree-815.")

    (mail,) = [mail for mail in desk.deliver() if CAROL in str(mail["To"])]
    assert b"plum-tree-815" in opened(pki, mail)
    assert b"plum-tree-815" not in mail.as_bytes()
    assert answer_of(desk).encrypted


def test_a_first_mail_that_cannot_be_encrypted_is_a_note(pki: Path, desk: TestDesk, certificates: Path) -> None:
    certify(pki, certificates)
    first_mail(desk, "#to carol@customer.test, dan@customer.test\n#encrypt\n\nThe new code is plum-tree-815.")

    assert [mail for mail in desk.deliver() if "customer.test" in str(mail["To"])] == []
    assert answer_of(desk).internal
    assert not answer_of(desk).to_customer
    assert desk.ticket().status != "waiting", "nobody was asked anything"
    told = seen(desk, "commands")
    assert "nothing was sent and your text was kept as a note" in told
    assert "dan@customer.test" in told
    assert "nothing was sent, because another line could not be done" in told
    assert "also contains #note" not in told


@pytest.mark.parametrize(
    ("to", "said"),
    [
        ("support@desk.test", "your mail opens a ticket of your own"),
        ("carol@customer.test, support@desk.test", "sent the mail to the customer already"),
    ],
)
@pytest.mark.parametrize("line", ["#encrypt", "#public", "#note"])
def test_in_a_mail_that_the_desk_sends_to_nobody_the_line_is_told_as_not_done(desk: TestDesk, line: str, to: str, said: str) -> None:
    first_mail(desk, f"{line}\n\nThe new code is plum-tree-815.", to=to)

    assert said in seen(desk, "commands")


def test_a_note_stays_a_note(desk: TestDesk) -> None:
    desk.feed(a_mail())
    to_carol(desk)
    writes(desk, "#note\n#encrypt\n\nThe new code is plum-tree-815.")

    assert to_carol(desk) == []
    assert answer_of(desk).internal
    assert "#note, so it was kept internal" in seen(desk, "commands")


def test_agents_read_that_a_mail_came_encrypted_and_a_plain_answer_does_not_quote_it(pki: Path, desk: TestDesk, certificates: Path) -> None:
    desk.feed(secret_mail(pki))
    desk.deliver()
    assert "came encrypted by S/MIME, and the desk opened it" in seen(desk, "new")

    writes(desk, "Thank you.")
    (plain,) = [mail for mail in to_carol(desk) if "Thank you" in mail.as_string()]
    assert "4711" not in plain.as_string()

    certify(pki, certificates)
    writes(desk, "#encrypt\n\nWe changed it.")
    secret = to_carol(desk)[-1]
    assert b"4711" in opened(pki, secret)


def test_a_colleague_reads_that_the_answer_is_encrypted(pki: Path, desk: TestDesk, certificates: Path) -> None:
    desk.feed(a_mail())
    certify(pki, certificates)
    writes(desk, "#follow", by="clara@desk.test", to=desk.promise_to("bogdan@desk.test").reply_to)
    writes(desk, "#encrypt\n@clara\n\nThe new code is plum-tree-815. @clara")

    assert "goes to customers encrypted or not at all" in seen(desk, "colleague_answered", to="clara@desk.test")


def test_the_command_line_says_what_came_encrypted(pki: Path, desk: TestDesk, tmp_path: Path) -> None:
    desk.feed(secret_mail(pki))
    with desk.app.store.read() as tx:
        mails = tx.mails.of_ticket(1)
        notes = {mail.id: encryption_note(tx.mails.explanation(mail.id)) for mail in mails}
        told = story(mails, tx.events.of_ticket(1), {}, Viewer(ticket=1), parts={}, notes=notes)
        (explained,) = [dict(tx.mails.explanation(mail.id) or {}) for mail in mails]

    assert "(was encrypted, opened with the desk's S/MIME key)" in told
    assert "came     was encrypted" in "\n".join(_story(mails[0], explained, desk.app.config, ()))
