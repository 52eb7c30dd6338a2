"""Matches facts with a rule set: a verdict with its explanation.  Pure: no clock, file or database.

Rules are tried in order.  Each match acts at once, so later rules see its values and may change them; the trace names the rule that set
each value last.  `stop`, `drop` and `quarantine` end the run.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from itertools import islice

from mailbridge.customers.asking import NotEntitled
from mailbridge.customers.contract_match import Cover, CoverQuestion, cover
from mailbridge.customers.model import Customer
from mailbridge.organisation.priority import Priority
from mailbridge.rules.captures import as_tag, filled
from mailbridge.rules.fact_values import CHANGING, FactView
from mailbridge.rules.facts import Facts
from mailbridge.rules.match_explain import hits_of, misses_of
from mailbridge.rules.matchers import passes, within
from mailbridge.rules.rule_set import All, Any, Atoms, CompiledRule, Node, Not, Related, RuleSet
from mailbridge.rules.trace import ActionTrace, Miss, RuleTrace, Trace
from mailbridge.rules.tree import AssignBy, Exists, Fact, Number, Same, Test, ValueSource
from mailbridge.rules.verdict import Verdict

SMALL_SET = 50  # up to this number of rules, the trace explains every rule that did not match
MAX_WEIGHED = 50
MAX_MISSES = 10


def run(rule_set: RuleSet, facts: Facts) -> Verdict:
    """The verdict of all rules on these facts."""
    if facts.reply and not rule_set.about_replies:
        return Verdict(trace=Trace(version=rule_set.version, rules=len(rule_set.rules)))
    state = MatchState(rule_set, facts)
    missed: list[CompiledRule | Miss] = []
    ended = ""
    for number in _woken(rule_set, state):
        compiled = rule_set.rules[number]
        if (compiled.opening and facts.reply) or not state.holds(compiled.when):
            # Later rules must not change why this one did not match, so it is explained now. The others are explained at the end.
            missed.append(misses_of(compiled, state) if compiled.changing else compiled)
            continue
        state.act(compiled)
        then = compiled.rule.then
        if compiled.rule.stop or then.drop or then.quarantine is not None:
            ended = compiled.rule.name
            break
    return state.verdict(ended, _near(state, missed))


def _woken(rule_set: RuleSet, state: MatchState) -> list[int]:
    """Numbers of the rules that may match, in order; of a small set all, so that the trace can explain each miss."""
    if len(rule_set.rules) <= SMALL_SET:
        return list(range(len(rule_set.rules)))
    awake = set(rule_set.always)
    for source in rule_set.trigger_sources:
        for atom in state.hits(source):
            awake.update(rule_set.triggered.get(atom, ()))
    return sorted(awake)


def _near(state: MatchState, missed: Iterable[CompiledRule | Miss]) -> tuple[Miss, ...]:
    """The rules that did not match, the nearest first."""
    weighed = (each if isinstance(each, Miss) else misses_of(each, state) for each in islice(missed, MAX_WEIGHED))
    return tuple(sorted(weighed, key=lambda miss: (len(miss.reasons) - miss.held, miss.label))[:MAX_MISSES])


class MatchState:
    """One run: the facts of the mail, and the values chosen so far."""

    __slots__ = ("_hits", "chosen", "had", "lists", "rule_set", "steps", "view", "who")

    def __init__(self, rule_set: RuleSet, facts: Facts) -> None:
        self.rule_set = rule_set
        self.view = FactView(facts, rule_set.customers)
        self.chosen: dict[str, str] = _before(facts)
        # value -> the rule that added it
        self.lists: dict[str, dict[str, str]] = {name: {} for name in ("tags", "suggest", "notify", "cc", "webhook")}
        self.had = facts.ticket.tags if facts.ticket else ()
        self.lists["tags"] = dict.fromkeys(self.had, "")
        self.who: dict[str, str] = {}  # what -> the rule that chose it
        self.steps: list[RuleTrace] = []
        self._hits: dict[int, set[int]] = {}

    def texts(self, source: ValueSource) -> tuple[str, ...]:
        """The texts of a source; those that rules change as they are now."""
        if source.kind not in CHANGING:
            return self.view.texts(source)
        if source.kind == "tag":
            return tuple(self.lists["tags"])
        value = self.chosen.get(f"field {source.name}" if source.kind == "field" else source.kind, "")
        return (value,) if value else ()

    def hits(self, source: int) -> set[int]:
        """The atoms of this source that hit."""
        known = self._hits.get(source)
        if known is None:
            rule_set = self.rule_set
            known = rule_set.indexes[source].hits(self.texts(rule_set.sources[source]))
            if source not in rule_set.changing:
                self._hits[source] = known
        return known

    def holds(self, node: Node) -> bool:
        """Whether the condition is true now."""
        match node:
            case Atoms(of=((source, atoms),)):
                return not atoms.isdisjoint(self.hits(source))
            case Atoms(of=of):
                return any(not atoms.isdisjoint(self.hits(source)) for source, atoms in of)
            case All(children=children):
                return all(map(self.holds, children))
            case Any(children=children):
                return any(map(self.holds, children))
            case Not(child=child):
                return not self.holds(child)
            case Number(source=source):
                return within(node, self.view.number(source))
            case Fact(source=source, expected=expected):
                return self.view.holds(source) is expected
            case Same(kind=kind, tests=tests):
                return any(all(_passes(test, thing[name]) for name, test in tests) for thing in self.view.things(kind))
            case Related(leaf=leaf):
                return any(passes(leaf.test, text) for source in leaf.sources for text in self.texts(source))
            case Exists():
                raise TypeError("compile turns exists into atoms")

    def act(self, compiled: CompiledRule) -> None:
        """Executes the actions of the rule and adds them to the trace."""
        rule = compiled.rule
        hits = tuple(hits_of(compiled.when, self))
        captures = {name: value for hit in hits for name, value in hit.captures}
        changes = (
            *(self._set(rule.name, what, value, captures) for what, value in compiled.sets),
            *(self._add(rule.name, what, values, captures) for what, values in compiled.adds),
        )
        self.steps.append(RuleTrace(rule=rule.name, label=rule.label, line=rule.place.line, hits=hits, changes=changes, stop=rule.stop))

    def _set(self, rule: str, what: str, text: str, captures: Mapping[str, str]) -> ActionTrace:
        value = filled(text, captures)
        before = self.chosen.get(what, "")
        if value is None:
            return ActionTrace(what=what, before=before, after=before, note=f"{text} caught nothing")
        named = self._named(what, value) if value != text else value
        if named is None:
            return ActionTrace(what=what, before=before, after=before, note=f'no {what} is called "{value}"')
        value = named
        overridden = self.who.get(what, "") if before and before != value else ""
        self.chosen[what] = value
        self.who[what] = rule
        if what in _EXCLUDES:  # an assignee by name and by turns exclude each other: the later rule wins
            self.who.pop(_EXCLUDES[what], None)
        return ActionTrace(what=what, before=before, after=value, note=f'chosen by "{overridden}"' if overridden else "")

    def _named(self, what: str, value: str) -> str | None:
        """The existing name for this text, in any case; None where there is none.  Free texts are returned as they are."""
        known = self.rule_set.names.get(what)
        return value if known is None else known.get(value.casefold())

    def _add(self, rule: str, what: str, texts: Iterable[str], captures: Mapping[str, str]) -> ActionTrace:
        before = ", ".join(self.lists[what])
        notes: list[str] = []
        for text in texts:
            value = filled(text, captures)
            if value is None:
                notes.append(f"{text} caught nothing")
                continue
            tag = as_tag(value) if what == "tags" and value != text else value
            if what == "tags" and self.rule_set.tags and tag not in self.rule_set.tags:
                notes.append(f'no tag is called "{tag}"')
                continue
            if what == "notify" and value != text:
                if (somebody := self._named(what, value)) is None:
                    notes.append(f'nobody is called "{value}"')
                    continue
                tag = somebody
            self.lists[what].setdefault(tag, rule)
        return ActionTrace(what=what, before=before, after=", ".join(self.lists[what]), note="; ".join(notes))

    def cover(self) -> Cover:
        """What a new ticket is worked on under: contract, level, calendar, device, location.  Nothing for a ticket that exists."""
        customer = self.view.customer
        return Cover() if self.view.facts.reply or customer is None else cover(customer, self._cover_question())

    def _cover_question(self) -> CoverQuestion:
        """What the mail and the rules say of the new ticket.  A device that a rule names comes before those that the mail names."""
        named, own = self.chosen.get("equipment", ""), self.view.own_devices
        return CoverQuestion(
            day=self.view.facts.organisation.day_of(self.view.facts.now),
            serials=tuple(dict.fromkeys((*((named,) if named else ()), *own))),
            location=self.chosen.get("location", ""),
            type=self.chosen.get("type", ""),
            priority=self.chosen.get("priority", Priority.NORMAL),
            project=self.chosen.get("project", ""),
        )

    def verdict(self, ended: str, misses: tuple[Miss, ...]) -> Verdict:
        """The chosen values, where they differ from the ticket's."""
        new = {what: value for what, value in self.chosen.items() if what in self.who}
        found, barred = self.cover(), self.view.not_entitled
        of_project = _of_project(found, "project" in new, "team" in new)
        known = (*_of_asking(barred), *_of_contract(found, self.view.customer, "sla" in new), *of_project)
        return Verdict(
            team=(barred.asking.queue if barred else "") or new.get("team") or found.team or None,
            type=new.get("type"),
            priority=new.get("priority"),
            status=new.get("status"),
            assignee=new.get("assignee") or None,
            assign_by=AssignBy(new["assign by"]) if new.get("assign by") else None,
            skill=new.get("skill"),
            tags=tuple(tag for tag in self.lists["tags"] if tag not in self.had),
            fields=tuple((what.removeprefix("field "), value) for what, value in new.items() if what.startswith("field ")),
            subject=new.get("subject"),
            sla=new.get("sla") or found.sla or None,
            contract=found.contract or None,
            calendar=found.calendar or None,
            equipment=new.get("equipment") or found.equipment or None,
            location=new.get("location") or found.location or None,
            project=new.get("project") or found.project or None,
            otherwise=barred.asking.otherwise if barred else None,
            contact=barred.asking.contact or None if barred else None,
            estimate=timedelta(seconds=float(new["estimate"])) if "estimate" in new else None,
            playbook=new.get("playbook"),
            reply_template=new.get("reply"),
            suggest=tuple(self.lists["suggest"]),
            notify=tuple(self.lists["notify"]),
            cc=tuple(self.lists["cc"]),
            webhook=tuple(self.lists["webhook"]),
            webhook_rules=tuple(self.lists["webhook"].values()),
            no_ack="no-ack" in new,
            drop="drop" in new,
            quarantine=new.get("quarantine"),
            rules=tuple(step.rule for step in self.steps),
            set_by=self._set_by(),
            trace=Trace(
                version=self.rule_set.version,
                rules=len(self.rule_set.rules),
                steps=tuple(self.steps),
                misses=misses,
                stopped_by=ended,
                known=known,
            ),
        )


    def _set_by(self) -> tuple[tuple[str, str], ...]:
        """Each value with the rule that set it last; of tags and people in copy the rule that added them first."""
        added = ((f"{name} {value}", rule) for kind, name in _LISTED for value, rule in self.lists[kind].items() if rule)
        return (*self.who.items(), *added)


