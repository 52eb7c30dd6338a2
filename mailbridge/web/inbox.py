"""The first page: the lists of `#list`, a search, and filters that are kept in the address."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from mailbridge.execution.desk import Desk
from mailbridge.execution.ticket_lists import MOST_LOOKED_AT, first_due, tickets_of_list
from mailbridge.execution.ticket_rows import TicketCells, one_line, ticket_cells
from mailbridge.ids import parse_number, ticket_number
from mailbridge.mail_commands.model import Which
from mailbridge.organisation.priority import Priority
from mailbridge.store.tx import Tx
from mailbridge.tickets.model import Ticket
from mailbridge.tickets.permissions import sees
from mailbridge.web.answer import PageAnswer, redirect
from mailbridge.web.visit import Visit

ROWS = 50  # of one page
_SORTS = ("due", "new", "changed", "priority")


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedTicket:
    """A ticket in a list.  `found`: where a search found something."""

    cells: TicketCells
    team: str
    changed: datetime
    due: datetime | None = None
    late: bool = False
    snoozed_until: datetime | None = None
    found: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxFilters:
    """What the address says; what it does not know counts as not said."""

    which: Which = Which.MINE
    team: str = ""
    status: str = ""
    priority: str = ""
    sort: str = "due"
    words: str = ""
    page: int = 1

    def address(self, **other: object) -> str:
        """The address of this list with other values."""
        values = {
            "list": self.which, "team": self.team, "status": self.status, "priority": self.priority, "sort": self.sort, "q": self.words,
            "page": self.page, **other,
        }  # fmt: skip
        usual = {"sort": "due", "page": 1}
        return "/?" + urlencode({key: str(value) for key, value in values.items() if value and value != usual.get(key)})


def show(visit: Visit) -> PageAnswer:
    """The inbox of the reader."""
    filters = filters_of(visit)
    if (number := _number(filters.words, visit.desk)) is not None:
        return redirect(f"/t/{ticket_number(visit.desk.config.desk.prefix, number)}")
    with visit.site.store.read() as tx:
        found, places = _found(tx, visit, filters)
        kept = [ticket for ticket in found if _fits(ticket, filters)]
        first = (filters.page - 1) * ROWS
        rows = [_row(tx, visit, ticket, places.get(ticket.id, "")) for ticket in _sorted(kept, filters)[first : first + ROWS]]
        counts = _counts(tx, visit)
    organisation = visit.desk.organisation
    teams = [organisation.teams[name] for name in organisation.teams_of(visit.me.name) if name in organisation.teams]
    statuses = {key: status.title_in(visit.language) for key, status in organisation.statuses.items()}
    return visit.page(
        "inbox.html.j2",
        rows=rows,
        filters=filters,
        counts=counts,
        teams=teams,
        statuses=statuses,
        priorities=[str(one) for one in Priority],
        sorts=_SORTS,
        lists=list(Which),
        total=len(kept),
        most=MOST_LOOKED_AT,
        pages=-(-len(kept) // ROWS),
    )


def filters_of(visit: Visit) -> InboxFilters:
    query, organisation = visit.asked.query, visit.desk.organisation

    def known(key: str, values: Mapping[str, object] | Sequence[str]) -> str:
        return query.get(key, "") if query.get(key) in values else ""

    page = query.get("page", "")
    return InboxFilters(
        which=Which(known("list", [str(one) for one in Which]) or Which.MINE),
        team=known("team", organisation.teams),
        status=known("status", organisation.statuses),
        priority=known("priority", [str(one) for one in Priority]),
        sort=known("sort", _SORTS) or "due",
        words=query.get("q", "").strip()[:200],
        page=min(int(page), 1000) if page.isascii() and page.isdigit() and len(page) < 5 and int(page) else 1,
    )


def _number(words: str, desk: Desk) -> int | None:
    """The ticket that was asked for by its number alone, with or without the prefix."""
    if words.isascii() and words.isdigit() and len(words) <= 12 and words[0] != "0":
        return int(words)
    prefix = desk.config.desk.prefix
    number = parse_number(prefix, words)
    return number if number is not None and words.strip("[]").lower() == ticket_number(prefix, number).lower() else None


def _found(tx: Tx, visit: Visit, filters: InboxFilters) -> tuple[list[Ticket], Mapping[int, str]]:
    """The tickets of the list or of the search, and where a search found something."""
    me, desk = visit.me.name, visit.desk
    if not filters.words:
        return tickets_of_list(tx, desk, me, filters.which, visit.now, team=filters.team), {}
    hits = tx.search.find(filters.words, limit=MOST_LOOKED_AT)
    places = {hit.ticket: one_line(hit.snippet) for hit in reversed(hits) if hit.ticket is not None}
    tickets = tx.tickets.get_many(dict.fromkeys(hit.ticket for hit in hits if hit.ticket is not None))
    return [ticket for ticket in tickets if sees(me, ticket, desk.organisation)], places


def _fits(ticket: Ticket, filters: InboxFilters) -> bool:
    asked = ((filters.status, ticket.status), (filters.priority, str(ticket.priority)), (filters.team, ticket.team))
    return all(not wanted or wanted == has for wanted, has in asked)


def _sorted(tickets: list[Ticket], filters: InboxFilters) -> list[Ticket]:
    """In the order that was asked for; a list comes by due time, a search by how well it fits."""
    match filters.sort:
        case "new":
            return sorted(tickets, key=lambda ticket: -ticket.id)
        case "changed":
            return sorted(tickets, key=lambda ticket: ticket.updated_at, reverse=True)
        case "priority":
            order = [str(one) for one in Priority]
            return sorted(tickets, key=lambda ticket: -order.index(str(ticket.priority)))
        case _:
            return tickets


def _row(tx: Tx, visit: Visit, ticket: Ticket, found: str) -> ListedTicket:
    due = first_due(tx, visit.desk, ticket, visit.now) if ticket.closed_at is None else None
    team = visit.desk.organisation.teams.get(ticket.team)
    return ListedTicket(
        cells=ticket_cells(ticket, "", visit.language, visit.desk),
        team=team.title if team else "",
        changed=ticket.updated_at,
        due=due,
        late=due is not None and due <= visit.now,
        snoozed_until=ticket.snoozed_until,
        found=found,
    )


def _counts(tx: Tx, visit: Visit) -> dict[str, int]:
    """How many tickets are in the lists that can be counted without reading them."""
    me, teams = visit.me.name, visit.desk.organisation.teams_of(visit.me.name)
    awake = tx.tickets.awake_counts(visit.now).items()
    return {
        Which.MINE: sum(count for (_, assignee), count in awake if assignee == me),
        Which.TEAM: sum(count for (team, _), count in awake if team in teams),
        Which.UNCLAIMED: sum(count for (team, assignee), count in awake if team in teams and not assignee),
    }
