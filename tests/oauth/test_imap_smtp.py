"""Logins by XOAUTH2 and OAUTHBEARER at a real Dovecot and a real Postfix, with tokens that end, are refused, or belong to others."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from time import monotonic, sleep

import pytest
from click.testing import CliRunner

from mailbridge.cli.auth import auth
from mailbridge.config.load import load
from mailbridge.config.model import Mailbox, Tls
from mailbridge.delivery.session import Relay
from mailbridge.delivery.smtp import SmtpTransport
from mailbridge.delivery.transport import Deferred, Delivered
from mailbridge.intake import imap
from mailbridge.intake.imap_connection import Connection
from mailbridge.intake.imap_errors import LoginRefused
from mailbridge.oauth import sasl
from mailbridge.oauth.source import TokenSource
from mailbridge.store.engine import Store
from tests.e2e.running import looking, mailbridge, running, write_desk
from tests.fakes.identity_provider import IdentityProvider
from tests.fakes.identity_provider import running as provider_running
from tests.fakes.imap_server import FakeImap, Fault
from tests.fakes.smtp_server import FakeSmtp
from tests.intake.desk import Desk, a_mail
from tests.oauth.accounts import CLIENT_SECRET, KEY, MovableClock, a_config_text, a_source, an_account, signed_in
from tests.servers import postfix as postfixes
from tests.servers.dovecot import Account, Dovecot
from tests.servers.dovecot import running as dovecot_running
from tests.servers.postfix import Postfix
from tests.servers.processes import wait_until

servers = pytest.mark.servers


@pytest.fixture(scope="module")
def shared() -> Iterator[tuple[IdentityProvider, Dovecot]]:
    with provider_running() as provider, dovecot_running(f"{provider.url}/introspect") as dovecot:
        yield provider, dovecot


@pytest.fixture(scope="module")
def postfix(shared: tuple[IdentityProvider, Dovecot]) -> Iterator[Postfix]:
    _, dovecot = shared
    more = f"""
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = {dovecot.auth_socket}
smtpd_recipient_restrictions = permit_sasl_authenticated, reject
relay_domains = test
transport_maps = inline:{{ test=lmtp:inet:127.0.0.1:{dovecot.lmtp_port} }}
"""
    with postfixes.running(more) as server:
        yield server


@pytest.fixture
def provider(shared: tuple[IdentityProvider, Dovecot]) -> IdentityProvider:
    """The provider of all tests as a new one: only its tokens of before are still known."""
    found = shared[0]
    found.lives, found.refusing, found.mailbox, found.extra = 3600, None, "", {}
    found.faults.clear()
    found.asked.clear()
    return found


@pytest.fixture
def account(provider: IdentityProvider, shared: tuple[IdentityProvider, Dovecot]) -> Account:
    found = shared[1].new_account()
    provider.user = found.user
    return found


@pytest.fixture
def store(sqlite_store_url: str) -> Iterator[Store]:
    opened = Store(sqlite_store_url)
    yield opened
    opened.close()


@pytest.fixture
def desk(store: Store) -> Iterator[Desk]:
    with ExitStack() as stack:
        yield Desk(store, stack)


def a_login(provider: IdentityProvider, store: Store, clock: MovableClock | None = None, **more: object) -> TokenSource:
    account = an_account(provider)
    signed_in(account, provider, store)
    return a_source(account, store, clock, **more)


def by_token(mailbox: Mailbox) -> Mailbox:
    return replace(mailbox, password="", oauth="support")


def offering(monkeypatch: pytest.MonkeyPatch, mechanism: str) -> None:
    """Of what the server offers, only this mechanism is used."""
    monkeypatch.setattr(sasl, "mechanism", lambda offered: mechanism if mechanism in {name.upper() for name in offered} else None)


@servers
@pytest.mark.parametrize("mechanism", [sasl.XOAUTH2, sasl.OAUTHBEARER])
def test_a_token_opens_the_mailbox(
    shared: tuple[IdentityProvider, Dovecot], provider: IdentityProvider, account: Account, store: Store,
    monkeypatch: pytest.MonkeyPatch, mechanism: str,
) -> None:  # fmt: skip
    offering(monkeypatch, mechanism)
    dovecot = shared[1]
    dovecot.deliver(account, a_mail("one"))
    source = a_login(provider, store)

    connection = Connection(by_token(dovecot.mailbox(account)), 1 << 20, source)
    connection.select("INBOX", readonly=True)

    assert connection.search(1, None) == [1]
    assert connection.can_idle, "what the server can do after the login is known"
    assert connection.login_ends_at == source.token().renew_at
    connection.close()


@servers
@pytest.mark.parametrize(("mechanism", "reason"), [(sasl.XOAUTH2, "status 401"), (sasl.OAUTHBEARER, "status invalid_token")])
def test_a_refused_token_is_sent_once_and_the_servers_reason_is_told(
    shared: tuple[IdentityProvider, Dovecot], provider: IdentityProvider, account: Account, store: Store,
    monkeypatch: pytest.MonkeyPatch, mechanism: str, reason: str,
) -> None:  # fmt: skip
    offering(monkeypatch, mechanism)
    source = a_login(provider, store)
    value = source.token().value
    del provider.tokens[value]

    with pytest.raises(LoginRefused, match=reason) as caught:
        Connection(by_token(shared[1].mailbox(account)), 1 << 20, source)

    assert value not in str(caught.value)
    assert provider.count("refresh_token") == 0, "a new token would be refused for the same reason"


@servers
def test_a_token_that_the_server_counts_as_over_is_renewed_at_once(
    shared: tuple[IdentityProvider, Dovecot], provider: IdentityProvider, account: Account, store: Store
) -> None:
    clock = MovableClock()
    source = a_login(provider, store, clock)
    del provider.tokens[source.token().value]
    clock.move(minutes=2)

    Connection(by_token(shared[1].mailbox(account)), 1 << 20, source).close()

    assert provider.count("refresh_token") == 1


@servers
def test_a_shared_mailbox_is_opened_with_the_token_of_somebody_with_rights(
    shared: tuple[IdentityProvider, Dovecot], provider: IdentityProvider, account: Account, store: Store
) -> None:
    provider.user, provider.mailbox = "ann@desk.test", account.user
    source = a_login(provider, store)

    Connection(by_token(shared[1].mailbox(account)), 1 << 20, source).close()

    other = replace(by_token(shared[1].mailbox(account)), user=shared[1].new_account().user)
    with pytest.raises(LoginRefused):
        Connection(other, 1 << 20, source)


@servers
def test_tokens_of_two_seconds_make_no_mail_late_and_no_refusal(
    shared: tuple[IdentityProvider, Dovecot], provider: IdentityProvider, account: Account, store: Store, desk: Desk
) -> None:
    provider.lives = 2
    source, dovecot = a_login(provider, store), shared[1]
    desk.run(desk.poller(by_token(dovecot.mailbox(account)), tokens=source))

    late = []
    for number in range(8):
        sent = monotonic()
        dovecot.deliver(account, a_mail(f"mail{number}"))
        wait_until(lambda: len(desk.rows()) > number, "the mail comes")  # noqa: B023  (it is over before the next number)
        late.append(monotonic() - sent)
        sleep(max(0.0, 0.8 - late[-1]))  # the lives of tokens pass by the clock alone

    assert max(late) < 2, late
    assert provider.count("refresh_token") >= 3
    assert {ok for ok, _ in desk.reports.queue} == {True}
    with store.read() as tx:
        assert [(grant.refusals, grant.failure) for grant in tx.grants.all()] == [(0, "")]


@servers
def test_a_paused_source_stops_alone_and_catches_up_after_a_login(
    shared: tuple[IdentityProvider, Dovecot], provider: IdentityProvider, account: Account, store: Store, desk: Desk,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(imap, "LOGIN_LOOK", 0.1)
    monkeypatch.setattr(imap, "wait_after", lambda *_args, **_more: 0.05)
    dovecot, clock = shared[1], MovableClock()
    told: list[str] = []
    source = a_login(provider, store, clock, paused=lambda _tx, one, _grant: told.append(one.name), between_refusals=timedelta(0))
    other = dovecot.new_account()
    provider.refusing = ("invalid_grant", "AADSTS50173: revoked")
    clock.move(hours=2)
    dovecot.deliver(account, a_mail("waits"))
    desk.run(desk.poller(by_token(dovecot.mailbox(account)), tokens=source))
    wait_until(lambda: told == ["support"], "the source pauses")
    desk.run(desk.poller(dovecot.mailbox(other)))
    dovecot.deliver(other, a_mail("goes on"))
    wait_until(lambda: desk.subjects() == ["goes on"], "the other source goes on")

    provider.refusing = None
    signed_in(an_account(provider), provider, store, lives=6 * 86400)
    wait_until(lambda: desk.subjects() == ["goes on", "waits"], "the source catches up")

    assert told == ["support"]


@servers
@pytest.mark.parametrize("mechanism", [sasl.XOAUTH2, sasl.OAUTHBEARER])
def test_a_token_sends_a_mail(
    shared: tuple[IdentityProvider, Dovecot], postfix: Postfix, provider: IdentityProvider, account: Account, store: Store,
    monkeypatch: pytest.MonkeyPatch, mechanism: str,
) -> None:  # fmt: skip
    offering(monkeypatch, mechanism)
    source = a_login(provider, store)
    courier = SmtpTransport(Relay(host="127.0.0.1", port=postfix.port, tls=Tls.NONE, user=account.user, tokens=source))

    outcome = courier.send(account.user, account.user, a_mail("sent"), lambda: None)
    courier.close()

    assert isinstance(outcome, Delivered), outcome
    with shared[1].client(account) as client:
        wait_until(lambda: client.noop() is not None and len(client.search("ALL")) == 1, "the mail arrives")


@servers
def test_a_token_that_the_relay_refuses_holds_the_mail(
    postfix: Postfix, provider: IdentityProvider, account: Account, store: Store
) -> None:
    source = a_login(provider, store)
    value = source.token().value
    del provider.tokens[value]
    courier = SmtpTransport(Relay(host="127.0.0.1", port=postfix.port, tls=Tls.NONE, user=account.user, tokens=source))

    outcome = courier.send(account.user, account.user, a_mail("waits"), lambda: None)

    assert isinstance(outcome, Deferred)
    assert (outcome.code, outcome.away) == (535, True)
    assert "status 401" in outcome.reply
    assert value not in outcome.reply


@pytest.mark.parametrize(
    ("answer", "advice"),
    [
        ("535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled.", "SmtpClientAuthenticationDisabled"),
        ("535 5.7.3 Authentication unsuccessful", "New-ServicePrincipal"),
        ("550 5.7.30 Basic authentication is not supported for Client Submission.", 'oauth = "'),
    ],
)
def test_a_relay_that_refuses_the_login_is_told_with_what_mends_it(
    provider: IdentityProvider, store: Store, answer: str, advice: str
) -> None:
    with FakeSmtp(answers={"AUTH": answer}, features=("AUTH PLAIN XOAUTH2",)) as server:
        tokens = a_login(provider, store)
        courier = SmtpTransport(Relay(host="127.0.0.1", port=server.port, tls=Tls.NONE, user="support@desk.test", tokens=tokens))
        outcome = courier.send("a@b.example", "c@d.example", a_mail("waits"), lambda: None)

    assert isinstance(outcome, Deferred)
    assert outcome.away
    assert advice in outcome.reply


def test_authenticated_but_not_connected_is_a_mistake_of_the_configuration(provider: IdentityProvider, store: Store) -> None:
    with FakeImap(capabilities="IMAP4rev1 IDLE AUTH=XOAUTH2") as server:
        server.faults.append(Fault("EXAMINE", b"{tag} BAD User is authenticated but not connected.\r\n* BYE Connection closed.\r\n"))
        source = a_login(provider, store)
        connection = Connection(Mailbox(name="m", host="127.0.0.1", port=server.port, tls=Tls.NONE, user="s@desk.test"), 1 << 20, source)
        advice = r"New-ServicePrincipal.*enterprise application.*Add-MailboxPermission -Identity s@desk\.test"
        with pytest.raises(LoginRefused, match=advice):
            connection.select("INBOX", readonly=True)
        connection.close()

        said = base64.b64decode(next(one for one in server.commands if one.startswith("dXNlcj")))
        assert said == f"user=s@desk.test\x01auth=Bearer {source.token().value}\x01\x01".encode()


def test_a_connection_that_closes_within_minutes_is_not_opened_in_a_tight_loop(
    provider: IdentityProvider, store: Store, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[int] = []
    monkeypatch.setattr(imap, "wait_after", lambda failures, **_more: waits.append(failures) or 0.01)
    with FakeImap(capabilities="IMAP4rev1 IDLE AUTH=XOAUTH2") as server:
        server.faults.append(Fault("IDLE", b"* BYE Session invalidated - AccessTokenExpired\r\n", close=True, times=6))
        mailbox = Mailbox(name="m", host="127.0.0.1", port=server.port, tls=Tls.NONE, user="s@desk.test")
        desk.run(desk.poller(mailbox, tokens=a_login(provider, store)))
        wait_until(lambda: len(waits) >= 5, "it was closed five times")

    assert waits[:5] == [1, 2, 3, 4, 5]


def test_challenges_are_read_whatever_they_hold() -> None:
    challenge = base64.b64encode(b'{"status":"401","schemes":"bearer mac","scope":"https://mail.google.com/"}')

    assert sasl.explained(challenge) == "status 401; scope https://mail.google.com/"
    assert sasl.explained(base64.b64decode(challenge)) == "status 401; scope https://mail.google.com/"
    assert sasl.explained(b"") == ""
    assert sasl.explained(b"\xff\x00[") == "\ufffd["
    assert sasl.mechanism(["PLAIN", "xoauth2"]) == "XOAUTH2"
    assert sasl.mechanism(["PLAIN"]) is None


@servers
def test_auth_test_tries_every_step_with_real_servers(
    shared: tuple[IdentityProvider, Dovecot], postfix: Postfix, provider: IdentityProvider, account: Account, tmp_path: Path
) -> None:
    dovecot = shared[1]
    text = f"""
