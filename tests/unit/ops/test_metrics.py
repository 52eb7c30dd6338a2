"""What Prometheus is told: what this process counted, what the database says, and each name with its meaning in the manual."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from urllib.request import urlopen

import pytest
from prometheus_client.parser import text_string_to_metric_families

from mailbridge.checks import build
from mailbridge.config.model import Backup, CanarySettings, WebhookSettings
from mailbridge.conversation.canary import CanaryWatch, arrived, started, stored_watch
from mailbridge.errors import Permanent, StoreAway
from mailbridge.health.gauges import AUDIT_KEY, SHADOW_KEY, DeskGauges, disk_free, places
from mailbridge.health.names import canary_name
from mailbridge.message.model import ReadingPolicy
from mailbridge.oauth.health import ENDS_KEY
from mailbridge.ops.metrics import GaugeCollector, Metrics, MetricsServer
from mailbridge.sandbox.pool import Readers
from mailbridge.store.engine import Store
from mailbridge.worker import Worker
from tests.harness import RULES, TestDesk, a_desk, a_mail

MANUAL = Path(__file__).parents[3] / "docs" / "manual" / "running.md"


def a_canary(now: datetime) -> CanaryWatch:
    """One that came."""
    sent = started(CanaryWatch(to="support@desk.test"), "n", now, None)
    return arrived(sent, "n", now, now, ())


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[TestDesk]:
    calls = {"routing/20-calls.yaml": '- name: tell\n  when: {exists: subject}\n  then: {webhook: "https://hooks.desk.test/t"}\n'}
    hooks = WebhookSettings(hosts=("hooks.desk.test",), secret="x")
    with a_desk(tmp_path, rules=RULES | calls, webhooks=hooks, canary=CanarySettings()) as made:
        yield made


@pytest.fixture
def endpoint(desk: TestDesk) -> Iterator[MetricsServer]:
    running = MetricsServer(desk.app.metrics, DeskGauges(desk.app.store, desk.clock, desk.app.config), ("127.0.0.1", 0))
    yield running
    running.close()


def told(endpoint: MetricsServer) -> dict[tuple[str, ...], float]:
    """(name, label values) -> number, as anybody reads it."""
    with urlopen(f"http://127.0.0.1:{endpoint.port}/metrics", timeout=10) as answer:
        text = answer.read().decode()
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    return {(sample.name, *(value for label, value in sample.labels.items() if label != "le")): sample.value for sample in samples}


def test_mails_are_counted_by_their_way_and_their_outcome(desk: TestDesk, endpoint: MetricsServer) -> None:
    desk.feed(a_mail())
    desk.feed(a_mail())
    desk.pass_time(seconds=5)

    found = told(endpoint)

    assert found["mailbridge_mails_accepted_total", "smtp"] == 2
    assert (found["mailbridge_mails_total", "ticket"], found["mailbridge_mails_total", "duplicate"]) == (1, 1)
    assert found["mailbridge_mail_wait_seconds_count",] == 2
    assert found["mailbridge_mail_processing_seconds_count",] == 2
    assert found["mailbridge_rules_seconds_count",] == 1, "a copy is not judged"
    assert 0 < found["mailbridge_rules_seconds_sum",] < 5


def test_queues_are_those_of_the_database(desk: TestDesk, endpoint: MetricsServer) -> None:
    desk.feed(a_mail())
    desk.accept(a_mail(message_id="<two@customer.test>"))
    desk.pass_time(minutes=7)

    found = told(endpoint)

    assert found["mailbridge_inbox", "new"] == 1
    assert found["mailbridge_inbox_oldest_seconds",] == 420
    assert found["mailbridge_outbox", "queued"] == len(desk.promises()) > 0
    assert found["mailbridge_webhooks", "queued"] == 1
    assert found["mailbridge_store_up",] == 1


def test_a_moment_that_nobody_tells_shows_as_lag(desk: TestDesk, endpoint: MetricsServer) -> None:
    desk.feed(a_mail())
    assert told(endpoint)["mailbridge_sweep_lag_seconds",] == 0
    with desk.app.store.read() as tx:
        due = tx.clocks.next_due()
    assert due is not None

    desk.clock.time = due + timedelta(seconds=90)
    assert told(endpoint)["mailbridge_sweep_lag_seconds",] == 90
    desk.app.jobs.sweep()

    assert told(endpoint)["mailbridge_sweep_lag_seconds",] == 0


def test_broken_rules_are_told_and_the_version_in_force(desk: TestDesk, endpoint: MetricsServer) -> None:
    version = desk.app.policy().version
    assert told(endpoint)["mailbridge_rules_mistakes",] == 0

    (desk.app.config.folder / "rules" / "routing" / "10-network.yaml").write_text("- name: x\n  wen: {}\n")
    desk.app.rules.refresh(at_once=True)

    found = told(endpoint)
    assert found["mailbridge_rules_mistakes",] > 0
    assert found["mailbridge_rules_info", version] == 1


def test_a_child_that_a_mail_ended_is_counted(desk: TestDesk, endpoint: MetricsServer) -> None:
    fragile = Readers(ReadingPolicy(), processes=1, reader="tests.fakes.readers:read")
    worker = Worker(
        desk.app.store, fragile, desk.app.desk, desk.clock, channels=build.channels(desk.app.config), metrics=desk.app.metrics
    )
    desk.accept(b"exit now")
    try:
        worker.one_turn()
    finally:
        fragile.close()

    found = told(endpoint)
    assert found["mailbridge_readers_lost_total",] == 1
    assert found["mailbridge_inbox", "new"] == 1, "it is tried again, alone"


def test_without_a_database_the_process_still_tells_what_it_knows(desk: TestDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(_store: Store) -> None:
        raise StoreAway("no database")

    monkeypatch.setattr(Store, "read", away)

    found = {
        sample.name: sample.value
        for family in GaugeCollector(DeskGauges(desk.app.store, desk.clock, desk.app.config)).collect()
        for sample in family.samples
    }

    assert found.keys() == {"mailbridge_store_up", "mailbridge_disk_free_bytes", "mailbridge_time_seconds"}
    assert found["mailbridge_store_up"] == 0


def test_disks_of_the_desk_and_the_clock_are_told(desk: TestDesk, endpoint: MetricsServer) -> None:
    found = told(endpoint)

    free = shutil.disk_usage(desk.app.config.folder).free
    assert found["mailbridge_disk_free_bytes", "desk"] == pytest.approx(free, rel=0.2)
    assert found["mailbridge_disk_free_bytes", "database"] == found["mailbridge_disk_free_bytes", "desk"]
    assert found["mailbridge_time_seconds",] == desk.clock.now().timestamp()


def test_the_disks_are_those_of_database_and_backups(desk: TestDesk, tmp_path: Path) -> None:
    database = "sqlite:////var/lib/mailbridge/mailbridge.db"
    there = replace(desk.app.config, folder=tmp_path, store_url=database, backup=Backup(to=tmp_path / "away"))

    assert places(there) == {"desk": tmp_path, "database": Path("/var/lib/mailbridge"), "backups": tmp_path / "away"}
    assert places(replace(there, store_url="postgresql:///mailbridge", backup=Backup())) == {"desk": tmp_path}
    assert disk_free({"backups": tmp_path / "not there"}) == {}


def test_the_oldest_mail_that_is_to_be_sent_is_told(desk: TestDesk, endpoint: MetricsServer) -> None:
    assert told(endpoint)["mailbridge_outbox_oldest_seconds",] == 0
    desk.feed(a_mail())
    desk.pass_time(minutes=12)

    assert told(endpoint)["mailbridge_outbox_oldest_seconds",] == 720


def test_a_port_that_is_taken_is_told(desk: TestDesk, endpoint: MetricsServer) -> None:
    with pytest.raises(Permanent, match=r"\[metrics\] listen: Address already in use"):
        MetricsServer(Metrics(), DeskGauges(desk.app.store, desk.clock), ("127.0.0.1", endpoint.port))


def test_the_manual_names_each_metric_and_no_other(desk: TestDesk, endpoint: MetricsServer) -> None:
    desk.jobs_may_fail = True
    desk.feed(a_mail())
    desk.app.sources.board.proven("outgoing", "it answered")
    with desk.app.store.write() as tx:
        tx.sources.mail_came("pipe", desk.clock.now(), desk.clock.now())
        tx.state.set("backup", {"at": desk.clock.now().isoformat()}, desk.clock.now())
        tx.state.set(AUDIT_KEY, {"missing": 0}, desk.clock.now())
        tx.state.set(canary_name("support@desk.test"), stored_watch(a_canary(desk.clock.now())), desk.clock.now())
        tx.state.set(SHADOW_KEY, {"since": desk.clock.now().isoformat(), "ended": None}, desk.clock.now())
        tx.state.set("backup-proof", {"made_at": desk.clock.now().isoformat()}, desk.clock.now())
    with desk.app.store.write() as tx:
        tx.grants.ensure("support")
        tx.job_failures.failed("sweep", "1", "MB-1", "KeyError", desk.clock.now())
        tx.state.set(ENDS_KEY, [["support", "login", desk.clock.now().isoformat()]], desk.clock.now())
    desk.app.metrics.put_off("smtp", "database")
    names = {name for name, *_ in told(endpoint) if name.startswith("mailbridge_") and not name.endswith("_created")}
    there = {re.sub(r"_(bucket|sum|count)$", "", name) for name in names}
    written = set(re.findall(r"^\| `(mailbridge_\w+)` \|", MANUAL.read_text(encoding="utf-8"), flags=re.MULTILINE))

    assert there == written
