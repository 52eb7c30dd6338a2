"""Which status means what.  The names are the admin's (`rules/statuses.yaml`); three of them the desk itself moves to."""

from __future__ import annotations

from mailbridge.organisation.model import Organisation
from mailbridge.organisation.status import Awaited, Status

NEW, OPEN, WAITING, CLOSED = "new", "open", "waiting", "closed"

DEFAULTS = {
    NEW: Status(name=NEW, title="New", titles={"ro": "Nou", "ru": "Новое"}),
    OPEN: Status(name=OPEN, title="In progress", titles={"ro": "În lucru", "ru": "В работе"}),
    WAITING: Status(
        name=WAITING, title="Waiting for the customer", waiting=True, titles={"ro": "Se așteaptă clientul", "ru": "Ждёт ответа клиента"},
        shown="Waiting for you", shown_titles={"ro": "Așteptăm răspunsul dumneavoastră", "ru": "Ждём вашего ответа"},
    ),
    CLOSED: Status(name=CLOSED, title="Closed", open=False, titles={"ro": "Închis", "ru": "Закрыто"}),
}  # fmt: skip


def statuses(organisation: Organisation) -> dict[str, Status]:
    """All statuses of the desk; the four built-in ones stand unless the admin words them otherwise."""
    return DEFAULTS | dict(organisation.statuses)


def status(name: str, organisation: Organisation) -> Status:
    """The status of this name; one that was taken out of the YAML since counts as open and running."""
    return organisation.statuses.get(name) or DEFAULTS.get(name) or Status(name=name, title=name)


def is_open(name: str, organisation: Organisation) -> bool:
    return status(name, organisation).open


def waits_for(name: str, organisation: Organisation) -> Awaited:
    """For whom a ticket waits in the waiting status of this name; one that is not in the YAML any more counts as the customer's."""
    return Awaited.OTHERS if status(name, organisation).others else Awaited.CUSTOMER


def ways(before: Status, organisation: Organisation) -> tuple[str, ...]:
    """Where agents may move a ticket from there."""
    known = statuses(organisation)
    wanted = tuple(known) if before.next is None else before.next
    return tuple(name for name in wanted if name in known and name != before.name)


def same_to_customers(before: Status, after: Status) -> bool:
    """Whether a customer cannot tell the two apart, in any language, or is not to see the second."""
    if not after.shown_in(""):
        return True
    languages = {"", *before.titles, *before.shown_titles, *after.titles, *after.shown_titles}
    return all(before.shown_in(language) == after.shown_in(language) for language in languages)


