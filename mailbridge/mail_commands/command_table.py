"""The table of commands: what each command does with its argument.  The names of the commands are in `locales`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from mailbridge.mail_commands import (
    arguments,
    date_arguments,
    knowledge_arguments,
    plan_arguments,
    query_arguments,
    report_arguments,
    wish_arguments,
    work_arguments,
)
from mailbridge.mail_commands.model import UNKNOWN, Author, Meaning, Reads
from mailbridge.tickets.command_types.escalation import Approve, Reject, StopSending
from mailbridge.tickets.command_types.mails import AgentReply, InternalNote
from mailbridge.tickets.command_types.relations import Erase, Undo
from mailbridge.tickets.command_types.values import Assign, Close, Reopen
from mailbridge.tickets.command_types.wishes import Follow, MarkSpam, Mute


class Room(StrEnum):
    """The section of the manual for a command, in the order of the page."""

    WHO = "who"
    STATE = "state"
    FACTS = "facts"
    TEXT = "text"
    WHEN = "when"
    WORK = "work"
    OTHERS = "others"
    WISHES = "wishes"
    APPROVAL = "consent"
    ASK = "ask"
    NEW = "new"


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandWord:
    """`needs`: an argument is required.  `others`: tickets at the end of the line, or at its start, are its targets.  `first`: only those
    at its start, because the rest of the line is text that may name tickets, too."""

    room: Room
    reads: Reads
    needs: bool = False
    others: bool = False
    first: bool = False


def _alone(make: Callable[[Author], Meaning]) -> Reads:
    """A command without an argument: text behind it was meant for people and must not be lost."""
    return lambda argument, author: UNKNOWN if argument else make(author)


WORDS: Mapping[str, CommandWord] = {
    "take": CommandWord(room=Room.WHO, reads=_alone(lambda author: (Assign(agent=author.me),)), others=True),
    "assign": CommandWord(room=Room.WHO, reads=arguments.assign, needs=True, others=True),
    "team": CommandWord(room=Room.WHO, reads=arguments.team, needs=True, others=True),
    "escalate": CommandWord(room=Room.WHO, reads=arguments.escalate, others=True),
    "requester": CommandWord(room=Room.WHO, reads=arguments.requester, needs=True, others=True),
    "cc": CommandWord(room=Room.WHO, reads=arguments.cc, needs=True, others=True),
    "status": CommandWord(room=Room.STATE, reads=arguments.status, needs=True, others=True),
    "close": CommandWord(room=Room.STATE, reads=_alone(lambda _: (Close(),)), others=True),
    "reopen": CommandWord(room=Room.STATE, reads=_alone(lambda _: (Reopen(),)), others=True),
    "priority": CommandWord(room=Room.FACTS, reads=arguments.priority, needs=True, others=True),
    "type": CommandWord(room=Room.FACTS, reads=arguments.kind, needs=True, others=True),
    "tag": CommandWord(room=Room.FACTS, reads=arguments.tag, needs=True, others=True),
    "subject": CommandWord(room=Room.FACTS, reads=arguments.subject, needs=True, first=True),
    "contract": CommandWord(room=Room.FACTS, reads=arguments.contract, needs=True, others=True),
    "project": CommandWord(room=Room.FACTS, reads=arguments.project, needs=True, others=True),
    "equipment": CommandWord(room=Room.FACTS, reads=arguments.equipment, needs=True, others=True),
    "add": CommandWord(room=Room.FACTS, reads=arguments.added, needs=True),
    "change": CommandWord(room=Room.FACTS, reads=arguments.changed, needs=True),
    "remove": CommandWord(room=Room.FACTS, reads=arguments.removed, needs=True),
    "note": CommandWord(room=Room.TEXT, reads=lambda _argument, _speaker: (InternalNote(),)),
    "public": CommandWord(room=Room.TEXT, reads=_alone(lambda _: (AgentReply(),))),
    "encrypt": CommandWord(room=Room.TEXT, reads=_alone(lambda _: (AgentReply(encrypted=True),))),
    "send": CommandWord(room=Room.TEXT, reads=knowledge_arguments.send, needs=True),
    "answer": CommandWord(room=Room.TEXT, reads=knowledge_arguments.answer),
    "due": CommandWord(room=Room.WHEN, reads=date_arguments.due, needs=True, others=True),
    "snooze": CommandWord(room=Room.WHEN, reads=date_arguments.snooze, needs=True, others=True),
    "meet": CommandWord(room=Room.WHEN, reads=date_arguments.schedule_meeting, needs=True, first=True),
    "plan": CommandWord(room=Room.WORK, reads=plan_arguments.plan, others=True),
    "time": CommandWord(room=Room.WORK, reads=work_arguments.time_spent, needs=True, others=True),
    "travel": CommandWord(room=Room.WORK, reads=work_arguments.travel, needs=True, others=True),
    "estimate": CommandWord(room=Room.WORK, reads=work_arguments.estimate, needs=True, others=True),
    "merge": CommandWord(room=Room.OTHERS, reads=arguments.merge, needs=True),
    "split": CommandWord(room=Room.OTHERS, reads=arguments.split),
    "link": CommandWord(room=Room.OTHERS, reads=arguments.link, needs=True),
    "playbook": CommandWord(room=Room.OTHERS, reads=arguments.playbook, needs=True, others=True),
    "follow": CommandWord(room=Room.WISHES, reads=_alone(lambda author: (Follow(agent=author.me),)), others=True),
    "unfollow": CommandWord(room=Room.WISHES, reads=_alone(lambda author: (Follow(agent=author.me, on=False),)), others=True),
    "mute": CommandWord(room=Room.WISHES, reads=_alone(lambda author: (Mute(agent=author.me),)), others=True),
    "unmute": CommandWord(room=Room.WISHES, reads=_alone(lambda author: (Mute(agent=author.me, on=False),)), others=True),
    "quiet": CommandWord(room=Room.WISHES, reads=wish_arguments.quiet),
    "digest": CommandWord(room=Room.WISHES, reads=wish_arguments.digest),
    "away": CommandWord(room=Room.WISHES, reads=wish_arguments.away),
    "save": CommandWord(room=Room.WISHES, reads=wish_arguments.save, needs=True),
    "spam": CommandWord(room=Room.WISHES, reads=_alone(lambda _: (MarkSpam(),)), others=True),
    "block": CommandWord(room=Room.WISHES, reads=wish_arguments.block, needs=True),
    "unblock": CommandWord(room=Room.WISHES, reads=wish_arguments.unblock, needs=True),
    "notspam": CommandWord(room=Room.WISHES, reads=wish_arguments.not_spam, needs=True),
    "leave": CommandWord(room=Room.WISHES, reads=wish_arguments.leave, needs=True),
    "approve": CommandWord(room=Room.APPROVAL, reads=arguments.approve, first=True),
    "reject": CommandWord(room=Room.APPROVAL, reads=arguments.reject, first=True),
    "yes": CommandWord(room=Room.APPROVAL, reads=_alone(lambda _: (Approve(),)), others=True),
    "cancel": CommandWord(room=Room.APPROVAL, reads=_alone(lambda _: (Reject(),)), others=True),
    "undo": CommandWord(room=Room.APPROVAL, reads=_alone(lambda _: (Undo(),)), others=True),
    "stop": CommandWord(room=Room.APPROVAL, reads=_alone(lambda _: (StopSending(),)), others=True),
    "erase": CommandWord(room=Room.APPROVAL, reads=_alone(lambda _: (Erase(),)), others=True),
    "show": CommandWord(room=Room.ASK, reads=query_arguments.show),
    "full": CommandWord(room=Room.ASK, reads=query_arguments.full),
    "why": CommandWord(room=Room.ASK, reads=query_arguments.why),
    "list": CommandWord(room=Room.ASK, reads=query_arguments.listed),
    "search": CommandWord(room=Room.ASK, reads=query_arguments.search, needs=True),
    "kb": CommandWord(room=Room.ASK, reads=knowledge_arguments.kb),
    "answers": CommandWord(room=Room.ASK, reads=knowledge_arguments.answers),
    "docs": CommandWord(room=Room.ASK, reads=query_arguments.docs),
    "agenda": CommandWord(room=Room.ASK, reads=plan_arguments.agenda),
    "report": CommandWord(room=Room.ASK, reads=report_arguments.report),
    "to": CommandWord(room=Room.NEW, reads=arguments.write_to, needs=True),
    "for": CommandWord(room=Room.NEW, reads=arguments.on_behalf, needs=True),
    "channel": CommandWord(room=Room.NEW, reads=arguments.channel, needs=True),
    "help": CommandWord(room=Room.NEW, reads=query_arguments.helped),
}
# Commands that can be negated: "#-tag old" is "#tag -old".
OPPOSITES: Mapping[str, Reads] = {"tag": arguments.untag, "cc": arguments.uncc}
