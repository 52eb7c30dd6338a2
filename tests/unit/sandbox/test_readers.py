"""The pool of reading children against mails that hang, eat memory and crash (mailbridge.sandbox)."""

from __future__ import annotations

import hashlib
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from mailbridge.errors import Permanent, Transient
from mailbridge.message.model import Message, ReadingPolicy
from mailbridge.sandbox.fork_server import ForkServer
from mailbridge.sandbox.limits import ReadingFailed, ReadLimits
from mailbridge.sandbox.pool import Readers, head_start
from mailbridge.sandbox.process import AT_ONCE, ReadingProcess

FAKE = "tests.fakes.readers:read"
MEMORY = 256 << 20


@pytest.fixture(scope="module")
def readers() -> Iterator[Readers]:
    """With all the time that a busy machine may need; mails that hang take `hasty` ones."""
    pool = Readers(ReadingPolicy(), memory_limit=MEMORY, reader=FAKE)
    yield pool
    pool.close()


@pytest.fixture(scope="module")
def hasty() -> Iterator[Readers]:
    pool = Readers(ReadingPolicy(), time_limit=timedelta(seconds=2), memory_limit=MEMORY, reader=FAKE)
    yield pool
    pool.close()


def failure(result: Message | ReadingFailed) -> str:
    return result.reason if isinstance(result, ReadingFailed) else "no failure"


def message(result: Message | ReadingFailed) -> Message:
    if isinstance(result, ReadingFailed):
        pytest.fail(f"reading failed: {result.reason}")
    return result


def read_all(readers: Readers, *mails: bytes) -> list[Message | ReadingFailed]:
    results: dict[int, Message | ReadingFailed] = {}

    def done(number: int, result: Message | ReadingFailed) -> None:
        if number in results:
            pytest.fail(f"mail {number} was told twice")
        results[number] = result

    readers.read_many(len(mails), lambda number: (mails[number], None), done)
    return [results[number] for number in range(len(mails))]


def until(fact: Callable[[], bool], seconds: float = 10) -> bool:
    end = time.monotonic() + seconds
    while not fact():
        if time.monotonic() > end:
            return False
        os.sched_yield()
    return True


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def test_a_mail_comes_back_as_the_reader_saw_it(readers: Readers) -> None:
    result = message(readers.read(b"hello", "a@example.test"))
    assert (result.subject, result.return_path, result.size) == ("hello", "a@example.test", 5)


def test_the_null_sender_and_an_unknown_sender_stay_apart(readers: Readers) -> None:
    assert message(readers.read(b"hello", "")).return_path == ""
    assert message(readers.read(b"hello", None)).return_path is None


@pytest.mark.parametrize(
    ("mail", "reason"),
    [
        (b"eat", "more than 256 MB"),
        (b"abort", f"signal {int(signal.SIGABRT)}"),
        (b"exit", "exit 3"),
    ],
)
def test_a_mail_that_kills_its_child_says_how_and_the_next_is_read(readers: Readers, mail: bytes, reason: str) -> None:
    assert failure(readers.read(mail)) == reason
    assert message(readers.read(b"next")).subject == "next"


@pytest.mark.parametrize("mail", [b"hang", b"spin"])
def test_a_mail_that_takes_too_long_is_ended_and_the_next_is_read(hasty: Readers, mail: bytes) -> None:
    assert failure(hasty.read(mail)) == "more than 2 s"
    assert message(hasty.read(b"next")).subject == "next"


def test_an_exception_in_the_reader_names_the_place_and_never_the_text(readers: Readers) -> None:
    reason = failure(readers.read(b"raise secret words of the mail"))
    assert reason.startswith("ValueError at readers.py:")
    assert "secret" not in reason


def test_a_message_that_cannot_be_sent_is_a_failure_not_a_crash(readers: Readers) -> None:
    assert failure(readers.read(b"surrogate")).startswith("UnicodeEncodeError at ")


def test_what_a_library_prints_does_not_break_the_answers(readers: Readers) -> None:
    assert message(readers.read(b"print")).subject == "print"


