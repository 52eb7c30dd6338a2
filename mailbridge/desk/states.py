"""Which status means what.  The names are the admin's (`rules/statuses.yaml`); three of them the desk itself moves to."""

from __future__ import annotations

from mailbridge.desk.model import Organisation, Status

NEW, OPEN, CLOSED = "new", "open", "closed"

DEFAULTS = {
    NEW: Status(name=NEW, title="New"),
    OPEN: Status(name=OPEN, title="Open"),
    "waiting": Status(name="waiting", title="Waiting for the customer", waiting=True),
    CLOSED: Status(name=CLOSED, title="Closed", open=False),
}


def statuses(organisation: Organisation) -> dict[str, Status]:
    """All statuses of the desk; the four built-in ones stand unless the admin words them otherwise."""
    return DEFAULTS | dict(organisation.statuses)


def status(name: str, organisation: Organisation) -> Status:
    """The status of this name; one that was taken out of the YAML since counts as open and running."""
    return statuses(organisation).get(name, Status(name=name, title=name))


def is_open(name: str, organisation: Organisation) -> bool:
    return status(name, organisation).open
