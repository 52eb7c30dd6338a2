"""A desk for a process of its own that can be killed: it takes the mails of a folder, works them, sends what is to be sent, sweeps, and
makes the calls that are owed; `FOLDER/called` has a line for each."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from mailbridge.clock import SystemClock
from mailbridge.daemon.app import App
from mailbridge.delivery.webhooks.deliver import Webhooker
from mailbridge.delivery.webhooks.http import Caller, WebhookResponse
from mailbridge.message.envelope import Envelope, Source
from tests.harness import MX, a_config


class ClockAhead:
    def __init__(self, ahead: timedelta) -> None:
        self.ahead = ahead

    def now(self) -> datetime:
        return SystemClock().now() + self.ahead


class Recorder(Caller):
    """The other side of a webhook: what it has heard is on disk when it answers."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> WebhookResponse:
        with self._file.open("a") as file:
            file.write(f"{headers['webhook-id']}\n")
            file.flush()
            os.fsync(file.fileno())
        return WebhookResponse(status=204)


def live(folder: Path, url: str, ahead: float) -> None:
    """One life of the desk.

    `FOLDER/feed/*.eml` stand for a sender that retries: a file goes away only after the mail was accepted.  `ahead` seconds are added to
    the clock, so that a second life finds the leases of the first one ended.
    """
    clock = ClockAhead(timedelta(seconds=ahead))
    with App.open(replace(a_config(folder), store_url=url, batch=3), clock=clock) as app:
        for file in sorted((folder / "feed").glob("*.eml")):
            sender, recipients = "carol@customer.test", ("support@desk.test",)
            envelope = Envelope(source=Source.SMTP, received_at=clock.now(), mail_from=sender, rcpt_to=recipients, peer=MX)
            app.inbox.accept(file.read_bytes(), envelope)
            file.unlink()
        while app.worker.one_turn():
            pass
        send(app, clock)
        pass_time(app, clock, timedelta(days=30))
        app.jobs.sweep()
        send(app, clock)
        webhooker = Webhooker(app.store, app.config.webhooks, clock, caller=Recorder(folder / "called"))
        while webhooker.one_turn():
            pass


def send(app: App, clock: ClockAhead) -> None:
    """What is due, and an hour later what was put off meanwhile."""
    transport = app.delivery_worker()
    for wait in (timedelta(0), timedelta(hours=1)):
        pass_time(app, clock, wait)
        while transport.one_turn():
            pass


def pass_time(app: App, clock: ClockAhead, time: timedelta) -> None:
    """The desk has noticed it, as it does with a step of the clock."""
    clock.ahead += time
    app.clock_watch.look()
