"""A notification as JSON in the column `payload` of the outbox, and back; also one that an earlier program wrote.

    {"ticket": 7, "audience": "agent", "event": "merged", ..., "payload": {"version": 1, "values": {"author": "Clara", "other": "MB-3"}}}

The class of the payload follows from audience and event (`PAYLOADS`).  Before version 1 it was "values": [["author", "Clara"], ...].
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import is_dataclass
from enum import Enum
from typing import Any

from mailbridge.errors import Permanent
from mailbridge.message.replacing import replace
from mailbridge.notifications.earlier_values import payload_of
from mailbridge.notifications.model import Notification
from mailbridge.notifications.payloads.model import Payload, fields_of
from mailbridge.notifications.payloads.table import PAYLOADS
from mailbridge.notifications.summary_model import Summary
from mailbridge.store.documents import convert, dump, load_any, plain

VERSION = 1


def dump_notification(notification: Notification) -> str:
    """The notification as JSON.  Raises Permanent where its payload is not the one of its event."""
    payload = notification.payload
    if payload is not None and type(payload) is not PAYLOADS.get(notification.kind):
        raise Permanent("a payload of another event", event=notification.kind, payload=type(payload).__name__)
    document = plain(replace(notification, payload=None))
    document.pop("skipped")
    return dump({**document, "payload": {"version": VERSION, "values": payload} if payload is not None else None})


def load_notification(text: str) -> Notification:
    """The notification that was stored.  Raises Permanent where this program cannot read it."""
    document, kind, stored, pairs = _parts(text)
    notification: Notification = convert(document, Notification)
    return replace(notification, payload=_payload(kind, stored) if stored else _earlier(kind, pairs))


def load_as_far_as_known(text: str) -> tuple[Notification, str]:
    """The notification and ''; where its payload cannot be read, the notification without payload and the reason.

    One such row must not hold up the others that are read with it.
    """
    try:
        return load_notification(text), ""
    except Permanent as error:
        return convert(_parts(text)[0], Notification), str(error)


def without_texts(text: str, bare: Callable[[str], str]) -> str:
    """The stored notification with each text of its payload put through `bare`.  Moments, numbers and names of sentences stay."""
    try:
        notification = load_notification(text)
    except Permanent:  # nobody here reads it any more, so the texts may go wherever they stand
        document = load_any(text)
        return dump({**document, **{name: _each(document[name], bare) for name in ("payload", "values") if document.get(name)}})
    return dump_notification(replace(notification, payload=_bare(notification.payload, bare)))


def _parts(text: str) -> tuple[dict[str, Any], str, Any, Any]:
    """The document without its payload, the name of its event, the payload, and the values of a program before payloads."""
    document = load_any(text)
    return document, f"{document['audience']}.{document['event']}", document.pop("payload", None), document.pop("values", ())


def _earlier(kind: str, pairs: Any) -> Payload | None:
    try:
        return payload_of(kind, dict(pairs))
    except (ValueError, TypeError, KeyError) as error:
        raise Permanent("a notification of an earlier program that cannot be read", event=kind, reason=str(error)) from error


def _payload(kind: str, stored: dict[str, Any]) -> Payload | None:
    if stored["version"] > VERSION:
        raise Permanent("a notification of a newer program", event=kind, version=stored["version"])
    known = PAYLOADS.get(kind)
    return convert(stored["values"], known) if known else None


def _bare(value: Any, bare: Callable[[str], str]) -> Any:
    """The payload, or a part of it, with each of its texts put through `bare`."""
    match value:
        case Enum():
            return value
        case str():
            return bare(value)
        case tuple():
            return tuple(_bare(inner, bare) for inner in value)
        case Mapping():
            return {name: _bare(inner, bare) for name, inner in value.items()}
        case Summary():
            return replace(value, values=_bare(value.values, bare), on=bare(value.on))
    if is_dataclass(value) and not isinstance(value, type):
        kind: Any = type(value)
        return replace(value, **{one.name: _bare(getattr(value, one.name), bare) for one in fields_of(kind)})
    return value


def _each(value: Any, bare: Callable[[str], str]) -> Any:
    match value:
        case str():
            return bare(value)
        case dict():
            return {name: _each(inner, bare) for name, inner in value.items()}
        case list():
            return [_each(inner, bare) for inner in value]
    return value
