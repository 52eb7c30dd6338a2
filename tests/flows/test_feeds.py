"""Calendar feeds from a real HTTPS server with faults: the last good days go on to count, and everybody who looks is told their age."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from threading import Event, Thread

import pytest

from mailbridge.cli.check import examine
from mailbridge.cli.main import main
from mailbridge.clock import SystemClock
from mailbridge.config.model import FeedSettings
from mailbridge.jobs import feeds as jobs
from mailbridge.jobs.feeds import NoFeed, download, is_public
from mailbridge.sandbox.feed import FeedUnreadable, read_feed
from tests.builders import NOW
from tests.flows.test_changed_targets import change, due
from tests.harness import RULES, TestDesk, a_desk, a_mail
from tests.servers.feed_server import FeedServer, feed_server, gives
from tests.unit.message.test_calendar_feed import calendar

HOUR = timedelta(hours=1)
TOMORROW = NOW.date() + timedelta(days=1)


def days(*which: date) -> bytes:
    return calendar(*(f"UID:{day}\nDTSTART;VALUE=DATE:{day:%Y%m%d}" for day in which))


@pytest.fixture
def server(tmp_path: Path) -> Iterator[FeedServer]:
    with feed_server(tmp_path) as running:
        running.answers["/days.ics"] = gives(days(TOMORROW))
        yield running


def settings(server: FeedServer, **different: object) -> FeedSettings:
    usual: dict[str, object] = {"hosts": ("localhost",), "private": True, "ca_file": server.ca_file, "time_limit": timedelta(seconds=5)}
    return FeedSettings(**{**usual, **different})  # type: ignore[arg-type]


def rules(server: FeedServer) -> dict[str, str]:
    hours = f'hours: {{office: {{zone: UTC, week: {{mon-fri: "09:00-17:00"}}, feeds: "{server.url()}"}}}}\n'
    teams = RULES["teams.yaml"].replace("managers: [mara]", "managers: [mara], hours: office") + hours
    return RULES | {"teams.yaml": teams, "routing/10-network.yaml": "[]\n", "sla.yaml": "targets: {normal: {resolution: 1d2h}}\n"}


def closed(desk: TestDesk) -> frozenset[date]:
    return desk.app.policy().organisation.calendars["office"].holidays


def fetch(desk: TestDesk, after: timedelta = timedelta(0)) -> None:
    desk.clock.time += after
    desk.app.jobs.fetch_feeds()
    desk.app.rules.refresh()
    desk.app.jobs.sweep()


def test_a_closed_day_of_the_feed_moves_the_due_time_of_an_open_ticket(tmp_path: Path, server: FeedServer, store_url: str) -> None:
    with a_desk(tmp_path, rules=rules(server), store_url=store_url, calendars=settings(server)) as desk:
        desk.feed(a_mail())
        assert due(desk)["resolution", "overdue"] == 26 * HOUR
        fetch(desk)
        assert closed(desk) == {TOMORROW}
        assert due(desk)["resolution", "overdue"] == 50 * HOUR
        fetch(desk)
        assert server.asked == ["/days.ics"], "not again before an hour has passed"

        server.answers["/days.ics"] = gives(days(TOMORROW, TOMORROW + timedelta(days=1)))
        fetch(desk, HOUR)
        assert due(desk)["resolution", "overdue"] == 74 * HOUR


@pytest.mark.parametrize("fault", ["away", "500", "garbage", "cut off", "slow", "large", "moved away", "not trusted"])
def test_when_the_feed_gives_nothing_the_last_good_days_go_on_over_a_restart(tmp_path: Path, server: FeedServer, fault: str) -> None:
    good = days(TOMORROW)
    faults = {
        "away": gives(b"no such page", 404),
        "500": gives(b"oops", 500),
        "garbage": gives(b"<html>Sign in</html>"),
        "cut off": gives(good[:60], length=len(good)),
        "slow": server.drip,
        "large": gives(good + b"X" * 3000),
        "moved away": gives(b"", 302, Location="https://elsewhere.example/days.ics"),
        "not trusted": gives(good),
    }
    said = {
        "away": "404", "500": "500", "garbage": "no iCalendar", "cut off": "before its end", "slow": "within 1 s", "large": "larger than",
        "moved away": "elsewhere.example", "not trusted": "the certificate of localhost is not trusted: ",
    }  # fmt: skip
    with a_desk(tmp_path, rules=rules(server), calendars=settings(server)) as desk:
        fetch(desk)
        assert closed(desk) == {TOMORROW}

    server.answers["/days.ics"] = faults[fault]
    limits = settings(server, time_limit=timedelta(seconds=1), largest=2000, **({"ca_file": None} if fault == "not trusted" else {}))
    with a_desk(tmp_path, rules=rules(server), calendars=limits) as desk:
        fetch(desk, 2 * HOUR)
        assert closed(desk) == {TOMORROW}
        with desk.app.store.read() as tx:
            [feed] = tx.feeds.all()
        assert said[fault] in feed.fault
        assert feed.fetched_at == NOW

        server.answers["/days.ics"] = gives(days(TOMORROW + timedelta(days=7)))
        desk.app.config = replace(desk.app.config, calendars=settings(server))
        fetch(desk, HOUR)
        assert closed(desk) == {TOMORROW + timedelta(days=7)}


def test_redirects_lead_to_allowed_hosts_alone_and_end(tmp_path: Path, server: FeedServer) -> None:
    server.answers["/old"] = gives(b"", 301, Location="/days.ics")
    assert download(server.url("/old"), settings(server)) == days(TOMORROW)
    server.answers["/round"] = gives(b"", 302, Location="/round")
    with pytest.raises(NoFeed, match="more than 3 redirects"):
        download(server.url("/round"), settings(server))
    server.answers["/plain"] = gives(b"", 302, Location="http://calendar.example/days.ics")
    with pytest.raises(NoFeed, match="only https"):
        download(server.url("/plain"), settings(server, hosts=("localhost", "calendar.example")))
    with pytest.raises(NoFeed, match=r'"localhost" is not among \[calendars\] hosts'):
        download(server.url(), settings(server, hosts=("calendar.example",)))


def test_an_address_of_a_local_network_is_refused_before_anything_is_sent(server: FeedServer) -> None:
    with pytest.raises(NoFeed, match=r"localhost has the address (127\.0\.0\.1|::1)"):
        download(server.url(), settings(server, private=False))
    assert server.asked == []
    ours = ("127.0.0.1", "10.1.2.3", "192.168.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "::1", "fe80::1%eth0", "fd00::1")
    assert not is_public("::ffff:10.0.0.1")
    assert [is_public(address) for address in ours] == [False] * len(ours)
    assert is_public("1.1.1.1")
    assert is_public("2606:4700::1111")


def test_of_several_processes_one_fetches(tmp_path: Path, server: FeedServer, store_url: str) -> None:
    with a_desk(tmp_path, rules=rules(server), store_url=store_url, calendars=settings(server)) as desk:
        desk.app.policy()
        threads = [Thread(target=desk.app.jobs.fetch_feeds) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert server.asked == ["/days.ics"]


def test_a_rule_that_never_gives_a_date_is_given_up() -> None:
    endless = calendar("UID:1\nDTSTART:20260101T000000\nDURATION:PT1H\nRRULE:FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30")
    with pytest.raises(FeedUnreadable, match="longer than 1 s"):
        read_feed(endless, date(2026, 1, 1), date(2027, 1, 1), seconds=1)


def test_status_check_and_doctor_say_how_old_the_last_good_one_is(
    tmp_path: Path, server: FeedServer, capsys: pytest.CaptureFixture[str]
) -> None:
    with a_desk(tmp_path, rules=rules(server), calendars=settings(server)) as desk:
        desk.clock.time = SystemClock().now() - timedelta(days=3, hours=2)
        desk.app.jobs.fetch_feeds()
        server.answers["/days.ics"] = gives(b"oops", 500)
        desk.clock.time = SystemClock().now()
        desk.app.jobs.fetch_feeds()
    desk_table = '[desk]\nname = "D"\naddress = "d@desk.test"\n[outgoing]\nurl = "maildir:out"\n'
    toml = f'{desk_table}[calendars]\nhosts = ["localhost:{server.port}"]\n'
    (tmp_path / "mailbridge.toml").write_text(toml)
    old = "is 3 d old, last fetched"
    capsys.readouterr()
    assert main(["status", "--desk", str(tmp_path), "--json"]) == 1
    status = json.loads(capsys.readouterr().out)
    assert [one["fault"] for one in status["feeds"]] == ["localhost answered 500, so it has an error of its own"]
    assert any(old in trouble for trouble in status["troubles"])
    warnings = [problem for problem in examine(tmp_path).problems if "the feed" in problem.message]
    assert [(problem.warning, old in problem.message) for problem in warnings] == [(True, True)]

    (tmp_path / "mailbridge.toml").write_text(toml.replace("localhost", "calendar.example"))
    [mistake] = [problem for problem in examine(tmp_path).problems if "is not fetched" in problem.message]
    assert not mistake.warning
    assert jobs.TABLE in mistake.message
    assert 'hosts = ["localhost"]' in mistake.hint


def test_a_server_of_the_own_network_is_told_which_line_allows_it(tmp_path: Path, server: FeedServer) -> None:
    with a_desk(tmp_path, rules=rules(server), calendars=replace(settings(server), private=False)) as desk:
        desk.clock.time = SystemClock().now()
        desk.app.jobs.fetch_feeds()
    desk_table = '[desk]\nname = "D"\naddress = "d@desk.test"\n[outgoing]\nurl = "maildir:out"\n'
    toml = f'{desk_table}[calendars]\nhosts = ["localhost"]\n'
    (tmp_path / "mailbridge.toml").write_text(toml)
    [warning] = [problem for problem in examine(tmp_path).problems if "the feed" in problem.message]
    assert "private = true" in warning.hint

    (tmp_path / "mailbridge.toml").write_text(toml + "private = true\n")
    [warning] = [problem for problem in examine(tmp_path).problems if "the feed" in problem.message]
    assert "mailbridge check --feeds" in warning.hint


def test_check_and_rota_name_the_hours_that_a_feed_leaves_uncovered(
    tmp_path: Path, server: FeedServer, capsys: pytest.CaptureFixture[str]
) -> None:
    """A team around the clock with one agent, whose absences come from a feed."""
    away = SystemClock().now().date() + timedelta(days=9)
    server.answers["/days.ics"] = gives(days(away))
    teams = f"""
