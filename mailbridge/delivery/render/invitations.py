"""The calendar file that goes along with a mail about an appointment (RFC 6047).  Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from mailbridge.ids import meeting_uid, ticket_number
from mailbridge.message.invitation import Invitation
from mailbridge.notifications.events.meetings import CANCELLED, GIVEN
from mailbridge.notifications.model import Notification

EVENT = "meeting"  # mails of this name carry an invitation


def invitation_of(notification: Notification, *, prefix: str, subject: str, desk_name: str, desk_address: str) -> Invitation | None:
    """The invitation that this mail brings, to its recipient alone; None where it brings none.

    The organizer is the signed reply address: what the reader's calendar answers comes back to the ticket (RFC 5546, 3.2.3).
    """
    if notification.event != EVENT or notification.ticket is None:
        return None
    about: Mapping[str, str] = dict(notification.values)
    return Invitation(
        uid=meeting_uid(prefix, notification.ticket, int(about["number"]), desk_address.rpartition("@")[2]),
        sequence=int(about["sequence"]),
        at=datetime.fromisoformat(about["meets_at"]),
        minutes=int(about["minutes"]),
        place=about["place"],
        title=f"[{ticket_number(prefix, notification.ticket)}] {subject}".strip(),
        organizer=notification.reply_to or desk_address,
        organizer_name=desk_name,
        attendee=notification.recipient,
        attendee_name=notification.name,
        cancelled=about["change"] in (CANCELLED, GIVEN),
    )
