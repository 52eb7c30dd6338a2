"""What is known of the canaries, for text and JSON."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from mailbridge.cli.options import OpenDesk
from mailbridge.cli.show import safe, when

if TYPE_CHECKING:
    from mailbridge.conversation.canary import ArrivedCanary, CanaryWatch, Leg


def watches_of(desk: OpenDesk, addresses: Sequence[str]) -> Sequence[CanaryWatch]:
    """What is known of the mails to these addresses."""
    from mailbridge.conversation.canary import watch_key, watch_of

    with desk.store.read() as tx:
        return [watch_of(to, tx.state.get(watch_key(to))) for to in addresses]


def about(watch: CanaryWatch, now: datetime) -> dict[str, Any]:
    """The canaries to one address, for JSON."""
    last = watch.last
    return {
        "to": watch.to,
        "sent": last.sent if last else None,
        "arrived": last.came if last else None,
        "seconds": last.seconds if last else None,
        "age": max(0.0, round((now - last.came).total_seconds(), 1)) if last else None,
        "way": [{"name": leg.name, "seconds": leg.seconds, "clock": leg.clock} for leg in last.legs] if last else [],
        "under_way": len(watch.under_way),
        "lost": watch.lost,
        "late_since": watch.late_since,
        "reason": watch.reason,
    }


def line_of(watch: CanaryWatch) -> str:
    """`came back after 3.2 s at 2026-11-21 14:02Z`, and what is wrong."""
    said = _came(watch.last) if watch.last else "none came yet"
    said += f", {watch.lost} never came" if watch.lost else ""
    return f"{said}, late since {when(watch.late_since)}: {watch.reason}" if watch.late_since else said


def _came(last: ArrivedCanary) -> str:
    return f"the last mail came back after {last.seconds:.1f} s at {when(last.came)}"


def leg_of(leg: Leg) -> str:
    took = f"{leg.seconds:8.1f} s" if leg.seconds is not None else "       ? s"
    clock = f"  (its clock is {abs(leg.clock):.0f} s {'ahead' if leg.clock > 0 else 'behind'})" if leg.clock else ""
    return f"{took}  {safe(leg.name)}{clock}"
