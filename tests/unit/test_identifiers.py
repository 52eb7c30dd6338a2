"""Names are terms of the trade: those that were renamed do not come back.

The tables are the list of renames.  They are about identifiers: English words in texts, stored names, keys of JSON, metrics, migrations
and log events are not looked at.  `docs/glossary.md` says what each new term means.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

from tests.sources import tree

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("mailbridge", "tools", "benchmarks")

# Modules and folders.  A name with a dot or a slash is a path below mailbridge/, any other one is a module's own name, wherever it stands.
MODULES: Mapping[str, str] = {
    "agentmail": "handling/agents",
    "applines": "mobile_footers",
    "chronicle": "ticket_history",
    "circumstances": "command_context",
    "comparing": "matchers",
    "configfile": "config/load",
    "courier": "transport",
    "couriers": "transports",
    "desk/language": "mail_commands",
    "doings": "changes",
    "filing.py": "handling",
    "gather": "load_context",
    "holding": "handling/retry",
    "isolation": "sandbox",
    "judges": "tickets/handlers",
    "lookups": "evidence",
    "moments": "dates",
    "occasion": "notification_context",
    "onbehalf": "forwarded",
    "outbox/tellers": "notifications/events",
    "passed_on": "on_behalf",
    "past": "history",
    "pictures": "inline_images",
    "places": "positions",
    "presence": "availability",
    "promise": "notifications/webhooks",
    "promises": "deadlines",
    "regions": "follow_the_sun",
    "robot_words": "auto_reply_markers",
    "roster": "availability_report",
    "rules/flows": "backtest_html",
    "rules/make": "build_conditions",
    "rules/measures": "units",
    "rules/shape": "schema",
    "rules/singles": "scalars",
    "rules/sources": "fact_values",
    "rules/tidy": "format",
    "rules/why": "match_explain",
    "settling": "execution",
    "spans": "durations",
    "speaker": "author",
    "store/prepared": "compiled_sql",
    "store/words": "search_terms",
    "tellers": "notifications/events",
    "told": "summary",
    "tongues": "locales",
    "turns": "assignment",
    "views": "template_context",
    "wording": "renderer",
    "yesno": "reply_decision",
}

# Classes and functions, also methods: nothing that is defined has one of these names.
DEFINITIONS: Mapping[str, str] = {
    "Absorbed": "MergedFrom",
    "Asks": "ApprovalKind",
    "Bells": "Notifier",
    "Came": "LineStatus",
    "Circumstances": "CommandContext",
    "Consent": "ApprovalPolicy",
    "Courier": "Transport",
    "Deliverer": "DeliveryWorker",
    "Doing": "Change",
    "Door": "ListenerState",
    "Happening": "TicketEvent",
    "Hopeless": "PermanentFailure",
    "Judge": "Handler",
    "Known": "Reference",
    "Letter": "MailRef",
    "MaildirCourier": "MaildirTransport",
    "Matter": "ApprovalTrigger",
    "Meet": "ScheduleMeeting",
    "NotOurs": "LeaseLost",
    "Occasion": "NotificationContext",
    "Overtaken": "LeaseLost",
    "PassedOn": "ForwardedMail",
    "Pictures": "InlineImageCounts",
    "PolicyKeeper": "RulesReloader",
    "Presented": "TokenClaim",
    "Promise": "Notification",
    "Rota": "OnCallSchedule",
    "SmtpCourier": "SmtpTransport",
    "Speaker": "Author",
    "Suspects": "PoisonTracker",
    "Teller": "EventNotifier",
    "Told": "TeamAudience",
    "Tongue": "Locale",
    "Turnstile": "CommitOrder",
    "Waiter": "Listener",
    "Woken": "SnoozeEnded",
    "Wordsmith": "NotificationRenderer",
    "absorbed": "merged_from",
    "evolve": "apply",
    "gather": "load_context",
    "guard": "instance_lock",
    "happening": "event",
    "judge": "evaluate, limit, handler",
    "occasion": "notification_context",
    "passed_on": "forwarded_mail",
    "promise": "notification, deadline",
    "promises": "ticket_deadlines",
    "ring": "notify",
    "Seat": "Slot",
    "gentle": "canonical_body",
    "seats": "slots",
    "settle": "execute, finish_…, acknowledge",
    "speaker_of": "author_of",
    "told": "the thing that is written: summary, report, error_text",
    "wait_for_company": "pipelined",
    "woken": "snooze_ended",
}

# Parts of any identifier: of a class, function, argument, variable, attribute or constant.
PARTS: Mapping[str, str] = {
    "bells": "notifier",
    "chronicle": "ticket history",
    "circumstances": "command context",
    "convicted": "poisoned",
    "courier": "transport",
    "couriers": "transports",
    "deliverer": "delivery worker",
    "doer": "actor",
    "doing": "change",
    "doings": "changes",
    "happening": "event",
    "hopeless": "permanent failure",
    "judges": "handlers",
    "kin": "merged tickets",
    "occasion": "notification context",
    "overtaken": "lease lost",
    "portion": "batch",
    "portions": "batches",
    "presented": "claims",
    "promises": "deadlines, notifications",
    "roster": "availability report",
    "rung": "notified",
    "settling": "execution",
    "tellers": "notifications",
    "tongue": "locale",
    "tongues": "locales",
    "turnstile": "commit order",
    "wordsmith": "renderer",
}

# Where a word is the standard's or the language's own, or the database's.
ALLOWED: Mapping[str, str] = {
    "intake/imap_connection.py doing": "a key of the log",
    "intake/imap_errors.py doing": "a key of the log",
}


@cache
def trees() -> Mapping[str, ast.Module]:
    files = (file for folder in FOLDERS for file in sorted((ROOT / folder).rglob("*.py")) if "versions" not in file.parts)
    return {file.relative_to(ROOT).as_posix().removeprefix("mailbridge/"): tree(file) for file in files}


def definitions(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name


def identifiers(tree: ast.AST) -> Iterator[str]:
    """Every name that the code gives: not what it only reads, which is given elsewhere, by us or by others."""
    yield from definitions(tree)
    for node in ast.walk(tree):
        match node:
            case ast.arg(arg=name) | ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                yield name
            case ast.alias(asname=str(name)):
                yield name


def parts(name: str) -> list[str]:
    """The words of an identifier in small letters: `_held_back` and `HeldBack` have two."""
    return [part.lower() for part in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[A-Z]", name)]


def modules_named(path: str) -> Iterator[str]:
    """What of MODULES the file's path is called by."""
    pieces = path.removesuffix(".py").removesuffix("/__init__").split("/")
    for old in MODULES:
        if old.endswith(".py"):
            found = path == old
        elif "/" in old:
            found = f"/{'/'.join(pieces)}/".startswith(f"/{old}/")
        else:
            found = old in pieces
        if found:
            yield old


