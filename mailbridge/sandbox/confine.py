"""Restricts a process to what reading a mail needs: Landlock for files and TCP, seccomp for system calls, no new privileges.

Each layer works without the others.  `mailbridge check` and the log name the layers that a kernel lacks.
Sources: landlock(7), seccomp(2), prctl(2).  The three Landlock calls have the same number on every architecture.
"""

from __future__ import annotations

import ctypes
import os
import struct
import sys
import sysconfig
import zoneinfo
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import mailbridge
from mailbridge.sandbox import seccomp

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
ASK_VERSION, PATH_BENEATH = 1, 1
READ_FILE, READ_DIR = 1 << 2, 1 << 3
# Rights by ABI version (landlock(7)): files; TCP bind and connect; abstract sockets and signals.
FILE_RIGHTS = {1: 0x1FFF, 2: 0x3FFF, 3: 0x7FFF, 5: 0xFFFF}
TCP_RIGHTS, TCP_SINCE = 0b11, 4
SCOPES, SCOPES_SINCE = 0b11, 6
SECCOMP_CALL = {"x86_64": 317, "aarch64": 277}
SET_MODE_FILTER, GET_ACTION_AVAIL, SPEC_ALLOW, MODE_FILTER = 1, 2, 1 << 2, 2
SET_PDEATHSIG, SET_DUMPABLE, SET_SECCOMP, SET_NO_NEW_PRIVS, GET_NO_NEW_PRIVS = 1, 4, 22, 38, 39


class Layer(StrEnum):
    """A layer of the sandbox, by its name in messages about a missing one."""

    NO_NEW_PRIVS = "no_new_privs"
    SECCOMP = "seccomp"
    LANDLOCK = "Landlock"
    LANDLOCK_TCP = "Landlock's TCP rules (Linux 6.7)"


def libc() -> ctypes.CDLL:
    """The C library, with errno kept for each call."""
    library = ctypes.CDLL(None, use_errno=True)
    library.syscall.restype = ctypes.c_long
    return library


def machine() -> seccomp.Machine | None:
    """The architecture of this machine; None if it is not supported."""
    known = sys.platform == "linux" and sys.maxsize > 1 << 32 and sys.byteorder == "little"
    return seccomp.MACHINES.get(os.uname().machine) if known else None


def missing() -> tuple[Layer, ...]:
    """The layers that this kernel lacks.  Enables none."""
    if machine() is None:
        return tuple(Layer)
    library = libc()
    found = []
    if library.prctl(GET_NO_NEW_PRIVS, 0, 0, 0, 0) < 0:
        found.append(Layer.NO_NEW_PRIVS)
    action = ctypes.c_uint32(seccomp.KILL)
    if library.syscall(SECCOMP_CALL[os.uname().machine], GET_ACTION_AVAIL, 0, ctypes.byref(action)):
        found.append(Layer.SECCOMP)
    version = landlock_version()
    if version < 1:
        found.append(Layer.LANDLOCK)
    if version < TCP_SINCE:
        found.append(Layer.LANDLOCK_TCP)
    return tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sandbox:
    """Prepared once for all forked children.  `ruleset`: the descriptor of a Landlock ruleset, None if the kernel has no Landlock."""

    ruleset: int | None

    def enter(self) -> tuple[Layer, ...]:
        """Restricts this single-threaded process to computation and to reading our code.  Returns the layers that could not be enabled."""
        here = machine()
        if here is None:
            return tuple(Layer)
        library, gone = libc(), []
        if library.prctl(SET_NO_NEW_PRIVS, 1, 0, 0, 0):
            gone.append(Layer.NO_NEW_PRIVS)
        files_are_safe = self.restrict_files(library)
        if not files_are_safe:
            gone.append(Layer.LANDLOCK)
        if not files_are_safe or landlock_version() < TCP_SINCE:
            gone.append(Layer.LANDLOCK_TCP)
        allowed = {**seccomp.COMPUTING, **(seccomp.LOADING if files_are_safe else {})}
        if not install(seccomp.program(here, allowed, os.getpid())):
            gone.append(Layer.SECCOMP)
        return tuple(gone)

    def restrict_files(self, library: ctypes.CDLL) -> bool:
        """Enforces the Landlock ruleset; whether files outside the code, TCP connections and signals are now blocked."""
        if self.ruleset is None:
            return False
        restricted = bool(library.syscall(RESTRICT_SELF, self.ruleset, 0) == 0)
        os.close(self.ruleset)
        return restricted


