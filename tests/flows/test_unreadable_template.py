"""A template file that cannot be read for a moment delays a mail, and a broken one ends it."""

from __future__ import annotations

import errno
from typing import Any

import pytest
from jinja2 import TemplateNotFound

from mailbridge.delivery.render.render import TemplateFailed
from mailbridge.delivery.render.renderer import NotificationRenderer
from tests.harness import TestDesk, a_mail


@pytest.mark.parametrize(
    ("cause", "state"), [(OSError(errno.EIO, "Input/output error"), "sent"), (TemplateNotFound("mail/customer.j2"), "failed")]
)
def test_only_what_may_pass_is_tried_again(desk: TestDesk, monkeypatch: pytest.MonkeyPatch, cause: Exception, state: str) -> None:
    written, failures = NotificationRenderer._written, [cause]

    def once(self: NotificationRenderer, *arguments: Any) -> bytes:
        if failures:
            raise TemplateFailed(str(cause), file="mail/customer.j2", line=1) from failures.pop()
        return written(self, *arguments)

    monkeypatch.setattr(NotificationRenderer, "_written", once)
    desk.feed(a_mail())
    for _ in range(2):
        desk.deliver()
        desk.pass_time(hours=2)

    with desk.app.store.read() as tx:
        states = [queued.state for queued in tx.outbox.list(limit=100)]
    assert states.count("failed") == (state == "failed")
    assert states.count("sent") + states.count("failed") == len(states)
