"""The product's reading function with a tape measure: what runs in the children of the conformance run."""

from __future__ import annotations

import resource
import time
from dataclasses import replace

from mailbridge.message.model import Message, ReadingPolicy
from mailbridge.sandbox.read import read as read_mail
from tests.conformance.cost import PREFIX


def read(raw: bytes, policy: ReadingPolicy) -> Message:
    """The message with its cost as a last defect, to be taken off again by `cost_of`.

    Processor time: other work on the machine is no fault of the mail.  What waits for ever ends by the time limit of the readers.
    """
    before = most_resident()
    began = time.process_time()
    message = read_mail(raw, policy)
    ms = (time.process_time() - began) * 1000
    peak = most_resident()
    return replace(message, defects=(*message.defects, f"{PREFIX} {ms:.3f} {peak} {peak - before}"))


def most_resident() -> int:
    """KiB of memory that this process held at most; a forked child begins with what it held then.  The sandbox closes /proc."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
