"""The product's reading function with a tape measure: what runs in the children of the conformance run."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

from mailbridge.message.model import Message, ReadingPolicy
from mailbridge.reading import read as read_mail
from tests.conformance.cost import PREFIX

STATUS = Path("/proc/self/status")
CLEAR = Path("/proc/self/clear_refs")


def read(raw: bytes, policy: ReadingPolicy) -> Message:
    """The message with its cost as a last defect, to be taken off again by `cost_of`."""
    before = resident("VmRSS")
    CLEAR.write_text("5", "ascii")  # resets VmHWM, the most memory ever held
    began = time.perf_counter()
    message = read_mail(raw, policy)
    ms = (time.perf_counter() - began) * 1000
    peak = resident("VmHWM")
    return replace(message, defects=(*message.defects, f"{PREFIX} {ms:.3f} {peak} {peak - before}"))


def resident(name: str) -> int:
    """KiB of memory by the kernel's count."""
    line = next(line for line in STATUS.read_text("ascii").splitlines() if line.startswith(name + ":"))
    return int(line.split()[1])
