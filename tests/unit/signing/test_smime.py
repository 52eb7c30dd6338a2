"""S/MIME as openssl sees it: what the desk signs, and what others encrypt to it."""

from __future__ import annotations

from dataclasses import replace
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest

from mailbridge.config.model import Config, DeskSettings, Identity
from mailbridge.errors import Permanent
from mailbridge.health import probes
from mailbridge.signing.signer import MailSigner
from mailbridge.signing.smime_keys import read_smime_key
from mailbridge.signing.smime_open import SmimeOpener
from tests.harness import a_config, a_desk, a_mail, proven
from tests.smime import openssl

DESK, CAROL = "support@desk.test", "carol@customer.test"
RAW = (
    b"From: Acme <support@desk.test>\r\nTo: carol@customer.test\r\nSubject: Re: Printer\r\n    broken\r\nMessage-ID: <1@desk.test>\r\n"
    b"Date: Mon, 23 Nov 2026 09:00:00 +0000\r\nReferences: <0@x.test>\r\nMIME-Version: 1.0\r\n"
    b'Content-Type: multipart/alternative;\r\n boundary="=_a1"\r\n\r\n--=_a1\r\nContent-Type: text/plain; charset="utf-8"\r\n'
    b"Content-Transfer-Encoding: quoted-printable\r\n\r\nGr=C3=BC=C3=9Fe  =20\r\n\r\n\r\n--=_a1--\r\n"
)


def identity(pki: Path, name: str = "desk") -> Identity:
    return Identity(address=DESK, smime_certificate_file=pki / f"{name}.chain.pem", smime_key_file=pki / f"{name}.key")


def config(pki: Path, name: str = "desk") -> Config:
    return Config(folder=pki, desk=DeskSettings(name="Acme", address=DESK, identities=(identity(pki, name),)))


@pytest.mark.parametrize("name", ["desk", "ec"])
@pytest.mark.parametrize("command", ["cms", "smime"])
def test_openssl_verifies_what_the_desk_signs(pki: Path, name: str, command: str) -> None:
    signed = MailSigner(config(pki, name)).signed(DESK, CAROL, RAW)

    inside = openssl(command, "-verify", "-CAfile", str(pki / "root.pem"), "-purpose", "any", given=signed)

    assert inside == RAW[RAW.index(b"Content-Type: multipart") :]
    mail = message_from_bytes(signed, policy=default)
    assert mail.get_content_type() == "multipart/signed"
    assert [len(mail.get_all(field) or ()) for field in ("Subject", "From", "Message-ID", "References", "MIME-Version")] == [1] * 5
    assert mail.get_body(("plain",)).get_content().startswith("Grüße")  # type: ignore[union-attr]
    assert max(map(len, signed.split(b"\r\n"))) <= 998


def test_a_changed_mail_does_not_verify(pki: Path) -> None:
    signed = MailSigner(config(pki)).signed(DESK, CAROL, RAW).replace(b"Gr=C3", b"gr=C3")

    with pytest.raises(AssertionError, match=r"(?i)digest|verif"):
        openssl("cms", "-verify", "-CAfile", str(pki / "root.pem"), "-purpose", "any", given=signed)


def test_another_address_is_not_signed(pki: Path) -> None:
    assert MailSigner(config(pki)).signed("other@desk.test", CAROL, RAW) == RAW


def test_a_certificate_for_somebody_else_and_a_wrong_key_are_refused(pki: Path) -> None:
    with pytest.raises(Permanent, match=r"not for support@desk\.test"):
        read_smime_key(pki / "carol.pem", pki / "carol.key", DESK)
    with pytest.raises(Permanent, match="not the one of the key"):
        read_smime_key(pki / "desk.pem", pki / "carol.key", DESK)
    with pytest.raises(Permanent, match="cannot be read"):
        read_smime_key(pki / "gone.pem", pki / "carol.key", DESK)


def test_the_end_of_a_certificate_is_told_30_days_before(pki: Path) -> None:
    assert "valid until" in probes.smime(identity(pki))
    with pytest.raises(probes.ProbeFailed, match="ends on"):
        probes.smime(identity(pki, "short"))
    assert "smime:support@desk.test" in {name for name, _ in probes.probes(config(pki, "short"), {})}


SECRET = b"Content-Type: text/plain; charset=utf-8\r\n\r\nThe code is 4711.\r\n"


