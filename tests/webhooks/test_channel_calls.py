"""Channels of notifications.yaml call a real HTTPS server: the form, the signature, the tries, and what is left after #erase."""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import trustme

from mailbridge.cli.check_webhooks import forbidden_channels
from mailbridge.config.model import WebhookSettings
from mailbridge.delivery.webhooks.deliver import Webhooker
from mailbridge.delivery.webhooks.sign import signature
from mailbridge.notifications.webhook_model import CallState
from tests.flows.test_erased_everywhere import erase
from tests.harness import RULES, TestDesk, a_desk, a_mail, proven
from tests.webhooks.hook_server import Hooks, hook_server

SECRET = "whsec_c2VjcmV0IG9mIGEgdGVzdA=="


@contextmanager
def a_desk_with_rooms(tmp_path: Path) -> Iterator[tuple[TestDesk, Hooks]]:
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    with hook_server(context) as hooks:
        shapes = [f'  {one}-room: {{url: "{hooks.url(f"/{one}", "https")}", shape: {one}}}' for one in ("slack", "teams", "matrix")]
        flow = "\n".join([
            "channels:", *shapes,
            "notifications:",
            "  - {name: rooms, event: new, to: team, channel: [mail, slack-room, teams-room, matrix-room]}",
            "  - {name: quiet room, event: taken, to: requester, channel: slack-room}",
        ])  # fmt: skip
        settings = WebhookSettings(hosts=("localhost",), secret=SECRET, ca_file=tmp_path / "ca.pem")
        with a_desk(tmp_path / "desk", rules={**RULES, "notifications.yaml": flow}, webhooks=settings) as desk:
            yield desk, hooks


def test_each_room_hears_once_in_its_form_signed_and_again_after_a_failure(tmp_path: Path) -> None:
    with a_desk_with_rooms(tmp_path) as (desk, hooks):
        hooks.answers["/teams"] = [(503, {}), (202, {})]
        desk.feed(a_mail())
        caller = Webhooker(desk.app.store, desk.app.config.webhooks, desk.clock, jitter=lambda: 0.0)
        caller.one_turn()
        assert [path for path, _, _ in hooks.heard] == ["/slack", "/teams", "/matrix"], "two agents are told, each room once"
        bodies = {path: json.loads(body) for path, _, body in hooks.heard}
        assert bodies["/slack"]["text"] == "New ticket: MB-1 Printer broken"
        assert bodies["/teams"]["attachments"][0]["content"]["body"][0]["inlines"][0]["text"] == "New ticket: MB-1 Printer broken"
        assert bodies["/matrix"]["html"].startswith("<strong>New ticket: MB-1 Printer broken</strong>")
        _, headers, body = hooks.heard[0]
        assert headers["content-type"] == "application/json"
        assert headers["webhook-signature"] == signature(SECRET, headers["webhook-id"], desk.clock.now(), body)

        desk.pass_time(minutes=1)
        caller.one_turn()
        assert [path for path, _, _ in hooks.heard][3:] == ["/teams"]
        assert hooks.heard[1][1]["webhook-id"] == hooks.heard[3][1]["webhook-id"]
        with desk.app.store.read() as tx:
            assert {one.state for one in tx.webhooks.of_ticket(1)} == {CallState.DONE}
        assert [one.recipient for one in desk.promises(event="new")] == ["bogdan@desk.test", "clara@desk.test"], "the mails go out, too"


def test_a_room_may_hear_of_a_step_that_customers_do_not(tmp_path: Path) -> None:
    with a_desk_with_rooms(tmp_path) as (desk, _):
        desk.feed(a_mail())
        to = desk.promise_to("bogdan@desk.test", "new").reply_to
        take = a_mail("#take", from_="bogdan@desk.test", to=to, message_id="<2@desk.test>")
        desk.feed(proven(take), mail_from="bogdan@desk.test", rcpt_to=(to,))
        with desk.app.store.read() as tx:
            calls = [one.call for one in tx.webhooks.of_ticket(1) if one.call.rule == "quiet room"]
        assert [json.loads(call.body)["text"] for call in calls] == ["Work has begun: MB-1 Printer broken"]
        assert desk.promises(event="taken") == []


def test_check_refuses_a_channel_whose_host_is_not_allowed(tmp_path: Path) -> None:
    with a_desk_with_rooms(tmp_path) as (desk, _):
        flow = desk.app.desk().policy.flow
        assert forbidden_channels(flow, ["LOCALHOST"], tmp_path) == []
        found = forbidden_channels(flow, ["hooks.slack.com"], tmp_path)
        assert [(one.file, one.line, one.column) for one in found] == [("rules/notifications.yaml", line, 3) for line in (2, 3, 4)]
        assert '"localhost" is not among [webhooks] hosts' in found[0].message


def test_nothing_of_the_subject_is_left_in_a_message_after_erase(tmp_path: Path) -> None:
    with a_desk_with_rooms(tmp_path) as (desk, _):
        desk.feed(a_mail(subject="Zyzzyva <broken>"))
        erase(desk)
        with desk.app.store.read() as tx:
            assert {one.call.body for one in tx.webhooks.of_ticket(1)} == {'{"text":"(erased)"}'}
