"""The calendar file that goes along with a mail about an appointment (RFC 6047).  Pure."""

from __future__ import annotations

from mailbridge.ids import meeting_uid, ticket_number
from mailbridge.message.invitation import Invitation
from mailbridge.notifications.events.meetings import CANCELLED, GIVEN
from mailbridge.notifications.model import Notification
from mailbridge.notifications.payloads.tickets import Invited


def invitation_of(notification: Notification, *, prefix: str, subject: str, desk_name: str, desk_address: str) -> Invitation | None:
    """The invitation that this mail brings, to its recipient alone; None where it brings none.

    The organizer is the signed reply address: what the reader's calendar answers comes back to the ticket (RFC 5546, 3.2.3).
    """
    about = notification.payload
    if not isinstance(about, Invited) or notification.ticket is None:
        return None
    return Invitation(
        uid=meeting_uid(prefix, notification.ticket, about.number, desk_address.rpartition("@")[2]),
        sequence=about.sequence,
        at=about.meets_at,
        minutes=about.minutes,
        place=about.place,
        title=f"[{ticket_number(prefix, notification.ticket)}] {subject}".strip(),
        organizer=notification.reply_to or desk_address,
        organizer_name=desk_name,
        attendee=notification.recipient,
        attendee_name=notification.name,
        cancelled=about.change in (CANCELLED, GIVEN),
    )
