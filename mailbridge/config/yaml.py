"""YAML text -> our own nodes, each with its place.  The only importer of PyYAML.

PyYAML's constructors speak YAML 1.1 (`no` is false, `0700` is 448, `12:30` is 750) and let the last of two equal keys win.
So only its composer is used, for the marks; the meaning of a scalar is YAML 1.2's core schema (chapter 10.3), two equal keys are a
mistake (3.2.1.3), and aliases and tags are refused: a rule file says everything where it says it.
"""

from __future__ import annotations

import re

import yaml

from mailbridge.config.nodes import Mapping, Node, Place, Plain, Scalar, Sequence
from mailbridge.errors import Problem

MAX_DEPTH = 50
MAX_CHARACTERS = 8 << 20
SAFE_DEPTH = 1000  # levels that the composer takes with the stack of any thread

def read(file: str, text: str) -> tuple[Node | None, tuple[Problem, ...]]:
    """The one document in `text`; None for an empty one, or where it cannot be read at all.  Raises nothing on account of the text."""
    if len(text) > MAX_CHARACTERS:
        return None, (Problem(file=file, message=f"larger than {MAX_CHARACTERS >> 20} MiB"),)
    if half := _SURROGATE.search(text):
        return None, (_bad_character(file, text, half.start()),)
    try:
        documents = list(yaml.compose_all(text, Loader=_Composer))
    except _FarTooDeep as deep:
        place = Place(file=file, line=deep.line, column=deep.column)
        return None, (place.problem(f"nested deeper than {MAX_DEPTH} levels"),)
    except yaml.YAMLError as err:
        return None, (_syntax_problem(file, text, err),)
    if len(documents) > 1:
        place = _place(file, documents[1])
        return None, (place.problem("a second document", "one file holds one document: take the --- out"),)
    if not documents or documents[0] is None:
        return None, ()
    reader = _Reader(file)
    node = reader.node(documents[0], 0)
    if reader.aliased:
        return None, (*reader.problems, *_aliases(file, text))
    return node, tuple(reader.problems)


class _FarTooDeep(Exception):
    """libyaml's composer calls itself for each level, and would end the process with its stack in the collection that begins here."""

    def __init__(self, begins: yaml.Mark) -> None:
        super().__init__()
        self.line, self.column = begins.line + 1, begins.column + 1


class _Composer(yaml.CSafeLoader):
    """Raises _FarTooDeep in time.  PyYAML calls the two methods around each node, for resolvers by path, of which there are none here."""

    levels = 0

    def descend_resolver(self, current_node: yaml.Node | None, current_index: object) -> None:
        self.levels += 1
        if self.levels > SAFE_DEPTH + 1 and current_node is not None and current_node.start_mark is not None:
            raise _FarTooDeep(current_node.start_mark)

    def ascend_resolver(self) -> None:
        self.levels -= 1


class _Reader:
    """Makes our nodes of PyYAML's, noting what we do not take."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []
        self.seen: set[int] = set()
        self.aliased = False

    def node(self, raw: yaml.Node, depth: int) -> Node:
        place = _place(self.file, raw)
        if id(raw) in self.seen:
            # The composer gives the anchored node itself for `*name`.  It is not followed: a few lines of aliases can mean gigabytes.
            self.aliased = True
            return Scalar(place=place, text="", value=None)
        self.seen.add(id(raw))
        if raw.tag not in _RESOLVED:
            self.tagged(raw, place)
        if depth > MAX_DEPTH:
            self.problems.append(place.problem(f"nested deeper than {MAX_DEPTH} levels"))
            return Scalar(place=place, text="", value=None)
        match raw:
            case yaml.ScalarNode():  # most are
                return self.scalar(raw, place)
            case yaml.MappingNode():
                return self.mapping(raw, place, depth)
            case yaml.SequenceNode():
                return Sequence(place=place, items=tuple([self.node(item, depth + 1) for item in raw.value]))
        raise TypeError(f"PyYAML composed a {type(raw).__name__}")

    def tagged(self, raw: yaml.Node, place: Place) -> None:
        """The resolver of PyYAML gives values a tag of YAML 1.1 when nobody wrote one; this one was written."""
        self.problems.append(place.problem(f"the tag {raw.tag}", "tags are not taken: write the value alone"))

    def mapping(self, raw: yaml.MappingNode, place: Place, depth: int) -> Mapping:
        entries: list[tuple[Scalar, Node]] = []
        first: dict[str, Place] = {}
        for raw_key, raw_value in raw.value:
            key = self.node(raw_key, depth + 1)
            value = self.node(raw_value, depth + 1)
            if not isinstance(key, Scalar):
                self.problems.append(key.place.problem("a key must be a word", "a list or a mapping cannot be a key"))
                continue
            if key.text in first:
                self.problems.append(
                    key.place.problem(f'"{key.text}" is given twice', f"the first one stands in line {first[key.text].line}")
                )
                continue
            first[key.text] = key.place
            entries.append((key, value))
        return Mapping(place=place, entries=tuple(entries))

    def scalar(self, raw: yaml.ScalarNode, place: Place) -> Scalar:
        quote = raw.style or ""
        text = str(raw.value)
        return Scalar(place=place, text=text, value=text if quote else plain_value(text), quote=quote)


_RESOLVED = frozenset(
    f"tag:yaml.org,2002:{word}" for word in ("map", "seq", "str", "int", "float", "bool", "null", "timestamp", "value", "merge", "binary")
) | {"!"}

_SURROGATE = re.compile("[\ud800-\udfff]")  # half a character: no UTF-8 has one, a text from elsewhere might
_INT = re.compile(r"[-+]?[0-9]+")
_OCTAL = re.compile(r"0o[0-7]+")
_HEX = re.compile(r"0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_WORDS: dict[str, Plain] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip


def plain_value(text: str) -> Plain:
    """What an unquoted scalar means in YAML 1.2's core schema."""
    if text in _WORDS:
        return _WORDS[text]
    if len(text) > 40:  # no number is that long, and int() of many digits is slow
        return text
    if _INT.fullmatch(text):
        return int(text)
    if _OCTAL.fullmatch(text):
        return int(text[2:], 8)
    if _HEX.fullmatch(text):
        return int(text[2:], 16)
    if _FLOAT.fullmatch(text):
        return float(text)
    return text


