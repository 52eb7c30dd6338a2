"""English: the words of the manual, and short forms."""

from __future__ import annotations

from mailbridge.mail_commands.locales.model import Locale, Word

EN = Locale(
    code="en",
    words={
        "take": Word(names="take mine claim", usage=("#take",), about="The ticket is yours."),
        "assign": Word(
            names="assign give a",
            usage=("#assign ana", "#assign ana@desk.example", "#assign nobody"),
            about="An agent gets the ticket; nobody gives it back to the team.",
        ),
        "team": Word(names="team queue t", usage=("#team network",), about="Another team gets the ticket."),
        "escalate": Word(
            names="escalate esc", usage=("#escalate", "#escalate network"), about="The ticket goes one step up its chain, or where you say."
        ),
        "status": Word(names="status state s", usage=("#status waiting",), about="The ticket gets this status."),
        "close": Word(
            names="close solve solved done resolve resolved",
            usage=("#close", "#close MB-3 MB-7"),
            about="The work is done.",
        ),
        "reopen": Word(names="reopen open", usage=("#reopen",), about="A closed ticket is worked on again."),
        "priority": Word(names="priority prio p", usage=("#priority high",), about="low, normal, high or urgent."),
        "type": Word(names="type kind", usage=("#type incident",), about="What kind of request it is."),
        "tag": Word(
            names="tag tags label", usage=("#tag printer", "#tag printer -old"), about="Tags are put on; those with a minus are taken off."
        ),
        "subject": Word(
            names="subject title rename",
            usage=("#subject Printer on line 2 is down",),
            about="The ticket gets another subject.",
        ),
        "note": Word(
            names="note internal private n", usage=("#note", "#note he is on holiday"), about="What you wrote stays among colleagues."
        ),
        "public": Word(
            names="public answer reply", usage=("#public",), about="What you wrote goes to the customer, even as answer to a note."
        ),
        "cc": Word(
            names="cc copy",
            usage=("#cc dan@acme.example", "#cc -dan@acme.example"),
            about="People hear of the ticket from now on; those with a minus no more.",
        ),
        "requester": Word(
            names="requester customer from",
            usage=("#requester carol@acme.example Carol Pop",),
            about="Somebody else is the one who asks; who asked before stays on the ticket.",
        ),
        "due": Word(
            names="due deadline",
            usage=("#due friday 15:00", "#due 3 dec", "#due tomorrow", "#due none"),
            about="A date of your own, beside the promised ones.",
        ),
        "snooze": Word(
            names="snooze sleep later wait",
            usage=("#snooze 3d", "#snooze until monday"),
            about="Out of the lists until then; a mail of the customer wakes it earlier.",
        ),
        "meet": Word(
            names="meet meeting appointment visit",
            usage=("#meet tue 10:00 1h Iași office", "#meet none"),
            about="An appointment: the customer gets an invitation for the calendar.",
        ),
        "time": Word(
            names="time work worked spent",
            usage=("#time 1h30", "#time 45m yesterday replaced drum", "#time 20m not billable", "#time 3 = 1h", "#time 3 = 0"),
            about="Work you did, with day and text where you say them; 3 = 1h corrects your third entry, 3 = 0 takes it back.",
        ),
        "travel": Word(
            names="travel travelled traveled drive",
            usage=("#travel 40m 25km Iași",),
            about="Time on the road, kilometres and place; corrected as #time is.",
        ),
        "estimate": Word(
            names="estimate est",
            usage=("#estimate 4h",),
            about="How much work it will be; a day is eight hours.",
        ),
        "contract": Word(
            names="contract",
            usage=("#contract ACME-GOLD",),
            about="The contract that the ticket falls under.",
        ),
        "project": Word(
            names="project",
            usage=("#project ROLLOUT",),
            about="The customer's project that the ticket belongs to.",
        ),
        "equipment": Word(
            names="equipment device asset serial", usage=("#equipment LF-2231",), about="What it is about, by serial number or asset tag."
        ),
        "merge": Word(
            names="merge join",
            usage=("#merge MB-1042", "#merge MB-7 into MB-3"),
            about="This ticket's mails, people and work go to that one, and this one ends there.",
        ),
        "split": Word(
            names="split", usage=("#split", "#split Second printer"), about="The mail you answer opens a ticket of its own."
        ),
        "link": Word(
            names="link relate related",
            usage=("#link MB-7", "#link blocks MB-7", "#link duplicates MB-7"),
            about="Two tickets know of each other: related, blocks, blocked-by, duplicates, task-of.",
        ),
        "playbook": Word(
            names="playbook play",
            usage=("#playbook new-employee",),
            about="Starts a list of tasks that belong together.",
        ),
        "approve": Word(
            names="approve approved",
            usage=("#approve", "#approve 2 agreed by phone"),
            about="Yes to what waits for you.",
        ),
        "reject": Word(
            names="reject refuse decline",
            usage=("#reject too expensive",),
            about="No to what waits for you, and why.",
        ),
        "yes": Word(names="yes confirm ok", usage=("#yes",), about="Do it: what the desk asked you about."),
        "cancel": Word(
            names="cancel no",
            usage=("#cancel",),
            about="Leave it: what the desk asked you about is not done.",
        ),
        "undo": Word(
            names="undo revert",
            usage=("#undo",),
            about="What your last mail did to the ticket is undone.",
        ),
        "erase": Word(
            names="erase forget", usage=("#erase",), about="What the mails of the ticket say is erased for good; you are asked before."
        ),
        "show": Word(
            names="show view",
            usage=("#show", "#show MB-1042"),
            about="A ticket at a glance, with its last messages.",
        ),
        "full": Word(
            names="full history",
            usage=("#full", "#full MB-1042", "#full MB-1042/3"),
            about="The whole history of a ticket; of one message all its text, with quote and signature.",
        ),
        "list": Word(
            names="list ls l",
            usage=("#list mine", "#list team", "#list unclaimed", "#list overdue", "#list snoozed", "#list network"),
            about="Open tickets, with links to act on each.",
        ),
        "search": Word(
            names="search find",
            usage=("#search error E-52",),
            about="Mails and notes that hold all these words.",
        ),
        "docs": Word(
            names="docs documents files doc",
            usage=("#docs", "#docs manual pdf", "#docs MB-7", "#docs carol@acme.example"),
            about="Files of this ticket, or all that fit: words of the name, a ticket, a customer's address.",
        ),
        "report": Word(names="report", usage=("#report time",), about="Your hours of this week."),
        "for": Word(
            names="for behalf",
            usage=("#for carol@acme.example",),
            about="In a new mail: the ticket it opens is this customer's.",
        ),
        "channel": Word(
            names="channel via",
            usage=("#channel phone",),
            about="In a new mail: how the customer came to you.",
        ),
        "help": Word(names="help ? commands", usage=("#help", "#help time"), about="This page, or one command of it."),
    },
    rooms={
        "who": "Who", "state": "Where it stands", "facts": "What it is about", "text": "Your text",
        "when": "When", "work": "Work", "others": "Other tickets",
        "consent": "Yes, no and back", "ask": "Questions", "new": "New tickets, and help",
    },
    weekdays=("monday mon", "tuesday tue tues", "wednesday wed", "thursday thu thur thurs", "friday fri", "saturday sat", "sunday sun"),
    months=(
        "january jan", "february feb", "march mar", "april apr", "may", "june jun", "july jul", "august aug", "september sep sept",
        "october oct", "november nov", "december dec",
    ),
    days={
        -2: "day before yesterday", -1: "yesterday", 0: "today, now",
        1: "tomorrow, tmrw, tmr", 2: "day after tomorrow, the day after tomorrow",
    },
    next_week="next week",
    noon="noon midday",
    am="am a.m.",
    pm="pm p.m.",
    minutes="m min mins minute minutes",
    hours="h hr hrs hour hours",
    units_of_days="d day days",
    weeks="w wk wks week weeks",
    units_of_months="month months mo",
    one="a an one",
    ahead="in for",
    at="at",
    fillers="on by until till to at the next this of from o'clock",
    none="none no never nothing nobody off clear remove -",
    me="me myself mine",
    into="into to in",
    also="and",
    km="km kms kilometers kilometres kilometer kilometre",
    billable="billable",
    not_billable="not billable, non-billable, non billable, unbillable, nonbillable, free of charge",
    relations={
        "related": "related, related to, with, to",
        "blocks": "blocks, blocking",
        "blocked-by": "blocked-by, blocked by, waits for",
        "duplicates": "duplicates, duplicate, duplicate of, same as",
        "task-of": "task-of, task of, part of",
    },
    priorities={"low": "low minor", "normal": "normal medium", "high": "high important", "urgent": "urgent critical"},
    lists={
        "mine": "mine, my, me, my tickets",
        "team": "team, my team, teams",
        "unclaimed": "unclaimed, unassigned, free, new, nobody",
        "overdue": "overdue, late",
        "snoozed": "snoozed, asleep, sleeping",
    },
    yes="yes y ok okay yep confirm approve approved agreed",
    no="no n nope cancel reject rejected",
    channels={"phone": "phone call telephone", "walk-in": "walk-in walkin visit counter", "mail": "mail email e-mail", "chat": "chat"},
)  # fmt: skip
