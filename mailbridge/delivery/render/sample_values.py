"""The values that templates have for each notification, with samples for previews and checks."""

from __future__ import annotations

from collections.abc import Mapping

_MEETING = {
    "author": "Bogdan Ionescu",
    "meets_at": "2026-11-24T09:00:00+00:00",
    "minutes": "60",
    "place": "Strada <Palat> 3, Iași",
    "number": "1",
    "sequence": "2",
    "change": "moved",
}
_RESULTS = {
    "results": '#take\tdone\t\t\t[["yours", {"number": "MB-1042", "agent": "Ana"}]]\t\n#sttaus waiting\tunknown\t\t#status waiting\t\t\n'
    "#team field\trefused\tunknown-team|x\t#team field-service\t\t\n#assign\targument-missing\t\t#assign ana\t\t\n"
    '#time 9h\tasks-others\twork-over\t#approve 2\t[["asked", {"who": "Mara Lind"}]]\t\n#erase\tasks-you\terase\t#approve 3\t\t\n'
    '#close\tdone\t\t\t[["closed", {}], ["due", {"at": "2026-11-23T09:10:00+00:00"}]]\tMB-7\n#list\tanswered\t\t\t\t',
    "sent_to": "ana@acme.example",
    "noted": "yes",
    "undo": "10",
    "waits_until": "2026-11-23T09:12:00+00:00",
    "returned": "Please restart <it> & try again.",
}
_TICKETS = (
    "MB-7\tsupport+mb7.a.x@acme.example\tPrinter <down> & out\tAna Pop\tOpen\thigh\tBogdan Ionescu\t2026-11-23T09:10:00+00:00"
    "\t2026-11-20T15:40:00+00:00\tshows error E-52 & beeps\nMB-8\tsupport+mb8.a.y@acme.example\t\tana@acme.example\tNew\tlow\t\t\t\t"
)
_AGENDA = (
    "MB-7\t2\tClara Weiss\t2026-11-24T08:00:00+00:00\t120\tPrinter <down>\treplace <drum>\t\tyes"
    "\nMB-8\t\tAna Pop\t2026-11-24T12:00:00+00:00\t60\tPlotter\t\tIași\t"
)
_ALERTS = (
    "MB-7\tsupport+mb7.a.x@acme.example\tPrinter <down> & out\tAna Pop\tOpen\thigh\tBogdan Ionescu\toverdue\tresponse"
    "\t2026-11-23T09:10:00+00:00\nMB-8\tsupport+mb8.a.y@acme.example\t\tana@acme.example\tNew\tlow\t\tunclaimed\tclaim"
    "\t2026-11-23T09:10:00+00:00"
)
_FACTS = {
    "asked": "#show MB-1042",
    "people": "Ana Pop <ana@acme.example>",
    "tags": "printer",
    "links": "blocks\tMB-7",
    "worked": "45 min",
    "estimate": "2 h",
    "due_at": "2026-11-23T09:10:00+00:00",
    "snoozed_at": "2026-11-23T09:10:00+00:00",
    "waiting": "2\t#time 9h\tclara",
    "plans": _AGENDA,
}
_HELD = (
    "1\tRe: <Printer> [MB-1042]\t2026-11-23T09:10:00+00:00\tMB-1042\t#close · #tag x\twaiting"
    "\n2\t\t2026-11-23T09:12:00+00:00\t\t\tagreed"
)
_RATED = {"author": "ana@acme.example", "grade": "2", "agent": "Clara Weiss", "before": "4"}
_NOTICE = {"step": "unproven", "rows": _HELD, "reasons": "no trusted Authentication-Results", "count": "2"}
_STEPS = "taken\t2026-11-23T09:10:00+00:00\tBogdan <Ionescu>\t\nestimate\t2026-11-23T09:12:00+00:00\t\t2 h"
_COLLECTED = (
    "MB-7\tsupport+mb7.a.x@acme.example\tPrinter <down> & out\tAna Pop\tOpen\thigh\tBogdan Ionescu\tnew assigned"
    "\nMB-8\tsupport+mb8.a.y@acme.example\t\tana@acme.example\tNew\tlow\t\tnew"
)
VOCABULARY: Mapping[str, Mapping[str, str]] = {
    "customer.received": {
        "estimate": "120",
        "within": "3",
        "unit": "hours",
        "working": "yes",
        "behind": "",
        "articles": "KB-17\tError E-52: clean the <sensor>\tOpen the **front** cover & look at [the film](https://video.acme.example/17).\tyes"
        "\thttps://video.acme.example/17\nKB-18\tPaper jams\tOpen tray 2.\t\t",
        "start": "KB-1\tWhere to start\tWrite to us as to a colleague.\tyes\t",
    },
    "customer.received_together": {
        "rows": "MB-1042\t\tPrinter <down> & out\nMB-1043\tsupport+mb1043.a.x@acme.example\tScanner",
        "within": "3",
        "unit": "hours",
        "working": "yes",
        "behind": "",
    },
    "customer.article": {"article": "KB-17\tError E-52: clean the <sensor>\t1. Open the **front** cover.\tyes\thttps://video.acme.example/17"},
    "customer.estimate": {"minutes": "240", "before": "120", "most": "480"},
    "customer.unreadable": {},
    "customer.taken": {"author": "Bogdan Ionescu"},
    "customer.answered": {
        "author": "Bogdan Ionescu",
        "closes": "yes",
        "opens_new": "yes",
        "signature": "Acme Support\n+40 21 555 0100",
        "rating": "yes",
        "encrypted": "yes",
    },
    "customer.rating": {},
    "customer.waiting": {"author": "Bogdan Ionescu"},
    "customer.changed": {"author": "Bogdan Ionescu"},
    "customer.closed": {"author": "Bogdan Ionescu", "opens_new": "yes", "rating": "yes"},
    "customer.may_ask": {"writer": "ana@acme.example", "name": "Ana <Pop>", "again": "yes"},
    "customer.not_entitled": {},
    "customer.reopened": {"author": "Bogdan Ionescu"},
    "customer.added": {"author": "Bogdan Ionescu", "requester": "yes"},
    "customer.meeting": _MEETING,
    "customer.merged": {"author": "Bogdan Ionescu", "other": "MB-1037"},
    "customer.split": {"author": "Bogdan Ionescu", "other": "MB-1037"},
    "agent.merged": {"author": "Clara Weiss", "other": "MB-1037"},
    "agent.split": {"author": "Clara Weiss", "other": "MB-1043"},
    "agent.undone": {"author": "Mara Lind", "kept": "priority, team"},
    "agent.new": {
        "said_by": "Bogdan Ionescu",
        "reported": "",
        "follows": "MB-1037",
        "doubt": "other-address",
        "other_reply_to": "office@acme.example",
        "asking": "asked",
        "contact": "bob@acme.example",
        "fits": "KB-17\tError E-52: clean the <sensor>\tyes\nKB-20\tRenew the gateway's certificate\t",
        "solved": "MB-7\t7\t20\nMB-9\t9\t25",
    },
    "agent.held": _NOTICE,
    "agent.held_done": _NOTICE,
    "agent.customer_replied": {
        "author": "ana@acme.example",
        "reopened": "yes",
        "solved": "",
        "robot": "",
        "grouped": "20",
        "other_reply_to": "office@acme.example",
        "answer_of": "Clara Weiss",
        "answer_waits": "2026-11-23T09:12:00+00:00",
    },
    "agent.assigned": {"author": "Clara Weiss"},
    "agent.ratings": {
        "asked": "#report ratings",
        "first": "2026-11-01",
        "last": "2026-11-30",
        "own": "yes",
        "rows": "Support\t\t5\t4.2\t3: 1 · 4: 2 · 5: 2\nSupport\tClara Weiss\t1\t3.0\t3: 1",
    },
    "agent.wishes": {
        "asked": "#quiet evenings",
        "changed": "yes",
        "refused": "",
        "waits": "",
        "senders": "",
        "who": "",
        "by": "",
        "earlier": "#digest weekly\tyes\t\t\n#away bogdan until friday\t\t\tyes",
        "rows": "quiet\tevenings\tclara\t2026-11-30T09:00:00+00:00\t#quiet off\nlist\tvip = #list network\tclara\t\t#save vip off",
    },
    "customer.opted_out": {},
    "customer.opted_in": {},
    "agent.left": {
        "asked": "#leave bogdan to clara",
        "agent": "Bogdan Ionescu",
        "refused": "",
        "to": "Clara Weiss",
        "tickets": "MB-1, MB-7",
        "plans": "MB-7",
        "follows": "MB-9",
        "approvals": "MB-3",
        "files": "rules/teams.yaml:3: members: [bogdan, clara]",
        "undecided": "MB-4",
    },
    "manager.spam": {
        "count": "2",
        "rows": "118\toffers@spam.example\tYou have won\t@spam.example, by mara\t2026-11-30T09:00:00+00:00\t#notspam 118",
        "more": "3",
    },
    "manager.absence": {
        "asker": "Clara Weiss",
        "agent": "Bogdan Ionescu",
        "first": "2026-12-01",
        "last": "2026-12-04",
        "deputy": "Mara Lind",
        "line": "#away bogdan from 2026-12-01 until 2026-12-04 for mara",
    },
    "agent.rated": _RATED,
    "manager.rated": _RATED,
    "agent.colleague_answered": {"author": "Clara Weiss", "internal": "yes", "closes": "", "mentioned": "", "encrypted": "yes"},
    "agent.commands": {
        **_RESULTS,
        "whose": "ana@acme.example",
        "unsure": "",
        "asked_at": "2026-11-20T15:40:00+00:00",
    },
    "agent.lines": {**_RESULTS, "asked": "#close MB-3 MB-7"},
    "agent.list": {"asked": "#list mine", "list": "mine", "team": "Field <service>", "rows": _TICKETS, "count": "31", "more": "1"},
    "agent.contract_ends": {"rows": "Acme <Ltd>\tacme-2026\t2026-12-31\t30\tbogdan\nBeta\tcare\t2026-12-01\t0\t"},
    "agent.due_times": {
        "count": "3",
        "rows": "MB-7\tsupport+mb7.a.x@acme.example\tPrinter <down> & out\tresponse\t2026-11-23T09:10:00+00:00\t2026-11-23T12:00:00+00:00"
        "\tprinters\tplain\nMB-8\tsupport+mb8.a.y@acme.example\t\t\t\t\t\tplain",
        "more": "1",
    },
    "customer.changes": {"count": "2", "rows": _STEPS},
    "agent.changes": {"count": "2", "rows": _STEPS},
    "agent.collected": {"count": "2", "rows": _COLLECTED, "more": "4"},
    "agent.bundle": {"team": "Field <service>", "count": "31", "opened": "30", "replied": "2", "rows": _TICKETS, "more": ""},
    "agent.alerts": {"count": "2", "overdue": "1", "unclaimed": "1", "silent": "", "rows": _ALERTS},
    "agent.articles": {
        "asked": "#kb sensor",
        "words": "sensor",
        "article": "KB-17\tError E-52: clean the <sensor>\t1. Open the **front** cover.\tyes\thttps://video.acme.example/17",
        "rows": "KB-17\tError E-52: clean the <sensor>\ten\tcustomers\tOpen the front cover.\nKB-20\tGateway\ten\tagents\tRun it.",
        "count": "31",
        "more": "1",
    },
    "agent.article_news": {
        "asked": "KB-18 Reset a <password>",
        "step": "review",
        "article": "KB-18\tReset a <password>\t1. Open the **portal**.\tyes\t",
        "who": "Bogdan Ionescu",
    },
    "agent.answers": {
        "asked": "#answers",
        "words": "",
        "rows": 'visit\tAnnounce a <visit>\t#answer visit day="…"\nneed-serial\tAsk for the serial number\t#answer need-serial',
        "count": "2",
        "more": "",
    },
    "agent.found": {"asked": "#search E-52", "words": "E-52 <x>", "rows": _TICKETS, "count": "31", "more": "1", "problem": ""},
    "agent.ticket": _FACTS,
    "agent.history": _FACTS,
    "agent.message": {"asked": "#full MB-1042/3", "message": "MB-1042/3"},
    "agent.files": {
        "asked": "#docs manual",
        "words": "manual",
        "number": "MB-7",
        "rows": "manual <1>.pdf\t1.2 MB\tana@acme.example\t2026-11-20T15:40:00+00:00\tMB-7\tsupport+mb7.a.x@acme.example",
        "count": "31",
        "more": "1",
    },
    "agent.report": {
        "asked": "#report time",
        "first": "2026-11-16",
        "last": "2026-11-22",
        "who": "Clara Weiss",
        "others": "yes",
        "worked": "12 h 30 min",
        "travelled": "40 min, 25 km",
        "charged": "12 h 45 min",
        "rows": "2026-11-20\tMB-7\tPrinter <down>\tworked\t45 min\treplaced drum",
        "days": "2026-11-20\t45 min\t\t1 h",
        "customers": "Acme <SRL>\t45 min\t40 min, 25 km\t1 h",
    },
    "agent.why": {
        "asked": "#why",
        "said": '[["priority", {"priority": "high"}], ["why.contract", {"contract": "acme-gold"}]]',
        "rows": '1\t[["target.response", {"team": ""}]]\t[["why.missed", {"at": "2026-11-23T09:10:00+00:00"}], ["why.done", '
        '{"at": "2026-11-23T10:00:00+00:00"}]]\tbroken\t2:00\tIași <9-18>',
        "intervals": '1\tcounted\t2026-11-20T15:40:00+00:00\t2026-11-20T16:00:00+00:00\t40\t[["why.counted", {"length": "0:20"}]]'
        '\n1\tclosed\t2026-11-20T16:00:00+00:00\t2026-11-23T07:00:00+00:00\t10\t[["why.closed", {}]]'
        '\n1\tholiday\t2026-11-23T07:00:00+00:00\t2026-11-23T08:00:00+00:00\t10\t[["why.holiday", {}]]'
        '\n1\tpaused\t2026-11-23T08:00:00+00:00\t2026-11-23T09:10:00+00:00\t20\t[["why.others", {"status": "Waits <for parts>"}, "status"]]'
        '\n1\tfolded\t2026-11-23T09:10:00+00:00\t2026-11-23T09:12:00+00:00\t10\t[["why.folded", {"length": "0:02", "count": "3"}, "", 3]]'
        '\n1\tlate\t2026-11-23T09:12:00+00:00\t\t10\t[["why.late", {}]]',
        "more": '[["why.more", {"count": "2"}, "", 2]]',
    },
    "agent.team_report": {
        "kind": "week",
        "who": "Support <desk>",
        "first": "2026-11-16",
        "last": "2026-11-22",
        "asked": "",
        "name": "weekly",
        "came": "42",
        "closed": "38",
        "open": "17",
        "hidden": "Payroll",
        "csv": "",
        "stop": "support+mb17.u.x@acme.example",
        "rows": "volume\t2026-11-16\t12\t9\t100\t\t\nvolume\t2026-11-17\t6\t8\t50\t\t\ntargets\tresponse\t45\t50\t90\t\t"
        "\nbreaches\tMB-7\t130\t\t\tresponse untaken\tPrinter <down>\nteams\tSupport\t17\t3\t100\t\t\nagents\t\t4\t0\t20\t\t"
        "\nhours\tClara Weiss\t750\t720\t100\t\t\nratings\tSupport\t12\t1\t90\t\t4.5\ncustomers\tAcme <SRL>\t5\t2\t100\t\t4 h / 10 h"
        "\nsenders\tAcme <SRL>\t9\t\t100\t\t\nrules\tprinter down\t9\t\t100\t\t",
    },
    "agent.unsubscribed": {"name": "weekly", "again": ""},
    "agent.hours_report": {
        "asked": "#report hours ACME",
        "unknown": "Nobody <x>",
        "first": "2026-11",
        "last": "2026-12",
        "banks": "Acme <SRL>\tgold\t2 h 40 min\t10 h\t\t31.12.\nAcme <SRL>\tblocks\t\t5 h\t30 min\t",
        "rows": "gold\t2026-12-01\t10:00\t10:00\t\thours of the contract gold\ngold\t2026-12-03\t-0:45\t9:15\tMB-7\twork: 0:45 <x>",
        "more": "3",
    },
    "agent.help": {
        "asked": "#help",
        "word": "",
        "works": "yes",
        "rows": "who\ttake\t#take\tThe ticket is yours.\t#mine #claim\nwork\ttime\t#time 1h30|#time 3 = 1h\tWork you did <here>.\t#work",
    },
    "agent.pair": {"asked": "[pair-abcdefghij]", "address": "ana@acme.example", "until": "2026-11-26T08:10:00+00:00"},
    "agent.sign_in": {
        "number": "17",
        "requested_at": "2026-11-23T08:10:00+00:00",
        "until": "2026-11-23T08:25:00+00:00",
        "link": "https://desk.acme.example/sign-in/17-abcdefghijklmnopqrstuvwxyz",
        "code": "042917",
    },
    "agent.paired": {
        "asked": "Re: please confirm <it>",
        "result": "failed",
        "detail": "dmarc=fail by mx.acme.example",
        "source": "imap:main",
    },
    "agent.warning": {"promise": "response", "due_at": "2026-11-23T09:10:00+00:00"},
    "agent.due": {"promise": "due", "due_at": "2026-11-23T09:10:00+00:00"},
    "agent.rule": {"rule": "Ask <again>", "why": "untouched 3 d"},
    "agent.level": {"promise": "response", "due_at": "2026-11-23T09:10:00+00:00", "share": "70", "late": ""},
    "agent.awake": {},
    "agent.meeting": _MEETING,
    "agent.planned": {
        "author": "Mara Lind",
        "agent": "Clara Weiss",
        "begins_at": "2026-11-24T08:00:00+00:00",
        "minutes": "120",
        "text": "replace <drum>",
        "plan": "2",
        "uid": "plan-1042-2",
        "sequence": "1",
        "change": "moved",
    },
    "agent.digest": {
        "day": "2026-11-24",
        "away": "Clara <Weiss>",
        "plans": _AGENDA,
        "late": _TICKETS,
        "today": _TICKETS,
        "waiting": _TICKETS,
        "changed": 'MB-7\tsupport+mb7.a.x@acme.example\tPrinter <down>\tAna Pop\t[["closed", {}], ["priority", {"priority": "high"}]]'
        "\nMB-8\tsupport+mb8.a.y@acme.example\t\tana@acme.example\t[]",
        "hours": "Acme <SRL>\tgold\t2 h 40 min\t10 h\t2026-12-31\nBeta\tblock\t-1 h\t5 h\t",
        "more": "3",
        "stop": "support+mb18.u.x@acme.example",
    },
    "agent.agenda": {
        "asked": "#agenda team",
        "who": "",
        "first": "2026-11-23",
        "last": "2026-11-29",
        "rows": _AGENDA,
        "more": "1",
    },
    "agent.meeting_answered": {"author": "ana@acme.example", "answer": "accepted", "meets_at": "2026-11-24T09:00:00+00:00"},
    "agent.hours": {"level": "over", "left": "0 min", "granted": "10 h", "over": "1 h 30 min", "until": "2026-12-31"},
    "agent.bounced": {
        "failed_recipient": "ana@acme.example",
        "failed_what": "answered",
        "reason": "550 5.1.1 no such user here",
    },
    "customer.hours": {"level": "80", "left": "2 h", "granted": "10 h", "over": "0 min", "until": "2026-12-31"},
    "customer.statement": {
        "customer": "Acme <Ltd>",
        "bank": "gold",
        "rows": "2026-10\t10:00\t7:30\t2:30\t0:00\t0:00\n2026-11\t10:00\t12:15\t0:00\t1:00\t-1:15",
        "csv": "",
    },
    "customer.escalated": {"team": "Field service"},
    "agent.consulted": {"author": "Clara Weiss"},
    "agent.over_estimate": {},
    "agent.confirm": {
        "approval": "3",
        "line": "#merge MB-1041",
        "asker": "Clara Weiss",
        "asked_at": "2026-11-23T08:10:00+00:00",
        "expires_at": "2026-11-24T08:10:00+00:00",
        "why": "merge-customers",
    },
    "agent.approval_decided": {
        "approval": "3",
        "line": "#time 9h",
        "asker": "Clara Weiss",
        "author": "Mara Lind",
        "granted": "yes",
        "reason": "it was a long day & they pay",
        "refused": "",
        "own": "",
        "delayed": "",
    },
    "agent.approval_expired": {
        "approval": "3",
        "line": "#time 9h",
        "asker": "Clara Weiss",
        "author": "",
        "granted": "",
        "reason": "",
        "refused": "",
        "own": "",
        "delayed": "",
    },
    "manager.approval": {
        "approval": "3",
        "line": "#time 9h replaced <both> rollers",
        "asker": "Clara Weiss",
        "asked_at": "2026-11-23T08:10:00+00:00",
        "expires_at": "2026-11-26T08:10:00+00:00",
        "why": "work-over",
    },
    "manager.approval_reminded": {
        "approval": "3",
        "line": "#time 9h",
        "asker": "Clara Weiss",
        "asked_at": "2026-11-23T08:10:00+00:00",
        "expires_at": "2026-11-26T08:10:00+00:00",
    },
    "manager.hours": {"level": "80", "left": "2 h", "granted": "10 h", "over": "0 min", "until": "2026-12-31"},
    "manager.overdue": {"promise": "response", "due_at": "2026-11-23T09:10:00+00:00"},
    "manager.silent": {"promise": "silence", "due_at": "2026-11-23T09:10:00+00:00"},
    "manager.unclaimed": {"promise": "claim", "due_at": "2026-11-23T09:10:00+00:00"},
    "admin.rules_broken": {"problems": 'rules/routing/20-printers.yaml:8:29: unknown team "field-servce"', "version": "3f9c2a1"},
    "admin.quarantined": {"inbox": "4711", "reason": "reading took longer than 20 s, three times", "sender": "ana@acme.example"},
    "admin.flood": {"sender": "ana@acme.example", "form": "", "number": "MB-1042"},
    "admin.kept": {
        "count": "1",
        "rows": "news@shop.example\tYour vacation\tauto-reply: Auto-Submitted: auto-replied\tkept 42.20261123.abcdefghijklmnopqrstuvwxyz",
        "more": "",
        "waiting": "1",
        "held": "4711\tana\tRe: Plotter offline\t2026-11-22T09:00:00+00:00",
        "held_more": "",
    },
    "admin.audit": {
        "count": "2",
        "rows": "imap:support/INBOX:1796081792:17\tits row in the inbox is gone\tits content is stored: it is processed again\n"
        "smtp#42\tits receipt and its row in the inbox are gone\t",
        "more": "1",
        "faults": "support/Team: the folder cannot be opened: the IMAP server refuses: no such mailbox",
    },
    "admin.unfetched": {
        "count": "2",
        "rows": "support/INBOX, UID 17\tthe mail cannot be fetched from the IMAP server; it was left there\t42",
        "more": "1",
    },
    "admin.sources": {
        "count": "1",
        "rows": "imap:support/INBOX\t2026-11-23 09:10 UTC\tthe server refuses the login\t2026-11-23 09:08 UTC\t2026-11-23 08:51 UTC",
        "back": "outgoing\t2026-11-23 09:10 UTC\t\t2026-11-23 09:40 UTC\tnever",
    },
    "admin.jobs": {
        "count": "2",
        "rows": "sweep\tMB-1042, response: overdue\tKeyError at tickets/apply.py:120\t2026-11-23 09:10 UTC\t2026-11-23 09:14 UTC\n"
        "digests\t\tZeroDivisionError at jobs/digests.py:80\t2026-11-23 09:12 UTC\t2026-11-23 09:13 UTC",
        "more": "",
    },
    "admin.kept_ticket": {"number": "MB-1042", "subject": "Your vacation", "already": ""},
    "admin.paired": {"agent": "ana", "address": "ana@acme.example", "source": "imap:main", "detail": "dmarc=pass by mx.acme.example"},
    "admin.first_connect": {"mailbox": "main", "folder": "INBOX", "older": "1204", "taken": "30"},
    "admin.clock_set": {"before": "2026-11-23T09:10:00+00:00", "after": "2026-11-23T11:10:00+00:00"},
    "admin.login_refused": {
        "login": "support",
        "stopped": "support, outgoing mail",
        "fault": "user",
        "reason": "invalid_grant AADSTS50173: the grant has expired. Sign in again: mailbridge auth login support",
    },
    "admin.login_ends": {"login": "support", "kind": "client secret", "on": "2026-12-07", "days": "14"},
    "admin.backup": {
        "reason": "[Errno 28] No space left on device",
        "remedy": "missing|/etc/mailbridge/smtp.password",
        "last": "2026-11-22 03:30 UTC",
        "since": "2026-11-23 03:30 UTC",
    },
    "admin.breaker": {"count": "500", "limit": "500", "until": "2026-11-23T10:10:00+00:00"},
}
"""The values each shipped event may carry, by "audience.event", with a sample of each.  A value that is not said is ''.

`results` holds one row a line of the mail and ticket: what was written, outcome, detail, suggestion, what happened (for the filter `told`),
the ticket where it is another one, parted by tabs; the outcomes are the keys of `outcomes` in `words`, a detail is a key of `refusals` or
`whys`, with a word of its own behind a bar.  `undo` holds minutes, '' where nothing can be undone.  `rows` of lists: number, address for
answers, subject, requester, status, priority, who has it, due, and of a search when and where the words stand.
"""
