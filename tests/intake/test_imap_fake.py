"""The poller against a server that fails in every way (mailbridge.intake.imap), faults F10 to F16 and F20."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Thread
from time import monotonic

import pytest

from mailbridge.clock import FixedClock
from mailbridge.config.model import After, Mailbox, Take, Taken, Tls
from mailbridge.errors import StoreAway, Transient
from mailbridge.intake import imap_client, imap_connection
from mailbridge.intake.imap_errors import CommandRefused, LoginRefused, Lost
from mailbridge.store.engine import Store
from tests.fakes.imap_server import FakeImap, Fault, Folder, Mail
from tests.intake.desk import Desk, a_mail

STEP = 97  # octets between two cuts; all octets were tried with 1
NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


@pytest.fixture
def desk(sqlite_store_url: str) -> Iterator[Desk]:
    with ExitStack() as stack:
        store = Store(sqlite_store_url)
        stack.callback(store.close)
        yield Desk(store, stack)


@pytest.fixture
def server() -> Iterator[FakeImap]:
    with FakeImap() as server:
        yield server


def be_impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A silent server is given up after a moment."""
    monkeypatch.setattr(imap_client, "CONNECT_TIMEOUT", 0.4)
    monkeypatch.setattr(imap_client, "READ_TIMEOUT", 0.4)
    monkeypatch.setattr(imap_connection, "EXCHANGE", 0.6)


def mailbox(server: FakeImap, name: str = "help", *, after: After = After.SEEN, move_to: str = "", poll: float = 60) -> Mailbox:
    return Mailbox(
        name=name,
        host="127.0.0.1",
        port=server.port,
        tls=Tls.NONE,
        user="help",
        password="secret",
        after=after,
        move_to=move_to,
        poll=timedelta(seconds=poll),
        take=Take(which=Taken.ALL),
    )


def flags(server: FakeImap) -> list[set[str]]:
    return [mail.flags for mail in server.folders["INBOX"].mails]


def test_fake_and_true_server_agree_on_the_plain_way(desk: Desk, server: FakeImap) -> None:
    server.deliver(a_mail("one"), a_mail("two"))
    poller = desk.poller(mailbox(server), clock=FixedClock(NOW))
    assert [poller.one_turn(), poller.one_turn()] == [2, 0]
    assert desk.mails() == [a_mail("one"), a_mail("two")]
    assert [row.received_at for row in desk.rows()] == [datetime(2026, 3, 2, 9, 30, tzinfo=UTC)] * 2
    assert flags(server) == [{r"\Seen"}, {r"\Seen"}]


def test_mail_is_peeked_at_and_never_searched_for_by_its_words(desk: Desk, server: FakeImap) -> None:
    server.deliver(a_mail("x\tBODY[] HEADER Message-ID"))
    poller = desk.poller(mailbox(server))
    poller.one_turn()
    poller.one_turn()
    assert all("BODY.PEEK" in command for command in server.commands if "BODY" in command)
    searches = [command for command in server.commands if "SEARCH" in command]
    assert set(searches) == {"UID SEARCH UID 1:*", "UID SEARCH UID 2:*"}


def test_clock_of_the_server_that_runs_ahead_is_not_believed(desk: Desk, server: FakeImap) -> None:
    server.deliver(a_mail())
    desk.poller(mailbox(server), clock=FixedClock(datetime(2026, 3, 2, 9, 0, tzinfo=UTC))).one_turn()
    assert desk.rows()[0].received_at == datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


# F15, F16: every answer at every command

