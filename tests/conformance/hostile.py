"""The hostile mails as far as reading goes: who, what, how long, how much.  What the desk does with them is an end-to-end test."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from mailbridge.cli.mail_json import ROBOTS
from mailbridge.message.model import Message
from mailbridge.message.profiles import Expected
from tests.conformance.checks import Verdict, bare, short
from tests.conformance.run import Reading, read_all, soundness
from tests.conformance.suites import Case, hostile, hostile_profile
from tests.raw_mails import judged_sender

WITHIN = "hostile within expect"
CONTROL = "control mails exact"
# A mail that states a limit states it for the whole daemon; here it is what the mail adds to the child that reads it.


def judge_hostile(folder: Path) -> list[Verdict]:
    """Every hostile mail once."""
    policy, believes, agent = hostile_profile(folder)
    cases = hostile(folder)
    readings = {case.id: [with_sender(one, case, believes) for one in found] for case, found in in_order(cases, read_all(cases, policy))}
    return [verdict for case in cases for verdict in judged(case, readings[case.id], agent)]


def in_order(cases: list[Case], readings: dict[str, list[Reading]]) -> Iterator[tuple[Case, list[Reading]]]:
    yield from ((case, readings[case.id]) for case in cases)


def with_sender(one: Reading, case: Case, believes: Expected) -> Reading:
    """The reading with its sender judged, as the parent of the reading child does."""
    if one.message is None:
        return one
    return replace(one, message=replace(one.message, sender=judged_sender(case.mails[0], believes)))


def judged(case: Case, readings: list[Reading], agent: str) -> Iterator[Verdict]:
    yield from soundness(Case(case.suite, case.name, {}, case.mails), readings)
    faults = list(faults_of(case.want["expect"], readings[0], agent, spoof=case.suite == "spoof"))
    yield Verdict(WITHIN, f"hostile {case.suite}", case.id, not faults, "; ".join(faults))
    if case.suite == "control":
        yield Verdict(CONTROL, "hostile control", case.id, not faults, "; ".join(faults))


def faults_of(expect: dict[str, Any], one: Reading, agent: str, *, spoof: bool) -> Iterator[str]:
    """What the manifest does not allow."""
    if one.message is None:
        if expect["disposition"] != ["quarantine"] and "quarantine" not in expect["disposition"]:
            yield f"not read: {one.failure}"
        return
    if one.cost.ms > expect["max_seconds"] * 1000:
        yield f"{one.cost.ms:.0f} ms"
    if one.cost.grown_mb > expect["max_rss_mb"]:
        yield f"{one.cost.grown_mb:.0f} MB more"
    yield from identity_faults(expect, one.message, agent, spoof=spoof)
    yield from content_faults(expect, one.message)


def identity_faults(expect: dict[str, Any], message: Message, agent: str, *, spoof: bool) -> Iterator[str]:
    sender = message.sender
    if expect["privileged"] and not (sender.verified and sender.address == agent):
        yield f"the agent is not known: {sender.reasons}"
    # Where no identity is stated, DMARC may pass for the agent's domain: a replayed mail is stopped by its token, later.
    if spoof and sender.verified and sender.address.lower() == agent:
        yield "taken for the agent"
    if "identity" not in expect:
        return
    wanted = expect["identity"]
    if wanted is None and sender.verified:
        yield f"verified as {sender.address}"
    if wanted and sender.address.lower() != wanted and not (not sender.verified and sender.address == ""):
        yield f"identity {sender.address}, not {wanted}"


def content_faults(expect: dict[str, Any], message: Message) -> Iterator[str]:
    if "subject" in expect and message.subject.strip() != expect["subject"].strip():
        yield f"subject {short(message.subject)}, not {short(expect['subject'])}"
    for run in expect.get("body_contains", ()):
        if run not in message.text.replace("\r\n", "\n") and bare(run) not in bare(message.text):
            yield f"text lacks {short(run)}"
    if "no-auto-reply" in expect["checks"] and not (message.suppress_auto_response or message.kind in ROBOTS):
        yield f"would be answered: {message.kind}"
