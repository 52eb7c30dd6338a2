"""Runs what a systemd unit starts, under the restrictions of that unit, without systemd: `confined.py UNIT USER STATE COMMAND...`.

UNIT may be followed by drop-ins: `UNIT:DROP-IN`.

Needs to be root in its own mount namespace (`unshare --mount`).  Done here as systemd.exec(5) says: ProtectSystem=strict (everything but
/dev, /proc and /sys is read-only), StateDirectory, ReadWritePaths, NoNewPrivileges, an empty CapabilityBoundingSet, User, UMask,
MemoryDenyWriteExecute, SystemCallFilter with the groups of this machine's systemd, RestrictAddressFamilies, RestrictNamespaces,
RestrictRealtime, LockPersonality, ProtectProc and ProcSubset, PrivateDevices, LoadCredential (a file system of its own, readable by the
user alone).  Not done: PrivateUsers, PrivateTmp (the desk of the test is in /tmp), and what hides the home folders of others.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import pwd
import re
import socket
import subprocess
import sys
from pathlib import Path

MS_RDONLY, MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 1, 32, 4096, 16384, 1 << 18
PR_SET_NO_NEW_PRIVS, PR_CAPBSET_DROP, PR_SET_MDWE, MDWE_REFUSE_EXEC_GAIN = 38, 24, 65, 1
SCMP_ACT_ALLOW, SCMP_ACT_ERRNO = 0x7FFF0000, 0x00050000
EXIT_CREDENTIALS = 243  # systemd.exec(5)
WRITABLE = ("/dev", "/proc", "/sys")

libc = ctypes.CDLL(None, use_errno=True)


def mount(source: str | None, target: str, flags: int, kind: bytes | None = None, options: bytes | None = None) -> None:
    where = ctypes.c_char_p(source.encode() if source else None)
    if libc.mount(where, target.encode(), kind, ctypes.c_ulong(flags), options):
        raise OSError(ctypes.get_errno(), f"mount {target}")


def read_only(writable: list[str]) -> None:
    """All is read-only but these folders."""
    for folder in writable:
        mount(folder, folder, MS_BIND)
    points = [line.split()[4].encode().decode("unicode_escape") for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    for point in points:
        if point not in writable and not any(point == kept or point.startswith(f"{kept}/") for kept in WRITABLE):
            with contextlib.suppress(FileNotFoundError):  # covered by another mount
                mount(None, point, MS_REMOUNT | MS_BIND | MS_RDONLY)


def homes_protected() -> None:
    """/root has nothing but the interpreter and its packages, where they live there and the service's user could not reach them."""
    needed = [Path(one) for one in {sys.base_prefix, sys.prefix} if one.startswith("/root/")]
    held = [(one, os.open(one, os.O_PATH)) for one in needed]
    if needed:
        mount("tmpfs", "/root", 0, b"tmpfs", b"mode=755")
    for one, number in held:
        one.mkdir(parents=True, exist_ok=True)
        mount(f"/proc/self/fd/{number}", str(one), MS_BIND)
        os.close(number)


def calls(words: list[str]) -> set[str]:
    """The system calls of groups and names, groups by the systemd of this machine."""
    found: set[str] = set()
    for word in words:
        if word.startswith("@"):
            listed = subprocess.run(["systemd-analyze", "syscall-filter", word], capture_output=True, text=True, check=True).stdout
            lines = [line.split("#")[0].strip() for line in listed.splitlines()[1:]]
            found |= calls([line for line in lines if line])
        else:
            found.add(word)
    return found


class Compare(ctypes.Structure):
    """struct scmp_arg_cmp: MASKED_EQ asks whether argument & mask == value, EQ whether argument == value (in `mask`)."""

    _fields_ = (("argument", ctypes.c_uint), ("how", ctypes.c_int), ("mask", ctypes.c_uint64), ("value", ctypes.c_uint64))


EQ, MASKED_EQ = 4, 7
NEW_NAMESPACES = 0x7E020080  # CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET, NEWTIME
ENOSYS = SCMP_ACT_ERRNO | errno.ENOSYS


def restricted(text: str) -> dict[str, list[Compare]]:
    """Calls that are allowed only with certain arguments; with none, they are not allowed at all."""
    found: dict[str, list[Compare]] = {}
    if families := re.findall(r"^RestrictAddressFamilies=(.*)$", text, re.MULTILINE):
        numbers = [getattr(socket, name) for name in families[0].split()]
        found |= {call: [Compare(0, EQ, number, 0) for number in numbers] for call in ("socket", "socketpair")}
    if "RestrictNamespaces=yes" in text:
        found |= {"clone": [Compare(0, MASKED_EQ, NEW_NAMESPACES, 0)], "unshare": [], "setns": []}
    if "RestrictRealtime=yes" in text:
        found |= {"sched_setscheduler": [], "sched_setattr": []}
    if "LockPersonality=yes" in text:
        found |= {"personality": []}
    return found


