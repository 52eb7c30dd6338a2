"""Notifies the administrators before a client secret, a certificate or a login expires."""

from __future__ import annotations

from datetime import datetime

from mailbridge.config.model import Config
from mailbridge.notifications.compose import admin_notifications
from mailbridge.notifications.payloads.admins import LoginEnds
from mailbridge.oauth.health import ENDS_KEY, End, ends
from mailbridge.store.engine import Store


def notify_login_ends(store: Store, config: Config, now: datetime) -> int:
    """Notifies each expiry once at 30, 14, 7 and 1 days before.  Returns the number of new mails.

    Metrics read all expiry dates from the store.
    """
    with store.read() as tx:
        grants = {grant.account: grant for grant in tx.grants.all()}
    found = ends(config.oauth, grants)
    due = [(end, threshold) for end in found if (threshold := end.reached(now)) is not None]
    desk, told = config.desk, 0
    with store.write() as tx:
        tx.state.set(ENDS_KEY, [[end.login, end.kind, end.at.isoformat()] for end in found], now)
        for end, threshold in due:
            key = f"{end.login}:{end.kind}:{end.at:%Y%m%d}:{threshold}"
            told += tx.outbox.add_many(
                admin_notifications(desk.admins, "login_ends", key, _payload(end, now), desk.address, desk.language), now
            )
        if told:
            tx.wake("outbox")
    return told


def _payload(end: End, now: datetime) -> LoginEnds:
    return LoginEnds(login=end.login, kind=end.kind, on=end.at.date(), days=max(end.days_left(now), -1))
