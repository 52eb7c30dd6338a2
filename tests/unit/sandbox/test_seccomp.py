"""The filter itself, run by a small machine for BPF, so that the calls of another processor are tested on this one."""

from __future__ import annotations

import struct

import pytest

from mailbridge.sandbox import seccomp
from mailbridge.sandbox.seccomp import ALLOW, COMPUTING, DENY, INSTRUCTION, KILL, LOADING, NUMBERS, Machine, program

US = 4711


def run(code: bytes, audit: int, number: int, *arguments: int) -> int:
    """What the filter says about a call (seccomp(2): the data is number, machine, instruction pointer, six arguments)."""
    values = [*arguments, 0, 0, 0, 0, 0, 0][:6]
    data = struct.pack("=IIQ6Q", number & 0xFFFFFFFF, audit, 0, *(value & (1 << 64) - 1 for value in values))
    instructions = list(INSTRUCTION.iter_unpack(code))
    at, word = 0, 0
    while True:
        operation, if_true, if_false, value = instructions[at]
        at += 1
        match operation:
            case seccomp.LOAD:
                word = struct.unpack_from("=I", data, value)[0]
            case seccomp.EQUAL:
                at += if_true if word == value else if_false
            case seccomp.AT_LEAST:
                at += if_true if word >= value else if_false
            case seccomp.ANY_BIT:
                at += if_true if word & value else if_false
            case seccomp.RETURN:
                return int(value)
            case _:
                pytest.fail(f"no instruction of ours: {operation:#x}")


@pytest.fixture(params=list(Machine), ids=lambda machine: machine.name)
def machine(request: pytest.FixtureRequest) -> Machine:
    found: Machine = request.param
    return found


def verdict(machine: Machine, name: str, *arguments: int, loading: bool = True) -> int:
    code = program(machine, {**COMPUTING, **(LOADING if loading else {})}, US)
    return run(code, machine.audit, NUMBERS[name][machine.column], *arguments)


def test_what_reading_needs_is_allowed(machine: Machine) -> None:
    for name in ("read", "write", "brk", "munmap", "futex", "exit_group", "setitimer", "rt_sigreturn"):
        assert verdict(machine, name) == ALLOW, name


def test_every_call_that_is_not_listed_is_denied(machine: Machine) -> None:
    code = program(machine, {**COMPUTING, **LOADING}, US)
    listed = {NUMBERS[name][machine.column] for name in NUMBERS}
    for number in set(range(600)) - listed:
        assert run(code, machine.audit, number) == DENY, number


def test_the_calls_of_another_machine_end_the_process(machine: Machine) -> None:
    code = program(machine, COMPUTING, US)
    for other in ({one.audit for one in Machine} | {0x40000003}) - {machine.audit}:
        assert run(code, other, 0) == KILL
    assert run(code, machine.audit, seccomp.X32 | 1) == KILL  # x32: the numbers of x86_64 with this bit
    assert run(code, machine.audit, 0xFFFFFFFF) == KILL


@pytest.mark.parametrize(
    ("name", "arguments", "allowed"),
    [
        ("openat", (-100, 0, 0o2000000), True),  # O_CLOEXEC
        ("openat", (-100, 0, 0o2200000), True),  # and O_DIRECTORY
        ("openat", (-100, 0, 1), False),  # O_WRONLY
        ("openat", (-100, 0, 2), False),  # O_RDWR
        ("openat", (-100, 0, 3), False),
        ("openat", (-100, 0, 0o100), False),  # O_CREAT
        ("openat", (-100, 0, 0o1000), False),  # O_TRUNC
        ("openat", (-100, 0, 0o20200000), False),  # O_TMPFILE
        ("mmap", (0, 4096, 3, 0x22), True),
        ("mmap", (0, 4096, 5, 0x2), True),  # code of a file
        ("mmap", (0, 4096, 5, 0x22), False),  # code without a file
        ("mmap", (0, 4096, 7, 0x2), False),  # code that can be written
        ("mprotect", (0, 4096, 3), True),
        ("mprotect", (0, 4096, 5), False),
        ("prlimit64", (0, 0, 0, 0), True),
        ("prlimit64", (US, 0, 0, 0), True),
        ("prlimit64", (US - 1, 0, 0, 0), False),
        ("tgkill", (US, US, 6), True),
        ("tgkill", (1, 1, 9), False),
        ("tgkill", (US | 1 << 32, US, 9), False),
    ],
)
def test_a_call_is_allowed_by_its_arguments(machine: Machine, name: str, arguments: tuple[int, ...], allowed: bool) -> None:
    assert verdict(machine, name, *arguments) == (ALLOW if allowed else DENY)


def test_without_landlock_nothing_is_opened_or_looked_at(machine: Machine) -> None:
    for name in LOADING:
        if NUMBERS[name][machine.column] >= 0:
            assert verdict(machine, name, loading=False) == DENY, name


def test_no_two_calls_share_a_number(machine: Machine) -> None:
    numbers = [pair[machine.column] for pair in NUMBERS.values() if pair[machine.column] >= 0]
    assert len(numbers) == len(set(numbers))