teams: {{support: {{title: Support, members: [bogdan], managers: [bogdan]}}}}
agents: {{bogdan: {{title: Bogdan, address: bogdan@desk.test, role: manager, hours: own}}}}
hours: {{own: {{zone: UTC, week: {{mon-sun: "00:00-24:00"}}, feeds: "{server.url()}"}}}}
default: support
"""
    with a_desk(tmp_path, rules=RULES | {"teams.yaml": teams, "routing/10-network.yaml": "[]\n"}, calendars=settings(server)) as desk:
        desk.clock.time = SystemClock().now()
        desk.app.jobs.fetch_feeds()
    desk_table = '[desk]\nname = "D"\naddress = "d@desk.test"\n[outgoing]\nurl = "maildir:out"\n'
    (tmp_path / "mailbridge.toml").write_text(f'{desk_table}[calendars]\nhosts = ["localhost"]\n')
    [gap] = [problem for problem in examine(tmp_path).problems if "works around the clock" in problem.message]
    assert "nobody on duty for 24 hours" in gap.message
    capsys.readouterr()
    assert main(["rota", "--desk", str(tmp_path), "--json", "support"]) == 0
    assert [one["from"][:10] for one in json.loads(capsys.readouterr().out)["uncovered"]] == [away.isoformat()]


def test_a_feed_that_failed_is_fetched_at_once_after_a_reload_and_by_check(
    tmp_path: Path, server: FeedServer, capsys: pytest.CaptureFixture[str]
) -> None:
    with a_desk(tmp_path, rules=rules(server), calendars=settings(server)) as desk:
        server.answers["/days.ics"] = gives(b"", 404)
        desk.app.jobs.fetch_feeds()
        desk.app.jobs.fetch_feeds()
        assert server.asked == ["/days.ics"]
        desk.app.rules.refresh(at_once=True)
        desk.app.jobs.fetch_feeds()
        assert server.asked == ["/days.ics"] * 2
        server.answers["/days.ics"] = gives(days(TOMORROW))
        change(desk, sla="targets:\n  normal: {resolution: 5d}\n")
        desk.app.jobs.fetch_feeds()
        desk.app.rules.refresh()
        assert closed(desk) == {TOMORROW}
        desk.app.jobs.fetch_feeds()
        assert server.asked == ["/days.ics"] * 3, "it works, so its hour has to pass"

    table = f'[calendars]\nhosts = ["localhost:{server.port}"]\nprivate = true\nca_file = "{settings(server).ca_file}"\n'
    (tmp_path / "mailbridge.toml").write_text(f'[desk]\nname = "D"\naddress = "d@desk.test"\n[outgoing]\nurl = "maildir:out"\n{table}')
    main(["check", "--desk", str(tmp_path), "--feeds"])
    assert f"feed {server.url()}: fetched, 1 events" in capsys.readouterr().out
    assert server.asked == ["/days.ics"] * 4


def test_a_silent_feed_holds_up_no_other(tmp_path: Path, server: FeedServer, store_url: str) -> None:
    both = rules(server)["teams.yaml"].replace(f'feeds: "{server.url()}"', f'feeds: ["{server.url("/silent.ics")}", "{server.url()}"]')
    others_done = Event()

    def silent(handler: BaseHTTPRequestHandler) -> None:
        assert others_done.wait(20), "the other feed is fetched meanwhile"

    server.answers["/silent.ics"] = silent
    answer = server.answers["/days.ics"]

    def good(handler: BaseHTTPRequestHandler) -> None:
        answer(handler)
        others_done.set()

    server.answers["/days.ics"] = good
    with a_desk(tmp_path, rules=rules(server) | {"teams.yaml": both}, store_url=store_url, calendars=settings(server)) as desk:
        fetch(desk)
        assert closed(desk) == {TOMORROW}
