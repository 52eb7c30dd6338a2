"""A desk that checks senders itself: who is an agent is decided by the DNS, before the transaction."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailbridge.config.model import AuthenticitySettings, SenderCheck
from mailbridge.errors import StoreAway
from mailbridge.handling.outcome import MailOutcome
from mailbridge.message.envelope import Envelope
from tests.checks import domains
from tests.harness import TestDesk, a_desk, a_mail, proven
from tests.servers import nsd
from tests.servers.nsd import Nsd
from tests.servers.processes import free_ports

pytestmark = pytest.mark.servers


@pytest.fixture(scope="module")
def names() -> Iterator[Nsd]:
    with nsd.running(domains.zones()) as server:
        yield server


@pytest.fixture
def asking(names: Nsd, tmp_path: Path) -> Iterator[TestDesk]:
    with a_desk(tmp_path, authenticity=asks(names.port)) as desk:
        yield desk


def asks(port: int) -> AuthenticitySettings:
    return AuthenticitySettings(check=SenderCheck.DNS, dns_servers=(("127.0.0.1", port),))


def feed(desk: TestDesk, raw: bytes, envelope: Envelope | None = None) -> MailOutcome:
    inbox = desk.app.inbox.accept(raw, envelope or domains.envelope())
    return next(one.result.outcome for one in reversed(desk.work()) if one.inbox == inbox)


def why(desk: TestDesk, mail: int) -> dict[str, object]:
    with desk.app.store.read() as tx:
        found: dict[str, object] = tx.mails.explanation(mail)["sender"]
    return found


def an_agents_answer(desk: TestDesk, **headers: str) -> bytes:
    to = desk.promise_to("bogdan@desk.test").reply_to
    return a_mail("Please restart it.\n\n#close", from_="Bogdan <bogdan@desk.test>", to=to, message_id="<answer@desk.test>", **headers)


def test_an_agent_is_known_by_the_signature_of_the_desks_domain(asking: TestDesk) -> None:
    feed(asking, domains.signed(a_mail()))
    answer = domains.signed(an_agents_answer(asking), "desk.test")

    assert feed(asking, answer, domains.envelope(domains.BAD, "bogdan@desk.test")) is MailOutcome.APPEND

    assert asking.ticket().status == "closed"
    assert why(asking, 2)["agent"] == "bogdan"
    assert "dmarc=pass by our own check: DKIM of desk.test, policy.dmarc=reject of desk.test" in str(why(asking, 2)["why"])
    asking.assert_sound()


@pytest.mark.parametrize("forgery", ["plain", "own verdict", "own signature"])
def test_a_forged_agent_commands_nothing(asking: TestDesk, forgery: str) -> None:
    feed(asking, domains.signed(a_mail()))
    answer = an_agents_answer(asking)
    forged = {"plain": answer, "own verdict": proven(answer), "own signature": domains.signed(answer, "attacker.test")}[forgery]

    assert feed(asking, forged, domains.envelope(domains.BAD, "mallory@attacker.test")) is MailOutcome.HELD

    assert asking.ticket().status != "closed"
    assert len(asking.tickets()) == 1


def test_the_senders_own_server_is_proof_enough(asking: TestDesk) -> None:
    feed(asking, a_mail(), domains.envelope(domains.GOOD))
    feed(asking, a_mail(subject="Other", message_id="<two@customer.test>"), domains.envelope(domains.BAD))

    assert [why(asking, mail)["verified"] for mail in (1, 2)] == [True, False]


def test_mail_goes_on_when_the_dns_is_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mailbridge.checks.resolver.LIFETIME", 0.2)
    with a_desk(tmp_path, authenticity=asks(free_ports(1)[0])) as desk:
        assert feed(desk, domains.signed(a_mail())) is MailOutcome.TICKET
        assert (why(desk, 1)["verified"], "temperror" in str(why(desk, 1)["why"])) == (False, True)


def test_an_agents_mail_waits_a_while_for_a_dns_that_is_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mailbridge.checks.resolver.LIFETIME", 0.3)
    with nsd.running(domains.zones()) as names, a_desk(tmp_path, authenticity=asks(names.port)) as desk:
        feed(desk, domains.signed(a_mail()))
        names.stop()
        desk.app.inbox.accept(domains.signed(an_agents_answer(desk), "desk.test"), domains.envelope(domains.BAD))
        first = desk.app.worker.one_turn()
        names.start()
        monkeypatch.setattr("mailbridge.checks.resolver.SILENCE", 0.0)
        desk.app.examiner._authenticity._resolver._remembered.clear()  # type: ignore[union-attr]
        desk.pass_time(seconds=31)
        second = desk.app.worker.one_turn()

        assert [one.result.outcome for one in (*first, *second)] == [MailOutcome.WAIT, MailOutcome.APPEND]
        assert desk.ticket().status == "closed"


def test_an_agents_mail_that_is_never_confirmed_is_held_in_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mailbridge.checks.resolver.LIFETIME", 0.2)
    with a_desk(tmp_path, authenticity=asks(free_ports(1)[0])) as desk:
        feed(desk, domains.signed(a_mail()))

        assert feed(desk, domains.signed(an_agents_answer(desk), "desk.test")) is MailOutcome.HELD
        assert desk.ticket().status != "closed"
        with desk.app.store.read() as tx:
            row = tx.inbox.get(2)
        assert row is not None
        assert row.attempts == 3


def test_what_the_checks_have_no_time_for_waits_for_the_next_turn(asking: TestDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    examiner = asking.app.examiner
    assert examiner is not None
    late = monkeypatch.context
    with late() as patch:
        patch.setattr(examiner, "until", lambda _seconds: 0.0)
        asking.app.inbox.accept(a_mail(), domains.envelope())
        (first,) = asking.app.worker.one_turn()
    asking.pass_time(seconds=31)
    (second,) = asking.app.worker.one_turn()

    assert (first.result.outcome, second.result.outcome) == (MailOutcome.WAIT, MailOutcome.TICKET)
    with asking.app.store.read() as tx:
        row = tx.inbox.get(first.inbox)
    assert row is not None
    assert row.attempts == 1


def test_no_transaction_is_open_while_the_dns_is_asked(asking: TestDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another writer gets the database at once while a mail is being checked."""
    examiner = asking.app.examiner
    assert examiner is not None
    checks = examiner._authenticity
    assert checks is not None
    written: list[bool] = []

    class Writing:
        def sender(self, claimed: object, raw: bytes, envelope: Envelope) -> object:
            with asking.app.store.write() as tx:
                tx.state.set("seen", True, asking.clock.now())
            written.append(True)
            return checks.sender(claimed, raw, envelope)  # type: ignore[arg-type]

    monkeypatch.setattr(examiner, "_authenticity", Writing())

    assert feed(asking, a_mail()) is MailOutcome.TICKET
    assert written == [True]


def test_a_store_that_is_away_during_the_checks_loses_nothing(asking: TestDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    inbox = asking.app.inbox.accept(a_mail(), domains.envelope())
    with monkeypatch.context() as patch:
        patch.setattr(asking.app.worker, "_raw", lambda _waiting: (_ for _ in ()).throw(StoreAway("gone")))
        with pytest.raises(StoreAway):
            asking.app.worker.one_turn()

    assert [(one.inbox, one.result.outcome) for one in asking.work()] == [(inbox, MailOutcome.TICKET)]


def test_a_desk_that_does_not_ask_loads_nothing_for_it() -> None:
    """Idle memory and the time to start are for what is used."""
    code = "import sys, mailbridge.daemon.threads; print(sorted({'dkim', 'spf', 'dns', 'publicsuffixlist'} & set(sys.modules)))"

    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    assert said == "[]\n"