COMMANDS = ["GREETING", "CAPABILITY", "LOGIN", "SELECT", "UID SEARCH", "UID FETCH", "UID STORE"]
ANSWERS = {
    "no": Fault("", b"{tag} NO computer says no\r\n"),
    "unavailable": Fault("", b"{tag} NO [UNAVAILABLE] later\r\n"),
    "overquota": Fault("", b"{tag} NO [OVERQUOTA] full\r\n"),
    "throttled": Fault("", b"{tag} NO [THROTTLED] slower\r\n"),
    "credentials": Fault("", b"{tag} NO [AUTHENTICATIONFAILED] who?\r\n"),
    "bad": Fault("", b"{tag} BAD what?\r\n"),
    "bye": Fault("", b"* BYE out for lunch\r\n", close=True),
    "closed": Fault("", close=True),
    "silent": Fault("", hang=True),
    "an octet now and then": Fault("", drip=True),
    "a literal an octet now and then": Fault("", b"* 1 FETCH (UID 1 BODY[] {500}\r\n", drip=True),
    "garbage": Fault("", b"\x00\xff\xfe nonsense\r\n{tag} OK done\r\n"),
    "half a line": Fault("", b"* 1 FETCH (UID 1 RFC", close=True),
    "short literal": Fault("", b"* 1 FETCH (UID 1 BODY[] {500}\r\nonly this", close=True),
    "huge literal": Fault("", b"* 1 FETCH (UID 1 BODY[] {4294967296}\r\nx", hang=True),
    "negative size": Fault("", b"* 1 FETCH (UID 1 RFC822.SIZE -5 BODY[] {-1}\r\nx)\r\n{tag} OK done\r\n"),
    "open bracket": Fault("", b"* 1 FETCH (UID 1 BODY[] (((\r\n{tag} OK done\r\n"),
    "wrong tag": Fault("", b"ZZZ9 OK done\r\n", close=True),
    "endless line": Fault("", b"* OK " + b"x" * 1_500_000 + b"\r\n{tag} OK done\r\n"),
    "unasked": Fault("", b"* 9 FETCH (UID 99 FLAGS (\\Seen))\r\n* 3 EXPUNGE\r\n{tag} OK done\r\n"),
}


