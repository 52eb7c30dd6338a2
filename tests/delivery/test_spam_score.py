"""A real rspamd reads the mails that mailbridge writes and finds nothing in their form that a spam filter counts against them."""

from __future__ import annotations

import http.client
import json
from base64 import b64encode
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pytest

from mailbridge.delivery.render.mail import build
from mailbridge.delivery.render.render import guarded
from mailbridge.delivery.render.samples import sample_notification, sample_views
from mailbridge.notifications.model import Audience
from tests.compiled import SHIPPED
from tests.servers.rspamd import Rspamd

pytestmark = pytest.mark.servers

LIMIT = 2.0
FORM = ("HTML_", "MIME_", "FORGED_")  # symbols that speak of how a mail is written, not of where it comes from
# Names in DNS speak of the host that sends, and there is no DNS here; what is asked is how the mail itself is written.
HEAD = {
    "From": "support@acme.example",
    "Rcpt": "ana@acme.example",
    "Ip": "192.0.2.1",
    "Hostname": "mail.acme.example",
    "Helo": "mail.acme.example",
    "Settings": json.dumps(
        {
            "groups_disabled": ["hfilter", "spf", "dkim", "rbl", "surbl", "mx", "asn"],
            "symbols_disabled": ["RDNS_NONE", "RDNS_DNSFAIL", "R_SPF_DNSFAIL", "SPF_CHECK", "DKIM_CHECK"],
        }
    ),
}
AT = datetime(2026, 11, 30, 10, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    name: str
    score: float
    symbols: dict[str, float]

    def of_form(self) -> list[str]:
        """The symbols that count against how the mail is written."""
        return [name for name, score in self.symbols.items() if name.startswith(FORM) and score > 0]


def letters() -> Iterator[tuple[str, bytes]]:
    """Each event in each language that has words for it, with everything in it and with as little as can be."""
    for name in SHIPPED.names():
        _, language, rest = name.split("/")
        audience, _, event = rest.partition(".")
        notification = replace(
            sample_notification(Audience(audience), event, language), in_reply_to="1@acme.example", references=("1@acme.example",)
        )
        for view in sample_views(notification.audience, notification.event):
            shown, seen = guarded(notification, view)
            mail = build(SHIPPED.render(shown, seen), shown, sender_address="support@acme.example", desk_name="Acme Support", date=AT)
            yield f"{language}/{notification.kind}", mail


def judged(server: Rspamd) -> Iterator[Judged]:
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)) as connection:
        for name, mail in letters():
            yield asked(connection, name, mail)


def asked(connection: http.client.HTTPConnection, name: str, mail: bytes) -> Judged:
    connection.request("POST", "/checkv2", mail, HEAD)
    answer = json.loads(connection.getresponse().read())
    return Judged(name=name, score=answer["score"], symbols={key: one["score"] for key, one in answer["symbols"].items()})


def test_no_mail_looks_like_spam(rspamd: Rspamd) -> None:
    found = list(judged(rspamd))
    assert len(found) > 100
    assert {one.name: one.symbols for one in found if one.score > LIMIT} == {}
    assert {one.name: one.of_form() for one in found if one.of_form()} == {}


def test_a_mail_of_bad_form_is_found(rspamd: Rspamd) -> None:
    """The server does count what the test above looks for."""
    bad = b"From: a@x.example\r\nSubject: a\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\n" + b64encode(
        b"plain words"
    )
    one = asked(http.client.HTTPConnection("127.0.0.1", rspamd.port, timeout=60), "bad", bad)
    assert one.of_form()
    assert one.score > LIMIT
