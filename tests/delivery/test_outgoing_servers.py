"""Several outgoing servers: each carries its senders' mail, one that fails holds up no other, another stands in only where it is named."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Event, Thread

import pytest
from click.testing import CliRunner

from mailbridge.config.model import Config, Identity, Outgoing, Tls
from mailbridge.delivery.deliver import DeliveryWorker
from mailbridge.delivery.servers import FAILOVER_AFTER, OutgoingServers
from mailbridge.health import probes
from mailbridge.health.gauges import DeskGauges
from mailbridge.notifications.model import Senders
from tests.fakes.smtp_server import FakeSmtp, Fault
from tests.harness import TestDesk, a_config, a_desk, a_mail
from tests.servers.postfix import Postfix
from tests.servers.processes import wait_until

SALES = Identity(address="Sales@brand.test", outgoing="brand")


def a_server(name: str, port: int, **more: object) -> Outgoing:
    return Outgoing(name=name, url=f"smtp://127.0.0.1:{port}", tls=Tls.NONE, helo="desk.test", connections=1, **more)  # type: ignore[arg-type]


def with_servers(folder: Path, *servers: Outgoing, identities: tuple[Identity, ...] = (SALES,)) -> Config:
    config = a_config(folder)
    desk = replace(config.desk, identities=identities)
    return replace(config, desk=desk, outgoing=servers[0], further_outgoing=servers[1:])


@contextmanager
def at_work(desk: TestDesk) -> Iterator[None]:
    """The delivery workers of every server run, each in its thread."""
    stop, wakes = Event(), [Event() for _ in desk.app.config.outgoing_servers]
    threads = [
        Thread(target=desk.app.delivery_worker(server).run, args=(stop, wake))
        for server, wake in zip(desk.app.config.outgoing_servers, wakes, strict=True)
    ]
    try:
        for thread in threads:
            thread.start()
        yield
    finally:
        stop.set()
        for wake in wakes:
            wake.set()
        for thread in threads:
            thread.join(20)


@contextmanager
def a_worker(desk: TestDesk, server: Outgoing) -> Iterator[DeliveryWorker]:
    """A worker of the server; its connection is closed at the end."""
    worker = desk.app.delivery_worker(server)
    try:
        yield worker
    finally:
        worker._transport.close()


def worked_off(worker: DeliveryWorker) -> None:
    while worker.one_turn():
        pass


def recipients(server: FakeSmtp) -> set[str]:
    return {mail.recipient for mail in server.mails}


def two_mails(desk: TestDesk) -> None:
    """Carol writes to the brand, Dana to the desk itself."""
    desk.feed(a_mail(to="sales@brand.test"), rcpt_to=("sales@brand.test",))
    desk.feed(a_mail(from_="dana@other.test", message_id="<d@other.test>"), mail_from="dana@other.test")


def test_each_server_gets_the_mail_of_its_senders(tmp_path: Path) -> None:
    with FakeSmtp() as main, FakeSmtp() as brand, ExitStack() as stack:
        config = with_servers(tmp_path, a_server("main", main.port), a_server("brand", brand.port))
        desk = stack.enter_context(a_desk(tmp_path, **_of(config)))
        two_mails(desk)
        for server in config.outgoing_servers:
            with a_worker(desk, server) as worker:
                worked_off(worker)

        assert recipients(brand) == {"carol@customer.test"}
        assert {mail.mail_from for mail in brand.mails} == {"Sales@brand.test"}
        assert "dana@other.test" in recipients(main)
        assert "carol@customer.test" not in recipients(main)


def test_a_silent_server_holds_up_no_other(tmp_path: Path) -> None:
    """The silent one has the first mail, and keeps its worker for the whole test."""
    with FakeSmtp(answers={"GREET": Fault.HANG}) as main, FakeSmtp() as brand, ExitStack() as stack:
        config = with_servers(tmp_path, a_server("main", main.port), a_server("brand", brand.port))
        desk = stack.enter_context(a_desk(tmp_path, **_of(config)))
        desk.feed(a_mail(from_="dana@other.test", message_id="<d@other.test>"), mail_from="dana@other.test")
        stack.callback(main.__exit__, None, None, None)  # ends the wait of its worker
        with at_work(desk):
            wait_until(lambda: main.connections > 0, "the silent server was asked")
            desk.feed(a_mail(to="sales@brand.test"), rcpt_to=("sales@brand.test",))
            wait_until(lambda: bool(brand.mails), "the other server has its mail")
            assert recipients(brand) == {"carol@customer.test"}
            assert not main.mails
            main.__exit__(None, None, None)


def test_postfix_delivers_while_the_other_server_is_silent(tmp_path: Path, postfix: Postfix) -> None:
    with FakeSmtp(answers={"GREET": Fault.HANG}) as silent, ExitStack() as stack:
        config = with_servers(tmp_path, a_server("main", postfix.port), a_server("brand", silent.port))
        desk = stack.enter_context(a_desk(tmp_path, **_of(config)))
        desk.feed(a_mail(to="sales@brand.test"), rcpt_to=("sales@brand.test",))
        with at_work(desk):
            wait_until(lambda: silent.connections > 0, "the silent server was asked")
            raw = a_mail(from_="eve@held.test", message_id="<e@held.test>")
            desk.feed(raw, mail_from="eve@held.test")
            wait_until(lambda: postfix.queued("eve@held.test") == 1, "Postfix has the mail")
            silent.__exit__(None, None, None)


def test_another_server_stands_in_only_where_it_is_named(tmp_path: Path) -> None:
    for failover, carried in (("", set()), ("main", {"carol@customer.test"})):
        folder = tmp_path / (failover or "none")
        folder.mkdir()
        with FakeSmtp() as main, ExitStack() as stack:
            away = FakeSmtp()
            away.__exit__(None, None, None)  # nothing listens at its port
            config = with_servers(folder, a_server("main", main.port), a_server("brand", away.port, failover=failover))
            desk = stack.enter_context(a_desk(folder, **_of(config)))
            now = [0.0]
            desk.app.__dict__["servers"] = OutgoingServers(config, clock=lambda now=now: now[0])
            desk.feed(a_mail(to="sales@brand.test"), rcpt_to=("sales@brand.test",))
            stand_in = stack.enter_context(a_worker(desk, config.outgoing))
            stack.enter_context(a_worker(desk, config.further_outgoing[0])).one_turn()
            desk.pass_time(minutes=6)
            desk.app.clock_watch.look()
            worked_off(stand_in)
            assert "carol@customer.test" not in recipients(main), "two minutes have not passed"

            now[0] = FAILOVER_AFTER
            worked_off(stand_in)

            assert recipients(main) & {"carol@customer.test"} == carried


def test_the_server_that_answers_again_gets_its_mail_back(tmp_path: Path) -> None:
    config = with_servers(tmp_path, a_server("main", 1), a_server("brand", 2, failover="main"))
    now = [0.0]
    servers = OutgoingServers(config, clock=lambda: now[0])
    main, brand = config.outgoing_servers
    sales = ("sales@brand.test",)
    assert (servers.senders(main), servers.senders(brand)) == (Senders(addresses=sales, others=True), Senders(addresses=sales))

    servers.reported(brand, "refused")
    servers.reported(brand, "refused again")
    now[0] = FAILOVER_AFTER
    assert (servers.senders(main), servers.senders(brand)) == (Senders(others=True), Senders())

    servers.reported(brand, "")
    assert (servers.senders(main), servers.senders(brand)) == (Senders(addresses=sales, others=True), Senders(addresses=sales))


def test_the_first_server_is_replaced_by_another_one(tmp_path: Path) -> None:
    config = with_servers(tmp_path, a_server("main", 1, failover="brand"), a_server("brand", 2), a_server("third", 3))
    now = [0.0]
    servers = OutgoingServers(config, clock=lambda: now[0])
    servers.reported(config.outgoing, "refused")
    now[0] = FAILOVER_AFTER

    assert [servers.senders(one) for one in config.outgoing_servers] == [Senders(), Senders(others=True), Senders()]


def test_one_server_asks_for_nobodys_mail_in_particular(tmp_path: Path) -> None:
    config = with_servers(tmp_path, a_server("main", 1))

    assert OutgoingServers(config).senders(config.outgoing) is None


def test_health_numbers_and_lists_are_by_server(tmp_path: Path) -> None:
    from mailbridge.cli.main import cli

    text = """
