"""A verdict that names web addresses -> the calls that are promised.  Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256
from typing import Any

from mailbridge.ids import ticket_number
from mailbridge.notifications.webhook_model import Call
from mailbridge.rules.verdict import Verdict
from mailbridge.tickets.model import Ticket

OPENED, REPLIED, LEVEL, TIMED = "ticket.opened", "ticket.replied", "ticket.level", "ticket.rule"


def calls(verdict: Verdict, ticket: Ticket, *, mail: int, event: str, prefix: str, now: datetime) -> tuple[Call, ...]:
    """A call for each address that a rule named, as the ticket is now.  The same mail filed twice gives the same keys."""
    about = about_ticket(ticket, prefix)
    made = []
    for url, rule in zip(verdict.webhook, verdict.webhook_rules, strict=True):
        key = call_key(ticket.id, event, mail, rule, url)
        said = {
            "type": event,
            "timestamp": now.isoformat(),
            "data": {"rule": rule, "rules_version": verdict.trace.version, "mail": mail, "ticket": about},
        }
        body = json.dumps(said, ensure_ascii=True, separators=(",", ":"))
        made.append(Call(key=key, ticket=ticket.id, rule=rule, event=event, url=url, body=body))
    return tuple(made)


def level_calls(
    ticket: Ticket, urls: Iterable[str], *, promise: str, step: str, reached_at: datetime, clock: int, prefix: str, now: datetime
) -> tuple[Call, ...]:
    """A call for each address that a level of a ladder names.  `clock`: the number of the stored deadline, which fires once."""
    about, made = about_ticket(ticket, prefix), []
    for url in dict.fromkeys(urls):
        clocked = {"promise": promise, "step": step, "reached_at": reached_at.isoformat()}
        said = {"type": LEVEL, "timestamp": now.isoformat(), "data": {**clocked, "ticket": about}}
        key = call_key(ticket.id, LEVEL, clock, step, url)
        body = json.dumps(said, ensure_ascii=True, separators=(",", ":"))
        made.append(Call(key=key, ticket=ticket.id, rule=f"{promise} {step}", event=LEVEL, url=url, body=body))
    return tuple(made)


def rule_calls(ticket: Ticket, verdict: Verdict, *, why: str, prefix: str, now: datetime) -> tuple[Call, ...]:
    """A call for each address that a rule by time named."""
    about, made = about_ticket(ticket, prefix), []
    for url, rule in zip(verdict.webhook, verdict.webhook_rules, strict=True):
        found = {"rule": rule, "rules_version": verdict.trace.version, "why": why, "ticket": about}
        body = json.dumps({"type": TIMED, "timestamp": now.isoformat(), "data": found}, ensure_ascii=True, separators=(",", ":"))
        key = call_key(ticket.id, f"{TIMED} {now.isoformat()}", 0, rule, url)
        made.append(Call(key=key, ticket=ticket.id, rule=rule, event=TIMED, url=url, body=body))
    return tuple(made)


def call_key(ticket: int, event: str, mail: int, rule: str, url: str) -> str:
    """The same for the same rule, event and address, and for nothing else."""
    return "call_" + sha256("\0".join((str(ticket), event, str(mail), rule, url)).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def about_ticket(ticket: Ticket, prefix: str) -> dict[str, Any]:
    """What is told of a ticket: who, what, where it stands; never what somebody wrote in the mail's text."""
    requester = ticket.requester
    return {
        "id": ticket.id,
        "number": ticket_number(prefix, ticket.id),
        "subject": _clean(ticket.subject),
        "status": ticket.status,
        "priority": str(ticket.priority),
        "type": ticket.type,
        "team": ticket.team,
        "assignee": ticket.assignee,
        "tags": list(map(_clean, ticket.tags)),
        "fields": {name: _clean(value) for name, value in ticket.fields},
        "requester": {"address": _clean(requester.address), "name": _clean(requester.name)} if requester else None,
        "participants": _addresses(p.address for p in ticket.participants),
        "created_at": ticket.created_at.isoformat(),
    }


def _addresses(addresses: Iterable[str]) -> list[str]:
    return [_clean(address) for address in addresses]


def _clean(text: str) -> str:
    """Without halves of characters, which many readers of JSON refuse."""
    return text.encode("utf-8", "replace").decode()
