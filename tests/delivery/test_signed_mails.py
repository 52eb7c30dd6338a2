"""Mails of the desk with DKIM signatures, as receivers see them: our own checker, rspamd and the DNS."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from email import message_from_bytes
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from urllib.request import Request, urlopen

import pytest
from click.testing import CliRunner

from mailbridge.checks.dkim_check import check
from mailbridge.checks.resolver import Resolver
from mailbridge.cli.main import cli
from mailbridge.config.model import AuthenticitySettings, Config, DkimSettings, Outgoing, SenderCheck, Tls
from mailbridge.doctor import dns as doctor
from mailbridge.health import probes
from mailbridge.signing.dkim_keys import KeyType, new_key, read_key
from tests.fakes.smtp_server import FakeSmtp, Taken
from tests.harness import TestDesk, a_config, a_desk, a_mail
from tests.servers.nsd import Nsd, running, txt
from tests.servers.processes import program
from tests.servers.rspamd import Rspamd


def keys(folder: Path, *types: KeyType) -> tuple[DkimSettings, ...]:
    made = []
    for type_ in types:
        file = folder / f"{type_}.pem"
        file.write_bytes(new_key(type_))
        made.append(DkimSettings(domain="desk.test", selector=f"s-{type_}", key_file=file))
    return tuple(made)


@contextmanager
def published(*keys: DkimSettings, change: str = "") -> Iterator[Nsd]:
    records = "".join(txt(f"{key.selector}._domainkey", read_key(key.key_file).record + change) for key in keys)
    with running({"desk.test": records}) as server:
        yield server


@contextmanager
def sending(folder: Path, *keys: DkimSettings, dns: int = 0) -> Iterator[tuple[TestDesk, FakeSmtp]]:
    with FakeSmtp() as server:
        found = AuthenticitySettings(check=SenderCheck.HEADERS, dns_servers=(("127.0.0.1", dns),) if dns else ())
        out = Outgoing(url=f"smtp://127.0.0.1:{server.port}", tls=Tls.NONE, helo="desk.test")
        with a_desk(folder, outgoing=out, dkim=keys, authenticity=found) as desk:
            yield desk, server


def delivered(desk: TestDesk, server: FakeSmtp) -> list[Taken]:
    worker = desk.app.delivery_worker()
    while worker.one_turn():
        pass
    worker._transport.close()
    return server.mails


def test_each_kind_of_mail_verifies_with_our_checker(tmp_path: Path) -> None:
    both = keys(tmp_path, KeyType.RSA, KeyType.ED25519)
    with published(*both) as dns, sending(tmp_path, *both) as (desk, server):
        desk.feed(a_mail(body="Drucker kaputt – Übergröße\n.\n..\n\n", subject="Принтер не печатает, №7"))
        mails = delivered(desk, server)

        assert {mail.recipient for mail in mails} >= {"carol@customer.test", "bogdan@desk.test"}
        for mail in mails:
            found = check(mail.raw, Resolver((("127.0.0.1", dns.port),)), until=monotonic() + 20)
            assert [(one.domain, one.result, one.reason) for one in found] == [("desk.test", "pass", "")] * 2
            assert {"from", "subject", "to", "reply-to", "message-id", "content-type"} <= set(found[0].fields)
            head = mail.raw.split(b"\r\n\r\n")[0]
            assert len(head) < 4096, "some relays refuse longer headers"
            assert len(message_from_bytes(mail.raw).get_all("Subject") or ()) == 1


def test_a_retry_is_signed_with_the_key_of_that_moment(tmp_path: Path) -> None:
    (key,) = keys(tmp_path, KeyType.RSA)
    with sending(tmp_path, key) as (desk, server):
        desk.feed(a_mail())
        key.key_file.rename(tmp_path / "gone")
        assert delivered(desk, server) == []
        with desk.app.store.read() as tx:
            row = tx.outbox.list(limit=1)[0]
        assert row.state == "deferred"
        assert "DKIM key" in row.error
        name, probe = next((name, probe) for name, probe in probes.probes(desk.app.config, {}) if name.startswith("dkim:"))
        assert name == "dkim:s-rsa._domainkey.desk.test"
        with pytest.raises(probes.ProbeFailed, match="cannot be read"):
            probe()

        key.key_file.write_bytes(new_key(KeyType.RSA))
        desk.pass_time(minutes=7)
        desk.app.clock_watch.look()
        mails = delivered(desk, server)

        assert mails
        with published(key) as dns:
            (found,) = check(mails[0].raw, Resolver((("127.0.0.1", dns.port),)), until=monotonic() + 20)
        assert found.result == "pass"


def test_rspamd_verifies_the_signatures(tmp_path: Path) -> None:
    both = keys(tmp_path, KeyType.RSA, KeyType.ED25519)
    program("rspamd", "rspamd")
    with sending(tmp_path, *both) as (desk, server):
        desk.feed(a_mail(body="Drucker kaputt – Übergröße"))
        raw = delivered(desk, server)[0].raw
    with published(*both) as dns, TemporaryDirectory(prefix="mb-rspamd-") as folder:
        checker = Rspamd(Path(folder), dns_port=dns.port)
        checker.create()
        try:
            checker.start()
            said = [symbols_of(checker, mail) for mail in (raw, raw.replace(b"Subject: ", b"Subject: Re: "))]
        finally:
            checker.stop()

    assert "R_DKIM_ALLOW" in said[0], said[0]
    assert len(said[0]["R_DKIM_ALLOW"]["options"]) == 2, "both signatures"
    assert not {"R_DKIM_REJECT", "R_DKIM_PERMFAIL", "R_DKIM_TEMPFAIL"} & set(said[0])
    assert "R_DKIM_REJECT" in said[1], "a changed subject is seen"


def symbols_of(checker: Rspamd, raw: bytes) -> dict[str, dict[str, list[str]]]:
    with urlopen(Request(f"{checker.url}/checkv2", data=raw, method="POST"), timeout=30) as answer:
        found: dict[str, dict[str, list[str]]] = json.load(answer)["symbols"]
    return found


def test_the_command_and_the_doctor_ask_the_dns(tmp_path: Path) -> None:
    (key,) = keys(tmp_path, KeyType.RSA)
    text = """
[desk]
name = "Acme"
address = "support@desk.test"
[[dkim]]
domain = "desk.test"
selector = "s-rsa"
key_file = "rsa.pem"
[authenticity]
dns_servers = ["127.0.0.1:{port}"]
"""
    for change, said in (("", ""), ("AAAA", "another key")):
        with published(key, change=change) as dns:
            (tmp_path / "mailbridge.toml").write_text(text.format(port=dns.port))
            answer = CliRunner().invoke(cli, ["dkim", "check", "--desk", str(tmp_path), "--json"], prog_name="mailbridge")
            (found,) = json.loads(answer.output)
            assert (said in found["difference"]) if said else found["difference"] == ""
            assert answer.exit_code == (1 if said else 0)
            config: Config = replace(a_config(tmp_path), dkim=(key,))
            config = replace(config, authenticity=AuthenticitySettings(dns_servers=(("127.0.0.1", dns.port),)))
            (finding,) = [one for one in doctor.look(config) if one.subject == "DKIM"]
            assert ("another key" in finding.said) is bool(said)