[desk]
name = "Acme Support"
address = "support@desk.test"
[[outgoing]]
name = "main"
url = "smtp://127.0.0.1:{main}"
tls = "none"
[[outgoing]]
name = "brand"
url = "smtp://127.0.0.1:{brand}"
tls = "none"
mails_per_minute = 30
[[identity]]
address = "sales@brand.test"
outgoing = "brand"
"""
    with FakeSmtp() as main, ExitStack() as stack:
        away = FakeSmtp()
        away.__exit__(None, None, None)
        (tmp_path / "mailbridge.toml").write_text(text.format(main=main.port, brand=away.port))
        config = with_servers(tmp_path, a_server("main", main.port), a_server("brand", away.port))
        desk = stack.enter_context(a_desk(tmp_path, **_of(config)))
        two_mails(desk)
        desk.app.sources.watch()
        desk.app.sources.probe({})

        with desk.app.store.read() as tx:
            health = {one.name: one.failing_since is None for one in tx.sources.all()}
        assert health["outgoing"]
        assert not health["outgoing:brand"]
        assert {name for name, _ in probes.probes(config, {})} >= {"outgoing", "outgoing:brand"}
        numbers = {one.name: one.values for one in DeskGauges(desk.app.store, desk.clock, config).read()}["mailbridge_outbox_by_server"]
        assert numbers["brand", "queued"] == 1
        assert numbers["main", "queued"] > 1
        status = json.loads(CliRunner().invoke(cli, ["status", "--desk", str(tmp_path), "--json"]).output)
        assert status["ways_out"]["brand"] == {"queued": 1}
        listed = CliRunner().invoke(cli, ["outbox", "list", "--desk", str(tmp_path)], terminal_width=200).output
        assert "SERVER" in listed
        rows = json.loads(CliRunner().invoke(cli, ["outbox", "list", "--desk", str(tmp_path), "--json"]).output)
        assert {(row["sender"], row["server"]) for row in rows} == {("Sales@brand.test", "brand"), ("", "main")}


@pytest.mark.parametrize("paced", ["brand", "main"])
def test_each_server_has_its_own_rate(tmp_path: Path, paced: str) -> None:
    servers = [a_server(name, number, mails_per_minute=30 if name == paced else 0) for number, name in enumerate(("main", "brand"), 1)]
    config = with_servers(tmp_path, *servers)
    known = OutgoingServers(config)
    with a_desk(tmp_path) as desk:
        now = desk.clock.now()
        taken = {one.name: known.pace(one).take(100, now) for one in config.outgoing_servers}

    assert taken == {paced: 5, "main" if paced == "brand" else "brand": 100}


def _of(config: Config) -> dict[str, object]:
    return {"desk": config.desk, "outgoing": config.outgoing, "further_outgoing": config.further_outgoing}


def test_a_greeting_is_no_proof_while_mails_are_not_taken(tmp_path: Path) -> None:
    """A server that greets and then is silent at MAIL is told, and what it does not take is tried at each sign of life."""
    with FakeSmtp({"MAIL": Fault.CLOSE}) as relay:
        config = with_servers(tmp_path, a_server("outgoing", relay.port), identities=())
        with a_desk(tmp_path, outgoing=config.outgoing) as desk:
            tried: list[str] = []
            desk.app.sources.works_again = tried.append
            desk.feed(a_mail())
            with a_worker(desk, config.outgoing) as worker:
                worker.one_turn()
                desk.app.sources.probe({})
                assert (tried, is_failing(desk)) == (["outgoing"], True)
                relay._left.clear()
                worker.look_again()
                desk.pass_time(seconds=10)
                desk.app.clock_watch.look()  # no step of the machine's clock
                worker.one_turn()
            assert (bool(relay.mails), is_failing(desk)) == (True, False)


def is_failing(desk: TestDesk) -> bool:
    with desk.app.store.read() as tx:
        found = tx.sources.get("outgoing")
    return found is not None and found.failing_since is not None