@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("command", COMMANDS)
def test_whatever_goes_wrong_is_transient_and_the_mail_is_taken_once(
    desk: Desk, server: FakeImap, command: str, answer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fault = ANSWERS[answer]
    if fault.hang or fault.drip:
        be_impatient(monkeypatch)
    server.deliver(a_mail("one"), a_mail("two"))
    server.faults.append(replace(fault, command=command))
    poller = desk.poller(mailbox(server))
    for _ in range(3):
        with suppress(Transient):
            poller.one_turn()
            continue
        poller._disconnect()  # as run() does before it tries again
    assert server.faults[0].times == 0
    assert desk.mails() == [a_mail("one"), a_mail("two")]
    if command == "UID STORE" and answer in ("open bracket", "unasked"):
        return  # the server says OK to what it did not do, and nobody can know
    assert flags(server) == [{r"\Seen"}, {r"\Seen"}]


def test_literal_of_four_gigabytes_takes_no_memory(desk: Desk, server: FakeImap) -> None:
    server.deliver(a_mail())
    poller = desk.poller(mailbox(server))
    server.faults.append(Fault("UID FETCH", b"* 1 FETCH (UID 1 BODY[] {4294967296}\r\n", hang=True))
    tracemalloc.start()
    try:
        with pytest.raises(Lost, match="4294967296"):
            poller.one_turn()
        assert tracemalloc.get_traced_memory()[1] < 10 << 20
    finally:
        tracemalloc.stop()


def test_refused_login_is_told_apart_from_a_broken_line(desk: Desk, server: FakeImap) -> None:
    server.faults.append(Fault("LOGIN", b"{tag} NO [AUTHENTICATIONFAILED] who?\r\n"))
    with pytest.raises(LoginRefused):
        desk.poller(mailbox(server)).one_turn()


@pytest.mark.parametrize("answer", [b"", b"* OK one moment\r\n", b"* BYE too many\r\n", b"{tag} NO [UNAVAILABLE] later\r\n"])
def test_login_that_broke_off_is_no_refused_password(desk: Desk, server: FakeImap, answer: bytes) -> None:
    """A password is looked at for a quarter of an hour, a broken connection only for a moment."""
    server.faults.append(Fault("LOGIN", answer, close=True))
    with pytest.raises(Lost) as caught:
        desk.poller(mailbox(server)).one_turn()
    assert not isinstance(caught.value, LoginRefused)


def test_stop_ends_a_connection_that_is_being_opened(desk: Desk, server: FakeImap, monkeypatch: pytest.MonkeyPatch) -> None:
    server.faults.append(Fault("GREETING", drip=True))
    poller = desk.poller(mailbox(server))
    thread = Thread(target=poller.run)
    thread.start()
    while not server._connections:  # accepted: the poller reads
        thread.join(0.01)
    poller.cut()
    thread.join(10)
    assert not thread.is_alive()


# F10: the connection breaks behind every octet


def test_connection_may_break_behind_any_octet(desk: Desk, server: FakeImap) -> None:
    server.deliver(a_mail("one"), a_mail("two"))
    desk.poller(mailbox(server, "whole")).one_turn()
    length = server.sent
    for cut in range(1, length, STEP):
        server.folders["INBOX"] = Folder()
        server.deliver(a_mail("one"), a_mail("two"))
        server.sent, server.cut_after = 0, cut
        poller = desk.poller(mailbox(server, f"cut-{cut}"))
        with suppress(Transient):
            poller.one_turn()
        poller._disconnect()
        server.cut_after = None
        poller.one_turn()
        poller.close()
        assert flags(server) == [{r"\Seen"}, {r"\Seen"}], cut
    with desk.store.read() as tx:
        rows = tx.inbox.list(limit=10_000)
    taken = [(row.envelope.account, row.envelope.uid) for row in rows]
    assert len(taken) == len(set(taken)) == 2 * (1 + len(range(1, length, STEP)))


# F13: others work in the same folder


def test_mail_that_vanishes_between_search_and_fetch_is_no_trouble(desk: Desk, server: FakeImap) -> None:
    server.deliver(a_mail("one"), a_mail("two"), a_mail("three"))
    folder = server.folders["INBOX"]

    def vanish(command: str) -> None:
        if command == "UID FETCH":
            folder.mails[:] = [mail for mail in folder.mails if mail.uid != 2]

    server.before = vanish
    poller = desk.poller(mailbox(server))
    assert [poller.one_turn(), poller.one_turn()] == [2, 0]
    assert desk.subjects() == ["one", "three"]


def test_mail_that_vanishes_between_size_and_body_is_no_trouble(desk: Desk, server: FakeImap) -> None:
    server.deliver(a_mail("one"), a_mail("two"))
    folder, fetches = server.folders["INBOX"], []

    def vanish(command: str) -> None:
        if command == "UID FETCH":
            fetches.append(command)
            if len(fetches) == 2:
                del folder.mails[0]

    server.before = vanish
    poller = desk.poller(mailbox(server))
    assert [poller.one_turn(), poller.one_turn()] == [1, 0]
    assert desk.subjects() == ["two"]


@pytest.mark.parametrize("after", [After.SEEN, After.MOVE, After.DELETE])
def test_settled_mail_that_others_took_away_is_forgotten(desk: Desk, server: FakeImap, after: After) -> None:
    server.deliver(a_mail("one"), a_mail("two"))
    server.faults += [Fault(name, b"{tag} NO not now\r\n") for name in ("UID STORE", "UID MOVE")]
    poller = desk.poller(mailbox(server, after=after, move_to="Done"))
    poller.one_turn()
    del server.folders["INBOX"].mails[0]
    server.faults += [Fault(name, b"{tag} NO [NONEXISTENT] gone\r\n") for name in ("UID STORE", "UID MOVE")]
    for _ in range(3):
        poller.one_turn()
    with desk.store.read() as tx:
        assert tx.cursors.to_acknowledge("help", "INBOX") == []


# One mail that the server does not give must not stop the others


def test_mail_the_server_never_gives_is_set_aside_and_the_others_go_on(desk: Desk, server: FakeImap) -> None:
    server.broken = "cursed"
    server.deliver(a_mail("one"), a_mail("cursed"), a_mail("three"))
    poller = desk.poller(mailbox(server, after=After.DELETE))
    troubles = 0
    for _ in range(6):
        with suppress(CommandRefused):
            poller.one_turn()
            continue
        troubles += 1
        poller._disconnect()
    rows = sorted(desk.rows(), key=lambda row: row.envelope.uid or 0)
    assert [(row.envelope.uid, row.state) for row in rows] == [(1, "new"), (2, "quarantined"), (3, "new")]
    assert "cannot be fetched" in rows[1].reason
    assert [mail.raw for mail in server.folders["INBOX"].mails] == [a_mail("cursed")]
    assert troubles <= 4


def test_mail_that_kills_every_connection_is_set_aside_in_the_end(desk: Desk, server: FakeImap) -> None:
    server.deliver(a_mail("one"), a_mail("two"))
    server.faults.append(Fault("UID FETCH", close=True, times=11))
    poller = desk.poller(mailbox(server))
    for _ in range(14):
        with suppress(Lost):
            poller.one_turn()
            continue
        poller._disconnect()
    states = sorted((row.envelope.uid, str(row.state)) for row in desk.rows())
    assert states == [(1, "quarantined"), (2, "new")]


# F12, F14: UIDs that mean nothing any more


def test_server_without_uidvalidity_is_read_again_on_each_connection_and_loses_nothing(desk: Desk, server: FakeImap) -> None:
    server.folders["INBOX"].uidvalidity = 0
    server.deliver(a_mail("one"))
    poller = desk.poller(mailbox(server))
    assert [poller.one_turn(), poller.one_turn()] == [1, 0]
    server.folders["INBOX"].mails[0].raw = a_mail("other")
    assert desk.poller(mailbox(server)).one_turn() == 1
    assert desk.subjects() == ["one", "other"]


def test_uids_given_twice_are_noticed_and_no_mail_is_taken_for_another(desk: Desk, server: FakeImap) -> None:
    folder = server.folders["INBOX"]
    server.deliver(a_mail("one"), a_mail("two"), a_mail("three"))
    desk.poller(mailbox(server)).one_turn()
    folder.mails[1:] = []  # yesterday's backup, with the UIDVALIDITY of today
    folder.uidnext = 2
    server.deliver(a_mail("new"))
    desk.poller(mailbox(server)).one_turn()
    assert desk.subjects() == ["one", "two", "three", "one", "new"]


def test_change_of_uidvalidity_is_not_forgotten_while_the_store_is_away(
    desk: Desk, server: FakeImap, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.deliver(a_mail("one"), a_mail("two"))
    desk.poller(mailbox(server)).one_turn()
    server.folders["INBOX"] = Folder(uidvalidity=8)
    server.deliver(a_mail("new"))
    poller = desk.poller(mailbox(server))

    def away() -> None:
        raise StoreAway("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(desk.store, "write", away)
        with pytest.raises(StoreAway):
            poller.one_turn()
    assert poller.one_turn() == 1
    assert desk.subjects() == ["one", "two", "new"]


def test_big_mails_are_committed_by_the_load_not_all_at_once(desk: Desk, server: FakeImap, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mailbridge.intake.imap_fetch.LOAD_BYTES", 2500)
    server.deliver(*(a_mail(f"mail-{number}", "x" * 1000) for number in range(5)))
    assert desk.poller(mailbox(server)).one_turn() == 5
    assert desk.accepted.qsize() == 3
    assert desk.subjects() == [f"mail-{number}" for number in range(5)]


# F20: what is refused after the commit is asked again


@pytest.mark.parametrize(("after", "command"), [(After.MOVE, "UID MOVE"), (After.DELETE, "UID EXPUNGE"), (After.FLAG, "UID STORE")])
def test_refused_settling_is_tried_in_the_next_turn_and_takes_no_mail_twice(
    desk: Desk, server: FakeImap, after: After, command: str
) -> None:
    server.deliver(a_mail("one"))
    server.faults.append(Fault(command, b"{tag} NO not now\r\n", times=2))
    poller = desk.poller(mailbox(server, after=after, move_to="Done"))
    assert [poller.one_turn() for _ in range(4)] == [1, 0, 0, 0]
    assert len(desk.rows()) == 1
    left = [mail.flags for mail in server.folders["INBOX"].mails]
    assert left == ([{"$MailbridgeDone"}] if after is After.FLAG else [])
    if after is After.MOVE:
        assert [mail.raw for mail in server.folders["Done"].mails] == [a_mail("one")]


def test_refusal_in_a_backlog_is_not_repeated_for_each_batch(desk: Desk, server: FakeImap) -> None:
    server.deliver(*(a_mail(f"mail-{number}") for number in range(160)))
    server.faults.append(Fault("UID STORE", b"{tag} NO not now\r\n", times=100))
    poller = desk.poller(mailbox(server))
    assert poller.one_turn() == 160
    assert sum("STORE" in command for command in server.commands) == 1


def test_folder_without_keywords_gets_seen_instead(desk: Desk) -> None:
    with FakeImap(permanent=r"\Seen \Deleted") as server:
        server.deliver(a_mail())
        desk.poller(mailbox(server, after=After.FLAG)).one_turn()
        assert flags(server) == [{r"\Seen"}]


def test_server_without_uidplus_is_never_told_to_expunge_everything(desk: Desk) -> None:
    with FakeImap(capabilities="IMAP4rev1 IDLE") as server:
        server.deliver(a_mail())
        desk.poller(mailbox(server, after=After.DELETE)).one_turn()
        assert flags(server) == [{r"\Deleted"}]
        assert not [command for command in server.commands if "EXPUNGE" in command]


def test_server_is_told_only_what_the_store_holds(desk: Desk, server: FakeImap) -> None:
    told: list[bool] = []

    def check(mail: Mail) -> None:
        told.append(mail.raw in desk.mails())

    server.on_acknowledge = check
    server.deliver(*(a_mail(f"mail-{number}") for number in range(60)))
    desk.poller(mailbox(server)).one_turn()
    assert told == [True] * 60


# F11: IDLE


def idling(desk: Desk) -> None:
    ok, detail = desk.reports.get(timeout=20)
    assert (ok, detail) == (True, "0 new")


@pytest.mark.parametrize(
    "fault",
    [
        Fault("IDLE", close=True),
        Fault("IDLE", b"+ idling\r\n", close=True),
        Fault("IDLE", b"+ idling\r\n* BYE maintenance\r\n", close=True),
        Fault("IDLE", b"+ idling\r\n* 3 EXI", close=True),
        Fault("IDLE", b"+ idling\r\n", hang=True),
        Fault("IDLE", hang=True),
        Fault("IDLE", b"{tag} NO not here\r\n"),
        Fault("IDLE", b"{tag} BAD what?\r\n"),
        Fault("DONE", close=True),
        Fault("DONE", hang=True),
        Fault("DONE", b"{tag} NO\r\n"),
    ],
    ids=["eof", "eof idling", "bye", "half a line", "silent idling", "silent", "no", "bad", "eof done", "silent done", "no done"],
)
def test_dead_idle_is_noticed_and_the_mail_comes_in(desk: Desk, server: FakeImap, fault: Fault, monkeypatch: pytest.MonkeyPatch) -> None:
    if fault.hang:
        be_impatient(monkeypatch)
    server.faults.append(Fault(fault.command, fault.answer, fault.hang, fault.close))
    desk.run(desk.poller(mailbox(server)))
    idling(desk)
    while (told := desk.reports.get(timeout=20))[0] is not False:
        assert told == (True, "0 new")
    server.deliver(a_mail())
    desk.accepted.get(timeout=20)
    assert desk.mails() == [a_mail()]
    assert len(server.commands) < 100  # no busy loop


@pytest.mark.parametrize("greeting", [b"+ idling\r\n* 1 EXISTS\r\n", b"* 1 EXISTS\r\n+ idling\r\n"], ids=["behind", "before"])
def test_notice_that_comes_along_with_the_consent_is_seen(
    desk: Desk, server: FakeImap, greeting: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mailbridge.intake.imap.FIRST_SLICE", 30.0)
    poller = desk.poller(mailbox(server))
    assert poller.one_turn() == 0
    server.faults.append(Fault("IDLE", greeting + b"{tag} OK done\r\n"))
    began = monotonic()
    poller._wait_for_news()
    assert monotonic() - began < 5


def test_mail_that_was_announced_with_the_answer_to_a_search_is_not_waited_for(
    desk: Desk, server: FakeImap, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mailbridge.intake.imap.FIRST_SLICE", 60.0)
    server.late.append(a_mail("late"))
    desk.run(desk.poller(mailbox(server)))
    desk.accepted.get(timeout=20)
    assert desk.subjects() == ["late"]


def test_server_that_says_how_many_mails_there_are_with_each_search_is_no_news(desk: Desk, server: FakeImap) -> None:
    server.deliver(a_mail("one"))
    poller = desk.poller(mailbox(server))
    assert poller.one_turn() == 1
    server.faults.append(Fault("UID SEARCH", b"* SEARCH 1\r\n* 1 EXISTS\r\n{tag} OK done\r\n"))
    assert poller.one_turn() == 0
    assert poller._connection is not None
    assert not poller._connection.has_news


def test_mail_that_came_while_another_one_went_is_news(desk: Desk, server: FakeImap) -> None:
    server.deliver(a_mail("one"))
    poller = desk.poller(mailbox(server))
    assert poller.one_turn() == 1
    server.faults.append(Fault("UID SEARCH", b"* SEARCH\r\n* 1 EXPUNGE\r\n* 1 EXISTS\r\n{tag} OK done\r\n"))
    assert poller.one_turn() == 0
    assert poller._connection is not None
    assert poller._connection.has_news
    assert not poller._connection.has_news


def test_idle_wakes_up_for_a_new_mail(desk: Desk, server: FakeImap) -> None:
    desk.run(desk.poller(mailbox(server)))
    idling(desk)
    server.deliver(a_mail("one"))
    desk.accepted.get(timeout=20)
    assert desk.subjects() == ["one"]


# Answers in more pieces, or in fewer, than were asked for


def taken(desk: Desk, server: FakeImap) -> list[str]:
    """What one turn takes in."""
    desk.poller(mailbox(server)).one_turn()
    return desk.subjects()


@pytest.mark.parametrize(
    "answer",
    [
        b"* SEARCH 1\r\n* SEARCH 2\r\n{tag} OK done\r\n",
        b"* SEARCH\r\n* SEARCH 1 2\r\n{tag} OK done\r\n",
        b"* 2 EXISTS\r\n* SEARCH 1\r\n* 1 FETCH (FLAGS (\\Seen))\r\n* SEARCH 2\r\n* 0 RECENT\r\n{tag} OK done\r\n",
        b'* ESEARCH (TAG "{tag}") UID ALL 1:2\r\n{tag} OK done\r\n',
        b"* SEARCH 1 2 (MODSEQ 5)\r\n{tag} OK done\r\n",
    ],
)
def test_search_is_answered_in_any_number_of_lines(desk: Desk, server: FakeImap, answer: bytes) -> None:
    server.deliver(a_mail("one"), a_mail("two"))
    server.faults.append(Fault("UID SEARCH", answer=answer))
    assert taken(desk, server) == ["one", "two"]


def test_news_of_others_among_the_answers_are_no_mail(desk: Desk, server: FakeImap) -> None:
    """A FETCH answer without a UID whose sequence number is the UID of another mail that is asked for."""
    server.deliver(a_mail("gone"), a_mail("one"), a_mail("two"))
    server.folders["INBOX"].mails.pop(0)
    one, two = a_mail("one"), a_mail("two")
    pieces = [
        b"* 2 FETCH (FLAGS (\\Seen))\r\n* 3 EXISTS\r\n",
        b"* 1 FETCH (UID 2 BODY[] {%d}\r\n%b)\r\n" % (len(one), one),
        b"* 2 FETCH (BODY[] {5}\r\nwrong)\r\n* 1 EXPUNGE\r\n",
        b"* 2 FETCH (UID 3 BODY[] {%d}\r\n%b)\r\n* 2 FETCH (UID 3 BODY[] NIL)\r\n{tag} OK done\r\n" % (len(two), two),
    ]
    size = b"".join(b"* %d FETCH (UID %d RFC822.SIZE %d)\r\n" % (n, n + 1, len(raw)) for n, raw in ((1, one), (2, two)))
    server.faults += [Fault("UID FETCH", answer=size + b"{tag} OK done\r\n"), Fault("UID FETCH", answer=b"".join(pieces))]
    assert taken(desk, server) == ["one", "two"]


EMPTY = (b"BODY[] {0}\r\n", b'BODY[] ""', b"BODY[] NIL", b"BODY[] {2}\r\n\r\n", b"FLAGS ()")


@pytest.mark.parametrize("body", EMPTY)
def test_mail_that_comes_empty_is_set_aside_and_left_unseen(desk: Desk, server: FakeImap, body: bytes) -> None:
    server.deliver(a_mail("one"), a_mail("hollow"), a_mail("three"))
    server.hollow = ("hollow", body)
    poller = desk.poller(mailbox(server, after=After.SEEN))
    for _ in range(6):
        with suppress(CommandRefused):
            poller.one_turn()
            continue
        poller._disconnect()
    rows = sorted(desk.rows(), key=lambda row: row.envelope.uid or 0)
    assert [(row.envelope.uid, row.state) for row in rows] == [(1, "new"), (2, "quarantined"), (3, "new")]
    assert [mail.raw for mail in server.folders["INBOX"].mails if not mail.flags] == [a_mail("hollow")]


def test_mail_that_comes_empty_once_is_taken_whole(desk: Desk, server: FakeImap) -> None:
    server.deliver(a_mail("one"))
    sizes = Fault("UID FETCH", answer=b"* 1 FETCH (UID 1 RFC822.SIZE %d)\r\n{tag} OK done\r\n" % len(a_mail("one")))
    server.faults += [sizes, Fault("UID FETCH", answer=b"* 1 FETCH (UID 1 BODY[] {0}\r\n)\r\n{tag} OK done\r\n")]
    assert taken(desk, server) == ["one"]
    assert desk.mails() == [a_mail("one")]


def test_mail_that_comes_cut_off_is_asked_for_again(desk: Desk, server: FakeImap) -> None:
    server.deliver(whole := a_mail("one", "It smokes. " * 100))
    sizes = Fault("UID FETCH", answer=b"* 1 FETCH (UID 1 RFC822.SIZE %d)\r\n{tag} OK done\r\n" % len(whole))
    server.faults += [sizes, Fault("UID FETCH", answer=b"* 1 FETCH (UID 1 BODY[] {50}\r\n%b)\r\n{tag} OK done\r\n" % whole[:50])]
    assert taken(desk, server) == ["one"]
    assert desk.mails() == [whole]


def test_size_that_is_an_estimate_does_not_keep_a_mail_out(desk: Desk, server: FakeImap) -> None:
    server.deliver(a_mail("one"))
    server.faults.append(Fault("UID FETCH", answer=b"* 1 FETCH (UID 1 RFC822.SIZE 9000)\r\n{tag} OK done\r\n"))
    assert taken(desk, server) == ["one"]


def test_mail_whose_size_the_server_does_not_tell_is_not_passed_over(desk: Desk, server: FakeImap) -> None:
    server.deliver(a_mail("one"))
    server.faults.append(Fault("UID FETCH", answer=b"* 1 FETCH (RFC822.SIZE 70)\r\n{tag} OK done\r\n"))
    poller = desk.poller(mailbox(server))
    with pytest.raises(CommandRefused):
        poller.one_turn()
    poller._disconnect()
    poller.one_turn()
    assert desk.subjects() == ["one"]
