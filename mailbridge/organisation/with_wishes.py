"""The organisation of the files with the wishes of its people laid over it.  Pure."""

from __future__ import annotations

from dataclasses import replace

from mailbridge.organisation.model import DIGEST, Agent, Organisation
from mailbridge.organisation.people import Absence
from mailbridge.organisation.wishes import OFF, WEEKLY, Wish, Wishes, WishKind, by_person, first_and_last, quiet_hours


def with_wishes(organisation: Organisation, wishes: Wishes) -> Organisation:
    """The agents as they wish.  Absences of the files come first; an hour of the digest that a file says stays."""
    files = organisation.files or organisation
    if not wishes.all:
        return files
    of = by_person(wishes.all.values())
    agents = {name: _agent(agent, of[name]) if name in of else agent for name, agent in files.agents.items()}
    return replace(files, agents=agents, wishes=wishes, files=files)


def _agent(agent: Agent, wishes: list[Wish]) -> Agent:
    for wish in wishes:
        match wish.id.kind:
            case WishKind.QUIET:
                agent = replace(agent, quiet=quiet_hours(wish))
            case WishKind.AWAY | WishKind.LEFT:
                first, last = first_and_last(wish)
                agent = replace(agent, absences=(*agent.absences, Absence(first=first, last=last, deputy=wish.value("deputy"))))
                agent = replace(agent, active=agent.active and wish.id.kind is not WishKind.LEFT)
            case WishKind.DIGEST if wish.value("every") == OFF:
                agent = replace(agent, digest=None)
            case WishKind.DIGEST:
                agent = replace(agent, digest=agent.digest or DIGEST, digest_of_own=True, digest_weekly=wish.value("every") == WEEKLY)
            case _:
                pass
    return agent
