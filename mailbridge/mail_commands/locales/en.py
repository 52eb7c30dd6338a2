"""English: the words of the manual, and short forms."""

from __future__ import annotations

from mailbridge.mail_commands.locales.model import Locale, Word

EN = Locale(
    code="en",
    words={
        "take": Word(names="take mine claim", usage=("#take",), about="Assigns the ticket to you."),
        "assign": Word(
            names="assign give a",
            usage=("#assign ana", "#assign ana@desk.example", "#assign nobody"),
            about="Assigns the ticket to an agent; #assign nobody gives it back to the team.",
        ),
        "team": Word(names="team queue t", usage=("#team network",), about="Gives the ticket to another team."),
        "escalate": Word(
            names="escalate esc",
            usage=("#escalate", "#escalate network"),
            about="Escalates one step up the chain, or to the target you name.",
        ),
        "status": Word(names="status state s", usage=("#status waiting",), about="Sets the status."),
        "close": Word(
            names="close solve solved done resolve resolved",
            usage=("#close", "#close MB-3 MB-7"),
            about="Closes the ticket: the work is done.",
        ),
        "reopen": Word(names="reopen open", usage=("#reopen",), about="Reopens a closed ticket."),
        "priority": Word(names="priority prio p", usage=("#priority high",), about="Sets the priority: low, normal, high or urgent."),
        "type": Word(names="type kind", usage=("#type incident",), about="Sets the type of the request."),
        "tag": Word(
            names="tag tags label", usage=("#tag printer", "#tag printer -old"), about="Adds tags; a minus before a tag removes it."
        ),
        "subject": Word(
            names="subject title rename",
            usage=("#subject Printer on line 2 is down",),
            about="Changes the subject.",
        ),
        "note": Word(
            names="note internal private n", usage=("#note", "#note he is on holiday"), about="Your text is for colleagues only."
        ),
        "public": Word(
            names="public reply", usage=("#public",), about="Your text goes to the customer, also as an answer to a note."
        ),
        "encrypt": Word(
            names="encrypt encrypted",
            usage=("#encrypt",),
            about="Your text goes to the customer encrypted by S/MIME or not at all.",
        ),
        "send": Word(
            names="send",
            usage=("#send KB-17",),
            about="Inserts the article into your answer to the customer.",
        ),
        "answer": Word(
            names="answer ready",
            usage=("#answer visit", '#answer visit day="Tuesday at ten"',),
            about="Inserts an answer ready to send into your mail, in the customer's language.",
        ),
        "cc": Word(
            names="cc copy",
            usage=("#cc dan@acme.example", "#cc -dan@acme.example"),
            about="Adds people to the ticket; a minus before an address removes that person.",
        ),
        "requester": Word(
            names="requester customer from",
            usage=("#requester carol@acme.example Carol Pop",),
            about="Changes the requester; the former one stays on the ticket.",
        ),
        "due": Word(
            names="due deadline",
            usage=("#due friday 15:00", "#due 3 dec", "#due tomorrow", "#due none"),
            about="Sets a due date, in addition to the SLA targets.",
        ),
        "snooze": Word(
            names="snooze sleep later wait",
            usage=("#snooze 3d", "#snooze until monday"),
            about="Takes the ticket out of the lists until then; a mail from the customer ends it earlier.",
        ),
        "meet": Word(
            names="meet meeting appointment visit",
            usage=("#meet tue 10:00 1h Iași office", "#meet none"),
            about="Makes an appointment: the customer gets an invitation for the calendar.",
        ),
        "plan": Word(
            names="plan schedule",
            usage=("#plan ana tue 10:00 2h", "#plan tue 10:00 2h replace drum", "#plan 2 = wed 14:00", "#plan 2 = none", "#plan ana"),
            about="Plans work of an agent, or yours; 2 = changes or cancels the ticket's second plan. Without a time it shows the plans.",
        ),
        "time": Word(
            names="time work worked spent",
            usage=(
                "#time 1h30",
                "#time 45m yesterday replaced drum",
                "#time 17:30-19:00 friday",
                "#time 20m not billable",
                "#time 3 = 1h",
                "#time 3 = 0",
            ),
            about="Records your work, with day and text where you give them; 3 = 1h corrects your third entry, 3 = 0 deletes it.",
        ),
        "travel": Word(
            names="travel travelled traveled drive",
            usage=("#travel 40m 25km Iași",),
            about="Records travel time, kilometres and place; corrected like #time.",
        ),
        "estimate": Word(
            names="estimate est",
            usage=("#estimate 4h",),
            about="Estimates the work; a day is eight hours.",
        ),
        "contract": Word(
            names="contract",
            usage=("#contract ACME-GOLD",),
            about="Sets the contract of the ticket.",
        ),
        "project": Word(
            names="project",
            usage=("#project ROLLOUT",),
            about="The customer's project that the ticket belongs to.",
        ),
        "equipment": Word(
            names="equipment device asset serial", usage=("#equipment LF-2231",), about="Sets the device, by serial number or asset tag."
        ),
        "add": Word(
            names="add",
            usage=(
                '#add person ana@acme.example role=buyer phone="+40 232 123 456"',
                "#add device LF-2240 location=cluj",
                "#add location cluj ACME zone=Europe/Bucharest",
            ),
            about="Adds a person, device or location to the requester's customer, or to the customer you name.",
        ),
        "change": Word(
            names="change update edit",
            usage=("#change person ana@acme.example phone=none", "#change customer ACME tier=gold"),
            about="Changes what is known of a customer; what stands in the desk's files can only be changed there.",
        ),
        "remove": Word(
            names="remove delete",
            usage=("#remove person ana@acme.example", "#remove device LF-2240"),
            about="Removes a person, device or location that was added by mail or at the command line.",
        ),
        "merge": Word(
            names="merge join",
            usage=("#merge MB-1042", "#merge MB-7 into MB-3"),
            about="Merges this ticket into that one, with its mails, people and work.",
        ),
        "split": Word(
            names="split", usage=("#split", "#split Second printer"), about="Moves the mail that you answer to a new ticket."
        ),
        "link": Word(
            names="link relate related",
            usage=("#link MB-7", "#link blocks MB-7", "#link duplicates MB-7"),
            about="Links two tickets: related, blocks, blocked-by, duplicates, task-of.",
        ),
        "playbook": Word(
            names="playbook play",
            usage=("#playbook new-employee",),
            about="Starts a list of tasks that belong together.",
        ),
        "follow": Word(
            names="follow watch",
            usage=("#follow", "#follow MB-7"),
            about="You get what is written on the ticket without being assigned.",
        ),
        "unfollow": Word(
            names="unfollow unwatch",
            usage=("#unfollow",),
            about="You no longer follow the ticket.",
        ),
        "mute": Word(
            names="mute",
            usage=("#mute", "#mute MB-7"),
            about="You get no news of the ticket, except what you have to answer.",
        ),
        "unmute": Word(
            names="unmute",
            usage=("#unmute",),
            about="You get news of the ticket again.",
        ),
        "quiet": Word(
            names="quiet",
            usage=("#quiet evenings", "#quiet 18:00-8:00", "#quiet off", "#quiet"),
            about="When you want no mail that can wait; without a time it shows your wishes.",
        ),
        "digest": Word(
            names="digest",
            usage=("#digest daily", "#digest weekly", "#digest off"),
            about="How often the morning digest comes.",
        ),
        "away": Word(
            names="away vacation",
            usage=("#away until friday", "#away from mon until fri for ana", "#away off"),
            about="You are away, the last day included; somebody stands in for you. For a colleague it needs a manager.",
        ),
        "save": Word(
            names="save",
            usage=("#save vip #list network", "#save errors #search E-52", "#save vip off"),
            about="Keeps a list under a name for #list vip.",
        ),
        "spam": Word(
            names="spam junk",
            usage=("#spam",),
            about="The ticket is spam: it is closed without a mail to the customer, and later mails of the sender are held for review; "
            "where nothing proved the sender, only those that nothing proves.",
        ),
        "block": Word(
            names="block",
            usage=("#block offers@spam.example", "#block @spam.example"),
            about="Holds every mail of the sender for review; for managers and agents who may block.",
        ),
        "unblock": Word(
            names="unblock",
            usage=("#unblock @spam.example",),
            about="Mail from the sender is accepted again.",
        ),
        "notspam": Word(
            names="notspam not-spam ham",
            usage=("#notspam 118",),
            about="Accepts a mail that was held because of its sender, and ends that block; the daily list has the number.",
        ),
        "leave": Word(
            names="leave",
            usage=("#leave ana", "#leave ana to network"),
            about="For managers: hands over everything of a colleague who leaves, after a yes.",
        ),
        "approve": Word(
            names="approve approved",
            usage=("#approve", "#approve 2 agreed by phone"),
            about="Approves a request that waits for you.",
        ),
        "reject": Word(
            names="reject refuse decline",
            usage=("#reject too expensive",),
            about="Rejects a request that waits for you, with the reason.",
        ),
        "yes": Word(names="yes confirm ok", usage=("#yes",), about="Confirms what the desk asked you."),
        "cancel": Word(
            names="cancel no",
            usage=("#cancel",),
            about="Cancels what the desk asked you.",
        ),
        "undo": Word(
            names="undo revert",
            usage=("#undo",),
            about="Undoes what your last mail did to the ticket.",
        ),
        "stop": Word(
            names="stop hold",
            usage=("#stop", "#stop MB-12"),
            about="Takes back your answer that waits before it goes, and returns its text.",
        ),
        "erase": Word(
            names="erase forget", usage=("#erase",), about="Erases the content of the ticket's mails for good, after a confirmation."
        ),
        "show": Word(
            names="show view",
            usage=("#show", "#show MB-1042"),
            about="Shows a ticket with its last messages.",
        ),
        "full": Word(
            names="full history",
            usage=("#full", "#full MB-1042", "#full MB-1042/3"),
            about="Shows the whole history of a ticket; of one message the whole text, with quote and signature.",
        ),
        "why": Word(
            names="why",
            usage=("#why", "#why MB-1042"),
            about="Explains the due times of a ticket: counted, paused and closed time.",
        ),
        "list": Word(
            names="list ls l",
            usage=("#list mine", "#list team", "#list unclaimed", "#list overdue", "#list snoozed", "#list network"),
            about="Lists open tickets, with links to act on each.",
        ),
        "search": Word(
            names="search find",
            usage=("#search error E-52",),
            about="Finds mails and notes with all these words.",
        ),
        "kb": Word(
            names="kb knowledge",
            usage=("#kb", "#kb error E-52", "#kb KB-17", "#kb new", "#kb accept KB-18"),
            about="Articles that fit the words or the ticket. With new your mail becomes an article, which a manager accepts or rejects.",
        ),
        "answers": Word(
            names="answers",
            usage=("#answers", "#answers visit",),
            about="The answers ready to send.",
        ),
        "docs": Word(
            names="docs documents files doc",
            usage=("#docs", "#docs manual pdf", "#docs MB-7", "#docs carol@acme.example"),
            about="Finds files of this ticket, or by words of the name, a ticket, a customer's address.",
        ),
        "agenda": Word(
            names="agenda calendar",
            usage=("#agenda", "#agenda ana tue", "#agenda team"),
            about="Shows planned work of the next seven days.",
        ),
        "report": Word(
            names="report",
            usage=(
                "#report time", "#report team weekly", "#report queue", "#report me", "#report customers", "#report hours ACME",
                "#report ratings",
            ),
            about="Your hours, the week of a team, open tickets, your own week, your customers, an hour bank, ratings of customers.",
        ),
        "to": Word(
            names="to write",
            usage=("#to ana@acme.example", "#to ana@acme.example, dan@acme.example"),
            about="In a new mail: sends your text to these people and opens a ticket for the first.",
        ),
        "for": Word(
            names="for behalf",
            usage=("#for carol@acme.example",),
            about="In a new mail: opens the ticket for this customer.",
        ),
        "channel": Word(
            names="channel via",
            usage=("#channel phone",),
            about="In a new mail: how the customer reached you.",
        ),
        "help": Word(names="help ? commands", usage=("#help", "#help time"), about="Shows this page, or one command of it."),
    },
    rooms={
        "who": "Who", "state": "Where it stands", "facts": "What it is about", "text": "Your text",
        "when": "When", "work": "Work", "others": "Other tickets",
        "wishes": "Your wishes, and spam",
        "consent": "Confirming and undoing", "ask": "Questions", "new": "New tickets, and help",
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
    parts={
        "person": "person contact people", "location": "location site", "device": "device equipment asset", "customer": "customer company",
    },
    keys={
        "name": "name", "role": "role position function", "phones": "phones phone tel mobile", "language": "language lang",
        "title": "title", "region": "region", "zone": "zone timezone", "calendar": "calendar hours", "km": "km distance",
        "tag": "tag label", "type": "type", "model": "model", "location": "location site place", "tier": "tier", "terms": "terms glossary",
    },
    yes="yes y ok okay yep confirm approve approved agreed",
    no="no n nope cancel reject rejected",
    channels={"phone": "phone call telephone", "walk-in": "walk-in walkin visit counter", "mail": "mail email e-mail", "chat": "chat"},
)  # fmt: skip
