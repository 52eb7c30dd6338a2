"""A contract on one line."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mailbridge.customers.model import Contract


def contract_line(one: Contract) -> str:
    """The contract on one line."""
    valid = f"{one.since or '…'} to {one.until or '…'}" if one.since or one.until else "always valid"
    levels = [f"{line.sla} for {_joined(line.type, line.priority)}" for line in one.levels]
    covers = [f"only for {', '.join(names)}" for names in (one.equipment, one.locations, one.types) if names]
    renews = f"renews {one.renews}" if one.renews else ""
    level, calendar = one.sla and f"level {one.sla}", one.calendar and f"calendar {one.calendar}"
    return _joined(one.name, one.type, level, *levels, valid, calendar, *covers, renews, *_hours(one))


def _hours(one: Contract) -> Iterable[str]:
    """The hours that the contract grants to its hour bank: "10 h every month", "block B-17"."""
    from mailbridge.notifications.summary import length

    if one.hours is None:
        return
    if one.hours.every is not None:
        yield f"{length(one.hours.grant)} every {one.hours.every}"
    yield from (f"block {block.name} of {length(block.minutes)}" for block in one.hours.blocks)


def _joined(*words: str) -> str:
    return ", ".join(word for word in words if word)
