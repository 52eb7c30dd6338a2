"""DKIM keys and signatures: what is signed, what a verifier says, and how a record may differ."""

from __future__ import annotations

import re
import stat
import time
from dataclasses import replace
from pathlib import Path

import dkim
import pytest
from click.testing import CliRunner

from mailbridge.cli.main import cli
from mailbridge.config.model import Config, DeskSettings, DkimSettings, Identity
from mailbridge.errors import Permanent
from mailbridge.signing.dkim_keys import KeyType, difference, key_of, new_key, read_key, zone_line
from mailbridge.signing.dkim_sign import DkimSigner

RAW = (
    b"From: Acme Support <support@acme.example>\r\nTo: Ana <ana@customer.example>\r\nSubject: Re: Printer\r\n"
    b"Date: Mon, 23 Nov 2026 09:00:00 +0000\r\nMessage-ID: <mb1.c.x@acme.example>\r\nAuto-Submitted: auto-replied\r\n"
    b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    b"Salut =C8=99i   \r\n\r\nbye\r\n\r\n\r\n"
)


def keys_in(folder: Path, *types: KeyType, domain: str = "acme.example") -> tuple[Config, dict[bytes, bytes]]:
    """A configuration with a key of each type, and the zone that publishes them."""
    settings, zone = [], {}
    for type_ in types:
        file = folder / f"{domain}-{type_}.pem"
        file.write_bytes(new_key(type_, 1024))
        settings.append(DkimSettings(domain=domain, selector=f"s-{type_}", key_file=file))
        zone[f"s-{type_}._domainkey.{domain}.".encode()] = read_key(file).record.encode()
    desk = DeskSettings(name="Acme", address="support@acme.example")
    return Config(folder=folder, desk=desk, dkim=tuple(settings)), zone


def verified(raw: bytes, zone: dict[bytes, bytes]) -> list[bool]:
    found = dkim.DKIM(raw)
    count = raw.lower().count(b"dkim-signature:")
    return [found.verify(number, dnsfunc=lambda name, timeout=5: zone.get(name)) for number in range(count)]


@pytest.mark.parametrize("types", [(KeyType.RSA,), (KeyType.ED25519,), (KeyType.RSA, KeyType.ED25519)])
def test_dkimpy_verifies_each_signature(tmp_path: Path, types: tuple[KeyType, ...]) -> None:
    config, zone = keys_in(tmp_path, *types)

    signed = DkimSigner(config).signed("support@acme.example", RAW)

    assert verified(signed, zone) == [True] * len(types)
    assert signed.endswith(RAW)
    assert max(map(len, signed.split(b"\r\n\r\n")[0].split(b"\r\n"))) <= 78
    assert signed.count(b"\n") == signed.count(b"\r\n")


@pytest.mark.parametrize("field", [b"From: e@x.test", b"Subject: Win", b"To: all@x.test", b"Cc: x@x.test", b"Reply-To: x@x.test"])
def test_nobody_can_add_a_field(tmp_path: Path, field: bytes) -> None:
    config, zone = keys_in(tmp_path, KeyType.RSA)

    signed = DkimSigner(config).signed("support@acme.example", RAW)
    start = signed.index(b"From: Acme")

    assert verified(signed[:start] + field + b"\r\n" + signed[start:], zone) == [False]
    assert verified(signed[:start] + b"X-Spam: no\r\n" + signed[start:], zone) == [True], "other fields may be added on the way"


def test_the_nearest_domain_with_a_key_signs(tmp_path: Path) -> None:
    config, _ = keys_in(tmp_path, KeyType.RSA)
    below = DkimSettings(domain="eu.acme.example", selector="eu", key_file=config.dkim[0].key_file)
    config = replace(config, dkim=(*config.dkim, below))

    assert [key.selector for key in config.dkim_of("x@acme.example")] == ["s-rsa"]
    assert [key.selector for key in config.dkim_of("x@de.acme.example")] == ["s-rsa"]
    assert [key.selector for key in config.dkim_of("x@a.EU.acme.example")] == ["eu"]
    assert config.dkim_of("x@notacme.example") == ()
    assert config.dkim_of("x@example") == ()


def test_an_identity_chooses_its_keys(tmp_path: Path) -> None:
    config, _ = keys_in(tmp_path, KeyType.RSA, KeyType.ED25519)
    one, none = (Identity(address=f"{name}@acme.example", dkim=keys) for name, keys in (("one", ("s-rsa",)), ("none", ())))
    config = replace(config, desk=replace(config.desk, identities=(one, none)))

    assert [key.selector for key in config.dkim_of("one@acme.example")] == ["s-rsa"]
    assert DkimSigner(config).signed("none@acme.example", RAW) == RAW


