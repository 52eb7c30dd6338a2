"""`#report time`: an agent's hours of a week."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

from mailbridge.agentmail.replying import Values
from mailbridge.desk.language.speaker import zone_of
from mailbridge.desk.model import Work
from mailbridge.filing import Filing
from mailbridge.ids import ticket_number
from mailbridge.outbox.told import length


def report_values(filing: Filing, agent: str, words: str) -> Values:
    """What the agent did in this week, or in the one before where the words say so."""
    zone = ZoneInfo(zone_of(agent, filing.desk.organisation))
    today = filing.now.astimezone(zone).date()
    first = today - timedelta(days=today.weekday() + (7 if words.strip() else 0))
    last = first + timedelta(days=6)
    done = filing.tx.activities.between(first, last, agent)
    worked = sum(one.activity.minutes for one in done if one.activity.kind is Work.WORKED)
    travelled = sum(one.activity.minutes for one in done if one.activity.kind is Work.TRAVELLED)
    prefix = filing.desk.config.desk.prefix
    rows = [
        (
            one.activity.day.isoformat(),
            ticket_number(prefix, one.ticket),
            one.subject,
            one.activity.kind,
            length(one.activity.minutes),
            " ".join(filter(None, (f"{one.activity.km:g} km" if one.activity.km else "", one.activity.place, one.activity.text))),
        )
        for one in done
    ]
    return (
        ("first", first.isoformat()),
        ("last", last.isoformat()),
        ("worked", length(worked)),
        ("travelled", length(travelled) if travelled else ""),
        ("rows", "\n".join("\t".join(" ".join(cell.split()) for cell in row) for row in rows)),
    )
