"""What a reading child that a mail has taken over can do: nothing beside a wrong answer.  Every attempt is a real system call in one."""

from __future__ import annotations

import os
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailbridge.cli.check import sandbox_problems
from mailbridge.message.model import Message, ReadingPolicy
from mailbridge.sandbox import confine, read
from mailbridge.sandbox.confine import Layer
from mailbridge.sandbox.forkserver import load_all
from mailbridge.sandbox.limits import ReadingFailed
from mailbridge.sandbox.pool import Readers

ESCAPES = "tests.fakes.escapes:read"
NO = {"EPERM", "EACCES"}


@pytest.fixture(scope="module")
def taken_over() -> Iterator[Readers]:
    readers = Readers(ReadingPolicy(), processes=1, memory_limit=512 << 20, reader=ESCAPES)
    yield readers
    readers.close()


def ended(readers: Readers, attempt: str) -> str:
    """How the attempt ended: "done", or the error's name."""
    result = readers.read(attempt.encode())
    if isinstance(result, ReadingFailed):
        pytest.fail(f"{attempt}: the child died: {result.reason}")
    return result.subject


def test_this_kernel_has_every_layer() -> None:
    # Nothing below may pass because a protection is not there.
    assert confine.missing() == ()


@pytest.mark.parametrize(
    "attempt",
    [
        *("socket", "local-socket", "sendto", "io_uring"),
        *("ptrace", "copy-memory", "read-memory", "write-memory", "kill", "tgkill", "pidfd", "limit-of-parent"),
        *("execve", "clone", "memfd", "code-in-memory", "memory-to-code"),
        *("bpf", "mount", "setuid", "keyctl", "userfaultfd", "shmget", "perf", "dumpable"),
    ],
)
def test_a_child_is_refused(taken_over: Readers, attempt: str) -> None:
    assert ended(taken_over, attempt) in NO


def test_a_child_cannot_fork_the_old_way_either(taken_over: Readers) -> None:
    assert ended(taken_over, "fork") in {*NO, "absent"}


@pytest.mark.parametrize("attempt", ["tgkill-itself", "limit-of-itself"])
def test_a_child_may_what_reading_needs(taken_over: Readers, attempt: str) -> None:
    # So the refusals above are the filter's, and not of a process that can do nothing at all.
    assert ended(taken_over, attempt) == "done"


def test_the_daemon_s_memory_is_out_of_reach(taken_over: Readers) -> None:
    us = os.getpid()
    for attempt in ("ptrace", "copy-memory", "kill", "tgkill", "pidfd"):
        assert ended(taken_over, f"{attempt} {us}") in NO
    assert ended(taken_over, f"read-file /proc/{us}/mem") in NO
    assert ended(taken_over, f"read-file /proc/{us}/environ") in NO


def test_a_child_opens_no_tcp_connection(taken_over: Readers) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert ended(taken_over, f"connect {server.getsockname()[1]}") in NO
        server.setblocking(False)
        with pytest.raises(BlockingIOError):
            server.accept()


def test_the_database_and_every_other_file_is_out_of_reach(taken_over: Readers, tmp_path: Path) -> None:
    database = tmp_path / "mailbridge.db"
    with sqlite3.connect(database) as connection:
        connection.execute("CREATE TABLE secrets (word TEXT)")
    connection.close()
    before = database.read_bytes()
    for attempt in ("read-file", "write-file", "create-file", "unlink", "rename", "link", "truncate", "chmod"):
        assert ended(taken_over, f"{attempt} {database}") in NO, attempt
    for attempt in ("create-file", "mkdir"):
        assert ended(taken_over, f"{attempt} {tmp_path / 'new'}") in NO, attempt
    assert ended(taken_over, f"read-file {Path('/etc/passwd')}") in NO
    assert [path.name for path in tmp_path.iterdir()] == ["mailbridge.db"]
    assert database.read_bytes() == before


def test_our_own_code_may_be_read_and_not_written(taken_over: Readers) -> None:
    code = Path(confine.__file__)
    assert ended(taken_over, f"read-file {code}") == "done"
    assert ended(taken_over, f"write-file {code}") in NO
    assert ended(taken_over, f"create-file {code.with_name('new.py')}") in NO


def test_no_folder_of_a_desk_is_among_those_that_may_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert not [folder for folder in confine.code_folders() if tmp_path.is_relative_to(folder) or folder == Path.cwd()]


def test_a_child_has_its_two_pipes_and_no_other_open_file(taken_over: Readers) -> None:
    assert len(ended(taken_over, "descriptors").split()) == 5


# -- honest mails ------------------------------------------------------------------------------------------------------

CHARSETS = (
    *("gb2312", "gb18030", "big5", "iso-2022-jp", "iso-2022-kr", "euc-kr", "shift_jis", "koi8-r"),
    *("koi8-u", "windows-1251", "iso-8859-15", "cp932", "utf-7", "utf-16", "mac-roman"),
)
VISIT = """BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:20260302T100000Z\r
DTSTART;TZID={zone}:20260302T100000\r\nSUMMARY:Visit\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"""


def honest_mails() -> Iterator[bytes]:
    """Mails that need what is loaded when it is needed: character sets, calendars with time zones, parsers of other formats."""
    head = "From: a@customer.test\r\nSubject: Visit\r\nContent-Type: "
    for charset in CHARSETS:
        yield f"{head}text/plain; charset={charset}\r\n\r\n".encode() + "Hello, 12:30".encode(charset.replace("mac-roman", "mac_roman"))
    for zone in ("America/New_York", "Asia/Tokyo", "Nowhere/Land"):
        yield f"{head}text/calendar; method=REQUEST\r\n\r\n{VISIT.format(zone=zone)}".encode()
    for kind in ("application/ms-tnef; name=winmail.dat", "application/rtf", "application/pkcs7-mime", "text/enriched", "message/rfc822"):
        yield f"{head}{kind}\r\nContent-Transfer-Encoding: base64\r\n\r\nAAAA\r\n".encode()


