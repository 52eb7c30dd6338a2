"""Loads all files below rules/: a policy, or all errors in one run.  Pure: the texts come in, `folder.read` reads them."""

from __future__ import annotations

import gc
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from mailbridge.config import yaml
from mailbridge.config.nodes import Mapping as YamlMapping
from mailbridge.config.nodes import Node, Place, Scalar, walk
from mailbridge.config.nodes import Sequence as YamlSequence
from mailbridge.config.reading import BAD, Reading
from mailbridge.config.suggest import did_you_mean
from mailbridge.customers.entry import Named
from mailbridge.errors import Problem
from mailbridge.organisation.model import Organisation
from mailbridge.organisation.priority import Priority
from mailbridge.organisation.transitions import DEFAULTS
from mailbridge.rules import schema
from mailbridge.rules.actions import texts_of
from mailbridge.rules.captures import used
from mailbridge.rules.compile import compile_rules, compile_timed
from mailbridge.rules.files import (
    approvals,
    customers_csv,
    customers_merge,
    customers_places,
    customers_validate,
    ladder,
    notifications,
    notifications_validate,
    people_validate,
    reports,
    statuses,
    timed,
    work,
)
from mailbridge.rules.files.organisation import contact_questions, customers_of, levels, organisation
from mailbridge.rules.files.people import LEVELS
from mailbridge.rules.files.playbooks import playbooks
from mailbridge.rules.flow import FILE as FLOW_FILE
from mailbridge.rules.policy import Policy
from mailbridge.rules.texts import captures_of
from mailbridge.rules.tree import Actions, Condition, Example, Rule
from mailbridge.sla import versions
from mailbridge.sla.day_sources import LIBRARY_ALONE, DaySources


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """`policy` is None exactly where one of the problems is no warning."""

    policy: Policy | None
    problems: tuple[Problem, ...] = ()


def load(
    files: Mapping[str, str],
    *,
    templates: Iterable[str] | None = None,
    mails: Iterable[str] | None = None,
    articles: Iterable[str] | None = None,
    sources: DaySources = LIBRARY_ALONE,
) -> Loaded:
    """The policy of these texts (path relative to the desk's folder -> text), with all problems, in the order of the files.

    `templates`: the names that the action `reply` may use; `mails`: those of all templates, "agent.new"; `articles`: those that
    `suggest` may name; None: any name.  `sources`: the days that calendars take from elsewhere.
    """
    with _uncollected():
        return _load(files, {"template": templates, "article": articles}, mails, sources)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Garbage collection is off while loading.  Everything made here is kept and has no cycles, but for 10,000 rules the collector would
    use most of the time."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _load(
    files: Mapping[str, str], names: Mapping[str, Iterable[str] | None], mails: Iterable[str] | None, sources: DaySources
) -> Loaded:
    reading = Reading()
    _define_usual(reading, names)
    _define_mails(reading, mails)
    documents = _documents(files, reading)
    values = {path: _whole(path, documents, reading) for path in schema.FILES}
    rules = [rule for path in sorted(documents) if path.startswith(schema.ROUTING) for rule in _rules(documents[path], path, reading)]
    _cross_check(documents, values, reading)
    problems = _one_a_place([*reading.problems, *reading.dangling()])
    if any(not problem.warning for problem in problems):
        return Loaded(policy=None, problems=problems)
    named = customers_places.named(documents.get(CUSTOMERS_FILE))
    return Loaded(policy=_policy(files, values, rules, named, sources, documents), problems=problems)


