"""The words of `when`: what each condition may hold and the condition it makes.  Read by the loader, the JSON Schema and the manual."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from mailbridge.desk.model import Priority
from mailbridge.message.model import Kind
from mailbridge.rules import dates, measures, yaml
from mailbridge.rules.captures import is_name
from mailbridge.rules.comparators import Comparator
from mailbridge.rules.compile import pattern_of
from mailbridge.rules.shape import (
    Choice,
    Either,
    Flag,
    Key,
    Later,
    Made,
    Many,
    Name,
    Reading,
    Record,
    Shape,
    Table,
    Text,
    Wrong,
    keys,
    nearest,
)
from mailbridge.rules.tree import (
    RELATIONS,
    AllOf,
    AnyOf,
    Condition,
    Exists,
    Fact,
    Match,
    NotOf,
    Number,
    Same,
    Source,
    Test,
)
from mailbridge.rules.tree import Text as TextCondition

PARTS = ("all", "localpart", "domain", "user", "detail")


def pattern(text: str) -> str:
    """The text, if RE2 takes it as a pattern."""
    pattern_of(Match.REGEX, Comparator.UNICODE, text)
    return text


def wildcards(text: str) -> str:
    """The text, if it is a pattern of `*` and `?`."""
    pattern_of(Match.MATCHES, Comparator.UNICODE, text)
    return text


def capture_name(text: str) -> str:
    if not is_name(text):
        raise Wrong(f'"{text}" cannot name what was caught', "a name has letters, digits and _ and begins with no digit")
    return text


_TEXTS = Many(of=Text(), what="a text or a list of texts", least=1)
_MATCHES: dict[str, Key] = {
    "is": Key(shape=_TEXTS, about="the whole text is one of these"),
    "contains": Key(shape=_TEXTS, about="one of these stands in the text"),
    "matches": Key(
        shape=Many(of=Text(parse=wildcards), what="a pattern or a list", least=1),
        about="the whole text is like one of these; * is any run of characters, ? is one",
    ),
    "regex": Key(
        shape=Many(of=Text(parse=pattern, what="a regular expression"), what="a regular expression or a list", least=1),
        about="one of these regular expressions (RE2) is found in the text",
    ),
}
_RELATIONS: dict[str, Key] = {
    word: Key(shape=_TEXTS, about=about)
    for word, about in {
        "ge": "greater or equal", "gt": "greater", "le": "less or equal", "lt": "less", "eq": "equal", "ne": "not equal",
    }.items()
}  # fmt: skip
_COMPARATOR = Key(
    shape=Made(of=Choice(what="comparator", words=tuple(Comparator)), make=Comparator),
    about="when two texts are the same; without it, upper and lower case of all scripts are",
)
_AS = Key(
    shape=Either(
        what="a name or a list of names",
        scalar=Text(what="a name", parse=capture_name),
        sequence=Many(of=Text(what="a name", parse=capture_name), what="a list of names", strict=True, least=1),
    ),
    about="a name for what was found; a list names the wildcards or groups in order",
)
_INDEX = Key(shape=Text(what="a position", parse=measures.index), about="only the n-th field of that name, -1 for the last (RFC 5260)")


@dataclass(frozen=True, slots=True)
class Tested:
    """A test and the field it is for: `index` 0 for all of them."""

    test: Test
    index: int = 0


def text_test(*, index: bool = False, relations: bool = False, numeric: bool = False, words: Callable[[str], str] | None = None) -> Shape:
    """What compares a text: 'x' and [x, y] are `is`, a mapping names the match type."""
    made = _text_shape(index, relations, Comparator.NUMERIC if numeric else Comparator.UNICODE, words)
    return Later(name="compared-text" if relations else "indexed-text" if index else "text", shape=lambda: made)


def _text_shape(index: bool, relations: bool, comparator: Comparator, words: Callable[[str], str] | None) -> Shape:
    def short(values: tuple[str, ...]) -> Tested:
        return _tested({"is": values}, comparator, words)

    def long(values: dict[str, Any]) -> Tested:
        return _tested(values, comparator, words)

    matches = _MATCHES | (_RELATIONS if relations else {})
    more = {"comparator": _COMPARATOR, "as": _AS} | ({"index": _INDEX} if index else {})
    return Either(
        what="a text, a list of texts or a match type",
        scalar=Made(of=_TEXTS, make=short),
        sequence=Made(of=_TEXTS, make=short),
        mapping=Record(what="a text condition", keys=matches | more, one_of=tuple(matches), make=long),
    )


def _tested(values: Mapping[str, Any], comparator: Comparator, words: Callable[[str], str] | None) -> Tested:
    match = Match(next(word for word in values if word in (*_MATCHES, *_RELATIONS)))
    texts = tuple(map(words, values[match])) if words else values[match]
    chosen = values.get("comparator", comparator)
    if chosen is Comparator.NUMERIC and match not in (Match.IS, *RELATIONS):
        raise Wrong(f'"{match}" with the comparator {chosen}: numbers are equal or not', 'use "is"')
    named = values.get("as", ())
    captures, whole = (named, "") if isinstance(named, tuple) else ((), named)
    _enough_groups(match, chosen, texts, captures)
    return Tested(Test(match=match, keys=texts, comparator=chosen, captures=captures, whole=whole), values.get("index", 0))


def _enough_groups(match: Match, comparator: Comparator, texts: Iterable[str], captures: tuple[str, ...]) -> None:
    if not captures:
        return
    if match not in (Match.MATCHES, Match.REGEX):
        raise Wrong(f'"{match}" has no wildcards or groups to name', "`as: name` without brackets names the text that was found")
    for text in texts:
        groups = pattern_of(match, comparator, text).groups
        if groups < len(captures):
            raise Wrong(f'more names ({len(captures)}) than wildcards or groups ({groups}) in "{text}"')


def captures_of(condition: Condition) -> frozenset[str]:
    """Names that a condition may catch; what stands under `not` catches nothing when it holds."""
    match condition:
        case AllOf(children=children) | AnyOf(children=children):
            return frozenset().union(*map(captures_of, children))
        case TextCondition(test=test):
            return _captures(test)
        case Same(tests=tests):
            return frozenset().union(*(_captures(test) for _, test in tests if isinstance(test, Test)))
    return frozenset()


def _captures(test: Test) -> frozenset[str]:
    named = {name for key in test.keys if test.match is Match.REGEX for name in pattern_of(test.match, test.comparator, key).names}
    return frozenset(named | set(test.captures) | ({test.whole} if test.whole else set()))


def _all(conditions: Iterable[Condition]) -> Condition:
    made = tuple(conditions)
    return made[0] if len(made) == 1 else AllOf(children=made)


def _any(conditions: Iterable[Condition]) -> Condition:
    made = tuple(conditions)
    return made[0] if len(made) == 1 else AnyOf(children=made)


def _headers(table: Mapping[tuple[str, ...], Tested]) -> Condition:
    return _all(
        TextCondition(sources=tuple(Source(kind="header", name=name, index=tested.index) for name in names), test=tested.test)
        for names, tested in table.items()
    )


def _addresses(table: Mapping[tuple[str, ...], Mapping[str, Tested]]) -> Condition:
    return _all(
        TextCondition(
            sources=tuple(Source(kind="address", name=name, part=part, index=tested.index) for name in names), test=tested.test
        )
        for names, parts in table.items()
        for part, tested in parts.items()
    )  # fmt: skip


def _envelope(table: Mapping[str, Mapping[str, Tested]]) -> Condition:
    tests = [(name, part, tested) for name, parts in table.items() for part, tested in parts.items()]
    return _all(_text(Source(kind="envelope", name=name, part=part), tested) for name, part, tested in tests)


def _text(source: Source, tested: Tested) -> Condition:
    return TextCondition(sources=(source,), test=tested.test)


def _body(values: Mapping[str, Any]) -> Condition:
    plain = [_text(Source(kind="body", name=name), values[name]) for name in ("fresh", "text") if name in values]
    content = values.get("content", {}).items()
    return _all([*plain, *(_text(Source(kind="body", name="content", part=type_), tested) for type_, tested in content)])


@dataclass(frozen=True, slots=True, kw_only=True)
class Forked:
    """Two ways to write a mapping, told apart by their keys: `first` where one of its own keys is there."""

    first: Record
    second: Shape
    wrap: Callable[[Any], Any]

    def read(self, node: yaml.Node, reading: Reading) -> Any:
        words = (*self.first.keys, *_MATCHES)
        if isinstance(node, yaml.Mapping) and any(nearest(key.text, words) in self.first.keys for key, _ in node.entries):
            return self.first.read(node, reading)
        return Made(of=self.second, make=self.wrap).read(node, reading)

    def schema(self) -> dict[str, Any]:
        return {"anyOf": [self.first.schema(), self.second.schema()]}


def _by_part(*, index: bool) -> Shape:
    test = text_test(index=index)
    about = {
        "all": "the whole address", "localpart": "what stands before the @", "domain": "what stands behind the @",
        "user": "the local part without +detail", "detail": "what stands behind the + in the local part",
    }  # fmt: skip
    parts = Record(what="an address condition", keys={part: Key(shape=test, about=about[part]) for part in PARTS}, least_one=True)
    return Forked(first=parts, second=test, wrap=lambda tested: {"all": tested})


def _range(what: str, parse: Callable[[str], Any]) -> Record:
    bound = Text(what=what, parse=parse)
    return Record(what=f"a range of {what.removeprefix('a ')}s", keys=keys(over=bound, under=bound), least_one=True)


def _number(source: Source, bounds: Mapping[str, float]) -> Number:
    return Number(source=source, over=bounds.get("over"), under=bounds.get("under"))


def _things(kind: str, values: Mapping[str, Any]) -> Condition:
    """One text field of a kind of thing is a plain text condition, which an index finds; several must hold of the same thing."""
    (name, only), *others = values.items()
    if isinstance(only, Tested) and not others:
        return _text(Source(kind=kind, name=name), only)
    tests = ((name, v.test if isinstance(v, Tested) else _number(Source(kind=name), v)) for name, v in values.items())
    return Same(kind=kind, tests=tuple(tests))


def _thing(kind: str, what: str, fields: Mapping[str, Shape], *, plain: Shape | None = None) -> Shape:
    """`true`, a name, or a mapping of fields that all hold of the same thing."""
    fields_of = {name: Key(shape=shape) for name, shape in fields.items()}
    record = Record(what=what, keys=fields_of, least_one=True, make=lambda values: _things(kind, values))
    return Either(what=what, scalar=_FlagOr(kind=kind, other=plain), sequence=plain, mapping=record)


@dataclass(frozen=True, slots=True, kw_only=True)
class _FlagOr:
    """true or false for "there is one", or what `other` reads."""

    kind: str
    other: Shape | None

    def read(self, node: yaml.Node, reading: Reading) -> Any:
        if isinstance(node, yaml.Scalar) and isinstance(node.value, bool):
            return Fact(source=Source(kind=self.kind), expected=node.value)
        return (self.other or Flag()).read(node, reading)

    def schema(self) -> dict[str, Any]:
        return {"anyOf": [Flag().schema(), self.other.schema()]} if self.other else Flag().schema()


def _words(source: Source, of: Shape, what: str) -> Shape:
    """One of these words is what the source says."""

    def made(words: tuple[str, ...]) -> Condition:
        return TextCondition(sources=(source,), test=Test(match=Match.IS, keys=words))

    return Made(of=Many(of=of, what=f"{what} or a list of them", least=1), make=made)


def _dates(kind: str, values: Mapping[str, Any]) -> Condition:
    name, zone, index = values.get("header", "date" if kind == "date" else ""), values.get("zone", ""), values.get("index", 0)
    parts = {part: tested for part, tested in values.items() if part in dates.PARTS}
    if not parts:
        raise Wrong(f"a {kind} condition needs a part of the date", f"one of {', '.join(dates.PARTS)}")
    return _all(_text(Source(kind=kind, name=name, part=part, index=index, zone=zone), tested) for part, tested in parts.items())


def _date_record(kind: str) -> Shape:
    parts = {
        part: text_test(relations=True, numeric=part in dates.NUMBERS, words=dates.weekday if part == "weekday" else None)
        for part in dates.PARTS
    }
    zone = Key(shape=Text(what="a time zone", parse=dates.zone), about="the zone to look at it in; without it that of the default team")
    own = {"zone": zone} if kind == "currentdate" else {"header": Key(shape=_HEADER), "zone": zone, "index": _INDEX}
    return Record(what=f"a {kind} condition", keys=own | {p: Key(shape=s) for p, s in parts.items()}, make=lambda v: _dates(kind, v))


def _hours(values: Mapping[str, str]) -> Condition:
    (word, team), *_ = values.items()
    return Fact(source=Source(kind="hours", name=team), expected=word == "open")


def _load(values: Mapping[str, Any]) -> Condition:
    if "over" not in values and "under" not in values:
        raise Wrong('a load condition needs "over" or "under"')
    return _number(Source(kind="load", name=values["team"]), values)


def _ticket(values: Mapping[str, Any]) -> Condition:
    made: list[Condition] = []
    if "age" in values:
        bounds = {word: length.total_seconds() for word, length in values["age"].items()}
        made.append(_number(Source(kind="age"), bounds))
    return _all([*made, *([values["status"]] if "status" in values else [])])


def _reply(word: str) -> Condition:
    fact = Fact(source=Source(kind="reply"))
    made: dict[str, Condition] = {"true": fact, "false": NotOf(child=fact), "any": AnyOf(children=(fact, NotOf(child=fact)))}
    return made[word]


def _fields(table: Mapping[str, Tested]) -> Condition:
    return _all(_text(Source(kind="field", name=name), tested) for name, tested in table.items())


def _attachment(values: Mapping[str, Any]) -> Condition:
    count = values.get("count")
    rest = {name: value for name, value in values.items() if name != "count"}
    return _all(([_number(Source(kind="attachments"), count)] if count else []) + ([_things("attachment", rest)] if rest else []))


_HEADER = Text(what="the name of a header field", parse=measures.header)
_HEADERS = Text(what="names of header fields", parse=measures.header_names)
_TEST = text_test()
WHEN = Later(name="condition", shape=lambda: CONDITION)
_BODY = Record(
    what="a body condition",
    keys={
        "fresh": Key(shape=_TEST, about="what the person wrote now, without quotes and signature; the same as without this word"),
        "text": Key(shape=_TEST, about="the whole text of the mail"),
        "content": Key(
            shape=Table(what="types of content", of=_TEST, least_one=True), about="parts of this type: text/html, text, or '' for all"
        ),
    },
    least_one=True,
)
_CUSTOMER = _words(Source(kind="customer", name="name"), Name(kind="customer"), "a customer")
_CONTRACT = _words(Source(kind="contract", name="type"), Name(kind="contract type"), "a contract type")
_LOCATION = _words(Source(kind="location", name="name"), Name(kind="location"), "a location")

_ENVELOPE = Record(what="an envelope condition", keys=keys(**{"from": _by_part(index=False), "to": _by_part(index=False)}), least_one=True)
_PRIORITY = Choice(what="priority", words=tuple(Priority))
_AUTHENTICITY = Choice(what="authenticity", words=("verified", "unverified", "strict", "loose"))

CONDITIONS: dict[str, Key] = {
    "all": Key(shape=Made(of=Many(of=WHEN, what="a list of conditions", strict=True, least=1), make=_all), about="all of these hold"),
    "any": Key(shape=Made(of=Many(of=WHEN, what="a list of conditions", strict=True, least=1), make=_any), about="one of these holds"),
    "not": Key(shape=Made(of=WHEN, make=lambda child: NotOf(child=child)), about="this does not hold"),
    "header": Key(
        shape=Made(of=Table(what="a header condition", key=_HEADERS, of=text_test(index=True), least_one=True), make=_headers),
        about="the text of a header field; 'to, cc' looks at both",
    ),
    "address": Key(
        shape=Made(of=Table(what="an address condition", key=_HEADERS, of=_by_part(index=True), least_one=True), make=_addresses),
        about="the addresses in a header field, or a part of each",
    ),
    "envelope": Key(
        shape=Made(
            of=_ENVELOPE,
            make=_envelope,
        ),
        about="sender and recipients of the SMTP envelope, where the source knows them",
    ),
    "exists": Key(
        shape=Made(of=Many(of=_HEADER, what="the name of a header field or a list", least=1), make=lambda names: Exists(headers=names)),
        about="all these header fields are there",
    ),
    "size": Key(
        shape=Made(of=_range("a size", measures.size), make=lambda bounds: _number(Source(kind="size"), bounds)), about="size of the mail"
    ),
    "body": Key(
        shape=Made(of=Forked(first=_BODY, second=_TEST, wrap=lambda tested: {"fresh": tested}), make=_body),
        about="the text of the mail; without a further word what the person wrote now",
    ),
    "attachment": Key(
        shape=Either(
            what="an attachment condition",
            scalar=_FlagOr(kind="attachment", other=None),
            mapping=Record(
                what="an attachment condition",
                keys=keys(name=_TEST, type=_TEST, size=_range("a size", measures.size), count=_range("a number", measures.number)),
                least_one=True,
                make=_attachment,
            ),
        ),
        about="true for any attachment; name, type and size of one and the same, count of all",
    ),
    "date": Key(shape=_date_record("date"), about="a part of the date in a header field (RFC 5260)"),
    "currentdate": Key(shape=_date_record("currentdate"), about="a part of the moment at which the mail is looked at"),
    "spamtest": Key(
        shape=Made(of=text_test(relations=True, numeric=True), make=lambda tested: _text(Source(kind="spamtest"), tested)),
        about="0 not tested, 1 no spam ... 10 spam (RFC 5235)",
    ),
    "virustest": Key(
        shape=Made(of=text_test(relations=True, numeric=True), make=lambda tested: _text(Source(kind="virustest"), tested)),
        about="0 not tested, 1 no virus known ... 5 a virus (RFC 5235)",
    ),
    "spam-score": Key(
        shape=Made(of=_range("a number", measures.number), make=lambda bounds: _number(Source(kind="spam"), bounds)),
        about="the score that the spam filter wrote into the header",
    ),
    "kind": Key(
        shape=_words(Source(kind="kind"), Choice(what="kind", words=tuple(Kind)), "a kind of mail"), about="what sort of mail it is"
    ),
    "language": Key(
        shape=_words(Source(kind="language"), Text(what="a language code such as ro"), "a language"),
        about="ISO 639-1 code of the language it is written in",
    ),
    "authenticity": Key(
        shape=_words(
            Source(kind="authenticity"),
            _AUTHENTICITY,
            "an authenticity",
        ),
        about="verified: the sender's domain vouches for the address; strict: exactly one plain From",
    ),
    "writer": Key(
        shape=_words(Source(kind="writer"), Choice(what="writer", words=("agent", "customer", "stranger")), "a writer"),
        about="an authenticated agent, somebody of a known customer, or somebody else",
    ),
    "hours": Key(
        shape=Record(
            what="an hours condition", keys=keys(open=Name(kind="team"), closed=Name(kind="team")), one_of=("open", "closed"), make=_hours
        ),
        about="open: the team works now; closed: it does not",
    ),
    "load": Key(
        shape=Record(
            what="a load condition",
            keys={
                "team": Key(shape=Name(kind="team"), required=True),
                "over": Key(shape=Text(what="a number", parse=measures.number)),
                "under": Key(shape=Text(what="a number", parse=measures.number)),
            },
            make=_load,
        ),
        about="how many open tickets the team has",
    ),
    "reply": Key(
        shape=Made(of=Choice(what="answer", words=("true", "false", "any")), make=_reply),
        about="true: the mail belongs on a ticket that is there; a rule without this word looks only at mail that opens one",
    ),
    "ticket": Key(
        shape=Record(
            what="a ticket condition",
            keys={
                "age": Key(shape=_range("a duration", measures.duration)),
                "status": Key(shape=_words(Source(kind="status"), Name(kind="status"), "a status")),
            },
            least_one=True,
            make=_ticket,
        ),
        about="age and status of the ticket that the mail belongs on",
    ),
    "team": Key(shape=_words(Source(kind="team"), Name(kind="team"), "a team"), about="the team so far"),
    "type": Key(shape=_words(Source(kind="type"), Name(kind="type"), "a type"), about="the type so far"),
    "priority": Key(
        shape=_words(Source(kind="priority"), _PRIORITY, "a priority"),
        about="the priority so far",
    ),
    "assignee": Key(shape=_words(Source(kind="assignee"), Name(kind="agent"), "an agent"), about="who has it so far"),
    "tag": Key(shape=_words(Source(kind="tag"), Name(kind="tag"), "a tag"), about="one of its tags so far"),
    "field": Key(
        shape=Made(of=Table(what="a field condition", of=text_test(), least_one=True), make=_fields), about="a custom field so far"
    ),
    "customer": Key(
        shape=_thing("customer", "a customer condition", {"name": _TEST, "tier": _TEST, "region": _TEST}, plain=_CUSTOMER),
        about="true for any known customer, a name, or fields of the customer",
    ),
    "tier": Key(shape=_words(Source(kind="customer", name="tier"), Name(kind="tier"), "a tier"), about="the customer's tier"),
    "region": Key(shape=_words(Source(kind="customer", name="region"), Name(kind="region"), "a region"), about="the customer's region"),
    "contract": Key(
        shape=_thing("contract", "a contract condition", {"name": _TEST, "type": _TEST, "sla": _TEST}, plain=_CONTRACT),
        about="true for any valid contract, a contract type, or fields of a valid contract",
    ),
    "location": Key(
        shape=Either(
            what="a location condition",
            scalar=_LOCATION,
            sequence=_LOCATION,
            mapping=Record(
                what="a location condition", keys=keys(name=_TEST, region=_TEST), least_one=True, make=lambda v: _things("location", v)
            ),
        ),
        about="where the device stands that the mail names, or the customer's only place",
    ),
    "equipment": Key(
        shape=_thing("equipment", "an equipment condition", dict.fromkeys(("serial", "tag", "type", "model", "location"), _TEST)),
        about="true for any device whose serial number or tag stands in subject or text, or fields of it",
    ),
}

# What people write first; the words of Sieve want to know more.
_ELSEWHERE = {
    "subject": "the text of a field is asked for by header: {subject: {contains: ...}}",
    "from": "addresses are asked for by address: {from: {is: ...}} or {from: {domain: ...}}",
    "to": "addresses are asked for by address: {to: {is: ...}} or {to: {domain: ...}}",
    "cc": "addresses are asked for by address: {cc: {is: ...}} or {cc: {domain: ...}}",
    "text": "what the person wrote is asked for by body: {contains: ...}",
    "domain": "a part of an address is asked for by address: {from: {domain: ...}}",
    "sender": "addresses are asked for by address: {from: {is: ...}} or {from: {domain: ...}}",
}
_ONE = Record(what="a condition", keys=CONDITIONS, least_one=True, make=lambda values: _all(values.values()), elsewhere=_ELSEWHERE)
CONDITION: Shape = Either(
    what="a condition",
    mapping=_ONE,
    sequence=Made(of=Many(of=WHEN, what="a list of conditions", strict=True, least=1), make=_all),
)

# Shapes that contain themselves or stand in many places, by the names that editors know them by.
SHARED: dict[str, Shape] = {
    "condition": CONDITION,
    "text": _text_shape(False, False, Comparator.UNICODE, None),
    "indexed-text": _text_shape(True, False, Comparator.UNICODE, None),
    "compared-text": _text_shape(False, True, Comparator.UNICODE, None),
}
