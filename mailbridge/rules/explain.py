"""A trace as JSON, to be stored with the mail, and as text for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from datetime import timedelta
from typing import Any

from mailbridge.rules.trace import ActionTrace, ConditionTrace, Miss, RuleTrace, Trace
from mailbridge.rules.verdict import Verdict

MAX_REASON = 100  # characters of a reason in texts for people
FORM = 1  # version of the JSON


def trace_to_json(trace: Trace) -> dict[str, Any]:
    """Plain values; `trace_from_json` gives the trace back."""
    return {
        "form": FORM,
        "version": trace.version,
        "rules": trace.rules,
        "steps": [_step_to_json(step) for step in trace.steps],
        "misses": [_miss_to_json(miss) for miss in trace.misses],
        "stopped_by": trace.stopped_by,
        "known": [_change_to_json(change) for change in trace.known],
    }


def _step_to_json(step: RuleTrace) -> dict[str, Any]:
    return {
        "rule": step.rule,
        "label": step.label,
        "line": step.line,
        "hits": [{"source": h.source, "match": h.match, "key": h.key, "found": h.found, "captures": dict(h.captures)} for h in step.hits],
        "changes": [_change_to_json(change) for change in step.changes],
        "stop": step.stop,
    }


def _change_to_json(change: ActionTrace) -> dict[str, str]:
    return {"what": change.what, "before": change.before, "after": change.after, "note": change.note}


def _miss_to_json(miss: Miss) -> dict[str, Any]:
    return {"rule": miss.rule, "label": miss.label, "line": miss.line, "held": miss.held, "reasons": list(miss.reasons)}


def trace_from_json(made: Mapping[str, Any]) -> Trace:
    """The trace of stored JSON.  Raises ValueError for a form that this program does not know."""
    if made.get("form") != FORM:
        raise ValueError(f"a trace of form {made.get('form')}; this program knows form {FORM}")
    return Trace(
        version=made["version"],
        rules=made["rules"],
        steps=tuple(
            RuleTrace(
                rule=step["rule"],
                label=step["label"],
                line=step["line"],
                hits=tuple(ConditionTrace(**{**hit, "captures": tuple(hit["captures"].items())}) for hit in step["hits"]),
                changes=tuple(ActionTrace(**change) for change in step["changes"]),
                stop=step["stop"],
            )
            for step in made["steps"]
        ),
        misses=tuple(Miss(**{**miss, "reasons": tuple(miss["reasons"])}) for miss in made["misses"]),
        stopped_by=made["stopped_by"],
        known=tuple(ActionTrace(**change) for change in made.get("known", ())),
    )


def text(trace: Trace, milliseconds: float | None = None, *, reply: bool = False) -> str:
    """The trace for people, several lines without an end of line behind the last.  `reply`: of a mail to an existing ticket."""
    if reply and not trace.steps and not trace.misses:
        return "rules    not asked: no rule has a condition on replies or on the ticket, so none applies to a mail to an existing ticket"
    took = "" if milliseconds is None else f", {milliseconds:.1f} ms"
    rules = f"{trace.rules} rule{'' if trace.rules == 1 else 's'}"
    width = max((len(label) for label in [*(s.label for s in trace.steps), *(m.label for m in trace.misses)]), default=0)
    lines = [f"rules    version {trace.version or '-'}, {rules}{took}"]
    for step in trace.steps:
        lines += _step_lines(step, width)
    lines += [f"  = {'customers':<{width}}  {_change(change)}" for change in trace.known]
    lines += [f"  · {miss.label:<{width}}  {_quoted(miss.rule)} missed: {'; '.join(map(_short, miss.reasons))}" for miss in trace.misses]
    if not trace.steps:
        lines.append(_UNMATCHED_REPLY if reply else _unmatched(trace))
    return "\n".join(lines)


_UNMATCHED_REPLY = "  no rule matches: the reply changes none of the ticket's values"


def _unmatched(trace: Trace) -> str:
    """What happens to a new ticket for which no rule matched: the customer's entry may still have chosen its team."""
    chosen = any(change.what == "team" for change in trace.known)
    return "  no rule matches" if chosen else "  no rule matches: the ticket goes to the default team"


def _step_lines(step: RuleTrace, width: int) -> Iterator[str]:
    yield f"  ✓ {step.label:<{width}}  {_quoted(step.rule)}"
    for hit in step.hits:
        yield f"      {_hit(hit)}"
        yield from (f"        {name} = {_quoted(value)}" for name, value in hit.captures)
    yield f"      → {', '.join(map(_change, step.changes)) or 'nothing'}{'; stop' if step.stop else ''}"


_SIGNS = {"is": "is", "contains": "with", "matches": "like", "regex": "~"}


def _hit(hit: ConditionTrace) -> str:
    if not hit.match:
        return f"{hit.source}{f': {hit.found}' if hit.found else ''}"
    condition = f"{hit.source} {_SIGNS.get(hit.match, hit.match)} {hit.key or _quoted('')}"
    return condition if hit.key == hit.found else f"{condition}   {_quoted(hit.found)}"


def _change(change: ActionTrace) -> str:
    if change.what in ("no-ack", "drop"):
        return change.what
    listed = change.what in ("tags", "suggest", "notify", "cc", "webhook")
    was = [f"was {change.before}"] if change.before and not listed and change.before != change.after else []
    if change.after == change.before:
        return f"{change.what} {change.after or 'unchanged'} ({change.note or 'already'})"
    notes = ", ".join([*was, *([change.note] if change.note else [])])
    return f"{change.what} {change.after}" + (f" ({notes})" if notes else "")


def _short(words: str) -> str:
    return words if len(words) <= MAX_REASON else f"{words[: MAX_REASON - 1]}…"


def _quoted(words: str) -> str:
    return f'"{words}"'


def verdict_to_json(verdict: Verdict) -> dict[str, Any]:
    """The values that the rules chose."""
    chosen = {field.name: getattr(verdict, field.name) for field in fields(verdict) if field.name != "trace"}
    return {name: _plain(value) for name, value in chosen.items() if value not in (None, (), False)}


def _plain(value: Any) -> Any:
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, tuple):
        return dict(value) if value and isinstance(value[0], tuple) else list(value)
    return value
