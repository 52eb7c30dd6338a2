"""`#leave NAME to NAME`: a manager hands over everything of an agent who leaves, after a yes."""

from __future__ import annotations

from mailbridge.execution.desk import Desk
from mailbridge.execution.leaving import Left, leave, places
from mailbridge.handling.agents.held import hold_lines
from mailbridge.handling.placed_mail import PlacedMail
from mailbridge.ids import ticket_number
from mailbridge.mail_commands.model import CommandLine, LeaveDesk
from mailbridge.notifications.payloads.wishes import HandedOver
from mailbridge.organisation.model import Organisation
from mailbridge.rules import folder as rules_folder
from mailbridge.store.tx import Tx
from mailbridge.tickets.actor import Actor, ActorKind
from mailbridge.tickets.model import Ticket


def answer_leave(
    tx: Tx, desk: Desk, mail: PlacedMail, ticket: Ticket | None, line: CommandLine, wanted: LeaveDesk
) -> HandedOver | None:
    """What the manager reads.  The work is handed over once the manager has said yes to the question of the desk; before that the line
    waits, and it is None."""
    organisation = desk.organisation
    if not may_hand_over(mail.agent, wanted.agent, organisation):
        left = Left(refused="managers-only")
    elif not mail.writer.vouched:
        hold_lines(tx, desk, mail, ticket, [line])
        return None
    else:
        left = leave(tx, desk, wanted.agent, wanted.to, Actor(kind=ActorKind.AGENT, name=mail.agent), mail.now)
    return _told(desk, line, wanted, left)


def may_hand_over(boss: str, name: str, organisation: Organisation) -> bool:
    """Whether the agent may declare that the other one leaves: managers of the desk, and who manages all teams of somebody who is none."""
    agent, leaver = organisation.agents.get(boss), organisation.agents.get(name)
    if agent is None or leaver is None or boss == name:
        return False
    teams = organisation.teams_of(name)
    leads_all = bool(teams) and all(boss in organisation.teams[team].managers for team in teams)
    return agent.manager or (leads_all and not leaver.manager)


def _told(desk: Desk, line: CommandLine, wanted: LeaveDesk, left: Left) -> HandedOver:
    organisation, prefix = desk.organisation, desk.config.desk.prefix
    agent, heir, team = organisation.agents.get(wanted.agent), organisation.agents.get(wanted.to), organisation.teams.get(wanted.to)
    files = {} if left.refused else rules_folder.read(desk.config.folder)[0]

    def numbers(of: tuple[int, ...]) -> str:
        return ", ".join(ticket_number(prefix, number) for number in of)

    return HandedOver(
        asked=line.text,
        refused=left.refused,
        agent=agent.title if agent else wanted.agent,
        to=heir.title if heir else team.title if team else "",
        tickets=numbers(left.tickets),
        plans=numbers(left.plans),
        follows=numbers(left.follows),
        approvals=numbers(left.approvals),
        undecided=numbers(left.undecided),
        files="\n".join(places(wanted.agent, files)),
    )
