"""Both suites through the product's reading children, measured and judged."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from mailbridge.message.model import Message, ReadingPolicy
from mailbridge.sandbox.limits import ReadingFailed
from mailbridge.sandbox.pool import Readers
from tests.conformance.checks import Verdict, verdicts
from tests.conformance.cost import Cost, cost_of
from tests.conformance.suites import Case
from tests.conformance.threads import groups

READER = "tests.conformance.measured:read"
MAX_SECONDS = 2.0
MAX_MB = 256.0

SOUND = "no crash, hang or memory"


@dataclass(frozen=True, slots=True)
class Reading:
    """One mail of a case, read; `message` is None where it could not be."""

    message: Message | None
    cost: Cost
    failure: str = ""


def read_all(cases: list[Case], policy: ReadingPolicy, *, seconds: float = 10) -> dict[str, list[Reading]]:
    """The readings of every case's mails, by case id."""
    places = [(case, number) for case in cases for number in range(len(case.mails))]
    readings: dict[str, list[Reading | None]] = {case.id: [None] * len(case.mails) for case in cases}

    def load(index: int) -> tuple[bytes, None]:
        case, number = places[index]
        return case.mails[number], None

    def done(index: int, result: Message | ReadingFailed) -> None:
        case, number = places[index]
        readings[case.id][number] = reading(result)

    readers = Readers(policy, time_limit=timedelta(seconds=seconds), reader=READER)
    try:
        readers.read_many(len(places), load, done)
    finally:
        readers.close()
    return {key: [one for one in found if one is not None] for key, found in readings.items()}


def reading(result: Message | ReadingFailed) -> Reading:
    if isinstance(result, ReadingFailed):
        return Reading(None, Cost(0, 0, 0), result.reason)
    message, cost = cost_of(result)
    return Reading(message, cost)


def soundness(case: Case, readings: list[Reading]) -> Iterator[Verdict]:
    """No crash, no hang, no great memory."""
    for one in readings:
        limit = float(case.want.get("max_seconds", MAX_SECONDS))
        faults = [
            *([one.failure] if one.failure else []),
            *([f"{one.cost.ms:.0f} ms"] if one.cost.ms > limit * 1000 else []),
            *([f"{one.cost.peak_mb:.0f} MB"] if one.cost.peak_mb > MAX_MB else []),
        ]
        yield Verdict(SOUND, case.suite, case.id, not faults, ", ".join(faults))


def judge_corpus(cases: list[Case]) -> list[Verdict]:
    """Every stated fact of the corpus."""
    readings = read_all([case for case in cases if "own_host" not in case.want], ReadingPolicy())
    for case in cases:
        if "own_host" in case.want:
            readings |= read_all([case], ReadingPolicy(own_hosts=(case.want["own_host"],)))
    found: list[Verdict] = []
    for case in cases:
        found.extend(soundness(case, readings[case.id]))
        messages = [one.message for one in readings[case.id] if one.message is not None]
        if len(messages) < len(case.mails):
            continue
        if len(messages) == 1 and "thread_groups" not in case.want:
            found.extend(verdicts(case, messages[0]))
        if "thread_groups" in case.want:
            found.append(threads_of(case, messages))
    return found


def threads_of(case: Case, messages: list[Message]) -> Verdict:
    wanted = {frozenset(group) for group in case.want["thread_groups"]}
    got = groups(messages, str(case.want.get("algorithm", "")))
    detail = f"wanted {sorted(map(sorted, wanted))}, got {sorted(map(sorted, got))}"
    return Verdict("thread_groups", case.suite, case.id, got == wanted, detail, apart="disputed" in case.want)
