"""What reading a mail took, as it comes back from the child: see measured."""

from __future__ import annotations

from dataclasses import dataclass, replace

from mailbridge.message.model import Message

PREFIX = "measured:"


@dataclass(frozen=True, slots=True)
class Cost:
    """What reading one mail took: milliseconds of processor time, most memory of the process and how much of it this mail added (MB)."""

    ms: float
    peak_mb: float
    grown_mb: float


def cost_of(message: Message) -> tuple[Message, Cost]:
    """The message as the product makes it, and its cost."""
    _, ms, peak, grown = message.defects[-1].split()
    return replace(message, defects=message.defects[:-1]), Cost(float(ms), int(peak) / 1024, int(grown) / 1024)