def few_processes_and_devices(text: str) -> None:
    """/proc shows the own processes alone, and only processes; /dev has what every program may use."""
    if "ProcSubset=pid" in text:
        mount("proc", "/proc", 0, b"proc", b"hidepid=invisible,subset=pid")
    if "PrivateDevices=yes" in text:
        names = ("null", "zero", "full", "random", "urandom", "tty")
        held = {name: os.open(f"/dev/{name}", os.O_PATH) for name in names}
        mount("tmpfs", "/dev", 0, b"tmpfs", b"mode=755")
        Path("/dev/shm").mkdir(mode=0o1777)
        for name, number in held.items():
            Path(f"/dev/{name}").touch()
            mount(f"/proc/self/fd/{number}", f"/dev/{name}", MS_BIND)
            os.close(number)


def filtered(allowed: set[str], restrictions: dict[str, list[Compare]]) -> None:
    """Every other call gives EPERM from now on."""
    seccomp = ctypes.CDLL("libseccomp.so.2")
    seccomp.seccomp_init.restype = ctypes.c_void_p
    context = ctypes.c_void_p(seccomp.seccomp_init(SCMP_ACT_ERRNO | errno.EPERM))

    def rule(action: int, name: str, *compared: Compare) -> None:
        number = seccomp.seccomp_syscall_resolve_name(name.encode())
        if number >= 0:
            array = (Compare * len(compared))(*compared)
            add = seccomp.seccomp_rule_add_array
            assert add(context, ctypes.c_uint32(action), ctypes.c_int(number), ctypes.c_uint(len(compared)), array) == 0, name

    for name in sorted(allowed - restrictions.keys() - {"clone3"}):
        rule(SCMP_ACT_ALLOW, name)
    for name, either in restrictions.items():
        for one in either:
            rule(SCMP_ACT_ALLOW, name, one)
    rule(ENOSYS if "clone" in restrictions else SCMP_ACT_ALLOW, "clone3")  # its flags cannot be read by a filter: systemd does the same
    assert seccomp.seccomp_load(context) == 0


def credentials(text: str, who: pwd.struct_passwd) -> None:
    """CREDENTIALS_DIRECTORY holds what LoadCredential= names; a file that is missing ends the start as systemd does."""
    named = re.findall(r"^LoadCredential=([^:]+):(.*)$", text, re.MULTILINE)
    if not named:
        return
    place = Path("/mnt/credentials")
    mount("tmpfs", "/mnt", 0, b"tmpfs", b"mode=755")
    place.mkdir(mode=0o500)
    for name, source in named:
        if not Path(source).is_file():
            sys.exit(EXIT_CREDENTIALS)
        (place / name).write_bytes(Path(source).read_bytes())
        (place / name).chmod(0o400)
        os.chown(place / name, who.pw_uid, who.pw_gid)
    os.chown(place, who.pw_uid, who.pw_gid)
    os.environ["CREDENTIALS_DIRECTORY"] = str(place)


def main(unit: str, user: str, state: str, *command: str) -> None:
    text = "\n".join(Path(file).read_text(encoding="utf-8") for file in unit.split(":"))
    lines = re.findall(r"^SystemCallFilter=(~?)(.*)$", text, re.MULTILINE)
    allowed = calls([word for taken, words in lines if not taken for word in words.split()])
    allowed -= calls([word for taken, words in lines if taken for word in words.split()])
    who = pwd.getpwnam(user)
    mount(None, "/", MS_REC | MS_PRIVATE)
    homes_protected()
    credentials(text, who)
    few_processes_and_devices(text)
    read_only([state, *re.findall(r"^ReadWritePaths=(.*)$", text, re.MULTILINE)])
    for capability in range(64):
        libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
    os.setgroups([])
    os.setresgid(who.pw_gid, who.pw_gid, who.pw_gid)
    os.setresuid(who.pw_uid, who.pw_uid, who.pw_uid)
    os.umask(0o077)
    os.chdir("/")
    assert libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
    libc.prctl(PR_SET_MDWE, MDWE_REFUSE_EXEC_GAIN, 0, 0, 0)  # from Linux 6.3 on
    filtered(allowed | {"execve"}, restricted(text))
    os.execv(command[0], command)


if __name__ == "__main__":
    main(*sys.argv[1:])
