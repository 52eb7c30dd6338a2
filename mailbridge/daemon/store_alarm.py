"""Tells that the database takes no writes, past the database: the mail that tells of other faults could not be stored.

The administrators get a mail by the first outgoing server that takes it, and `alarm_url` of [health] is called.  Each way is used once when
the trouble has lasted for a minute, and once when it is over; one that fails is tried again at the next look.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import monotonic

from mailbridge.clock import Clock
from mailbridge.config.model import Config, Outgoing
from mailbridge.delivery.deliver import Sign
from mailbridge.delivery.render.renderer import NotificationRenderer
from mailbridge.delivery.transport import Deferred, Refused, Transport
from mailbridge.delivery.webhooks.address import NoAddress, address_of
from mailbridge.delivery.webhooks.allowed import NotAllowed
from mailbridge.delivery.webhooks.http import Caller
from mailbridge.delivery.webhooks.sign import headers
from mailbridge.errors import MailbridgeError
from mailbridge.notifications.compose import admin_notifications
from mailbridge.notifications.payloads.admins import SourceNews, SourceRow
from mailbridge.ops import log as logs

AFTER = timedelta(minutes=1)  # shorter troubles are in the log, the status and the metrics only
DATABASE = "database"  # the name of the source
WEBHOOK = "webhook"

log = logs.get("health")


@dataclass(slots=True)
class _Trouble:
    """`since`: by the monotonic clock.  `told`: the ways by which it was told."""

    since: float
    at: datetime
    advice: str
    told: set[str] = field(default_factory=set)


class StoreAlarm:
    """Looked at by a job of its own; belongs to its thread."""

    def __init__(
        self,
        config: Config,
        clock: Clock,
        *,
        trouble: Callable[[], str],
        transport: Callable[[Outgoing], Transport],
        renderer: NotificationRenderer,
        sign: Sign,
        monotonic: Callable[[], float] = monotonic,
    ) -> None:
        """`trouble`: why the database takes no writes, and what to do; '' where it takes them.  `transport`: a new one of this server."""
        self._config, self._clock, self._trouble, self._monotonic = config, clock, trouble, monotonic
        self._transport, self._renderer, self._sign = transport, renderer, sign
        self._now: _Trouble | None = None
        self._over: dict[str, _Trouble] = {}  # way -> the trouble whose end is still to be told there

    def look(self) -> int:
        """Tells what is due; by how many ways.  Needs no database."""
        advice, moment = self._trouble(), self._monotonic()
        if advice and self._now is None:
            self._now = _Trouble(moment, self._clock.now(), advice)
        elif not advice and self._now is not None:
            self._over |= dict.fromkeys(self._now.told, self._now)
            self._now = None
        done = 0
        if self._now is not None and moment - self._now.since >= AFTER.total_seconds():
            for way in set(self._ways()) - self._now.told:
                if self._tell(way, self._now, is_over=False):
                    self._now.told.add(way)
                    self._over.pop(way, None)
                    done += 1
        for way, trouble in list(self._over.items()):
            if self._now is None and self._tell(way, trouble, is_over=True):
                del self._over[way]
                done += 1
        return done

    def _ways(self) -> Iterator[str]:
        if self._config.desk.shadow:
            return
        if self._config.health.alarm_url:
            yield WEBHOOK
        yield from (admin.lower() for admin in self._config.desk.admins)

    def _tell(self, way: str, trouble: _Trouble, *, is_over: bool) -> bool:
        """Whether it was told, or can never be told by this way."""
        failed = self._call(trouble, is_over) if way == WEBHOOK else self._mail(way, trouble, is_over)
        if failed:
            log.warning("store_alarm_not_told", way=WEBHOOK if way == WEBHOOK else "mail", reason=failed)
        return not failed

    def _call(self, trouble: _Trouble, is_over: bool) -> str:
        """Why the call failed; '' where it was made."""
        webhooks, kind, now = self._config.webhooks, "back" if is_over else "away", self._clock.now()
        said = {
            "type": f"store.{kind}",
            "timestamp": now.isoformat(),
            "data": {"desk": self._config.desk.name, "since": trouble.at.isoformat(), "reason": trouble.advice},
        }
        body = json.dumps(said, separators=(",", ":")).encode()
        key = f"store_{kind}_{trouble.at:%Y%m%d%H%M%S}"
        try:
            url = address_of(self._config.health.alarm_url, self._config.folder, os.environ)
            caller = Caller(webhooks.hosts, time_limit=webhooks.time_limit, ca_file=webhooks.ca_file)
            answer = caller.post(url, body, headers(webhooks.secret, key, now, body))
        except (NoAddress, NotAllowed) as error:
            return str(error)
        if answer.status is not None and 200 <= answer.status < 300:
            return ""
        return f"{answer.status or ''} {answer.text}".strip() or "no answer"

    def _mail(self, admin: str, trouble: _Trouble, is_over: bool) -> str:
        """Why no outgoing server took the mail; '' where one did."""
        desk = self._config.desk
        key = f"store-{'back' if is_over else 'away'}-{trouble.at:%Y%m%d%H%M%S}"
        (notification,) = admin_notifications([admin], "sources", key, _news(trouble, is_over), desk.address, desk.language)
        failed = ""
        for server in self._config.outgoing_servers:
            try:
                raw = self._sign(desk.address, admin, self._renderer.without_store(notification))
                failed = self._handed_over(server, admin, raw)
            except MailbridgeError as error:
                failed = error.what
            except Exception as error:  # a fault of a library or a template: the next server or look may succeed
                log.exception("store_alarm_failed")
                failed = f"{type(error).__name__}: {error}"
            if not failed:
                break
        return failed

    def _handed_over(self, server: Outgoing, admin: str, raw: bytes) -> str:
        transport = self._transport(server)
        try:
            outcome = transport.send(self._config.desk.address, admin, raw, lambda: None)
        finally:
            transport.close()
        match outcome:
            case Refused(code=code, reply=reply) | Deferred(code=code, reply=reply):
                return f"{server.name}: {code or ''} {reply}".strip()
            case _:
                return ""


def _news(trouble: _Trouble, is_over: bool) -> SourceNews:
    """The trouble as the news of a source."""
    since = trouble.at.strftime("%Y-%m-%d %H:%M UTC")
    row = SourceRow(name=DATABASE, since=since, reason=trouble.advice, proven=since, mail="never")
    return SourceNews(count=0, rows=(), back=(row,)) if is_over else SourceNews(count=1, rows=(row,), back=())