def test_a_child_can_write_no_file(readers: Readers, tmp_path: Path) -> None:
    assert failure(readers.read(b"write " + str(tmp_path / "file").encode())).startswith("PermissionError at ")
    assert not (tmp_path / "file").exists() or not (tmp_path / "file").stat().st_size


def test_a_child_knows_nothing_of_our_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAILBRIDGE_PASSWORD", "planted")
    readers = Readers(ReadingPolicy(), processes=1, reader=FAKE)
    assert "planted" not in message(readers.read(b"environment")).subject
    readers.close()


def test_every_mail_of_many_is_told_once_and_under_its_own_number(readers: Readers) -> None:
    mails = [b"mail %d" % number for number in range(300)]
    assert [message(result).subject for result in read_all(readers, *mails)] == [mail.decode() for mail in mails]


def test_mails_waiting_behind_a_killer_are_still_read(hasty: Readers) -> None:
    results = read_all(hasty, b"a", b"abort", b"b", b"hang", b"c", b"exit", b"d", b"eat", b"e")
    assert [failure(r) for r in results if isinstance(r, ReadingFailed)] == [
        "signal 6",
        "more than 2 s",
        "exit 3",
        "more than 256 MB",
    ]
    assert [message(r).subject for r in results if isinstance(r, Message)] == ["a", "b", "c", "d", "e"]


def test_a_killer_at_the_very_end_is_told_too(readers: Readers) -> None:
    assert failure(read_all(readers, b"a", b"abort")[1]) == "signal 6"


def test_no_mail_at_all_is_no_work(readers: Readers) -> None:
    assert read_all(readers) == []


def test_a_mail_larger_than_every_pipe_arrives_whole(readers: Readers) -> None:
    raw = os.urandom(1 << 20).hex().encode() * 3
    assert message(readers.read(raw)).fingerprint == hashlib.sha256(raw).hexdigest()


@pytest.mark.parametrize("sizes", ["0", "1", "65535", "65536", "65537", "5000000", "10 5000000 0 70000 20"])
def test_attachments_come_back_whole_and_in_order(readers: Readers, sizes: str) -> None:
    result = message(readers.read(b"attach " + sizes.encode()))
    wanted = [bytes([index]) * int(size) for index, size in enumerate(sizes.split())]
    assert [attachment.content for attachment in result.attachments] == wanted


def test_only_a_few_mails_are_loaded_before_the_first_are_done(readers: Readers) -> None:
    # given: two children, each with at most one mail in work and some in its pipe
    open_mails, most = 0, 0

    def load(_: int) -> tuple[bytes, str | None]:
        nonlocal open_mails, most
        open_mails += 1
        most = max(most, open_mails)
        return b"mail", None

    def done(_: int, __: Message | ReadingFailed) -> None:
        nonlocal open_mails
        open_mails -= 1

    readers.read_many(50, load, done)
    assert most <= 2 * AT_ONCE


def test_mails_that_are_quickly_read_need_no_second_child() -> None:
    readers = Readers(ReadingPolicy(), processes=2, reader=FAKE)
    assert len({message(result).subject for result in read_all(readers, *[b"pid"] * 50)}) == 1
    readers.close()


def test_mails_behind_one_that_hangs_are_read_by_another_child_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mailbridge.sandbox.pool.HURRY", 0.1)
    readers = Readers(ReadingPolicy(), processes=2, time_limit=timedelta(seconds=3), reader=FAKE)
    told: list[int] = []

    # when: the first hangs and others wait in its pipe
    mails = [b"hang", *[b"mail"] * 20]
    readers.read_many(len(mails), lambda number: (mails[number], None), lambda number, _: told.append(number))

    assert sorted(told[:-AT_ONCE]) == list(range(AT_ONCE, 21))
    assert sorted(told[-AT_ONCE:]) == list(range(AT_ONCE))
    readers.close()


def test_a_thread_that_finds_all_children_at_work_gets_one_of_its_own_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mailbridge.sandbox.pool.PATIENCE", 0.1)
    readers = Readers(ReadingPolicy(), processes=2, time_limit=timedelta(seconds=3), reader=FAKE)
    hanging = threading.Thread(target=readers.read, args=(b"hang",))
    hanging.start()
    assert message(readers.read(b"hello")).subject == "hello"
    assert hanging.is_alive()
    hanging.join()
    readers.close()


