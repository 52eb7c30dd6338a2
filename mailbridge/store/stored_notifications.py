"""A notification as JSON in the column `payload` of the outbox, and back; also one that an earlier program wrote.

    {"ticket": 7, "audience": "agent", "event": "merged", ..., "payload": {"version": 1, "values": {"author": "Clara", "other": "MB-3"}}}

The class of the payload follows from audience and event (`PAYLOADS`).  Before version 1 it was "values": [["author", "Clara"], ...].
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from mailbridge.errors import Permanent
from mailbridge.notifications.earlier_values import payload_of
from mailbridge.notifications.model import Notification
from mailbridge.notifications.payloads import PAYLOADS, Payload
from mailbridge.store.documents import convert, dump, load_any, plain

VERSION = 1


def dump_notification(notification: Notification) -> str:
    """The notification as JSON.  Raises Permanent where its payload is not the one of its event."""
    payload = notification.payload
    if payload is not None and type(payload) is not PAYLOADS.get(notification.kind):
        raise Permanent("a payload of another event", event=notification.kind, payload=type(payload).__name__)
    document = plain(replace(notification, payload=None))
    return dump({**document, "payload": {"version": VERSION, "values": payload} if payload is not None else None})


def load_notification(text: str) -> Notification:
    """The notification that was stored.  Raises Permanent where this program cannot read it."""
    document = load_any(text)
    kind, stored, pairs = f"{document['audience']}.{document['event']}", document.pop("payload", None), document.pop("values", ())
    notification: Notification = convert(document, Notification)
    return replace(notification, payload=_payload(kind, stored) if stored else payload_of(kind, dict(pairs)))


def without_texts(text: str, bare: Callable[[str], str]) -> str:
    """The stored notification with each text of its payload put through `bare`."""
    document = load_any(text)
    return dump({**document, **{name: _each(document[name], bare) for name in ("payload", "values") if document.get(name)}})


def _payload(kind: str, stored: dict[str, Any]) -> Payload | None:
    if stored["version"] > VERSION:
        raise Permanent("a notification of a newer program", event=kind, version=stored["version"])
    known = PAYLOADS.get(kind)
    return convert(stored["values"], known) if known else None


def _each(value: Any, bare: Callable[[str], str]) -> Any:
    match value:
        case str():
            return bare(value)
        case dict():
            return {name: _each(inner, bare) for name, inner in value.items()}
        case list():
            return [_each(inner, bare) for inner in value]
    return value
