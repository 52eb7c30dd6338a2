"""[desk] and [store]: who the desk is, and where its data are."""

from __future__ import annotations

from datetime import timedelta

from mailbridge.config import names, servers
from mailbridge.config.durations import LONGEST_DELAY
from mailbridge.config.model import AgentTrust, DeskSettings, Identity
from mailbridge.config.reading import Wrong
from mailbridge.config.scalars import WholeNumber
from mailbridge.config.sections import kinds
from mailbridge.config.sections.environment import STORE_URL, Environment
from mailbridge.config.sections.section import Section, section

STORE_SCHEMES = {"sqlite": "sqlite:///mailbridge.db", "postgresql": "postgresql://mailbridge@db.example/mailbridge"}

PLACE, LONGEST_FORM = "{number}", 100


def _number_form(written: str) -> str:
    """A form of ticket numbers in subjects: the place of the number, and something that tells it from other numbers."""
    if written.count(PLACE) != 1 or not written.replace(PLACE, "").strip() or len(written) > LONGEST_FORM:
        raise Wrong(f'"{written[:LONGEST_FORM]}" is no form of ticket numbers', f'it holds {PLACE} once, and more: "[Helpdesk {PLACE}]"')
    return written


DESK = section(
    "[desk]",
    {
        "name": kinds.LINE,
        "address": kinds.ADDRESS,
        "also": kinds.several(kinds.ADDRESS),
        "prefix": kinds.text(names.prefix),
        "language": kinds.text(names.language),
        "admins": kinds.several(kinds.ADDRESS),
        "plus_addressing": kinds.FLAG,
        "authserv_ids": kinds.several(kinds.LINE),
        "own_hosts": kinds.several(kinds.HOST),
        "agent_trust": kinds.one_of(AgentTrust),
        "send_after": kinds.duration(timedelta(0), LONGEST_DELAY),
        "undo_minutes": WholeNumber(least=0, most=10_080),
        "shadow": kinds.FLAG,
        "shadow_numbers": kinds.several(kinds.text(_number_form, what="a form in quotes", hint='write it like "[Helpdesk {number}]"')),
    },
    required=("name", "address"),
)
STORE = section("[store]", {"url": kinds.text(servers.url(STORE_SCHEMES))})


def desk(found: Section, identities: tuple[Identity, ...]) -> DeskSettings | None:
    """None where the name or the address is missing."""
    found.unused(("shadow_numbers",), unless=bool(found.values.get("shadow")), hint="only a desk in shadow mode compares numbers")
    return DeskSettings(**found.values, identities=identities) if {"name", "address"} <= set(found.values) else None


def store_url(found: Section, environment: Environment) -> str:
    """The URL of the database; a path in it is absolute."""
    url: str = environment.url(STORE_URL, STORE_SCHEMES) or found.values.get("url", "sqlite:///mailbridge.db")
    if not url.startswith("sqlite:"):
        return url
    name = url.removeprefix("sqlite://").removeprefix("/")
    if not name:
        found.at_value("url", "url: a database in memory loses every mail", 'write "sqlite:///mailbridge.db"')
    return f"sqlite:///{environment.folder / name}"