def test_honest_mails_are_read_in_the_sandbox_as_outside_of_it() -> None:
    readers = Readers(ReadingPolicy(), processes=1)
    for raw in honest_mails():
        assert readers.read(raw) == read.read(raw, ReadingPolicy()), raw[:200]
    readers.close()


# -- answers that no reader gives --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lie", "said"),
    [
        ("two-lines", "control character"),
        ("huge", "larger than any mail"),
        ("many-files", "larger than any mail"),
        ("endless-frame", "larger than any mail"),
        ("no-msgpack", "cannot be read"),
        ("wrong-type", "cannot be read"),
        ("empty-frame", "empty"),
        ("file-of-nobody", "contents of no attachment"),
    ],
)
def test_an_answer_that_cannot_be_one_is_refused_and_the_next_mail_is_read(taken_over: Readers, lie: str, said: str) -> None:
    result = taken_over.read(lie.encode())
    assert isinstance(result, ReadingFailed)
    assert said in result.reason
    assert ended(taken_over, "limit-of-itself") == "done"


def test_one_mail_has_one_answer(taken_over: Readers) -> None:
    results: list[tuple[int, Message | ReadingFailed]] = []
    mails = (b"answers-of-others", b"limit-of-itself")
    taken_over.read_many(1, lambda _: (mails[0], None), lambda number, result: results.append((number, result)))
    assert [number for number, _ in results] == [0]


# -- the parent, and kernels that have less ---------------------------------------------------------------------------

DUMPABLE = """
import ctypes
from mailbridge.sandbox.confine import hide_memory
hide_memory()
print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))
"""


def test_the_memory_of_the_daemon_is_hidden() -> None:
    shown = subprocess.run([sys.executable, "-c", DUMPABLE], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "0"


NOBODY = """
import os, sys
from mailbridge.sandbox.confine import hide_memory
os.setgroups([]); os.setgid(65534); os.setuid(65534)
if sys.argv[1] == "hidden":
    hide_memory()
else:
    import ctypes; ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)
child = os.fork()
if not child:
    try:
        open(f"/proc/{os.getppid()}/mem", "rb").close(); print("open")
    except PermissionError:
        print("refused")
    sys.stdout.flush(); os._exit(0)
os.waitpid(child, 0)
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="becomes another user, which only root can")
def test_a_process_of_the_same_user_cannot_open_the_daemon_s_memory() -> None:
    def said(how: str) -> str:
        return subprocess.run([sys.executable, "-c", NOBODY, how], capture_output=True, text=True, check=True).stdout.strip()

    assert (said("hidden"), said("as usual")) == ("refused", "open")


def in_a_child(enter: confine.Sandbox, path: str) -> tuple[str, tuple[Layer, ...]]:
    """What reading `path` gives in a child under `enter`, and the layers it lacks."""
    here, there = os.pipe()
    if not (child := os.fork()):
        missing = enter.enter()
        try:
            Path(path).read_bytes()
            said = "open"
        except PermissionError:
            said = "refused"
        os.write(there, "\n".join([said, *missing]).encode())
        os._exit(0)
    os.waitpid(child, 0)
    said, *missing = os.read(here, 1000).decode().split("\n")
    os.close(here)
    os.close(there)
    return said, tuple(Layer(one) for one in missing)


def test_without_landlock_seccomp_alone_refuses_every_file() -> None:
    code = confine.__file__
    assert in_a_child(confine.Sandbox(ruleset=None), code) == ("refused", (Layer.LANDLOCK, Layer.LANDLOCK_TCP))
    assert in_a_child(confine.prepare(), code) == ("open", ())


def test_without_seccomp_landlock_alone_refuses_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confine, "install", lambda _program: False)
    assert in_a_child(confine.prepare(), "/etc/passwd") == ("refused", (Layer.SECCOMP,))
    assert in_a_child(confine.prepare(), confine.__file__) == ("open", (Layer.SECCOMP,))


def test_an_older_landlock_is_asked_for_what_it_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    for version in (1, 2, 3, 4, 5, 6):
        monkeypatch.setattr(confine, "landlock_version", lambda version=version: version)
        said, missing = in_a_child(confine.prepare(), "/etc/passwd")
        assert said == "refused"
        assert missing == ((Layer.LANDLOCK_TCP,) if version < 4 else ())


def test_a_machine_whose_calls_we_do_not_know_says_that_nothing_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confine, "machine", lambda: None)
    assert confine.missing() == tuple(Layer)
    assert confine.prepare().enter() == tuple(Layer)


def test_where_files_cannot_be_opened_all_is_loaded_before() -> None:
    program = "from tests.unit.sandbox.test_sandbox import loaded_then_shut; loaded_then_shut()"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.split()) == (0, ["grüße", "Asia/Tokyo"]), done.stderr


def loaded_then_shut() -> None:
    from zoneinfo import ZoneInfo

    load_all()
    confine.Sandbox(ruleset=None).enter()
    print("grüße".encode("iso2022_jp_2").decode("iso2022_jp_2"), ZoneInfo("Asia/Tokyo"), flush=True)
    os._exit(0)


def test_check_says_what_the_kernel_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    assert sandbox_problems() == []
    monkeypatch.setattr(confine, "landlock_version", lambda: 3)
    (problem,) = sandbox_problems()
    assert problem.warning
    assert "TCP rules (Linux 6.7)" in problem.message