def _one_a_place(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """The problems in the order of files and positions; at each position only the first, which causes the others."""
    first: dict[tuple[str, int, int], Problem] = {}
    for problem in problems:
        first.setdefault((problem.file, problem.line, problem.column), problem)
    return tuple(sorted(first.values()))


def version_of(files: Mapping[str, str]) -> str:
    """Twelve hex digits, different for different texts."""
    digest = hashlib.sha256()
    for path in sorted(files):
        digest.update(f"{path}\0{len(files[path])}\0{files[path]}".encode("utf-8", "surrogatepass"))
    return digest.hexdigest()[:12]


def _policy(
    files: Mapping[str, str],
    values: Mapping[str, Any],
    rules: list[Rule],
    named: Named,
    sources: DaySources,
    documents: Mapping[str, Node | None],
) -> Policy:
    teams, sla, about_statuses, types, customers, about_approvals, about_work, about_playbooks, about_flow, about_reports = values.values()
    version = version_of(files)
    desk = replace(
        organisation(teams, sla, about_statuses, types, customers, sources),
        levels=levels(sla),
        approval_policy=approvals.approval_policy(about_approvals),
        work=work.policies(about_work),
        playbooks=playbooks(about_playbooks),
        reports=reports.schedules(about_reports),
    )
    known = customers_of(customers, named)
    desk = replace(desk, contact_questions=contact_questions(known))
    about: dict[str, Any] = {"version": version, "customers": known, "tags": desk.tags, "names": _names(desk)}
    compiled = compile_rules([rule for rule in rules if rule.every is None], **about)
    return Policy(
        version=version,
        organisation=desk,
        rules=compiled,
        levels=levels(sla),
        texts=dict(files),
        calendars=_calendars(desk),
        feeds=tuple(dict.fromkeys(address for hours in teams.get("hours", {}).values() for address in hours.get("feeds", ()))),
        timed=tuple(compile_timed(rule, **about) for rule in rules if rule.every is not None),
        flow=notifications.flow(documents.get(FLOW_FILE), about_flow, **about),
    )


def _calendars(desk: Organisation) -> str:
    """Twelve hex digits, different where a day of any calendar is."""
    whole = " ".join(f"{name} {versions.version_of(calendar)}" for name, calendar in sorted(desk.calendars.items()))
    return hashlib.sha256(whole.encode()).hexdigest()[:12]


def _names(desk: Organisation) -> Mapping[str, Iterable[str]]:
    """The names that a capture may give, by action."""
    return {
        "team": desk.teams,
        "type": desk.types,
        "priority": tuple(Priority),
        "status": desk.statuses,
        "assignee": tuple(name for name, agent in desk.agents.items() if agent.active and not agent.observer),
        "sla": desk.levels,
        "playbook": desk.playbooks,
        "notify": (*desk.teams, *desk.agents),
    }


def _define_usual(reading: Reading, names: Mapping[str, Iterable[str] | None]) -> None:
    """Registers the names that need no file of the rules.  `names`: by kind; None: any name is one."""
    for kind, known in names.items():
        if known is None:
            reading.unknowable.add(kind)
        for name in known or ():
            reading.define(kind, name, None)
    for name in DEFAULTS:
        reading.define("status", name, None)


def _define_mails(reading: Reading, mails: Iterable[str] | None) -> None:
    if mails is None:
        reading.unknowable.add(notifications.TEMPLATE)
    for name in mails or ():
        reading.define(notifications.TEMPLATE, name, None)


def _documents(files: Mapping[str, str], reading: Reading) -> dict[str, Node | None]:
    """The documents of the files that we know; the rest is a mistake, for a file nobody reads is a rule nobody follows."""
    documents: dict[str, Node | None] = {}
    for path in sorted(files):
        if path.endswith(".eml") or path.startswith("rules/schema/"):
            continue
        if customers_csv.is_csv(path) or (path.endswith(".csv") and not path.startswith(schema.CUSTOMERS)):
            continue
        if path not in schema.FILES and not (path.startswith((schema.ROUTING, schema.CUSTOMERS)) and path.endswith((".yaml", ".yml"))):
            there = f"{schema.ROUTING}*.yaml, {schema.CUSTOMERS}*.yaml"
            known = f"{', '.join(schema.FILES)}, {there}, and there people.csv, devices.csv, locations.csv"
            hint = did_you_mean(path, schema.FILES, otherwise=f"known: {known}")
            reading.problems.append(Problem(file=path, message="nothing reads this file", hint=hint))
            continue
        documents[path], problems = yaml.read(path, files[path])
        reading.problems += problems
        if documents[path] is None and problems:
            reading.unknowable |= _DEFINED_IN.get(CUSTOMERS_FILE if path.startswith(schema.CUSTOMERS) else path, frozenset())
    _unite_customers(files, documents, reading)
    for path in schema.REQUIRED:
        if path not in files:
            reading.problems.append(Problem(file=path, message="this file is missing", hint="`mailbridge init` writes one to start from"))
    return documents


def _unite_customers(files: Mapping[str, str], nodes: dict[str, Node | None], reading: Reading) -> None:
    """All customers stand under the name of the one file, with their rows from CSV files."""
    paths = [path for path in nodes if path == CUSTOMERS_FILE or path.startswith(schema.CUSTOMERS)]
    rows = [row for path in sorted(files) for row in customers_csv.entries(path, files[path], schema.CSV, reading)]
    if paths or rows:
        nodes[CUSTOMERS_FILE] = customers_merge.merged([node for path in paths if (node := nodes[path]) is not None], rows, reading)


def customers_node(files: Mapping[str, str]) -> Node | None:
    """The customers of all these files as one document; None where there are none."""
    own = {path: text for path, text in files.items() if path.startswith((schema.CUSTOMERS, CUSTOMERS_FILE)) or customers_csv.is_csv(path)}
    return _documents(own, Reading()).get(CUSTOMERS_FILE)


CUSTOMERS_FILE = "rules/customers.yaml"

# Kinds of names by the file that defines them: where it cannot be read, nobody can say that a name is not in it.
_DEFINED_IN = {
    "rules/teams.yaml": frozenset(
        {
            *("team", "agent", "agent or team", ladder.RECIPIENT, reports.RECIPIENT),
            *("hours", "skill", "consultant", "escalation", "way to escalate", LEVELS),
        }
    ),
    "rules/sla.yaml": frozenset({"sla"}),
    "rules/statuses.yaml": frozenset({"status"}),
    "rules/types.yaml": frozenset({"type", "tag"}),
    "rules/playbooks.yaml": frozenset({"playbook"}),
    "rules/customers.yaml": frozenset({"customer", "tier", "region", "location", "equipment", "contract", "contract type", "project"}),
}


def _whole(path: str, documents: Mapping[str, Node | None], reading: Reading) -> Any:
    """The values of a file that is one mapping; an empty or missing one has none."""
    node = documents.get(path)
    if node is None:
        return BAD if path in schema.REQUIRED and _emptied(path, documents, reading) else {}
    return schema.FILES[path].read(node, reading)


def _emptied(path: str, documents: Mapping[str, Node | None], reading: Reading) -> bool:
    if path in documents and not any(problem.file == path for problem in reading.problems):
        reading.problems.append(Problem(file=path, message="this file is empty", hint="`mailbridge init` writes one to start from"))
    return True


def _rules(node: Node | None, path: str, reading: Reading) -> Iterable[Rule]:
    """The rules of one file.  Each is read alone, so an error in one does not hide those in the next."""
    if node is None:
        return
    if not isinstance(node, YamlSequence):
        reading.expected("a list of rules, each beginning with a dash", node)
        return
    for item in node.items:
        values = schema.RULE.read(item, reading)
        name = _name(item, reading)
        if values is not BAD and isinstance(item, YamlMapping):
            rule = _rule(values, item, name)
            _check_captures(item, rule.when, rule.then, reading)
            timed.check(item, rule, reading)
            yield rule


def _name(item: Node, reading: Reading) -> Place:
    """The position of the rule's name.  Two rules must not have one name, because explanations use it."""
    node = item.get("name") if isinstance(item, YamlMapping) else None
    if not isinstance(node, Scalar):
        return item.place
    first = reading.defined.get("rule", {}).get(node.text)
    if first is not None:
        reading.mistake(node.place, f'a second rule named "{node.text}"', f"the first one stands in {first.file}:{first.line}")
    reading.define("rule", node.text, node.place)
    return node.place


def _rule(values: Mapping[str, Any], item: YamlMapping, name: Place) -> Rule:
    examples = item.get("examples")
    places = [each.place for each in examples.items] if isinstance(examples, YamlSequence) else []
    return Rule(
        name=values["name"],
        place=name,
        when=values["when"],
        then=values["then"],
        stop=values.get("stop", False),
        every=values.get("every"),
        examples=tuple(_example(each, place) for each, place in zip(values.get("examples", ()), places, strict=True)),
    )


def _example(values: Mapping[str, Any], place: Place) -> Example:
    gives = dict(values.get("gives", {}))
    fires = gives.pop("fires", True)
    verified = {"verified": values["verified"]} if "verified" in values else {}
    mail = {**values["mail"], **verified} if "mail" in values else {}
    ticket = {**values["ticket"], "is": "ticket"} if "ticket" in values else {}
    is_proven = bool(values.get("verified", False))
    return Example(
        place=place, mail=mail, ticket=ticket, file=values.get("file", ""), verified=is_proven, gives=tuple(gives.items()), fires=fires
    )


def _check_captures(item: YamlMapping, when: Condition, then: Actions, reading: Reading) -> None:
    """Reports a ${name} in the actions that no condition of the rule captures."""
    caught = captures_of(when)
    asked = {name for text in texts_of(then) for name, _ in used(text)}
    node = item.get("then")
    if node is None or asked <= caught:
        return
    for each in walk(node):
        if isinstance(each, Scalar):
            for name, start in used(each.text):
                if name not in caught:
                    _uncaught(each, name, start, caught, reading)


def _uncaught(node: Scalar, name: str, start: int, caught: Iterable[str], reading: Reading) -> None:
    hint = did_you_mean(name, sorted(caught), "capture in this rule")
    reading.mistake(node.place.part(start + len(node.quote), len(name) + 3), f"no condition of this rule catches ${{{name}}}", hint)


def _cross_check(documents: Mapping[str, Node | None], values: Mapping[str, Any], reading: Reading) -> None:
    """Checks between several values."""
    approvals.define(reading)
    for name in reading.defined.get("team", {}):
        reading.define("agent or team", name, reading.defined["team"][name])
        reading.define(ladder.RECIPIENT, name, reading.defined["team"][name])
    for name in reading.defined.get("agent", {}):
        reading.define("agent or team", name, reading.defined["agent"][name])
        reading.define(ladder.RECIPIENT, name, reading.defined["agent"][name])
        reading.define(reports.RECIPIENT, name, reading.defined["agent"][name])
    for name in ladder.ROLES:
        reading.define(ladder.RECIPIENT, name, None)
    for name in reports.groups():
        reading.define(reports.RECIPIENT, name, None)
    if not reading.defined.get("tag"):
        # Without a list of tags any word is allowed.
        reading.uses = [use for use in reading.uses if use.kind != "tag"]
    approvals.check(documents.get("rules/approvals.yaml"), values["rules/approvals.yaml"], values["rules/teams.yaml"], reading)
    statuses.check(documents.get("rules/statuses.yaml"), values["rules/statuses.yaml"], reading)
    customers_validate.check(documents.get(CUSTOMERS_FILE), values[CUSTOMERS_FILE], schema.CUSTOMER, reading)
    people_validate.check(documents.get("rules/teams.yaml"), values["rules/teams.yaml"], reading)
    teams = (documents.get("rules/teams.yaml"), values["rules/teams.yaml"])
    notifications_validate.check(documents.get(FLOW_FILE), values[FLOW_FILE], teams, reading)
