"""Rule files in one form: `rules fmt`.  Only the form changes; a file whose meaning would is left as it was.

Line by line, so that comments stay where they are: LF at the end of lines, no blanks before it, the line that editors find the schema
by, one blank line between rules, and in a rule written one key a line the order name, when, then, stop, examples.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mailbridge.config import nodes, yaml
from mailbridge.rules.jsonschema import schema_line
from mailbridge.rules.schema import ROUTING, RULE

ORDER = tuple(RULE.keys)
_MARK = "# yaml-language-server:"


def tidied(path: str, text: str) -> str:
    """The file in its form; the text itself where it is no YAML, or where tidying would change what it says."""
    node, problems = yaml.read(path, text)
    if problems or node is None:
        return text
    made = _tidied(path, text)
    after, problems = yaml.read(path, made)
    return made if not problems and after is not None and nodes.meaning(after) == nodes.meaning(node) else text


def _tidied(path: str, text: str) -> str:
    lines = [line.rstrip() for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")]
    if not any(line.startswith(_MARK) for line in lines[:3]):
        lines = [schema_line(path), *([] if lines and lines[0].startswith("#") else [""]), *lines]
    if path.startswith(ROUTING):
        head, rules = _rules(lines)
        lines = [*_trimmed(head), *(line for rule in rules for line in ("", *_ordered(rule)))]
    return "\n".join(_squeezed(_trimmed(lines))) + "\n"


def _rules(lines: Sequence[str]) -> tuple[list[str], list[list[str]]]:
    """What stands before the first rule, and each rule with the comment directly above it."""
    head: list[str] = []
    rules: list[list[str]] = []
    waiting: list[str] = []  # comments and blank lines that belong to what comes next
    for line in lines:
        if line.startswith("- ") or line == "-":
            comment = _last_block(waiting)
            (rules[-1] if rules else head).extend(waiting[: len(waiting) - len(comment)])
            rules.append([*comment, line])
            waiting = []
        elif not line or line.startswith("#"):
            waiting.append(line)
        else:
            (rules[-1] if rules else head).extend([*waiting, line])
            waiting = []
    (rules[-1] if rules else head).extend(waiting)
    return head, [_trimmed(rule) for rule in rules]


def _last_block(lines: Sequence[str]) -> list[str]:
    """The comment lines at the end without a blank line between them and what follows."""
    start = len(lines)
    while start and lines[start - 1].startswith("#") and not lines[start - 1].startswith(_MARK):
        start -= 1
    return list(lines[start:])


def _ordered(rule: list[str]) -> list[str]:
    """The rule's keys in order, where each begins a line of its own at the same depth."""
    first = next(number for number, line in enumerate(rule) if not line.startswith("#"))
    indent = len(rule[first]) - len(rule[first][1:].lstrip())
    body = [" " * indent + rule[first][1:].lstrip(), *rule[first + 1 :]]
    chunks = _chunks(body, indent)
    names = [name for name, _ in chunks]
    if any(name not in ORDER for name in names):
        return rule
    lines = [line for _, chunk in sorted(chunks, key=lambda chunk: ORDER.index(chunk[0])) for line in chunk]
    if lines[0].lstrip().startswith("#"):
        return rule  # a comment would stand where the dash belongs
    return [*rule[:first], f"-{' ' * (indent - 1)}{lines[0].lstrip()}", *lines[1:]]


def _chunks(lines: Iterable[str], indent: int) -> list[tuple[str, list[str]]]:
    """(key, its lines with the comments above it)."""
    chunks: list[tuple[str, list[str]]] = []
    comments: list[str] = []
    for line in lines:
        depth = len(line) - len(line.lstrip())
        if line and depth == indent and line.lstrip().startswith("#"):
            comments.append(line)
        elif line and depth == indent and not line.lstrip().startswith("- "):
            chunks.append((line.lstrip().partition(":")[0], [*comments, line]))
            comments = []
        elif chunks:
            chunks[-1][1].extend([*comments, line])
            comments = []
    if comments and chunks:
        chunks[-1][1].extend(comments)
    return chunks


def _trimmed(lines: Sequence[str]) -> list[str]:
    """Without blank lines at either end."""
    start, end = 0, len(lines)
    while start < end and not lines[start]:
        start += 1
    while end > start and not lines[end - 1]:
        end -= 1
    return list(lines[start:end])


def _squeezed(lines: Iterable[str]) -> list[str]:
    """Never two blank lines in a row."""
    made: list[str] = []
    for line in lines:
        if line or (made and made[-1]):
            made.append(line)
    return made