def encrypted(pki: Path, entity: bytes, to: str = "desk", cipher: str = "-aes256") -> bytes:
    return openssl("cms", "-encrypt", cipher, "-outform", "SMIME", "-binary", str(pki / f"{to}.pem"), given=entity)


def signed_by_carol(pki: Path, entity: bytes, *, opaque: bool = False) -> bytes:
    shape = ("-nodetach",) if opaque else ()
    return openssl("cms", "-sign", "-signer", f"{pki}/carol.pem", "-inkey", f"{pki}/carol.key", "-binary", *shape, given=entity)


def mail_of(entity: bytes) -> bytes:
    """The entity as a mail of Carol's, as her program writes it."""
    top = b"From: Carol Jones <carol@customer.test>\r\nTo: support@desk.test\r\nSubject: Secret\r\nMessage-ID: <s@customer.test>\r\n"
    return top + b"Date: Mon, 23 Nov 2026 09:00:00 +0000\r\n" + entity


SHAPES = ("enveloped", "signed inside", "opaque inside", "triple wrapped", "triple wrapped, opaque")


def shape(pki: Path, name: str) -> bytes:
    match name:
        case "enveloped":
            return encrypted(pki, SECRET)
        case "signed inside":
            return encrypted(pki, signed_by_carol(pki, SECRET))
        case "opaque inside":
            return encrypted(pki, signed_by_carol(pki, SECRET, opaque=True))
        case "triple wrapped":
            return signed_by_carol(pki, encrypted(pki, signed_by_carol(pki, SECRET)))
    return signed_by_carol(pki, encrypted(pki, signed_by_carol(pki, SECRET)), opaque=True)


@pytest.mark.parametrize("name", SHAPES)
def test_a_mail_that_was_encrypted_to_the_desk_is_on_the_ticket(pki: Path, tmp_path: Path, name: str) -> None:
    raw = mail_of(shape(pki, name))
    desk_of_keys = replace(a_config(tmp_path).desk, identities=(identity(pki),))
    with a_desk(tmp_path, desk=desk_of_keys) as desk:
        desk.feed(proven(raw, domain="customer.test"))

        with desk.app.store.read() as tx:
            (mail,) = tx.mails.of_ticket(1)
            explained = tx.mails.explanation(mail.id) or {}
            stored = tx.blobs.get(mail.sha256)
        assert mail.fresh.strip() == "The code is 4711."
        assert mail.subject == "Secret"
        assert any("was encrypted" in one for one in explained["defects"])
        assert b"4711" not in stored
        assert desk.promises(event="unreadable") == []


@pytest.mark.parametrize(("to", "cipher"), [("carol", "-aes256"), ("desk", "-aes-256-gcm"), ("ec", "-aes256")])
def test_what_cannot_be_opened_is_told_as_before(pki: Path, tmp_path: Path, to: str, cipher: str) -> None:
    """It is for somebody else, or encrypted in a way that is not known here: AES-GCM, a key agreed by elliptic curves."""
    raw = mail_of(encrypted(pki, SECRET, to, cipher))
    closed = SmimeOpener(config(pki, "ec" if to == "ec" else "desk")).opened(raw)
    assert closed is not None
    assert closed.content is None
    assert "another certificate" in closed.why_not
    with a_desk(tmp_path, desk=replace(a_config(tmp_path).desk, identities=(identity(pki),))) as desk:
        desk.feed(proven(raw, domain="customer.test"))

        assert desk.ticket().requester.address == "carol@customer.test"  # type: ignore[union-attr]
        with desk.app.store.read() as tx:
            (mail,) = tx.mails.of_ticket(1)
            explained = tx.mails.explanation(mail.id) or {}
        assert "4711" not in mail.text
        assert "encrypted" in explained["defects"]
        assert any(one.startswith("encrypted, not opened: ") for one in explained["defects"])


@pytest.mark.parametrize("cut", [60, 400, 900])
def test_a_broken_mail_stays_closed(pki: Path, cut: int) -> None:
    raw = mail_of(encrypted(pki, SECRET))

    closed = SmimeOpener(config(pki)).opened(raw[:-cut])

    assert closed is None or closed.content is None


def test_a_desk_without_keys_opens_nothing(pki: Path) -> None:
    assert SmimeOpener(Config(folder=pki, desk=DeskSettings(name="x", address=DESK))).opened(mail_of(encrypted(pki, SECRET))) is None


