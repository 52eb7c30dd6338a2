"""The values of a payload as templates have them."""

from __future__ import annotations

from datetime import date, datetime

from mailbridge.notifications.payloads.model import Payload, fields_of


def template_values(payload: Payload) -> dict[str, object]:
    """The values under the names that templates have for them.  Texts, numbers, moments and yes or no are strings, as own templates of
    earlier releases expect them; tables are tuples of rows."""
    return {one.name: shown(getattr(payload, one.name), one.metadata.get("between", ", ")) for one in fields_of(type(payload))}


def shown(value: object, between: str) -> object:
    """One value as templates have it; `between` joins the texts of a tuple."""
    match value:
        case bool():
            return "yes" if value else ""
        case None | ():
            return ""
        case int():
            return str(value)
        case datetime() | date():
            return value.isoformat()
        case tuple() if isinstance(value[0], str):
            return between.join(value)
    return value
