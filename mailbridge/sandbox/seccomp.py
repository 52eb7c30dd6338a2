"""The seccomp filter of a reading child.  Pure: names of system calls in, a BPF program out.

The program allows the listed calls and answers all others with EPERM, so that a library that tries an optional call goes on.
A call by another architecture's table (i386 or x32 on x86_64) kills the process.  Sources: Linux `asm/unistd_64.h` and
`asm-generic/unistd.h` for the numbers, `struct seccomp_data` in seccomp(2) for the layout.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto

ALLOW, DENY, KILL = 0x7FFF0000, 0x00050000 | 1, 0x80000000  # SECCOMP_RET_ALLOW, _ERRNO with EPERM, _KILL_PROCESS
LOAD, EQUAL, AT_LEAST, ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06  # BPF_LD|W|ABS, JMP|JEQ, JMP|JGE, JMP|JSET, RET
NUMBER, MACHINE, ARGUMENTS = 0, 4, 16  # offsets in struct seccomp_data; an argument has 8 bytes, the low half first
X32 = 0x40000000
PROT_WRITE, PROT_EXEC, MAP_ANONYMOUS = 2, 4, 0x20
# All flags of open(2) beyond reading: the access mode, O_CREAT, O_TRUNC, O_APPEND, O_TMPFILE (without O_DIRECTORY).
NOT_READING = 0o3 | 0o100 | 0o1000 | 0o2000 | 0o20000000

INSTRUCTION = struct.Struct("<HBBI")


class Machine(Enum):
    """An architecture with its AUDIT_ARCH value (linux/audit.h) and its column in NUMBERS."""

    X86_64 = (0xC000003E, 0)
    AARCH64 = (0xC00000B7, 1)

    @property
    def audit(self) -> int:
        return self.value[0]

    @property
    def column(self) -> int:
        return self.value[1]


MACHINES: Mapping[str, Machine] = {"x86_64": Machine.X86_64, "aarch64": Machine.AARCH64}  # by `uname -m`


class Only(Enum):
    """The condition under which a call is allowed."""

    ALWAYS = auto()
    ON_ITSELF = auto()  # the first argument is the process itself: 0 or its PID
    NOT_EXECUTABLE = auto()  # mprotect: no page becomes code
    FILES_AS_CODE = auto()  # mmap: code comes from files and is not writable
    TO_READ = auto()  # openat: an existing file, for reading


# x86_64, aarch64.  Frequent calls come first, because the filter compares in this order.
NUMBERS: Mapping[str, tuple[int, int]] = {
    "read": (0, 63), "write": (1, 64), "mmap": (9, 222), "munmap": (11, 215), "mremap": (25, 216), "madvise": (28, 233),
    "brk": (12, 214), "futex": (202, 98), "clock_gettime": (228, 113), "getrusage": (98, 165), "setitimer": (38, 103),
    "prlimit64": (302, 261), "rt_sigaction": (13, 134), "rt_sigprocmask": (14, 135), "rt_sigreturn": (15, 139),
    "sigaltstack": (131, 132), "mprotect": (10, 226), "lseek": (8, 62), "close": (3, 57), "fstat": (5, 80),
    "getrandom": (318, 278), "gettimeofday": (96, 169), "clock_getres": (229, 114), "clock_nanosleep": (230, 115),
    "getpid": (39, 172), "gettid": (186, 178), "getppid": (110, 173), "sched_yield": (24, 124), "sched_getaffinity": (204, 123),
    "uname": (63, 160), "restart_syscall": (219, 128),
    "rseq": (334, 293), "set_robust_list": (273, 99), "membarrier": (324, 283), "exit": (60, 93), "exit_group": (231, 94),
    "tgkill": (234, 131), "openat": (257, 56), "newfstatat": (262, 79), "statx": (332, 291), "getdents64": (217, 61),
    "readlinkat": (267, 78), "readlink": (89, -1), "pread64": (17, 67),
}  # fmt: skip

COMPUTING: Mapping[str, Only] = {
    name: Only.ALWAYS
    for name in NUMBERS
    if name not in {"openat", "newfstatat", "statx", "getdents64", "readlinkat", "readlink", "pread64"}
} | {
    "mmap": Only.FILES_AS_CODE,
    "mprotect": Only.NOT_EXECUTABLE,
    "prlimit64": Only.ON_ITSELF,
    "tgkill": Only.ON_ITSELF,
}
# Calls to load modules and time zones on demand.  Allowed only if Landlock restricts the files.
LOADING: Mapping[str, Only] = {
    "openat": Only.TO_READ,
    **dict.fromkeys(("newfstatat", "statx", "getdents64", "readlinkat", "readlink", "pread64"), Only.ALWAYS),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Instruction:
    """One BPF instruction (struct sock_filter).  Jumps are relative to the next instruction."""

    code: int
    value: int
    if_true: int = 0
    if_false: int = 0

    def packed(self) -> bytes:
        return INSTRUCTION.pack(self.code, self.if_true, self.if_false, self.value)


def program(machine: Machine, allowed: Mapping[str, Only], itself: int) -> bytes:
    """The filter that allows `allowed` to the process `itself`, as an array of struct sock_filter."""
    code = [
        Instruction(code=LOAD, value=MACHINE),
        Instruction(code=EQUAL, value=machine.audit, if_true=1),
        Instruction(code=RETURN, value=KILL),
        Instruction(code=LOAD, value=NUMBER),
        Instruction(code=AT_LEAST, value=X32, if_false=1),
        Instruction(code=RETURN, value=KILL),
    ]
    for name, only in allowed.items():
        number = NUMBERS[name][machine.column]
        if number >= 0:
            then = condition(only, itself)
            code += [Instruction(code=EQUAL, value=number, if_false=len(then)), *then]
    return b"".join(one.packed() for one in [*code, Instruction(code=RETURN, value=DENY)])


def condition(only: Only, itself: int) -> Sequence[Instruction]:
    """The instructions that check the arguments of a call whose number matched.  Every path ends with a return."""
    allow, deny = Instruction(code=RETURN, value=ALLOW), Instruction(code=RETURN, value=DENY)
    match only:
        case Only.ALWAYS:
            return [allow]
        case Only.ON_ITSELF:
            low, high = ARGUMENTS, ARGUMENTS + 4
            return [
                Instruction(code=LOAD, value=high),
                Instruction(code=EQUAL, value=0, if_false=4),
                Instruction(code=LOAD, value=low),
                Instruction(code=EQUAL, value=0, if_true=1),
                Instruction(code=EQUAL, value=itself, if_false=1),
                allow,
                deny,
            ]
        case Only.NOT_EXECUTABLE:
            return [Instruction(code=LOAD, value=argument(2)), Instruction(code=ANY_BIT, value=PROT_EXEC, if_true=1), allow, deny]
        case Only.FILES_AS_CODE:
            return [
                Instruction(code=LOAD, value=argument(2)),
                Instruction(code=ANY_BIT, value=PROT_EXEC, if_false=3),
                Instruction(code=ANY_BIT, value=PROT_WRITE, if_true=3),
                Instruction(code=LOAD, value=argument(3)),
                Instruction(code=ANY_BIT, value=MAP_ANONYMOUS, if_true=1),
                allow,
                deny,
            ]
        case Only.TO_READ:
            return [Instruction(code=LOAD, value=argument(2)), Instruction(code=ANY_BIT, value=NOT_READING, if_true=1), allow, deny]


def argument(index: int) -> int:
    """Offset of the low half of an argument."""
    return ARGUMENTS + 8 * index
