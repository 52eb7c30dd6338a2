"""Runs two rule sets on the same mails: what would change, and by which rule.  Pure; memory does not grow with the number of mails."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from mailbridge.organisation.model import Organisation
from mailbridge.rules.facts import Facts
from mailbridge.rules.match import run
from mailbridge.rules.rule_set import RuleSet
from mailbridge.rules.verdict import Verdict

COMPARED = ("team", "type", "priority", "status", "drop", "quarantine")
SAMPLES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A stored mail for rules.  `name`: its ticket number (MB-871), `subject`: for the samples."""

    name: str
    subject: str
    facts: Facts


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One of the two rule sets, with its organisation."""

    rules: RuleSet
    organisation: Organisation


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """The number of mails whose `what` changes from `before` to `after` by this rule.  `gone`: by a rule that no longer matches."""

    what: str
    before: str
    after: str
    rule: str
    gone: bool
    count: int
    samples: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BacktestReport:
    mails: int
    changed: int
    lost: int  # mails that matched a rule before and match none now
    differences: tuple[Difference, ...] = ()

    @property
    def share(self) -> float:
        return self.changed / self.mails if self.mails else 0.0


_Key = tuple[str, str, str, str, bool]


def backtest(before: Side, after: Side, cases: Iterable[Case], *, tick: Callable[[int], object] = lambda done: None) -> BacktestReport:
    """What the second rule set would do differently.  `tick` is called with the number of mails done."""
    counts: dict[_Key, int] = {}
    samples: dict[_Key, list[tuple[str, str]]] = {}
    done = changed = lost = 0
    for case in cases:
        old = run(before.rules, replace(case.facts, organisation=before.organisation))
        new = run(after.rules, replace(case.facts, organisation=after.organisation))
        keys = list(_differences(old, new))
        for key in keys:
            counts[key] = counts.get(key, 0) + 1
            kept = samples.setdefault(key, [])
            if len(kept) < SAMPLES:
                kept.append((case.name, case.subject[:120]))
        done += 1
        changed += bool(keys)
        lost += bool(old.rules and not new.rules)
        if done % 100 == 0:
            tick(done)
    tick(done)
    made = [_difference(key, count, samples[key]) for key, count in counts.items()]
    return BacktestReport(mails=done, changed=changed, lost=lost, differences=tuple(sorted(made, key=lambda d: (-d.count, d.what, d.rule))))


def _difference(key: _Key, count: int, samples: list[tuple[str, str]]) -> Difference:
    what, before, after, rule, gone = key
    return Difference(what=what, before=before, after=after, rule=rule, gone=gone, count=count, samples=tuple(samples))


def _differences(old: Verdict, new: Verdict) -> Iterable[_Key]:
    for what in COMPARED:
        before, after = _told(getattr(old, what)), _told(getattr(new, what))
        if before != after:
            rule = _who(new, what)
            yield what, before, after, rule or _who(old, what), not rule


def _told(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else ""
    return str(value or "")


def _who(verdict: Verdict, what: str) -> str:
    """The rule that set it last."""
    for step in reversed(verdict.trace.steps):
        if any(change.what == what and not (change.note and change.before == change.after) for change in step.changes):
            return step.rule
    return ""


def to_json(report: BacktestReport) -> Mapping[str, Any]:
    """Plain values for `--json`."""
    return {
        "mails": report.mails,
        "changed": report.changed,
        "share": round(report.share, 6),
        "lost": report.lost,
        "differences": [
            {
                "what": d.what, "before": d.before or None, "after": d.after or None, "rule": d.rule, "gone": d.gone, "count": d.count,
                "samples": [{"mail": name, "subject": subject} for name, subject in d.samples],
            }
            for d in report.differences
        ],
    }  # fmt: skip


def text(report: BacktestReport, seconds: float) -> str:
    """The table for people."""
    noun = "mail" if report.mails == 1 else "mails"
    lines = [f"{report.mails:,} {noun} replayed in {seconds:.1f} s.  {report.changed:,} ({report.share:.1%}) would go elsewhere."]
    flows = [
        f"{_named(d.what, d.before)} → {_named(d.what, d.after)}{'' if d.what == 'team' else f' {d.what}'}" for d in report.differences
    ]
    rules = [f"{d.rule} (holds no more)" if d.gone else d.rule for d in report.differences]
    width, breadth = max(map(len, flows), default=0), max(map(len, rules), default=0)
    for flow, rule, difference in zip(flows, rules, report.differences, strict=True):
        lines.append(f"  {flow:<{width}}  {difference.count:>7,}   {rule:<{breadth}}   e.g. {_samples(difference)}")
    ending = "Nothing is lost: 0 mails" if not report.lost else f"{report.lost:,} mail{'s' if report.lost > 1 else ''}"
    return "\n".join([*lines, f"{ending} match no rule that did before."])


def _named(what: str, value: str) -> str:
    return value or {"drop": "not dropped", "quarantine": "not put aside"}.get(what, "(none)")


def _samples(difference: Difference) -> str:
    (name, subject), *others = difference.samples
    return ", ".join([f'{name} "{subject[:50]}"', *(name for name, _ in others)])