[desk]
name = "Acme"
address = "{account.user}"
[[mailbox]]
name = "main"
host = "localhost"
port = {dovecot.imap_port}
tls = "none"
user = "{account.user}"
oauth = "support"
folders = ["INBOX", "Missing"]
[outgoing]
url = "smtp://127.0.0.1:{postfix.port}"
tls = "none"
user = "{account.user}"
oauth = "support"
"""
    (tmp_path / "mailbridge.toml").write_text(text + a_config_text(provider, tmp_path, 'flow = "client-credentials"'))

    signed = CliRunner().invoke(auth, ["login", "support", "--desk", str(tmp_path)], standalone_mode=False)
    result = CliRunner().invoke(auth, ["test", "--desk", str(tmp_path), "--json"], standalone_mode=False)

    assert "right     token" in signed.output, signed.output
    steps = {step["step"].split(" to ")[0]: step["verdict"] for step in json.loads(result.output)}
    assert steps == {
        "token": "right",
        "IMAP login": "right",
        "IMAP folder INBOX": "right",
        "IMAP folder Missing": "wrong",
        "SMTP AUTH": "right",
        f"mail from {account.user}": "right",
        "the mail arrives": "right",
    }
    assert (signed.return_value, result.return_value) == (1, 1)
    with dovecot.client(account) as client:
        assert client.search("ALL") == [], "the mails were deleted again"
    assert all(secret not in signed.output + result.output for secret in provider.secrets())


@servers
@pytest.mark.parametrize("reads", [True, False], ids=["the login's mailbox", "another way in"])
def test_auth_test_beside_a_running_desk_makes_no_ticket(
    shared: tuple[IdentityProvider, Dovecot], postfix: Postfix, provider: IdentityProvider, account: Account, tmp_path: Path, reads: bool
) -> None:
    """In the login's own mailbox either of them is first: the command deletes the mail, or the desk takes it in and knows it."""
    dovecot = shared[1]
    (tmp_path / "mailbox.password").write_text(account.password)
    by = 'oauth = "support"\nafter = "delete"' if reads else 'password_file = "mailbox.password"'
    text = f"""
[desk]
name = "Acme"
address = "{account.user}"
[[mailbox]]
name = "main"
host = "localhost"
port = {dovecot.imap_port}
tls = "none"
user = "{account.user}"
{by}
[outgoing]
url = "smtp://127.0.0.1:{postfix.port}"
tls = "none"
user = "{account.user}"
oauth = "support"
"""
    write_desk(tmp_path, text + a_config_text(provider, tmp_path, 'flow = "client-credentials"'))
    with running(tmp_path) as daemon, looking(f"sqlite:///{tmp_path}/mailbridge.db") as desk_store:

        def is_up() -> bool:
            with desk_store.read() as tx:
                return "folder_opened" in daemon.log() and tx.state.set_at("daemon") is not None

        def rows() -> list[tuple[str, str]]:
            with desk_store.read() as tx:
                return [(str(row.outcome), row.reason or "") for row in tx.inbox.list() if row.outcome]

        wait_until(is_up, "the mailbox is open")
        done = mailbridge(tmp_path, "auth", "test", "--json", "support")
        dovecot.deliver(account, a_mail("printer"))
        wait_until(lambda: "ticket" in [outcome for outcome, _ in rows()], "the next mail is a ticket")
        with desk_store.read() as tx:
            tickets = [ticket.subject for ticket in tx.tickets.find()]
        found = rows()

    arrived = json.loads(done.stdout)[-1]
    assert (arrived["step"], arrived["verdict"]) == ("the mail arrives", "right"), done.stdout
    assert tickets == ["printer"], found
    known = [reason for outcome, reason in found if outcome == "canary"]
    assert known == ["a mail of mailbridge auth test to the desk itself"] or (reads and not known), found
    assert reads or "the running desk received it" in arrived["said"]


