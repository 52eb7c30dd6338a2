"""The outcome of an agent's command lines as values for the template `agent.commands`.  Pure; no sentence is made here."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from mailbridge.desk.decide import Decision
from mailbridge.desk.language import Line
from mailbridge.desk.language.model import Help
from mailbridge.desk.language.vocabulary import word_in
from mailbridge.desk.language.words import WORDS


class Came(StrEnum):
    """The outcomes that templates word (`outcomes` in words.j2)."""

    DONE = "done"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    ARGUMENT_MISSING = "argument-missing"
    ARGUMENT_UNKNOWN = "argument-unknown"
    HELP = "help"


def results_as_values(
    outcomes: Sequence[tuple[Line, Decision | None]], *, sent_to: Sequence[str] = (), noted: bool = False
) -> tuple[tuple[str, str], ...]:
    """`results` holds one row a command line: what stood there, the outcome, a detail (the key of a refusal), a suggestion, parted by
    tabs.  `sent_to` says who got the text, `noted` is 'yes' where it became an internal note, `usage` lists all commands for #help."""
    rows = ["\t".join(_clean(cell) for cell in (line.text, *_came(line, decision))) for line, decision in outcomes]
    values = [("results", "\n".join(rows)), ("sent_to", ", ".join(sent_to)), ("noted", "yes" if noted else "")]
    if any(isinstance(line.question, Help) for line, _ in outcomes):
        values.append(("usage", "\n".join(word_in("en", word).usage[0] for word in WORDS)))
    return tuple(values)


def _came(line: Line, decision: Decision | None) -> tuple[str, str, str]:
    if isinstance(line.question, Help):
        return Came.HELP, "", ""
    if line.problem:
        return Came(line.problem), "", line.nearest
    if decision is not None and decision.refused:
        return Came.REFUSED, decision.refused, decision.nearest
    return Came.DONE, "", ""


def _clean(cell: str) -> str:
    return " ".join(cell.split())
