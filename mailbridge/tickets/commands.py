"""Commands: what somebody wants done.  Mails, rules, clocks and the command line make them; only `tickets.decide` decides them."""

from __future__ import annotations

from mailbridge.tickets.command_types.escalation import EscalationCommand
from mailbridge.tickets.command_types.mails import MailCommand
from mailbridge.tickets.command_types.people import PeopleCommand
from mailbridge.tickets.command_types.plans import PlanCommand
from mailbridge.tickets.command_types.relations import RelationCommand
from mailbridge.tickets.command_types.values import ValueCommand
from mailbridge.tickets.command_types.wishes import WishCommand
from mailbridge.tickets.command_types.work import WorkCommand

Command = MailCommand | ValueCommand | PeopleCommand | RelationCommand | WorkCommand | PlanCommand | EscalationCommand | WishCommand