def test_the_desks_own_signed_mail_is_read_as_written(pki: Path, tmp_path: Path) -> None:
    """An agent's program sends back what the desk signed, and a customer's program quotes it: the text is found."""
    with a_desk(tmp_path, desk=replace(a_config(tmp_path).desk, identities=(identity(pki),))) as desk:
        desk.feed(a_mail())
        receipt = next(mail for mail in desk.deliver() if "carol" in str(mail["To"]))
        assert receipt.get_content_type() == "multipart/signed"
        before = len(desk.sent())

        desk.feed(receipt.as_bytes(), mail_from=DESK)

        assert len(desk.deliver()) == before, "our own mark is seen through the signature"


def for_carol(pki: Path, folder: Path, name: str = "carol") -> Path:
    """A folder with a certificate for Carol's address."""
    made = folder / "certificates"
    made.mkdir(exist_ok=True)
    (made / f"{CAROL}.pem").write_bytes((pki / f"{name}.pem").read_bytes())
    return made


def test_carol_opens_and_verifies_what_was_encrypted_to_her(pki: Path, tmp_path: Path) -> None:
    signer = MailSigner(replace(config(pki), smime_certificates=for_carol(pki, tmp_path)))

    sent = signer.signed(DESK, "Carol@Customer.test", RAW)

    inside = openssl("cms", "-decrypt", "-inkey", f"{pki}/carol.key", "-recip", f"{pki}/carol.pem", given=sent)
    content = openssl("cms", "-verify", "-CAfile", str(pki / "root.pem"), "-purpose", "any", given=inside)
    assert content == RAW[RAW.index(b"Content-Type: multipart") :]
    assert b"Gr=C3" not in sent
    mail = message_from_bytes(sent)
    assert mail.get_content_type() == "application/pkcs7-mime"
    assert [len(mail.get_all(field) or ()) for field in ("Subject", "From", "Message-ID", "MIME-Version")] == [1] * 4
    assert signer.signed("other@desk.test", "dana@other.test", RAW) == RAW


@pytest.mark.parametrize("name", ["desk", "ec", "broken"])
def test_a_mail_that_cannot_be_encrypted_waits(pki: Path, tmp_path: Path, name: str) -> None:
    """The certificate is for another address, of another kind, or none: the mail does not go out in plain text, and it is told."""
    (pki / "broken.pem").write_text("no certificate")
    desk_of_keys = replace(a_config(tmp_path).desk, identities=(identity(pki),))
    with a_desk(tmp_path, desk=desk_of_keys, smime_certificates=for_carol(pki, tmp_path, name)) as desk:
        desk.feed(a_mail())
        sent = desk.deliver()

        assert [mail for mail in sent if "carol" in str(mail["To"])] == []
        assert any("bogdan" in str(mail["To"]) for mail in sent)
        with desk.app.store.read() as tx:
            (row,) = [row for row in tx.outbox.list(limit=20) if row.notification.recipient == CAROL]
        assert row.state == "deferred"
        assert f"{CAROL}.pem" in row.error
        probe = dict(probes.probes(desk.app.config, {}))["smime:certificates"]
        with pytest.raises(probes.ProbeFailed, match="waits"):
            probe()

        for_carol(pki, tmp_path)
        desk.pass_time(minutes=10)
        desk.app.clock_watch.look()
        (mail,) = [mail for mail in desk.deliver() if "carol" in str(mail["To"])]
        assert mail.get_content_type() == "application/pkcs7-mime"
        assert "can be used" in probe()


def test_a_key_that_was_replaced_opens_the_next_mail(pki: Path, tmp_path: Path) -> None:
    """Like the keys that sign: without a restart."""
    one = Identity(address=DESK, smime_certificate_file=tmp_path / "own.pem", smime_key_file=tmp_path / "own.key")
    opener = SmimeOpener(Config(folder=tmp_path, desk=DeskSettings(name="Acme", address=DESK, identities=(one,))))
    raw = mail_of(encrypted(pki, SECRET))

    unread = opener.opened(raw)
    assert unread is not None
    assert unread.why_not == "no key of the desk can be read"
    for name in ("short", "desk"):
        (tmp_path / "own.pem").write_bytes((pki / f"{name}.chain.pem").read_bytes())
        (tmp_path / "own.key").write_bytes((pki / f"{name}.key").read_bytes())
        found = opener.opened(raw)
        assert found is not None
        assert (found.content is not None) == (name == "desk")
