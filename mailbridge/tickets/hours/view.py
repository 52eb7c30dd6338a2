"""The state of an hour bank in whole minutes, as mails and tables show it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from mailbridge.tickets.hours.planning import HoursLeft


@dataclass(frozen=True, slots=True, kw_only=True)
class HoursView:
    """The hour bank of the ticket, in minutes.

    `until`: the last day of the hours that expire first; None if none expire.  `first`: how many of the hours left expire then.
    """

    left: int
    granted: int
    over: int = 0
    until: date | None = None
    first: int = 0

    @property
    def form(self) -> str:
        """The form of the sentence, a key of `hours` in `delivery.render.words`."""
        if self.over:
            return "over-until" if self.until else "over"
        if self.until is None:
            return "left"
        return "part" if self.first < self.left else "until"


def hours_view(left: HoursLeft | None) -> HoursView | None:
    """The bank in whole minutes.  Minutes left are rounded down, overdrawn minutes are rounded up."""
    if left is None:
        return None
    return HoursView(
        left=left.left // 60, granted=left.granted // 60, over=-(-left.over // 60), until=left.until, first=(left.left - left.later) // 60
    )