_LISTED = (("tags", "tag"), ("cc", "cc"))


def _of_asking(barred: NotEntitled | None) -> Iterable[ActionTrace]:
    """That the writer may not ask, and what becomes of the request."""
    if barred is None:
        return
    asking = barred.asking
    yield ActionTrace(what="asking", before="", after=asking.otherwise, note=barred.why)
    if asking.queue:
        yield ActionTrace(what="team", before="", after=asking.queue, note="the queue of who may not ask")


def _of_contract(found: Cover, customer: Customer | None, chosen: bool) -> Iterable[ActionTrace]:
    """The contract in the trace.  `chosen`: a rule set the level of service."""
    if not found.contract:
        return
    whose = customer.name if customer else ""
    yield ActionTrace(what="contract", before="", after=found.contract, note=f'of "{whose}"')
    if found.sla and not chosen:
        yield ActionTrace(what="sla", before="", after=found.sla, note=f'of the contract "{found.contract}"')


def _of_project(found: Cover, chosen: bool, has_team: bool) -> Iterable[ActionTrace]:
    """What the project says; `chosen`: a rule named it, `has_team`: a rule had its word on the team."""
    if found.project and not chosen:
        yield ActionTrace(what="project", before="", after=found.project, note=f'of the contract "{found.contract}"')
    if found.team and not has_team:
        yield ActionTrace(what="team", before="", after=found.team, note=f'of the project "{found.project}"')


_EXCLUDES = {"assignee": "assign by", "assign by": "assignee"}


def _before(facts: Facts) -> dict[str, str]:
    """The values of the ticket before any rule."""
    ticket = facts.ticket
    if ticket is None:
        return {}
    chosen = {
        "team": ticket.team, "type": ticket.type, "status": ticket.status, "priority": str(ticket.priority), "assignee": ticket.assignee,
    }  # fmt: skip
    return chosen | {f"field {name}": value for name, value in ticket.fields}


def _passes(test: Test | Number, value: tuple[str, ...] | float) -> bool:
    if isinstance(test, Number):
        return within(test, value if isinstance(value, int | float) else None)
    return isinstance(value, tuple) and any(passes(test, text) for text in value)