def _aliases(file: str, text: str) -> tuple[Problem, ...]:
    """A mistake for each `*name`."""
    events = yaml.parse(text, Loader=yaml.CSafeLoader)
    places = (_place(file, event) for event in events if isinstance(event, yaml.AliasEvent))
    return tuple(place.problem("an alias", "write it out: a rule says everything where it says it") for place in places)


def _place(file: str, raw: yaml.Node | yaml.AliasEvent) -> Place:
    start, end = raw.start_mark, raw.end_mark
    if start is None or end is None:
        raise TypeError("PyYAML composed a node without marks")
    length = end.column - start.column if end.line == start.line else 1
    return Place(file=file, line=start.line + 1, column=start.column + 1, length=max(1, length))


def _syntax_problem(file: str, text: str, err: yaml.YAMLError) -> Problem:
    mark = getattr(err, "problem_mark", None)
    if any(words in str(getattr(err, "context", "")) for words in ("quoted scalar", "flow")):
        mark = getattr(err, "context_mark", None) or mark  # where the quote or bracket was opened says more than where the file ends
    if mark is None:  # a character YAML does not allow; the reader names only its position
        return _bad_character(file, text, getattr(err, "position", 0) or 0)
    if (opened := _open_quote(text, mark.line)) is not None:
        hint = "write the same quote at the end of the text"
        return _at(file, opened).problem("not YAML: the quote that begins here is not closed", hint)
    what = str(getattr(err, "problem", "") or "cannot be read")
    context = str(getattr(err, "context", "") or "")
    return _at(file, mark).problem(f"not YAML: {what}" + (f" {context}" if context else ""), _syntax_hint(what, text, mark.line))


def _at(file: str, mark: yaml.Mark) -> Place:
    return Place(file=file, line=mark.line + 1, column=mark.column + 1)


def _open_quote(text: str, line: int) -> yaml.Mark | None:
    """Where the quote was opened that makes the text end in a mistake at `line` (from 0); None where it is no quote.

    A quote that is not closed ends at the next one, which begins a text some lines below: what follows there cannot be read.
    """
    last: yaml.Token | None = None
    try:
        for token in yaml.scan(text, Loader=yaml.SafeLoader):
            if isinstance(token, yaml.ScalarToken) and token.style in ("'", '"') and token.start_mark.line < token.end_mark.line:
                last = token
            if token.start_mark.line > line:
                break
    except yaml.YAMLError as err:
        if "quoted scalar" in str(getattr(err, "context", "")):
            return getattr(err, "context_mark", None)
    return last.start_mark if last is not None and last.end_mark.line in (line - 1, line) else None


def _bad_character(file: str, text: str, position: int) -> Problem:
    before = text[:position]
    place = Place(file=file, line=before.count("\n") + 1, column=position - before.rfind("\n"))
    return place.problem("a character that YAML does not allow", "take the control character out")


def _syntax_hint(what: str, text: str, line: int) -> str:
    lines = text.splitlines()
    shown = lines[line] if line < len(lines) else ""
    if "\t" in shown[: len(shown) - len(shown.lstrip())]:
        return "indent with spaces: YAML does not take tabs"
    if "mapping values are not allowed" in what:
        return 'a value with ": " in it needs quotes'
    if "anchor" in what or "alias" in what:
        return "a value that begins with * or & needs quotes"
    if "cannot start any token" in what:
        return "a value that begins with this character needs quotes"
    return "look for a missing quote, bracket or indentation at or above this line"