def test_a_domain_with_other_letters_signs_as_the_dns_knows_it(tmp_path: Path) -> None:
    config, zone = keys_in(tmp_path, KeyType.RSA, domain="xn--bcher-kva.example")
    raw = RAW.replace(b"support@acme.example", "süd@bücher.example".encode())

    signed = DkimSigner(config).signed("süd@bücher.example", raw)

    assert verified(signed, zone) == [True]


def test_a_new_key_file_holds_for_the_next_mail(tmp_path: Path) -> None:
    config, _ = keys_in(tmp_path, KeyType.RSA)
    signer, file = DkimSigner(config), config.dkim[0].key_file
    signer.signed("support@acme.example", RAW)
    other = tmp_path / "other.pem"
    other.write_bytes(new_key(KeyType.RSA, 1024))
    other.replace(file)

    signed = signer.signed("support@acme.example", RAW)

    assert verified(signed, {b"s-rsa._domainkey.acme.example.": read_key(file).record.encode()}) == [True]


@pytest.mark.parametrize("content", [b"", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", None])
def test_nothing_goes_out_unsigned_where_the_key_is_broken(tmp_path: Path, content: bytes | None) -> None:
    config, _ = keys_in(tmp_path, KeyType.RSA)
    config.dkim[0].key_file.unlink()
    if content is not None:
        config.dkim[0].key_file.write_bytes(content)

    with pytest.raises(Permanent, match=r"acme.example-rsa\.pem"):
        DkimSigner(config).signed("support@acme.example", RAW)


def test_blanks_and_empty_lines_cost_no_time(tmp_path: Path) -> None:
    """A signer that takes the square of the length would need minutes."""
    config, _ = keys_in(tmp_path, KeyType.RSA)
    raw = RAW + (b"x" + b" " * 900 + b"\r\n") * 2_000 + b"\r\n" * 200_000
    began = time.monotonic()

    signed = DkimSigner(config).signed("support@acme.example", raw)

    assert time.monotonic() - began < 20
    assert signed.endswith(raw)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda record: record, ""),
        (lambda record: record.replace("k=rsa; ", ""), ""),
        (lambda record: record.replace("p=", "p= "), ""),
        (lambda record: record[:-8] + "AAAAAAAA", "another key"),
        (lambda record: re.sub("p=.*", "p=", record), "revoked"),
        (lambda record: record.replace("k=rsa", "k=ed25519"), "type ed25519"),
        (lambda record: record.replace("DKIM1", "DKIM2"), "v=DKIM2"),
        (lambda record: record.replace("p=", "h=sha1; p="), "sha256"),
        (lambda record: record.replace("p=", "s=tlsrpt; p="), "not for mail"),
        (lambda record: record.replace("p=", "t=y; p="), "test"),
        (lambda _record: "v=DKIM1", "no key"),
    ],
)
def test_how_a_record_may_differ(change: object, said: str) -> None:
    key = key_of(new_key(KeyType.RSA, 1024))

    found = difference(key, [change(key.record).encode()])  # type: ignore[operator]

    assert (said in found) if said else found == ""


def test_no_record_and_several_records() -> None:
    key = key_of(new_key(KeyType.ED25519))

    assert difference(key, []) == "there is no record"
    assert "2 records" in difference(key, [key.record.encode()] * 2)


def test_short_and_other_keys_are_refused() -> None:
    from cryptography.hazmat.primitives import serialization as s
    from cryptography.hazmat.primitives.asymmetric import ec

    other = ec.generate_private_key(ec.SECP256R1()).private_bytes(s.Encoding.PEM, s.PrivateFormat.PKCS8, s.NoEncryption())

    with pytest.raises(ValueError, match="RSA and Ed25519"):
        key_of(other)


def test_the_command_makes_a_file_for_its_owner_alone(tmp_path: Path) -> None:
    (tmp_path / "mailbridge.toml").write_text('[desk]\nname = "x"\naddress = "support@acme.example"\n')
    made = CliRunner().invoke(cli, ["dkim", "new", "--desk", str(tmp_path), "--selector", "S1", "acme.example"], prog_name="mailbridge")

    file = tmp_path / "dkim-acme.example-s1.pem"
    assert made.exit_code == 0, made.output
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert zone_line("acme.example", "s1", read_key(file).record) in made.output
    assert max(map(len, re.findall('"(v=[^"]*|[^"]{200,})"', made.output))) <= 255
    assert 'key_file = "dkim-acme.example-s1.pem"' in made.output
    again = CliRunner().invoke(cli, ["dkim", "new", "--desk", str(tmp_path), "--selector", "s1", "acme.example"], prog_name="mailbridge")
    assert again.exit_code != 0
    assert "there already" in str(again.exception)
