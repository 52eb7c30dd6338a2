"""Examples that rules carry: made into mails, run, and compared with what must come of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parseaddr
from typing import Any

from mailbridge.errors import Problem
from mailbridge.message.model import Address, Attachment, Kind, Message, Reply, Sender
from mailbridge.organisation.priority import Priority
from mailbridge.rules.conditions import TARGET_NAMES
from mailbridge.rules.facts import Facts
from mailbridge.rules.match import run
from mailbridge.rules.policy import Policy
from mailbridge.rules.tree import Example, Rule
from mailbridge.rules.verdict import Verdict
from mailbridge.tickets.model import Participant, Ticket

WHEN = datetime(2026, 3, 4, 9, 0, tzinfo=UTC)  # a Wednesday morning, for examples that do not say when
Read = Callable[[bytes], Message]


def failures(policy: Policy, read: Read | None = None) -> list[Problem]:
    """A mistake for each example that comes out otherwise.  `read` reads an .eml; without it those examples are left to `check`."""
    return [
        problem
        for compiled in (*policy.rules.rules, *(one.rules[0] for one in policy.timed))
        for example in compiled.rule.examples
        for problem in _failures(policy, compiled.rule, example, read)
    ]


def without_example(policy: Policy) -> list[Problem]:
    """A warning for each rule that no example of any rule makes fire, where the desk uses examples at all."""
    fired = {name for compiled in policy.rules.rules for e in compiled.rule.examples if e.mail for name in _run(policy, e).rules}
    filed = {c.rule.name for c in policy.rules.rules if any(e.file for e in c.rule.examples)}
    return [
        compiled.rule.place.problem(
            f'no example reaches the rule "{compiled.rule.name}"', "add one under examples: so that check can run it", warning=True
        )
        for compiled in policy.rules.rules
        if compiled.rule.name not in fired | filed
    ]


def _failures(policy: Policy, rule: Rule, example: Example, read: Read | None) -> Iterable[Problem]:
    if example.file:
        path = f"{rule.place.file.rpartition('/')[0]}/{example.file}"
        if path not in policy.texts:
            yield example.place.problem(f'there is no file "{path}"', "an example's file is named relative to the rule's file")
            return
        if read is None:
            return
        raw = policy.texts[path].encode("latin-1", "replace")
        verdict = run(policy.rules, replace(facts_of_file(policy, read(raw), verified=example.verified), raw=raw))
    elif example.ticket:
        verdict = _run_timed(policy, rule, example)
    else:
        verdict = _run(policy, example)
    yield from (
        example.place.problem(f"this example of {_quoted(rule.name)} {what}", hint) for what, hint in differences(rule, example, verdict)
    )


def _run(policy: Policy, example: Example) -> Verdict:
    return run(policy.rules, facts_of_example(policy, example.mail))


def _run_timed(policy: Policy, rule: Rule, example: Example) -> Verdict:
    alone = next(one for one in policy.timed if one.rules[0].rule.name == rule.name)
    return run(alone, facts_of_ticket(policy, example.ticket))


def facts_of_ticket(policy: Policy, about: Mapping[str, Any]) -> Facts:
    """The facts of an example ticket."""
    now, teams = about.get("at", WHEN), policy.organisation.teams
    times: dict[str, float] = {}
    for name in ("untouched", "waiting"):
        if name in about:
            length, working = about[name]
            times[f"{name} working" if working else name] = length.total_seconds()
    if "due" in about:
        times["due"] = about["due"].total_seconds()
        times |= {f"due {name}": times["due"] for name in TARGET_NAMES}
    given = {word: about[word] for word in ("team", "type", "status", "priority", "assignee", "tags") if word in about}
    ticket = replace(_ticket(policy, about, now), **given, fields=tuple(about.get("fields", {}).items()))
    return Facts(
        now=now,
        reply=True,
        ticket=replace(ticket, created_at=now - about["age"]) if "age" in about else ticket,
        organisation=policy.organisation,
        times=times,
        team_open={name: name in about["open"] for name in teams} if "open" in about else None,
        team_load={name: int(number) for name, number in about.get("load", {}).items()},
    )


def differences(rule: Rule, example: Example, verdict: Verdict) -> Iterable[tuple[str, str]]:
    """What came out otherwise, each with the rule that decided it."""
    fired = rule.name in verdict.rules
    if example.fires is not None and fired is not example.fires:
        yield ("does not make the rule hold" if example.fires else "makes the rule hold"), _because(rule, verdict)
    for word, expected in example.gives:
        found = _outcome(word, verdict)
        if not _as_expected(expected, found):
            yield f"gives {word} {_told(found)} instead of {_told(expected)}", _decided(verdict)


def _outcome(word: str, verdict: Verdict) -> Any:
    if word == "reply":
        return verdict.reply_template
    if word == "assignee":
        by = {"by": str(verdict.assign_by)} | ({"skill": verdict.skill} if verdict.skill else {}) if verdict.assign_by else None
        return {"name": verdict.assignee} if verdict.assignee else by
    value = getattr(verdict, word.replace("-", "_"))
    return dict(value) if word == "fields" else value


def _as_expected(expected: Any, found: Any) -> bool:
    if isinstance(expected, dict) and isinstance(found, dict):
        return all(found.get(name) == value for name, value in expected.items())
    if isinstance(expected, tuple):
        return set(expected) <= set(found)
    return bool(expected == found)


def _told(value: Any) -> str:
    match value:
        case None | ():
            return "none"
        case bool():
            return str(value).lower()
        case dict():
            return ", ".join(f"{name}={part}" for name, part in value.items()) or "none"
        case tuple():
            return "[" + ", ".join(value) + "]"
    return f'"{value}"'


def _because(rule: Rule, verdict: Verdict) -> str:
    miss = next((m for m in verdict.trace.misses if m.rule == rule.name), None)
    if miss:
        return "; ".join(miss.reasons)
    if verdict.trace.stopped_by and verdict.trace.stopped_by != rule.name:
        return f"{_quoted(verdict.trace.stopped_by)} stops before it"
    return _decided(verdict)


def _decided(verdict: Verdict) -> str:
    return f"decided by {', '.join(map(_quoted, verdict.rules))}" if verdict.rules else "no rule holds"


def facts_of_file(policy: Policy, message: Message, *, verified: bool) -> Facts:
    """The facts of an .eml beside a rule: taken at its own date, as a mail that opens a ticket, from a sender who is proven or not."""
    message = replace(message, sender=replace(message.sender, verified=verified and message.sender.strict))
    return Facts(message=message, now=message.date or WHEN, verified=message.sender.verified, organisation=policy.organisation)


def facts_of_example(policy: Policy, mail: Mapping[str, Any]) -> Facts:
    """The facts of an example mail."""
    now = mail.get("at", WHEN)
    reply = mail.get("reply", False)
    teams = policy.organisation.teams
    return Facts(
        message=_message(mail, now),
        now=now,
        mail_from=_address(mail.get("from", "")).address,
        rcpt_to=tuple(_address(to).address for to in mail.get("to", ())),
        account=mail.get("mailbox", ""),
        channel=mail.get("channel", "mail"),
        agent=mail.get("agent", ""),
        verified=mail.get("verified", True),
        reply=reply,
        ticket=_ticket(policy, mail, now) if reply else None,
        organisation=policy.organisation,
        team_open={name: name in mail["open"] for name in teams} if "open" in mail else None,
        team_load={name: int(number) for name, number in mail.get("load", {}).items()},
    )


def _message(mail: Mapping[str, Any], now: datetime) -> Message:
    sender = _address(mail.get("from", ""))
    text, subject = mail.get("text", ""), mail.get("subject", "")
    named = {"from": mail.get("from", ""), "to": ", ".join(mail.get("to", ())), "cc": ", ".join(mail.get("cc", ())), "subject": subject}
    headers = [(name.title(), value) for name, value in named.items() if value]
    message = Message(
        sender=Sender(address=sender.address, name=sender.name, strict=True, verified=mail.get("verified", True)),
        from_=(sender,) if sender.address else (),
        to=tuple(map(_address, mail.get("to", ()))),
        cc=tuple(map(_address, mail.get("cc", ()))),
        subject=subject,
        date=now,
        text=text,
        headers=(*headers, *mail.get("headers", {}).items()),
        attachments=tuple(
            Attachment(part=str(number), name=name, content_type=_type(name), size=1_000, sha256="")
            for number, name in enumerate(mail.get("attachments", ()), 2)
        ),
        kind=Kind(mail.get("kind", Kind.HUMAN)),
        language=mail.get("language", ""),
        size=int(mail.get("size", len(text) + 1_000)),
    )
    return replace(message, reply=Reply(text=text, spans=(), fresh=text))


_TYPES = {
    "pdf": "application/pdf", "png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "txt": "text/plain", "csv": "text/csv",
    "xml": "application/xml", "zip": "application/zip", "ics": "text/calendar", "eml": "message/rfc822", "html": "text/html",
}  # fmt: skip


def _type(name: str) -> str:
    return _TYPES.get(name.rpartition(".")[2].lower(), "application/octet-stream")


def _ticket(policy: Policy, mail: Mapping[str, Any], now: datetime) -> Ticket:
    desk = policy.organisation
    return Ticket(
        id=1,
        subject=mail.get("subject", ""),
        status="open",
        priority=Priority.NORMAL,
        team=desk.default_team,
        created_at=now,
        updated_at=now,
        participants=(Participant(address=_address(mail.get("from", "")).address),),
        channel=mail.get("channel", "mail"),
    )


def _address(text: str) -> Address:
    name, address = parseaddr(text)
    local, at, domain = address.rpartition("@")
    return Address(address=f"{local}{at}{domain.lower()}", name=name)


def _quoted(words: str) -> str:
    return f'"{words}"'