def test_an_error_of_the_caller_goes_up_and_the_pool_is_good_after_it(readers: Readers) -> None:
    def broken(number: int) -> tuple[bytes, str | None]:
        if number == 5:
            raise LookupError("the store is away")
        return b"mail", None

    with pytest.raises(LookupError, match="the store is away"):
        readers.read_many(10, broken, lambda *_: None)
    assert message(readers.read(b"next")).subject == "next"


def test_many_threads_may_read_at_once(readers: Readers) -> None:
    results: dict[int, str] = {}

    def one(number: int) -> None:
        results[number] = message(readers.read(b"thread %d" % number)).subject

    threads = [threading.Thread(target=one, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == {number: f"thread {number}" for number in range(8)}


def number_of(readers: Readers) -> int:
    """The process number of the fork server."""
    server = readers._server
    if server is None:
        pytest.fail("there is no fork server")
    return server.number


def test_a_child_that_died_at_rest_is_replaced_unnoticed() -> None:
    readers = Readers(ReadingPolicy(), processes=1, reader=FAKE)
    readers.read(b"pid")
    spare = readers._spare
    if spare is None:
        pytest.fail("no child was forked ahead of time")
    first = spare.number
    os.kill(first, signal.SIGKILL)
    assert until(lambda: not spare.alive)
    assert int(message(readers.read(b"pid")).subject) != first
    readers.close()


def test_a_child_that_was_forked_long_ago_reads_the_first_mail_after_a_quiet_time(monkeypatch: pytest.MonkeyPatch) -> None:
    readers = Readers(ReadingPolicy(), processes=1, reader=FAKE)
    server = ForkServer(FAKE, readers._limits)
    with monkeypatch.context() as patched:
        patched.setattr("mailbridge.sandbox.process.START_SECONDS", -1.0)
        spare = ReadingProcess(server, ReadingPolicy())
    readers.adopt(server)
    readers._spare = spare
    assert int(message(readers.read(b"pid")).subject) == spare.number
    readers.close()


def test_a_child_that_does_not_start_leaves_the_fork_server_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    readers = Readers(ReadingPolicy(), processes=1, reader=FAKE)
    server = ForkServer(FAKE, readers._limits)
    readers.adopt(server)
    with monkeypatch.context() as patched:
        patched.setattr("mailbridge.sandbox.process.START_SECONDS", -1.0)
        with pytest.raises(Transient, match="does not start"):
            readers.read(b"hello")
    assert message(readers.read(b"hello")).subject == "hello"
    assert message(readers.read(b"hello")).subject == "hello"
    assert number_of(readers) == server.number
    readers.close()


def test_a_fork_server_that_died_at_rest_is_replaced_unnoticed() -> None:
    readers = Readers(ReadingPolicy(), processes=1, reader=FAKE)
    readers.read(b"pid")
    first = number_of(readers)
    os.kill(first, signal.SIGKILL)
    os.waitid(os.P_PID, first, os.WEXITED | os.WNOWAIT)
    assert message(readers.read(b"hello")).subject == "hello"
    assert number_of(readers) != first
    readers.close()


def children_of(readers: Readers, *counts: int) -> list[int]:
    """The child that read each batch of so many mails."""
    batches = [{int(message(result).subject) for result in read_all(readers, *[b"pid"] * count)} for count in counts]
    assert {len(batch) for batch in batches} == {1}
    return [batch.pop() for batch in batches]


def test_a_mail_that_is_read_alone_has_a_child_of_its_own() -> None:
    readers = Readers(ReadingPolicy(), processes=1, reader=FAKE)
    children = children_of(readers, 1, 1, 5, 1)
    assert len({*children, number_of(readers)}) == 5
    readers.close()
    assert until(lambda: all(map(gone, children)))


def test_portions_of_a_backlog_share_a_child_up_to_a_number_of_mails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mailbridge.sandbox.pool.AT_ONCE_AFTER", 60)
    monkeypatch.setattr("mailbridge.sandbox.pool.SHARED", 10)
    readers = Readers(ReadingPolicy(), processes=1, reader=FAKE)
    first, second, third = children_of(readers, 5, 5, 5)
    assert first == second != third
    monkeypatch.setattr("mailbridge.sandbox.pool.AT_ONCE_AFTER", 0)
    assert children_of(readers, 2) != [third]  # the backlog was over meanwhile
    readers.close()


def test_nothing_of_one_portion_is_left_for_the_next(readers: Readers) -> None:
    # given: a reader that remembers what it read in a variable of its module
    assert message(readers.read(b"remember a secret")).subject == "remember a secret"
    assert message(readers.read(b"recall")).subject == "nothing"
    together = read_all(readers, b"remember a secret", b"recall")
    assert message(together[1]).subject == "a secret"  # so the test above can fail


def test_a_mail_that_is_not_to_be_read_with_others_is_left_out_of_the_portion(readers: Readers) -> None:
    results: dict[int, Message | ReadingFailed] = {}
    mails = [b"a", None, b"b", None]

    def load(number: int) -> tuple[bytes, None] | None:
        return (mail, None) if (mail := mails[number]) else None

    readers.read_many(4, load, results.__setitem__)
    assert {number: message(result).subject for number, result in results.items()} == {0: "a", 2: "b"}
    readers.read_many(1, lambda _: None, results.__setitem__)
    assert len(results) == 2


def test_the_fork_server_is_stopped_when_idle() -> None:
    readers = Readers(ReadingPolicy(), processes=1, idle_after=timedelta(seconds=1), reader=FAKE)
    readers.read(b"hello")
    first = number_of(readers)
    assert until(lambda: gone(first))
    assert message(readers.read(b"hello")).subject == "hello"
    assert number_of(readers) != first
    readers.close()


def test_a_server_with_a_head_start_forks_for_the_first_mail() -> None:
    readers = Readers(ReadingPolicy(own_addresses=("help@desk.test",)), processes=1, reader=FAKE)
    with head_start(ReadLimits(seconds=20, memory=MEMORY), FAKE) as server:
        readers.adopt(server)
        assert message(readers.read(b"hello")).subject == "hello"
        assert number_of(readers) == server.number
        readers.close()
        assert gone(server.number)


def test_a_server_with_a_head_start_that_gets_no_mail_is_stopped_long_before_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mailbridge.sandbox.pool.UNUSED", 0.1)
    readers = Readers(ReadingPolicy(), processes=1, idle_after=timedelta(minutes=5), reader=FAKE)
    with head_start(ReadLimits(seconds=20, memory=MEMORY), FAKE) as server:
        readers.adopt(server)
        assert until(lambda: gone(server.number))
    assert message(readers.read(b"hello")).subject == "hello"
    assert number_of(readers) != server.number
    readers.close()


def test_a_server_with_a_head_start_that_nobody_adopts_is_gone_in_the_end() -> None:
    with head_start(ReadLimits(seconds=20, memory=MEMORY), FAKE) as server:
        assert not gone(server.number)
    assert gone(server.number)


def test_no_child_is_started_before_the_first_mail_and_none_stays_after_close() -> None:
    readers = Readers(ReadingPolicy(), reader="no.such.module:read")
    readers.close()
    started = Readers(ReadingPolicy(), processes=1, reader=FAKE)
    pid = int(message(started.read(b"pid")).subject)
    started.close()
    assert until(lambda: gone(pid))
    with pytest.raises(Permanent, match="closed"):
        started.read(b"late")


def test_a_reader_that_cannot_start_is_no_fault_of_the_mail() -> None:
    readers = Readers(ReadingPolicy(), reader="no.such.module:read")
    with pytest.raises(Transient, match="does not start"):
        readers.read(b"good mail")
    readers.close()


def test_the_terminal_and_a_polite_kill_do_not_reach_the_readers() -> None:
    readers = Readers(ReadingPolicy(), processes=1, reader=FAKE)
    readers.read(b"hello")
    server = number_of(readers)
    os.kill(server, signal.SIGINT)
    os.kill(server, signal.SIGTERM)
    assert os.getsid(server) == server
    assert message(readers.read(b"hello")).subject == "hello"
    assert number_of(readers) == server
    readers.close()
