"""What the canary needs of the world outside: the desk's outgoing servers, its sources' health, and the ways of its alarm."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from mailbridge.config.model import CanarySettings, Config, Outgoing
from mailbridge.conversation.canary import REGULAR, CanaryAlarm, CanaryWatch
from mailbridge.conversation.tokens import Signer
from mailbridge.delivery.canary_mail import canary_mail, failure_of
from mailbridge.delivery.deliver import Sign
from mailbridge.delivery.render.renderer import NotificationRenderer
from mailbridge.delivery.transport import Deferred, Refused, Transport
from mailbridge.delivery.webhooks.address import NoAddress, address_of
from mailbridge.delivery.webhooks.allowed import NotAllowed
from mailbridge.delivery.webhooks.http import Caller
from mailbridge.delivery.webhooks.sign import headers
from mailbridge.errors import MailbridgeError
from mailbridge.health.board import Board
from mailbridge.health.names import canary_name
from mailbridge.notifications.compose import admin_notifications
from mailbridge.notifications.model import Notification, OutboxState, Queued
from mailbridge.notifications.payloads.admins import SourceNews, SourceRow
from mailbridge.ops import log as logs
from mailbridge.store.engine import Store

WEBHOOK, MAIL = "webhook", "mail"
SUBJECT = "mailbridge: delivery test"

log = logs.get("canary")


@dataclass(frozen=True, slots=True, kw_only=True)
class CanaryOutside:
    """`transport`: a new one of this server.  `sign` as at the hand-over of each mail.  `renderer` writes the mail of an alarm."""

    config: Config
    store: Store
    board: Board
    signer: Callable[[], Signer]
    transport: Callable[[Outgoing], Transport]
    sign: Sign
    renderer: NotificationRenderer

    @property
    def settings(self) -> CanarySettings:
        return self.config.canary or CanarySettings()

    def hand_over(self, to: str, nonce: str, now: datetime) -> str:
        """Gives the mail to the server of the identity that it is to, else to the desk's; why it was not taken, '' where it was."""
        desk = self.config.desk
        sender = to if desk.identity_at(to) else desk.address
        raw = canary_mail(self.signer(), nonce, REGULAR, sender, to, SUBJECT, now)
        return self._sent(self.config.outgoing_of(sender), sender, to, raw)[0]

    def _sent(self, server: Outgoing, sender: str, to: str, raw: bytes) -> tuple[str, bool]:
        """Why the server did not take the mail, '' where it did; and whether it never will."""
        try:
            transport = self.transport(server)
            try:
                outcome = transport.send(sender, to, self.sign(sender, to, raw), lambda: None)
            finally:
                transport.close()
        except MailbridgeError as error:
            return error.what, False
        except Exception as error:  # a fault of a library must not end the measurement: it is what the measurement shows
            log.exception("canary_sending_failed")
            return f"{type(error).__name__}: {error}", False
        said = failure_of(outcome)
        if isinstance(outcome, Refused | Deferred) and said:
            return f"{server.name}: {said}", isinstance(outcome, Refused)
        return said, False

    def came(self, watch: CanaryWatch) -> None:
        """The source is proven."""
        seconds = watch.last.seconds if watch.last else 0.0
        self.board.proven(canary_name(watch.to), f"a mail came back after {seconds:.1f} s")

    def is_late(self, watch: CanaryWatch) -> None:
        """The source fails."""
        self.board.failed(canary_name(watch.to), watch.reason)

    def ways(self) -> Sequence[str]:
        """The webhook, and each admin by the second server; none where neither is configured: then it is told as other sources are."""
        mails = [f"{MAIL}:{admin.lower()}" for admin in self.config.desk.admins] if self.settings.alarm_outgoing else []
        return ([WEBHOOK] if self.config.health.alarm_url else []) + mails

    def tell(self, way: str, watch: CanaryWatch, alarm: CanaryAlarm, now: datetime) -> str:
        """Tells the alarm by this way; why that failed and may succeed later, '' where it was told, or where nothing can be told so."""
        kind, _, admin = way.partition(":")
        if way not in self.ways():
            return ""
        return self._call(watch, alarm, now) if kind == WEBHOOK else self._mail(admin, watch, alarm, now)

    def _call(self, watch: CanaryWatch, alarm: CanaryAlarm, now: datetime) -> str:
        webhooks = self.config.webhooks
        said = {
            "type": f"canary.{'late' if alarm.late else 'back'}",
            "timestamp": alarm.at.isoformat(),
            "data": {"desk": self.config.desk.name, "to": watch.to, "reason": alarm.reason},
        }
        body = json.dumps(said, ensure_ascii=True, separators=(",", ":")).encode()
        try:
            url = address_of(self.config.health.alarm_url, self.config.folder, os.environ)
            caller = Caller(webhooks.hosts, time_limit=webhooks.time_limit, ca_file=webhooks.ca_file)
            answer = caller.post(url, body, headers(webhooks.secret, f"canary_{alarm.key}", now, body))
        except (NoAddress, NotAllowed) as error:
            return str(error)
        if answer.status is not None and 200 <= answer.status < 300:
            return ""
        return f"{answer.status or ''} {answer.text}".strip() or "no answer"

    def _mail(self, admin: str, watch: CanaryWatch, alarm: CanaryAlarm, now: datetime) -> str:
        """By the second server, past the outbox: the mails that wait there may be what is broken."""
        desk = self.config.desk
        server = next((one for one in self.config.further_outgoing if one.name == self.settings.alarm_outgoing), None)
        if server is None:
            return ""
        news = _news(watch, alarm)
        (notification,) = admin_notifications([admin], "sources", alarm.key, news, desk.address, desk.language)
        with self.store.read() as tx:
            raw = self.renderer.unlimited(tx, _queued(notification, now))
        why, is_final = self._sent(server, desk.address, admin, raw)
        if is_final:
            log.warning("canary_alarm_refused", reason=why)
        return "" if is_final else why


def _queued(notification: Notification, now: datetime) -> Queued:
    return Queued(id=0, notification=notification, state=OutboxState.SENDING, attempts=1, created_at=now)


def _news(watch: CanaryWatch, alarm: CanaryAlarm) -> SourceNews:
    """The alarm as the news of a source."""
    came = watch.last.came.strftime("%Y-%m-%d %H:%M UTC") if watch.last else "never"
    since = alarm.at.strftime("%Y-%m-%d %H:%M UTC")
    row = SourceRow(name=canary_name(watch.to), since=since, reason=alarm.reason, proven=came, mail="never")
    return SourceNews(count=1, rows=(row,), back=()) if alarm.late else SourceNews(count=0, rows=(), back=(row,))
