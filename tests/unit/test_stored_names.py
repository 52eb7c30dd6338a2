"""Names that outlive the code: what the database holds, what JSON, templates, metrics and other programs use.

`stored_names.json` is the literal list.  Classes, modules and functions may be renamed; a name in that list may not change, because
databases, templates and scripts of earlier versions have it.  A new name is added to the list.  Where a field gets a new name in the code,
give it its stored name (for events: `stored_fields` in `tickets.stored_events`) instead of changing the list.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, get_args

import pytest

from mailbridge.backup import make, manifest, restore
from mailbridge.checks.scan import Scan
from mailbridge.cli.contracts import ListedContract
from mailbridge.cli.status import BACKUP_KEYS, DeskStatus
from mailbridge.config.model import After, AgentTrust, SenderCheck, Taken, Tls, WhenSilent, WhenVirus
from mailbridge.config.providers import Flow
from mailbridge.conversation.model import Doubt, Reason, Standing
from mailbridge.conversation.tokens import Purpose
from mailbridge.customers import model as customer_model
from mailbridge.delivery.render import sentences, template_context
from mailbridge.delivery.render.filters import FILTERS
from mailbridge.delivery.render.sample_values import VOCABULARY
from mailbridge.doctor.audit_model import FolderCount, MissingMail, SourceCount
from mailbridge.doctor.model import Conclusion as Found
from mailbridge.doctor.model import Finding
from mailbridge.errors import Problem
from mailbridge.handling.pairing import to_json
from mailbridge.health import arrivals, names
from mailbridge.health.gauges import DISK_FREE, TIME, gauges_of
from mailbridge.message.envelope import Source
from mailbridge.message.model import Kind, SpanKind, Strength, Through
from mailbridge.message.profiles import Expected, Profile
from mailbridge.notifications.model import Audience, Class, Notification
from mailbridge.notifications.model import OutboxState as OutboxState
from mailbridge.notifications.payloads import admins, agents, digest, knowledge, plans, reports, tickets
from mailbridge.notifications.payloads.model import TableRow
from mailbridge.notifications.payloads.table import PAYLOADS
from mailbridge.notifications.results import LineStatus
from mailbridge.notifications.webhook_model import CallState
from mailbridge.oauth.health import ExpiryKind as EndKind
from mailbridge.oauth.model import RefusedPart
from mailbridge.ops import crash
from mailbridge.ops.metrics import Metrics
from mailbridge.organisation.approval_policy import ApprovalTrigger
from mailbridge.organisation.billing import Rounding
from mailbridge.organisation.model import AnswersAs, ClosedPolicy, CopiedPolicy, Outsiders, TeamAudience, UnknownLines
from mailbridge.organisation.playbooks import TaskRole
from mailbridge.organisation.priority import Priority
from mailbridge.organisation.status import Awaited, Mover
from mailbridge.rules.tree import AssignBy, MatchType
from mailbridge.rules.verdict import Verdict
from mailbridge.sla.clock import CountsFrom, Deadline, WhileSolved
from mailbridge.sla.ladder import OVERDUE
from mailbridge.sla.levels import SILENCE, SILENT, UNCLAIMED, WARNING
from mailbridge.sla.segments import PauseReason, TargetKind
from mailbridge.sla.why import Counting, Outcome
from mailbridge.store import restoring
from mailbridge.store.clocks import ClockState as ClockState
from mailbridge.store.documents import dump_fields, load_fields
from mailbridge.store.files import StoredFile
from mailbridge.store.held import HeldAnswer as HeldState
from mailbridge.store.held import What
from mailbridge.store.inbox_rows import InboxOutcome
from mailbridge.store.inbox_rows import InboxState as InboxState
from mailbridge.store.mails import Direction, StoredAttachment, StoredMail
from mailbridge.store.schema import metadata
from mailbridge.store.search import SearchResult
from mailbridge.store.source_health import HealthState as SourceState
from mailbridge.tickets import model, stored_commands, stored_events
from mailbridge.tickets.actor import ActorKind
from mailbridge.tickets.events import TicketEvent
from mailbridge.tickets.hours import ledger, weights
from mailbridge.tickets.timesheet import Sums
from tests.harness import a_config
from tests.sources import nodes

ROOT = Path(__file__).resolve().parents[2]
LIST: Mapping[str, Any] = json.loads((Path(__file__).parent / "stored_names.json").read_text(encoding="utf-8"))

# JSON documents in columns of the database, by table and column; below them the values that they hold.
DOCUMENTS: Mapping[str, type] = {
    "tickets.data": model.Ticket,
    "tickets.data participants": model.Participant,
    "tickets.data activities": model.Activity,
    "tickets.data approvals": model.Approval,
    "tickets.data approvals commands": model.StoredCommand,
    "tickets.data meeting": model.Meeting,
    "outbox.payload": Notification,
    "hour_entries.closing": ledger.Closing,
    "hour_entries.parts": weights.WeightedPart,
}

# Values of columns and of documents, and of keys in TOML, YAML and JSON, by where they stand.
VALUES: Mapping[str, type[StrEnum]] = {
    "attachment of a mail: through": Through,
    "clocks.state": ClockState,
    "hour_entries.kind": ledger.EntryKind,
    "hour_entries.source": ledger.EntrySource,
    "configuration: after": After,
    "configuration: agent trust": AgentTrust,
    "configuration: oauth flow": Flow,
    "configuration: sender check": SenderCheck,
    "configuration: take": Taken,
    "configuration: tls": Tls,
    "configuration: when a scanner is silent": WhenSilent,
    "configuration: when a virus is found": WhenVirus,
    "doctor: verdict": Found,
    "events.actor_kind": ActorKind,
    "explanation: doubt": Doubt,
    "explanation: reason of placing": Reason,
    "explanation: standing": Standing,
    "explanation: strength": Strength,
    "explanation: span": SpanKind,
    "held.state": HeldState,
    "held.what": What,
    "inbox.outcome": InboxOutcome,
    "inbox.source": Source,
    "inbox.state": InboxState,
    "mails.direction": Direction,
    "mails.kind": Kind,
    "oauth_grants.fault": RefusedPart,
    "outbox.audience": Audience,
    "outbox.class": Class,
    "outbox.payload results": LineStatus,
    "outbox.state": OutboxState,
    "pairings.believes profile": Profile,
    "signed addresses: purpose": Purpose,
    "state: end of a login": EndKind,
    "state of a source": SourceState,
    "tickets.data activity kind": model.WorkKind,
    "tickets.data approval kind": model.ApprovalKind,
    "tickets.data participant role": model.Role,
    "tickets.data priority": Priority,
    "webhooks.state": CallState,
    "yaml: approval matter": ApprovalTrigger,
    "yaml: answers as": AnswersAs,
    "yaml: assign by": AssignBy,
    "yaml: closed": ClosedPolicy,
    "yaml: copied": CopiedPolicy,
    "sla why --json outcome": Outcome,
    "sla why --json reason": PauseReason,
    "sla why --json kind": Counting,
    "sla why --json waits_for": Awaited,
    "yaml: counts-from": CountsFrom,
    "yaml: while-solved": WhileSolved,
    "yaml: match": MatchType,
    "yaml: outsiders": Outsiders,
    "yaml: rounding": Rounding,
    "yaml: status may": Mover,
    "yaml: task role": TaskRole,
    "yaml: told": TeamAudience,
    "yaml: unknown lines": UnknownLines,
}

# Classes whose fields are keys of JSON on the command line.
PRINTED: Mapping[str, type] = {
    "audit --json folders": FolderCount,
    "audit --json missing": MissingMail,
    "audit --json sources": SourceCount,
    "check --json problems": Problem,
    "customers contracts --json": ListedContract,
    "customers show --json": customer_model.Customer,
    "customers show --json contracts": customer_model.Contract,
    "customers show --json contracts levels": customer_model.ServiceLevel,
    "customers show --json equipment": customer_model.Equipment,
    "customers show --json locations": customer_model.Location,
    "customers show --json people": customer_model.Person,
    "customers show --json projects": customer_model.Project,
    "docs --json": StoredFile,
    "doctor --json findings": Finding,
    "report time --json sums": Sums,
    "restore --json": restore.RestoreResult,
    "rules test --json verdict": Verdict,
    "search --json": SearchResult,
    "status --json": DeskStatus,
    "tickets show --json clocks": Deadline,
    "tickets show --json mails": StoredMail,
    "tickets show --json mails attachments": StoredAttachment,
}

# What templates may use, by the name that they have there.
TEMPLATE_VALUES: Mapping[str, type] = {
    "below": template_context.Below,
    "cut": template_context.Cut,
    "desk": template_context.DeskView,
    "history, quoted": template_context.HistoryEntry,
    "ticket": template_context.TicketView,
    "verdict": template_context.VerdictView,
}

STATE_KEYS = (
    *(make.STATE_KEY, restore.PROOF_KEY, restoring.STATE_KEY, arrivals.STATE_KEY),
    *BACKUP_KEYS.values(),
)


@cache
def sources() -> tuple[Path, ...]:
    return tuple(sorted((ROOT / "mailbridge").rglob("*.py")))


def fields_of(kinds: Mapping[str, type]) -> dict[str, list[str]]:
    return {name: [field.name for field in fields(kind) if not field.name.startswith("_")] for name, kind in kinds.items()}


def constants(call: str, keyword: str) -> list[str]:
    """The literal values of a keyword in all calls of this name in mailbridge."""
    everything = (node for file in sources() for node in nodes(file))
    calls = (node for node in everything if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == call)
    values = (word.value for one in calls for word in one.keywords if word.arg == keyword)
    return sorted({value.value for value in values if isinstance(value, ast.Constant)})


def state_keys() -> list[str]:
    """Keys of documents in the table `state`: the constants of that name, and literal ones."""
    found = {*STATE_KEYS}
    for file in sources():
        for node in nodes(file):
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
                found |= {node.value.value for target in node.targets if isinstance(target, ast.Name) and target.id in STATE_KEY_CONSTANTS}
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and ast.unparse(node.func.value) == "tx.state":
                found |= {arg.value for arg in node.args[:1] if isinstance(arg, ast.Constant)}
    return sorted(found)


STATE_KEY_CONSTANTS = {"STATE_KEY", "PAUSED_KEY", "FAILED_KEY", "ENDS_KEY", "RULES_KEY", "PROOF_KEY"}


def events() -> dict[str, Any]:
    return {
        entry.name: {"published": entry.published, "fields": [entry.stored_fields.get(one.name, one.name) for one in fields(entry.what)]}
        for entry in stored_events.STORED_EVENTS
    }


def commands() -> dict[str, list[str]]:
    return {f"{entry.name} version {entry.version}": list(entry.reads) for entry in stored_commands.ENTRIES}


def values() -> dict[str, list[str]]:
    return {where: [member.value for member in kind] for where, kind in VALUES.items()}


def tables() -> dict[str, list[str]]:
    return {table.name: [column.name for column in table.columns] for table in metadata.sorted_tables}


def steps() -> list[str]:
    """Those of the deadlines that are named in code, without the levels of a ladder and the days of reminders."""
    return sorted({*constants("Deadline", "step"), OVERDUE, UNCLAIMED, WARNING, SILENT})


def metrics() -> dict[str, list[str]]:
    counted = [family for family in Metrics().registry.collect() if family.name.startswith("mailbridge_")]
    gauges = (DISK_FREE, TIME, *gauges_of(a_config(Path())))
    return {family.name: [family.type] for family in counted} | {gauge.name: ["gauge", *gauge.labels] for gauge in gauges}


def templates() -> list[str]:
    folder = ROOT / "templates" / "mail"
    files = [file for file in folder.rglob("*.j2") if file.parent == folder or file.parent.name == "en"]
    return sorted(str(file.relative_to(folder)) for file in files)


def notifications() -> dict[str, list[str]]:
    return {event: sorted(samples) for event, samples in VOCABULARY.items()}


def stored_payloads() -> dict[str, dict[str, list[str]]]:
    """By event and by row of a table, the fields as the outbox stores them."""
    modules = (admins, agents, digest, knowledge, plans, reports, tickets)
    kinds = {kind for module in modules for kind in vars(module).values() if isinstance(kind, type) and issubclass(kind, TableRow)}
    return {"events": fields_of(PAYLOADS), "rows": fields_of({kind.__name__: kind for kind in kinds - {TableRow}})}


def told() -> list[str]:
    """Keys of summaries, as notifications in the outbox carry them and the catalogues word them."""
    file = sentences.LOCALES / sentences.LAST_LANGUAGE / "LC_MESSAGES" / f"{sentences.DOMAIN}.po"
    names = re.findall(r'^msgid "([^"]+)"', file.read_text(encoding="utf-8"), re.MULTILINE)
    return sorted({name.partition(".")[0] for name in names})


def documents_in_json() -> dict[str, list[str]]:
    """JSON that is written by hand, field by field."""
    believed = Expected(profile=Profile.OWN)
    return {
        "pairings.believes": sorted(json.loads(to_json(believed))),
        "explanation: scan": sorted(Scan().to_json()),
    }


def manifest_keys(folder: Path) -> list[str]:
    made = manifest.Manifest(
        made_at=datetime(2026, 11, 30, tzinfo=UTC),
        **dict.fromkeys(("program", "desk", "revision", "schema", "server", "keys_file", "keys_sha256"), ""),
        kind="sqlite",
        variables=(),
        tables=(),
    )
    manifest.write(folder, made)
    return sorted(json.loads((folder / manifest.FILE).read_text(encoding="utf-8")))


GROUPS: Mapping[str, Callable[[], Any]] = {
    "columns of tables": tables,
    "commands that wait for a yes": commands,
    "crash points": lambda: list(crash.POINTS),
    "documents in the database": lambda: fields_of(DOCUMENTS),
    "documents in JSON": documents_in_json,
    "deadlines": lambda: {"promise": [*TargetKind, SILENCE], "step": steps()},
    "events": events,
    "jobs": lambda: constants("Job", "name"),
    "metrics": metrics,
    "notifications and their values": notifications,
    "payloads of notifications": stored_payloads,
    "printed JSON": lambda: fields_of(PRINTED),
    "sources": lambda: [names.OUTGOING, names.DNS, names.CLAMD, names.RSPAMD, names.PIPE],
    "state keys": state_keys,
    "template filters": lambda: sorted(FILTERS),
    "template values": lambda: fields_of(TEMPLATE_VALUES),
    "templates": templates,
    "told": told,
    "values": values,
}


@pytest.mark.parametrize("group", GROUPS)
def test_a_stored_name_stays(group: str) -> None:
    """A name that is gone or changed is read or used by nobody any more; one that is new is added to stored_names.json."""
    assert json.loads(json.dumps(GROUPS[group]())) == LIST[group]


def test_a_backup_says_what_it_always_said(tmp_path: Path) -> None:
    assert manifest_keys(tmp_path) == LIST["manifest of a backup"]
    files = {"FORMAT": manifest.FORMAT, "FILE": manifest.FILE, "SUMS": manifest.SUMS, "PROOF": manifest.PROOF}
    assert files == LIST["files of a backup"]


def test_the_list_has_nothing_else() -> None:
    assert set(LIST) == {*GROUPS, "manifest of a backup", "files of a backup"}


def test_every_event_has_one_entry() -> None:
    assert {entry.what for entry in stored_events.STORED_EVENTS} == set(get_args(TicketEvent))
    assert len(stored_events.STORED_EVENTS) == len(get_args(TicketEvent))
    assert len(stored_events.BY_NAME) == len({entry.published for entry in stored_events.STORED_EVENTS}) == len(LIST["events"])


def test_stored_fields_name_fields_that_there_are() -> None:
    wrong = {entry.name for entry in stored_events.STORED_EVENTS if not entry.stored_fields.keys() <= {f.name for f in fields(entry.what)}}

    assert wrong == set()


@dataclass(frozen=True, slots=True, kw_only=True)
class Renamed:
    """An event of which a field was renamed since it was stored."""

    deadline: str
    due_at: datetime
    people: tuple[model.Participant, ...] = ()


def test_a_renamed_field_is_stored_under_its_old_name() -> None:
    event = Renamed(deadline="response", due_at=datetime(2026, 11, 30, 8, tzinfo=UTC), people=(model.Participant(address="ana@x.test"),))

    text = dump_fields(event, {"deadline": "promise"})

    assert set(json.loads(text)) == {"promise", "due_at", "people"}
    assert load_fields(text, Renamed, {"deadline": "promise"}) == event
    assert load_fields('{"promise":"claim","due_at":"2026-11-30T08:00:00Z","gone":1}', Renamed, {"deadline": "promise"}).deadline == "claim"


# --- names in the code must not become names of data again


def test_no_name_of_a_class_is_stored_or_shown() -> None:
    """Errors for programmers and logs may name a class; whoever stores or prints one needs a table of names."""
    found = {site for file in sources() for site in names_of_classes(file)}

    assert found == {
        "mailbridge/store/documents.py: as_.__name__",  # in the error about a value that cannot be read
        "mailbridge/message/replacing.py: cls.__name__",  # in errors for programmers, as are the two below
        "mailbridge/message/replacing.py: cls.__qualname__",
        "mailbridge/message/replacing.py: made.__qualname__",
    }


def test_fields_are_printed_as_they_are_called_only_where_the_list_has_them() -> None:
    """`asdict` and the like make keys of JSON out of fields: the class has to be in PRINTED or DOCUMENTS."""
    found = {str(file.relative_to(ROOT)) for file in sources() if FIELDS_AS_KEYS & set(words_of(file))}

    assert found == {
        "mailbridge/message/replacing.py",  # copies values, prints nothing
        "mailbridge/delivery/render/render.py",  # the values that a template may use, in the message about one that is unknown
        "mailbridge/cli/audit.py",
        "mailbridge/cli/backup.py",
        "mailbridge/cli/check.py",
        "mailbridge/cli/customers.py",
        "mailbridge/cli/demo_samples.py",  # reads a file that lies beside it
        "mailbridge/cli/docs.py",
        "mailbridge/cli/doctor.py",
        "mailbridge/cli/report.py",
        "mailbridge/cli/search.py",
        "mailbridge/cli/status.py",
        "mailbridge/cli/templates.py",
        "mailbridge/cli/tickets.py",
        "mailbridge/notifications/payloads/model.py",  # what the outbox stores and templates see
        "mailbridge/tickets/history.py",  # the names of a ticket's fields, as in tickets.data
        "mailbridge/tickets/stored_commands.py",
        "mailbridge/tickets/stored_events.py",
        "mailbridge/rules/explain.py",
        "mailbridge/store/documents.py",
        "mailbridge/store/grants.py",  # the columns of its table
    }


FIELDS_AS_KEYS = {"asdict", "fields", "__slots__", "__dataclass_fields__"}


def words_of(file: Path) -> Iterable[str]:
    """What is called `x(…)` or `module.x(…)` of the standard library's dataclasses, and attributes with underscores."""
    for node in nodes(file):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            yield node.func.id
        if isinstance(node, ast.Attribute) and (node.attr.startswith("__") or ast.unparse(node.value) == "dataclasses"):
            yield node.attr


def names_of_classes(file: Path) -> Iterable[str]:
    found = nodes(file)
    raised = {below for node in found if isinstance(node, ast.Raise) for below in ast.walk(node)}
    for node in found:
        if isinstance(node, ast.Attribute) and node.attr in {"__name__", "__qualname__"} and node not in raised:
            text = ast.unparse(node)
            if text != "type(error).__name__":
                yield f"{file.relative_to(ROOT)}: {text}"