def prepare() -> Sandbox:
    """Prepares the sandbox for this kernel.  Restricts nothing yet."""
    return Sandbox(ruleset=ruleset() if machine() else None)


def install(program: bytes) -> bool:
    """Installs the seccomp filter; whether it is in force.  Without the flag, kernels before 5.16 slow down every filtered process."""
    code = ctypes.create_string_buffer(program, len(program))
    wanted = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(program) // seccomp.INSTRUCTION.size, ctypes.addressof(code)))
    library, call = libc(), SECCOMP_CALL[os.uname().machine]
    if library.syscall(call, SET_MODE_FILTER, SPEC_ALLOW, wanted) == 0:
        return True
    return bool(library.prctl(SET_SECCOMP, MODE_FILTER, wanted, 0, 0) == 0)


def landlock_version() -> int:
    """The ABI version of Landlock; below 1 if the kernel lacks or disables it."""
    return int(libc().syscall(CREATE_RULESET, None, ctypes.c_size_t(0), ASK_VERSION))


def ruleset() -> int | None:
    """Makes a Landlock ruleset that allows only to read code and time zones; its descriptor, None without Landlock."""
    version, library = landlock_version(), libc()
    if version < 1:
        return None
    rights = FILE_RIGHTS[max(since for since in FILE_RIGHTS if since <= version)]
    size = 8 if version < TCP_SINCE else 16 if version < SCOPES_SINCE else 24
    made = int(library.syscall(CREATE_RULESET, struct.pack("=QQQ", rights, TCP_RIGHTS, SCOPES), ctypes.c_size_t(size), 0))
    if made < 0:
        return None
    if all(readable(made, folder) for folder in code_folders()):
        return made
    os.close(made)
    return None


def readable(ruleset: int, folder: Path) -> bool:
    """Adds a rule that allows to read below `folder`; whether that worked."""
    opened = os.open(folder, os.O_PATH | os.O_CLOEXEC)
    try:
        rule = struct.pack("=Qi", READ_FILE | READ_DIR, opened)  # struct landlock_path_beneath_attr is packed
        return bool(libc().syscall(ADD_RULE, ruleset, PATH_BENEATH, rule, 0) == 0)
    finally:
        os.close(opened)


def code_folders() -> Iterator[Path]:
    """The folders of modules and time zones.  No folder with data of a desk is among them."""
    paths = sysconfig.get_paths()
    named = [paths[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")]
    # Debian keeps packages beside the standard library, in dist-packages.
    named += [path for path in sys.path if Path(path).name in {"site-packages", "dist-packages", "lib-dynload"}]
    named += [*zoneinfo.TZPATH, str(Path(mailbridge.__file__).parent)]
    yield from (folder for folder in map(Path, dict.fromkeys(named)) if folder.is_dir())


def end_with_parent(number: int) -> None:
    """Makes the kernel send signal `number` when the thread that created this process ends (PR_SET_PDEATHSIG)."""
    if sys.platform == "linux":
        libc().prctl(SET_PDEATHSIG, number, 0, 0, 0)


def hide_memory() -> None:
    """Only root can read this process's memory or trace it, and it leaves no core file (prctl(2), PR_SET_DUMPABLE)."""
    if sys.platform == "linux":
        libc().prctl(SET_DUMPABLE, 0, 0, 0, 0)