@servers
def test_the_daemon_reads_and_sends_by_token_and_writes_no_secret(
    shared: tuple[IdentityProvider, Dovecot], postfix: Postfix, provider: IdentityProvider, account: Account, tmp_path: Path
) -> None:
    dovecot = shared[1]
    provider.lives = 3
    text = f"""
[desk]
name = "Acme"
address = "{account.user}"
[[mailbox]]
name = "main"
host = "localhost"
port = {dovecot.imap_port}
tls = "none"
user = "{account.user}"
oauth = "support"
[outgoing]
url = "smtp://127.0.0.1:{postfix.port}"
tls = "none"
user = "{account.user}"
oauth = "support"
[log]
level = "debug"
"""
    write_desk(tmp_path, text + a_config_text(provider, tmp_path))
    with looking(f"sqlite:///{tmp_path}/mailbridge.db") as opened:
        opened.upgrade()
        signed_in(load(tmp_path, {}).oauth[0], provider, opened)
    with running(tmp_path) as daemon, looking(f"sqlite:///{tmp_path}/mailbridge.db") as desk_store:
        wait_until(lambda: "folder_opened" in daemon.log(), "the mailbox is open")
        dovecot.deliver(account, a_mail("printer"))

        def sent() -> bool:
            with desk_store.read() as tx:
                return tx.outbox.counts().get("sent", 0) > 0

        wait_until(sent, "a mail about it was taken by the relay")
    log = daemon.log()

    assert [secret for secret in (*provider.secrets(), KEY, CLIENT_SECRET) if secret in log] == []
