"""The link and the code of a sign-in mail.  They are made when the mail is written, so the outbox does not hold them."""

from __future__ import annotations

from dataclasses import replace

from mailbridge.conversation.sign_in import code
from mailbridge.execution.desk import Desk
from mailbridge.execution.sign_in import link_to
from mailbridge.notifications.model import Notification
from mailbridge.notifications.payloads.agents import SignInMail


def with_sign_in(notification: Notification, desk: Desk) -> Notification:
    """A sign-in mail with its link and its code; any other one as it is."""
    payload = notification.payload
    if not isinstance(payload, SignInMail):
        return notification
    digits = code(desk.signer.keys[0], payload.number, payload.requested_at)
    return replace(notification, payload=replace(payload, link=link_to(desk, payload.number, payload.requested_at), code=digits))