def old_names(path: str, tree: ast.AST) -> set[str]:
    """Each old name in the file with the one that took its place."""
    found = {f"{path}: {old} -> {MODULES[old]}" for old in modules_named(path)}
    found |= {f"{path}: {name} -> {DEFINITIONS[name]}" for name in definitions(tree) if name in DEFINITIONS}
    found |= {
        f"{path}: {name} -> {PARTS[part]}"
        for name in identifiers(tree)
        for part in parts(name)
        if part in PARTS and f"{path} {name}" not in ALLOWED
    }
    return found


def test_renamed_things_keep_their_new_names() -> None:
    assert sorted(name for path, tree in trees().items() for name in old_names(path, tree)) == []


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("jobs/holding.py", ""),
        ("tickets/judges/mail.py", ""),
        ("rules/why.py", ""),
        ("delivery/x.py", "class Woken: pass"),
        ("delivery/x.py", "def settle(): pass"),
        ("delivery/x.py", "class Store:\n    def ring(self): pass"),
        ("delivery/x.py", "def send(courier): pass"),
        ("delivery/x.py", "self._bells = 1"),
        ("delivery/x.py", "from m import locales as tongues"),
        ("delivery/x.py", "MOST_PROMISES = 3"),
    ],
)
def test_each_kind_of_old_name_is_found(path: str, code: str) -> None:
    assert len(old_names(path, ast.parse(code))) == 1


@pytest.mark.parametrize("code", ["why = make(sources, view)", "'the courier'", "def unsettled(): pass", "row.promise", "letters = {'a'}"])
def test_english_words_and_what_is_only_read_stay(code: str) -> None:
    assert old_names("rules/tools/x.py", ast.parse(code)) == set()


def test_every_exception_is_needed() -> None:
    """An exception whose file or name is gone goes, too."""
    for about in ALLOWED:
        path, _, name = about.partition(" ")
        assert {name} - {""} <= set(identifiers(trees()[path]))
