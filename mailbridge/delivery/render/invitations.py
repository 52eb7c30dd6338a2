"""The calendar file that goes along with a mail about an appointment (RFC 6047).  Pure."""

from __future__ import annotations

from dataclasses import replace

from mailbridge.ids import meeting_uid, plan_uid, ticket_number
from mailbridge.message.invitation import Invitation
from mailbridge.notifications.events.meetings import CANCELLED, GIVEN
from mailbridge.notifications.model import Notification
from mailbridge.notifications.payloads.plans import Planned
from mailbridge.notifications.payloads.tickets import Invited


def invitation_of(notification: Notification, *, prefix: str, subject: str, desk_name: str, desk_address: str) -> Invitation | None:
    """The invitation that this mail brings, to its recipient alone; None where it brings none.

    The organizer is the signed reply address: what the reader's calendar answers comes back to the ticket (RFC 5546, 3.2.3).
    """
    about = notification.payload
    if notification.ticket is None or not isinstance(about, Invited | Planned):
        return None
    title = f"[{ticket_number(prefix, notification.ticket)}] {subject}".strip()
    common = Invitation(
        uid="",
        sequence=about.sequence,
        at=about.meets_at if isinstance(about, Invited) else about.begins_at,
        minutes=about.minutes,
        title=title,
        organizer=notification.reply_to or desk_address,
        organizer_name=desk_name,
        attendee=notification.recipient,
        attendee_name=notification.name,
        cancelled=about.change in (CANCELLED, GIVEN),
    )
    domain = desk_address.rpartition("@")[2]
    if isinstance(about, Invited):
        return replace(common, uid=meeting_uid(prefix, notification.ticket, about.number, domain), place=about.place)
    # The agent's calendar is told and not asked: who cannot come changes the plan.
    return replace(common, uid=plan_uid(prefix, about.uid, domain), text=about.text, rsvp=False) if about.uid else None
